/** Addresses, moments and tables as monitor commands write and take them. */
import type { Machine } from '../../../machine.ts';
import { hex32 } from '../../../memory/bits.ts';
import { placeOf } from '../../../view/inspect/code.ts';
import type { Place } from '../../../view/protocol.ts';

/** `0x00000856 mpu_init+0xe (common/mpu.c:19)`. */
export function placeText({ address, symbol, file, line }: Place): string {
  return [hex32(address), ...(symbol ? [symbol] : []), ...(file ? [`(${file}:${line})`] : [])].join(' ');
}

/** The same of an address. */
export function addressText(machine: Machine, address: number): string {
  return placeText(placeOf(machine, address));
}

/** `cycle 359182400 (0.448978000 s)`. */
export function momentText({ scheduler }: Machine, cycle: number): string {
  return `cycle ${cycle} (${(cycle / scheduler.hz).toFixed(9)} s)`;
}

/** Rows as columns, two spaces apart; empty cells at the end are left out. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A number as users write it: 0x... or decimal. */
export function number(text: string | undefined): number | undefined {
  if (text === undefined || !/^(0x[0-9a-f]{1,8}|\d{1,10})$/i.test(text)) return undefined;
  const value = Number(text);
  return value <= 0xffff_ffff ? value : undefined;
}
