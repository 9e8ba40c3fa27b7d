/** GPC, SRC, SNVS, SYS_CTR, IOMUXC, and blocks that are not modelled. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { BusDevice } from '../../src/memory/bus.ts';
import { Bench, get, put } from './bench.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

describe('GPC', () => {
  it('powers a domain up some time after the request, whose bit clears itself', () => {
    const { device } = bench.make('GPC');
    put(device, 0xd8, 1 << 5);
    expect(get(device, 0xd8)).toBe(1 << 5);
    bench.advance(800);
    put(device, 0xd8, get(device, 0xd8) | (1 << 6));
    expect(get(device, 0xd8)).toBe(0x60);
    bench.milliseconds(0.002);
    expect(get(device, 0xd8)).toBe(0);
    put(device, 0xd8, 0x80);
    expect(get(device, 0xd8)).toBe(0x80);
    expect(get(device, 0xe4)).toBe(0);
  });

  it('acknowledges a bus handshake at once, both ways', () => {
    const { device } = bench.make('GPC');
    put(device, 0x190, 0);
    expect(get(device, 0x190)).toBe(0);
    put(device, 0x190, 0x8000);
    expect(get(device, 0x190)).toBe(0x8000_8000);
    put(device, 0x190, 0xffff);
    expect(get(device, 0x190)).toBe(0xfff0_ffff);
  });

  it('stores mappings and masks', () => {
    const { device } = bench.make('GPC');
    put(device, 0x1d0, 0x80);
    put(device, 0x58, 0xffff_ffff);
    expect([get(device, 0x1d0), get(device, 0x58)]).toEqual([0x80, 0xffff_ffff]);
    expect(bench.complaints).toEqual([]);
    get(device, 0x94);
    expect(bench.complaints).toEqual(['unimplemented GPC ISR_M7[0]']);
    bench.make('GPC').reset();
    expect(get(device, 0x1d0)).toBe(0);
  });
});

describe('SRC', () => {
  it('starts and stops the M core as Linux does by MMIO', () => {
    const { device } = bench.make('SRC');
    put(device, 0x0c, 0x0e);
    expect([bench.coreResets, get(device, 0x0c)]).toEqual([[false], 0x08]);
    put(device, 0x0c, 0x0b);
    expect([bench.coreResets, get(device, 0x0c)]).toEqual([[false, true], 0x0b]);
  });

  it('pulses the reset of a core that runs', () => {
    const { device } = bench.make('SRC');
    put(device, 0x0c, 0x08);
    put(device, 0x0c, 0x0a);
    expect(bench.coreResets).toEqual([false, true, false]);
    put(device, 0x0c, 0x00);
    expect(bench.coreResets.at(-1)).toBe(true);
  });

  it('remembers the cause of the reset until it is cleared, and words for the boot loader', () => {
    const { device, reset } = bench.make('SRC');
    expect(get(device, 0x5c)).toBe(1);
    put(device, 0x5c, 1);
    expect(get(device, 0x5c)).toBe(0);
    put(device, 0x74, 0x1234);
    expect(get(device, 0x74)).toBe(0x1234);
    reset();
    expect([get(device, 0x5c), get(device, 0x74), get(device, 0x0c)]).toEqual([1, 0, 0xa9]);
  });
});

describe('SNVS', () => {
  let device: BusDevice;
  beforeEach(() => {
    device = bench.make('SNVS').device;
  });

  it('counts 32768 ticks a second once SRTC_ENV is set', () => {
    bench.milliseconds(1000);
    expect(get(device, 0x54)).toBe(0);
    put(device, 0x38, 0x21);
    bench.milliseconds(2500);
    expect([get(device, 0x50), get(device, 0x54)]).toEqual([0, 81_920]);
    put(device, 0x38, 0x20);
    bench.milliseconds(1000);
    expect(get(device, 0x54)).toBe(81_920);
  });

  it('takes a time that Linux sets: seconds times 32768 over two registers', () => {
    const seconds = 1_700_000_000;
    put(device, 0x54, (seconds * 32_768) % 2 ** 32);
    put(device, 0x50, Math.floor((seconds * 32_768) / 2 ** 32));
    put(device, 0x38, 0x21);
    bench.milliseconds(3000);
    const ticks = get(device, 0x50) * 2 ** 32 + get(device, 0x54);
    expect(ticks / 32_768).toBe(seconds + 3);
  });

  it('rings at the second of LPTAR, until LPSR is cleared', () => {
    put(device, 0x38, 0x23);
    put(device, 0x58, 2);
    bench.milliseconds(1999);
    expect(bench.line('SNVS')).toBe(false);
    bench.milliseconds(2);
    expect([bench.line('SNVS'), get(device, 0x4c) & 1]).toEqual([true, 1]);
    put(device, 0x58, 0);
    put(device, 0x4c, 1);
    expect(bench.line('SNVS')).toBe(false);
  });

  it('has a second counter with its own alarm', () => {
    put(device, 0x30, 16_384);
    put(device, 0x08, 3);
    bench.milliseconds(499);
    expect(bench.line('SNVS')).toBe(false);
    bench.milliseconds(2);
    expect([bench.line('SNVS'), get(device, 0x14) & 1]).toEqual([true, 1]);
    put(device, 0x08, 1);
    expect(bench.line('SNVS')).toBe(false);
    put(device, 0x28, 7);
    expect([get(device, 0x24), get(device, 0x28)]).toEqual([0, 7]);
    put(device, 0x24, 1);
    expect(get(device, 0x24)).toBe(1);
  });

  it('keeps the low-power half through a reset', () => {
    put(device, 0x100, 0xcafe);
    put(device, 0x38, 0x21);
    put(device, 0x08, 1);
    bench.milliseconds(1000);
    bench.make('SNVS').reset();
    bench.milliseconds(1000);
    expect([get(device, 0x90), get(device, 0x68), get(device, 0x54), get(device, 0x28)]).toEqual([0xcafe, 0xcafe, 65_536, 0]);
    put(device, 0x94, 5);
    put(device, 0x68, 6);
    expect([get(device, 0x104), get(device, 0x100)]).toEqual([5, 6]);
    expect(bench.complaints).toEqual([]);
  });
});

describe('SYS_CTR', () => {
  let device: BusDevice;
  beforeEach(() => {
    device = bench.make('SYS_CTR').device;
  });

  it('counts 8 MHz from power-on, the same in both frames', () => {
    bench.milliseconds(1000);
    expect([get(device, 0x0), get(device, 0x4), get(device, 0x2_0008), get(device, 0x2_0020)]).toEqual([
      8_000_000, 0, 8_000_000, 8_000_000,
    ]);
    put(device, 0x2_000c, 0x12);
    bench.milliseconds(1);
    expect([get(device, 0x4), get(device, 0x0)]).toEqual([0x12, 8_008_000]);
  });

  it('stops and goes on', () => {
    bench.milliseconds(1);
    put(device, 0x2_0000, 0);
    bench.milliseconds(1);
    expect(get(device, 0)).toBe(8000);
    put(device, 0x2_0000, 1);
    bench.milliseconds(1);
    expect(get(device, 0)).toBe(16_000);
    put(device, 0x2_0008, 5);
    expect(get(device, 0)).toBe(5);
  });

  it('compares in two units, each with its line', () => {
    put(device, 0x1_0020, 8000);
    put(device, 0x1_002c, 1);
    put(device, 0x1_0120, 16_000);
    put(device, 0x1_012c, 1);
    bench.milliseconds(0.999);
    expect([bench.line('SYS_CTR'), bench.line('SYS_CTR high')]).toEqual([false, false]);
    bench.milliseconds(0.001);
    expect([bench.line('SYS_CTR'), bench.line('SYS_CTR high'), get(device, 0x1_002c)]).toEqual([true, false, 5]);
    put(device, 0x1_002c, 3);
    expect(bench.line('SYS_CTR')).toBe(false);
    bench.milliseconds(1);
    expect(bench.line('SYS_CTR high')).toBe(true);
    put(device, 0x1_0120, 24_000);
    expect(bench.line('SYS_CTR high')).toBe(false);
    bench.milliseconds(1);
    expect(bench.line('SYS_CTR high')).toBe(true);
    bench.make('SYS_CTR').reset();
    expect([bench.line('SYS_CTR high'), get(device, 0)]).toEqual([false, 0]);
    expect(bench.complaints).toEqual([]);
  });
});

describe('IOMUXC', () => {
  it('stores pads, electrics, daisies and GPRs, silently', () => {
    const { device, reset } = bench.make('IOMUXC');
    for (const offset of [0x014, 0x250, 0x4bc, 0x4c0, 0x634]) {
      put(device, offset, 0x1f0 + offset);
      expect(get(device, offset)).toBe(0x1f0 + offset);
    }
    reset();
    expect(get(device, 0x014)).toBe(5);
    const gpr = bench.make('IOMUXC_GPR').device;
    put(gpr, 0x58, 1);
    expect(get(gpr, 0x58)).toBe(1);
    expect(bench.complaints).toEqual([]);
    get(device, 0x638);
    expect(bench.complaints).toEqual(['guest-error IOMUXC +0x638']);
  });
});

describe('a block that is not modelled', () => {
  it('names itself once for reads and once for writes, and disturbs nothing', () => {
    const { device, reset } = bench.make('PERFMON1');
    expect(get(device, 0x10)).toBe(0);
    expect(get(device, 0x20)).toBe(0);
    expect(put(device, 0x10, 1)).toBe(true);
    expect(device.peek(0x10, 4)).toBe(0);
    reset();
    expect(bench.diagnostics.all.map(({ block, text, count }) => `${block} ${text} ${count}`)).toEqual([
      'PERFMON1 is not modelled: it reads as 0, first at offset 0x10 2',
      'PERFMON1 is not modelled: writes are ignored, first at offset 0x10 1',
    ]);
  });
});

describe('a reserved part of a bus', () => {
  it('answers and tells the guest that nothing is there', () => {
    const { device, reset } = bench.make('AIPS3');
    expect([put(device, 0x7f84, 0x1000_0000), get(device, 0x7f84), device.peek(0, 4)]).toEqual([true, 0, 0]);
    reset();
    expect(bench.complaints).toEqual(['guest-error AIPS3 reserved', 'guest-error AIPS3 reserved']);
  });
});
