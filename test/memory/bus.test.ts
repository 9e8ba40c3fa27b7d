import { beforeEach, describe, expect, it } from 'vitest';
import { RegionOverlap } from '../../src/errors.ts';
import { Arena } from '../../src/memory/arena.ts';
import { KiB } from '../../src/memory/bits.ts';
import { AddressSpace, BUS_FAULT, type BusDevice } from '../../src/memory/bus.ts';
import { Ram } from '../../src/memory/ram.ts';

class Recorder implements BusDevice {
  readonly log: string[] = [];
  read(offset: number, size: number): number {
    this.log.push(`r${size}@${offset}`);
    return 0x42;
  }
  write(offset: number, value: number, size: number): boolean {
    this.log.push(`w${size}@${offset}=${value}`);
    return offset !== 0xc;
  }
  peek(): number {
    return 0x43;
  }
}

let space: AddressSpace;
let ram: Ram;
let device: Recorder;

beforeEach(() => {
  space = new AddressSpace('m7');
  ram = new Ram('OCRAM', 128 * KiB, new Arena(1024 * KiB));
  device = new Recorder();
  space.mapRam(0x2020_0000, ram);
  space.mapRam(0x0090_0000, ram, 0x1000, 0x2000, 'alias');
  space.mapDevice(0x3000_0000, 0x10, device, 'UART');
});

describe('AddressSpace', () => {
  it('finds the region of an address and holes between', () => {
    expect(space.regions.map(({ name }) => name)).toEqual(['alias', 'OCRAM', 'UART']);
    expect(space.find(0x0090_1fff)?.name).toBe('alias');
    expect(space.find(0x0090_2000)).toBeUndefined();
    expect(space.find(0x3000_000f)?.name).toBe('UART');
    expect(space.find(0xffff_ffff)).toBeUndefined();
    expect(space.find(0)).toBeUndefined();
  });

  it('shows one RAM through all its aliases', () => {
    expect(space.write(0x0090_0010, 0xcafe_babe, 4)).toBe(true);
    expect(space.read(0x2020_1010, 4)).toBe(0xcafe_babe);
    expect(space.read(0x2020_1012, 2)).toBe(0xcafe);
  });

  it('answers holes with a fault, never a number', () => {
    expect(space.read(0x1000_0000, 4)).toBe(BUS_FAULT);
    expect(space.write(0x1000_0000, 1, 4)).toBe(false);
    expect(space.peek(0x1000_0000, 4)).toBe(BUS_FAULT);
  });

  it('hands devices offsets and widths, and faults as they do', () => {
    expect(space.read(0x3000_0004, 2)).toBe(0x42);
    expect(space.write(0x3000_0008, 7, 1)).toBe(true);
    expect(space.write(0x3000_000c, 7, 4)).toBe(false);
    expect(space.peek(0x3000_0000, 4)).toBe(0x43);
    expect(device.log).toEqual(['r2@4', 'w1@8=7', 'w4@12=7']);
  });

  it('splits an access over the end of a region and faults where the rest is a hole', () => {
    expect(space.write(0x2021_fffe, 0x1234, 2)).toBe(true);
    expect(space.read(0x2021_fffe, 4)).toBe(BUS_FAULT);
    space.mapRam(0x2022_0000, new Ram('next', 4 * KiB, ram.arena));
    expect(space.write(0x2021_fffe, 0x8765_4321, 4)).toBe(true);
    expect(space.read(0x2021_fffe, 4)).toBe(0x8765_4321);
    expect(space.read(0x2022_0000, 2)).toBe(0x8765);
  });

  it('copies bytes over neighbouring regions, and nothing when a byte of them is no RAM', () => {
    space.mapRam(0x2022_0000, new Ram('next', 4 * KiB, ram.arena));
    const data = Uint8Array.from({ length: 64 }, (_, index) => index + 1);
    expect(space.writeBytes(0x2021_ffe0, data)).toBe(true);
    expect(space.readBytes(0x2021_ffe0, 64)).toEqual(data);
    expect(space.fill(0x2021_fff0, 0xee, 0x20)).toBe(true);
    expect(space.read(0x2022_000f, 1)).toBe(0xee);
    expect(space.writeBytes(0x2022_0ff0, data)).toBe(false);
    expect(space.read(0x2022_0ff0, 4)).toBe(0);
    expect(space.fill(0x2022_0ff0, 1, 0x20)).toBe(false);
    expect(space.readBytes(0x3000_0000, 1)).toBeUndefined();
    expect(space.isRam(0x2020_0000, 0x2_1000)).toBe(true);
    expect(space.isRam(0x2020_0000, 0x2_1001)).toBe(false);
    expect(space.isRam(0x4000_0000, 0)).toBe(true);
  });

  it('refuses regions that overlap, from either side', () => {
    expect(() => space.mapRam(0x2021_f000, ram)).toThrow(RegionOverlap);
    expect(() => space.mapDevice(0x2fff_fff8, 0x10, device, 'X')).toThrow(/X at 0x2ffffff8 overlaps UART at 0x30000000/);
    expect(() => space.mapDevice(0x3000_0010, 0x10, device, 'Y')).not.toThrow();
  });

  it('reaches the last byte of the address space', () => {
    const top = new Ram('top', 4 * KiB, ram.arena);
    space.mapRam(0xffff_f000, top);
    expect(space.write(0xffff_fffc, 0x1122_3344, 4)).toBe(true);
    expect(space.read(0xffff_ffff, 1)).toBe(0x11);
    expect(space.read(0xffff_fffe, 4)).toBe(BUS_FAULT);
  });
});
