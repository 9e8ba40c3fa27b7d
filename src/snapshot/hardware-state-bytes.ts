/**
 * A hardware state as bytes and back: tagged values, strings once each, memory without its pages of zeros, a checksum at the end.
 *
 * What is read is hostile: every length is checked against the bytes that are left before anything is made of it, and depth is limited, so that
 * bytes that are no state cost no more than their length.
 */
import { SnapshotError } from '../errors.ts';
import { CHUNK_SIZE, PAGE_SIZE, ZEROS } from '../memory/ram.ts';
import type { HardwareState, MemoryChunk, StateValue } from './hardware-state.ts';

/** `IMXH`, and the version of what follows. */
const MAGIC = [0x49, 0x4d, 0x58, 0x48] as const;
const VERSION = 1;
const HEADER = 5;
const CHECKSUM = 4;
const DEEPEST = 80;

const TAG = {
  UNDEFINED: 0,
  NULL: 1,
  FALSE: 2,
  TRUE: 3,
  WHOLE: 4,
  NEGATIVE: 5,
  FLOAT: 6,
  NEW_STRING: 7,
  STRING: 8,
  ARRAY: 9,
  OBJECT: 10,
  TYPED: 11,
} as const;

const TYPES = [Uint8Array, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array, Float32Array, Float64Array] as const;
type TypedArray = InstanceType<(typeof TYPES)[number]>;

/** `state` as bytes. */
export function encodeState(state: HardwareState): Uint8Array {
  const { memory, ...rest } = state;
  const out = new Output();
  for (const byte of MAGIC) out.byte(byte);
  out.byte(VERSION);
  out.value(rest);
  const names = Object.keys(memory);
  out.whole(names.length);
  for (const name of names) {
    const chunks = memory[name]!;
    out.text(name);
    out.whole(chunks.length);
    for (const chunk of chunks) out.chunk(chunk);
  }
  return out.finish();
}

/** The state that `encodeState` made `bytes` of. @throws {SnapshotError} when they are not that, or were damaged. */
export function decodeState(bytes: Uint8Array): HardwareState {
  if (bytes.length < HEADER + CHECKSUM || MAGIC.some((byte, index) => bytes[index] !== byte)) {
    throw new SnapshotError('E_SNAPSHOT_FORMAT', 'this is no state of a machine', 'give a snapshot that imx-sim has made');
  }
  if (bytes[MAGIC.length] !== VERSION) {
    const text = `the state is of version ${bytes[MAGIC.length]}, this imx-sim reads version ${VERSION}`;
    throw new SnapshotError('E_SNAPSHOT_VERSION', text, 'make the snapshot again with this version');
  }
  const end = bytes.length - CHECKSUM;
  const checksum = new DataView(bytes.buffer, bytes.byteOffset + end, CHECKSUM).getUint32(0, true);
  if (checksum !== crc32(bytes.subarray(0, end))) throw damaged('its checksum is wrong');
  const input = new Input(bytes.subarray(HEADER, end));
  const rest = input.value(0);
  const memory: Record<string, readonly MemoryChunk[]> = {};
  for (let left = input.count(); left > 0; left--) {
    const name = input.text();
    const chunks: MemoryChunk[] = [];
    for (let more = input.count(); more > 0; more--) chunks.push(input.chunk());
    memory[name] = chunks;
  }
  if (!input.done) throw damaged('there is something behind its end');
  if (!isState(rest)) throw damaged('it is no state of a machine');
  return { ...rest, memory };
}

function isState(value: StateValue): value is Omit<HardwareState, 'memory'> & Record<string, StateValue> {
  if (typeof value !== 'object' || value === null) return false;
  const { soc, board, now, sequence, blocks, broken } = value as Partial<Record<keyof HardwareState, unknown>>;
  if (typeof soc !== 'string' || (board !== undefined && typeof board !== 'string')) return false;
  if (!isCount(now) || !isCount(sequence) || typeof blocks !== 'object' || blocks === null || !Array.isArray(broken)) return false;
  return broken.every((each: unknown) => {
    if (typeof each !== 'object' || each === null) return false;
    const { space, base } = each as { space?: unknown; base?: unknown };
    return typeof space === 'string' && isCount(base);
  });
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Bytes that grow. */
class Output {
  private bytes = new Uint8Array(1 << 16);
  private view = new DataView(this.bytes.buffer);
  private length = 0;
  private readonly strings = new Map<string, number>();

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** A safe integer from 0 on, seven bits at a time. */
  whole(value: number): void {
    this.reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.length++] = rest;
  }

  text(text: string): void {
    const known = this.strings.get(text);
    if (known !== undefined) {
      this.byte(TAG.STRING);
      this.whole(known);
      return;
    }
    this.strings.set(text, this.strings.size);
    const bytes = new TextEncoder().encode(text);
    this.byte(TAG.NEW_STRING);
    this.whole(bytes.length);
    this.raw(bytes);
  }

  value(value: StateValue): void {
    switch (typeof value) {
      case 'undefined':
        this.byte(TAG.UNDEFINED);
        return;
      case 'boolean':
        this.byte(value ? TAG.TRUE : TAG.FALSE);
        return;
      case 'number':
        this.number(value);
        return;
      case 'string':
        this.text(value);
        return;
    }
    if (value === null) this.byte(TAG.NULL);
    else if (ArrayBuffer.isView(value)) this.typed(value as TypedArray);
    else if (Array.isArray(value)) {
      this.byte(TAG.ARRAY);
      this.whole(value.length);
      for (const each of value as readonly StateValue[]) this.value(each);
    } else this.object(value as { readonly [name: string]: StateValue });
  }

  chunk({ index, bytes }: MemoryChunk): void {
    this.whole(index);
    this.whole(bytes.length);
    let used = 0;
    for (let page = 0; page * PAGE_SIZE < bytes.length; page++) if (!isZero(pageOf(bytes, page))) used += 2 ** page;
    this.whole(used);
    for (let page = 0; page * PAGE_SIZE < bytes.length; page++) if (hasPage(used, page)) this.raw(pageOf(bytes, page));
  }

  finish(): Uint8Array {
    const checksum = crc32(this.bytes.subarray(0, this.length));
    this.reserve(CHECKSUM);
    this.view.setUint32(this.length, checksum, true);
    return this.bytes.slice(0, this.length + CHECKSUM);
  }

  private number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      this.byte(value < 0 ? TAG.NEGATIVE : TAG.WHOLE);
      this.whole(Math.abs(value));
      return;
    }
    this.byte(TAG.FLOAT);
    this.reserve(8);
    this.view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  private object(object: { readonly [name: string]: StateValue }): void {
    const names = Object.keys(object);
    this.byte(TAG.OBJECT);
    this.whole(names.length);
    for (const name of names) {
      this.text(name);
      this.value(object[name]);
    }
  }

  private typed(array: TypedArray): void {
    this.byte(TAG.TYPED);
    this.byte(TYPES.findIndex((type) => array instanceof type));
    this.whole(array.length);
    this.raw(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }

  private raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.bytes.length) return;
    const grown = new Uint8Array(2 * (this.length + bytes));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }
}

/** Bytes that may be anything. */
class Input {
  private readonly bytes: Uint8Array;
  private at = 0;
  private readonly strings: string[] = [];

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get done(): boolean {
    return this.at === this.bytes.length;
  }

  /** Number of things that follow, each of a byte at least. */
  count(): number {
    const count = this.whole();
    if (count > this.bytes.length - this.at) throw damaged('it ends too early');
    return count;
  }

  text(): string {
    return this.string(this.byte());
  }

  value(depth: number): StateValue {
    if (depth > DEEPEST) throw damaged('it is nested too deeply');
    const tag = this.byte();
    switch (tag) {
      case TAG.UNDEFINED:
        return undefined;
      case TAG.NULL:
        return null;
      case TAG.FALSE:
      case TAG.TRUE:
        return tag === TAG.TRUE;
      case TAG.WHOLE:
        return this.whole();
      case TAG.NEGATIVE:
        return -this.whole();
      case TAG.FLOAT: {
        const bytes = this.take(8);
        return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);
      }
      case TAG.ARRAY: {
        const values: StateValue[] = [];
        for (let left = this.count(); left > 0; left--) values.push(this.value(depth + 1));
        return values;
      }
      case TAG.OBJECT: {
        const object: Record<string, StateValue> = {};
        for (let left = this.count(); left > 0; left--) {
          const name = this.text();
          if (name === '__proto__') throw damaged('it has a field that no state has');
          object[name] = this.value(depth + 1);
        }
        return object;
      }
      case TAG.TYPED:
        return this.typed();
      default:
        return this.string(tag);
    }
  }

  chunk(): MemoryChunk {
    const index = this.whole();
    const length = this.whole();
    if (length > CHUNK_SIZE) throw damaged('a chunk of memory is too large');
    const used = this.whole();
    const bytes = used === 0 && length === CHUNK_SIZE ? ZEROS : new Uint8Array(length);
    for (let page = 0; page * PAGE_SIZE < length; page++) {
      if (hasPage(used, page)) bytes.set(this.take(pageOf(bytes, page).length), page * PAGE_SIZE);
    }
    return { index, bytes };
  }

  private byte(): number {
    if (this.at >= this.bytes.length) throw damaged('it ends too early');
    return this.bytes[this.at++]!;
  }

  private whole(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER || scale > Number.MAX_SAFE_INTEGER) throw damaged('a number is too large');
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
  }

  private string(tag: number): string {
    if (tag === TAG.STRING) {
      const known = this.strings[this.whole()];
      if (known === undefined) throw damaged('a name is missing');
      return known;
    }
    if (tag !== TAG.NEW_STRING) throw damaged('it has a value of an unknown kind');
    const text = new TextDecoder().decode(this.take(this.count()));
    this.strings.push(text);
    return text;
  }

  private typed(): TypedArray {
    const type = TYPES[this.byte()];
    if (!type) throw damaged('it has an array of an unknown kind');
    const bytes = this.take(this.count() * type.BYTES_PER_ELEMENT);
    return new type(bytes.slice().buffer);
  }

  private take(length: number): Uint8Array {
    if (length > this.bytes.length - this.at) throw damaged('it ends too early');
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

function damaged(why: string): SnapshotError {
  return new SnapshotError(
    'E_SNAPSHOT_DAMAGED',
    `the state of a machine was damaged: ${why}`,
    'copy the snapshot again in binary mode, or make it again',
  );
}

function pageOf(bytes: Uint8Array, page: number): Uint8Array {
  return bytes.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
}

function hasPage(used: number, page: number): boolean {
  return Math.floor(used / 2 ** page) % 2 === 1;
}

function isZero(bytes: Uint8Array): boolean {
  for (let index = 0; index < bytes.length; index++) if (bytes[index] !== 0) return false;
  return true;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) !== 0 ? (value >>> 1) ^ 0xedb8_8320 : value >>> 1;
  return value;
});

/** The CRC-32 of zlib and Ethernet. */
function crc32(bytes: Uint8Array): number {
  let value = 0xffff_ffff;
  for (let index = 0; index < bytes.length; index++) value = (value >>> 8) ^ CRC_TABLE[(value ^ bytes[index]!) & 0xff]!;
  return ~value >>> 0;
}
