import { beforeEach, describe, expect, it } from 'vitest';
import type { BusDevice } from '../../src/memory/bus.ts';
import { Bench } from './bench.ts';

let bench: Bench;
let linux: BusDevice;
let m7: BusDevice;
beforeEach(() => {
  bench = new Bench();
  const sema4 = bench.make('SEMA4');
  linux = sema4.deviceFor!('linux');
  m7 = sema4.deviceFor!('m7');
});

const gate = (number: number): number => m7.read(number, 1);

describe('Sema4', () => {
  it('gives a gate to the first who asks, and back only to its owner', () => {
    m7.write(3, 2, 1);
    expect([gate(3), linux.read(3, 1)]).toEqual([2, 2]);
    linux.write(3, 1, 1);
    expect(gate(3)).toBe(2);
    linux.write(3, 0, 1);
    expect(gate(3)).toBe(2);
    m7.write(3, 0, 1);
    expect(gate(3)).toBe(0);
    linux.write(3, 1, 1);
    expect(gate(3)).toBe(1);
    expect(bench.complaints).toEqual(['guest-error SEMA4 GATE3']);
  });

  it('lets nobody lock in the name of another', () => {
    m7.write(0, 1, 1);
    linux.write(0, 2, 1);
    m7.write(0, 3, 1);
    expect(gate(0)).toBe(0);
    expect(bench.diagnostics.all[0]).toMatchObject({ kind: 'guest-error', register: 'GATE0', count: 3 });
  });

  it('has sixteen independent gates, four to a word', () => {
    for (let n = 0; n < 16; n += 2) m7.write(n, 2, 1);
    for (let n = 1; n < 16; n += 2) linux.write(n, 1, 1);
    expect([0, 4, 8, 12].map((at) => m7.read(at, 4))).toEqual(Array(4).fill(0x0102_0102));
  });

  it('tells the processor that was refused when the gate opens, on its own line', () => {
    linux.write(5, 1, 1);
    m7.write(0x48, 1 << 2, 2);
    m7.write(5, 2, 1);
    expect(bench.line('SEMA4 high')).toBe(false);
    linux.write(5, 0, 1);
    expect([bench.line('SEMA4 high'), bench.line('SEMA4')]).toEqual([true, false]);
    expect(m7.read(0x88, 2)).toBe(1 << 2);
    m7.write(5, 2, 1);
    expect([gate(5), bench.line('SEMA4 high'), m7.read(0x88, 2)]).toEqual([2, false, 0]);
  });

  it('orders notifications of gates 8 to 15 in the upper byte, from its top', () => {
    m7.write(9, 2, 1);
    linux.write(9, 1, 1);
    linux.write(0x40, 0xffff, 2);
    m7.write(9, 0, 1);
    expect(linux.read(0x80, 2)).toBe(1 << 14);
    expect(bench.line('SEMA4')).toBe(true);
    linux.write(0x40, 0, 2);
    expect(bench.line('SEMA4')).toBe(false);
  });

  it('resets a gate, or all, by the two-step sequence', () => {
    m7.write(1, 2, 1);
    m7.write(2, 2, 1);
    linux.write(0x100, 0x1d | (1 << 8), 2);
    expect(gate(1)).toBe(2);
    linux.write(0x100, 0xe2, 2);
    linux.write(0x100, 0x1d | (1 << 8), 2);
    expect([gate(1), gate(2)]).toEqual([0, 2]);
    linux.write(0x100, 0xe2, 2);
    linux.write(0x100, 0x1d | (0xff << 8), 2);
    expect(gate(2)).toBe(0);
  });

  it('shows a reset that is half done, and lets only who began it complete it', () => {
    m7.write(1, 2, 1);
    linux.write(0x100, 0xe2, 2);
    expect(m7.read(0x100, 2) & 0x30).toBe(0x10);
    m7.write(0x100, 0x1d | (1 << 8), 2);
    expect([gate(1), m7.read(0x100, 2)]).toEqual([2, 0]);
    linux.write(0x100, 0xe2, 2);
    linux.write(0x100, 0x1d | (1 << 8), 2);
    expect([gate(1), m7.read(0x100, 2)]).toEqual([0, 0x100]);
  });

  it('resets notifications alone', () => {
    linux.write(0x40, 0xffff, 2);
    m7.write(1, 2, 1);
    linux.write(1, 1, 1);
    m7.write(1, 0, 1);
    m7.write(2, 2, 1);
    expect(bench.line('SEMA4')).toBe(true);
    m7.write(0x104, 0xe2, 2);
    m7.write(0x104, 0x1d | (0xff << 8), 2);
    expect(bench.line('SEMA4')).toBe(true);
    m7.write(0x104, 0x47, 2);
    m7.write(0x104, 0xb8 | (0xff << 8), 2);
    expect(linux.read(0x104, 2)).toBe(0xff01);
    expect([bench.line('SEMA4'), gate(2)]).toEqual([false, 2]);
  });

  it('opens everything at a reset of the SoC', () => {
    m7.write(7, 2, 1);
    bench.make('SEMA4').reset();
    expect(gate(7)).toBe(0);
    expect(linux.peek(7, 1)).toBe(0);
  });
});
