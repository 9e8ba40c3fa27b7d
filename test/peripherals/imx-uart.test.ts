import { beforeEach, describe, expect, it } from 'vitest';
import type { BusDevice } from '../../src/memory/bus.ts';
import type { ImxUart } from '../../src/peripherals/imx-uart.ts';
import { Bench, get, put } from './bench.ts';

const [URXD, UTXD, UCR1, UCR2, UCR3, UCR4, UFCR, USR1, USR2] = [0x00, 0x40, 0x80, 0x84, 0x88, 0x8c, 0x90, 0x94, 0x98];
const [UBIR, UBMR, UTS, UMCR] = [0xa4, 0xa8, 0xb4, 0xb8];
const TRDY = 1 << 13;
const RRDY = 1 << 9;
const AGTIM = 1 << 8;
const RDR = 1;
const ORE = 2;
const TXDC = 1 << 3;
const IDLE = 1 << 12;
const TXFE = 1 << 14;
const CHARRDY = 1 << 15;

let bench: Bench;
let uart: ImxUart;
let device: BusDevice;
/** Cycles of one character of ten bits at 115200 baud. */
const CHARACTER = Math.round((800_000_000 * 10) / 115_200);

/** As MCUXpresso's UART_Init leaves it: 80 MHz from SYS_PLL1, 115200 8N1, RXTL 1, TXTL 2. */
function start(): void {
  put(bench.make('CCM').device, 0xb080, 0x1100_0000);
  put(device, UCR1, 0);
  put(device, UCR2, 0);
  bench.advance(100);
  put(device, UCR3, 0x704);
  put(device, UCR4, 0x8000);
  put(device, UFCR, 0xa81);
  put(device, UBIR, 0x47);
  put(device, UBMR, 0xc34);
  put(device, UCR2, 0x4027);
  put(device, UCR1, 1);
}

beforeEach(() => {
  bench = new Bench();
  const peripheral = bench.make('UART4');
  uart = peripheral.uart!;
  device = peripheral.device;
});

describe('ImxUart at reset', () => {
  it('has the documented reset values, with RTS asserted by the outside', () => {
    const values = [UCR1, UCR2, UCR3, UCR4, UFCR, USR1, USR2, 0x9c, 0xa0, UBIR, UBMR, 0xac, 0xb0, UTS, UMCR].map((at) => get(device, at));
    expect(values).toEqual([0, 1, 0x700, 0x8000, 0x801, 0x6040, 0x4028, 0x2b, 0, 0, 0, 4, 0, 0x60, 0]);
  });

  it('loses bytes written while it is off, and says so', () => {
    put(device, UTXD, 0x41);
    expect(bench.console).toBe('');
    expect(bench.complaints).toEqual(['guest-error UART4 UTXD']);
  });

  it('completes a software reset by itself after four module clocks', () => {
    put(device, UBIR, 5);
    put(device, UCR2, 0x4026);
    expect([get(device, UCR2), get(device, UTS)]).toEqual([0x4026, 0x61]);
    bench.advance(200);
    expect([get(device, UCR2), get(device, UTS)]).toEqual([0x4027, 0x60]);
    expect(get(device, UBIR)).toBe(0);
  });
});

describe('ImxUart transmitting', () => {
  beforeEach(start);

  it('derives 115200 baud from the clock tree', () => {
    expect(uart.baud).toBeCloseTo(115_200, -2);
    expect(bench.complaints).toEqual([]);
  });

  it('emits each byte at once and drains at the rate of the line', () => {
    for (const byte of 'Hello') put(device, UTXD, byte.charCodeAt(0));
    expect(bench.console).toBe('Hello');
    expect(bench.seen.at(-1)).toMatchObject({ type: 'console', device: 'uart4', byte: 0x6f, cycle: bench.scheduler.now });
    // One byte shifts, four wait: above TXTL 2.
    expect(get(device, USR1) & TRDY).toBe(0);
    expect(get(device, USR2) & (TXFE | TXDC)).toBe(0);
    bench.advance(2 * CHARACTER + 100);
    expect(get(device, USR1) & TRDY).toBe(TRDY);
    expect(get(device, USR2) & TXFE).toBe(0);
    bench.advance(2 * CHARACTER);
    expect(get(device, USR2) & (TXFE | TXDC)).toBe(TXFE);
    bench.advance(CHARACTER);
    expect(get(device, USR2) & (TXFE | TXDC)).toBe(TXFE | TXDC);
  });

  it('takes 33 bytes (FIFO and shift register) and reports the 34th', () => {
    for (let n = 0; n < 33; n++) put(device, UTXD, 0x61);
    expect(get(device, UTS) & 0x18).toBe(0x10);
    expect(bench.complaints).toEqual([]);
    put(device, UTXD, 0x62);
    expect(bench.complaints).toEqual(['guest-error UART4 UTXD']);
    expect(bench.console).toBe('a'.repeat(33));
  });

  it('raises its line for TRDYEN, TXMPTYEN and TCEN, each for its own condition', () => {
    put(device, UCR1, 1 | (1 << 13));
    expect(bench.line('UART4')).toBe(true);
    for (let n = 0; n < 4; n++) put(device, UTXD, 0x61);
    expect(bench.line('UART4')).toBe(false);
    put(device, UCR1, 1 | (1 << 6));
    expect(bench.line('UART4')).toBe(false);
    bench.advance(3 * CHARACTER + 100);
    expect(bench.line('UART4')).toBe(true);
    put(device, UCR1, 1);
    expect(bench.line('UART4')).toBe(false);
    put(device, UCR4, 1 << 3);
    expect(bench.line('UART4')).toBe(false);
    bench.advance(CHARACTER);
    expect(bench.line('UART4')).toBe(true);
  });

  it('takes as long as its frame is: parity and a second stop bit', () => {
    put(device, UCR2, 0x4027 | (1 << 8) | (1 << 6));
    put(device, UTXD, 0x55);
    bench.advance(1.15 * CHARACTER);
    expect(get(device, USR2) & TXDC).toBe(0);
    bench.advance(0.06 * CHARACTER);
    expect(get(device, USR2) & TXDC).toBe(TXDC);
  });

  it('drops what is in flight when it is switched off', () => {
    for (let n = 0; n < 8; n++) put(device, UTXD, 0x61);
    put(device, UCR1, 0);
    expect(get(device, USR2) & (TXFE | TXDC)).toBe(TXFE | TXDC);
    expect(bench.scheduler.nextDeadline).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('ImxUart receiving', () => {
  beforeEach(start);
  const take = (): number => get(device, URXD);

  it('delivers bytes one character time apart', () => {
    uart.receive([0x41, 0x42]);
    expect(get(device, USR2) & RDR).toBe(0);
    expect(get(device, USR1) & (1 << 6)).toBe(0);
    bench.advance(CHARACTER + 100);
    expect(get(device, USR2) & RDR).toBe(RDR);
    expect(take()).toBe(CHARRDY | 0x41);
    expect(take()).toBe(0x41);
    bench.advance(CHARACTER);
    expect(take()).toBe(CHARRDY | 0x42);
    expect(bench.complaints).toEqual([]);
  });

  it('keeps bytes that come before the receiver is on', () => {
    put(device, UCR1, 0);
    uart.receive([0x31, 0x32]);
    bench.advance(10 * CHARACTER);
    expect([uart.ready, uart.waiting]).toEqual([false, 2]);
    put(device, UCR1, 1);
    bench.advance(2 * CHARACTER + 200);
    expect([take(), take()]).toEqual([CHARRDY | 0x31, CHARRDY | 0x32]);
    expect([uart.ready, uart.waiting]).toEqual([true, 0]);
  });

  it('holds the line while the FIFO is full, and loses nothing', () => {
    uart.receive(Array.from({ length: 100 }, (_, index) => index));
    bench.advance(200 * CHARACTER);
    expect(get(device, UTS) & 8).toBe(8);
    expect(uart.waiting).toBe(68);
    const got: number[] = [];
    while (got.length < 100) {
      const word = take();
      if (word & CHARRDY) got.push(word & 0xff);
      else bench.advance(CHARACTER);
    }
    expect(got).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(get(device, USR2) & ORE).toBe(0);
  });

  it('overruns when it is told that the line does not wait', () => {
    uart.flowControl = false;
    put(device, UCR4, 2);
    uart.receive(Array.from({ length: 34 }, (_, index) => index));
    bench.advance(35 * CHARACTER);
    expect(get(device, USR2) & ORE).toBe(ORE);
    expect(bench.line('UART4')).toBe(true);
    put(device, USR2, ORE);
    expect(get(device, USR2) & ORE).toBe(0);
    expect(bench.line('UART4')).toBe(false);
    for (let n = 0; n < 32; n++) expect(take()).toBe(CHARRDY | n);
    uart.receive([0x77]);
    bench.advance(2 * CHARACTER);
    expect(take()).toBe(CHARRDY | (1 << 14) | (1 << 13) | 0x77);
  });

  it('raises its line for DREN with one byte, for RRDYEN at the trigger level', () => {
    put(device, UCR4, 1);
    uart.receive([1, 2, 3]);
    bench.advance(CHARACTER + 100);
    expect(bench.line('UART4')).toBe(true);
    take();
    expect(bench.line('UART4')).toBe(false);
    put(device, UCR4, 0);
    put(device, UFCR, 0xa82);
    put(device, UCR1, 1 | (1 << 9));
    bench.advance(CHARACTER);
    expect([bench.line('UART4'), get(device, USR1) & RRDY]).toEqual([false, 0]);
    bench.advance(CHARACTER);
    expect([bench.line('UART4'), get(device, USR1) & RRDY]).toEqual([true, RRDY]);
    expect(uart.interruptsOnReceive).toBe(true);
    take();
    expect(bench.line('UART4')).toBe(false);
  });

  it('flags data that lies below the trigger level for eight characters', () => {
    put(device, UFCR, 0xa84);
    put(device, UCR2, 0x402f);
    uart.receive([9]);
    bench.advance(CHARACTER + 100);
    bench.advance(7 * CHARACTER);
    expect(get(device, USR1) & AGTIM).toBe(0);
    bench.advance(1.1 * CHARACTER);
    expect([get(device, USR1) & AGTIM, bench.line('UART4')]).toEqual([AGTIM, true]);
    put(device, USR1, AGTIM);
    expect([get(device, USR1) & AGTIM, bench.line('UART4')]).toEqual([0, false]);
  });

  it('flags an idle line after as many frames as ICD says', () => {
    put(device, UCR1, 1 | (1 << 12) | (1 << 10));
    uart.receive([9]);
    bench.advance(8.9 * CHARACTER);
    expect(get(device, USR2) & IDLE).toBe(0);
    bench.advance(0.3 * CHARACTER);
    expect([get(device, USR2) & IDLE, bench.line('UART4')]).toEqual([IDLE, true]);
    put(device, USR2, IDLE);
    expect(bench.line('UART4')).toBe(false);
  });

  it('flags a line on which nothing came since the receiver was switched on', () => {
    put(device, UCR2, 0x4025);
    put(device, USR2, IDLE);
    bench.advance(10 * CHARACTER);
    expect(get(device, USR2) & IDLE).toBe(0);
    put(device, UCR2, 0x4027);
    bench.advance(3.9 * CHARACTER);
    expect(get(device, USR2) & IDLE).toBe(0);
    bench.advance(0.3 * CHARACTER);
    expect(get(device, USR2) & IDLE).toBe(IDLE);
  });

  it.each([
    ['parity', (1 << 10) | (1 << 14), USR1, 1 << 15, UCR3, 1 << 12],
    ['framing', (1 << 12) | (1 << 14), USR1, 1 << 10, UCR3, 1 << 11],
    ['break', (1 << 11) | (1 << 12) | (1 << 14), USR2, 1 << 2, UCR4, 1 << 2],
  ] as const)('marks a character with a %s error', (error, marks, status, flag, control, enable) => {
    put(device, control, enable);
    uart.receiveWithError(0x55, error);
    bench.advance(CHARACTER + 100);
    expect(bench.line('UART4')).toBe(true);
    expect(take()).toBe(CHARRDY | marks | (error === 'break' ? 0 : 0x55));
    expect(get(device, status) & flag).toBe(flag);
    put(device, USR1, 0xffff);
    put(device, USR2, 0xffff);
    expect(get(device, status) & flag).toBe(0);
    expect(bench.line('UART4')).toBe(false);
  });

  it('wakes on the start bit', () => {
    put(device, UCR4, 1 << 7);
    uart.receive([1]);
    expect([get(device, USR2) & 0x80, bench.line('UART4')]).toEqual([0x80, true]);
    put(device, USR2, 0x80);
    expect(bench.line('UART4')).toBe(false);
  });

  it('does not pop for a debugger', () => {
    uart.receive([0x41]);
    bench.advance(CHARACTER + 100);
    expect([device.peek(URXD, 4), device.peek(URXD, 4)]).toEqual([CHARRDY | 0x41, CHARRDY | 0x41]);
    expect(get(device, USR2) & RDR).toBe(RDR);
  });

  it('reads bytes through byte accesses', () => {
    uart.receive([0x41]);
    bench.advance(CHARACTER + 100);
    expect(device.read(URXD, 1)).toBe(0x41);
    expect(get(device, USR2) & RDR).toBe(0);
  });

  it('loops back what it sends, with a forced parity error when asked', () => {
    put(device, UTS, 1 << 12);
    put(device, UTXD, 0x5a);
    expect(bench.console).toBe('Z');
    bench.advance(CHARACTER + 100);
    expect(take()).toBe(CHARRDY | 0x5a);
    put(device, UCR2, 0x4127);
    put(device, UTS, 3 << 12);
    put(device, UTXD, 0x5b);
    bench.advance(1.1 * CHARACTER + 100);
    expect(take()).toBe(CHARRDY | (1 << 14) | (1 << 10) | 0x5b);
    uart.receive([1]);
    bench.advance(2 * CHARACTER);
    expect(uart.waiting).toBe(1);
  });

  it("keeps the host's bytes through a reset of the SoC", () => {
    uart.receive([1, 2, 3]);
    bench.make('UART4').reset();
    start();
    bench.advance(5 * CHARACTER);
    // The character that was arriving is lost with the shift register.
    expect([take(), take()]).toEqual([CHARRDY | 2, CHARRDY | 3]);
  });
});

describe('ImxUart and what is not modelled', () => {
  beforeEach(start);

  it.each([
    ['IrDA', UCR1, 1 | (1 << 7)],
    ['RS-485 mode', UMCR, 1],
  ])('reports %s', (what, offset, value) => {
    put(device, offset, value);
    expect(bench.diagnostics.all.map(({ kind, text }) => `${kind}: ${text}`)).toEqual([`unimplemented: ${what} is not modelled`]);
  });

  it('sends nothing without a clock', () => {
    put(bench.make('CCM').device, 0xb080, 0);
    put(device, UTXD, 0x41);
    bench.milliseconds(100);
    expect(get(device, USR2) & TXDC).toBe(0);
    expect(uart.baud).toBe(0);
  });
});
