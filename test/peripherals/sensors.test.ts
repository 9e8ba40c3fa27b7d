import { describe, expect, it } from 'vitest';
import { copyState, type I2cDevice } from '../../src/peripherals/attached/attached-device.ts';
import { ds1337 } from '../../src/peripherals/attached/ds1337.ts';
import { fxas21002, fxos8700, mag3110, mma8451q, mpl3115 } from '../../src/peripherals/attached/nxp-sensors.ts';

/** A device as a master sees it, at a time. */
function wired(device: I2cDevice) {
  const state = copyState(device.state, device.name);
  let now = 0;
  const context = {
    get now() {
      return now;
    },
  };
  const begin = (register: number): void => {
    device.start?.(state, 'write', context);
    device.write(state, register, context);
  };
  return {
    state,
    at(seconds: number): void {
      now = seconds * 1e9;
    },
    write(register: number, ...bytes: number[]): void {
      begin(register);
      for (const byte of bytes) device.write(state, byte, context);
      device.stop?.(state, context);
    },
    read(register: number, count: number): number[] {
      begin(register);
      device.start?.(state, 'read', context);
      const bytes = Array.from({ length: count }, () => device.read(state, context));
      device.stop?.(state, context);
      return bytes;
    },
  };
}

const words = (bytes: number[]): number[] => bytes.flatMap((byte, index) => (index & 1 ? [] : [((byte << 24) >> 16) | bytes[index + 1]!]));

describe('accelerometers', () => {
  it.each([
    ['MMA8451Q', mma8451q, 0x1a],
    ['FXOS8700', fxos8700, 0xc7],
  ])('%s has 14 bits in its range once it is active', (_name, make, id) => {
    const sensor = wired(make({ acceleration: [0.5, -0.25, 1] }));
    expect([sensor.read(0x0d, 1), sensor.read(0x00, 7)]).toEqual([[id], [0, 0, 0, 0, 0, 0, 0]]);
    sensor.write(0x2a, 1);
    expect(sensor.read(0x00, 1)).toEqual([0x0f]);
    expect(words(sensor.read(0x01, 6)).map((value) => value >> 2)).toEqual([2048, -1024, 4096]);
    sensor.write(0x0e, 2);
    expect(words(sensor.read(0x01, 6)).map((value) => value >> 2)).toEqual([512, -256, 1024]);
    sensor.state.acceleration = [9, -9, 0];
    expect(words(sensor.read(0x01, 6)).map((value) => value >> 2)).toEqual([8191, -8192, 0]);
    sensor.write(0x2b, 0x40);
    expect([sensor.read(0x2a, 2), sensor.read(0x0e, 1)]).toEqual([[0, 0], [0]]);
  });

  it('MMA8451Q leaves lower bytes out in fast reads', () => {
    const sensor = wired(mma8451q({ acceleration: [0.5, -0.25, 1] }));
    sensor.write(0x2a, 3);
    expect(sensor.read(0x01, 4)).toEqual([0x20, 0xf0, 0x40, 0x0f]);
  });

  it('FXOS8700 reads both sensors at once in hybrid mode, and what is on alone', () => {
    const sensor = wired(fxos8700({ acceleration: [0, 0, 1], field: [20, 0, -40.1] }));
    sensor.write(0x5b, 0x1f, 0x20);
    sensor.write(0x2a, 1);
    expect(words(sensor.read(0x01, 12))).toEqual([0, 0, 0x4000, 200, 0, -401]);
    sensor.write(0x5b, 0);
    expect([sensor.read(0x32, 1), words(sensor.read(0x33, 6))]).toEqual([[0], [0, 0, 0]]);
    sensor.write(0x5b, 1);
    expect([sensor.read(0x00, 1), sensor.read(0x32, 1)]).toEqual([[0], [0x0f]]);
  });
});

describe('other sensors', () => {
  it('FXAS21002 has rates by its range', () => {
    const sensor = wired(fxas21002({ rotation: [10, -20, 300] }));
    expect(sensor.read(0x0c, 1)).toEqual([0xd7]);
    sensor.write(0x13, 2);
    expect(words(sensor.read(0x01, 6))).toEqual([160, -320, 4800]);
    sensor.write(0x0d, 3);
    expect(words(sensor.read(0x01, 6))).toEqual([1280, -2560, 32_767]);
    expect([sensor.read(0x00, 1), sensor.read(0x12, 1)]).toEqual([[0x0f], [25]]);
  });

  it('MAG3110 has tenths of a microtesla', () => {
    const sensor = wired(mag3110({ field: [1.5, -2, 3] }));
    sensor.write(0x10, 1);
    expect([sensor.read(0x07, 2), words(sensor.read(0x01, 6))]).toEqual([
      [0xc4, 1],
      [15, -20, 30],
    ]);
    sensor.write(0x10, 5);
    expect(sensor.read(0x01, 4)).toEqual([0, 0xff, 0, 0x0f]);
  });

  it('MPL3115A2 has pressure, altitude and temperature', () => {
    const sensor = wired(mpl3115({ pascal: 101_325.25, metres: -12.5, celsius: -3.25 }));
    expect(sensor.read(0x0c, 1)).toEqual([0xc4]);
    sensor.write(0x26, 1);
    const [high = 0, middle = 0, low = 0, ...temperature] = sensor.read(0x01, 5);
    expect(((high << 16) | (middle << 8) | low) / 64).toBe(101_325.25);
    expect(words(temperature)).toEqual([-3.25 * 256]);
    sensor.write(0x26, 0x81);
    const [upper = 0, lower = 0, fraction = 0] = sensor.read(0x01, 3);
    expect(((upper << 24) | (lower << 16) | (fraction << 8)) / 65_536).toBe(-12.5);
  });
});

describe('DS1337', () => {
  it('counts seconds to years', () => {
    const clock = wired(ds1337());
    expect(clock.read(0, 7)).toEqual([0, 0, 0, 7, 1, 1, 0]);
    clock.at(86_399.9);
    expect(clock.read(0, 7)).toEqual([0x59, 0x59, 0x23, 7, 1, 1, 0]);
    clock.at(86_400);
    expect(clock.read(0, 7)).toEqual([0, 0, 0, 1, 2, 1, 0]);
    clock.at(366 * 86_400);
    expect(clock.read(4, 3)).toEqual([1, 1, 1]);
  });

  it.each([
    [[0x58, 0x59, 0x23, 3, 0x28, 0x02, 0x24], 3, [1, 0, 0, 4, 0x29, 0x02, 0x24]],
    [[0x58, 0x59, 0x23, 3, 0x28, 0x02, 0x23], 3, [1, 0, 0, 4, 1, 0x03, 0x23]],
    [[0x59, 0x59, 0x23, 7, 0x31, 0x12, 0x99], 1, [0, 0, 0, 1, 1, 0x81, 0]],
  ])('goes on from what was written: %j', (set, seconds, then) => {
    const clock = wired(ds1337());
    clock.at(5.5);
    clock.write(0, ...set);
    expect(clock.read(0, 7)).toEqual(set);
    clock.at(5.5 + seconds);
    expect(clock.read(0, 7)).toEqual(then);
  });

  it('holds its other registers', () => {
    const clock = wired(ds1337({ seconds: 3600 }));
    clock.write(0x0e, 0x18, 0x80);
    expect([clock.read(0x0e, 3), clock.read(2, 1)]).toEqual([[0x18, 0x80, 0], [1]]);
  });
});
