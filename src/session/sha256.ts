/**
 * SHA-256 (FIPS 180-4) in parts, so that a trace of any length is hashed as it comes; the browser's own digest wants it all at once.
 */

/** The first 32 bits of the fractional parts of `root` of the first primes: the constants of the standard. */
function fractions(count: number, root: (n: number) => number): Int32Array {
  const words = new Uint32Array(count);
  for (let n = 2, found = 0; found < count; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false;
    if (prime) words[found++] = (root(n) % 1) * 2 ** 32;
  }
  // Signed, as V8 computes with them as they are; unsigned ones become doubles.
  return new Int32Array(words.buffer);
}

const INITIAL = fractions(8, Math.sqrt);
const ROUNDS = fractions(64, Math.cbrt);
const BLOCK = 64;

/** A hash in the making, as data. */
export interface HashState {
  readonly state: Int32Array;
  readonly block: Uint8Array;
  readonly filled: number;
  readonly length: number;
}

/** One hash in the making. */
export class Sha256 {
  private readonly state = INITIAL.slice();
  private readonly block = new Uint8Array(BLOCK);
  private readonly view = new DataView(this.block.buffer);
  private readonly schedule = new Int32Array(64);
  /** Bytes of `block` that are filled. */
  private filled = 0;
  private length = 0;

  /** A hash that goes on from here by itself. */
  clone(): Sha256 {
    return Sha256.from(this.save());
  }

  /** All that it consists of, as data. */
  save(): HashState {
    const { state, block, filled, length } = this;
    return { state: state.slice(), block: block.slice(), filled, length };
  }

  /** A hash that goes on where `saved` was. */
  static from({ state, block, filled, length }: HashState): Sha256 {
    const hash = new Sha256();
    hash.state.set(state.subarray(0, hash.state.length));
    hash.block.set(block.subarray(0, BLOCK));
    hash.filled = Math.min(filled, BLOCK - 1);
    hash.length = length;
    return hash;
  }

  /** Adds bytes. */
  update(bytes: Uint8Array): void {
    this.length += bytes.length;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < bytes.length; ) {
      if (this.filled === 0 && at + BLOCK <= bytes.length) {
        this.compress(view, at);
        at += BLOCK;
        continue;
      }
      const count = Math.min(BLOCK - this.filled, bytes.length - at);
      this.block.set(bytes.subarray(at, at + count), this.filled);
      this.filled += count;
      at += count;
      if (this.filled === BLOCK) this.compressBlock();
    }
  }

  /** The digest in hex; nothing can be added afterwards. */
  digest(): string {
    const { length, view } = this;
    this.update(Uint8Array.of(0x80));
    while (this.filled !== BLOCK - 8) this.update(Uint8Array.of(0));
    view.setUint32(BLOCK - 8, Math.floor(length / 2 ** 29));
    view.setUint32(BLOCK - 4, length * 8);
    this.compressBlock();
    return [...this.state].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  }

  private compressBlock(): void {
    this.compress(this.view, 0);
    this.filled = 0;
  }

  /** Takes the block at `at` in. */
  private compress(view: DataView, at: number): void {
    const { state, schedule: w } = this;
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + 4 * i);
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15]!;
      const y = w[i - 2]!;
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0;
    }
    let a = state[0]!;
    let b = state[1]!;
    let c = state[2]!;
    let d = state[3]!;
    let e = state[4]!;
    let f = state[5]!;
    let g = state[6]!;
    let h = state[7]!;
    for (let i = 0; i < 64; i++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUNDS[i]! + w[i]!) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    state[0]! += a;
    state[1]! += b;
    state[2]! += c;
    state[3]! += d;
    state[4]! += e;
    state[5]! += f;
    state[6]! += g;
    state[7]! += h;
  }
}
