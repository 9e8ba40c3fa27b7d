import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Machine } from '../../../src/machine.ts';
import { fromBase64, toBase64 } from '../../../src/view/base64.ts';
import type { InspectContext } from '../../../src/view/inspect/context.ts';
import { METHODS } from '../../../src/view/inspect/methods.ts';
import { contextOf, machineOf, runToDoorbell } from './support.ts';

let machine: Machine;
let context: InspectContext;

beforeAll(() => {
  machine = machineOf('imx8mp_rpmsg');
  runToDoorbell(machine, 30);
  context = contextOf(machine);
});

afterAll(() => machine.dispose());

const text = (value: string) => toBase64(new TextEncoder().encode(value));

describe('memory', () => {
  it('is read as each view sees it, up to a hole', async () => {
    const { bytes } = await METHODS['memory.read'](context, { view: 'linux', address: 0x5540_3a10, length: 12 });
    expect(new TextDecoder().decode(fromBase64(bytes))).toBe('hello world!');
    const region = machine.view('m7').regions.find(({ name }) => name === 'DTCM')!;
    const end = region.base + region.size;
    expect(fromBase64((await METHODS['memory.read'](context, { view: 'm7', address: end - 4, length: 64 })).bytes)).toHaveLength(4);
    expect((await METHODS['memory.read'](context, { view: 'linux', address: 0, length: 16 })).bytes).toBe('');
    expect(
      fromBase64((await METHODS['memory.read'](context, { view: 'm7', address: 0xffff_fff0, length: 64 })).bytes).length,
    ).toBeLessThanOrEqual(16);
    expect(() => METHODS['memory.read'](context, { view: 'dsp', address: 0, length: 4 })).toThrow(
      expect.objectContaining({ remedy: 'its views: linux, m7' }),
    );
  });

  it('of registers is peeked: the word in RR1 stays there for Linux', async () => {
    const { unit } = machine.units[0]!;
    const before = unit.a.peek(0x20, 4);
    const { bytes } = await METHODS['memory.read'](context, { view: 'linux', address: 0x30aa_0000, length: 0x28 });
    const view = new DataView(fromBase64(bytes).buffer);
    expect(view.getUint32(0x20, true)).toBe(before);
    expect((before >>> 26) & 1).toBe(1);
    expect(unit.a.peek(0x20, 4)).toBe(before);
  });

  it('is written through the debugger alone', () => {
    expect(() => METHODS['memory.write'](context, { view: 'm7', address: 0x2000_0000, bytes: text('x') })).toThrow(
      'nothing can be changed here',
    );
  });

  it('is searched, also over the borders of chunks, once for each byte of RAM', async () => {
    const linux = machine.view('linux');
    linux.writeBytes(0x5600_fffa, new TextEncoder().encode('needle in DDR'));
    linux.writeBytes(0x6000_0001, new TextEncoder().encode('needle in DDR'));
    const found = await METHODS['memory.search'](context, { view: 'm7', pattern: text('needle in DDR') });
    expect(found).toEqual({ found: [0x5600_fffa, 0x6000_0001], more: false });
    expect(await METHODS['memory.search'](context, { view: 'linux', pattern: text('needle'), from: 0x5600_fffb })).toEqual({
      found: [0x6000_0001],
      more: false,
    });
    const first = await METHODS['memory.search'](context, { view: 'linux', pattern: text('hello world!'), limit: 2 });
    expect(first).toMatchObject({ more: true, found: [expect.any(Number), expect.any(Number)] });
    const next = await METHODS['memory.search'](context, { view: 'linux', pattern: text('hello world!'), limit: 2, from: first.next! });
    expect(next.found[0]).toBe(first.next);
    // Zeros are where nobody has been.
    expect(
      (await METHODS['memory.search'](context, { view: 'linux', pattern: toBase64(new Uint8Array(64)), limit: 1, from: 0x7000_0000 }))
        .found,
    ).toEqual([0x7000_0000]);
    expect(await METHODS['memory.search'](context, { view: 'linux', pattern: '' })).toEqual({ found: [], more: false });
  });
});

it('a search is a piece of work at a time, whatever is searched for', async () => {
  const other = machineOf('imx8mp_rpmsg');
  const linux = other.view('linux');
  const from = 0x8000_0000;
  const size = 48 * 1024 * 1024;
  linux.writeBytes(from, new Uint8Array(size));
  for (let at = 0; at < size; at += 65_536) linux.writeBytes(from + at, Uint8Array.of(2));
  linux.writeBytes(from + size - 1, Uint8Array.of(1));
  const pattern = new Uint8Array(1024);
  pattern[1023] = 1;
  const search = (at: number) => METHODS['memory.search'](contextOf(other), { view: 'linux', pattern: toBase64(pattern), from: at });
  const first = await search(from);
  expect(first).toEqual({ found: [], more: true, next: expect.any(Number) });
  expect(first.next! - from).toBeGreaterThan(size / 2);
  expect(await search(first.next!)).toEqual({ found: [from + size - 1024], more: false });
  other.dispose();
});

describe('registers of blocks', () => {
  it('have fields, access and values after a reset', async () => {
    const registers = await METHODS['peripherals.registers'](context, { name: 'UART4' });
    const ucr2 = registers.find(({ name }) => name === 'UCR2')!;
    expect(ucr2).toMatchObject({ address: 0x30a6_0084, width: 4 });
    expect(ucr2.value).not.toBe(ucr2.reset);
    expect(ucr2.fields.find(({ name }) => name === 'TXEN')).toMatchObject({ value: 1, width: 1 });
    expect(ucr2.fields.map(({ lsb }) => lsb)).toEqual([...ucr2.fields.map(({ lsb }) => lsb)].sort((a, b) => b - a));
  });

  it('of messaging units are told by side, in the channels of their generation', async () => {
    const registers = await METHODS['peripherals.registers'](context, { name: 'MU1_A' });
    const sr = registers.find(({ name }) => name === 'SR')!;
    expect(sr).toMatchObject({ address: 0x30aa_0020, reset: 0x00f0_0000 });
    // Channel 1 is bit 2 of the field: they count down.
    expect(sr.fields.find(({ name }) => name === 'RFn')).toMatchObject({ lsb: 24, width: 4, value: 0b0100 });
    expect(registers.filter(({ name }) => name.startsWith('TR'))).toHaveLength(4);
  });

  it('are there for every block that is modelled, and refused for one that is not there', async () => {
    for (const { name, kind } of machine.soc.peripherals) {
      if (kind === 'unmodelled' || kind === 'reserved') continue;
      expect([name, (await METHODS['peripherals.registers'](context, { name })).length > 0]).toEqual([name, true]);
    }
    expect(() => METHODS['peripherals.registers'](context, { name: 'UART9' })).toThrow('no peripheral UART9');
  });
});
