import { describe, expect, it } from 'vitest';
import { CORTEX_M7 } from '../../src/cpu/profile.ts';
import { SocDescriptionError, UsageError } from '../../src/errors.ts';
import { KiB } from '../../src/memory/bits.ts';
import { findSoc, SOCS } from '../../src/soc/index.ts';
import { defineSoc, findBoard, type SocDescription } from '../../src/soc/soc.ts';

const BASE: SocDescription = {
  name: 'test',
  title: 'test',
  baseHz: 800,
  cores: [{ name: 'm7', profile: CORTEX_M7, hz: 400, vectors: 0 }],
  memories: [{ name: 'RAM', size: 64 * KiB, views: { m7: [{ base: 0 }, { base: 0x10_0000, offset: 0x1000, size: 0x1000 }] } }],
  mus: [
    {
      name: 'MU1',
      layout: 'imx6sx',
      a: { base: 0x3000_0000, interrupts: { linux: 1 } },
      b: { base: 0x3001_0000, interrupts: { m7: 1 } },
    },
  ],
  peripherals: [{ kind: 'gpio', name: 'GPIO1', base: 0x4000_0000, size: 0x1000, interrupts: { m7: 2 }, highInterrupts: { m7: 3 } }],
  remoteprocs: [],
  boards: [],
  detection: [],
};

const broken = (change: Partial<SocDescription>): (() => unknown) => {
  return () => defineSoc({ ...BASE, ...change });
};
const gpio = BASE.peripherals[0]!;

describe('defineSoc', () => {
  it('returns what is right', () => {
    expect(defineSoc(BASE)).toBe(BASE);
  });

  it.each<[string, Partial<SocDescription>, RegExp]>([
    ['two blocks of one name', { peripherals: [gpio, { ...gpio, base: 0x5000_0000 }] }, /two blocks are called GPIO1/],
    ['a core clock that does not divide the base clock', { baseHz: 900 }, /base clock 900 is no multiple of m7's 400/],
    ['an interrupt of an unknown view', { peripherals: [{ ...gpio, interrupts: { m4: 1 } }] }, /GPIO1 interrupts an unknown view m4/],
    ['an interrupt that the core does not have', { peripherals: [{ ...gpio, interrupts: { m7: 240 } }] }, /m7 has no interrupt 240/],
    ['an interrupt used twice', { peripherals: [{ ...gpio, interrupts: { m7: 1 } }] }, /GPIO1 and MU1_B share interrupt 1 of m7/],
    ['both lines of a block on one interrupt', { peripherals: [{ ...gpio, highInterrupts: { m7: 2 } }] }, /share interrupt 2 of m7/],
    [
      'a memory in an unknown view',
      { memories: [{ name: 'R', size: 1, views: { dsp: [{ base: 0 }] } }] },
      /R appears in an unknown view dsp/,
    ],
    [
      'a window beyond its memory',
      { memories: [{ name: 'R', size: 16, views: { m7: [{ base: 0, offset: 8, size: 16 }] } }] },
      /R window at 0x00000000 leaves the memory/,
    ],
    [
      'memories that overlap',
      { memories: [...BASE.memories, { name: 'R', size: 16, views: { m7: [{ base: 0xfff8 }] } }] },
      /RAM at 0x00000000 overlaps R at 0x0000fff8 in view m7/,
    ],
    ['a device over an MU', { peripherals: [{ ...gpio, base: 0x3001_f000 }] }, /MU1_B at 0x30010000 overlaps GPIO1 at 0x3001f000/],
    [
      'a remoteproc of no core',
      { remoteprocs: [{ core: 'm4', compatible: 'x', node: 'x', method: 'smc', att: [] }] },
      /remoteproc of an unknown core m4/,
    ],
  ])('refuses %s', (_what, change, message) => {
    expect(broken(change)).toThrow(SocDescriptionError);
    expect(broken(change)).toThrow(message);
  });

  it('lets blocks share a line that is declared shared, and a window in different views', () => {
    const other = { ...gpio, name: 'GPIO2', base: 0x4000_1000, interrupts: { m7: 2 }, highInterrupts: { m7: 4 } };
    expect(broken({ peripherals: [gpio, other] })).toThrow(/share/);
    expect(broken({ peripherals: [gpio, other], sharedInterrupts: ['m7 2'] })).not.toThrow();
    const elsewhere = { ...gpio, name: 'GPIO2', views: ['linux'], interrupts: {}, highInterrupts: {} };
    expect(broken({ peripherals: [{ ...gpio, views: ['m7'] }, elsewhere] })).not.toThrow();
  });
});

describe('findSoc and findBoard', () => {
  it('find by name and name what there is', () => {
    expect(findSoc('imx8mp').title).toBe('NXP i.MX 8M Plus');
    expect(SOCS.map(({ name }) => name)).toEqual(expect.arrayContaining(['imx8mp', 'cortex-m4', 'cortex-m7']));
    expect(() => findSoc('imx9')).toThrow(UsageError);
    const soc = findSoc('imx8mp');
    expect(findBoard(soc, undefined)?.name).toBe('evk');
    expect(findBoard(soc, 'verdin-hmp')?.name).toBe('verdin-hmp');
    expect(() => findBoard(soc, 'nope')).toThrow(UsageError);
    expect(findBoard(findSoc('cortex-m4'), undefined)).toBeUndefined();
  });
});
