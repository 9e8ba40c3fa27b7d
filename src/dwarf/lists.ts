/**
 * Lists of address ranges (.debug_ranges, .debug_rnglists) and of places that change with the pc (.debug_loc, .debug_loclists).
 */
import { DW_AT, DW_FORM, DW_LLE, DW_RLE } from './constants.ts';
import { Cursor } from './cursor.ts';
import type { Die } from './die.ts';
import type { AddressRange } from './model.ts';
import type { Unit } from './units.ts';

/** An entry of a location list; `undefined` as range is "everywhere else". */
export interface ListedExpression {
  readonly range: AddressRange | undefined;
  readonly bytes: Uint8Array;
}

/** Addresses of an entry: its ranges, or low to high; empty when it has none. Assemblers write the Thumb bit into those of labels. */
export function rangesOf(die: Die): AddressRange[] {
  return readRangesOf(die).map((range) => (range.low & 1 ? { low: range.low - 1, high: range.high - (range.high & 1) } : range));
}

function readRangesOf(die: Die): AddressRange[] {
  const { unit } = die;
  const offset = die.number(DW_AT.ranges);
  if (offset !== undefined) return unit.version >= 5 ? readRngList(unit, die, offset) : readRanges(unit, offset);
  const low = die.address(DW_AT.low_pc);
  if (low === undefined) return [];
  const high = die.address(DW_AT.high_pc) ?? low + (die.number(DW_AT.high_pc) ?? 0);
  return high > low ? [{ low, high }] : [];
}

/** DWARF 2 to 4: pairs, relative to a base; ones that refer to discarded code are empty. */
function readRanges(unit: Unit, offset: number): AddressRange[] {
  const cursor = new Cursor(unit.table.sections.bytes('.debug_ranges'), '.debug_ranges');
  cursor.seek(offset);
  const ranges: AddressRange[] = [];
  const all = unit.addressSize === 8 ? 2 ** 64 : 2 ** (8 * unit.addressSize) - 1;
  let { base } = unit;
  for (;;) {
    unit.table.budget.spend(1);
    const low = cursor.unsigned(unit.addressSize);
    const high = cursor.unsigned(unit.addressSize);
    if (low === 0 && high === 0) return ranges;
    if (low === all) base = high;
    else if (high > low) ranges.push({ low: base + low, high: base + high });
  }
}

/** Offset of a list: itself, or by way of the table that its index selects. */
function listOffset(section: Uint8Array, name: string, unit: Unit, isIndex: boolean, base: number | undefined, value: number): number {
  if (!isIndex) return value;
  const start = base ?? (unit.offsetSize === 8 ? 20 : 12);
  const table = new Cursor(section, name);
  table.seek(start + value * unit.offsetSize);
  return start + table.unsigned(unit.offsetSize);
}

function readRngList(unit: Unit, die: Die, value: number): AddressRange[] {
  const section = unit.table.sections.bytes('.debug_rnglists');
  const cursor = new Cursor(section, '.debug_rnglists');
  const isIndex = die.form(DW_AT.ranges) === DW_FORM.rnglistx;
  cursor.seek(listOffset(section, '.debug_rnglists', unit, isIndex, unit.root?.number(DW_AT.rnglists_base), value));
  const ranges: AddressRange[] = [];
  let { base } = unit;
  const add = (low: number, high: number): void => {
    if (high > low) ranges.push({ low, high });
  };
  for (;;) {
    unit.table.budget.spend(1);
    switch (cursor.u8()) {
      case DW_RLE.base_addressx:
        base = unit.indexedAddress(cursor.uleb());
        break;
      case DW_RLE.startx_endx:
        add(unit.indexedAddress(cursor.uleb()), unit.indexedAddress(cursor.uleb()));
        break;
      case DW_RLE.startx_length: {
        const low = unit.indexedAddress(cursor.uleb());
        add(low, low + cursor.uleb());
        break;
      }
      case DW_RLE.offset_pair:
        add(base + cursor.uleb(), base + cursor.uleb());
        break;
      case DW_RLE.base_address:
        base = cursor.unsigned(unit.addressSize);
        break;
      case DW_RLE.start_end:
        add(cursor.unsigned(unit.addressSize), cursor.unsigned(unit.addressSize));
        break;
      case DW_RLE.start_length: {
        const low = cursor.unsigned(unit.addressSize);
        add(low, low + cursor.uleb());
        break;
      }
      default:
        return ranges;
    }
  }
}

/** The expression of an attribute that holds at `pc`; undefined when the attribute is missing or says nothing for `pc`. */
export function expressionAt(die: Die, attribute: number, pc: number | undefined): Uint8Array | undefined {
  const direct = die.block(attribute);
  if (direct !== undefined) return direct;
  const offset = die.number(attribute);
  if (offset === undefined || pc === undefined) return undefined;
  const list = die.unit.version >= 5 ? readLocList(die, attribute, offset) : readLoc(die.unit, offset);
  return (
    list.find(({ range }) => range !== undefined && pc >= range.low && pc < range.high) ?? list.find(({ range }) => range === undefined)
  )?.bytes;
}

function readLoc(unit: Unit, offset: number): ListedExpression[] {
  const cursor = new Cursor(unit.table.sections.bytes('.debug_loc'), '.debug_loc');
  cursor.seek(offset);
  const list: ListedExpression[] = [];
  const all = unit.addressSize === 8 ? 2 ** 64 : 2 ** (8 * unit.addressSize) - 1;
  let { base } = unit;
  for (;;) {
    const low = cursor.unsigned(unit.addressSize);
    const high = cursor.unsigned(unit.addressSize);
    if (low === 0 && high === 0) return list;
    if (low === all) base = high;
    else list.push({ range: { low: base + low, high: base + high }, bytes: cursor.take(cursor.u16()) });
  }
}

function readLocList(die: Die, attribute: number, value: number): ListedExpression[] {
  const { unit } = die;
  const section = unit.table.sections.bytes('.debug_loclists');
  const cursor = new Cursor(section, '.debug_loclists');
  const isIndex = die.form(attribute) === DW_FORM.loclistx;
  cursor.seek(listOffset(section, '.debug_loclists', unit, isIndex, unit.root?.number(DW_AT.loclists_base), value));
  const list: ListedExpression[] = [];
  let { base } = unit;
  const add = (low: number, high: number): void => {
    list.push({ range: { low, high }, bytes: cursor.take(cursor.uleb()) });
  };
  for (;;) {
    switch (cursor.u8()) {
      case DW_LLE.base_addressx:
        base = unit.indexedAddress(cursor.uleb());
        break;
      case DW_LLE.startx_endx:
        add(unit.indexedAddress(cursor.uleb()), unit.indexedAddress(cursor.uleb()));
        break;
      case DW_LLE.startx_length: {
        const low = unit.indexedAddress(cursor.uleb());
        add(low, low + cursor.uleb());
        break;
      }
      case DW_LLE.offset_pair: {
        const low = base + cursor.uleb();
        add(low, base + cursor.uleb());
        break;
      }
      case DW_LLE.default_location:
        list.push({ range: undefined, bytes: cursor.take(cursor.uleb()) });
        break;
      case DW_LLE.base_address:
        base = cursor.unsigned(unit.addressSize);
        break;
      case DW_LLE.start_end: {
        const low = cursor.unsigned(unit.addressSize);
        add(low, cursor.unsigned(unit.addressSize));
        break;
      }
      case DW_LLE.start_length: {
        const low = cursor.unsigned(unit.addressSize);
        add(low, low + cursor.uleb());
        break;
      }
      case DW_LLE.GNU_view_pair:
        cursor.skipLeb();
        cursor.skipLeb();
        break;
      default:
        return list;
    }
  }
}
