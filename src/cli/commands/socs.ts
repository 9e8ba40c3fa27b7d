/**
 * `imx-sim socs`: what is modelled, from the same data that builds the machines.
 */
import { hex32 } from '../../memory/bits.ts';
import { SOCS } from '../../soc/index.ts';
import type { SocDescription } from '../../soc/soc.ts';

/** Prints the list and returns the exit status. */
export function socs(options: { json?: boolean }): number {
  if (options.json) process.stdout.write(`${JSON.stringify(SOCS.map(facts))}\n`);
  else process.stdout.write(`${SOCS.map((soc) => describe(soc).join('\n')).join('\n\n')}\n`);
  return 0;
}

function facts(soc: SocDescription): Record<string, unknown> {
  const { name, title, cores, memories, peripherals, mus, boards } = soc;
  return {
    name,
    title,
    cores: cores.map((core) => ({ name: core.name, profile: core.profile.name, hz: core.hz })),
    memories: memories.map((memory) => ({ name: memory.name, size: memory.size, views: memory.views })),
    mus: mus.map((mu) => ({ name: mu.name, layout: mu.layout, a: mu.a.base, b: mu.b.base })),
    peripherals: peripherals.map((peripheral) => ({ name: peripheral.name, kind: peripheral.kind, base: peripheral.base })),
    boards: boards.map((board) => ({ name: board.name, title: board.title })),
  };
}

function describe({ name, title, cores, memories, peripherals, mus, boards }: SocDescription): string[] {
  const lines = [`${name}  ${title}`];
  for (const core of cores) lines.push(`  core    ${core.name}: ${core.profile.name}, ${core.hz / 1e6} MHz`);
  for (const memory of memories) {
    const views = Object.entries(memory.views).map(([view, windows]) => `${view} ${windows.map(({ base }) => hex32(base)).join(' ')}`);
    lines.push(`  memory  ${memory.name.padEnd(8)} ${String(memory.size / 1024).padStart(8)} KiB  ${views.join(', ')}`);
  }
  for (const mu of mus) lines.push(`  mu      ${mu.name}: A ${hex32(mu.a.base)}, B ${hex32(mu.b.base)}`);
  const kinds = new Map<string, string[]>();
  for (const peripheral of peripherals) kinds.set(peripheral.kind, [...(kinds.get(peripheral.kind) ?? []), peripheral.name]);
  for (const [kind, names] of kinds) lines.push(`  ${kind.padEnd(10)} ${names.join(' ')}`);
  for (const board of boards) lines.push(`  board   ${board.name}: ${board.title}`);
  return lines;
}
