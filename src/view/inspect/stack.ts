/** The call stack of a core, or of a thread that does not run: frames with those that the compiler inlined, exceptions, parameters and variables. */

import { EXCEPTION, exceptionName } from '../../cpu/exception-numbers.ts';
import { peekBytes } from '../../debug/memory.ts';
import type { Dwarf } from '../../dwarf/dwarf.ts';
import type { FrameContext, LocalVariable, Location, UnwindFrame, UnwindStart } from '../../dwarf/model.ts';
import { sizeOf } from '../../dwarf/types.ts';
import { valueText } from '../../dwarf/value-text.ts';
import { UsageError } from '../../errors.ts';
import type { Machine } from '../../machine.ts';
import { interruptSources } from '../../profile/exception-watch.ts';
import type { Methods, Place, StackFrame } from '../protocol.ts';
import { codeOf, placeOf, quietly } from './code.ts';
import { coreOf, type InspectContext } from './context.ts';
import { threadRegisters } from './threads.ts';

/** Frames, and variables of each, that are told. */
const MOST_FRAMES = 64;
const MOST_LOCALS = 64;
/** Longest value that is read, in bytes. */
const LONGEST = 4096;

const BASIC_FRAME = 0x20;
const EXTENDED_FRAME = 0x68;
const XPSR_OFFSET = 0x1c;

/** `cpu.stack`. */
export function stack(context: InspectContext, { core: name, locals = false, thread }: Methods['cpu.stack']['params']): StackFrame[] {
  const { machine } = context;
  const core = coreOf(context, name);
  const start = thread === undefined ? liveStart(context, name) : threadStart(context, thread);
  const code = codeOf(machine);
  const found = quietly(() => code?.dwarf?.unwind(start, MOST_FRAMES));
  if (!found) return [{ place: placeOf(machine, start.pc) }];
  const exceptions = exceptionsOf(machine, core.name, found.frames, start, thread === undefined ? core.readRegister('ipsr') : 0);
  return found.frames.flatMap((frame, n) => {
    const exception = exceptions.get(n);
    const own = framesAt(machine, frame, code?.dwarf);
    const variables = locals && code?.dwarf ? localsOf(machine, code.dwarf, frame, start.read) : undefined;
    return own.map((each, level) => ({
      ...each,
      ...(frame.cfa === undefined ? {} : { cfa: frame.cfa }),
      ...(exception !== undefined && level === 0 ? { exception } : {}),
      ...(variables && level === 0 ? { locals: variables } : {}),
    }));
  });
}

function readerOf(machine: Machine, core: string): UnwindStart['read'] {
  const view = machine.view(core);
  return (address, length) => {
    const bytes = peekBytes(view, address >>> 0, length);
    return bytes.length === length ? bytes : undefined;
  };
}

function liveStart(context: InspectContext, name: string | undefined): UnwindStart {
  const core = coreOf(context, name);
  return {
    pc: core.pc,
    registers: core.registerValues().slice(0, 16),
    psp: core.readRegister('psp'),
    msp: core.readRegister('msp'),
    read: readerOf(context.machine, core.name),
  };
}

function threadStart(context: InspectContext, thread: number): UnwindStart {
  const saved = threadRegisters(context, thread);
  if (saved === 'live') return liveStart(context, undefined);
  const pc = saved?.('pc');
  if (!saved || pc === undefined)
    throw new UsageError(
      'no registers of this thread are to be had',
      'it has not run yet, or its RTOS stores them in a way that is not known',
      'thread',
    );
  const names = ['sp', 'lr', 'pc'];
  const registers = Array.from({ length: 16 }, (_, index) => saved(names[index - 13] ?? `r${index}`));
  return { pc, registers, psp: saved('sp'), read: readerOf(context.machine, context.machine.core.name) };
}

/** A frame, and before it those of functions that the compiler put into it. */
function framesAt(machine: Machine, { pc, lookup, function: name }: UnwindFrame, dwarf: Dwarf | undefined): StackFrame[] {
  const place = placeOf(machine, pc, lookup);
  const line = quietly(() => dwarf?.lineAt(lookup));
  if (!line || line.inlinedFrom.length === 0) return [{ place, ...(name === undefined ? {} : { function: name }) }];
  const outer = line.inlinedFrom.map((call): StackFrame => {
    const at: Place = { address: pc, ...(place.symbol ? { symbol: place.symbol } : {}), file: call.file, line: call.line };
    return { place: at, function: call.function };
  });
  const all: StackFrame[] = [{ place, ...(line.function === undefined ? {} : { function: line.function }) }, ...outer];
  return all.map((frame, n) => (n < all.length - 1 ? { ...frame, inlined: true } : frame));
}

/** By the number of the frame that it interrupted, the name of each exception: the first is the one that executes, the others stand in pushed xPSRs. */
function exceptionsOf(
  machine: Machine,
  core: string,
  frames: readonly UnwindFrame[],
  { read }: UnwindStart,
  current: number,
): ReadonlyMap<number, string> {
  const sources = interruptSources(machine, core);
  const names = new Map<number, string>();
  let number: number | undefined = current;
  for (const [n, { interrupted, sp }] of frames.entries()) {
    if (interrupted === undefined) continue;
    const source: readonly string[] | undefined = number === undefined ? undefined : sources.get(number - EXCEPTION.EXTERNAL);
    names.set(n, number ? (source ? `${source.join('/')} (${exceptionName(number)})` : exceptionName(number)) : 'an exception');
    number = pushedException(read, sp, (interrupted & 0x10) === 0 ? EXTENDED_FRAME : BASIC_FRAME);
  }
  return names;
}

/** The exception in which the interrupted code was, from the frame that ends at `sp`. */
function pushedException(read: UnwindStart['read'], sp: number, size: number): number | undefined {
  for (const padding of [0, 4]) {
    const bytes = read(sp - size - padding + XPSR_OFFSET, 4);
    const xpsr = bytes && new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
    if (xpsr !== undefined && (xpsr & 0x0100_0000) !== 0 && ((xpsr >>> 9) & 1) * 4 === padding) return xpsr & 0x1ff;
  }
  return undefined;
}

/** Parameters and variables in scope, as gdb prints them. */
function localsOf(machine: Machine, dwarf: Dwarf, frame: UnwindFrame, read: UnwindStart['read']): NonNullable<StackFrame['locals']> {
  const at: FrameContext = { pc: frame.lookup, register: (index) => frame.registers[index], read };
  const list = quietly(() => dwarf.localsAt(frame.lookup)) ?? [];
  const symbols = codeOf(machine)?.symbols;
  return list.slice(0, MOST_LOCALS).map((variable) => ({
    name: variable.name,
    type: variable.type.name,
    value: quietly(() => localText(variable, at, (address) => symbols?.name(address))) ?? '<cannot be read>',
  }));
}

function localText(variable: LocalVariable, frame: FrameContext, symbol: (address: number) => string | undefined): string {
  const location = variable.locate(frame);
  if (location.kind === 'optimised-out') return '<optimized out>';
  const size = sizeOf(variable.type);
  if (size > LONGEST) return `<${size} bytes>`;
  const bytes = bytesAt(location, size, frame);
  return bytes
    ? valueText(variable.type, bytes, { symbol, read: (address, length) => frame.read(address, length) })
    : '<not known in this frame>';
}

function bytesAt(location: Location, size: number, frame: FrameContext): Uint8Array | undefined {
  switch (location.kind) {
    case 'memory':
      return frame.read(location.address, size);
    case 'register':
      return registerBytes(location.register, size, frame);
    case 'value': {
      const bytes = new Uint8Array(size);
      bytes.set(location.bytes.subarray(0, size));
      return bytes;
    }
    case 'pieces': {
      const bytes = new Uint8Array(size);
      let at = 0;
      for (const { location: part, bitSize, bitOffset } of location.pieces) {
        const length = bitSize / 8;
        if (!Number.isInteger(length) || bitOffset % 8 !== 0 || at + length > size) return undefined;
        const piece = bytesAt(part, bitOffset / 8 + length, frame);
        if (!piece) return undefined;
        bytes.set(piece.subarray(bitOffset / 8), at);
        at += length;
      }
      return bytes;
    }
    default:
      return undefined;
  }
}

/** A value of more than four bytes goes on in the next register. */
function registerBytes(register: number, size: number, frame: FrameContext): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.ceil(size / 4) * 4);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length; at += 4) {
    const value = frame.register(register + at / 4);
    if (value === undefined) return undefined;
    view.setUint32(at, value, true);
  }
  return bytes.subarray(0, size);
}
