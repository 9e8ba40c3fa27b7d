/**
 * Every instruction that can be executed on paper: with numbers it does what the interpreter does, and with functions of the round it does for
 * every round what it does with that round's numbers.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CELL } from '../../../src/cpu/core-registers.ts';
import type { Feature } from '../../../src/cpu/encodings/encoding.ts';
import { COMPILED, type CompiledEncoding, decode, featuresOf } from '../../../src/cpu/encodings/index.ts';
import { interpreterFactory } from '../../../src/cpu/interpreter/index.ts';
import { CORTEX_M7, CORTEX_M33 } from '../../../src/cpu/profile.ts';
import { type Affine, constant, OPAQUE, UNSET } from '../../../src/cpu/rounds/affine.ts';
import { prepare } from '../../../src/cpu/rounds/instruction.ts';
import { RoundHost } from '../../../src/cpu/rounds/round-host.ts';
import { RoundState, UNKNOWN } from '../../../src/cpu/rounds/round-state.ts';
import { Rig, SRAM, vectorTable } from '../../support/core-harness.ts';
import { Random } from '../../support/random-thumb.ts';

const CODE = 0x1000;
/** Random words of each encoding that are executed, and how many are drawn for that: many a word (MSR of what it may not write) is not followed. */
const WORDS_PER_ROW = 20;
const MOST_WORDS = 20_000;

/** A word of the encoding that the core has, or the pattern itself. */
function example(row: CompiledEncoding, features: ReadonlySet<Feature>, random = new Random(9)): number {
  for (let tries = 0; tries < 200; tries++) {
    const word = ((random.u32() & ~row.mask) | row.value) >>> 0;
    const cut = row.size === 2 ? word & 0xffff : word;
    if (decode(cut, row.size, features) === row) return cut;
  }
  return row.value;
}

/** Cores, and the security state in which they execute. */
const CORES = [
  { core: 'cortex-m7', profile: CORTEX_M7, secure: 0 },
  { core: 'cortex-m33, Secure', profile: CORTEX_M33, secure: 1 },
  { core: 'cortex-m33, Non-secure', profile: CORTEX_M33, secure: 0 },
].map((core) => {
  const features = featuresOf(core.profile);
  return {
    ...core,
    features,
    rows: COMPILED.filter((row) => prepare(example(row, features), row.size, features, 0, 0).execute !== undefined),
  };
});

let core: (typeof CORES)[number];
let rig: Rig;
let host: RoundHost;
function setUp(next: typeof core): void {
  core = next;
  const { profile, features } = core;
  rig = new Rig(interpreterFactory, { fastForward: false, profile });
  rig.bus.writeBytes(
    0,
    vectorTable(64, () => CODE + 1),
  );
  rig.core.start(0);
  rig.core.sync();
  host = new RoundHost({
    registers: rig.core.registers,
    memory: rig.core.memory,
    arena: rig.arena,
    features,
    priorityBits: profile.priorityBits,
    cyclesPerInstruction: 1,
    lookAhead: () => {},
  });
}

/** A register's value: often an address in RAM, or a number with something to it. */
function operand(random: Random): number {
  const address = SRAM + 0x8000 + 4 * random.below(64);
  return (
    random.pick([address, address, address, random.u32(), random.below(256), 0, 1, -1, 0x8000_0000, 0x7fff_ffff, random.below(40)]) | 0
  );
}

/** Puts `word` where the core is, with random registers, flags, IT state and stack; returns its size. */
function place(random: Random, row: CompiledEncoding, word: number, it: number): void {
  const { registers } = rig.core;
  const { cells } = registers;
  for (let index = 0; index < 13; index++) cells[index] = operand(random);
  cells[CELL.LR] = CODE + 0x101;
  cells[CELL.PC] = CODE;
  cells[CELL.T] = 1;
  cells[CELL.APSR] = random.u32() & 0xf000_0000;
  cells[CELL.ITSTATE] = it;
  cells[CELL.PRIMASK] = random.below(2);
  cells[CELL.BASEPRI] = random.pick([0, 0, 0x20, 0xe0]);
  cells[CELL.FAULTMASK] = random.below(2);
  // Only the cell: what is tried here depends on it, and memory stays what it is for Secure code.
  cells[CELL.SECURE] = core.secure;
  const { security } = core.profile;
  registers.setMode(random.pick([0, 0, 11, 15]), random.below(security ? 16 : 8) & (random.chance(0.8) ? ~1 : ~0));
  cells[CELL.SP] = SRAM + 0x9000;
  cells[CELL.SPLIM] = security ? random.pick([0, 0, SRAM + 0x8f00, SRAM + 0x8ff0, SRAM + 0x9000]) : 0;
  const bytes = row.size === 2 ? [word & 0xff, word >>> 8] : [(word >>> 16) & 0xff, word >>> 24, word & 0xff, (word >>> 8) & 0xff];
  rig.bus.writeBytes(CODE, Uint8Array.from([...bytes, 0x00, 0xbf, 0x00, 0xbf]));
  const window = new Uint8Array(0x400);
  for (let index = 0; index < window.length; index++) window[index] = random.u32();
  rig.bus.writeBytes(SRAM + 0x7f00, window);
  rig.bus.writeBytes(SRAM + 0x8e00, window);
  rig.core.registersChanged();
}

/** The flags of a state as APSR bits, where they are numbers. */
function flags(state: RoundState): number {
  return ((state.n << 31) | (state.z << 30) | (state.c << 29) | (state.v << 28)) >>> 0;
}

/** Starts `state` where the core is, IT state included. */
function begin(state: RoundState): void {
  state.beginHere();
  state.it = rig.core.registers.cells[CELL.ITSTATE]!;
}

describe.each(CORES)('on paper: $core', (variant) => {
  const { rows } = variant;
  beforeAll(() => setUp(variant));
  afterAll(() => rig.core.dispose());

  it('there are the instructions that loops are made of', () => {
    expect(rows.length).toBeGreaterThan(150);
  });

  it.each(rows.map((row) => [row.encoding.name, row] as const))('%s', (_name, row) => {
    const random = new Random(row.value);
    const state = new RoundState(host);
    const { cells } = rig.core.registers;
    let followed = 0;
    // Each special register in each mode, with every bit that is seen or hidden.
    const words = row.encoding.op === 'MRS' ? 50 * WORDS_PER_ROW : WORDS_PER_ROW;
    for (let count = 0; count < MOST_WORDS && followed < words; count++) {
      const word = example(row, core.features, random);
      if (decode(word, row.size, core.features) !== row) continue;
      const it = random.chance(0.2) ? (random.below(14) << 4) | 8 : 0;
      place(random, row, word, it);
      begin(state);
      if (!state.step()) continue;
      followed++;
      const written = [...state.words];
      const at = { pc: state.pc, registers: state.registers.map(({ c }) => c) };
      rig.step();
      rig.core.sync();
      const text = `${word.toString(16)}, IT ${it.toString(16)}`;
      expect(rig.core.registers.pc, text).toBe(at.pc);
      expect([...cells.slice(0, 15)], text).toEqual(at.registers.slice(0, 15));
      expect([cells[CELL.PRIMASK], cells[CELL.BASEPRI]], text).toEqual(at.registers.slice(16));
      expect(cells[CELL.APSR]! >>> 0, text).toBe(flags(state));
      if (row.encoding.op !== 'IT') expect(cells[CELL.ITSTATE], text).toBe(state.it);
      for (const [, { address, value }] of written) expect(rig.peek(address) | 0, text).toBe(value.c);
    }
    expect(followed, 'instructions that were followed').toBeGreaterThan(0);
  });
});

/** Value of a place in round `k`. */
const at = ({ c, d }: Affine, k: number): number => (c + Math.imul(d, k)) | 0;

describe.each(CORES)('with functions of the round: $core', (variant) => {
  const { rows } = variant;
  beforeAll(() => setUp(variant));
  afterAll(() => rig.core.dispose());

  it.each(rows.map((row) => [row.encoding.name, row] as const))('%s', (_name, row) => {
    const random = new Random(row.value ^ 0x5555);
    const state = new RoundState(host);
    const single = new RoundState(host);
    for (let count = 0; count < WORDS_PER_ROW; count++) {
      const word = example(row, core.features, random);
      if (decode(word, row.size, core.features) !== row) continue;
      place(random, row, word, 0);
      begin(state);
      const start = state.registers.map((value, index) => {
        if (index > 12 || random.chance(0.5)) return value;
        return { c: random.pick([value.c, random.below(100_000)]), d: random.pick([1, -1, 3, 16, -0x1000, random.u32() | 0]) };
      });
      state.registers = [...start];
      state.roundLength = 1;
      const first = { n: state.n, z: state.z, c: state.c, v: state.v };
      if (!state.step()) continue;
      // Whatever is decided afterwards limits the rounds too.
      const conditions = Array.from({ length: 14 }, (_, code) => state.passes(code));
      const { rounds } = state.horizon;
      expect(rounds).toBeGreaterThan(0);
      const last = Math.min(rounds, 2 ** 32) - 1;
      for (const k of new Set([0, 1, 2, random.below(1000), Math.floor(last / 2), last].filter((round) => round <= last))) {
        begin(single);
        single.registers = start.map((value) => (value === UNSET ? value : constant(at(value, k))));
        Object.assign(single, first);
        const text = `${word.toString(16)} in round ${k} of ${rounds}`;
        expect(single.step(), text).toBe(true);
        expect(single.pc, text).toBe(state.pc);
        for (const [index, value] of state.registers.entries()) {
          if (value !== OPAQUE && value !== UNSET) expect(at(value, k), `${text}: r${index}`).toBe(single.registers[index]!.c);
        }
        for (const [key, { value }] of state.words) if (value !== OPAQUE) expect(at(value, k), text).toBe(single.words.get(key)!.value.c);
        for (const [code, holds] of conditions.entries()) {
          if (holds !== undefined) expect(single.passes(code), `${text}: condition ${code}`).toBe(holds);
        }
        for (const flag of ['n', 'z', 'c', 'v'] as const) if (state[flag] !== UNKNOWN) expect(single[flag], text).toBe(state[flag]);
      }
    }
  });
});
