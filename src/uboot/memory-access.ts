/**
 * Memory as U-Boot's commands reach it: the A core's view, where an access that nothing answers is a Synchronous Abort and the end.
 *
 * Large work is done in pieces that take their time, so that no count typed by a user holds up the host.
 */
import { type KernelCode, sleep } from '../linux/kernel.ts';
import { type AddressSpace, BUS_FAULT } from '../memory/bus.ts';
import { TIMING } from './timing.ts';

/** An access faulted; it ends the command and U-Boot with it. */
export class DataAbort extends Error {
  readonly address: number;
  readonly write: boolean;

  constructor(address: number, write: boolean) {
    super(`no memory or device answers at 0x${address.toString(16)}`);
    this.address = address;
    this.write = write;
  }
}

const PIECE = 64 * 1024;
/** Past this no 32-bit map has anything. */
const END = 2 ** 32;

/** The A core's memory. */
export class PhysicalMemory {
  private readonly view: AddressSpace;

  constructor(view: AddressSpace) {
    this.view = view;
  }

  /** Reads 1, 2, 4 or 8 bytes with a device's side effects. @throws {DataAbort} */
  read(address: number, size: number): bigint {
    if (size === 8) return this.read(address, 4) | (this.read(address + 4, 4) << 32n);
    const value = address < END ? this.view.read(address, size) : BUS_FAULT;
    if (value === BUS_FAULT) throw new DataAbort(address, false);
    return BigInt(value >>> 0);
  }

  /** Reads a u32. @throws {DataAbort} */
  word(address: number): number {
    return Number(this.read(address, 4));
  }

  /** Writes 1, 2, 4 or 8 bytes. @throws {DataAbort} */
  write(address: number, value: bigint, size: number): void {
    if (size === 8) {
      this.write(address, value & 0xffff_ffffn, 4);
      this.write(address + 4, value >> 32n, 4);
    } else if (address >= END || !this.view.write(address, Number(BigInt.asUintN(32, value)), size)) throw new DataAbort(address, true);
  }

  /** `length` bytes, from a device one by one. @throws {DataAbort} */
  bytes(address: number, length: number): Uint8Array {
    const ram = address + length <= END ? this.view.readBytes(address, length) : undefined;
    return ram ?? Uint8Array.from({ length }, (_, index) => Number(this.read(address + index, 1)));
  }

  /** The text at `address` up to its NUL, at most `most` bytes. @throws {DataAbort} */
  text(address: number, most: number): string {
    let text = '';
    for (let at = 0; at < most; at++) {
      const byte = Number(this.read(address + at, 1));
      if (byte === 0) break;
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** Puts bytes into memory. @throws {DataAbort} */
  put(address: number, data: Uint8Array): void {
    if (address + data.length <= END && this.view.writeBytes(address, data)) return;
    for (const [index, byte] of data.entries()) this.write(address + index, BigInt(byte), 1);
  }

  /** True when all of it is RAM. */
  isRam(address: number, length: number): boolean {
    return address + length <= END && this.view.isRam(address, length);
  }

  /** memcpy. @throws {DataAbort} */
  *copy(from: number, to: number, length: number): KernelCode {
    for (let done = 0; done < length; done += PIECE) {
      const piece = Math.min(PIECE, length - done);
      this.put(to + done, this.bytes(from + done, piece));
      yield* sleep(piece * TIMING.memoryByte);
    }
  }

  /** `count` objects of `size` bytes become `value`. @throws {DataAbort} */
  *fill(address: number, value: bigint, size: number, count: number): KernelCode {
    const total = size * count;
    const pattern = new Uint8Array(Math.min(PIECE, total));
    for (let at = 0; at < pattern.length; at++) pattern[at] = Number((value >> BigInt(8 * (at % size))) & 0xffn);
    const plain = pattern.every((byte) => byte === pattern[0]);
    for (let done = 0; done < total; done += PIECE) {
      const piece = Math.min(PIECE, total - done);
      const at = address + done;
      if (!this.isRam(at, piece)) {
        for (let inside = 0; inside < piece; inside += size) this.write(at + inside, value, size);
      } else if (plain) this.view.fill(at, pattern[0]!, piece);
      else this.view.writeBytes(at, pattern.subarray(0, piece));
      yield* sleep(piece * TIMING.memoryByte);
    }
  }
}
