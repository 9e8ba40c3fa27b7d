/**
 * Real-time clock DS1337 (ISL12057 and DS1307 have the same first seven registers) on I2C: seconds to years in BCD, in virtual time.
 *
 * Described in Maxim's data sheet. It starts at 2000-01-01 00:00:00, a Saturday, unless told otherwise. Not modelled: 12-hour mode, alarms and their
 * pins, square wave; their registers hold what is written.
 */
import { type DeviceContext, defineI2cDevice, type I2cDevice } from './attached-device.ts';

/** State of a DS1337. */
export interface Ds1337State {
  /** Seconds since 2000-01-01 00:00:00 when virtual time was `since` ns. */
  seconds: number;
  since: number;
  /** Difference between the weekday register, which firmware numbers as it likes, and the number of days. */
  weekdayOffset: number;
  registers: Uint8Array;
  pointer: number;
  /** The pointer has come since START. */
  pointed: boolean;
  /** The time as its seven registers had it at START, and whether they were written. */
  time: Uint8Array;
  written: boolean;
}

const DAY = 86_400;
const CENTURY = 36_525;
const REGISTERS = 16;
/** Bits of the seven registers that are digits. */
const MASKS = [0x7f, 0x7f, 0x3f, 0x07, 0x3f, 0x1f, 0xff];
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const bcd = (value: number): number => Math.floor(value / 10) * 16 + (value % 10);
const decimal = (byte: number): number => (byte >> 4) * 10 + (byte & 15);
const daysOf = (year: number, month: number): number => (month === 1 && year % 4 === 0 ? 29 : DAYS[month]!);

/** The seven registers `days` days and `rest` seconds after 2000-01-01. */
function registersOf(days: number, rest: number, weekday: number): number[] {
  const cycles = Math.floor(days / CENTURY);
  let left = days % CENTURY;
  let year = 0;
  for (let length = 366; left >= length; length = year % 4 === 0 ? 366 : 365) {
    left -= length;
    year++;
  }
  let month = 0;
  for (; left >= daysOf(year, month); month++) left -= daysOf(year, month);
  const fields = [rest % 60, Math.floor(rest / 60) % 60, Math.floor(rest / 3600), weekday, left + 1, month + 1, year].map(bcd);
  if (cycles % 2 === 1) fields[5]! |= 0x80;
  return fields;
}

function now(state: Ds1337State, context: DeviceContext): number {
  return state.seconds + Math.floor((context.now - state.since) / 1e9);
}

/** Takes the time registers into the counter, which starts a new second. */
function setTime(state: Ds1337State, context: DeviceContext): void {
  const [second = 0, minute = 0, hour = 0, weekday = 1, date = 1, month = 1, year = 0] = [...state.time].map((byte, index) =>
    decimal(byte & MASKS[index]!),
  );
  let days = state.time[5]! & 0x80 ? CENTURY : 0;
  for (let each = 0; each < year; each++) days += each % 4 === 0 ? 366 : 365;
  for (let each = 0; each < Math.min(month, 12) - 1; each++) days += daysOf(year, each);
  days += Math.max(date, 1) - 1;
  state.seconds = days * DAY + hour * 3600 + minute * 60 + second;
  state.since = context.now;
  state.weekdayOffset = (((weekday - 1 - days) % 7) + 7) % 7;
  state.written = false;
}

/** The definition. */
export const DS1337: I2cDevice<Ds1337State> = defineI2cDevice<Ds1337State>({
  name: 'ds1337',
  state: {
    seconds: 0,
    since: 0,
    weekdayOffset: 6,
    registers: new Uint8Array(REGISTERS),
    pointer: 0,
    pointed: false,
    time: new Uint8Array(7),
    written: false,
  },
  start(state, _direction, context) {
    if (state.written) setTime(state, context);
    state.pointed = false;
    // A transfer sees one moment.
    const seconds = now(state, context);
    const days = Math.floor(seconds / DAY);
    state.time.set(registersOf(days, seconds % DAY, ((days + state.weekdayOffset) % 7) + 1));
    return true;
  },
  write(state, byte) {
    if (!state.pointed) {
      state.pointer = byte % REGISTERS;
      state.pointed = true;
      return true;
    }
    if (state.pointer < 7) {
      state.time[state.pointer] = byte;
      state.written = true;
    } else state.registers[state.pointer] = byte;
    state.pointer = (state.pointer + 1) % REGISTERS;
    return true;
  },
  read(state) {
    const { pointer } = state;
    state.pointer = (pointer + 1) % REGISTERS;
    return pointer < 7 ? state.time[pointer]! : state.registers[pointer]!;
  },
  stop(state, context) {
    if (state.written) setTime(state, context);
  },
});

/** A DS1337 whose time is so many seconds after 2000-01-01 00:00:00 when virtual time begins. */
export function ds1337(options: { readonly seconds?: number } = {}): I2cDevice<Ds1337State> {
  return { ...DS1337, state: { ...DS1337.state, ...options } };
}
