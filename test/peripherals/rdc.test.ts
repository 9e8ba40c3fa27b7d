/** RDC and its semaphores: registers, locks, and what is closed to whom. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Arena } from '../../src/memory/arena.ts';
import { AddressSpace, BUS_FAULT, type BusDevice } from '../../src/memory/bus.ts';
import { Ram } from '../../src/memory/ram.ts';
import { RegisterFile } from '../../src/memory/registers.ts';
import { RDC_LAYOUTS, type RdcLayoutName, regionCount } from '../../src/peripherals/rdc-layouts.ts';
import { Bench, get, put } from './bench.ts';

const MDA = 0x200;
const PDAP = 0x400;
const SREQ = 0x4000_0000;
const ENA = 0x4000_0000;
const LOCK = 0x8000_0000;
/** Memory region 12 is OCRAM's first, 39 the DRAM's, 22 the TCM's. */
const region = (index: number): { start: number; end: number; control: number; status: number } => {
  const at = 0x800 + 16 * index;
  return { start: at, end: at + 4, control: at + 8, status: at + 12 };
};
/** A block of the 8M Plus with permission 0, GPIO1. */
const GPIO1 = 0x3020_0000;
const GPR10 = 0x3034_0028;

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

describe('registers of RDC', () => {
  it('show each master its own domain', () => {
    const rdc = bench.make('RDC');
    const [m7, linux] = [rdc.deviceFor!('m7'), rdc.deviceFor!('linux')];
    expect([get(m7, 0x24), get(linux, 0x24), get(rdc.device, 0x24)]).toEqual([0x101, 0x100, 0x100]);
    put(linux, MDA + 4, 3);
    expect([get(m7, 0x24), m7.peek(0x24, 4)]).toEqual([0x103, 0x103]);
  });

  it('let the MCUXpresso samples write MDA[M7]: RDC is open to domain 1', () => {
    const m7 = bench.make('RDC').deviceFor!('m7');
    const domain = get(m7, 0x24) & 3;
    expect((get(m7, PDAP + 4 * 29) >>> (2 * domain)) & 1).toBe(1);
    put(m7, MDA + 4, 1);
    expect(get(m7, MDA + 4)).toBe(1);
    expect(bench.complaints).toEqual([]);
  });

  it('describe 4 domains, 40 masters, 112 peripherals, 77 regions', () => {
    expect(get(bench.make('RDC').device, 0)).toBe((77 << 20) | (112 << 12) | (40 << 4) | 4);
  });

  it('keep what is locked, a region with its addresses, until the SoC is reset', () => {
    const { device, reset } = bench.make('RDC');
    const { start, end, control } = region(3);
    put(device, PDAP, LOCK + 3);
    put(device, PDAP, 0xff);
    put(device, start, 0x1000);
    put(device, end, 0x2000);
    put(device, control, LOCK + 0xff);
    for (const at of [start, end, control]) put(device, at, 0x7000_0000);
    expect([PDAP, start, end, control].map((at) => get(device, at))).toEqual([LOCK + 3, 0x1000, 0x2000, LOCK + 0xff]);
    expect(bench.complaints).toEqual(['PDAP[0]', 'MRSA[3]', 'MREA[3]', 'MRC[3]'].map((register) => `guest-error RDC ${register}`));
    reset();
    expect([PDAP, start, end, control, MDA + 4].map((at) => get(device, at))).toEqual([0xff, 0, 0, 0xff, 1]);
  });

  it("hold the boot loader's permissions: UART2 and WDOG1 are domain 0's", () => {
    const { device } = bench.make('RDC');
    expect([105, 8, 70].map((index) => get(device, PDAP + 4 * index))).toEqual([3, 3, 0xff]);
  });

  it('have room for as many regions as each SoC has', () => {
    const counts = (name: RdcLayoutName) => [RDC_LAYOUTS[name].masters, RDC_LAYOUTS[name].peripherals, regionCount(RDC_LAYOUTS[name])];
    expect([counts('imx6sx'), counts('imx7d'), counts('imx8mn'), counts('imx8mp')]).toEqual([
      [32, 110, 55],
      [27, 118, 52],
      [27, 118, 52],
      [40, 112, 77],
    ]);
    expect([counts('imx8mm')[2], counts('imx8mq')[2]]).toEqual([64, 64]);
  });
});

describe('what RDC guards', () => {
  let spaces: Map<string, AddressSpace>;
  let rdc: BusDevice;
  let ocram: Ram;
  let m7: AddressSpace;
  let linux: AddressSpace;
  let gpio: number;

  /** GPIO1, GPR10, OCRAM (for the M7 twice), TCM and DDR, without the rest. */
  function surround(booted = true): void {
    const arena = new Arena();
    ocram = new Ram('OCRAM', 0x2_0000, arena);
    const tcm = new Ram('ITCM', 0x1_0000, arena);
    const ddr = new Ram('DDR', 0x10_0000, arena);
    m7 = new AddressSpace('m7');
    linux = new AddressSpace('linux');
    spaces = new Map([
      ['linux', linux],
      ['m7', m7],
    ]);
    gpio = 0;
    const device: BusDevice = {
      read: () => 7,
      peek: () => 7,
      write: (_offset, value) => {
        gpio = value;
        return true;
      },
    };
    const gpr = bench.make('IOMUXC_GPR').device;
    for (const space of [m7, linux]) {
      space.mapDevice(GPIO1, 0x1_0000, device, 'GPIO1');
      space.mapDevice(0x3034_0000, 0x1_0000, gpr, 'IOMUXC_GPR');
      space.mapRam(0x90_0000, ocram);
      space.mapRam(0x4000_0000, ddr);
    }
    m7.mapRam(0x2020_0000, ocram, 0x100);
    m7.mapRam(0, tcm);
    linux.mapRam(0x7e_0000, tcm);
    const peripheral = bench.make('RDC');
    rdc = peripheral.device;
    const blocks = [{ name: 'GPIO1', pdap: 0 }];
    peripheral.rdc!.guard({ spaces, blocks, booted, semaphore: (name) => bench.make(name).rdcSemaphore });
  }

  /** Region `index` over these system addresses, with the rights in `control`. */
  function close(index: number, from: number, to: number, control: number): void {
    const { start, end, control: at } = region(index);
    put(rdc, start, from / 2);
    put(rdc, end, to / 2);
    put(rdc, at, control);
  }

  beforeEach(() => surround());

  it('concerns nothing but what is closed', () => {
    const guarded = (space: AddressSpace) => space.regions.filter((each) => each.guarded).map(({ name }) => name);
    expect([m7.guard, linux.guard, m7.direct]).toEqual([undefined, undefined, true]);
    put(rdc, PDAP, 0xf3);
    expect([guarded(m7), linux.guard, m7.direct]).toEqual([['GPIO1'], undefined, true]);
    close(12, 0x90_1000, 0x90_2000, ENA + 0xf3);
    expect([guarded(m7), linux.guard, m7.direct]).toEqual([['OCRAM', 'OCRAM', 'GPIO1'], undefined, false]);
    put(rdc, PDAP, 0xff);
    put(rdc, region(12).control, 0xff);
    expect([guarded(m7), m7.guard]).toEqual([[], undefined]);
  });

  it('closes a block to the domain that has no right, for reads and for writes', () => {
    put(rdc, PDAP, 0xff & ~0x4);
    expect([m7.read(GPIO1, 4), m7.write(GPIO1, 5, 4), gpio]).toEqual([7, false, 0]);
    put(rdc, PDAP, 0xff & ~0x8);
    expect([m7.read(GPIO1, 4), m7.write(GPIO1, 5, 4), gpio]).toEqual([BUS_FAULT, true, 5]);
    expect([linux.read(GPIO1, 4), linux.write(GPIO1, 6, 4), gpio]).toEqual([7, true, 6]);
    expect(bench.diagnostics.all.map(({ register, text }) => `${register} ${text}`)).toEqual([
      'PDAP[0] m7 (domain 1): write to GPIO1 refused with a bus error: its domain has no permission',
      'PDAP[0] m7 (domain 1): read of GPIO1 refused with a bus error: its domain has no permission',
    ]);
  });

  it('is about domains: who belongs to another has other rights, Linux too', () => {
    put(rdc, PDAP, 0xf3);
    put(rdc, MDA + 4, 2);
    expect(m7.read(GPIO1, 4)).toBe(7);
    put(rdc, MDA, 1);
    expect([linux.read(GPIO1, 4), linux.peek(GPIO1, 4)]).toEqual([BUS_FAULT, 7]);
    expect(bench.diagnostics.all[0]!.text).toMatch(/^linux \(domain 1\): read of GPIO1 refused/);
  });

  it('asks for the semaphore of a shared block, which its domain must hold', () => {
    const gates = bench.make('RDC_SEMAPHORE1');
    put(rdc, PDAP, SREQ + 0xff);
    expect([m7.read(GPIO1, 4), linux.read(GPIO1, 4)]).toEqual([BUS_FAULT, BUS_FAULT]);
    gates.deviceFor!('m7').write(0, 7, 1);
    expect(gates.device.read(0, 1)).toBe(0x17);
    expect([m7.read(GPIO1, 4), linux.read(GPIO1, 4)]).toEqual([7, BUS_FAULT]);
    gates.deviceFor!('m7').write(0, 0, 1);
    expect(m7.read(GPIO1, 4)).toBe(BUS_FAULT);
    expect(bench.diagnostics.all[0]!.text).toMatch(/it needs gate 0 of RDC_SEMAPHORE1, which its domain does not hold$/);
  });

  it('is not looked through for a gate that no block asks for, nor told to whom nothing changes', () => {
    const gates = bench.make('RDC_SEMAPHORE1').deviceFor!('m7');
    let told = 0;
    for (const space of spaces.values()) space.onGuard(() => told++);
    const looked = vi.spyOn(RegisterFile.prototype, 'get');
    for (const value of [7, 0]) gates.write(5, value, 1);
    expect([told, looked.mock.calls.filter(([register]) => register === 'PDAP').length]).toEqual([0, 2]);
    put(rdc, PDAP + 4 * 5, SREQ + 0xff);
    put(rdc, PDAP, 0xf3);
    expect(told).toBe(1);
    looked.mockRestore();
  });

  it('closes a part of a memory wherever a master sees it, and keeps the first violation', () => {
    bench.make('IOMUXC_GPR').device.write(0x28, 4, 4);
    close(12, 0x90_1000, 0x90_2000, ENA + 0xf3);
    expect([m7.read(0x90_0ffc, 4), m7.read(0x90_1064, 4), m7.read(0x2020_0f00, 1), m7.read(0x90_2000, 4)]).toEqual([
      0,
      BUS_FAULT,
      BUS_FAULT,
      0,
    ]);
    expect([m7.write(0x90_1ffc, 1, 4), linux.write(0x90_1ffc, 2, 4), ocram.read(0x1ffc, 4)]).toEqual([false, true, 2]);
    const { status } = region(12);
    expect(get(rdc, status)).toBe(((0x90_1060 / 2) & 0xffff_ffe0) | 0x11);
    put(rdc, status, 0x10);
    expect(get(rdc, status) & 0x10).toBe(0);
    m7.read(0x90_1100, 4);
    expect(get(rdc, status)).toBe(0x48_0880 | 0x11);
  });

  it('blames the region that an access touches, not its neighbour', () => {
    bench.make('IOMUXC_GPR').device.write(0x28, 4, 4);
    close(12, 0x90_1000, 0x90_2000, ENA + 0xf3);
    close(13, 0x90_0000, 0x90_1000, ENA + 0xf3);
    expect(m7.read(0x90_0ffe, 1)).toBe(BUS_FAULT);
    expect([12, 13].map((index) => get(rdc, region(index).status) & 0x10)).toEqual([0, 0x10]);
    expect(m7.read(0x90_1000, 1)).toBe(BUS_FAULT);
    expect(get(rdc, region(12).status)).toBe(((0x90_1000 / 2) & 0xffff_ffe0) | 0x11);
  });

  it('judges an access by all of its bytes', () => {
    bench.make('IOMUXC_GPR').device.write(0x28, 4, 4);
    close(12, 0x90_1000, 0x90_2000, ENA + 0xf3);
    expect([m7.read(0x90_0ffd, 2), m7.read(0x90_0ffd, 4), m7.read(0x90_0fff, 1)]).toEqual([0, BUS_FAULT, 0]);
  });

  it('lets reads of closed memory give 0 and loses writes while SEC_ERR_RESP is clear', () => {
    ocram.write(0x1000, 0x1234, 4);
    close(12, 0x90_1000, 0x90_2000, ENA + 0xf3);
    expect([m7.read(0x90_1000, 4), m7.write(0x90_1000, 9, 4), ocram.read(0x1000, 4)]).toEqual([0, true, 0x1234]);
    expect(bench.diagnostics.all.map(({ text }) => text)).toEqual([
      'm7 (domain 1): read of OCRAM, 0x00901000 to 0x00901fff, refused and answered with 0',
      'm7 (domain 1): write to OCRAM, 0x00901000 to 0x00901fff, refused and lost',
    ]);
    m7.write(GPR10, 4, 4);
    expect(m7.read(0x90_1000, 4)).toBe(BUS_FAULT);
  });

  it('wants all regions that hold a byte to allow an access; those that are not enabled do not count', () => {
    bench.make('IOMUXC_GPR').device.write(0x28, 4, 4);
    close(12, 0x90_0000, 0x92_0000, ENA + 0xff);
    close(13, 0x90_1000, 0x90_2000, ENA + (0xff & ~0x4));
    close(14, 0x90_0000, 0x92_0000, 0);
    expect([m7.read(0x90_1000, 4), m7.write(0x90_1000, 1, 4), m7.write(0x90_3000, 1, 4)]).toEqual([0, false, true]);
  });

  it('does not stand between the M7 and its own TCM', () => {
    bench.make('IOMUXC_GPR').device.write(0x28, 4, 4);
    close(22, 0x7e_0000, 0x7f_0000, ENA);
    expect([m7.read(0x100, 4), linux.read(0x7e_0100, 4)]).toEqual([0, BUS_FAULT]);
  });

  it('guards DRAM by addresses beyond 2 GiB in half', () => {
    bench.make('IOMUXC_GPR').device.write(0x28, 4, 4);
    close(39, 0x4000_1000, 0x4000_2000, ENA + 0xfc);
    expect([linux.read(0x4000_0000, 4), linux.read(0x4000_1000, 4), m7.read(0x4000_1000, 4)]).toEqual([0, BUS_FAULT, 0]);
    expect(get(rdc, region(39).status)).toBe((0x2000_0810 & 0xffff_ffe0) | 0x10);
  });

  it('knows nothing of a boot loader that has not run', () => {
    surround(false);
    expect([get(rdc, MDA + 4), get(rdc, PDAP + 4 * 105)]).toEqual([0, 0xff]);
  });
});

describe('RDC_SEMAPHORE', () => {
  let m7: BusDevice;
  let linux: BusDevice;
  beforeEach(() => {
    const gates = bench.make('RDC_SEMAPHORE2');
    m7 = gates.deviceFor!('m7');
    linux = gates.deviceFor!('linux');
  });

  it('gives a gate to the first master that writes its own number plus one, and back only to that', () => {
    m7.write(63, 7, 1);
    linux.write(63, 2, 1);
    expect(linux.read(63, 1) & 0xf).toBe(7);
    linux.write(63, 0, 1);
    expect(linux.read(63, 1) & 0xf).toBe(7);
    m7.write(63, 0, 1);
    linux.write(63, 2, 1);
    expect(m7.read(63, 1) & 0xf).toBe(2);
    expect(bench.complaints).toEqual(['guest-error RDC_SEMAPHORE2 GATE63']);
  });

  it('lets nobody lock in the name of another', () => {
    m7.write(0, 2, 1);
    expect(m7.read(0, 1)).toBe(0);
    expect(bench.diagnostics.all[0]!.text).toContain("(this master's is 7)");
  });

  it('opens one gate or all by the two bytes of a reset, from one master', () => {
    for (const gate of [1, 2, 3]) m7.write(gate, 7, 1);
    linux.write(0x42, 0xe2, 2);
    expect(linux.read(0x42, 2)).toBe(0x10);
    m7.write(0x42, 0x1d, 2);
    expect(m7.read(1, 1)).toBe(7);
    linux.write(0x42, 0xe2, 2);
    linux.write(0x42, 0x021d, 2);
    expect([1, 2, 3].map((gate) => m7.read(gate, 1))).toEqual([7, 0, 7]);
    expect(linux.read(0x42, 2)).toBe(0x0202);
    linux.write(0x42, 0xe2, 2);
    linux.write(0x42, 0xff1d, 2);
    expect([1, 2, 3].map((gate) => m7.read(gate, 1))).toEqual([0, 0, 0]);
  });
});
