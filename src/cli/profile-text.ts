/** The tables of `imx-sim run --profile` as lines. */
import type { InterruptLatency, LoadRow, StackUse } from '../profile/index.ts';

/** What a profile says. */
export interface ProfileData {
  readonly load: readonly LoadRow[];
  readonly interrupts: readonly InterruptLatency[];
  readonly stacks: readonly StackUse[];
}

/** All three tables. */
export function profileLines({ load, interrupts, stacks }: ProfileData): string[] {
  const lines: string[] = [];
  if (load.length > 0) {
    const rows = load.map(({ name, kind, share, cycles, times }) => [
      name,
      kind,
      `${(share * 100).toFixed(3)} %`,
      String(cycles),
      String(times),
    ]);
    lines.push(...table('CPU load', ['context', 'kind', 'share', 'cycles', 'times'], rows));
  }
  if (interrupts.length > 0) {
    const rows = interrupts.map(({ name, count, cycles, microseconds }) => [
      name,
      String(count),
      ...[cycles.min, cycles.mean, cycles.p99, cycles.max].map((value) => String(Math.round(value * 10) / 10)),
      microseconds.max.toFixed(3),
    ]);
    lines.push(...table('Interrupt latency, cycles', ['exception', 'count', 'min', 'mean', 'p99', 'max', 'max \u00b5s'], rows));
  }
  if (stacks.length > 0) {
    const rows = stacks.map(({ thread, used, size }) => {
      const part = size === undefined ? '?' : `${((used / size) * 100).toFixed(0)} %${used > size ? ' overflow' : ''}`;
      return [thread, String(used), size === undefined ? '?' : String(size), part];
    });
    lines.push(...table('Stacks, bytes', ['thread', 'used', 'size', 'part'], rows));
  }
  return lines;
}

function table(title: string, heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [heads, ...rows];
  const widths = heads.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const text = (row: readonly string[]) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  ');
  return [`${title}:`, ...all.map((row) => `  ${text(row)}`.trimEnd())];
}
