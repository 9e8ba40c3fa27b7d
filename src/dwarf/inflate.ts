/**
 * zlib's format (RFC 1950, 1951) for debug sections of `-gz`: compressed with what the platform has only asynchronously, and queries are not.
 *
 * Output is bounded by the size that the section header states; the checksum is not compared.
 */
import { damaged } from './cursor.ts';

const LENGTH_BASE = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385,
  24577,
];
const DISTANCE_EXTRA = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const LONGEST_CODE = 15;

/** A canonical Huffman code: how many codes each length has, and the symbols in order. */
interface Huffman {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

function huffman(lengths: readonly number[]): Huffman {
  const counts = new Uint16Array(LONGEST_CODE + 1);
  for (const length of lengths) counts[length]!++;
  counts[0] = 0;
  const offsets = new Uint16Array(LONGEST_CODE + 2);
  for (let length = 1; length <= LONGEST_CODE; length++) offsets[length + 1] = offsets[length]! + counts[length]!;
  const symbols = new Uint16Array(lengths.length);
  lengths.forEach((length, symbol) => {
    if (length > 0) symbols[offsets[length]!++] = symbol;
  });
  return { counts, symbols };
}

const FIXED_LITERALS = huffman(Array.from({ length: 288 }, (_, n) => (n < 144 ? 8 : n < 256 ? 9 : n < 280 ? 7 : 8)));
const FIXED_DISTANCES = huffman(Array.from({ length: 30 }, () => 5));

class Inflater {
  private readonly input: Uint8Array;
  private at: number;
  private held = 0;
  private heldBits = 0;
  private readonly output: Uint8Array;
  private filled = 0;

  constructor(input: Uint8Array, at: number, size: number) {
    this.input = input;
    this.at = at;
    this.output = new Uint8Array(size);
  }

  private bits(count: number): number {
    while (this.heldBits < count) {
      if (this.at >= this.input.length) damaged('a compressed section ends too early');
      this.held |= this.input[this.at++]! << this.heldBits;
      this.heldBits += 8;
    }
    const value = this.held & ((1 << count) - 1);
    this.held >>>= count;
    this.heldBits -= count;
    return value;
  }

  private symbol({ counts, symbols }: Huffman): number {
    let code = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= LONGEST_CODE; length++) {
      code |= this.bits(1);
      const count = counts[length]!;
      if (code - first < count) return symbols[index + code - first]!;
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    return damaged('a compressed section has a code that does not exist');
  }

  private put(byte: number): void {
    if (this.filled >= this.output.length) damaged('a compressed section holds more than it says');
    this.output[this.filled++] = byte;
  }

  private stored(): void {
    this.held = 0;
    this.heldBits = 0;
    const length = (this.input[this.at] ?? 0) | ((this.input[this.at + 1] ?? 0) << 8);
    this.at += 4;
    if (this.at + length > this.input.length) damaged('a compressed section ends too early');
    for (let n = 0; n < length; n++) this.put(this.input[this.at++]!);
  }

  private codes(): [Huffman, Huffman] {
    const literals = this.bits(5) + 257;
    const distances = this.bits(5) + 1;
    const count = this.bits(4) + 4;
    const lengths = new Array<number>(19).fill(0);
    for (let n = 0; n < count; n++) lengths[CODE_LENGTH_ORDER[n]!] = this.bits(3);
    const code = huffman(lengths);
    const all: number[] = [];
    while (all.length < literals + distances) {
      const symbol = this.symbol(code);
      if (symbol < 16) all.push(symbol);
      else if (symbol === 16) this.repeat(all, all.at(-1) ?? 0, 3 + this.bits(2));
      else this.repeat(all, 0, symbol === 17 ? 3 + this.bits(3) : 11 + this.bits(7));
    }
    return [huffman(all.slice(0, literals)), huffman(all.slice(literals, literals + distances))];
  }

  private repeat(list: number[], value: number, times: number): void {
    for (let n = 0; n < times; n++) list.push(value);
  }

  private compressed(literals: Huffman, distances: Huffman): void {
    for (;;) {
      const symbol = this.symbol(literals);
      if (symbol === 256) return;
      if (symbol < 256) {
        this.put(symbol);
        continue;
      }
      const length = LENGTH_BASE[symbol - 257];
      if (length === undefined) damaged('a compressed section has a length that does not exist');
      let left = length + this.bits(LENGTH_EXTRA[symbol - 257]!);
      const code = this.symbol(distances);
      const base = DISTANCE_BASE[code];
      if (base === undefined) damaged('a compressed section has a distance that does not exist');
      const distance = base + this.bits(DISTANCE_EXTRA[code]!);
      if (distance > this.filled) damaged('a compressed section refers to before its beginning');
      for (; left > 0; left--) this.put(this.output[this.filled - distance]!);
    }
  }

  run(): Uint8Array {
    let last = 0;
    while (last === 0) {
      last = this.bits(1);
      const kind = this.bits(2);
      if (kind === 0) this.stored();
      else if (kind === 1) this.compressed(FIXED_LITERALS, FIXED_DISTANCES);
      else if (kind === 2) this.compressed(...this.codes());
      else damaged('a compressed section has a block of an unknown kind');
    }
    return this.output.subarray(0, this.filled);
  }
}

/** What zlib data at `at` holds, `size` bytes at most. @throws {DebugInfoError} */
export function inflate(input: Uint8Array, at: number, size: number): Uint8Array {
  // deflate cannot do better than 1032 to 1: more is no real size, and must not be allocated.
  if (size > (input.length - at) * 1032 + 64) damaged('a compressed section states a size that it cannot have');
  return new Inflater(input, at + 2, size).run();
}
