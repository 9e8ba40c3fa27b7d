import { beforeEach, describe, expect, it } from 'vitest';
import { copyState, defineI2cDevice, type I2cDevice } from '../../src/peripherals/attached/attached-device.ts';
import { registerFile } from '../../src/peripherals/attached/register-file.ts';
import type { ImxI2c } from '../../src/peripherals/imx-i2c.ts';
import { Bench } from './bench.ts';

const [IADR, IFDR, I2CR, I2SR, I2DR] = [0x00, 0x04, 0x08, 0x0c, 0x10];
const [RSTA, TXAK, MTX, MSTA, IIEN, IEN] = [1 << 2, 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7];
const [RXAK, IIF, SRW, IAL, IBB, IAAS, ICF] = [1, 1 << 1, 1 << 2, 1 << 4, 1 << 5, 1 << 6, 1 << 7];

/** SCL of 24 MHz / 240 = 100 kHz: 8000 cycles of 800 MHz a bit. */
const IC_240 = 0x0f;
const BIT = 8000;

let bench: Bench;
let i2c: ImxI2c;
beforeEach(() => {
  bench = new Bench();
  i2c = bench.make('I2C3').i2c!;
});

const get = (offset: number): number => i2c.device.read(offset, 2);
const put = (offset: number, value: number): boolean => i2c.device.write(offset, value, 2);
const irq = (): boolean => bench.line('I2C3');

function attach<S extends object>(address: number, device: I2cDevice<S>): S {
  const id = bench.devices.add(device);
  i2c.bus.attach(address, id, copyState(device.state, id));
  return i2c.bus.at(address)!.state as S;
}

/** Switches the block on, as NXP's driver does, at 100 kbit/s. */
function enable(): void {
  put(IFDR, IC_240);
  put(I2CR, IEN);
}

/** Waits for IIF and clears it; the status before. */
function byteDone(): number {
  for (let bits = 0; !(get(I2SR) & IIF); bits++) {
    expect(bits, 'IIF within 20 bits').toBeLessThan(20);
    bench.advance(BIT);
  }
  const status = get(I2SR);
  put(I2SR, status & ~IIF);
  return status;
}

/** START with an address byte. */
function start(addressByte: number): number {
  put(I2CR, get(I2CR) | MSTA | MTX);
  put(I2DR, addressByte);
  return byteDone();
}

function restart(addressByte: number): number {
  put(I2CR, get(I2CR) | RSTA | MTX);
  put(I2DR, addressByte);
  return byteDone();
}

function write(byte: number): number {
  put(I2DR, byte);
  return byteDone();
}

function stop(): void {
  put(I2CR, get(I2CR) & ~(MSTA | MTX | TXAK));
  expect(get(I2SR) & IBB).toBe(IBB);
  bench.advance(BIT);
  expect(get(I2SR) & IBB).toBe(0);
}

/** Reads bytes in the way that the manual prescribes: NACK before the last is begun, STOP before it is read. */
function readBytes(count: number): number[] {
  put(I2CR, (get(I2CR) & ~(MTX | TXAK)) | (count === 1 ? TXAK : 0));
  get(I2DR);
  const bytes: number[] = [];
  for (let left = count; left > 0; left--) {
    byteDone();
    if (left === 1) stop();
    if (left === 2) put(I2CR, get(I2CR) | TXAK);
    bytes.push(get(I2DR));
  }
  return bytes;
}

describe('ImxI2c as master', () => {
  it('shows the reset values of the manual and zeros beside its 16 bits', () => {
    expect([IADR, IFDR, I2CR, I2SR, I2DR].map(get)).toEqual([0, 0, 0, ICF | RXAK, 0]);
    expect(i2c.device.read(I2SR, 4)).toBe(ICF | RXAK);
    put(IADR, 0xffff);
    put(IFDR, 0xffff);
    expect([get(IADR), get(IFDR)]).toEqual([0xfe, 0x3f]);
  });

  it('writes and reads back registers of a device, with a repeated START between', () => {
    const state = attach(0x50, registerFile({ values: { 7: 0xaa } }));
    enable();
    expect(start(0xa0) & (RXAK | ICF | IBB)).toBe(ICF | IBB);
    for (const byte of [0x05, 0x11, 0x22]) expect(write(byte) & RXAK).toBe(0);
    stop();
    expect([...state.registers.slice(5, 8)]).toEqual([0x11, 0x22, 0xaa]);
    start(0xa0);
    write(0x05);
    expect(restart(0xa1) & RXAK).toBe(0);
    expect(readBytes(3)).toEqual([0x11, 0x22, 0xaa]);
    expect(i2c.bus.transactions.map(({ direction, bytes, acknowledged }) => [direction, acknowledged, ...bytes])).toEqual([
      ['write', true, 0x05, 0x11, 0x22],
      ['write', true, 0x05],
      ['read', true, 0x11, 0x22, 0xaa],
    ]);
    expect(bench.complaints).toEqual([]);
  });

  it('ends a read as Zephyr does, too: MTX before the last byte is read, which then begins no other', () => {
    attach(0x50, registerFile({ values: { 0: 7, 1: 8 } }));
    enable();
    start(0xa0);
    write(0);
    restart(0xa1);
    put(I2CR, get(I2CR) & ~(MTX | TXAK));
    get(I2DR);
    byteDone();
    put(I2CR, get(I2CR) | TXAK);
    expect(get(I2DR)).toBe(7);
    expect(byteDone() & RXAK).toBe(RXAK);
    put(I2CR, (get(I2CR) & ~TXAK) | MTX);
    expect(get(I2DR)).toBe(8);
    bench.advance(20 * BIT);
    expect(get(I2SR) & (IIF | ICF | IBB)).toBe(ICF | IBB);
    stop();
    expect(i2c.bus.transactions.at(-1)!.bytes).toEqual([7, 8]);
    expect(bench.complaints).toEqual([]);
  });

  it('takes nine bits for a byte and one for a START, by IFDR and the clock root', () => {
    attach(0x50, registerFile());
    enable();
    expect(i2c.hz).toBe(100_000);
    put(I2CR, IEN | MSTA | MTX);
    expect(get(I2SR) & IBB).toBe(0);
    put(I2DR, 0xa0);
    bench.advance(BIT);
    expect(get(I2SR) & (IBB | ICF)).toBe(IBB);
    bench.advance(9 * BIT - 1);
    expect(get(I2SR) & (IIF | ICF)).toBe(0);
    bench.advance(1);
    expect(get(I2SR) & (IIF | ICF)).toBe(IIF | ICF);
    // The SDK's choice for 400 kHz from SYS_PLL1_DIV5 / 10 = 16 MHz.
    bench.make('CCM').device.write(0x8000 + 128 * 92, 0x1100_0009, 4);
    put(IFDR, 0x26);
    expect(i2c.hz).toBe(400_000);
  });

  it('interrupts with IIF while IIEN and IEN are set, until IIF is written as 0', () => {
    attach(0x50, registerFile());
    enable();
    put(I2CR, IEN | IIEN | MSTA | MTX);
    put(I2DR, 0xa0);
    bench.advance(10 * BIT);
    expect(irq()).toBe(true);
    put(I2CR, IEN | MSTA | MTX);
    expect(irq()).toBe(false);
    put(I2CR, IEN | IIEN | MSTA | MTX);
    expect(irq()).toBe(true);
    put(I2SR, 0xff);
    expect(irq()).toBe(true);
    put(I2SR, 0);
    expect([irq(), get(I2SR) & ICF]).toEqual([false, ICF]);
  });

  it('gets no acknowledgement where nobody is, and says so once', () => {
    enable();
    expect(start(0x90) & RXAK).toBe(RXAK);
    stop();
    expect(start(0x91) & RXAK).toBe(RXAK);
    expect(readBytes(2)).toEqual([0xff, 0xff]);
    expect(bench.diagnostics.all.map(({ kind, block, register, count }) => [kind, block, register, count])).toEqual([
      ['unimplemented', 'I2C3', 'address 0x48', 2],
    ]);
  });

  it('hands devices directions, refusals and STOP, and leaves the state plain', () => {
    const device = defineI2cDevice({
      name: 'picky',
      state: { log: [] as string[], sent: 0 },
      start: (state, direction, { now }) => {
        state.log.push(`${direction} ${now}`);
        return true;
      },
      write: (state, byte) => {
        state.log.push(`byte ${byte}`);
        return byte < 2;
      },
      read: (state) => ++state.sent,
      stop: (state) => void state.log.push('stop'),
    });
    const state = attach(0x10, device);
    enable();
    start(0x20);
    expect([write(1) & RXAK, write(2) & RXAK]).toEqual([0, RXAK]);
    restart(0x21);
    expect(readBytes(2)).toEqual([1, 2]);
    // START and nine bits; two bytes; another START and nine bits.
    expect(state).toEqual({ log: ['write 100000', 'byte 1', 'byte 2', 'read 380000', 'stop'], sent: 2 });
    expect(i2c.bus.transactions[0]!.refused).toBe(true);
    expect(device.state.log).toEqual([]);
  });

  it('loses arbitration to another master: IAL, slave mode, a bus that is busy for a while', () => {
    const state = attach(0x50, registerFile());
    enable();
    put(I2CR, IEN | IIEN);
    start(0xa0);
    write(0);
    i2c.loseArbitration();
    put(I2DR, 0x55);
    bench.advance(9 * BIT);
    expect(get(I2SR) & (IAL | IIF | IBB)).toBe(IAL | IIF | IBB);
    expect([get(I2CR) & MSTA, irq(), state.registers[0]]).toEqual([0, true, 0]);
    put(I2SR, 0);
    expect(get(I2SR) & (IAL | IIF)).toBe(0);
    bench.advance(10 * BIT);
    expect(get(I2SR) & IBB).toBe(0);
    expect(start(0xa0) & (RXAK | IAL)).toBe(0);
  });

  it('loses arbitration for a START on a busy bus and for a repeated START without one', () => {
    enable();
    i2c.hold(true);
    expect(get(I2SR) & IBB).toBe(IBB);
    put(I2CR, IEN | MSTA | MTX);
    expect([get(I2SR) & (IAL | IIF), get(I2CR) & MSTA]).toEqual([IAL | IIF, 0]);
    i2c.hold(false);
    put(I2SR, 0);
    expect(get(I2SR) & (IBB | IAL)).toBe(0);
    put(I2CR, IEN | RSTA | MTX);
    expect([get(I2SR) & IAL, get(I2CR) & RSTA]).toEqual([IAL, 0]);
  });

  it('ends a transfer with STOP also when MSTA is cleared within a byte, and everything with IEN', () => {
    const device = defineI2cDevice({
      name: 'stops',
      state: { stops: 0 },
      write: () => true,
      read: () => 0,
      stop: (state) => void state.stops++,
    });
    const state = attach(0x50, device);
    enable();
    put(I2CR, IEN | MSTA | MTX);
    put(I2DR, 0xa0);
    bench.advance(5 * BIT);
    put(I2CR, IEN);
    bench.advance(6 * BIT);
    expect([state.stops, get(I2SR) & IBB]).toEqual([1, 0]);
    put(I2SR, 0);
    start(0xa0);
    put(I2CR, MSTA | MTX);
    expect([state.stops, get(I2SR)]).toEqual([2, ICF | RXAK]);
    bench.advance(20 * BIT);
    expect(get(I2SR)).toBe(ICF | RXAK);
    expect(get(IFDR)).toBe(IC_240);
  });

  it('stands still without a clock', () => {
    attach(0x50, registerFile());
    enable();
    bench.make('CCM').device.write(0x8000 + 128 * 92, 0, 4);
    put(I2CR, IEN | MSTA | MTX);
    put(I2DR, 0xa0);
    bench.milliseconds(100);
    expect(get(I2SR) & (IBB | IIF)).toBe(0);
  });

  it('reports what the manual forbids', () => {
    attach(0x50, registerFile());
    put(I2DR, 1);
    enable();
    put(I2DR, 1);
    put(I2CR, IEN | MTX);
    put(I2DR, 1);
    start(0xa0);
    put(I2DR, 1);
    put(I2DR, 2);
    byteDone();
    expect(readBytes(1)).toEqual([0xff]);
    start(0xa1);
    expect(write(3) & RXAK).toBe(RXAK);
    expect(bench.diagnostics.all.map(({ text }) => text)).toEqual([
      'written while the block is disabled',
      'written in receive mode',
      'written without owning the bus',
      'written while a byte is being transferred: it is lost',
      'read in receive mode without an address with the read bit before: nobody drives SDA',
      'written after an address with the read bit: both sides drive SDA',
    ]);
  });
});

describe('ImxI2c as target', () => {
  const request = (address: number, written: number[], read = 0): number => i2c.outside.request(address, written, read, 100_000);
  const result = () => i2c.outside.list.at(-1)!;

  beforeEach(() => {
    put(IADR, 0x7e << 1);
    put(I2CR, IEN | IIEN);
    put(I2SR, 0);
  });

  it('takes bytes of an outside master, holding SCL until I2DR is read', () => {
    request(0x7e, [0x31, 0x32]);
    expect(get(I2SR) & IBB).toBe(0);
    bench.advance(BIT);
    expect(get(I2SR) & IBB).toBe(IBB);
    bench.advance(10 * BIT);
    expect(get(I2SR) & (IAAS | IIF | ICF | SRW | RXAK)).toBe(IAAS | IIF | ICF);
    expect(irq()).toBe(true);
    put(I2SR, 0);
    put(I2CR, IEN | IIEN);
    expect(get(I2SR) & IAAS).toBe(0);
    bench.milliseconds(10);
    expect(get(I2SR) & IIF).toBe(0);
    get(I2DR);
    expect(get(I2SR) & ICF).toBe(0);
    for (const expected of [0x31, 0x32]) {
      bench.advance(9 * BIT);
      expect(get(I2SR) & (IIF | ICF | IAAS | RXAK)).toBe(IIF | ICF);
      put(I2SR, 0);
      expect(result().done).toBe(false);
      expect(get(I2DR)).toBe(expected);
    }
    bench.advance(BIT);
    expect([get(I2SR) & IBB, result().done, result().written]).toEqual([0, true, 2]);
    expect(bench.complaints).toEqual([]);
  });

  it('sends bytes to an outside master until that does not acknowledge', () => {
    request(0x7e, [], 2);
    bench.advance(11 * BIT);
    expect(get(I2SR) & (IAAS | SRW | IIF)).toBe(IAAS | SRW | IIF);
    put(I2SR, 0);
    // NXP's polling driver reads here before it sets MTX, which lets nothing go.
    get(I2DR);
    put(I2CR, IEN | IIEN | MTX);
    put(I2DR, 0x41);
    bench.advance(9 * BIT);
    expect(get(I2SR) & (IIF | RXAK)).toBe(IIF);
    put(I2SR, 0);
    put(I2DR, 0x42);
    bench.advance(9 * BIT);
    expect(get(I2SR) & (IIF | RXAK)).toBe(IIF | RXAK);
    put(I2SR, 0);
    put(I2CR, IEN | IIEN);
    get(I2DR);
    bench.advance(BIT);
    expect(get(I2SR) & IBB).toBe(0);
    expect(result()).toMatchObject({ done: true, acknowledged: true, received: [0x41, 0x42] });
  });

  it('reads after a write with a repeated START, refuses bytes with TXAK, and does not answer to other addresses', () => {
    request(0x7e, [0x10], 1);
    bench.advance(11 * BIT);
    put(I2CR, IEN);
    get(I2DR);
    bench.advance(9 * BIT);
    expect(get(I2DR)).toBe(0x10);
    bench.advance(10 * BIT);
    expect(get(I2SR) & (IAAS | SRW)).toBe(IAAS | SRW);
    put(I2CR, IEN | MTX);
    put(I2DR, 0x99);
    bench.advance(10 * BIT);
    expect(result()).toMatchObject({ done: true, written: 1, received: [0x99] });

    put(I2CR, IEN | TXAK);
    request(0x7e, [1, 2, 3]);
    bench.advance(11 * BIT);
    get(I2DR);
    bench.advance(10 * BIT);
    expect(result()).toMatchObject({ done: true, acknowledged: true, written: 0 });

    request(0x20, [1]);
    bench.advance(12 * BIT);
    expect(result()).toMatchObject({ done: true, acknowledged: false });
  });

  it('keeps outside masters waiting while it owns the bus, and comes to nothing when it leaves', () => {
    attach(0x50, registerFile());
    enable();
    start(0xa0);
    request(0x7e, [5]);
    bench.advance(30 * BIT);
    expect(result().done).toBe(false);
    expect(get(I2SR) & IAAS).toBe(0);
    stop();
    bench.advance(11 * BIT);
    expect(get(I2SR) & (IAAS | IBB)).toBe(IAAS | IBB);
    put(I2CR, 0);
    expect(result()).toMatchObject({ done: true, written: 0 });
    expect(get(I2SR)).toBe(ICF | RXAK);
  });
});
