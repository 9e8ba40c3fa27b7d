/**
 * The i.MX UART and its line: automatic baud rate detection, escape sequences, breaks, RTS and CTS, wires from UART to UART, DMA requests.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import type { BusDevice } from '../../src/memory/bus.ts';
import { ImxUart } from '../../src/peripherals/imx-uart.ts';
import { Bench, get, put } from './bench.ts';

const [URXD, UTXD, UCR1, UCR2, UCR3, UCR4, UFCR, USR1, USR2] = [0x00, 0x40, 0x80, 0x84, 0x88, 0x8c, 0x90, 0x94, 0x98];
const [UESC, UTIM, UBIR, UBMR, UBRC, UTS] = [0x9c, 0xa0, 0xa4, 0xa8, 0xac, 0xb4];
const [ADBR, ADEN, SNDBRK] = [1 << 14, 1 << 15, 1 << 4];
const [ADET, ACST, RTSF, BRCD, ORE, TXDC] = [1 << 15, 1 << 11, 1 << 4, 1 << 2, 1 << 1, 1 << 3];
const [ESCF, RTSD, RTSS] = [1 << 11, 1 << 12, 1 << 14];
const CHARRDY = 1 << 15;
/** Cycles of one character of ten bits at 115200 baud. */
const CHARACTER = Math.round((800_000_000 * 10) / 115_200);

let bench: Bench;
let uart: ImxUart;
let device: BusDevice;

/** 80 MHz from SYS_PLL1, 115200 8N1, RXTL 1, TXTL 2. */
function start(registers: BusDevice): void {
  put(registers, UFCR, 0xa81);
  put(registers, UBIR, 0x47);
  put(registers, UBMR, 0xc34);
  put(registers, UCR2, 0x4027);
  put(registers, UCR1, 1);
}

beforeEach(() => {
  bench = new Bench();
  const peripheral = bench.make('UART4');
  uart = peripheral.uart!;
  device = peripheral.device;
  put(bench.make('CCM').device, 0xb080, 0x1100_0000);
  put(bench.make('CCM').device, 0xb000, 0x1100_0000);
  start(device);
});

const send = (text: string): void => uart.receive(new TextEncoder().encode(text));

describe('automatic baud rate detection', () => {
  const begin = (): void => {
    put(device, USR2, ADET);
    put(device, UCR1, 1 | ADBR | ADEN);
  };

  it.each([
    ['a', 9600],
    ['A', 115_200],
    ['a', 1_000_000],
  ])('takes the rate of %s at %i', (text, baud) => {
    begin();
    uart.hostBaud = baud;
    send(text);
    const bit = 800_000_000 / baud;
    bench.advance(2 * bit - 2);
    expect(get(device, USR2) & (ACST | ADET)).toBe(0);
    bench.advance(4);
    expect(get(device, USR2) & (ACST | ADET)).toBe(ACST);
    expect([get(device, UBRC), get(device, UBIR), get(device, UBMR)]).toEqual([
      Math.round(80_000_000 / baud),
      0xf,
      Math.round(80_000_000 / baud) - 1,
    ]);
    expect(bench.line('UART4')).toBe(false);
    bench.advance(8 * bit);
    expect([get(device, USR2) & ADET, bench.line('UART4')]).toEqual([ADET, true]);
    expect(get(device, URXD)).toBe(CHARRDY | text.charCodeAt(0));
    expect(uart.baud / baud).toBeCloseTo(1, 2);
    put(device, USR2, ADET | ACST);
    expect(bench.line('UART4')).toBe(false);
  });

  it('measures the start bit alone with UCR3.ADNIMP, and interrupts when it has with ACIEN', () => {
    begin();
    put(device, UCR3, 0x781);
    send('a');
    bench.advance(CHARACTER / 10 - 5);
    expect(bench.line('UART4')).toBe(false);
    bench.advance(10);
    expect(bench.line('UART4')).toBe(true);
  });

  it('goes on until an "a" comes', () => {
    begin();
    send('b');
    bench.advance(CHARACTER + 10);
    // The start bit and bit 0 look like one bit of half the rate.
    expect([get(device, USR2) & (ACST | ADET), get(device, UBRC)]).toEqual([ACST, Math.round((2 * 80_000_000) / 115_200)]);
    send('a');
    bench.advance(CHARACTER + 10);
    expect([get(device, USR2) & ADET, get(device, UBRC)]).toEqual([ADET, 694]);
  });
});

describe('escape sequences', () => {
  beforeEach(() => {
    put(device, UCR2, 0xc027 | (1 << 11));
    put(device, UTIM, 4);
  });

  it('finds three characters in a row, and interrupts', () => {
    send('x++');
    bench.advance(4 * CHARACTER);
    expect(get(device, USR1) & ESCF).toBe(0);
    send('y+++');
    bench.advance(5 * CHARACTER);
    expect([get(device, USR1) & ESCF, bench.line('UART4')]).toEqual([ESCF, true]);
    put(device, USR1, ESCF);
    expect([get(device, USR1) & ESCF, bench.line('UART4')]).toEqual([0, false]);
  });

  it.each([
    [9, ESCF],
    [11, 0],
  ])('allows UTIM between two of them: %i ms', (pause, flag) => {
    put(device, UESC, 0x21);
    send('!');
    bench.milliseconds(pause);
    send('!!');
    bench.milliseconds(1);
    expect(get(device, USR1) & ESCF).toBe(flag);
  });
});

describe('breaks', () => {
  it('sends one in between of characters, which loopback sees', () => {
    put(device, UTS, 1 << 12);
    put(device, UTXD, 0x41);
    put(device, UCR1, 1 | SNDBRK);
    put(device, UTXD, 0x42);
    bench.advance(5 * CHARACTER);
    expect([get(device, URXD), get(device, URXD) & 0x7800, get(device, USR2) & BRCD]).toEqual([CHARRDY | 0x41, 0x5800, BRCD]);
    expect(get(device, USR2) & TXDC).toBe(0);
    put(device, UCR1, 1);
    bench.advance(2 * CHARACTER);
    expect([get(device, URXD), get(device, USR2) & TXDC]).toEqual([CHARRDY | 0x42, TXDC]);
    expect(bench.complaints).toEqual([]);
  });
});

describe('RTS and CTS', () => {
  const rts = (high: boolean): void => bench.pins.bank('UART4').setInput(0, high);
  const cts = (): boolean => bench.pins.bank('UART4').pad(1);

  it('holds the transmitter back while RTS_B is high, unless UCR2.IRTS says otherwise', () => {
    put(device, UCR2, 0x27);
    rts(true);
    expect(get(device, USR1) & (RTSS | RTSD)).toBe(RTSD);
    put(device, UTXD, 0x41);
    bench.advance(3 * CHARACTER);
    expect(get(device, USR2) & TXDC).toBe(0);
    rts(false);
    bench.advance(CHARACTER + 1);
    expect([get(device, USR2) & TXDC, get(device, USR1) & RTSS]).toEqual([TXDC, RTSS]);
    put(device, UCR2, 0x4027);
    rts(true);
    put(device, UTXD, 0x42);
    bench.advance(CHARACTER + 1);
    expect(get(device, USR2) & TXDC).toBe(TXDC);
  });

  it.each([
    ['rising', 0, [true]],
    ['falling', 1, [false]],
    ['both', 2, [true, false]],
  ])('flags %s edges by UCR2.RTEC and any by RTSD', (_name, mode, levels) => {
    put(device, UCR2, 0x4027 | (mode << 9) | (1 << 4));
    const flagged = [true, false].filter((level) => {
      put(device, USR2, RTSF);
      put(device, USR1, RTSD);
      rts(level);
      expect(get(device, USR1) & RTSD).toBe(RTSD);
      expect(bench.line('UART4')).toBe((get(device, USR2) & RTSF) !== 0);
      return get(device, USR2) & RTSF;
    });
    expect(flagged).toEqual(levels);
  });

  it('drives CTS_B by UCR2.CTS, or by its FIFO, for which the host waits', () => {
    expect(cts()).toBe(true);
    put(device, UCR2, 0x5027);
    expect(cts()).toBe(false);
    put(device, UCR2, 0x6027);
    put(device, UCR4, 4 << 10);
    expect(cts()).toBe(false);
    send('123456');
    bench.advance(10 * CHARACTER);
    expect([cts(), uart.waiting]).toEqual([true, 2]);
    get(device, URXD);
    expect(cts()).toBe(false);
    bench.advance(2 * CHARACTER);
    expect([cts(), uart.waiting]).toEqual([true, 1]);
  });
});

describe('a wire from TXD to RXD', () => {
  it('carries characters to another UART, which understands its own rate only', () => {
    const other = bench.make('UART3');
    start(other.device);
    uart.wire(other.uart!);
    put(device, UTXD, 0x41);
    bench.advance(CHARACTER + 1);
    expect(get(other.device, URXD)).toBe(CHARRDY | 0x41);
    put(other.device, UBMR, 0x1869);
    put(device, UTXD, 0x42);
    bench.advance(CHARACTER + 1);
    expect(get(other.device, URXD) & 0xf000).toBe(0xd000);
    uart.unwire(other.uart!);
    put(device, UTXD, 0x43);
    bench.advance(CHARACTER + 1);
    expect(get(other.device, URXD) & CHARRDY).toBe(0);
  });

  it('overruns a receiver, which flow control prevents', () => {
    uart.wire(uart);
    const all = (): void => {
      for (let sent = 0; sent < 48; sent++) {
        put(device, UTXD, sent);
        bench.advance(CHARACTER / 2);
      }
      bench.advance(48 * CHARACTER);
    };
    all();
    expect(get(device, USR2) & ORE).toBe(ORE);
    put(device, USR2, ORE);
    put(device, UCR2, 0);
    bench.advance(1000);
    start(device);
    put(device, UCR4, 30 << 10);
    put(device, UCR2, 0x2027);
    bench.pins.connect({ bank: 'UART4', pin: 1 }, { bank: 'UART4', pin: 0 });
    all();
    expect([get(device, USR2) & ORE, get(device, UTS) & (1 << 6)]).toEqual([0, 0]);
    for (let n = 0; n < 48; n++) {
      expect(get(device, URXD)).toBe(CHARRDY | n);
      bench.advance(2 * CHARACTER);
    }
  });
});

describe('DMA requests', () => {
  it('rise with the FIFOs that ask for data or have some', () => {
    const seen: string[] = [];
    const own = new ImxUart({
      name: 'UART9',
      device: 'uart9',
      clock: 80_000_000,
      clocks: bench.clocks,
      scheduler: bench.scheduler,
      diagnostics: bench.diagnostics,
      events: bench.events,
      pins: bench.pins,
      interrupt: () => undefined,
      dmaRequest: (direction, level) => seen.push(`${direction} ${level}`),
    });
    start(own.device);
    expect(seen).toEqual([]);
    put(own.device, UCR1, 1 | (1 << 8) | (1 << 3));
    own.receive([1]);
    bench.advance(CHARACTER + 10);
    get(own.device, URXD);
    put(own.device, UCR1, 1);
    expect(seen).toEqual(['transmit true', 'receive true', 'receive false', 'transmit false']);
  });
});
