/**
 * Plain data as bytes and back: undefined, null, booleans, numbers, bigints, strings, typed arrays, arrays and plain objects, each behind a tag.
 *
 * What is read is hostile: every length is checked against the bytes that are left before anything is made of it, and depth is limited. Little-endian
 * throughout, whatever the host is.
 */
import { SnapshotError, UsageError } from '../errors.ts';

const TAG = {
  undefined: 0,
  null: 1,
  false: 2,
  true: 3,
  natural: 4,
  negative: 5,
  double: 6,
  bigint: 7,
  string: 8,
  array: 9,
  object: 10,
} as const;
/** Tags of typed arrays, with their makers; the element's size tells how bytes are turned on a big-endian host. */
const TYPED = [
  Uint8Array,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigUint64Array,
  BigInt64Array,
  Uint8ClampedArray,
];
const FIRST_TYPED = 16;
const DEEPEST = 100;
const LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Bytes that grow. */
class Writer {
  bytes = new Uint8Array(1 << 16);
  length = 0;
  private readonly encoder = new TextEncoder();

  room(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const bytes = new Uint8Array(Math.max(2 * this.bytes.length, this.length + count));
    bytes.set(this.bytes.subarray(0, this.length));
    this.bytes = bytes;
  }

  byte(value: number): void {
    this.room(1);
    this.bytes[this.length++] = value;
  }

  natural(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.byte((rest % 0x80) | 0x80);
    this.byte(rest);
  }

  data(bytes: Uint8Array): void {
    this.natural(bytes.length);
    this.room(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  text(value: string): void {
    this.data(this.encoder.encode(value));
  }

  number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      this.byte(value < 0 ? TAG.negative : TAG.natural);
      this.natural(Math.abs(value));
      return;
    }
    this.byte(TAG.double);
    this.room(8);
    new DataView(this.bytes.buffer).setFloat64(this.length, value, true);
    this.length += 8;
  }
}

/** `value` as bytes. @throws {UsageError} when it holds what is no plain data; the message says where */
export function encodePlain(value: unknown): Uint8Array {
  const writer = new Writer();
  write(writer, value, 'the value', 0);
  return writer.bytes.slice(0, writer.length);
}

function write(writer: Writer, value: unknown, place: string, depth: number): void {
  if (depth > DEEPEST) throw new UsageError(`${place} is nested too deeply to be written down`, 'keep less in it');
  if (value === undefined) writer.byte(TAG.undefined);
  else if (value === null) writer.byte(TAG.null);
  else if (typeof value === 'boolean') writer.byte(value ? TAG.true : TAG.false);
  else if (typeof value === 'number') writer.number(value);
  else if (typeof value === 'bigint') {
    writer.byte(TAG.bigint);
    writer.text(value.toString(16));
  } else if (typeof value === 'string') {
    writer.byte(TAG.string);
    writer.text(value);
  } else if (Array.isArray(value)) {
    writer.byte(TAG.array);
    writer.natural(value.length);
    for (const [index, each] of value.entries()) write(writer, each, `${place}[${index}]`, depth + 1);
  } else if (ArrayBuffer.isView(value)) writeTyped(writer, value, place);
  else writeObject(writer, value, place, depth);
}

function writeTyped(writer: Writer, value: ArrayBufferView, place: string): void {
  const type = TYPED.findIndex((each) => value.constructor === each || (each === Uint8Array && value instanceof Uint8Array));
  if (type < 0) throw new UsageError(`${place} is a ${value.constructor.name}, which cannot be written down`, 'keep a Uint8Array');
  writer.byte(FIRST_TYPED + type);
  const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  writer.data(LITTLE ? bytes : turned(bytes, TYPED[type]!.BYTES_PER_ELEMENT));
}

function writeObject(writer: Writer, value: unknown, place: string, depth: number): void {
  const prototype: unknown = typeof value === 'object' ? Object.getPrototypeOf(value) : undefined;
  if (prototype !== Object.prototype && prototype !== null) {
    const what = typeof value === 'object' ? `a ${(value as object).constructor.name}` : `a ${typeof value}`;
    throw new UsageError(
      `${place} is ${what}, which cannot be written down`,
      'keep plain data: numbers, strings, bytes, arrays, objects of them',
    );
  }
  const entries = Object.entries(value as object);
  writer.byte(TAG.object);
  writer.natural(entries.length);
  for (const [key, each] of entries) {
    writer.text(key);
    write(writer, each, `${place}.${key}`, depth + 1);
  }
}

function turned(bytes: Uint8Array, size: number): Uint8Array {
  const out = bytes.slice();
  for (let at = 0; at < out.length; at += size) out.subarray(at, at + size).reverse();
  return out;
}

/** What `encodePlain` made `bytes` of; `what` is what they are called in errors. @throws {SnapshotError} when they are not that */
export function decodePlain(bytes: Uint8Array, what: string): unknown {
  const reader = new Reader(bytes, what);
  const value = reader.value(0);
  if (reader.left > 0) throw reader.damaged(`${reader.left} bytes too many`);
  return value;
}

class Reader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly what: string;
  private readonly decoder = new TextDecoder();
  private at = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.what = what;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  damaged(why: string): SnapshotError {
    return new SnapshotError('E_SNAPSHOT_DAMAGED', `${this.what} is damaged at byte ${this.at}: ${why}`, 'make it again', this.what);
  }

  private byte(): number {
    if (this.left < 1) throw this.damaged('it ends there');
    return this.bytes[this.at++]!;
  }

  private natural(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 49; scale *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw this.damaged('a number that is too large');
  }

  private data(): Uint8Array {
    const length = this.natural();
    if (length > this.left) throw this.damaged(`${length} bytes are to follow, and ${this.left} are left`);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  private text(): string {
    return this.decoder.decode(this.data());
  }

  value(depth: number): unknown {
    if (depth > DEEPEST) throw this.damaged('nested too deeply');
    const tag = this.byte();
    switch (tag) {
      case TAG.undefined:
        return undefined;
      case TAG.null:
        return null;
      case TAG.false:
        return false;
      case TAG.true:
        return true;
      case TAG.natural:
        return this.natural();
      case TAG.negative:
        return -this.natural();
      case TAG.double:
        if (this.left < 8) throw this.damaged('it ends there');
        this.at += 8;
        return this.view.getFloat64(this.at - 8, true);
      case TAG.bigint:
        return this.bigint();
      case TAG.string:
        return this.text();
      case TAG.array:
        return this.array(depth);
      case TAG.object:
        return this.object(depth);
      default:
        return this.typed(tag - FIRST_TYPED);
    }
  }

  private bigint(): bigint {
    const text = this.text();
    const match = /^(-?)([0-9a-f]{1,64})$/.exec(text);
    if (!match) throw this.damaged('no number');
    const value = BigInt(`0x${match[2]}`);
    return match[1] ? -value : value;
  }

  private array(depth: number): unknown[] {
    const length = this.natural();
    if (length > this.left) throw this.damaged(`${length} items are to follow, and ${this.left} bytes are left`);
    return Array.from({ length }, () => this.value(depth + 1));
  }

  private object(depth: number): Record<string, unknown> {
    const length = this.natural();
    if (length > this.left) throw this.damaged(`${length} fields are to follow, and ${this.left} bytes are left`);
    const entries: [string, unknown][] = [];
    for (let index = 0; index < length; index++) entries.push([this.text(), this.value(depth + 1)]);
    return Object.fromEntries(entries);
  }

  private typed(type: number): ArrayBufferView {
    const make = TYPED[type];
    if (!make) throw this.damaged(`no tag ${type + FIRST_TYPED}`);
    const bytes = this.data();
    const size = make.BYTES_PER_ELEMENT;
    if (bytes.length % size !== 0) throw this.damaged(`${bytes.length} bytes for elements of ${size}`);
    // Of its own buffer, so that wide elements are aligned.
    const own = new Uint8Array(LITTLE ? bytes : turned(bytes, size));
    return new make(own.buffer, 0, own.length / size);
  }
}
