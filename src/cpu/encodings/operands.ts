/** Reads fields and immediates out of an instruction word: the functions of the ARM ARM that every user of the table needs (A5.3.2). */
import type { Encoding } from './encoding.ts';

/** A run of bits of a field: `width` bits at `lsb` of the instruction word (first half in 31:16 when it has two). */
export interface Segment {
  readonly lsb: number;
  readonly width: number;
}

/** An encoding with its bit pattern worked out. */
export interface CompiledEncoding {
  readonly encoding: Encoding;
  /** 2 or 4 bytes. */
  readonly size: 2 | 4;
  /** `(word & mask) === value` holds for every word of the encoding; u32. */
  readonly mask: number;
  readonly value: number;
  /** Number of fixed bits, 32 more for a row that is `first`: of two encodings that match, the one with more applies. */
  readonly fixed: number;
  readonly fields: ReadonlyMap<string, readonly Segment[]>;
}

/** Works out mask, value and fields of `encoding`. @throws {RangeError} when its pattern has not 16 or 32 bits. */
export function compile(encoding: Encoding): CompiledEncoding {
  const bits = encoding.bits.replace(' ', '');
  if (bits.length !== 16 && bits.length !== 32) throw new RangeError(`${encoding.name}: ${bits.length} bits`);
  let mask = 0;
  let value = 0;
  let fixed = encoding.first ? 32 : 0;
  const fields = new Map<string, { lsb: number; width: number }[]>();
  for (let i = 0; i < bits.length; i++) {
    const lsb = bits.length - 1 - i;
    const letter = bits[i]!;
    if (letter === '0' || letter === '1') {
      mask |= 1 << lsb;
      if (letter === '1') value |= 1 << lsb;
      fixed++;
    } else if (letter !== '-') {
      const segments = fields.get(letter) ?? [];
      if (bits[i - 1] === letter) {
        const last = segments.at(-1)!;
        last.lsb = lsb;
        last.width++;
      } else segments.push({ lsb, width: 1 });
      fields.set(letter, segments);
    }
  }
  return { encoding, size: bits.length === 16 ? 2 : 4, mask: mask >>> 0, value: value >>> 0, fixed, fields };
}

/** True when the encoding has the field, in its pattern or implied. */
export function hasField({ encoding, fields }: CompiledEncoding, letter: string): boolean {
  return fields.has(letter) || encoding.implied?.[letter] !== undefined;
}

/** Field `letter` of `word` as u32; implied fields included, 0 where there is none. */
export function field(compiled: CompiledEncoding, word: number, letter: string): number {
  const segments = compiled.fields.get(letter);
  if (segments) {
    if (segments.length === 1) return (word >>> segments[0]!.lsb) & ((1 << segments[0]!.width) - 1);
    let value = 0;
    for (const { lsb, width } of segments) value = (value << width) | ((word >>> lsb) & ((1 << width) - 1));
    return value >>> 0;
  }
  const implied = compiled.encoding.implied?.[letter];
  if (implied === undefined) return 0;
  if (typeof implied === 'number') return implied;
  if (implied === 'n-not-in-list') return (immediate(compiled, word) >>> field(compiled, word, 'n')) & 1 ? 0 : 1;
  return field(compiled, word, implied);
}

/** ThumbExpandImm of the 12 bits i:imm3:imm8, u32. */
export function expandImmediate(imm12: number): number {
  const low = imm12 & 0xff;
  switch (imm12 >>> 8) {
    case 0:
      return low;
    case 1:
      return (low << 16) | low;
    case 2:
      return ((low << 24) | (low << 8)) >>> 0;
    case 3:
      return (low * 0x0101_0101) >>> 0;
    default: {
      const rotation = imm12 >>> 7;
      const value = 0x80 | (imm12 & 0x7f);
      return ((value >>> rotation) | (value << (32 - rotation))) >>> 0;
    }
  }
}

/** Carry out of ThumbExpandImm_C: 0, 1, or -1 where the carry flag stays. */
export function expandCarry(imm12: number): number {
  return imm12 >>> 10 === 0 ? -1 : expandImmediate(imm12) >>> 31;
}

/** A modified immediate that is UNPREDICTABLE: a replicated byte of zero. */
export function expandUnpredictable(imm12: number): boolean {
  return imm12 >>> 10 === 0 && imm12 >>> 8 !== 0 && (imm12 & 0xff) === 0;
}

/** The immediate of `word` in the form that the encoding names; branch offsets are signed, everything else u32. */
export function immediate(compiled: CompiledEncoding, word: number): number {
  const get = (letter: string) => field(compiled, word, letter);
  switch (compiled.encoding.imm) {
    case 'i':
      return get('i');
    case 'i*2':
      return get('i') * 2;
    case 'i*4':
      return get('i') * 4;
    case 'j:i': {
      const width = compiled.fields.get('i')!.reduce((sum, segment) => sum + segment.width, 0);
      return ((get('j') << width) | get('i')) >>> 0;
    }
    case 'expand':
      return expandImmediate(get('i'));
    case 'sx*2': {
      const width = compiled.fields.get('i')![0]!.width;
      return ((get('i') << (32 - width)) >> (32 - width)) * 2;
    }
    case 'branch20':
      return (((get('e') << 31) | (get('y') << 30) | (get('x') << 29) | (get('i') << 12)) >> 11) & ~1;
    case 'branch24': {
      const sign = get('e');
      const i1 = 1 ^ get('x') ^ sign;
      const i2 = 1 ^ get('y') ^ sign;
      return (((sign << 31) | (i1 << 30) | (i2 << 29) | (get('i') << 8)) >> 7) & ~1;
    }
    case 'list':
      return word & 0xffff;
    case 'push':
      return (get('r') & 0xff) | (get('r') & 0x100 ? 0x4000 : 0);
    case 'pop':
      return (get('r') & 0xff) | (get('r') & 0x100 ? 0x8000 : 0);
    default:
      return 0;
  }
}

/** DecodeImmShift: the amount that a 5-bit field means for shift `type` (LSL 0, LSR 1, ASR 2, ROR 3); ROR by 0 is RRX. */
export function shiftAmount(type: number, imm5: number): number {
  return imm5 === 0 && (type === 1 || type === 2) ? 32 : imm5;
}
