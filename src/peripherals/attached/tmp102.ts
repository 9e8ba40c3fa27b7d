/**
 * Temperature sensor TMP102 (and, in what firmware usually reads, LM75 with more bits) on I2C: four 16-bit registers behind a pointer.
 *
 * Described in TI's data sheet SBOS397. A test sets `celsius`. Conversions take no time and shutdown does not stop them; the alert follows one
 * conversion whatever the fault queue says, and shows in the configuration register alone (the pin is a GPIO of the test's).
 */
import { defineI2cDevice, type I2cDevice } from './attached-device.ts';

/** State of a TMP102. */
export interface Tmp102State {
  /** Temperature that it feels. */
  celsius: number;
  /** Configuration as written; OS and AL are made when it is read. */
  config: number;
  low: number;
  high: number;
  alert: boolean;
  pointer: number;
  /** Bytes since START. */
  count: number;
  /** First byte of a register that is being written. */
  upper: number;
}

const EXTENDED = 1 << 4;
const POLARITY = 1 << 10;
const ALERT = 1 << 5;
/** R1 and R0 read as 1, the one-shot bit when no conversion runs. */
const READ_ONLY = 0x6000;
const ONE_SHOT = 0x8000;

/** The limits are in the same format as the temperature. */
function celsiusOf(register: number, config: number): number {
  const signed = (register << 16) >> 16;
  return config & EXTENDED ? (signed >> 3) / 16 : (signed >> 4) / 16;
}

function temperatureRegister(celsius: number, config: number): number {
  const [shift, bits, mark] = config & EXTENDED ? [3, 12, 1] : [4, 11, 0];
  const counts = Math.max(-(2 ** bits), Math.min(2 ** bits - 1, Math.round(celsius * 16)));
  return ((counts << shift) | mark) & 0xffff;
}

function registerValue(state: Tmp102State): number {
  switch (state.pointer) {
    case 0:
      return temperatureRegister(state.celsius, state.config);
    case 1: {
      if (state.celsius >= celsiusOf(state.high, state.config)) state.alert = true;
      else if (state.celsius < celsiusOf(state.low, state.config)) state.alert = false;
      const active = state.alert === ((state.config & POLARITY) !== 0);
      return (state.config & ~(ALERT | ONE_SHOT)) | READ_ONLY | (ONE_SHOT * (state.config & 0x100 ? 1 : 0)) | (active ? ALERT : 0);
    }
    case 2:
      return state.low;
    default:
      return state.high;
  }
}

/** The definition. */
export const TMP102: I2cDevice<Tmp102State> = defineI2cDevice<Tmp102State>({
  name: 'tmp102',
  state: { celsius: 25, config: 0x60a0, low: 0x4b00, high: 0x5000, alert: false, pointer: 0, count: 0, upper: 0 },
  start(state) {
    state.count = 0;
    return true;
  },
  write(state, byte) {
    const { count, upper } = state;
    state.count++;
    if (count === 0) state.pointer = byte & 3;
    else if (count === 1) state.upper = byte;
    else if (count === 2) {
      const value = upper * 256 + byte;
      if (state.pointer === 1) state.config = value;
      else if (state.pointer === 2) state.low = value;
      else if (state.pointer === 3) state.high = value;
    }
    return true;
  },
  read(state) {
    const value = registerValue(state);
    return state.count++ % 2 === 0 ? value >>> 8 : value & 0xff;
  },
});

/** A TMP102 at a temperature; 25 degrees Celsius unless given. */
export function tmp102(options: { readonly celsius?: number } = {}): I2cDevice<Tmp102State> {
  return { ...TMP102, state: { ...TMP102.state, ...options } };
}
