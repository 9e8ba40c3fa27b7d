/** The encoding table against itself and against capstone: every 16-bit word, and seeded samples of the 32-bit ones. */
import capstone from '@alexaltea/capstone-js';
import { beforeAll, describe, expect, it } from 'vitest';
import { COMPILED, decode, ENCODINGS, featuresOf, field, immediate, match, predictable } from '../../../src/cpu/encodings/index.ts';

const SEED = 0x1234_5678;
const ALL = featuresOf({ fpu: 'fpv5-dp', architecture: 'armv8-m' });
const V7 = featuresOf({ fpu: 'fpv5-dp', architecture: 'armv7e-m' });

let text: (word: number, size: 2 | 4) => string | undefined;

beforeAll(async () => {
  const module = await capstone();
  const handle = new module.Capstone(module.ARCH_ARM, module.MODE_THUMB | module.MODE_MCLASS);
  text = (word, size) => {
    const halves = size === 2 ? [word] : [word >>> 16, word & 0xffff];
    const bytes = Uint8Array.from(halves.flatMap((half) => [half & 0xff, half >>> 8]));
    try {
      const [instruction] = handle.disasm(bytes, 0, 1);
      return instruction?.size === size ? `${instruction.mnemonic} ${instruction.op_str}`.trim() : undefined;
    } catch {
      return undefined;
    }
  };
});

function* random(seed: number): Generator<number, never> {
  let state = seed;
  for (;;) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield state >>> 0;
  }
}

/** Mnemonic without condition, width suffix and flag suffix. */
const mnemonic = (line: string): string => line.split(' ')[0]!.replace(/\.w$/, '');

/** What capstone calls the instructions of an `op`; by default the op's first word. */
const NAMES: Readonly<Record<string, RegExp>> = {
  ADR: /^(adr|addw|subw)$/,
  ADD_IMM: /^(adds?|addw)$/,
  ADD_HIGH: /^add$/,
  SUB_IMM: /^(subs?|subw)$/,
  MOV_IMM: /^(movs?|movw)$/,
  MOV_HIGH: /^mov$/,
  RSB_IMM: /^(rsbs?|negs)$/,
  B: /^b$/,
  B_COND: /^b(eq|ne|hs|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)$/,
  HINT: /^(nop|yield|wfe|wfi|sev|sevl|hint|dbg|csdb|esb|it.*)$/,
  BARRIER: /^(dsb|dmb|isb|dfb|pssbb|ssbb)$/,
  NOP: /^(pld|pldw|pli)$/,
  STM: /^stm(ia)?$/,
  LDM: /^(ldm(ia)?|pop)$/,
  STMDB: /^(stmdb|push)$/,
  IT: /^it[te]*$/,
  UDF: /^(udf|trap)$/,
  CPS: /^cps(ie|id)$/,
  PKH: /^pkh(bt|tb)$/,
  LDRT: /^ldrt?$/,
  LDRBT: /^ldrbt?$/,
  LDRHT: /^ldrht?$/,
  LDRSBT: /^ldrsbt?$/,
  LDRSHT: /^ldrsht?$/,
  SMULXY: /^smul[bt]{2}$/,
  SMLAXY: /^smla[bt]{2}$/,
  SMULWY: /^smulw[bt]$/,
  SMLAWY: /^smlaw[bt]$/,
  SMLALXY: /^smlal[bt]{2}$/,
  VSTM_F32: /^(vstm(ia|db)|vpush)$/,
  VSTM_F64: /^(vstm(ia|db)|vpush|fstm(ia|db)x)$/,
  VLDM_F32: /^(vldm(ia|db)|vpop)$/,
  VLDM_F64: /^(vldm(ia|db)|vpop|fldm(ia|db)x)$/,
  VMAXNM_F32: /^vmaxnm\.f32$/,
  VRINTRZ_F32: /^vrint[rz]\.f32$/,
  VRINTRZ_F64: /^vrint[rz]\.f64$/,
};

function expectedName(op: string): RegExp {
  const known = NAMES[op];
  if (known) return known;
  const format = /_(F32|F64)$/.exec(op)?.[1] ?? '';
  const stem = op.split('_')[0];
  if (stem === 'VCVT') return /^vcvt[abtrnpm]?\.[fsu](16|32|64)(\.[fsu](16|32|64))?$/;
  if (stem === 'VRINT') return new RegExp(`^vrint[anpm]\\.${format.toLowerCase()}$`);
  if (stem === 'VSEL') return new RegExp(`^vsel(eq|vs|ge|gt)\\.${format.toLowerCase()}$`);
  if (stem === 'VCMP' || stem === 'VCMPZ') return new RegExp(`^vcmpe?\\.${format.toLowerCase()}$`);
  if (stem!.startsWith('V')) return new RegExp(`^${stem!.toLowerCase()}(\\.32|\\.${format.toLowerCase()})?$`);
  return new RegExp(`^${stem!.toLowerCase()}[sxr]?$`);
}

/** Bits that the manual prints in parentheses: capstone ignores some, this table refuses them when they are wrong. */
const SHOULD_BE = [26, 15, 13, 6, 5, 4];

/** What capstone knows and ARMv7-M and ARMv8.0-M have not: Advanced SIMD, half precision arithmetic, ARMv8-A, ARMv8.1-M. */
const FOREIGN =
  /^(v|f[ls]tm|ldaexd|stlexd|hlt|setpan|crc|dcps|hvc|smc|eret|rfe|srs|sevl|bxj|cps|ldrexd|strexd|subs pc|dbg|cls|clrm|csel|cs)/;

describe('the table', () => {
  it('has names and patterns without duplicates', () => {
    expect(new Set(ENCODINGS.map(({ bits }) => bits)).size).toBe(ENCODINGS.length);
    expect(new Set(ENCODINGS.map(({ name }) => name)).size).toBe(ENCODINGS.length);
  });

  it('reaches every row: each wins for the word with all its fields zero or some other', () => {
    const source = random(SEED);
    const lost = COMPILED.filter((compiled) => {
      for (let i = 0; i < 2000; i++) {
        const word = ((source.next().value & ~compiled.mask) | compiled.value) >>> 0;
        if (match(compiled.size === 2 ? word & 0xffff : word, compiled.size) === compiled) return false;
      }
      return true;
    });
    expect(lost.map(({ encoding }) => encoding.name)).toEqual([]);
  });

  it('has no two rows of the same specificity for one word', () => {
    const clashes: string[] = [];
    for (const a of COMPILED) {
      for (const b of COMPILED) {
        if (a === b || a.size !== b.size || a.fixed !== b.fixed) continue;
        if (((a.value ^ b.value) & a.mask & b.mask) === 0) clashes.push(`${a.encoding.name} / ${b.encoding.name}`);
      }
    }
    expect(clashes).toEqual([]);
  });

  it.each([
    [0xf04f_7180, 4, 0x0100_0000],
    [0xf04f_31ab, 4, 0xabab_abab],
    [0xf44f_417f, 4, 0xff00],
    [0xf240_1234 | 0x0400_0000, 4, 0x0934],
    [0xd0fe, 2, -4],
    [0xe7fe, 2, -4],
    [0xf7ff_fffe, 4, -4],
    [0xf000_f800, 4, 0],
    [0xf03f_affe, 4, 0xffffc & ~3],
    [0xb5f0, 2, 0x40f0],
    [0xbdf0, 2, 0x80f0],
    [0xe8bd_81f0, 4, 0x81f0],
  ] as const)('reads the immediate of %x', (word, size, expected) => {
    expect(immediate(match(word >>> 0, size)!, word >>> 0)).toBe(expected);
  });

  it('refuses what a core lacks', () => {
    const vaddF64 = 0xee31_0b02;
    const vaddF32 = 0xee30_0a81;
    const vselF32 = 0xfe00_0a81;
    expect(decode(vaddF64, 4, featuresOf({ fpu: 'fpv4-sp' }))).toBeUndefined();
    expect(decode(vaddF64, 4, ALL)?.encoding.op).toBe('VADD_F64');
    expect(decode(vaddF32, 4, featuresOf({ fpu: 'none' }))).toBeUndefined();
    expect(decode(vselF32, 4, featuresOf({ fpu: 'fpv4-sp' }))).toBeUndefined();
    expect(decode(vselF32, 4, featuresOf({ fpu: 'fpv5-sp' }))?.encoding.op).toBe('VSEL_F32');
  });
});

describe('ARMv8-M', () => {
  const rows = COMPILED.filter(({ encoding }) => encoding.feature === 'v8m');

  it('has its rows on ARMv8-M only, where ARMv7-M has what was there before', () => {
    const source = random(SEED);
    expect(rows).toHaveLength(21);
    for (const compiled of rows) {
      let seen = 0;
      for (let i = 0; i < 400; i++) {
        const any = ((source.next().value & ~compiled.mask) | compiled.value) >>> 0;
        const word = compiled.size === 2 ? any & 0xffff : any;
        expect(match(word, compiled.size, V7)?.encoding.feature).not.toBe('v8m');
        if (decode(word, compiled.size, ALL) === compiled) seen++;
        const before = decode(word, compiled.size, V7)?.encoding.op;
        expect(before).toBe(/^VL(STM|LDM)$/.test(compiled.encoding.op) ? 'COPROCESSOR' : undefined);
      }
      expect(seen, compiled.encoding.name).toBeGreaterThan(100);
    }
  });

  it.each([
    ['LDA with SP', 0xe8d1_dfaf],
    ['LDA with PC as base', 0xe8df_0faf],
    ['STLB of PC', 0xe8c1_ff8f],
    ['STLEX whose status is the value', 0xe8c1_0fe0],
    ['STLEXH whose status is the base', 0xe8c1_0fd1],
    ['LDAEX with a bit that should be one clear', 0xe8d1_0eef],
    ['TT into SP', 0xe841_fd00],
    ['TT into PC', 0xe841_ff00],
    ['TTA of PC', 0xe84f_f280],
    ['VLLDM from PC', 0xec3f_0a00],
    ['BXNS PC', 0x477c],
    ['BLXNS SP', 0x47ec],
  ])('refuses %s', (_what, word) => {
    const size = word > 0xffff ? 4 : 2;
    const compiled = decode(word, size, ALL);
    expect(compiled?.encoding.op ?? 'COPROCESSOR').toBe('COPROCESSOR');
  });

  it('knows SG by all of its bits', () => {
    expect(decode(0xe97f_e97f, 4, ALL)?.encoding.op).toBe('SG');
    for (let bit = 0; bit < 32; bit++) expect(decode((0xe97f_e97f ^ (1 << bit)) >>> 0, 4, ALL)?.encoding.op).not.toBe('SG');
  });
});

describe('UNPREDICTABLE moves', () => {
  it.each([
    ['MOV.W SP, SP', 0xea4f_0d0d, false],
    ['MOVS.W SP, R1', 0xea5f_0d01, false],
    ['MOVS.W R1, SP', 0xea5f_010d, false],
    ['MOV.W SP, R1', 0xea4f_0d01, true],
    ['MOV.W R1, SP', 0xea4f_010d, true],
    ['MOVS.W R1, R2', 0xea5f_0102, true],
  ])('%s', (_what, word, allowed) => {
    expect(decode(word, 4, V7) !== undefined).toBe(allowed);
    expect(decode(word, 4, ALL) !== undefined).toBe(allowed);
  });
});

describe('saturation', () => {
  it.each([
    ['SSAT R0, #23, R8, ASR #0', 0xf328_0016],
    ['USAT R0, #21, R8, ASR #0', 0xf3a8_0015],
  ])('%s does not exist', (_what, word) => {
    expect(decode(word, 4, V7)).toBeUndefined();
    expect(decode(word | 0x40, 4, V7)?.encoding.op).toMatch(/^[SU]SAT$/);
  });
});

/** Rows that capstone cannot confirm, and why. */
const UNCONFIRMED: readonly (readonly [row: RegExp, reason: string])[] = [
  [/^Coprocessor /, 'stands for all instructions of all coprocessors, which capstone calls by their own names'],
  [/unallocated hint/, 'executes as NOP; capstone does not list unallocated hints'],
];
const unconfirmed = (name: string): string | undefined => UNCONFIRMED.find(([row]) => row.test(name))?.[1];

/** UDF #249, which capstone keeps for itself. */
const UNKNOWN_UDF = 0xdef9;
/** Special registers that capstone has names for. */
const NAMED_SPECIAL = [0, 3, 8, 9, 16, 17, 18, 19, 20];

describe('capstone agrees', () => {
  const agreed = new Set<string>();

  it('on every 16-bit word', () => {
    const wrong: string[] = [];
    let both = 0;
    for (let word = 0; word < 0xe800; word++) {
      const ours = decode(word, 2, ALL);
      const theirs = text(word, 2);
      if (ours && theirs) {
        both++;
        if (expectedName(ours.encoding.op).test(mnemonic(theirs))) agreed.add(ours.encoding.name);
        else wrong.push(`${word.toString(16)} ${ours.encoding.name} / ${theirs}`);
      } else if (theirs && !ours) {
        // UNPREDICTABLE forms.
        const refused = match(word, 2);
        const nonZero = /^bl?x(ns)?$/.test(mnemonic(theirs)) && (word & 3) !== 0;
        if (!nonZero && !FOREIGN.test(theirs) && !(refused && !predictable(refused, word)))
          wrong.push(`${word.toString(16)} - / ${theirs}`);
      } else if (ours && !theirs && word !== UNKNOWN_UDF) wrong.push(`${word.toString(16)} ${ours.encoding.name} / -`);
    }
    expect(wrong).toEqual([]);
    expect(both).toBeGreaterThan(57_000);
  });

  it('on words drawn from every 32-bit row', () => {
    const source = random(SEED);
    const wrong: string[] = [];
    for (const compiled of COMPILED) {
      if (compiled.size !== 4 || compiled.encoding.op === 'COPROCESSOR') continue;
      let tried = 0;
      for (let i = 0; i < 4000 && tried < 60; i++) {
        const word = ((source.next().value & ~compiled.mask) | compiled.value) >>> 0;
        if (decode(word, 4, ALL) !== compiled) continue;
        const { name, op } = compiled.encoding;
        const theirs = text(word, 4);
        if (/^M(RS|SR)/.test(name) && !NAMED_SPECIAL.includes(word & 0xff)) continue;
        tried++;
        if (!theirs && unconfirmed(name)) continue;
        if (theirs && expectedName(op).test(mnemonic(theirs))) agreed.add(name);
        else wrong.push(`${word.toString(16)} ${name} / ${theirs}`);
      }
      if (tried < Math.min(10, 2 ** (32 - compiled.fixed))) wrong.push(`${compiled.encoding.name}: only ${tried} words`);
    }
    expect(wrong).toEqual([]);
  });

  it('on every row', () => {
    const names = COMPILED.map(({ encoding }) => encoding.name);
    const others = names.filter((name) => !agreed.has(name));
    console.log(
      [
        `capstone confirms ${agreed.size} of ${names.length} encodings; not:`,
        ...others.map((name) => `  ${name}: ${unconfirmed(name)}`),
      ].join('\n'),
    );
    expect(others.filter((name) => unconfirmed(name) === undefined)).toEqual([]);
  });

  it('that what is refused is undefined, unpredictable, or of neither architecture', () => {
    const source = random(SEED + 1);
    const wrong: string[] = [];
    for (let i = 0; i < 60_000; i++) {
      const word = (((0xe800 + (source.next().value % 0x1800)) << 16) | (source.next().value & 0xffff)) >>> 0;
      const theirs = text(word, 4);
      const ours = match(word, 4);
      if (!theirs || ours || FOREIGN.test(theirs)) continue;
      const name = mnemonic(theirs);
      const near = SHOULD_BE.flatMap((a) => SHOULD_BE.map((b) => (word ^ (1 << a) ^ (a === b ? 0 : 1 << b)) >>> 0));
      if (!near.some((other) => match(other, 4) && mnemonic(text(other, 4) ?? '') === name)) wrong.push(`${word.toString(16)} ${theirs}`);
    }
    expect(wrong).toEqual([]);
  });

  it('on register numbers and immediates of a sample', () => {
    const check = (word: number, size: 2 | 4, letters: string): string => {
      const compiled = match(word, size)!;
      return [...letters].map((letter) => `${letter}${field(compiled, word, letter)}`).join(' ');
    };
    expect([text(0xeb02_10c3, 4), check(0xeb02_10c3, 4, 'dnmki')]).toEqual(['add.w r0, r2, r3, lsl #7', 'd0 n2 m3 k0 i7']);
    expect([text(0xfbc1_2304, 4), check(0xfbc1_2304, 4, 'ldnm')]).toEqual(['smlal r2, r3, r1, r4', 'l2 d3 n1 m4']);
    expect([text(0xe9d1_2304, 4), check(0xe9d1_2304, 4, 'tun')]).toEqual(['ldrd r2, r3, [r1, #0x10]', 't2 u3 n1']);
    expect([text(0xe841_2304, 4), check(0xe841_2304, 4, 'dtn')]).toEqual(['strex r3, r2, [r1, #0x10]', 'd3 t2 n1']);
    expect([text(0xee70_0aa1, 4), check(0xee70_0aa1, 4, 'dDnNmM')]).toEqual(['vadd.f32 s1, s1, s3', 'd0 D1 n0 N1 m1 M1']);
  });
});
