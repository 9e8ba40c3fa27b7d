import { describe, expect, it } from 'vitest';
import { EXECUTE, READ, WRITE } from '../../src/cpu/core-memory.ts';
import { Mpu } from '../../src/cpu/mpu.ts';
import { CORTEX_M4, CORTEX_M7 } from '../../src/cpu/profile.ts';
import { Diagnostics } from '../../src/diagnostics.ts';

const TYPE = 0xd90;
const CTRL = 0xd94;
const RNR = 0xd98;
const RBAR = 0xd9c;
const RASR = 0xda0;
const RW = READ | WRITE;
const RWX = RW | EXECUTE;
const RX = READ | EXECUTE;

function create(regions = 16) {
  const diagnostics = new Diagnostics({ now: () => 0, pc: () => undefined });
  const mpu = new Mpu(regions, diagnostics);
  const write = (offset: number, value: number) => mpu.registers.write(offset, value, 4);
  const region = (number: number, base: number, rasr: number) => {
    write(RNR, number);
    write(RBAR, base);
    write(RASR, rasr);
  };
  return { mpu, diagnostics, write, region, read: (offset: number) => mpu.registers.read(offset, 4) };
}

/** RASR of an enabled region. */
const rasr = (size: number, ap: number, more = 0) => (((ap << 24) | (size << 1) | 1) + more) >>> 0;
const XN = 0x1000_0000;

describe('Device memory', () => {
  it('is none as far as alignment goes where the core splits unaligned accesses, as a Cortex-M4 does', () => {
    const diagnostics = new Diagnostics({ now: () => 0, pc: () => undefined });
    expect([0x4000_0000, 0xbf02_0211].map((address) => new Mpu(8, diagnostics, CORTEX_M4.splitsUnalignedDevice).isDevice(address))).toEqual(
      [false, false],
    );
    expect([0x4000_0000, 0xbf02_0211].map((address) => new Mpu(8, diagnostics, CORTEX_M7.splitsUnalignedDevice).isDevice(address))).toEqual(
      [true, true],
    );
  });
});

describe('default memory map', () => {
  it('executes from Code, SRAM and RAM, never from Peripheral, Device and System', () => {
    const { mpu } = create();
    for (const address of [0, 0x1fff_ffff, 0x2000_0000, 0x6000_0000, 0x9fff_fffc]) expect(mpu.permissions(address, false)).toBe(RWX);
    for (const address of [0x4000_0000, 0x5fff_fffc, 0xa000_0000, 0xdfff_fffc, 0xe000_0000, 0xffff_fffc]) {
      expect(mpu.permissions(address, true)).toBe(RW);
    }
    expect([0x3fff_ffff, 0x4000_0000, 0x9fff_ffff, 0xa000_0000, 0xe000_0000].map((a) => mpu.isDevice(a))).toEqual([
      false,
      true,
      false,
      true,
      true,
    ]);
    expect(mpu.differsByPrivilege).toBe(false);
    expect(mpu.uniform(0)).toBe(true);
  });
});

describe('MPU registers', () => {
  it('shows its number of regions', () => {
    expect(create(16).read(TYPE)).toBe(0x1000);
    expect(create(8).read(TYPE)).toBe(0x800);
  });

  it('selects a region by RBAR.VALID and through the aliases', () => {
    const { write, read } = create();
    write(RBAR, 0x2000_0013);
    expect(read(RNR)).toBe(3);
    write(RASR, 0x0300_0021);
    write(0xda4, 0x4000_0015);
    write(0xda8, 0x1300_0023);
    expect(read(RNR)).toBe(5);
    expect(read(RBAR)).toBe(0x4000_0005);
    expect(read(0xdb4)).toBe(0x4000_0005);
    expect(read(0xdb8)).toBe(0x1300_0023);
    write(RNR, 3);
    expect(read(RBAR)).toBe(0x2000_0003);
    expect(read(RASR)).toBe(0x0300_0021);
  });

  it('ignores and reports a region that does not exist', () => {
    const { write, read, diagnostics } = create(8);
    write(RNR, 9);
    write(RASR, 0x0300_0021);
    expect(read(RASR)).toBe(0);
    expect(diagnostics.all.map(({ register }) => register)).toEqual(['RNR']);
  });
});

describe('MPU permissions', () => {
  it('decodes AP for both privileges, and XN', () => {
    const { mpu, write, region } = create();
    write(CTRL, 1);
    const expected = [
      [0, 0],
      [RWX, 0],
      [RWX, RX],
      [RWX, RWX],
      [0, 0],
      [RX, 0],
      [RX, RX],
      [RX, RX],
    ];
    for (const [ap, [privileged, unprivileged]] of expected.entries()) {
      region(0, 0x2000_0000, rasr(15, ap));
      expect([mpu.permissions(0x2000_8000, true), mpu.permissions(0x2000_8000, false)]).toEqual([privileged, unprivileged]);
      region(0, 0x2000_0000, rasr(15, ap, XN));
      expect(mpu.permissions(0x2000_8000, true)).toBe(privileged! & ~EXECUTE);
    }
  });

  it('gives the default map to privileged code only, and only with PRIVDEFENA', () => {
    const { mpu, write, region } = create();
    region(0, 0, rasr(11, 6));
    write(CTRL, 1);
    expect([mpu.permissions(0x1000, true), mpu.permissions(0x1000, false)]).toEqual([0, 0]);
    write(CTRL, 5);
    expect([mpu.permissions(0x1000, true), mpu.permissions(0x1000, false)]).toEqual([RWX, 0]);
    expect(mpu.permissions(0x0fff, false)).toBe(RX);
    expect(mpu.differsByPrivilege).toBe(true);
  });

  it('lets the highest-numbered matching region decide', () => {
    const { mpu, write, region } = create();
    write(CTRL, 1);
    region(2, 0x2000_0000, rasr(19, 3));
    region(7, 0x2000_4000, rasr(13, 6, XN));
    region(1, 0x2000_4000, rasr(13, 0));
    expect(mpu.permissions(0x2000_3fff, false)).toBe(RWX);
    expect(mpu.permissions(0x2000_4000, false)).toBe(READ);
    expect(mpu.permissions(0x2000_7fff, false)).toBe(READ);
    expect(mpu.permissions(0x2000_8000, false)).toBe(RWX);
    expect(mpu.regionNumberAt(0x2000_4000)).toBe(7);
    expect(mpu.regionNumberAt(0x2000_0000)).toBe(2);
    expect(mpu.regionNumberAt(0x3000_0000)).toBeUndefined();
  });

  it('leaves disabled subregions to lower-numbered regions, from 256 bytes on', () => {
    const { mpu, write, region } = create();
    write(CTRL, 1);
    region(0, 0x2000_0000, rasr(19, 3));
    region(1, 0x2000_0000, rasr(7, 6, 0x8100));
    expect(mpu.permissions(0x2000_0000, true)).toBe(RWX);
    expect(mpu.permissions(0x2000_0020, true)).toBe(RX);
    expect(mpu.permissions(0x2000_00df, true)).toBe(RX);
    expect(mpu.permissions(0x2000_00e0, true)).toBe(RWX);
    region(1, 0x2000_0000, rasr(6, 6, 0xff00));
    expect(mpu.permissions(0x2000_0000, true)).toBe(RX);
  });

  it('matches nothing with a reserved SIZE, and everything with 4 GiB', () => {
    const { mpu, write, region } = create();
    region(6, 0x8000_0000, 0x030b_0001);
    write(CTRL, 5);
    expect(mpu.permissions(0x8000_0000, true)).toBe(RWX);
    expect(mpu.permissions(0x8000_0000, false)).toBe(0);
    region(0, 0, rasr(31, 3));
    expect(mpu.permissions(0xc000_0000, false)).toBe(RWX);
    expect(mpu.permissions(0xe010_0000, false)).toBe(RW);
  });

  it('never applies to the private peripheral bus', () => {
    const { mpu, write, region } = create();
    region(0, 0, rasr(31, 0));
    write(CTRL, 1);
    expect(mpu.permissions(0xe000_ed94, true)).toBe(RW);
    expect(mpu.permissions(0x0, true)).toBe(0);
  });

  it('says which 4 KiB pages are not of one kind', () => {
    const { mpu, write, region } = create();
    write(CTRL, 5);
    region(0, 0x2000_0000, rasr(11, 6));
    expect(mpu.uniform(0x2000_0000)).toBe(true);
    region(1, 0x2000_0400, rasr(4, 0));
    expect(mpu.uniform(0x2000_0000)).toBe(false);
    expect(mpu.permissions(0x2000_0400, true)).toBe(0);
    expect(mpu.permissions(0x2000_0420, true)).toBe(RX);
    region(1, 0x2000_0000, rasr(13, 0, 0x0100));
    expect(mpu.uniform(0x2000_0000)).toBe(false);
    region(1, 0x2000_0000, rasr(14, 0, 0x0100));
    expect(mpu.uniform(0x2000_0000)).toBe(true);
    expect(mpu.permissions(0x2000_0000, true)).toBe(RX);
    expect(mpu.permissions(0x2000_1000, true)).toBe(0);
  });

  it('steps aside at negative priority unless HFNMIENA', () => {
    const { mpu, write, region } = create();
    region(0, 0, rasr(31, 0));
    write(CTRL, 1);
    expect(mpu.setNegativePriority(true)).toBe(true);
    expect(mpu.permissions(0, true)).toBe(RWX);
    write(CTRL, 3);
    expect(mpu.permissions(0, true)).toBe(0);
    expect(mpu.setNegativePriority(false)).toBe(false);
  });

  it('decides the memory type from TEX, C and B', () => {
    const { mpu, write, region } = create();
    write(CTRL, 5);
    const device = (attributes: number) => {
      region(0, 0x2000_0000, rasr(19, 3, attributes * 0x1_0000));
      return mpu.isDevice(0x2000_0010);
    };
    expect([0b000000, 0b000001, 0b010000].map(device)).toEqual([true, true, true]);
    expect([0b000010, 0b000011, 0b001000, 0b001011, 0b110111].map(device)).toEqual([false, false, false, false, false]);
  });

  it('tells its owner about every change', () => {
    const { mpu, write, region } = create();
    let changes = 0;
    mpu.onChange = () => changes++;
    region(0, 0, rasr(31, 3));
    write(CTRL, 5);
    expect(changes).toBe(3);
  });
});
