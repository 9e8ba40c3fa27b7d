/**
 * Bytes that are only ever appended, and read again from the beginning: the form in which a history is kept. What was written once is shared by all
 * that go on from there.
 */
import { SnapshotError } from '../errors.ts';

const FIRST = 4096;
const LARGEST = 1024 * 1024;

/** An append-only sequence of bytes; it may begin with parts of another, which it shares. */
export class ByteLog {
  private readonly parts: Uint8Array[];
  private current = new Uint8Array(0);
  private used = 0;

  constructor(parts: readonly Uint8Array[] = []) {
    this.parts = [...parts];
  }

  /** All that was written so far; the parts never change. */
  share(): readonly Uint8Array[] {
    return this.used === 0 ? [...this.parts] : [...this.parts, this.current.subarray(0, this.used)];
  }

  private reserve(count: number): void {
    if (this.used + count <= this.current.length) return;
    if (this.used > 0) this.parts.push(this.current.subarray(0, this.used));
    this.current = new Uint8Array(Math.max(count, Math.min(LARGEST, Math.max(FIRST, 2 * this.current.length))));
    this.used = 0;
  }

  /** Appends a whole number from 0 to 2^53 - 1, seven bits to a byte. */
  number(value: number): void {
    this.reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.current[this.used++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.current[this.used++] = rest;
  }

  /** Appends bytes, as many as whoever reads will ask for. */
  bytes(data: Uint8Array): void {
    this.reserve(data.length);
    this.current.set(data, this.used);
    this.used += data.length;
  }
}

/** Reads what a `ByteLog` holds. Each method throws `SnapshotError` behind the end. */
export class ByteLogReader {
  private readonly parts: readonly Uint8Array[];
  private part = 0;
  private at = 0;
  private readonly what: string;

  /** `what` is what it is called in errors. */
  constructor(parts: readonly Uint8Array[], what: string) {
    this.parts = parts.filter(({ length }) => length > 0);
    this.what = what;
  }

  /** True when all was read. */
  get ended(): boolean {
    return this.part >= this.parts.length;
  }

  byte(): number {
    const part = this.parts[this.part];
    if (!part) throw this.short();
    const value = part[this.at++]!;
    if (this.at === part.length) {
      this.part++;
      this.at = 0;
    }
    return value;
  }

  number(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 49; scale *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new SnapshotError('E_SNAPSHOT_DAMAGED', `${this.what}: a number that is too large`, 'make the snapshot again', this.what);
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(Math.min(length, this.rest()));
    if (out.length < length) throw this.short();
    for (let done = 0; done < length; ) {
      const part = this.parts[this.part]!;
      const count = Math.min(length - done, part.length - this.at);
      out.set(part.subarray(this.at, this.at + count), done);
      done += count;
      this.at += count;
      if (this.at === part.length) {
        this.part++;
        this.at = 0;
      }
    }
    return out;
  }

  private rest(): number {
    let rest = -this.at;
    for (let index = this.part; index < this.parts.length; index++) rest += this.parts[index]!.length;
    return rest;
  }

  private short(): SnapshotError {
    return new SnapshotError(
      'E_SNAPSHOT_DIVERGED',
      `${this.what} ends before Linux has got where it was`,
      'the snapshot is damaged or of another version of imx-sim; make it again',
      this.what,
    );
  }
}
