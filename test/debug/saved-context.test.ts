/** Registers of threads that do not run, in every layout that the kernels have. */
import { describe, expect, it } from 'vitest';
import { freeRtosContext, type SavedRegisters, zephyrContext } from '../../src/debug/saved-context.ts';

/** Words from an address on. */
function memory(base: number, words: readonly number[]): (address: number) => number | undefined {
  return (address) => words[(address - base) / 4];
}

const STACK = 0x2000_1000;
const CALLEE = [4, 5, 6, 7, 8, 9, 10, 11].map((n) => 0xc000_0000 + n);
const SINGLES = (from: number): number[] => Array.from({ length: 16 }, (_, n) => 0x3f80_0000 + from + n);
/** r0 to r3, r12, lr, pc, xPSR. */
const FRAME = [0xf0, 0xf1, 0xf2, 0xf3, 0xf12, 0x0000_0401, 0x0000_1234, 0x0100_0000];
const FLOAT_FRAME = [...FRAME, ...SINGLES(0), 0x0300_0000, 0];

const value = (registers: SavedRegisters | undefined, name: string): number | undefined => registers?.get(name)?.value;

/** What holds of each of them. */
function check(registers: SavedRegisters | undefined, words: readonly number[]): void {
  expect(registers).toBeDefined();
  for (let n = 4; n <= 11; n++) expect(value(registers, `r${n}`)).toBe(0xc000_0000 + n);
  expect(['r0', 'r1', 'r2', 'r3', 'r12', 'lr', 'pc', 'xpsr'].map((name) => value(registers, name))).toEqual(FRAME);
  for (const { value: stored, address } of registers!.values()) {
    if (address !== undefined && address >= STACK) expect(words[(address - STACK) / 4]).toBe(stored);
  }
}

describe('FreeRTOS', () => {
  it.each([
    ['ARM_CM4F', [...CALLEE, 0xffff_fffd, ...FRAME], false],
    ['ARM_CM4F, a thread that calculates', [...CALLEE, 0xffff_ffed, ...SINGLES(16), ...FLOAT_FRAME], true],
    ['ARM_CM3', [...CALLEE, ...FRAME], false],
    ['ARM_CM33_NTZ', [0x2000_0800, 0xffff_ffbc, ...CALLEE, ...FRAME], false],
    ['ARM_CM33_NTZ, a thread that calculates', [0x2000_0800, 0xffff_ffac, ...CALLEE, ...SINGLES(16), ...FLOAT_FRAME], true],
    ['ARM_CM33', [0, 0x2000_0800, 0xffff_fffd, ...CALLEE, ...FRAME], false],
  ])('%s', (_, words, withFloat) => {
    const registers = freeRtosContext(memory(STACK, words), STACK);
    check(registers, words);
    expect(value(registers, 'sp')).toBe(STACK + 4 * words.length);
    expect(value(registers, 'psp')).toBe(STACK + 4 * words.length);
    expect(registers!.get('sp')!.address).toBeUndefined();
    expect(value(registers, 's0')).toBe(withFloat ? 0x3f80_0000 : undefined);
    expect(value(registers, 's31')).toBe(withFloat ? 0x3f80_001f : undefined);
    expect(value(registers, 'fpscr')).toBe(withFloat ? 0x0300_0000 : undefined);
  });

  it('knows the word that the core pushes to align the frame', () => {
    const words = [...CALLEE, 0xffff_fffd, ...FRAME.slice(0, 7), 0x0100_0200];
    expect(value(freeRtosContext(memory(STACK, words), STACK), 'sp')).toBe(STACK + 4 * words.length + 4);
  });

  it('finds none where there is none', () => {
    expect(freeRtosContext(memory(STACK, []), STACK)).toBeUndefined();
    expect(freeRtosContext(() => 0, 0xffff_fff0)).toBeUndefined();
    expect(freeRtosContext(() => 0xffff_ffff, 0)).toBeUndefined();
  });
});

describe('Zephyr', () => {
  const THREAD = 0x2000_0100;
  const offsets = { stackPointer: 0x40, excReturn: 0x99, preemptFloat: 0x50 };
  const read = (frame: readonly number[], excReturn: number, sp = STACK) => {
    const thread = new Array<number>(64).fill(0);
    CALLEE.forEach((word, index) => {
      thread[(0x20 + 4 * index) / 4] = word;
    });
    thread[0x40 / 4] = sp;
    SINGLES(16).forEach((word, index) => {
      thread[(0x50 + 4 * index) / 4] = word;
    });
    thread[0x98 / 4] = excReturn << 8;
    return (address: number) => (address >= STACK ? memory(STACK, frame)(address) : memory(THREAD, thread)(address));
  };

  it('has them in the control block and the frame on the stack', () => {
    const registers = zephyrContext(read(FRAME, 0xfd), THREAD, offsets);
    check(registers, FRAME);
    expect(value(registers, 'sp')).toBe(STACK + 0x20);
    expect(registers!.get('r4')!.address).toBe(THREAD + 0x20);
    expect(value(registers, 's16')).toBeUndefined();
  });

  it('has floating-point registers of a thread that uses them', () => {
    const registers = zephyrContext(read(FLOAT_FRAME, 0xed), THREAD, offsets);
    check(registers, FLOAT_FRAME);
    expect(value(registers, 'sp')).toBe(STACK + 0x68);
    expect(value(registers, 's0')).toBe(0x3f80_0000);
    expect(value(registers, 's16')).toBe(0x3f80_0010);
  });

  it('finds none of a thread that never ran, or whose stack is nowhere', () => {
    expect(zephyrContext(read(FRAME, 0xfd, 0), THREAD, offsets)).toBeUndefined();
    expect(zephyrContext(read([], 0xfd), THREAD, offsets)).toBeUndefined();
    expect(zephyrContext(read(FRAME, 0xfd, STACK + 1), THREAD, offsets)).toBeUndefined();
    expect(zephyrContext(() => undefined, THREAD, offsets)).toBeUndefined();
  });
});
