import { describe, expect, it } from 'vitest';
import { HostMemoryExhausted, HostMemoryRefused } from '../../src/errors.ts';
import { Arena, WASM_PAGE } from '../../src/memory/arena.ts';

describe('Arena', () => {
  it('hands out disjoint zeroed pages and never offset 0', () => {
    const arena = new Arena(4 * WASM_PAGE);
    const first = arena.allocate(1, 'a');
    const second = arena.allocate(5000, 'b');
    expect(first).toBe(WASM_PAGE);
    expect(second).toBe(first + 4096);
    expect(arena.used).toBe(second + 8192);
    expect(arena.u8.subarray(first, arena.used).every((byte) => byte === 0)).toBe(true);
  });

  it('shows the same bytes through every view', () => {
    const arena = new Arena(2 * WASM_PAGE);
    const at = arena.allocate(8, 'a');
    arena.view.setUint32(at, 0x8765_4321, true);
    expect(arena.u32[at / 4]).toBe(0x8765_4321);
    expect(arena.i32[at / 4]).toBe(0x8765_4321 | 0);
    expect(arena.u16[at / 2]).toBe(0x4321);
    expect(arena.u8[at + 3]).toBe(0x87);
  });

  it('says who did not fit when it is full', () => {
    const arena = new Arena(2 * WASM_PAGE);
    arena.allocate(WASM_PAGE, 'DDR');
    expect(() => arena.allocate(1, 'OCRAM')).toThrow(HostMemoryExhausted);
    expect(() => arena.allocate(1, 'OCRAM')).toThrow(/OCRAM: 1 more bytes/);
  });

  it('says what to do when the host refuses the memory', () => {
    expect(() => new Arena(2 ** 33)).toThrow(HostMemoryRefused);
    expect(() => new Arena(2 ** 33)).toThrow(/^no WebAssembly memory of 8192 MiB: WebAssembly\.Memory\(\)/);
  });

  it('leaves its memory, zeroed, to the next one of its size, and to one only', () => {
    const first = new Arena(3 * WASM_PAGE);
    first.u8.fill(0xff, first.allocate(5000, 'a'), first.used);
    first.u8[8] = 1;
    first.dispose();
    first.dispose();
    expect(new Arena(2 * WASM_PAGE).memory).not.toBe(first.memory);
    const next = new Arena(3 * WASM_PAGE);
    expect(next.memory).toBe(first.memory);
    expect(next.used).toBe(WASM_PAGE);
    expect(next.u8.every((byte) => byte === 0)).toBe(true);
    expect(new Arena(3 * WASM_PAGE).memory).not.toBe(first.memory);
  });
});
