/**
 * Sensors of NXP's boards on I2C: MMA8451Q and FXOS8700 (acceleration, field), FXAS21002 (rotation), MAG3110 (field), MPL3115A2 (pressure).
 *
 * Described in their data sheets. A test sets what they feel; data follow that at once while the sensor is active, and read 0 in standby. Not modelled:
 * data rates and noise, FIFOs, thresholds and events, interrupt pins, calibration offsets.
 */
import { defineI2cDevice, type I2cDevice } from './attached-device.ts';

/** Three axes. */
export type Axes = [x: number, y: number, z: number];

/** State of such a sensor: what it feels, of which each feels a part, and its registers. */
export interface SensorState {
  /** In g. */
  acceleration: Axes;
  /** In microtesla. */
  field: Axes;
  /** In degrees per second. */
  rotation: Axes;
  celsius: number;
  pascal: number;
  /** Altitude, which the MPL3115A2 computes from the pressure, and which here is what a test says. */
  metres: number;
  registers: Uint8Array;
  pointer: number;
  /** The pointer has come since START. */
  pointed: boolean;
}

/** What a sensor is made of. */
interface Sensor {
  readonly name: string;
  /** Contents after a reset, by register. */
  readonly resets: Readonly<Record<number, number>>;
  /** Bit of a register that resets the sensor, and reads as 0. */
  readonly reset?: readonly [register: number, bit: number];
  /** Value of a register that is made when it is read; undefined for one that holds what was written. */
  readonly value: (state: SensorState, register: number) => number | undefined;
  /** The register that follows one. */
  readonly next?: (state: SensorState, register: number) => number;
}

const SIZE = 128;
const NO_AXES: Axes = [0, 0, 0];

function registersOf({ resets }: Sensor): Uint8Array {
  const registers = new Uint8Array(SIZE);
  for (const [register, value] of Object.entries(resets)) registers[Number(register)] = value;
  return registers;
}

function define(sensor: Sensor): I2cDevice<SensorState> {
  const step = (state: SensorState): void => {
    state.pointer = (sensor.next?.(state, state.pointer) ?? state.pointer + 1) % SIZE;
  };
  return defineI2cDevice<SensorState>({
    name: sensor.name,
    state: {
      acceleration: [0, 0, 1],
      field: [20, 0, -40],
      rotation: [0, 0, 0],
      celsius: 25,
      pascal: 101_325,
      metres: 0,
      registers: registersOf(sensor),
      pointer: 0,
      pointed: false,
    },
    start(state) {
      state.pointed = false;
      return true;
    },
    write(state, byte) {
      if (!state.pointed) {
        state.pointer = byte % SIZE;
        state.pointed = true;
        return true;
      }
      const [register, bit] = sensor.reset ?? [-1, 0];
      if (state.pointer === register && byte & bit) state.registers = registersOf(sensor);
      else state.registers[state.pointer] = byte;
      step(state);
      return true;
    },
    read(state) {
      const value = sensor.value(state, state.pointer) ?? state.registers[state.pointer]!;
      step(state);
      return value & 0xff;
    },
  });
}

/** Byte `index` (most significant first) of the axes as 16-bit words of `counts` each. */
function axesByte(axes: Axes, counts: (value: number) => number, index: number): number {
  const word = counts(axes[index >> 1]!);
  return index & 1 ? word & 0xff : (word >> 8) & 0xff;
}

/** A whole number of `unit`s in `bits` bits, the rest of 16 bits being 0. */
function scaled(value: number, unit: number, bits: number): number {
  const limit = 2 ** (bits - 1);
  return Math.max(-limit, Math.min(limit - 1, Math.round(value / unit))) << (16 - bits);
}

/** New data on all axes, or none. */
const READY = 0x0f;

/** Acceleration in 14 bits by the range in XYZ_DATA_CFG. */
function accelerationByte(state: SensorState, index: number): number {
  const unit = 2 ** (state.registers[0x0e]! & 3) / 4096;
  return axesByte(state.acceleration, (g) => scaled(g, unit, 14), index);
}

const fieldByte = (axes: Axes, index: number): number => axesByte(axes, (microtesla) => scaled(microtesla, 0.1, 16), index);
const within = (register: number, first: number, count: number): boolean => register >= first && register < first + count;

/** MMA8451Q: accelerometer; with F_READ of CTRL_REG1 only the upper bytes are read. */
export const MMA8451Q = define({
  name: 'mma8451q',
  resets: { 13: 0x1a },
  reset: [0x2b, 0x40],
  value(state, register) {
    const active = state.registers[0x2a]! & 1;
    if (register === 0x00) return active ? READY : 0;
    if (register === 0x0b) return active;
    if (register === 0x0d) return 0x1a;
    if (!within(register, 0x01, 6)) return undefined;
    return active ? accelerationByte(state, register - 1) : 0;
  },
  next(state, register) {
    const fast = (state.registers[0x2a]! & 2) !== 0;
    if (register === (fast ? 0x05 : 0x06)) return 0x00;
    return fast && within(register, 0x01, 5) ? register + 2 : register + 1;
  },
});

/** FXOS8700: accelerometer and magnetometer, by the mode in M_CTRL_REG1. */
export const FXOS8700 = define({
  name: 'fxos8700',
  resets: { 13: 0xc7 },
  reset: [0x2b, 0x40],
  value(state, register) {
    const active = (state.registers[0x2a]! & 1) !== 0;
    const mode = state.registers[0x5b]! & 3;
    const [accelerometer, magnetometer] = [active && mode !== 1, active && (mode & 1) !== 0];
    if (register === 0x00) return accelerometer ? READY : 0;
    if (register === 0x0b) return active ? 1 : 0;
    if (register === 0x0d) return 0xc7;
    if (register === 0x32) return magnetometer ? READY : 0;
    if (register === 0x51) return scaled(state.celsius, 0.96, 8) >> 8;
    if (within(register, 0x01, 6)) return accelerometer ? accelerationByte(state, register - 0x01) : 0;
    if (within(register, 0x33, 6)) return fieldByte(magnetometer ? state.field : NO_AXES, register - 0x33);
    return undefined;
  },
  next(state, register) {
    // M_CTRL_REG2.hyb_autoinc_mode: both sensors in one read.
    if (register === 0x06) return state.registers[0x5c]! & 0x20 ? 0x33 : 0x00;
    return register === 0x38 ? 0x00 : register + 1;
  },
});

/** FXAS21002: gyroscope; CTRL_REG0.FS gives 2000, 1000, 500 or 250 degrees per second. */
export const FXAS21002 = define({
  name: 'fxas21002',
  resets: { 12: 0xd7 },
  reset: [0x13, 0x40],
  value(state, register) {
    const active = (state.registers[0x13]! & 2) !== 0;
    if (register === 0x00 || register === 0x07) return active ? READY : 0;
    if (register === 0x0c) return 0xd7;
    if (register === 0x12) return Math.round(state.celsius);
    if (!within(register, 0x01, 6)) return undefined;
    const unit = 0.0625 / 2 ** (state.registers[0x0d]! & 3);
    return active ? axesByte(state.rotation, (rate) => scaled(rate, unit, 16), register - 1) : 0;
  },
  next: (state, register) => (register === 0x06 ? (state.registers[0x15]! >> 3) & 1 : register + 1),
});

/** MAG3110: magnetometer; with FR of CTRL_REG1 only the upper bytes are read. */
export const MAG3110 = define({
  name: 'mag3110',
  resets: { 7: 0xc4 },
  value(state, register) {
    const active = (state.registers[0x10]! & 1) !== 0;
    if (register === 0x00) return active ? READY : 0;
    if (register === 0x07) return 0xc4;
    if (register === 0x08) return active ? 1 : 0;
    if (register === 0x0f) return Math.round(state.celsius);
    return within(register, 0x01, 6) ? fieldByte(active ? state.field : NO_AXES, register - 1) : undefined;
  },
  next(state, register) {
    const fast = (state.registers[0x10]! & 4) !== 0;
    if (fast && within(register, 0x01, 5)) return register === 0x05 ? 0x00 : register + 2;
    return register === 0x11 ? 0x00 : register + 1;
  },
});

/** MPL3115A2: pressure or, with ALT of CTRL_REG1, altitude; temperature. */
export const MPL3115 = define({
  name: 'mpl3115',
  resets: { 12: 0xc4, 20: 0xc5, 21: 0xe7 },
  reset: [0x26, 0x04],
  value(state, register) {
    const control = state.registers[0x26]!;
    const active = (control & 1) !== 0;
    if (register === 0x00 || register === 0x06) return active ? 0x0e : 0;
    if (register === 0x0c) return 0xc4;
    if (register === 0x11) return active ? 1 : 0;
    if (!within(register, 0x01, 5)) return undefined;
    if (!active) return 0;
    if (register >= 0x04) return axesByte([state.celsius, 0, 0], (celsius) => scaled(celsius, 1 / 16, 12), register - 0x04);
    // 20 bits from the top of 24: sixteenths of a metre, or quarters of a pascal.
    const counts = control & 0x80 ? Math.round(state.metres * 16) : Math.round(state.pascal * 4);
    return ((counts << 4) >> (8 * (0x03 - register))) & 0xff;
  },
  next: (_state, register) => (register === 0x05 ? 0x00 : register + 1),
});

type Felt = Partial<Pick<SensorState, 'acceleration' | 'field' | 'rotation' | 'celsius' | 'pascal' | 'metres'>>;

function feeling(device: I2cDevice<SensorState>, felt: Felt): I2cDevice<SensorState> {
  return { ...device, state: { ...device.state, ...felt } };
}

/** An MMA8451Q (0x1C or 0x1D); level unless given. */
export const mma8451q = (felt: Pick<Felt, 'acceleration'> = {}): I2cDevice<SensorState> => feeling(MMA8451Q, felt);
/** An FXOS8700 (0x1C to 0x1F). */
export const fxos8700 = (felt: Pick<Felt, 'acceleration' | 'field' | 'celsius'> = {}): I2cDevice<SensorState> => feeling(FXOS8700, felt);
/** An FXAS21002 (0x20 or 0x21); at rest unless given. */
export const fxas21002 = (felt: Pick<Felt, 'rotation' | 'celsius'> = {}): I2cDevice<SensorState> => feeling(FXAS21002, felt);
/** A MAG3110 (0x0E). */
export const mag3110 = (felt: Pick<Felt, 'field' | 'celsius'> = {}): I2cDevice<SensorState> => feeling(MAG3110, felt);
/** An MPL3115A2 (0x60); 1013.25 hPa at 25 degrees unless given. */
export const mpl3115 = (felt: Pick<Felt, 'pascal' | 'metres' | 'celsius'> = {}): I2cDevice<SensorState> => feeling(MPL3115, felt);
