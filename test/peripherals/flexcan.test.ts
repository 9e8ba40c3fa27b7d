import { beforeEach, describe, expect, it } from 'vitest';
import type { BusDevice } from '../../src/memory/bus.ts';
import type { CanFrame } from '../../src/peripherals/can-bus.ts';
import { Bench, get, put } from './bench.ts';

const [MCR, CTRL1, TIMER, RXMGMASK, RX14MASK, ECR, ESR1] = [0x00, 0x04, 0x08, 0x10, 0x14, 0x1c, 0x20];
const [IMASK1, IFLAG2, IFLAG1, CTRL2, RXFIR] = [0x28, 0x2c, 0x30, 0x34, 0x4c];
const [FRZ, HALT, FRZ_ACK, NOT_RDY, LPM_ACK] = [1 << 30, 1 << 28, 1 << 24, 1 << 27, 1 << 20];
const RFEN = 1 << 29;
const IRMQ = 1 << 16;
const LPB = 1 << 12;
/** 16 quanta at 24 MHz / 3: 500 kbit/s. */
const TIMING = (2 << 24) | (6 << 19) | (3 << 16) | 3;
const mb = (index: number): number => 0x80 + 16 * index;
/** A code in CS. */
const code = (value: number): number => (value << 24) >>> 0;
const std = (id: number): number => id << 18;

let bench: Bench;
let can: BusDevice;
let other: BusDevice;

function make(name: string): BusDevice {
  return bench.makeSpec({ kind: 'flexcan', name, base: 0, size: 0x1_0000, layout: 'imx6sx', clock: 24_000_000 }).device;
}

/** Changes MCR and CTRL1 in freeze mode and lets the controller run. */
function start(device: BusDevice, mcr = 0x3f, ctrl1 = 0, ctrl2 = 0): void {
  put(device, MCR, (get(device, MCR) & 0x7fff_ffff) | FRZ | HALT);
  expect(get(device, MCR) & FRZ_ACK).toBe(FRZ_ACK);
  put(device, MCR, FRZ | HALT | mcr);
  put(device, CTRL1, TIMING | ctrl1);
  put(device, CTRL2, ctrl2);
  put(device, RXMGMASK, 0xffff_ffff);
  put(device, MCR, mcr);
  expect(get(device, MCR) & (FRZ_ACK | NOT_RDY)).toBe(0);
}

function transmit(device: BusDevice, index: number, id: number, ...data: number[]): void {
  put(device, mb(index) + 4, std(id));
  for (const [n, byte] of data.entries()) device.write(mb(index) + 8 + (n ^ 3), byte, 1);
  put(device, mb(index), (code(12) | (data.length << 16)) >>> 0);
}

function receiver(device: BusDevice, index: number, id: number): void {
  put(device, mb(index) + 4, std(id));
  put(device, mb(index), code(4));
}

const codeOf = (device: BusDevice, index: number): number => (device.peek(mb(index), 4) >>> 24) & 0xf;
const frame = (id: number, ...data: number[]): CanFrame => ({ id, extended: false, remote: false, dlc: data.length, data });

beforeEach(() => {
  bench = new Bench();
  can = make('FLEXCAN1');
  other = make('FLEXCAN2');
});

describe('Flexcan', () => {
  it('comes out of reset disabled, and enters and leaves freeze mode as drivers wait for it', () => {
    expect(get(can, MCR)).toBe(0xd890_000f);
    put(can, MCR, 0x5980_000f);
    expect(get(can, MCR) & (LPM_ACK | FRZ_ACK | NOT_RDY)).toBe(FRZ_ACK | NOT_RDY);
    put(can, MCR, get(can, MCR) | (1 << 25));
    expect(get(can, MCR)).toBe(0x5980_000f);
    put(can, MCR, 0x0000_000f);
    expect(get(can, MCR)).toBe(0xf);
    put(can, RXMGMASK, 0);
    put(can, CTRL1, TIMING | LPB | (1 << 15));
    put(can, MCR, 0x1_000f);
    expect([get(can, RXMGMASK), get(can, CTRL1), get(can, MCR)]).toEqual([0xffff_ffff, 1 << 15, 0xf]);
    expect(bench.complaints).toEqual(['RXMGMASK', 'CTRL1', 'MCR'].map((register) => `guest-error FLEXCAN1 ${register}`));
  });

  it('receives its own frames in loopback, after the time of their bits, with time stamp and interrupts', () => {
    start(can, 0x3f, LPB);
    put(can, IMASK1, (1 << 9) | (1 << 13));
    receiver(can, 9, 0x123);
    bench.milliseconds(1);
    transmit(can, 13, 0x123, 0xab, 0xcd);
    // 47 bits and two bytes at 500 kbit/s are 126 us.
    bench.milliseconds(0.1259);
    expect([bench.line('FLEXCAN1'), get(can, ESR1) & 0x4_00c0]).toEqual([false, 0x4_0040]);
    bench.milliseconds(0.0002);
    expect([bench.line('FLEXCAN1'), get(can, IFLAG1)]).toEqual([true, (1 << 9) | (1 << 13)]);
    expect([codeOf(can, 13), get(can, mb(9)), get(can, mb(9) + 4), get(can, mb(9) + 8)]).toEqual([
      8,
      (code(2) | 0x2_0000 | 563) >>> 0,
      std(0x123),
      0xabcd_0000,
    ]);
    put(can, IFLAG1, (1 << 9) | (1 << 13));
    expect(bench.line('FLEXCAN1')).toBe(false);
    expect(get(can, TIMER)).toBe(563);
    expect(bench.complaints).toEqual([]);
  });

  it('sends the lowest identifier first, or the lowest buffer, or by local priority', () => {
    const order = (mcr: number, ctrl1: number): number[] => {
      start(can, mcr, ctrl1 | LPB);
      const seen: number[] = [];
      for (const [index, priority] of [
        [8, 2],
        [9, 1],
        [10, 3],
      ] as const) {
        put(can, mb(index) + 4, ((priority << 29) | std(0x100 - index)) >>> 0);
        // The first of them goes onto the wire at once: it is not part of the contest.
        if (index === 8) transmit(can, 20, 0x7ff, 1);
        put(can, mb(index), code(12));
      }
      while (seen.length < 4) {
        bench.advanceTo(bench.scheduler.nextDeadline);
        seen.push(31 - Math.clz32(get(can, IFLAG1)));
        put(can, IFLAG1, 0xffff_ffff);
      }
      return seen.slice(1);
    };
    expect(order(0x3f, 0)).toEqual([10, 9, 8]);
    expect(order(0x3f, 1 << 4)).toEqual([8, 9, 10]);
    expect(order(0x3f | (1 << 13), 0)).toEqual([9, 8, 10]);
  });

  it('overruns a buffer that nobody reads, waits for one that is being read, and refills one that was', () => {
    start(can);
    put(can, IFLAG1, 0xffff_ffff);
    receiver(can, 4, 0x10);
    const send = (byte: number): void => {
      bench.canBuses.send('FLEXCAN1', frame(0x10, byte));
      bench.milliseconds(1);
    };
    send(1);
    send(2);
    expect([codeOf(can, 4), get(can, mb(4) + 8) >>> 24]).toEqual([6, 2]);
    expect((get(can, mb(4)) >>> 24) & 0xf).toBe(6);
    send(3);
    expect(get(can, mb(4) + 8) >>> 24).toBe(2);
    get(can, TIMER);
    expect([codeOf(can, 4), get(can, mb(4) + 8) >>> 24]).toEqual([2, 3]);
    get(can, mb(4));
    get(can, TIMER);
    send(4);
    expect([codeOf(can, 4), get(can, mb(4) + 8) >>> 24]).toEqual([2, 4]);
  });

  it('filters by the global masks, those of buffers 14 and 15, or individual ones', () => {
    start(can);
    receiver(can, 14, 0x100);
    receiver(can, 16, 0x200);
    receiver(can, 17, 0x2ff);
    put(can, MCR, FRZ | HALT | 0x3f);
    put(can, RX14MASK, std(0x700));
    put(can, MCR, 0x3f);
    for (const id of [0x1aa, 0x2aa, 0x2ff]) bench.canBuses.send('FLEXCAN1', frame(id));
    bench.milliseconds(2);
    expect([14, 16, 17].map((n) => codeOf(can, n))).toEqual([2, 4, 2]);
    put(can, MCR, FRZ | HALT | 0x3f);
    put(can, MCR, FRZ | HALT | IRMQ | 0x3f);
    put(can, 0x880 + 4 * 16, std(0x700));
    put(can, 0x880 + 4 * 17, std(0x700));
    put(can, MCR, IRMQ | 0x3f);
    receiver(can, 17, 0x2ff);
    for (const id of [0x2aa, 0x2ab]) bench.canBuses.send('FLEXCAN1', frame(id));
    bench.milliseconds(2);
    expect([16, 17].map((n) => get(can, mb(n) + 4))).toEqual([std(0x2aa), std(0x2ab)]);
    // Extended frames are not for standard buffers.
    bench.canBuses.send('FLEXCAN1', { ...frame(0x200 << 18), extended: true });
    bench.milliseconds(1);
    expect(get(can, mb(16) + 4)).toBe(std(0x2aa));
  });

  it('tries again for ever while nobody acknowledges, error passive in the end, until somebody does', () => {
    start(can);
    transmit(can, 0, 0x55, 1);
    bench.milliseconds(0.2);
    expect([get(can, ECR), get(can, ESR1) & 0x2002, get(can, ESR1) & 0x2002]).toEqual([8, 0x2002, 2]);
    bench.milliseconds(20);
    expect([get(can, ECR), get(can, ESR1) & 0x230, codeOf(can, 0)]).toEqual([128, 0x210, 12]);
    bench.canBuses.listen('FLEXCAN1');
    bench.milliseconds(1);
    expect([get(can, ECR), codeOf(can, 0), get(can, IFLAG1)]).toEqual([127, 8, 1]);
    expect(bench.canBuses.heard('FLEXCAN1')).toEqual([frame(0x55, 1)]);
  });

  it.each([
    ['FLEXCAN1', 'FLEXCAN2'],
    ['FLEXCAN2', 'FLEXCAN1'],
  ])('keeps who listens, and the frame under way, when %s is connected with %s', (a, b) => {
    start(can);
    start(other);
    receiver(other, 4, 0x123);
    bench.canBuses.listen('FLEXCAN2');
    transmit(can, 0, 0x123, 1);
    bench.milliseconds(0.05);
    bench.canBuses.connect(a, b);
    bench.milliseconds(0.0599);
    expect([codeOf(can, 0), codeOf(other, 4)]).toEqual([12, 4]);
    bench.milliseconds(0.0002);
    expect([codeOf(can, 0), codeOf(other, 4), get(can, ECR)]).toEqual([8, 2, 0]);
    expect([a, b].map((name) => bench.canBuses.heard(name))).toEqual([[frame(0x123, 1)], [frame(0x123, 1)]]);
    put(can, mb(0), 0);
    bench.canBuses.send(b, frame(0x123, 2));
    bench.milliseconds(1);
    expect([get(other, mb(4) + 8) >>> 24, codeOf(other, 4)]).toEqual([2, 6]);
  });

  it('loses one of two frames under way when two buses become one, and sends it again', () => {
    start(can);
    start(other);
    bench.canBuses.listen('FLEXCAN1');
    transmit(can, 0, 0x10, 1);
    transmit(other, 0, 0x20, 2);
    bench.milliseconds(0.05);
    bench.canBuses.connect('FLEXCAN1', 'FLEXCAN2');
    expect([get(other, ECR), get(can, ECR), codeOf(other, 0)]).toEqual([8, 0, 12]);
    bench.milliseconds(1);
    expect([codeOf(can, 0), codeOf(other, 0), bench.canBuses.heard('FLEXCAN2')]).toEqual([8, 8, [frame(0x10, 1), frame(0x20, 2)]]);
  });

  describe('with a clock that stands still', () => {
    let hz: number;
    /** As the clock controller does when a rate changes. */
    function clock(rate: number): void {
      hz = rate;
      bench.clocks.changed();
    }

    beforeEach(() => {
      hz = 24_000_000;
      bench.clocks.define('CAN_CLK', () => hz);
      can = bench.makeSpec({ kind: 'flexcan', name: 'FLEXCAN3', base: 0, size: 0x1_0000, layout: 'imx6sx', clock: 'CAN_CLK' }).device;
    });

    it('keeps a frame on the wire, and sends it when the clock is back, to whoever listens', () => {
      start(can);
      bench.canBuses.connect('FLEXCAN3', 'FLEXCAN1');
      const fired: string[] = [];
      bench.scheduler.onFire = ({ name }) => {
        fired.push(name);
        if (fired.length > 99) throw new Error('the bus does not come to rest');
      };
      clock(0);
      transmit(can, 0, 0x77, 1);
      bench.milliseconds(5);
      expect([fired, codeOf(can, 0), get(can, ECR), get(can, ESR1) & 0x40]).toEqual([[], 12, 0, 0x40]);
      put(can, MCR, FRZ | HALT | 0x3f);
      expect(get(can, MCR) & FRZ_ACK).toBe(0);
      put(can, MCR, 0x3f);
      bench.canBuses.listen('FLEXCAN1');
      clock(24_000_000);
      // 47 bits and a byte at 500 kbit/s are 110 us.
      bench.milliseconds(0.1099);
      expect(codeOf(can, 0)).toBe(12);
      bench.milliseconds(0.0002);
      expect([codeOf(can, 0), get(can, IFLAG1), bench.canBuses.heard('FLEXCAN3')]).toEqual([8, 1, [frame(0x77, 1)]]);
    });

    it('begins a frame anew that was cut short, on the bus and in loopback', () => {
      for (const mode of [0, LPB]) {
        start(can, 0x3f, mode);
        bench.canBuses.listen('FLEXCAN3');
        transmit(can, 3, 0x77, 1);
        bench.milliseconds(0.1);
        clock(0);
        bench.milliseconds(1);
        expect([codeOf(can, 3), get(can, IFLAG1), bench.scheduler.pending]).toEqual([12, 0, 0]);
        clock(12_000_000);
        bench.milliseconds(0.2199);
        expect(codeOf(can, 3)).toBe(12);
        bench.milliseconds(0.0002);
        expect([codeOf(can, 3), get(can, IFLAG1)]).toEqual([8, 8]);
        put(can, IFLAG1, 8);
        put(can, MCR, FRZ | HALT | 0x3f);
        expect(get(can, MCR) & FRZ_ACK).toBe(FRZ_ACK);
        clock(24_000_000);
      }
    });

    it('does not count in TIMER meanwhile, and neither hears nor acknowledges', () => {
      start(can);
      start(other);
      bench.canBuses.connect('FLEXCAN2', 'FLEXCAN3');
      receiver(can, 0, 0x55);
      bench.milliseconds(1);
      clock(0);
      transmit(other, 1, 0x55);
      bench.milliseconds(1);
      expect([get(can, TIMER), codeOf(can, 0), codeOf(other, 1)]).toEqual([500, 4, 12]);
      clock(24_000_000);
      bench.milliseconds(1);
      expect([get(can, TIMER), codeOf(can, 0), codeOf(other, 1)]).toEqual([1000, 2, 8]);
    });

    it('lets the outside wait until there is a controller with a clock', () => {
      start(can);
      receiver(can, 0, 0x10);
      clock(0);
      bench.canBuses.send('FLEXCAN3', frame(0x10, 5));
      bench.milliseconds(1);
      expect([codeOf(can, 0), bench.canBuses.busy('FLEXCAN3')]).toEqual([4, true]);
      clock(24_000_000);
      bench.milliseconds(1);
      expect([codeOf(can, 0), bench.canBuses.busy('FLEXCAN3')]).toEqual([2, false]);
    });
  });

  it('talks to another controller on the same bus, answers remote frames, and loses arbitration', () => {
    start(can);
    start(other);
    bench.canBuses.connect('FLEXCAN1', 'FLEXCAN2');
    receiver(other, 1, 0x300);
    put(other, mb(2) + 4, std(0x301));
    put(other, mb(2) + 8, 0xc0ff_ee00);
    put(other, mb(2), (code(10) | 0x3_0000) >>> 0);
    receiver(can, 5, 0x301);
    transmit(can, 0, 0x300, 0x99);
    bench.milliseconds(1);
    expect([codeOf(can, 0), codeOf(other, 1), get(other, mb(1) + 8) >>> 24]).toEqual([8, 2, 0x99]);
    put(can, mb(6) + 4, std(0x301));
    put(can, mb(6), (code(12) | 0x13_0000) >>> 0);
    bench.milliseconds(1);
    expect([codeOf(can, 6), codeOf(other, 2), codeOf(can, 5), get(can, mb(5) + 8)]).toEqual([4, 10, 2, 0xc0ff_ee00]);
    // Both want the bus while a frame is on it.
    const seen: number[] = [];
    bench.canBuses.listen('FLEXCAN2');
    transmit(can, 0, 0x7f0);
    transmit(other, 40, 0x101);
    transmit(can, 7, 0x102);
    bench.milliseconds(1);
    for (const { id } of bench.canBuses.heard('FLEXCAN1')) seen.push(id);
    expect([seen, get(other, IFLAG2)]).toEqual([[0x7f0, 0x101, 0x102], 1 << 8]);
    expect(bench.complaints).toEqual([]);
  });

  it('queues frames in the FIFO by its filters, flags and overflow', () => {
    start(can, RFEN | 0x3f);
    // Format A: exactly 0x111, and all of 0x22x.
    for (let n = 0; n < 8; n++) put(can, 0xe0 + 4 * n, n === 1 ? 0x222 << 19 : 0x111 << 19);
    put(can, MCR, FRZ | HALT | RFEN | 0x3f);
    put(can, 0x48, ((0x7f0 << 19) | 0xc000_0000) >>> 0);
    put(can, MCR, RFEN | 0x3f);
    put(can, IMASK1, 1 << 5);
    for (let n = 0; n < 8; n++) bench.canBuses.send('FLEXCAN1', n === 3 ? frame(0x333) : frame(n === 0 ? 0x228 : 0x110 + n, n));
    bench.milliseconds(0.3);
    expect([bench.line('FLEXCAN1'), get(can, IFLAG1), get(can, RXFIR)]).toEqual([true, 1 << 5, 1]);
    bench.milliseconds(3);
    expect(get(can, IFLAG1)).toBe((1 << 5) | (1 << 6) | (1 << 7));
    const seen: number[] = [];
    while (get(can, IFLAG1) & (1 << 5)) {
      seen.push(get(can, mb(0) + 4) >>> 18);
      put(can, IFLAG1, 1 << 5);
    }
    expect(seen).toEqual([0x228, 0x111, 0x112, 0x114, 0x115, 0x116]);
    expect([bench.line('FLEXCAN1'), get(can, RXFIR)]).toEqual([false, 0]);
  });

  it('aborts what is not on the wire yet', () => {
    start(can, 0x3f | (1 << 12));
    transmit(can, 0, 0x1, 1);
    transmit(can, 1, 0x2, 2);
    put(can, mb(1), code(9));
    put(can, mb(0), code(9));
    expect([codeOf(can, 1), codeOf(can, 0), get(can, IFLAG1)]).toEqual([9, 12, 2]);
    put(can, MCR, FRZ | HALT | 0x103f);
    expect(get(can, MCR) & FRZ_ACK).toBe(0);
    bench.canBuses.listen('FLEXCAN1');
    bench.milliseconds(1);
    expect([codeOf(can, 0), get(can, MCR) & FRZ_ACK]).toEqual([8, FRZ_ACK]);
  });
});
