/**
 * What the tests of single SoCs share: tables typed as text, and who stands at an address of a view.
 */
import type { SocDescription } from '../../src/soc/soc.ts';

/** A table as rows of words. */
export const rows = (table: string): string[][] =>
  table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/ +/));

/** A number of a table, undefined for `-`. */
export const number = (text: string): number | undefined => (text === '-' ? undefined : Number(text));

/** Rows `da sa size own|-` of an address table, as a SoC's description has them. */
export const attRows = (table: string): { da: number; sa: number; size: number; own: boolean }[] =>
  rows(table).map(([da, sa, size, own]) => ({
    da: Number.parseInt(da!, 16),
    sa: Number.parseInt(sa!, 16),
    size: Number.parseInt(size!, 16),
    own: own === 'own',
  }));

/** The address table of a SoC's only core. */
export const attOf = (soc: SocDescription) => soc.remoteprocs[0]!.att.map(({ da, sa, size, own }) => ({ da, sa, size, own: own ?? false }));

/** `memory+offset` at an address of a view. */
export function memoryAt(soc: SocDescription, view: string, address: number): string | undefined {
  for (const { name, size: whole, views } of soc.memories) {
    for (const { base, offset = 0, size = whole - offset } of views[view] ?? []) {
      if (address >= base && address < base + size) return `${name}+${(address - base + offset).toString(16)}`;
    }
  }
  return undefined;
}

/** Reserved memory of a board's only remoteproc: name, base, size. */
export function regionsOf(soc: SocDescription, board: string): Record<string, number[]> {
  const [remoteproc] = Object.values(soc.boards.find(({ name }) => name === board)!.remoteprocs);
  return Object.fromEntries(remoteproc!.memoryRegions.map(({ name, base, size }) => [name, [base, size]]));
}
