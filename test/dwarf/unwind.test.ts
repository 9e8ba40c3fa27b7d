/** Stacks and locals of a run under QEMU, against gdb: on the process stack before an SVC, and in what its handler calls. */
import { describe, expect, it } from 'vitest';
import type { Dwarf } from '../../src/dwarf/dwarf.ts';
import type { FrameContext, Location, UnwindFrame, UnwindStart } from '../../src/dwarf/model.ts';
import { toBytes } from '../../src/dwarf/operands.ts';
import { bare, sizeOf } from '../../src/dwarf/types.ts';
import { valueText } from '../../src/dwarf/value-text.ts';
import { C_FIXTURES, dwarfOf, type Expected, elfOf, expectedOf, memoryOf, type Stop } from './support.ts';

type Run = NonNullable<Expected['run']>;

/** Code from the file, RAM as it was at the stop in the handler. */
function memory(name: string, { ram }: Run): UnwindStart['read'] {
  const file = memoryOf(elfOf(name));
  const bytes = Uint8Array.from(atob(ram.bytes), (letter) => letter.charCodeAt(0));
  return (address, length) => {
    const offset = address - ram.base;
    return offset >= 0 && offset + length <= bytes.length ? bytes.slice(offset, offset + length) : file.read(address, length);
  };
}

/** The process stack pointer in the handler: below what the thread had, by the size of the frame that the exception pushed. */
function psp({ thread, excReturn }: Run): number {
  const size = excReturn & 0x10 ? 0x20 : 0x68;
  return (thread.registers[13]! - size) & ~7;
}

function contextOf(frame: UnwindFrame, read: UnwindStart['read']): FrameContext {
  return { pc: frame.lookup, register: (index) => frame.registers[index], read };
}

/** The text of a local; null when it is nowhere. */
function textOf(local: { type: Parameters<typeof sizeOf>[0]; location: Location }, context: FrameContext, dwarf: Dwarf): string | null {
  const { type, location } = local;
  const size = sizeOf(type);
  let bytes: Uint8Array | undefined;
  if (location.kind === 'memory') bytes = context.read(location.address, size);
  else if (location.kind === 'value') bytes = location.bytes.slice(0, size);
  else if (location.kind === 'register') {
    const value = context.register(location.register);
    bytes = value === undefined ? undefined : toBytes(BigInt(value), 8).slice(0, size);
  }
  if (bytes === undefined) return null;
  const symbol = (address: number): string | undefined => {
    const found = dwarf
      .variables()
      .find(
        (each) => each.location.kind === 'memory' && address >= each.location.address && address < each.location.address + each.type.size,
      );
    if (found?.location.kind !== 'memory') return undefined;
    const offset = address - found.location.address;
    return offset === 0 ? found.name : `${found.name}+${offset}`;
  };
  const text = valueText(type, bytes, { symbol, read: (address, length) => context.read(address, length) });
  return bare(type).kind === 'pointer' ? text.replace(/^\([^)]*\) /, '') : text;
}

/** Frames of gdb that are calls, not what was inlined. */
const calls = (stop: Stop): Stop['frames'] => stop.frames.filter(({ inline }) => !inline);

describe.each(C_FIXTURES)('the stack of %s', (name) => {
  const dwarf = dwarfOf(name);
  const run = expectedOf(name).run!;
  const read = memory(name, run);

  it('is that of gdb in the thread, down to the start', () => {
    const { registers } = run.thread;
    const { frames, end } = dwarf.unwind({ pc: registers[15]!, registers, read });
    const theirs = calls(run.thread);
    expect(theirs.length).toBeGreaterThan(1);
    const own = frames.slice(0, theirs.length).map(({ pc, sp }) => [pc, sp]);
    expect(own).toEqual(theirs.map(({ pc, sp }) => [pc, sp]));
    expect(frames.at(-1)?.function).toBe('Reset_Handler');
    expect(end).toMatch(/outermost|no code/);
    const gate = frames.find((frame) => frame.function === 'gate');
    expect(gate?.by).toBe('prologue');
  });

  it('goes through the exception to the thread that it interrupted', () => {
    const { registers } = run.handler;
    const { frames } = dwarf.unwind({ pc: registers[15]!, registers, read, psp: psp(run) });
    const handler = calls(run.handler);
    expect(frames.slice(0, handler.length).map(({ pc, sp }) => [pc, sp])).toEqual(handler.map(({ pc, sp }) => [pc, sp]));
    const interrupted = frames[handler.length]!;
    expect(interrupted).toMatchObject({ pc: run.thread.registers[15]! + 2, sp: run.thread.registers[13], interrupted: run.excReturn });
    expect(frames[handler.length - 1]?.by).toBe('debug-frame');
    const below = dwarf.unwind({ pc: run.thread.registers[15]!, registers: run.thread.registers, read }).frames;
    expect(frames.slice(handler.length + 1).map(({ pc, sp }) => [pc, sp])).toEqual(below.slice(1).map(({ pc, sp }) => [pc, sp]));
  });

  it.each(['thread', 'handler'] as const)('has the locals of gdb in the %s', (which) => {
    const stop = run[which];
    const { frames } = dwarf.unwind({ pc: stop.registers[15]!, registers: stop.registers, read });
    let compared = 0;
    calls(stop).forEach((theirs, n) => {
      if (theirs.line === 0 || stop.frames.some((frame) => frame.inline)) return;
      const context = contextOf(frames[n]!, read);
      for (const local of dwarf.localsAt(frames[n]!.lookup)) {
        const text = textOf({ type: local.type, location: local.locate(context) }, context, dwarf);
        const wanted = theirs.locals[local.name];
        // gdb also computes values that a register had at the entry of the function; without a value from us it is left out.
        if (text === null || wanted === undefined) continue;
        expect([theirs.function, local.name, text]).toEqual([theirs.function, local.name, wanted]);
        compared++;
      }
    });
    if (/O0|Og/.test(name)) expect(compared).toBeGreaterThan(which === 'thread' ? 5 : 1);
  });
});
