/** Devices that come with imx-sim, by what goes over their bus. */
import { describe, expect, it } from 'vitest';
import {
  type AttachedDevice,
  copyState,
  defineI2cDevice,
  defineSpiDevice,
  type I2cDevice,
  type SpiDevice,
} from '../../src/peripherals/attached/attached-device.ts';
import { DeviceDefinitions } from '../../src/peripherals/attached/definitions.ts';
import { eeprom } from '../../src/peripherals/attached/eeprom-24c.ts';
import { registerFile } from '../../src/peripherals/attached/register-file.ts';
import { spiFlash } from '../../src/peripherals/attached/spi-flash.ts';
import { spiLoopback } from '../../src/peripherals/attached/spi-loopback.ts';
import { tmp102 } from '../../src/peripherals/attached/tmp102.ts';

/** A master of one device, with a clock. */
class Master<S extends object> {
  now = 0;
  readonly device: I2cDevice<S>;
  readonly state: S;

  constructor(device: I2cDevice<S>) {
    this.device = device;
    this.state = copyState(device.state, device.name) as S;
  }

  /** Bytes that were acknowledged, the address first. */
  write(...bytes: number[]): boolean[] {
    const acknowledged = [this.device.start?.(this.state, 'write', this) !== false];
    if (acknowledged[0]) for (const byte of bytes) acknowledged.push(this.device.write(this.state, byte, this));
    return acknowledged;
  }

  read(count: number): number[] {
    expect(this.device.start?.(this.state, 'read', this)).not.toBe(false);
    const bytes = Array.from({ length: count }, () => this.device.read(this.state, this));
    this.stop();
    return bytes;
  }

  stop(): void {
    this.device.stop?.(this.state, this);
  }
}

describe('registerFile', () => {
  it('goes on from its pointer, which wraps, and takes one of 16 bits', () => {
    const small = new Master(registerFile({ size: 4, values: { 0: 10, 3: 13 } }));
    small.write(3, 33);
    expect(small.read(3)).toEqual([10, 0, 0]);
    small.write(3);
    expect(small.read(2)).toEqual([33, 10]);
    small.write(7);
    expect(small.read(1)).toEqual([33]);
    const large = new Master(registerFile({ size: 4096, pointerBits: 16 }));
    large.write(0x01, 0x02, 7, 8);
    large.write(0x01, 0x03);
    expect([large.read(1), large.state.registers[0x102]]).toEqual([[8], 7]);
  });
});

describe('eeprom', () => {
  it('wraps within a page, writes at STOP, and acknowledges nothing for the time of a write cycle', () => {
    const chip = new Master(eeprom('24C02', { contents: [1, 2, 3] }));
    expect(chip.write(0x0e, 10, 11, 12)).toEqual([true, true, true, true, true]);
    expect(chip.state.memory[0x0e]).toBe(0xff);
    chip.stop();
    expect([...chip.state.memory.subarray(0x08, 0x10)]).toEqual([12, 255, 255, 255, 255, 255, 10, 11]);
    expect(chip.write(0)).toEqual([false]);
    chip.now = 5e6 - 1;
    expect(chip.write(0)).toEqual([false]);
    chip.now = 5e6;
    expect(chip.write(0)).toEqual([true, true]);
    expect(chip.read(4)).toEqual([1, 2, 3, 255]);
    // The current address goes on, and wraps at the end.
    chip.write(0xff);
    expect(chip.read(2)).toEqual([255, 1]);
  });

  it('keeps the last bytes of too many for a page, and none that a START takes the place of STOP for', () => {
    const chip = new Master(eeprom('24C02'));
    chip.write(0, ...Array.from({ length: 10 }, (_, index) => index));
    chip.stop();
    expect([...chip.state.memory.subarray(0, 8)]).toEqual([8, 9, 2, 3, 4, 5, 6, 7]);
    chip.now = 1e9;
    chip.write(0x20, 1);
    chip.write(0x20);
    chip.stop();
    expect([chip.state.memory[0x20], chip.read(1)]).toEqual([0xff, [0xff]]);
  });

  it('has two bytes of address from 24C32 on, and a write cycle of one\u2019s own', () => {
    const chip = new Master(eeprom('24C512', { writeMs: 1 }));
    chip.write(0x12, 0x34, 0x56);
    chip.stop();
    chip.now = 1e6;
    chip.write(0x12, 0x34);
    expect([chip.read(1), chip.state.memory.length]).toEqual([[0x56], 65_536]);
  });
});

describe('tmp102', () => {
  const sensor = (celsius: number) => new Master(tmp102({ celsius }));
  const register = (chip: Master<object>, pointer: number): number => {
    chip.write(pointer);
    const [high, low] = chip.read(2);
    return high! * 256 + low!;
  };

  it.each([
    [127.9375, 0x7ff0],
    [25, 0x1900],
    [0.25, 0x0040],
    [-0.25, 0xffc0],
    [-25, 0xe700],
    [-55, 0xc900],
    [500, 0x7ff0],
  ])('shows %f degrees as the data sheet has it', (celsius, value) => {
    expect(register(sensor(celsius), 0)).toBe(value);
  });

  it('has 13 bits in extended mode, limits, an alert, and its reset values', () => {
    const chip = sensor(25);
    expect([0, 1, 2, 3].map((pointer) => register(chip, pointer))).toEqual([0x1900, 0x60a0, 0x4b00, 0x5000]);
    chip.state.celsius = 80;
    expect(register(chip, 1)).toBe(0x6080);
    chip.state.celsius = 76;
    expect(register(chip, 1)).toBe(0x6080);
    chip.state.celsius = 74;
    expect(register(chip, 1)).toBe(0x60a0);
    chip.write(1, 0x64, 0xb0);
    chip.state.celsius = 150;
    expect([register(chip, 0), register(chip, 1)]).toEqual([0x4b01, 0x6490]);
    chip.state.celsius = 160;
    expect(register(chip, 1)).toBe(0x64b0);
    chip.write(3, 0x10, 0x00);
    expect(register(chip, 3)).toBe(0x1000);
    // A one-shot conversion in shutdown mode is done when it is asked for.
    chip.write(1, 0xe1, 0xa0);
    expect(register(chip, 1) & 0x8100).toBe(0x8100);
  });
});

/** A master of one chip select. */
class Selector<S extends object> {
  now = 0;
  readonly mode = 0;
  readonly hz = 1e6;
  readonly state: S;
  readonly device: SpiDevice<S>;

  constructor(device: SpiDevice<S>) {
    this.device = device;
    this.state = copyState(device.state, device.name) as S;
  }

  send(...bytes: number[]): number[] {
    this.device.select?.(this.state, this);
    const answers = bytes.map((byte) => this.device.transfer(this.state, byte, 8, this));
    this.device.deselect?.(this.state, this);
    return answers;
  }
}

describe('spiFlash', () => {
  const [WREN, WRDI, RDSR, READ, FAST_READ, PROGRAM] = [0x06, 0x04, 0x05, 0x03, 0x0b, 0x02];
  const status = (chip: Selector<object>): number => chip.send(RDSR, 0)[1]!;

  it('identifies itself', () => {
    const chip = new Selector(spiFlash('W25Q32'));
    expect(chip.send(0x9f, 0, 0, 0)).toEqual([255, 0xef, 0x40, 0x16]);
    expect(chip.send(0x90, 0, 0, 0, 0, 0)).toEqual([255, 255, 255, 255, 0xef, 0x15]);
    expect(chip.send(0xab, 0, 0, 0, 0).at(-1)).toBe(0x15);
  });

  it('programs what is enabled, only from 1 to 0, and wraps within a page', () => {
    const chip = new Selector(spiFlash());
    chip.send(PROGRAM, 0, 1, 0xfe, 0x11);
    expect([status(chip), chip.send(READ, 0, 1, 0xfe, 0)[4]]).toEqual([0, 0xff]);
    chip.send(WREN);
    expect(status(chip)).toBe(2);
    chip.send(PROGRAM, 0, 1, 0xfe, 0x0f, 0x22, 0x33);
    expect(status(chip)).toBe(1);
    expect(chip.send(READ, 0, 1, 0xfe, 0)[4]).toBe(0xff);
    chip.now = 0.4e6;
    expect(status(chip)).toBe(0);
    expect(chip.send(READ, 0, 1, 0xfe, 0, 0).slice(4)).toEqual([0x0f, 0x22]);
    expect(chip.send(FAST_READ, 0, 1, 0, 0, 0).at(-1)).toBe(0x33);
    chip.send(WREN);
    chip.send(PROGRAM, 0, 1, 0xfe, 0xf1);
    chip.now = 1e6;
    expect(chip.send(READ, 0, 1, 0xfe, 0)[4]).toBe(0x01);
    chip.send(WREN);
    chip.send(WRDI);
    chip.send(PROGRAM, 0, 1, 0xfe, 0);
    expect(chip.send(READ, 0, 1, 0xfe, 0)[4]).toBe(0x01);
  });

  it('keeps the last bytes of too many for a page', () => {
    const chip = new Selector(spiFlash('W25Q80'));
    chip.send(WREN);
    chip.send(PROGRAM, 0, 0, 0, ...Array.from({ length: 258 }, (_, index) => index & 0xff));
    chip.now = 1e6;
    expect(chip.send(READ, 0, 0, 0, 0, 0, 0).slice(4)).toEqual([0, 1, 2]);
    chip.send(READ, 0, 0, 0);
    expect(chip.send(READ, 0, 0, 0xff, 0)[4]).toBe(0xff);
  });

  it.each([
    ['sector', 0x20, 0x1000, 45e6],
    ['half block', 0x52, 0x8000, 120e6],
    ['block', 0xd8, 0x1_0000, 150e6],
  ])('erases a %s in its time', (_what, command, size, ns) => {
    const chip = new Selector(spiFlash('W25Q16', { contents: new Uint8Array(0x3_0000) }));
    chip.send(WREN);
    chip.send(command, 0x01, 0x23, 0x45);
    const start = 0x1_2345 - (0x1_2345 % size);
    expect(status(chip)).toBe(1);
    chip.now = ns - 1;
    expect(chip.send(READ, 0, 0, 0, 0)[4]).toBe(0xff);
    chip.now = ns;
    expect(status(chip)).toBe(0);
    const at = (address: number): number => chip.send(READ, address >> 16, (address >> 8) & 0xff, address & 0xff, 0)[4]!;
    expect([at(start - 1), at(start), at(start + size - 1), at(start + size)]).toEqual([0, 0xff, 0xff, 0]);
  });

  it('erases the whole chip, stores its status registers, sleeps and wakes up', () => {
    const chip = new Selector(spiFlash('W25Q80', { contents: Uint8Array.of(1, 2, 3) }));
    chip.send(0x01, 0x1c);
    expect(status(chip)).toBe(0);
    chip.send(WREN);
    chip.send(0x01, 0x1c, 0x02);
    chip.now = 10e6;
    expect([status(chip), chip.send(0x35, 0)[1]]).toEqual([0x1c, 2]);
    chip.send(WREN);
    chip.send(0xc7);
    chip.now = 3e9;
    expect(chip.send(READ, 0, 0, 0, 0)[4]).toBe(0xff);
    chip.send(0xb9);
    expect(chip.send(0x9f, 0)[1]).toBe(0xff);
    chip.send(0xab);
    expect(chip.send(0x9f, 0)[1]).toBe(0xef);
  });

  it('answers any bytes without an exception', () => {
    const chip = new Selector(spiFlash('W25Q80'));
    for (let command = 0; command < 256; command++) {
      chip.send(WREN);
      const answers = chip.send(command, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
      for (const answer of answers) expect(answer).toBeGreaterThanOrEqual(0);
      chip.now += 1e10;
    }
  });
});

describe('spiLoopback', () => {
  it('sends back', () => {
    const wire = new Selector(spiLoopback());
    expect([wire.send(1, 2), wire.state.words]).toEqual([[1, 2], 2]);
  });
});

describe('DeviceDefinitions', () => {
  const i2c = defineI2cDevice({ name: 'mine', state: { a: 1 }, write: () => true, read: () => 0 });
  const spi = defineSpiDevice({ name: 'mine', state: {}, transfer: () => 0 });

  it('knows the ready-made ones, and each definition once, whatever its state', () => {
    const definitions = new DeviceDefinitions();
    expect(['register-file', 'eeprom-24c', 'tmp102'].map((name) => definitions.i2c(name).name)).toEqual([
      'register-file',
      'eeprom-24c',
      'tmp102',
    ]);
    expect(['spi-flash', 'spi-loopback'].map((name) => definitions.spi(name).name)).toEqual(['spi-flash', 'spi-loopback']);
    const names = [i2c, { ...i2c, state: { a: 2 } }, spi, i2c, tmp102({ celsius: 1 }), tmp102()].map((device: AttachedDevice) =>
      definitions.add(device),
    );
    expect(names).toEqual(['mine', 'mine', 'mine#2', 'mine', 'tmp102', 'tmp102']);
    expect(definitions.spi('mine#2')).toBe(spi);
  });

  it('tells what is wrong', () => {
    const definitions = new DeviceDefinitions([i2c]);
    expect(() => definitions.i2c('other')).toThrow('no device is called other');
    expect(() => definitions.spi('mine')).toThrow('mine is a device for I2C');
    expect(() => definitions.i2c('spi-flash')).toThrow('spi-flash is a device for SPI');
    for (const [what, state] of [
      ['function', { a: [() => 1] }],
      ['Map', { a: { b: new Map() } }],
      ['bigint', { a: 1n }],
      ['symbol', { a: Symbol('x') }],
      ['Float64Array', { a: new Float64Array(1) }],
    ] as const)
      expect(() => copyState(state, 'mine')).toThrow(`the state of mine holds a ${what}`);
    const bytes = new Uint8Array(2);
    const copy = copyState({ a: [{ b: bytes }], n: null, u: undefined }, 'mine');
    expect(copy).toEqual({ a: [{ b: bytes }], n: null, u: undefined });
    expect((copy['a'] as { b: Uint8Array }[])[0]!.b).not.toBe(bytes);
  });
});
