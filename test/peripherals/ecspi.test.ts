import { beforeEach, describe, expect, it } from 'vitest';
import { copyState, defineSpiDevice, type SpiDevice } from '../../src/peripherals/attached/attached-device.ts';
import { spiLoopback } from '../../src/peripherals/attached/spi-loopback.ts';
import { Ecspi } from '../../src/peripherals/ecspi.ts';
import { Pins } from '../../src/peripherals/pins.ts';
import type { SelectPin } from '../../src/peripherals/spi-bus.ts';
import { Bench, get, put } from './bench.ts';

const [RXDATA, TXDATA, CONREG, CONFIGREG, INTREG, DMAREG, STATREG, PERIODREG, TESTREG, MSGDATA] = [
  0x00, 0x04, 0x08, 0x0c, 0x10, 0x14, 0x18, 0x1c, 0x20, 0x40,
];
const [TE, TDR, TF, RR, RDR, RF, RO, TC] = [1, 2, 4, 8, 16, 32, 64, 128];
const [EN, HT, XCH, SMC, MASTER] = [1, 2, 4, 8, 1 << 4];
const LBC = 0x8000_0000;
const burst = (bits: number): number => ((bits - 1) << 20) >>> 0;

/** A period of SCLK in cycles: 24 MHz / 3 / 2 = 4 MHz against 800 MHz. */
const DIVIDERS = (2 << 12) | (1 << 8);
const BIT = 200;

let bench: Bench;
let spi: Ecspi;
beforeEach(() => {
  bench = new Bench();
  spi = bench.make('ECSPI2').ecspi!;
});

const irq = (): boolean => bench.line('ECSPI2');
const on = (more: number): boolean => put(spi.device, CONREG, (EN | MASTER | DIVIDERS | more) >>> 0);
const status = (): number => get(spi.device, STATREG);
const send = (...words: number[]): void => {
  for (const word of words) put(spi.device, TXDATA, word);
};
const received = (): number[] => {
  const words: number[] = [];
  while (status() & RR) words.push(get(spi.device, RXDATA));
  return words;
};

function attach<S extends object>(select: number | SelectPin, device: SpiDevice<S>): S {
  const id = bench.devices.add(device);
  spi.bus.attach(select, id, copyState(device.state, id), false);
  return spi.bus.at(select)!.state as S;
}

/** Notes what it is sent and answers with the complement. */
const recorder = defineSpiDevice({
  name: 'recorder',
  state: { log: [] as string[] },
  select: (state, { mode }) => void state.log.push(`select ${mode}`),
  transfer: (state, word, bits) => {
    state.log.push(`${word.toString(16)}/${bits}`);
    return ~word;
  },
  deselect: (state) => void state.log.push('deselect'),
});

describe('Ecspi', () => {
  it('shows the reset values of the manual', () => {
    for (const [offset, value] of [CONREG, CONFIGREG, INTREG, DMAREG, STATREG, PERIODREG, TESTREG].map((each) => [
      each,
      each === STATREG ? 3 : 0,
    ]))
      expect(get(spi.device, offset!)).toBe(value);
  });

  it('loops words back while LBC is set, each in the time of its bits, and says when it is done', () => {
    on(SMC | burst(8));
    put(spi.device, TESTREG, LBC);
    expect(spi.hz).toBe(4_000_000);
    send(0x1a5);
    expect(get(spi.device, TESTREG)).toBe(LBC);
    bench.advance(8 * BIT - 1);
    expect(status() & (RR | TC)).toBe(0);
    bench.advance(1);
    expect(status() & (RR | TC | TE)).toBe(RR | TC | TE);
    expect(received()).toEqual([0xa5]);
    put(spi.device, STATREG, TC);
    expect(status() & TC).toBe(0);
    expect(bench.complaints).toEqual([]);
  });

  it('runs all bursts of TXFIFO in SMC mode, with chip select up between them', () => {
    const state = attach(0, recorder);
    put(spi.device, CONREG, EN | MASTER | DIVIDERS | burst(8));
    put(spi.device, CONFIGREG, 0x11);
    on(SMC | burst(8));
    send(1, 2);
    bench.advance(16 * BIT);
    expect(state.log).toEqual(['select 3', '1/8', 'deselect', 'select 3', '2/8', 'deselect']);
    expect(received()).toEqual([0xfe, 0xfd]);
  });

  it('starts with XCH: one burst, or with SS_CTL all that TXFIFO holds', () => {
    const state = attach(0, recorder);
    on(burst(8));
    send(1, 2, 3);
    bench.advance(100 * BIT);
    expect([state.log, status() & TE]).toEqual([[], 0]);
    on(XCH | burst(8));
    expect(get(spi.device, CONREG) & XCH).toBe(XCH);
    on(burst(8));
    expect(get(spi.device, CONREG) & XCH).toBe(XCH);
    bench.advance(8 * BIT);
    expect([state.log, get(spi.device, CONREG) & XCH, status() & TC]).toEqual([['select 0', '1/8', 'deselect'], 0, TC]);
    put(spi.device, CONFIGREG, 1 << 8);
    on(XCH | burst(8));
    bench.advance(16 * BIT);
    expect(state.log.slice(3)).toEqual(['select 0', '2/8', 'deselect', 'select 0', '3/8', 'deselect']);
    expect(get(spi.device, CONREG) & XCH).toBe(0);
    on(XCH | burst(8));
    expect(get(spi.device, CONREG) & XCH).toBe(0);
  });

  it('puts what words leave over into the first of a long burst, and waits for words that are not there yet', () => {
    const state = attach(0, recorder);
    on(SMC | burst(40));
    send(0xffff_ff12);
    bench.advance(100 * BIT);
    expect([state.log, status() & TC]).toEqual([['select 0', '12/8'], 0]);
    send(0x3456_789a);
    bench.advance(32 * BIT);
    expect(state.log).toEqual(['select 0', '12/8', '3456789a/32', 'deselect']);
    expect(received()).toEqual([0xed, 0xcba9_8765]);
    on(SMC | burst(4096));
    for (let word = 0; word < 64; word++) send(word);
    bench.advance(32 * 64 * BIT);
    expect(received()).toHaveLength(64);
    for (let word = 0; word < 64; word++) send(word);
    bench.advance(32 * 64 * BIT);
    expect([state.log.at(-1), state.log.filter((each) => each === 'deselect').length, status() & TC]).toEqual(['deselect', 2, TC]);
  });

  it('cuts words for devices of bytes, most significant first', () => {
    const state = attach(0, { ...recorder, wordBits: 8 });
    on(SMC | burst(32 + 16));
    send(0xabcd, 0x0102_0304);
    bench.advance(48 * BIT);
    expect(state.log).toEqual(['select 0', 'ab/8', 'cd/8', '1/8', '2/8', '3/8', '4/8', 'deselect']);
    expect(received()).toEqual([0x5432, 0xfefd_fcfb]);
  });

  it('keeps the flags of both FIFOs, counts them, and interrupts', () => {
    put(spi.device, CONREG, EN | MASTER | DIVIDERS | burst(32));
    put(spi.device, DMAREG, (3 << 16) | 2);
    put(spi.device, TESTREG, LBC);
    expect(status()).toBe(TE | TDR);
    put(spi.device, INTREG, TF);
    for (let word = 0; word < 64; word++) send(word);
    expect([status(), get(spi.device, TESTREG) & 0x7fff, irq()]).toEqual([TF, 64, true]);
    put(spi.device, CONFIGREG, 1 << 8);
    on(XCH | burst(32));
    expect([status() & TF, irq()]).toEqual([0, false]);
    put(spi.device, INTREG, RDR);
    bench.advance(3 * 32 * BIT);
    expect([status() & (RR | RDR), irq()]).toEqual([RR, false]);
    bench.advance(32 * BIT);
    expect([status() & (RR | RDR), irq()]).toEqual([RR | RDR, true]);
    put(spi.device, INTREG, TDR);
    bench.advance(56 * 32 * BIT);
    expect([status() & TDR, irq()]).toEqual([0, false]);
    bench.advance(32 * BIT);
    expect([status() & TDR, irq()]).toEqual([TDR, true]);
    put(spi.device, INTREG, TC);
    bench.advance(10 * 32 * BIT);
    expect([status() & (RF | TC), get(spi.device, TESTREG) & 0x7fff, irq()]).toEqual([RF | TC, 64 << 8, true]);
    put(spi.device, STATREG, TC);
    expect(irq()).toBe(false);
    put(spi.device, INTREG, RO);
    send(0xff);
    on(XCH | burst(32));
    bench.advance(32 * BIT);
    expect([status() & RO, irq()]).toEqual([RO, true]);
    expect(received()).toEqual(Array.from({ length: 64 }, (_, index) => index));
    put(spi.device, STATREG, RO);
    expect([status() & RO, irq()]).toEqual([0, false]);
    expect(bench.complaints).toEqual([]);
  });

  it('waits before a burst (CSD_CTL) and between bursts (SAMPLE_PERIOD), on SCLK or 32 kHz', () => {
    on(SMC | burst(8));
    put(spi.device, TESTREG, LBC);
    put(spi.device, PERIODREG, (5 << 16) | 10);
    send(1, 2);
    bench.advance((5 + 8) * BIT - 1);
    expect(status() & RR).toBe(0);
    bench.advance(1);
    expect(received()).toEqual([1]);
    bench.advance((10 + 8) * BIT - 1);
    expect(status() & RR).toBe(0);
    bench.advance(1);
    expect(received()).toEqual([2]);
    put(spi.device, PERIODREG, (1 << 15) | 4);
    send(3, 4);
    bench.advance(8 * BIT);
    expect(received()).toEqual([3]);
    bench.advance(8 * BIT + Math.floor((4 * 800e6) / 32_768));
    expect(received()).toEqual([]);
    bench.advance(1);
    expect(received()).toEqual([4]);
  });

  it('takes GPIOs as chip selects, which firmware drives', () => {
    const gpio = bench.make('GPIO5').device;
    put(gpio, 0x04, 1 << 13);
    put(gpio, 0x00, 1 << 13);
    const state = attach({ bank: 'GPIO5', pin: 13 }, recorder);
    const other = attach({ bank: 'GPIO5', pin: 14, activeHigh: true }, { ...recorder, name: 'other' });
    on(SMC | burst(8));
    put(gpio, 0x00, 0);
    send(1, 2);
    bench.advance(16 * BIT);
    put(gpio, 0x00, 1 << 13);
    expect(state.log).toEqual(['select 0', '1/8', '2/8', 'deselect']);
    expect(other.log).toEqual([]);
    expect(bench.complaints).toEqual([]);
    put(gpio, 0x04, 3 << 13);
    put(gpio, 0x00, 1 << 14);
    send(4);
    bench.advance(8 * BIT);
    expect(other.log).toEqual(['select 0', '4/8']);
    expect(bench.complaints).toEqual(['guest-error ECSPI2 SS']);
  });

  it('reads ones where no device is selected, and says so once', () => {
    attach(1, spiLoopback());
    on(SMC | burst(12));
    send(0, 0);
    bench.advance(24 * BIT);
    expect(received()).toEqual([0xfff, 0xfff]);
    expect(bench.diagnostics.all.map(({ kind, block, register, count }) => [kind, block, register, count])).toEqual([
      ['unimplemented', 'ECSPI2', 'SS0', 2],
    ]);
    put(spi.device, CONREG, (EN | (MASTER << 1) | DIVIDERS | SMC | (1 << 18) | burst(12)) >>> 0);
    send(0x123);
    bench.advance(12 * BIT);
    expect(received()).toEqual([0x123]);
  });

  it('resets everything but CONREG with EN', () => {
    const state = attach(0, recorder);
    on(SMC | burst(8));
    put(spi.device, DMAREG, 5);
    put(spi.device, INTREG, TE);
    send(1, 2, 3);
    bench.advance(4 * BIT);
    put(spi.device, CONREG, MASTER | DIVIDERS | SMC | burst(8));
    expect(state.log).toEqual(['select 0', 'deselect']);
    expect([get(spi.device, INTREG), get(spi.device, DMAREG), status(), irq()]).toEqual([0, 0, 3, false]);
    expect(get(spi.device, CONREG)).toBe(MASTER | DIVIDERS | SMC | burst(8));
    bench.advance(100 * BIT);
    expect(state.log).toHaveLength(2);
    send(9);
    expect(bench.diagnostics.all.map(({ text }) => text)).toEqual(['written while the block is disabled: the word is lost']);
  });

  it('reports what it does not do, and what the manual forbids', () => {
    on(HT | (1 << 16) | burst(8));
    put(spi.device, MSGDATA, 1);
    for (let word = 0; word < 65; word++) send(word);
    get(spi.device, RXDATA);
    expect(bench.diagnostics.all.map(({ kind, register, text }) => `${kind} ${register} ${text}`)).toEqual([
      'unimplemented CONREG HT mode is not modelled',
      'unimplemented CONREG SPI_RDY is not modelled',
      'unimplemented MSGDATA HT mode is not modelled',
      'guest-error TXDATA written while TXFIFO is full: the word is lost',
      'guest-error RXDATA read while RXFIFO is empty: the value means nothing',
    ]);
  });

  it('starts over with the SoC, its devices in their places', () => {
    const state = attach(0, recorder);
    on(SMC | burst(8));
    send(1);
    spi.reset();
    expect([get(spi.device, CONREG), status(), state.log]).toEqual([0, 3, ['select 0', 'deselect']]);
    bench.advance(100 * BIT);
    expect(spi.bus.devices).toHaveLength(1);
  });
});

describe('Ecspi as a slave', () => {
  const slave = (bits: number): boolean => put(spi.device, CONREG, (EN | burst(bits)) >>> 0);
  const transfer = (words: number[], bits: number, release = true): (() => readonly number[]) => {
    const id = spi.outside.request({ words, bits, hz: 4_000_000, gap: 0, release });
    return () => spi.outside.list.find((request) => request.id === id)!.received;
  };

  it('takes words from a master and answers with those of its TXFIFO, then zeroes', () => {
    slave(8);
    send(0x55, 0xaa);
    put(spi.device, INTREG, RR);
    const answers = transfer([1, 2, 0xff], 8);
    bench.advance(8 * BIT - 1);
    expect([irq(), answers()]).toEqual([false, []]);
    bench.advance(1);
    expect([irq(), answers(), received()]).toEqual([true, [0x55], [1]]);
    expect(irq()).toBe(false);
    bench.advance(17 * BIT);
    expect([answers(), received(), status() & TC]).toEqual([[0x55, 0xaa, 0], [2, 0xff], TC]);
    expect(bench.complaints).toEqual([]);
  });

  it('joins and parts words of another length', () => {
    slave(32);
    send(0x1234_5678);
    const answers = transfer([0xde, 0xad, 0xbe, 0xef], 8, false);
    bench.advance(40 * BIT);
    expect([answers(), received()]).toEqual([[0x12, 0x34, 0x56, 0x78], [0xdead_beef]]);
    slave(8);
    send(0x9a, 0xbc);
    const halves = transfer([0xcafe], 16);
    bench.advance(20 * BIT);
    expect([halves(), received()]).toEqual([[0x9abc], [0xca, 0xfe]]);
  });

  it.each([
    [0, []],
    [1, [0x5]],
  ])('keeps what a burst has begun when SS goes up with SS_CTL %i', (control, words) => {
    slave(8);
    put(spi.device, CONFIGREG, control << 8);
    transfer([0x5], 4);
    bench.advance(5 * BIT);
    expect(received()).toEqual(words);
  });

  it('overruns, hears nothing while it is off, and sends in the order in which it was asked', () => {
    const unheard = transfer([1], 8);
    bench.advance(9 * BIT);
    expect(unheard()).toEqual([0xff]);
    slave(8);
    const first = transfer(
      Array.from({ length: 65 }, (_, n) => n),
      8,
      false,
    );
    const second = transfer([0x77], 8);
    bench.advance(70 * 9 * BIT);
    expect([first().length, second().length, status() & (RF | RO)]).toEqual([65, 1, RF | RO]);
    expect(received()).toEqual(Array.from({ length: 64 }, (_, n) => n));
  });

  it('asks for DMA by its thresholds and for the tail of a transfer', () => {
    const seen: string[] = [];
    const { clocks, scheduler, diagnostics } = bench;
    const dmaRequest = (direction: string, level: boolean): void => void seen.push(`${direction} ${level}`);
    const definition = (id: string): SpiDevice => bench.devices.spi(id);
    const own = new Ecspi({
      ...{ name: 'ECSPI9', clock: 24_000_000, clocks, scheduler, diagnostics, pins: new Pins(), definition },
      ...{ interrupt: () => undefined, dmaRequest },
    });
    put(own.device, CONREG, (EN | MASTER | DIVIDERS | SMC | burst(8)) >>> 0);
    put(own.device, TESTREG, LBC);
    put(own.device, DMAREG, ((1 << 7) | (1 << 23) | (1 << 16)) >>> 0);
    expect(seen.splice(0)).toEqual(['transmit true']);
    for (const word of [1, 2, 3]) put(own.device, TXDATA, word);
    expect(seen.splice(0)).toEqual(['transmit false']);
    bench.advance(30 * BIT);
    expect(seen.splice(0)).toEqual(['receive true', 'transmit true']);
    get(own.device, RXDATA);
    get(own.device, RXDATA);
    expect(seen.splice(0)).toEqual(['receive false']);
    put(own.device, DMAREG, 0x8080_0000);
    expect(seen).toEqual(['receive true', 'transmit false']);
  });
});
