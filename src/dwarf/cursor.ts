/**
 * A bounds-checked reader over one section: little-endian numbers, LEB128 and strings; past the end it throws `DebugInfoError`.
 */
import { DebugInfoError } from '../errors.ts';

/** Longest string that is taken as it is; longer ones are cut. Names of C++ templates reach thousands of characters. */
const LONGEST_STRING = 16 * 1024;

/** Throws what every damaged structure throws. @throws {DebugInfoError} */
export function damaged(what: string): never {
  throw new DebugInfoError('E_DWARF', `debug information: ${what}`);
}

/** Work that may be done for one file, so that structures which refer to each other in a hostile way end. */
export class Budget {
  private left: number;

  constructor(steps: number) {
    this.left = steps;
  }

  /** @throws {DebugInfoError} when it is used up */
  spend(steps: number): void {
    this.left -= steps;
    if (this.left < 0) damaged('it refers to itself so often that reading it takes more work than its size warrants');
  }
}

/** Reads on from `at`; `end` bounds it. */
export class Cursor {
  readonly bytes: Uint8Array;
  readonly section: string;
  readonly end: number;
  at: number;

  constructor(bytes: Uint8Array, section: string, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.section = section;
    this.at = at;
    this.end = Math.min(end, bytes.length);
    if (at > this.end || at < 0) this.past();
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  private past(): never {
    return damaged(`${this.section} ends in the middle of something`);
  }

  /** Goes on at `at`. */
  seek(at: number): void {
    if (!(at >= 0 && at <= this.end)) this.past();
    this.at = at;
  }

  skip(count: number): void {
    this.seek(this.at + count);
  }

  u8(): number {
    if (this.at >= this.end) this.past();
    return this.bytes[this.at++]!;
  }

  i8(): number {
    return (this.u8() << 24) >> 24;
  }

  u16(): number {
    const at = this.at;
    if (at + 2 > this.end) this.past();
    this.at = at + 2;
    return this.bytes[at]! | (this.bytes[at + 1]! << 8);
  }

  u24(): number {
    return this.u16() | (this.u8() << 16);
  }

  u32(): number {
    const at = this.at;
    if (at + 4 > this.end) this.past();
    this.at = at + 4;
    const { bytes } = this;
    return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
  }

  u64(): bigint {
    const low = this.u32();
    return BigInt(low) | (BigInt(this.u32()) << 32n);
  }

  /** An address or offset of `size` bytes; what exceeds 2^53 is damage. */
  unsigned(size: number): number {
    switch (size) {
      case 1:
        return this.u8();
      case 2:
        return this.u16();
      case 4:
        return this.u32();
      case 8: {
        const low = this.u32();
        const high = this.u32();
        if (high >= 2 ** 21) damaged(`a number in ${this.section} exceeds 2^53`);
        return high * 2 ** 32 + low;
      }
      default:
        return damaged(`a number of ${size} bytes in ${this.section}`);
    }
  }

  /** Unsigned LEB128; exact to 2^53, beyond that rounded. */
  uleb(): number {
    let byte = this.u8();
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    let scale = 128;
    do {
      byte = this.u8();
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (scale > 2 ** 77) damaged(`a number in ${this.section} does not end`);
    } while (byte >= 0x80);
    return value;
  }

  /** Signed LEB128; exact to 2^53, beyond that rounded. */
  sleb(): number {
    let value = 0;
    let scale = 1;
    let byte: number;
    do {
      byte = this.u8();
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (scale > 2 ** 77) damaged(`a number in ${this.section} does not end`);
    } while (byte >= 0x80);
    return byte & 0x40 ? value - scale : value;
  }

  /** LEB128 of up to 64 bits, as bigint. */
  leb64(signed: boolean): bigint {
    let value = 0n;
    let shift = 0n;
    let byte: number;
    do {
      byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
      if (shift > 77n) damaged(`a number in ${this.section} does not end`);
    } while (byte >= 0x80);
    return signed ? BigInt.asIntN(64, byte & 0x40 ? value - (1n << shift) : value) : BigInt.asUintN(64, value);
  }

  skipLeb(): void {
    while (this.u8() >= 0x80);
  }

  take(length: number): Uint8Array {
    const at = this.at;
    this.skip(length);
    return this.bytes.subarray(at, at + length);
  }

  string(): string {
    const start = this.at;
    this.skipString();
    return decode(this.bytes, start, this.at - 1);
  }

  skipString(): void {
    const end = this.bytes.indexOf(0, this.at);
    if (end < 0 || end >= this.end) this.past();
    this.at = end + 1;
  }

  /** The length of a unit, which says whether it is 64-bit DWARF. */
  unitLength(): { length: number; offsetSize: 4 | 8 } {
    const length = this.u32();
    if (length < 0xffff_fff0) return { length, offsetSize: 4 };
    if (length !== 0xffff_ffff) damaged(`a unit in ${this.section} has a reserved length`);
    return { length: this.unsigned(8), offsetSize: 8 };
  }
}

const UTF8 = new TextDecoder();

function decode(bytes: Uint8Array, start: number, end: number): string {
  const stop = Math.min(end, start + LONGEST_STRING);
  if (stop - start > 64) return UTF8.decode(bytes.subarray(start, stop));
  let text = '';
  for (let at = start; at < stop; at++) {
    const byte = bytes[at]!;
    if (byte >= 0x80) return UTF8.decode(bytes.subarray(start, stop));
    text += String.fromCharCode(byte);
  }
  return text;
}

/** The string at `offset` of a section of strings; empty outside of it. */
export function stringAt(bytes: Uint8Array, offset: number): string {
  if (offset >= bytes.length) return '';
  let end = offset;
  const limit = Math.min(bytes.length, offset + LONGEST_STRING);
  while (end < limit && bytes[end] !== 0) end++;
  return decode(bytes, offset, end);
}
