import { beforeEach, describe, expect, it } from 'vitest';
import type { BusDevice } from '../../src/memory/bus.ts';
import type { Sdma } from '../../src/peripherals/sdma.ts';
import { Bench, get, put } from './bench.ts';

const [MC0PTR, INTR, STOP_STAT, HSTART, EVTOVR, HOSTOVR, EVTPEND] = [0x00, 0x04, 0x08, 0x0c, 0x10, 0x18, 0x1c];
const [RESET, EVTERR, INTRMASK, PSW, SDMA_LOCK, ILLINSTADDR, CHN0ADDR] = [0x24, 0x28, 0x2c, 0x30, 0x3c, 0x58, 0x5c];
const CHNPRI = (channel: number): number => 0x100 + 4 * channel;
const CHNENBL = (event: number): number => 0x200 + 4 * event;
/** Status bits of a descriptor, in its first word. */
const [D, W, C, I, R] = [1 << 16, 2 << 16, 4 << 16, 8 << 16, 0x10 << 16];
/** Where things are in memory. */
const CCB = 0x8000_0000;
const DESCRIPTORS = 0x8000_1000;
const CONTEXT = 0x8000_2000;
const FROM = 0x8000_8000;
const TO = 0x8001_0000;

let bench: Bench;
let registers: BusDevice;
let sdma: Sdma;

/** Puts the descriptor `index` of a channel into memory. */
function descriptor(channel: number, index: number, mode: number, buffer: number, extended = 0): number {
  const at = DESCRIPTORS + 0x100 * channel + 12 * index;
  for (const [n, word] of [mode >>> 0, buffer, extended].entries()) bench.memory.write(at + 4 * n, word, 4);
  return at;
}
const mode = (channel: number, index: number): number => bench.memory.read(DESCRIPTORS + 0x100 * channel + 12 * index, 4);

/** As NXP's fsl_sdma: loads the context of a channel with SETDM on channel 0. */
function load(channel: number, pc: number, registersOf: Readonly<Record<number, number>> = {}): void {
  for (let n = 0; n < 32; n++) bench.memory.write(CONTEXT + 4 * n, n === 0 ? pc : (registersOf[n - 2] ?? 0), 4);
  descriptor(0, 0, (1 << 24) | D | W | I | 32, CONTEXT, 2048 + 32 * channel);
  put(registers, HSTART, 1);
  expect(get(registers, STOP_STAT) & 1).toBe(1);
  bench.milliseconds(1);
  expect(get(registers, STOP_STAT) & 1).toBe(0);
  expect(bench.line('SDMA1')).toBe(true);
  put(registers, INTR, 1);
  expect(bench.line('SDMA1')).toBe(false);
}

const bytes = (address: number, count: number): number[] => [...bench.memory.readBytes(address, count)!];

beforeEach(() => {
  bench = new Bench();
  const made = bench.make('SDMA1');
  registers = made.device;
  sdma = made.sdma!;
  for (let channel = 0; channel < 4; channel++) {
    for (const at of [0, 4]) bench.memory.write(CCB + 16 * channel + at, DESCRIPTORS + 0x100 * channel, 4);
  }
  put(registers, MC0PTR, CCB);
  put(registers, CHN0ADDR, 0x4050);
  put(registers, CHNPRI(0), 7);
  put(registers, EVTOVR, 1);
  for (let n = 0; n < 1024; n++) bench.memory.write(FROM + n, n & 0xff, 1);
});

describe('Sdma', () => {
  it('has the reset values of the manual', () => {
    const fresh = new Bench().make('SDMA1').device;
    expect([0x14, 0x38, ILLINSTADDR, CHN0ADDR, 0x4c, 0x04, 0x08].map((at) => fresh.peek(at, 4))).toEqual([
      0xffff_ffff, 3, 1, 0x50, 0xe000, 0, 0,
    ]);
  });

  it('copies memory by the script ap_2_ap, gives the descriptor back and interrupts', () => {
    load(1, 644);
    put(registers, EVTOVR, 3);
    descriptor(1, 0, D | I | 1000, FROM, TO + 1);
    put(registers, CHNPRI(1), 2);
    put(registers, HSTART, 2);
    const start = bench.scheduler.now;
    expect(get(registers, PSW) & 0xff).toBe(0x21);
    while (!bench.line('SDMA1')) bench.advanceTo(bench.scheduler.nextDeadline);
    expect(bytes(TO, 1002)).toEqual([0, ...bytes(FROM, 1000), 0]);
    // Four pieces of at most 64 words at 4 SDMA cycles, 48 for each; SDMA runs at AHB's 133 MHz.
    const cycles = (4 * 48 + 4 * 250) * (bench.scheduler.hz / bench.clocks.hz('AHB_CLK_ROOT'));
    expect(bench.scheduler.now - start).toBeGreaterThanOrEqual(cycles);
    expect(bench.scheduler.now - start).toBeLessThan(cycles + 8);
    expect([mode(1, 0), get(registers, INTR), get(registers, STOP_STAT)]).toEqual([I | 1000, 2, 0]);
    expect(bench.memory.read(CCB + 16, 4)).toBe(DESCRIPTORS + 0x100 + 12);
    expect(bench.complaints).toEqual([]);
  });

  it('goes on with the next descriptor where C is set, back to the first after W, and stops where D is not', () => {
    load(1, 644);
    put(registers, EVTOVR, 3);
    put(registers, CHNPRI(1), 1);
    descriptor(1, 0, D | C | 16, FROM, TO);
    descriptor(1, 1, D | C | I | 16, FROM + 0x40, TO + 16);
    descriptor(1, 2, D | C | W | 16, FROM + 0x80, TO + 32);
    put(registers, HSTART, 2);
    bench.milliseconds(1);
    expect(bytes(TO, 48)).toEqual([...bytes(FROM, 16), ...bytes(FROM + 0x40, 16), ...bytes(FROM + 0x80, 16)]);
    expect([mode(1, 0), mode(1, 1), mode(1, 2)]).toEqual([C | 16, C | I | 16, C | W | 16]);
    expect([bench.memory.read(CCB + 16, 4), get(registers, STOP_STAT), get(registers, INTR)]).toEqual([DESCRIPTORS + 0x100, 0, 2]);
  });

  it('remembers a second start while a channel runs, and stops one that is told to', () => {
    load(1, 644);
    put(registers, EVTOVR, 3);
    put(registers, CHNPRI(1), 1);
    descriptor(1, 0, D | I | 4, FROM, TO);
    descriptor(1, 1, D | I | 4, FROM + 4, TO + 4);
    put(registers, HSTART, 2);
    put(registers, HSTART, 2);
    expect(get(registers, HSTART)).toBe(2);
    bench.milliseconds(1);
    expect([bytes(TO, 8), get(registers, STOP_STAT), get(registers, HSTART)]).toEqual([bytes(FROM, 8), 0, 0]);
    descriptor(1, 2, D | 8, FROM, TO + 8);
    put(registers, HSTART, 2);
    put(registers, STOP_STAT, 2);
    bench.milliseconds(1);
    expect(bytes(TO + 8, 8)).toEqual(Array(8).fill(0));
  });

  it('lets the channel of the higher priority go first, also between the pieces of another', () => {
    for (const channel of [1, 2]) {
      load(channel, 644);
      put(registers, CHNPRI(channel), channel);
      descriptor(channel, 0, D | I | 512, FROM, TO + 0x1000 * channel);
    }
    put(registers, EVTOVR, 7);
    put(registers, HSTART, 2);
    bench.advance(1000);
    put(registers, HSTART, 4);
    const order: number[] = [];
    while (order.length < 2) {
      bench.advanceTo(bench.scheduler.nextDeadline);
      if (get(registers, INTR)) order.push(get(registers, INTR));
      put(registers, INTR, 0xffff_ffff);
    }
    expect(order).toEqual([4, 2]);
    put(registers, CHNPRI(1), 0);
    descriptor(1, 1, D | I | 4, FROM, TO);
    put(registers, HSTART, 2);
    bench.milliseconds(1);
    expect(get(registers, STOP_STAT)).toBe(2);
  });

  it('marks a descriptor whose memory does not answer with R, interrupts and stops', () => {
    load(1, 644);
    put(registers, EVTOVR, 3);
    put(registers, CHNPRI(1), 1);
    descriptor(1, 0, D | C | 8, 0x7000_0000, TO);
    put(registers, HSTART, 2);
    bench.milliseconds(1);
    expect([mode(1, 0), get(registers, INTR), get(registers, STOP_STAT)]).toEqual([C | R, 2, 0]);
  });

  it('says where nothing answered a channel, and which has no descriptor', () => {
    for (const channel of [1, 2]) {
      load(channel, 644);
      put(registers, CHNPRI(channel), 1);
    }
    put(registers, EVTOVR, 7);
    descriptor(1, 0, D | 8, FROM, 0x7000_0000);
    bench.memory.write(CCB + 32, 0, 4);
    put(registers, HSTART, 6);
    bench.milliseconds(1);
    expect([mode(1, 0), get(registers, STOP_STAT)]).toEqual([R | 0, 0]);
    expect(bench.diagnostics.all.map(({ register, text }) => `${register}: ${text}`).sort()).toEqual([
      'channel 1: ap_2_ap: bus error on a write to 0x70000000; its descriptor at 0x80001100 goes back with R, and the channel stops',
      'channel 2: was started without a buffer descriptor: its control block, by MC0PTR 0x80000000, holds none that can be read',
    ]);
  });

  it('stops a channel that cannot give its descriptor back, instead of going through it again and again', () => {
    const words = [(D | C | I | 8) >>> 0, FROM, TO];
    let writes = 0;
    const rom: BusDevice = {
      read: (offset) => words[offset / 4]!,
      peek: (offset) => words[offset / 4]!,
      write: () => ++writes < 0,
    };
    bench.memory.mapDevice(0x6000_0000, 12, rom, 'ROM');
    load(1, 644);
    put(registers, EVTOVR, 3);
    put(registers, CHNPRI(1), 1);
    bench.memory.write(CCB + 16, 0x6000_0000, 4);
    put(registers, HSTART, 2);
    bench.milliseconds(1);
    expect([writes, get(registers, STOP_STAT), get(registers, INTR), bytes(TO, 8)]).toEqual([1, 0, 2, bytes(FROM, 8)]);
    expect(bench.diagnostics.all.map(({ text }) => text)).toEqual([
      'bus error on a write to 0x60000000: its descriptor at 0x60000000 cannot be given back, and the channel stops',
    ]);
  });

  it('serves requests of a peripheral with a watermark each, in both directions and widths', () => {
    const written: [number, number][] = [];
    let next = 0x1234_5600;
    const fifo: BusDevice = {
      read: () => next++,
      peek: () => next,
      write: (_offset, value, size) => written.push([value, size]) > 0,
    };
    bench.memory.mapDevice(0x3000_0000, 0x100, fifo, 'FIFO');
    load(1, 749, { 6: 0x3000_0004, 7: 4 });
    load(2, 893, { 6: 0x3000_0008, 7: 8 });
    for (const [channel, event] of [
      [1, 5],
      [2, 40],
    ] as const) {
      put(registers, CHNPRI(channel), 1);
      put(registers, CHNENBL(event), 1 << channel);
    }
    put(registers, HOSTOVR, 6);
    descriptor(1, 0, (2 << 24) | D | I | 8, FROM);
    descriptor(2, 0, D | I | 8, TO);
    bench.milliseconds(1);
    expect(written).toEqual([]);
    sdma.request(5, true);
    sdma.request(5, false);
    bench.milliseconds(1);
    expect(written).toEqual([
      [0x0100, 2],
      [0x0302, 2],
    ]);
    // A request that stays up is served again until the descriptor is over.
    sdma.request(5, true);
    expect(get(registers, 0x60)).toBe(1 << 5);
    bench.milliseconds(1);
    expect([written.length, get(registers, INTR), mode(1, 0)]).toEqual([4, 2, ((2 << 24) | I | 8) >>> 0]);
    expect(get(registers, EVTPEND)).toBe(0);
    sdma.request(40, true);
    bench.milliseconds(1);
    expect([bench.memory.read(TO, 4), bench.memory.read(TO + 4, 4), get(registers, 0x64)]).toEqual([0x1234_5600, 0x1234_5601, 1 << 8]);
    expect(get(registers, INTR)).toBe(6);
    expect(bench.complaints).toEqual([]);
  });

  it('takes characters of a UART up to the watermark, and ends the buffer when they have aged', () => {
    const received = [0x8041, 0x8042, 0x8043, 0x8044, 0x8045];
    let aged = false;
    const uart: BusDevice = {
      read: (offset) => (offset === 0x94 ? (aged ? 1 << 8 : 0) : offset === 0 ? (received.shift() ?? 0) : 0),
      peek: () => 0,
      write: (offset, value) => {
        if (offset === 0x94 && value === 1 << 8) aged = false;
        return true;
      },
    };
    bench.memory.mapDevice(0x3086_0000, 0x100, uart, 'UART1');
    load(1, 819, { 6: 0x3086_0000, 7: 2 });
    put(registers, CHNPRI(1), 1);
    put(registers, CHNENBL(22), 2);
    put(registers, HOSTOVR, 2);
    descriptor(1, 0, (1 << 24) | D | I | 16, TO);
    sdma.request(22, true);
    sdma.request(22, false);
    bench.milliseconds(1);
    expect([received.length, get(registers, INTR)]).toEqual([3, 0]);
    aged = true;
    sdma.request(22, true);
    sdma.request(22, false);
    bench.milliseconds(1);
    expect([bytes(TO, 6), aged, mode(1, 0)]).toEqual([[0x41, 0x42, 0x43, 0x44, 0x45, 0], false, ((1 << 24) | I | 5) >>> 0]);
    expect(get(registers, INTR)).toBe(2);
  });

  it('ends a buffer when the line of a UART is idle, counting one character more, as NXP subtracts one', () => {
    const received = [0x8041, 0x8042];
    const uart: BusDevice = {
      read: (offset) => (offset === 0x8c ? 1 << 6 : offset === 0x98 ? 1 << 12 : offset === 0 ? (received.shift() ?? 0) : 0),
      peek: () => 0,
      write: () => true,
    };
    bench.memory.mapDevice(0x3086_0000, 0x100, uart, 'UART1');
    load(1, 819, { 6: 0x3086_0000, 7: 1 });
    put(registers, CHNPRI(1), 1);
    put(registers, CHNENBL(22), 2);
    put(registers, HOSTOVR, 2);
    descriptor(1, 0, (1 << 24) | D | I | 8, TO);
    sdma.request(22, true);
    bench.milliseconds(1);
    expect([bytes(TO, 3), mode(1, 0), get(registers, INTR)]).toEqual([[0x41, 0x42, 0], ((1 << 24) | I | 3) >>> 0, 2]);
    expect(bench.scheduler.nextDeadline).toBe(Number.POSITIVE_INFINITY);
  });

  it('notes requests that were lost, and interrupts for them where INTRMASK says so', () => {
    put(registers, CHNENBL(3), 0xc);
    put(registers, INTRMASK, 8);
    for (const level of [true, false, true]) sdma.request(3, level);
    expect([get(registers, 0x34), bench.line('SDMA1'), get(registers, INTR)]).toEqual([0xc, true, 8]);
    expect([get(registers, EVTERR), get(registers, EVTERR)]).toEqual([0xc, 0]);
    expect(get(registers, EVTPEND)).toBe(0xc);
  });

  describe('and resource domains', () => {
    const UART1 = 0x3086_0000;
    const GPR10 = 0x3034_0028;
    let rdc: BusDevice;
    let sent: number[];

    /** Assigns MDA `master`. */
    const assign = (master: number, domain: number): boolean => put(rdc, 0x200 + 4 * master, domain);
    /** Region 39, DRAM's first, over these addresses with the rights of domains in `permissions`. */
    function close(from: number, to: number, permissions: number): void {
      for (const [n, word] of [from / 2, to / 2, 0x4000_0000 + permissions].entries()) put(rdc, 0x800 + 16 * 39 + 4 * n, word);
    }
    /** Copies `count` bytes on channel 1; the descriptor's status afterwards, and the first of the target. */
    function copy(from: number, to: number, count: number): number[] {
      bench.memory.write(CCB + 16, DESCRIPTORS + 0x100, 4);
      descriptor(1, 0, D | count, from, to);
      put(registers, HSTART, 2);
      bench.milliseconds(1);
      return [mode(1, 0), bench.memory.peek(to, 4)];
    }
    const findings = (): string[] =>
      bench.diagnostics.all.filter(({ block }) => block === 'RDC').map(({ register, text }) => `${register} ${text}`);

    beforeEach(() => {
      const uart: BusDevice = { read: () => 7, peek: () => 7, write: (_offset, value) => sent.push(value) > 0 };
      sent = [];
      bench.memory.mapDevice(UART1, 0x100, uart, 'UART1');
      bench.memory.mapDevice(0x3034_0000, 0x1_0000, bench.make('IOMUXC_GPR').device, 'IOMUXC_GPR');
      const made = bench.make('RDC');
      rdc = made.device;
      const spaces = new Map([['linux', bench.memory]]);
      const blocks = [{ name: 'UART1', pdap: 3 }];
      made.rdc!.guard({ spaces, faces: bench.faces, blocks, booted: false, semaphore: () => undefined });
      load(1, 644);
      put(registers, EVTOVR, 3);
      put(registers, CHNPRI(1), 1);
    });

    it.each([8, 1000, 1001])('copy nothing (of %i bytes) out of memory that is closed to its burst port, nor into it', (count) => {
      bench.memory.write(GPR10, 4, 4);
      close(0x8000_8000, 0x8000_9000, 0xfc);
      expect(copy(FROM, TO, count)).toEqual([R | 0, 0]);
      expect(copy(TO, FROM, count)).toEqual([R | 0, 0x0302_0100]);
      expect(findings()).toEqual([
        'MRC[39] SDMA1 burst (domain 0): read of DDR, 0x80008000 to 0x80008fff, refused with a bus error',
        'MRC[39] SDMA1 burst (domain 0): write to DDR, 0x80008000 to 0x80008fff, refused with a bus error',
      ]);
    });

    it('copy zeros, and lose writes, without SEC_ERR_RESP', () => {
      close(0x8000_8100, 0x8000_9000, 0xfc);
      expect([copy(FROM, TO, 512)[0], bytes(TO + 0xfe, 4)]).toEqual([512, [0xfe, 0xff, 0, 0]]);
      expect([copy(TO, FROM, 512)[0], bench.memory.peek(FROM + 0x104, 4)]).toEqual([512, 0x0706_0504]);
    });

    it('go by the domain of the port, not by that of Linux', () => {
      bench.memory.write(GPR10, 4, 4);
      assign(0, 2);
      assign(12, 1);
      close(0x8000_8000, 0x8000_9000, 0xff & ~0x30);
      expect(bench.memory.read(FROM, 4)).toBe(-1);
      expect(copy(FROM, TO, 8)).toEqual([8, 0x0302_0100]);
      close(0x8000_8000, 0x8000_9000, 0xff & ~0xc);
      expect([bench.memory.read(FROM, 4), copy(FROM, TO, 8)[0]]).toEqual([0x0302_0100, R | 0]);
      expect(findings().at(-1)).toMatch(/^MRC\[39] SDMA1 burst \(domain 1\): read of DDR/);
    });

    it('close a peripheral to the port of the script: the shared one for shp, the other for app', () => {
      put(rdc, 0x400 + 4 * 3, 0x0c);
      put(registers, CHNENBL(23), 2);
      put(registers, HOSTOVR, 2);
      put(registers, EVTOVR, 1);
      const send = (script: number): number => {
        bench.memory.write(CCB + 16, DESCRIPTORS + 0x100, 4);
        load(1, script, { 6: UART1, 7: 1 });
        descriptor(1, 0, (1 << 24) | D | 1, FROM + 9);
        sdma.request(23, true);
        sdma.request(23, false);
        bench.milliseconds(1);
        put(registers, INTR, 2);
        return mode(1, 0) & R;
      };
      expect([send(749), send(962), sent]).toEqual([R, R, []]);
      assign(26, 1);
      expect([send(749), send(962), sent]).toEqual([R, 0, [9]]);
      assign(11, 1);
      expect([send(749), sent]).toEqual([0, [9, 9]]);
      expect(findings()).toEqual(
        ['peripheral', 'shared'].map(
          (port) => `PDAP[3] SDMA1 ${port} (domain 0): write to UART1 refused with a bus error: its domain has no permission`,
        ),
      );
    });
  });

  it('loads and dumps its memories on channel 0', () => {
    const command = (code: number, count: number, buffer: number, extended: number): number => {
      bench.memory.write(CCB, DESCRIPTORS, 4);
      descriptor(0, 0, ((code << 24) | D | count) >>> 0, buffer, extended);
      put(registers, HSTART, 1);
      bench.milliseconds(1);
      return mode(0, 0) & R;
    };
    expect(command(4, 8, FROM, 0x1800)).toBe(0);
    expect(command(6, 8, TO, 0x1800)).toBe(0);
    expect(bytes(TO, 16)).toEqual(bytes(FROM, 16));
    expect(command((3 << 3) | 7, 4, FROM + 32, 0)).toBe(0);
    expect(command((3 << 3) | 3, 4, TO + 32, 0)).toBe(0);
    expect(command(2, 4, TO + 64, 2048 + 3 * 32)).toBe(0);
    expect([bytes(TO + 32, 16), bytes(TO + 64, 16)]).toEqual([bytes(FROM + 32, 16), bytes(FROM + 32, 16)]);
    expect(bench.complaints).toEqual([]);
    expect(command(1, 4, 0x7000_0000, 2048)).toBe(R);
    expect(bench.diagnostics.all.map(({ text }) => text)).toEqual(['bus error on a read of 0x70000000']);
    put(registers, SDMA_LOCK, 1);
    put(registers, SDMA_LOCK, 0);
    put(registers, ILLINSTADDR, 0x123);
    expect([get(registers, SDMA_LOCK), get(registers, ILLINSTADDR), command(4, 1, FROM, 0x1800)]).toEqual([1, 1, R]);
    expect(bench.diagnostics.all.at(-1)!.text).toBe('SDMA_LOCK.LOCK is set: the program memory cannot be loaded');
  });

  it('reports a script that it does not know by its address, once, and leaves its channel as it is', () => {
    load(1, 6235);
    load(2, 1102);
    put(registers, EVTOVR, 7);
    for (const channel of [1, 2]) {
      put(registers, CHNPRI(channel), 1);
      descriptor(channel, 0, D | 4, FROM, TO);
    }
    put(registers, HSTART, 6);
    bench.milliseconds(1);
    expect(get(registers, STOP_STAT)).toBe(6);
    expect(bench.complaints.sort()).toEqual(['unimplemented SDMA1 script 6235 (RAM)', 'unimplemented SDMA1 script spdif_2_mcu']);
    put(registers, RESET, 1);
    expect([get(registers, STOP_STAT), get(registers, CHN0ADDR), get(registers, RESET)]).toEqual([0, 0x50, 0]);
  });
});
