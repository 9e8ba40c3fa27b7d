/**
 * From what a user calls a place in the firmware to its addresses: `main`, `main+0x12`, `app.c:120`, `0x1ffe0000`.
 */
import { UsageError } from '../errors.ts';
import type { Machine } from '../machine.ts';
import { codeOf } from './inspect/code.ts';

/** @throws {UsageError} when there is no such place */
export function findPlace(machine: Machine, place: string): { readonly addresses: readonly number[]; readonly size?: number } {
  const text = place.trim();
  const number = /^(?:0x[0-9a-f]{1,8}|\d{1,10})$/i.test(text) ? Number(text) : undefined;
  if (number !== undefined && number <= 0xffff_ffff) return { addresses: [number] };
  const [, file, line] = /^(.+):(\d{1,7})$/.exec(text) ?? [];
  if (file !== undefined) {
    const { addresses } = codeOf(machine)?.dwarf?.addressesOf(file, Number(line)) ?? { addresses: [] };
    if (addresses.length > 0) return { addresses };
    throw new UsageError(`no code of line ${line} of ${file}`, 'give a line that the debug information has, or a function', 'at');
  }
  const [, name, offset = '0'] = /^(.+?)(?:\+(0x[0-9a-f]+|\d+))?$/i.exec(text) ?? [];
  const symbol = name === undefined ? undefined : machine.symbols.lookup(name);
  if (!symbol) throw new UsageError(`no symbol ${text}`, 'give a symbol of the firmware, file.c:12, or an address', 'at');
  const address = (symbol.address + Number(offset)) >>> 0;
  return offset === '0' && symbol.size > 0 ? { addresses: [address], size: symbol.size } : { addresses: [address] };
}
