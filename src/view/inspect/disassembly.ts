/**
 * Instructions around an address. Where each begins is known from its first halfword, so that data between functions and instructions that the
 * disassembler does not know put nothing out of step; backwards it is counted from the beginning of a function or of a source line.
 */
import { peekBytes } from '../../debug/memory.ts';
import { BUS_FAULT } from '../../memory/bus.ts';
import { type Capstone, thumbHandle } from '../../session/disassembler.ts';
import { toBase64 } from '../base64.ts';
import type { InstructionLine, Methods, Place } from '../protocol.ts';
import { codeOf, placeOf, quietly } from './code.ts';
import { coreOf, type DecodedInstruction, type Disassembler, type InspectContext } from './context.ts';
import { isDataAt } from './mapping-symbols.ts';

/** A disassembler by capstone, which `load` gives when it is first needed. */
export function capstoneInstructions(load: () => Promise<Capstone>): Disassembler {
  let handle: Promise<ReturnType<typeof thumbHandle>> | undefined;
  return async (bytes, address, limit) => {
    handle ??= load().then(thumbHandle);
    const list = (await handle).disasm(bytes, address, limit);
    return list.map((each) => ({ address: Number(each.address), size: each.size, mnemonic: each.mnemonic, operands: each.op_str }));
  };
}

/** An instruction, as far as its first halfword tells, or a piece of data between instructions. */
interface Unit {
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly isData?: true;
}

type IsData = (address: number) => boolean;

/** Bytes of the Thumb instruction that begins with `halfword`. */
function sizeOf(halfword: number): 2 | 4 {
  return halfword >>> 11 >= 0x1d ? 4 : 2;
}

/** `cpu.disassemble`. */
export async function disassemble(context: InspectContext, params: Methods['cpu.disassemble']['params']): Promise<InstructionLine[]> {
  const { machine, disassemble: decode, debugger: debug } = context;
  const core = coreOf(context, params.core);
  const address = ((params.address ?? core.pc) & ~1) >>> 0;
  const before = Math.min(params.before ?? 0, params.count);
  const view = machine.view(core.name);
  const read = (at: number, length: number): Uint8Array => peekBytes(view, at, length);
  const mapping = codeOf(machine)?.mapping ?? [];
  const isData: IsData = (at) => isDataAt(mapping, at);
  const first = before > 0 ? unitsBefore(context, address, before, read, isData) : [];
  const units = [...first, ...unitsFrom(address, params.count - first.length, read, isData)];
  const breakpoints = new Map(
    (debug?.stoppers ?? []).flatMap((each) =>
      each.kind === 'breakpoint' && each.core === core.name ? [[each.address, each.id] as const] : [],
    ),
  );
  // What is read is read now: the machine may go on while the text is made.
  const word = new Map<number, number>();
  for (const unit of units) {
    const at = literalAddress(unit);
    const value = at === undefined ? BUS_FAULT : view.peek(at, 4);
    if (at !== undefined && value !== BUS_FAULT) word.set(at, value);
  }
  const places = units.map((unit) => placeOf(machine, unit.address));
  const texts = decode ? await decoded(units, decode) : new Map<number, DecodedInstruction>();
  return units.map((unit, n) => {
    const instruction = texts.get(unit.address);
    const target = instruction && targetOf(instruction);
    const breakpoint = breakpoints.get(unit.address);
    return {
      place: places[n]!,
      bytes: toBase64(unit.bytes),
      text: instruction ? `${instruction.mnemonic} ${instruction.operands}`.trimEnd() + comment(context, unit, word) : raw(unit),
      ...(target === undefined ? {} : { target: placeOf(machine, target) }),
      ...(breakpoint === undefined ? {} : { breakpoint }),
    };
  });
}

function halfword(bytes: Uint8Array, at = 0): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}

function raw({ bytes, isData }: Unit): string {
  if (isData && bytes.length === 4) return `.word 0x${new DataView(bytes.buffer).getUint32(0, true).toString(16).padStart(8, '0')}`;
  const word = (at: number): string => `0x${halfword(bytes, at).toString(16).padStart(4, '0')}`;
  return `.short ${bytes.length === 4 ? `${word(0)}, ${word(2)}` : word(0)}`;
}

function unitsFrom(address: number, count: number, read: (at: number, length: number) => Uint8Array, isData: IsData): Unit[] {
  return cut(read(address, 4 * count), address, isData).slice(0, count);
}

/** Instructions of `bytes`; half of one at the end is left out. */
function cut(bytes: Uint8Array, address: number, isData: IsData): Unit[] {
  const units: Unit[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const here = address + at;
    const data = isData(here);
    const size = data ? (here % 4 === 0 && at + 4 <= bytes.length && isData(here + 2) ? 4 : 2) : sizeOf(halfword(bytes, at));
    if (at + size > bytes.length) break;
    units.push({ address: here, bytes: bytes.slice(at, at + size), ...(data ? { isData: true } : {}) });
    at += size;
  }
  return units;
}

/** The last `count` instructions before `address`. */
function unitsBefore(
  { machine }: InspectContext,
  address: number,
  count: number,
  read: (at: number, length: number) => Uint8Array,
  isData: IsData,
): Unit[] {
  const lowest = Math.max(0, address - 4 * count);
  const code = codeOf(machine);
  // Beginnings of functions and lines: instructions are counted anew from each.
  const known = new Set<number>();
  for (const symbol of code?.firmware?.symbols ?? []) if (symbol.size > 0 && symbol.address <= address) known.add(symbol.address);
  quietly(() => {
    const entry = code?.dwarf?.functionAt(address)?.entry;
    if (entry !== undefined) known.add(entry);
    for (const { low, high, rows } of code?.dwarf?.lineTable() ?? []) {
      if (low >= address || high <= lowest) continue;
      for (const row of rows) if (!row.endSequence && row.address <= address) known.add(row.address);
    }
  });
  const sorted = [...known].sort((a, b) => a - b);
  const first = sorted.filter((each) => each <= lowest).at(-1);
  const reach = first !== undefined && lowest - first < 0x1000 ? first : lowest;
  const starts = [reach, ...sorted.filter((each) => each > reach && each < address), address];
  const units = starts.slice(1).flatMap((end, n) => stretch(starts[n]!, end, read, isData, known.has(starts[n]!)));
  return units.slice(-count);
}

/** Instructions from `start` to exactly `end`; from a guess, the first beginning that leads there. */
function stretch(start: number, end: number, read: (at: number, length: number) => Uint8Array, isData: IsData, isKnown: boolean): Unit[] {
  const bytes = read(start, end - start);
  // A hole: nothing is before it that could be shown.
  if (bytes.length < end - start) return [];
  for (let skip = 0; skip < (isKnown ? 2 : bytes.length); skip += 2) {
    const units = cut(bytes.subarray(skip), start + skip, isData);
    const last = units.at(-1);
    if (last && last.address + last.bytes.length === end) return units;
  }
  // Data at the end of a function.
  return cut(bytes, start, isData);
}

/** Texts by address; what the disassembler refuses is passed over. */
async function decoded(units: readonly Unit[], decode: Disassembler): Promise<Map<number, DecodedInstruction>> {
  const found = new Map<number, DecodedInstruction>();
  const index = new Map(units.map(({ address }, n) => [address, n]));
  for (let at = 0; at < units.length; ) {
    if (units[at]!.isData) {
      at++;
      continue;
    }
    // As many as lie behind each other without a gap.
    let end = at + 1;
    while (end < units.length && !units[end]!.isData && units[end]!.address === units[end - 1]!.address + units[end - 1]!.bytes.length)
      end++;
    const stretchOf = units.slice(at, end);
    const bytes = new Uint8Array(stretchOf.reduce((sum, unit) => sum + unit.bytes.length, 0));
    let offset = 0;
    for (const unit of stretchOf) {
      bytes.set(unit.bytes, offset);
      offset += unit.bytes.length;
    }
    let next = at;
    for (const instruction of await decode(bytes, units[at]!.address, stretchOf.length)) {
      const n = index.get(instruction.address);
      if (n === undefined || units[n]!.bytes.length !== instruction.size) break;
      found.set(instruction.address, instruction);
      next = n + 1;
    }
    at = next < end ? next + 1 : end;
  }
  return found;
}

/** Where a branch or call with an immediate target leads. */
function targetOf({ mnemonic, operands }: DecodedInstruction): number | undefined {
  if (!/^(?:bl?|b(?:eq|ne|cs|hs|cc|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le|al)|cbn?z)(?:\.w|\.n)?$/.test(mnemonic)) return undefined;
  const [, target] = /#(0x[0-9a-f]+|\d+)$/i.exec(operands) ?? [];
  return target === undefined ? undefined : Number(target) >>> 0;
}

/** The word that a load relative to the PC reads: LDR (literal), T1 and T2. */
function literalAddress({ address, bytes, isData }: Unit): number | undefined {
  if (isData) return undefined;
  const base = ((address + 4) & ~3) >>> 0;
  const first = halfword(bytes);
  if (bytes.length === 2) return first >>> 11 === 0x09 ? base + 4 * (first & 0xff) : undefined;
  if ((first & 0xff7f) !== 0xf85f) return undefined;
  const offset = halfword(bytes, 2) & 0xfff;
  return first & 0x80 ? base + offset : base - offset;
}

function comment({ machine }: InspectContext, unit: Unit, words: ReadonlyMap<number, number>): string {
  const at = literalAddress(unit);
  const value = at === undefined ? undefined : words.get(at);
  if (value === undefined) return '';
  const symbol = codeOf(machine)?.symbols.name((value & ~1) >>> 0) as Place['symbol'];
  return `  ; 0x${value.toString(16).padStart(8, '0')}${symbol ? ` ${symbol}` : ''}`;
}
