/**
 * The parts of docs/fidelity.md and of the README that are made from data: features of blocks, which blocks each SoC has, the SoCs with their boards.
 */
import type { PeripheralSpec } from '../peripherals/catalogue.ts';
import { BLOCK_FEATURES } from './block-fidelity.ts';
import type { SocDescription } from './soc.ts';

/** Kinds without a model. */
const STAND_INS: ReadonlySet<PeripheralSpec['kind']> = new Set(['unmodelled', 'reserved']);

/** Blocks of a SoC by kind, in the order of its description; those without a model last. */
export function blocksByKind(soc: SocDescription): Map<PeripheralSpec['kind'], string[]> {
  const kinds = new Map<PeripheralSpec['kind'], string[]>();
  for (const last of [false, true])
    for (const { kind, name } of soc.peripherals) if (STAND_INS.has(kind) === last) kinds.set(kind, [...(kinds.get(kind) ?? []), name]);
  return kinds;
}

/** The table of features, as Markdown. */
export function featuresMarkdown(): string {
  const rows = BLOCK_FEATURES.map(({ kinds, feature, state, difference = '', tests }) =>
    row([kinds.map(code).join(', '), feature, state, difference, tests.map(code).join(' ')]),
  );
  return [row(['kind', 'feature', 'state', 'difference', 'shown by']), row(Array.from({ length: 5 }, () => '---')), ...rows].join('\n');
}

/** The table of blocks by SoC, as Markdown: a row for each kind, a column for each SoC. */
export function blocksMarkdown(socs: readonly SocDescription[]): string {
  const columns = socs.map((soc) => blocksByKind(soc));
  const kinds = [...new Set(columns.flatMap((column) => [...column.keys()]))].filter((kind) => !STAND_INS.has(kind));
  const rows = kinds.map((kind) => row([code(kind), ...columns.map((column) => ranges(column.get(kind) ?? []))]));
  const rest = row(['not modelled, reported', ...columns.map((column) => `${column.get('unmodelled')?.length ?? 0} blocks`)]);
  return [row(['kind', ...socs.map(({ name }) => name)]), row(Array.from({ length: socs.length + 1 }, () => '---')), ...rows, rest].join(
    '\n',
  );
}

/** The table of SoCs with their cores and boards, as Markdown. */
export function socsMarkdown(socs: readonly SocDescription[]): string {
  const rows = socs.map(({ name, title, cores, remoteprocs, boards }) =>
    row([
      code(name),
      title,
      cores.map(({ profile, hz }) => `${CORE_NAMES[profile.name]}, ${Math.round(hz / 1e6)} MHz`).join(', '),
      remoteprocs.map(({ compatible }) => code(compatible)).join(', '),
      boards.map((board) => code(board.name)).join(' '),
    ]),
  );
  return [row(['SoC', '', 'core', 'Linux starts it as', 'boards']), row(Array.from({ length: 5 }, () => '---')), ...rows].join('\n');
}

const CORE_NAMES = { 'cortex-m4': 'Cortex-M4', 'cortex-m7': 'Cortex-M7', 'cortex-m33': 'Cortex-M33' } as const;

/** `UART1 UART2 UART3 UART4 WDOG3` as `UART1..4 WDOG3`; names in order. */
export function ranges(names: readonly string[]): string {
  const parts = names.map((name) => ({ name, stem: name.replace(/\d+$/, ''), number: Number(/\d+$/.exec(name)?.[0] ?? Number.NaN) }));
  parts.sort((a, b) => (a.stem === b.stem ? a.number - b.number : 0));
  const out: string[] = [];
  for (let at = 0; at < parts.length; ) {
    const { name, stem, number } = parts[at]!;
    let end = at + 1;
    while (end < parts.length && parts[end]!.stem === stem && parts[end]!.number === number + end - at) end++;
    out.push(end - at > 1 ? `${name}..${parts[end - 1]!.number}` : name);
    at = end;
  }
  return out.join(' ');
}

function code(text: string): string {
  return `\`${text}\``;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
