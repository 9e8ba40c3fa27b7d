/**
 * One RAM of the SoC (TCM, OCRAM, a DDR bank): bytes in the machine's arena, allocated in 64 KiB chunks when first touched.
 *
 * Fresh RAM reads as zero, or as what stands behind it (`back`), which is copied chunk by chunk when it is first touched. An engine that caches anything made from the bytes (decoded instructions, translated code) marks the
 * page with `markCode`; from then on every write that passes through this class, and every engine's slow path, tells all observers.
 */
import type { Arena } from './arena.ts';
import { KiB } from './bits.ts';

/** Allocation unit, in bytes. */
export const CHUNK_SIZE = 64 * KiB;
/** Unit of code marking and of engines' page tables: log2 of bytes. */
export const PAGE_SHIFT = 12;
/** Unit of code marking and of engines' page tables, in bytes. */
export const PAGE_SIZE = 1 << PAGE_SHIFT;
const CHUNK_PAGES_SHIFT = 4;
const CHUNK_PAGES = CHUNK_SIZE / PAGE_SIZE;

/** What an engine hears about a RAM it executes from or writes to. */
export interface RamObserver {
  /** `page` now holds code somebody has cached: direct writes to it must go through `Ram` from now on. */
  pageHasCode(ram: Ram, page: number): void;
  /** Bytes of a page marked as code were overwritten; cached code from them is stale. Offsets are bytes within the RAM. */
  codeWritten(ram: Ram, offset: number, length: number): void;
  /** Bytes of any page were overwritten through this class; engines store past it where they may. */
  written?(ram: Ram, offset: number, length: number): void;
  /** These bytes, a chunk, stand in the arena no more, or at another place when they are asked for again. */
  moved?(ram: Ram, offset: number, length: number): void;
}

/** A chunk of zeros; all that are kept share it. Never written to. */
export const ZEROS = new Uint8Array(CHUNK_SIZE);
const NOTHING: ReadonlyMap<number, Uint8Array> = new Map();

/** Byte-addressed memory of fixed size; all offsets are within it and unchecked on the fast paths: the bus checks them. */
export class Ram {
  readonly name: string;
  readonly size: number;
  readonly arena: Arena;
  /** Arena offset of each 64 KiB chunk, 0 while untouched. */
  private readonly chunks: Int32Array;
  /** Those that are in the arena, in the order in which they were touched. */
  private touched: number[] = [];
  /** What untouched chunks hold; never written to. */
  private backing = NOTHING;
  /** Changes whenever bytes may stand elsewhere than before. */
  generation = 0;
  /** Pages of each chunk that hold code somebody has cached, as bits. */
  private readonly codePages: Uint16Array;
  private readonly observers: RamObserver[] = [];
  /** Those of them that want to hear of every write. */
  private listeners: RamObserver[] = [];

  constructor(name: string, size: number, arena: Arena) {
    this.name = name;
    this.size = size;
    this.arena = arena;
    this.chunks = new Int32Array(Math.ceil(size / CHUNK_SIZE));
    this.codePages = new Uint16Array(this.chunks.length);
  }

  /** Arena offset of byte `offset`, allocating its chunk when it is untouched. Valid up to the end of the 64 KiB chunk. */
  locate(offset: number): number {
    const index = Math.floor(offset / CHUNK_SIZE);
    const chunk = this.chunks[index]! || this.touch(index);
    return chunk + (offset % CHUNK_SIZE);
  }

  /** Arena offset of byte `offset`, or 0 when its chunk was never touched (it then reads as zero). */
  locateIfTouched(offset: number): number {
    const index = Math.floor(offset / CHUNK_SIZE);
    let chunk = this.chunks[index]!;
    if (chunk === 0) {
      if (!this.backing.has(index)) return 0;
      chunk = this.touch(index);
    }
    return chunk + (offset % CHUNK_SIZE);
  }

  /**
   * Replaces all contents: from now on the RAM holds `chunks`, by their index, and zeros that nobody has touched elsewhere. Of a chunk nothing is copied
   * before it is touched, unless code was made from it (which stays good where it is the same) or somebody hears of writes.
   */
  back(chunks: ReadonlyMap<number, Uint8Array>): void {
    const { touched } = this;
    this.touched = [];
    this.backing = NOTHING;
    this.generation++;
    for (const index of touched) {
      const next = chunks.get(index);
      if (next && this.holdsCode(index * CHUNK_SIZE, next.length)) this.refill(index, next);
      else this.release(index);
    }
    this.backing = chunks;
    if (this.listeners.length === 0) return;
    for (const [index, bytes] of chunks) {
      this.locate(index * CHUNK_SIZE);
      for (const listener of this.listeners) listener.written!(this, index * CHUNK_SIZE, bytes.length);
    }
  }

  /**
   * Copies of all chunks that were ever touched, in order of their index; what is still as it was in the last such call or in `back` is the same array
   * again. They are what `back` takes, and must not be written to.
   */
  contents(): ReadonlyMap<number, Uint8Array> {
    const { backing, chunks } = this;
    const indices = [...new Set([...backing.keys(), ...this.touched])].sort((a, b) => a - b);
    this.backing = new Map(
      indices.map((index) => {
        const known = backing.get(index);
        return [index, chunks[index] === 0 ? known! : this.keep(index, known)];
      }),
    );
    return this.backing;
  }

  /** Bytes of chunk `index`: all but the last one have `CHUNK_SIZE`. */
  chunkLength(index: number): number {
    return Math.min(CHUNK_SIZE, this.size - index * CHUNK_SIZE);
  }

  /** Gives an untouched chunk its place in the arena, and what stands behind it. */
  private touch(index: number): number {
    const chunk = this.arena.allocate(this.chunkLength(index), this.name);
    const bytes = this.backing.get(index);
    if (bytes && bytes !== ZEROS) this.arena.u8.set(bytes, chunk);
    this.chunks[index] = chunk;
    this.touched.push(index);
    return chunk;
  }

  /** Makes the chunk of `offset` one that nobody has touched; for copies that follow another RAM. */
  forget(offset: number): void {
    const index = Math.floor(offset / CHUNK_SIZE);
    if (this.chunks[index] === 0) return;
    this.generation++;
    this.touched.splice(this.touched.indexOf(index), 1);
    this.release(index);
  }

  /** Makes a chunk untouched. */
  private release(index: number): void {
    const offset = index * CHUNK_SIZE;
    const length = this.chunkLength(index);
    this.codeReplaced(offset, length);
    for (const observer of this.observers) observer.moved?.(this, offset, length);
    this.arena.release(this.chunks[index]!, length);
    this.chunks[index] = 0;
  }

  /** Puts `bytes` into a touched chunk; who cached code hears of the pages that are other than before. */
  private refill(index: number, bytes: Uint8Array): void {
    const { u8, i32 } = this.arena;
    const at = this.chunks[index]!;
    this.touched.push(index);
    const words = wordsOf(bytes);
    for (let from = 0; from < bytes.length; from += PAGE_SIZE) {
      const offset = index * CHUNK_SIZE + from;
      const length = Math.min(PAGE_SIZE, bytes.length - from);
      if (this.isCode(offset >>> PAGE_SHIFT)) {
        if (words && sameWords(i32, (at + from) >>> 2, words, from >>> 2, length >>> 2)) continue;
        u8.set(bytes.subarray(from, from + length), at + from);
        this.codeReplaced(offset, length);
      } else u8.set(bytes.subarray(from, from + length), at + from);
    }
  }

  private codeReplaced(offset: number, length: number): void {
    if (!this.holdsCode(offset, length)) return;
    for (const observer of this.observers) observer.codeWritten(this, offset, length);
  }

  /** A copy of a touched chunk, or `known` if that is what it holds. */
  private keep(index: number, known: Uint8Array | undefined): Uint8Array {
    const { u8, i32 } = this.arena;
    const at = this.chunks[index]!;
    const length = this.chunkLength(index);
    const holds = (bytes: Uint8Array): boolean => {
      const words = wordsOf(bytes);
      return words !== undefined && length % 4 === 0 && sameWords(i32, at >>> 2, words, 0, length >>> 2);
    };
    if (known && holds(known)) return known;
    if (length === CHUNK_SIZE && known !== ZEROS && holds(ZEROS)) return ZEROS;
    return u8.slice(at, at + length);
  }

  /** Reads `size` (1, 2, 4) bytes, little-endian, any alignment, as u32. */
  read(offset: number, size: number): number {
    if ((offset % CHUNK_SIZE) + size > CHUNK_SIZE) {
      let value = 0;
      for (let i = 0; i < size; i++) value += this.read(offset + i, 1) * 2 ** (8 * i);
      return value;
    }
    const at = this.locateIfTouched(offset);
    if (at === 0) return 0;
    const { view } = this.arena;
    if (size === 4) return view.getUint32(at, true);
    return size === 2 ? view.getUint16(at, true) : this.arena.u8[at]!;
  }

  /** Writes the low `size` (1, 2, 4) bytes of `value`, little-endian, any alignment. */
  write(offset: number, value: number, size: number): void {
    if ((offset % CHUNK_SIZE) + size > CHUNK_SIZE) {
      for (let i = 0; i < size; i++) this.write(offset + i, (value >>> (8 * i)) & 0xff, 1);
      return;
    }
    const at = this.locate(offset);
    const { view } = this.arena;
    if (size === 4) view.setUint32(at, value, true);
    else if (size === 2) view.setUint16(at, value, true);
    else view.setUint8(at, value);
    this.noteWrite(offset, size);
  }

  /** Copies `length` bytes out; untouched parts are zero. */
  readBytes(offset: number, length: number): Uint8Array {
    if ((offset % CHUNK_SIZE) + length <= CHUNK_SIZE) {
      const at = this.locateIfTouched(offset);
      return at === 0 ? new Uint8Array(length) : this.arena.u8.slice(at, at + length);
    }
    const out = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const part = Math.min(length - done, CHUNK_SIZE - ((offset + done) % CHUNK_SIZE));
      const at = this.locateIfTouched(offset + done);
      if (at !== 0) out.set(this.arena.u8.subarray(at, at + part), done);
      done += part;
    }
    return out;
  }

  /** Copies `data` in. Code that a loader writes over itself, as when a core is started again, did not change: nobody has to drop what they made of it. */
  writeBytes(offset: number, data: Uint8Array): void {
    if (data.length === 0) return;
    if (this.holdsCode(offset, data.length) && this.holds(offset, data)) {
      for (const listener of this.listeners) listener.written!(this, offset, data.length);
      return;
    }
    if ((offset % CHUNK_SIZE) + data.length <= CHUNK_SIZE) {
      this.arena.u8.set(data, this.locate(offset));
      this.noteWrite(offset, data.length);
      return;
    }
    for (let done = 0; done < data.length; ) {
      const part = Math.min(data.length - done, CHUNK_SIZE - ((offset + done) % CHUNK_SIZE));
      this.arena.u8.set(data.subarray(done, done + part), this.locate(offset + done));
      done += part;
    }
    this.noteWrite(offset, data.length);
  }

  /** Sets `length` bytes to `value`; filling untouched memory with zero allocates nothing. */
  fill(offset: number, value: number, length: number): void {
    for (let done = 0; done < length; ) {
      const part = Math.min(length - done, CHUNK_SIZE - ((offset + done) % CHUNK_SIZE));
      if (value !== 0 || this.locateIfTouched(offset + done) !== 0) {
        const at = this.locate(offset + done);
        this.arena.u8.fill(value, at, at + part);
      }
      done += part;
    }
    this.noteWrite(offset, length);
  }

  /** Registers an engine that maps this RAM directly. */
  observe(observer: RamObserver): void {
    this.observers.push(observer);
    if (observer.written) this.listeners.push(observer);
  }

  /** Forgets `observer`. */
  unobserve(observer: RamObserver): void {
    const index = this.observers.indexOf(observer);
    if (index >= 0) this.observers.splice(index, 1);
    this.listeners = this.listeners.filter((other) => other !== observer);
  }

  /** True when somebody has cached code from `page` (offset >>> PAGE_SHIFT). */
  isCode(page: number): boolean {
    return ((this.codePages[page >>> CHUNK_PAGES_SHIFT]! >>> (page & (CHUNK_PAGES - 1))) & 1) !== 0;
  }

  private holdsCode(offset: number, length: number): boolean {
    const last = (offset + length - 1) >>> PAGE_SHIFT;
    for (let page = Math.floor(offset / PAGE_SIZE); page <= last; page++) if (this.isCode(page)) return true;
    return false;
  }

  private holds(offset: number, data: Uint8Array): boolean {
    const { u8 } = this.arena;
    for (let done = 0; done < data.length; ) {
      const part = Math.min(data.length - done, CHUNK_SIZE - ((offset + done) % CHUNK_SIZE));
      const at = this.locateIfTouched(offset + done);
      for (let i = 0; i < part; i++) if (data[done + i] !== (at === 0 ? 0 : u8[at + i])) return false;
      done += part;
    }
    return true;
  }

  /** Declares that `page` holds code that the caller caches; every observer drops its direct write access to the page. */
  markCode(page: number): void {
    if (this.isCode(page)) return;
    this.codePages[page >>> CHUNK_PAGES_SHIFT]! |= 1 << (page & (CHUNK_PAGES - 1));
    for (const observer of this.observers) observer.pageHasCode(this, page);
  }

  /** Tells observers about bytes that changed by a way other than `write`, `writeBytes` and `fill`. */
  noteWrite(offset: number, length: number): void {
    if (length === 0) return;
    if (this.listeners.length > 0) for (const listener of this.listeners) listener.written!(this, offset, length);
    if (this.holdsCode(offset, length)) for (const observer of this.observers) observer.codeWritten(this, offset, length);
  }
}

/** The words of `bytes`, where they can be had without a copy. */
function wordsOf(bytes: Uint8Array): Int32Array | undefined {
  return bytes.byteOffset % 4 === 0 ? new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2) : undefined;
}

function sameWords(a: Int32Array, from: number, b: Int32Array, start: number, count: number): boolean {
  for (let i = 0; i < count; i++) if (a[from + i] !== b[start + i]) return false;
  return true;
}
