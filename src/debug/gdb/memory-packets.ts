/**
 * Packets about memory: `m M x X`, `qCRC`, `qSearch:memory` and `vFlash`. Reads have no side effects, also of device registers; writes are inputs of the run.
 * What is fetched or executed meanwhile is not the core's doing, so MPU and alignment say nothing to it.
 */
import { ByteFinder } from '../find-bytes.ts';
import { PACKET_SIZE } from './framing.ts';
import type { GdbTarget } from './target.ts';
import { bytesOf, fromHex, latin, parseHex, parsePair, toHex } from './text.ts';

/** Bytes that one packet may have looked through. */
const LONGEST_WALK = 64 * 1024 * 1024;
const CHUNK = 64 * 1024;
/** Bytes of flash that may wait to be written. */
const MOST_FLASH = 64 * 1024 * 1024;
const FLASH_ERASED = 0xff;
/** "Memory cannot be accessed", as errno. */
const FAULT = 'E0e';
const BAD = 'E01';
/** Room that the frame of a packet takes. */
const FRAME = 8;

/** Answers packets about memory. */
export class MemoryPackets {
  private readonly target: GdbTarget;
  private flash: { readonly address: number; readonly bytes: Uint8Array }[] = [];
  private flashBytes = 0;
  /** Has the next bytes at an address instead of the memory, for File-I/O: what GDB reads and writes there is nobody's memory. */
  window: { readonly address: number; readonly bytes: Uint8Array } | undefined;

  constructor(target: GdbTarget) {
    this.target = target;
  }

  /** `m`: hex. */
  readHex(text: string): string {
    const bytes = this.read(text, (PACKET_SIZE - FRAME) / 2);
    return typeof bytes === 'string' ? bytes : toHex(bytes);
  }

  /** `x`: binary. */
  readBinary(text: string): string {
    const bytes = this.read(text, (PACKET_SIZE - FRAME) / 2);
    return typeof bytes === 'string' ? bytes : `b${latin(bytes)}`;
  }

  private read(text: string, most: number): Uint8Array | string {
    const at = parsePair(text);
    if (!at) return BAD;
    const [address, length] = at;
    if (length === 0) return new Uint8Array(0);
    const { window } = this;
    if (window && address >= window.address && address + length <= window.address + window.bytes.length)
      return window.bytes.subarray(address - window.address, address - window.address + length);
    const bytes = this.target.debugger.readMemory(this.target.core, address, Math.min(length, most));
    return bytes.length === 0 ? FAULT : bytes;
  }

  /** `M` and `X`: `address,length:data`. */
  write(text: string, binary: boolean): string {
    const colon = text.indexOf(':');
    const at = parsePair(text.slice(0, Math.max(0, colon)));
    const data = binary ? bytesOf(text.slice(colon + 1)) : fromHex(text.slice(colon + 1));
    if (!at || !data || data.length !== at[1]) return BAD;
    const [address] = at;
    if (data.length === 0) return 'OK';
    const { window } = this;
    if (window && address >= window.address && address + data.length <= window.address + window.bytes.length) {
      window.bytes.set(data, address - window.address);
      return 'OK';
    }
    return this.target.debugger.writeMemory(this.target.core, address, data) ? 'OK' : FAULT;
  }

  /** `qCRC:address,length`, for compare-sections: GDB's own CRC-32, the most significant bit first and not inverted. */
  checksum(text: string): string {
    const at = parsePair(text);
    if (!at || at[1] > LONGEST_WALK) return BAD;
    let crc = 0xffff_ffff;
    const whole = this.walk(at[0], at[1], (bytes) => {
      for (const byte of bytes) crc = ((crc << 8) ^ CRC_TABLE[(crc >>> 24) ^ byte]!) >>> 0;
      return true;
    });
    return whole ? `C${crc.toString(16).padStart(8, '0')}` : FAULT;
  }

  /** `qSearch:memory:address;length;pattern`. */
  search(text: string): string {
    const [address, length, ...rest] = text.split(';');
    const from = parseHex(address);
    const size = parseHex(length, LONGEST_WALK);
    const pattern = bytesOf(rest.join(';'));
    if (from === undefined || size === undefined || pattern.length === 0 || pattern.length > PACKET_SIZE) return BAD;
    const finder = new ByteFinder(pattern);
    let found: number | undefined;
    const whole = this.walk(from, size, (bytes) => {
      const [at] = finder.feed(bytes);
      found = at;
      return at === undefined;
    });
    if (found !== undefined) return `1,${(from + found).toString(16)}`;
    return whole ? '0' : FAULT;
  }

  /** `vFlashErase:`, `vFlashWrite:`, `vFlashDone`: gathered, and written at the end. */
  flashPacket(text: string): string {
    if (text === 'vFlashDone') return this.flashDone();
    const erase = /^vFlashErase:([^,]+,.+)$/.exec(text);
    const write = /^vFlashWrite:([0-9a-fA-F]+):/.exec(text);
    const stretch = erase && parsePair(erase[1]!);
    if (stretch) return this.addFlash(stretch[0], stretch[1] > MOST_FLASH ? undefined : new Uint8Array(stretch[1]).fill(FLASH_ERASED));
    const address = write && parseHex(write[1]);
    return typeof address === 'number' ? this.addFlash(address, bytesOf(text.slice(write![0].length))) : BAD;
  }

  private addFlash(address: number, bytes: Uint8Array | undefined): string {
    if (bytes?.length === 0) return 'OK';
    if (!bytes || this.flashBytes + bytes.length > MOST_FLASH) return 'E.too much to write at once';
    if (this.target.debugger.readMemory(this.target.core, address, 1).length === 0) return 'E.memtype';
    this.flashBytes += bytes.length;
    this.flash.push({ address, bytes });
    return 'OK';
  }

  private flashDone(): string {
    const { flash, target } = this;
    this.flash = [];
    this.flashBytes = 0;
    return flash.every(({ address, bytes }) => target.debugger.writeMemory(target.core, address, bytes)) ? 'OK' : FAULT;
  }

  /** Gives a stretch piece by piece, until `take` has enough; false when there is a hole in it. */
  private walk(address: number, length: number, take: (bytes: Uint8Array) => boolean): boolean {
    const { debugger: api, core } = this.target;
    for (let done = 0; done < length; ) {
      const wanted = Math.min(CHUNK, length - done);
      const bytes = api.readMemory(core, address + done, wanted);
      if (!take(bytes)) return true;
      if (bytes.length < wanted) return false;
      done += wanted;
    }
    return true;
  }
}

const POLYNOMIAL = 0x04c1_1db7;
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index << 24;
  for (let bit = 0; bit < 8; bit++) value = value < 0 ? (value << 1) ^ POLYNOMIAL : value << 1;
  return value >>> 0;
});
