/** Checks the `requires` of an encoding against an instruction word. The vocabulary is listed in encoding.ts. */
import type { Encoding } from './encoding.ts';
import { type CompiledEncoding, field, hasField, immediate, shiftAmount } from './operands.ts';

type Check = (compiled: CompiledEncoding, word: number) => boolean;

function bitCount(value: number): number {
  let count = 0;
  for (let rest = value; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** First register, number of registers and size of the file that VLDM, VSTM and the two-single VMOV use. */
function floatList(compiled: CompiledEncoding, word: number): boolean {
  const words = field(compiled, word, 'i');
  if (compiled.encoding.op.endsWith('F32')) {
    const first = field(compiled, word, 'd') * 2 + field(compiled, word, 'D');
    return words >= 1 && first + words <= 32;
  }
  const count = words >>> 1;
  return count >= 1 && count <= 16 && field(compiled, word, 'd') + count <= 16;
}

const NAMED: Readonly<Record<string, Check>> = {
  onepc: (c, w) => field(c, w, 'n') !== 15 || field(c, w, 'm') !== 15,
  onehigh: (c, w) => field(c, w, 'n') > 7 || field(c, w, 'm') > 7,
  noit: () => true,
  lastit: () => true,
  'n=m': (c, w) => field(c, w, 'n') === field(c, w, 'm'),
  itmask: (_c, w) => {
    const first = (w >>> 4) & 15;
    const mask = w & 15;
    return first !== 15 && (first !== 14 || bitCount(mask) === 1);
  },
  field: (c, w) => field(c, w, 'w') >= field(c, w, 'i'),
  width: (c, w) => field(c, w, 'w') + field(c, w, 'i') <= 31,
  list1: (c, w) => immediate(c, w) !== 0,
  list2: (c, w) => bitCount(immediate(c, w)) >= 2,
  nolist: (c, w) => field(c, w, 'W') === 0 || ((immediate(c, w) >>> field(c, w, 'n')) & 1) === 0,
  pclr: (c, w) => (immediate(c, w) & 0xc000) !== 0xc000,
  dualwb: (c, w) => {
    const n = field(c, w, 'n');
    return field(c, w, 'W') === 0 || (n !== field(c, w, 't') && n !== field(c, w, 'u'));
  },
  satshift: (c, w) => field(c, w, 'k') === 0 || field(c, w, 'i') !== 0,
  movsp: (c, w) => {
    const stacks = (field(c, w, 'd') === 13 ? 1 : 0) + (field(c, w, 'm') === 13 ? 1 : 0);
    return stacks <= 1 - field(c, w, 'S');
  },
  spshift: (c, w) => field(c, w, 'd') !== 13 || (field(c, w, 'k') === 0 && shiftAmount(0, field(c, w, 'i')) <= 3),
  vlist: floatList,
  fraction: (c, w) => field(c, w, 'i') * 2 + field(c, w, 'j') <= (field(c, w, 'e') ? 32 : 16),
  vpair: (c, w) => field(c, w, 'm') * 2 + field(c, w, 'M') < 31,
};

function parse(text: string): Check {
  const named = NAMED[text];
  if (named) return named;
  const letter = text[0]!;
  switch (text.slice(1)) {
    case ':r':
      return (c, w) => field(c, w, letter) !== 13 && field(c, w, letter) !== 15;
    case ':p':
      return (c, w) => field(c, w, letter) !== 15;
    case ':notsp':
      return (c, w) => field(c, w, letter) !== 13;
    case ':cond':
      return (c, w) => field(c, w, letter) < 14;
    default: {
      const other = text[2];
      if (text[1] !== '!' || other === undefined || text.length !== 3) throw new RangeError(`unknown constraint ${text}`);
      return (c, w) => field(c, w, letter) !== field(c, w, other);
    }
  }
}

/** The checks of an encoding, ready to run. @throws {RangeError} for a constraint that nobody knows or that names a missing field. */
export function compileConstraints(compiled: CompiledEncoding): readonly Check[] {
  return (compiled.encoding.requires ?? []).map((text) => {
    if (text[1] === ':' && !hasField(compiled, text[0]!)) throw new RangeError(`${compiled.encoding.name}: no field for ${text}`);
    return parse(text);
  });
}

/** True when the encoding may not stand inside an IT block. */
export function refusedInIt(encoding: Encoding): boolean {
  return encoding.requires?.includes('noit') ?? false;
}
