/** Runs the generated cases of a row on every engine of a profile; what the tests of this directory share. */
import { CELL } from '../../src/cpu/core-registers.ts';
import { COMPILED, type CompiledEncoding, type Feature, featuresOf } from '../../src/cpu/encodings/index.ts';
import type { CoreProfile } from '../../src/cpu/profile.ts';
import type { AcceleratedKind } from '../support/accelerated.ts';
import { Random } from '../support/random-thumb.ts';
import { Bench, CodeImage, type Expectation, Oracle, type Setup } from './bench.ts';
import { Operands, setupFor, wordsOf } from './cases.ts';
import { Instruction } from './oracle/operation.ts';
import { lastInItOnly, unpredictableInIt } from './oracle/unpredictable.ts';

/** A program of one instruction, perhaps inside an IT block. */
interface Program {
  readonly word: number;
  readonly address: number;
  /** Instructions from the start to the end of the tested one. */
  readonly steps: number;
  /** Position in the IT block from 1, 0 outside. */
  readonly position: number;
  readonly text: string;
}

/** What became of a row. */
export interface RowResult {
  cases: number;
  refused: number;
  /** Engines that executed it without the interpreter's help. */
  readonly accelerated: Set<string>;
  /** Positions in an IT block at which the condition passed and failed. */
  readonly passed: Set<number>;
  readonly failed: Set<number>;
  readonly differences: string[];
  readonly disputed: readonly number[];
}

const NOP16 = 0xbf00;
const ROWS_PER_CORE = 4;
const halves = (word: number, size: 2 | 4): number[] => (size === 2 ? [word] : [word >>> 16, word & 0xffff]);

/** An IT block with the word at `position` of `length` instructions. */
function itBlock(word: number, size: 2 | 4, length: number, position: number, random: Random): number[] {
  const condition = random.below(14);
  // Mask: the low bit of the condition for "then", its complement for "else", then the 1 that ends it.
  let mask = 0;
  for (let k = 1; k < length; k++) mask |= random.below(2) << (4 - k);
  mask |= 1 << (4 - length);
  const block = Array.from({ length }, (_, k) => (k + 1 === position ? halves(word, size) : [NOP16]));
  return [0xbf00 | (condition << 4) | mask, ...block.flat()];
}

/** Everything for one profile: the code, the oracle, an engine of each kind. */
export class Conformance {
  readonly features: ReadonlySet<Feature>;
  readonly rows = COMPILED;
  private benches: readonly Bench[] = [];
  private readonly v8m: boolean;
  private rowsDone = 0;
  private readonly kinds: readonly AcceleratedKind[];
  private readonly profile: CoreProfile;
  private readonly code = new CodeImage();
  private readonly oracle: Oracle;

  private readonly mostCompiled: number;

  /** `mostCompiled`: so many programs of a row, about, run on engines that compile each. */
  constructor(profile: CoreProfile, engines: readonly AcceleratedKind[], mostCompiled: number) {
    this.mostCompiled = mostCompiled;
    this.features = featuresOf(profile);
    this.oracle = new Oracle(profile, this.features, this.code);
    this.v8m = profile.architecture === 'armv8-m';
    this.kinds = engines;
    this.profile = profile;
  }

  dispose(): void {
    for (const bench of this.benches) bench.dispose();
    this.benches = [];
  }

  /** New cores now and then: compiling a module takes the longer the more there are. */
  private renew(): void {
    if (this.rowsDone++ % ROWS_PER_CORE !== 0) return;
    this.dispose();
    this.benches = this.kinds.map((engine) => new Bench(engine, this.profile));
    // Literals may stand in programs of rows before.
    for (const bench of this.benches) bench.load(0, this.code.bytes);
  }

  /** Runs `setups` cases of each word of a row. */
  row(compiled: CompiledEncoding, seed: number, setups: number): RowResult {
    this.renew();
    const random = new Random(seed);
    const words = wordsOf(compiled, random, this.v8m);
    const { code, oracle } = this;
    const programs = words.good.flatMap((word) => this.programs(compiled, word, code, random));
    const refused = words.refused.slice(0, 24).map((word) => this.plain(compiled, word, code, random));
    const { address, bytes } = code.takeNew();
    for (const bench of this.benches) bench.load(address, bytes);
    const result: RowResult = {
      cases: 0,
      refused: refused.length,
      accelerated: new Set(),
      passed: new Set(),
      failed: new Set(),
      differences: [],
      disputed: words.disputed,
    };
    const operands = new Operands();
    const all = [...programs, ...refused];
    // Each program takes a compilation of its own; some dozens of them say as much.
    const every = Math.ceil(all.length / this.mostCompiled);
    for (const [index, program] of all.entries()) {
      // Not every so many: words alone and words in IT blocks take turns.
      const compile = (Math.imul(index, 0x9e37_79b1) >>> 16) % every === 0;
      const benches = this.benches.filter(({ compiles }) => !compiles || compile);
      for (const bench of benches) bench.prepare(program.address);
      const count = program.position === 0 ? setups : Math.ceil(setups / 2);
      for (let k = 0; k < count && result.differences.length < 3; k++) {
        const setup = setupFor(compiled, program.word, program.address, random, operands, this.v8m);
        const { expectation, passed, budget } = oracle.run(setup, program.steps);
        const slice = random.chance(0.15) ? 1 : budget;
        (passed.at(-1) ? result.passed : result.failed).add(program.position);
        this.one(benches, compiled, program, setup, expectation, budget, slice, result);
      }
      for (const bench of this.benches) {
        const stray = bench.strayWrites();
        if (stray) result.differences.push(`${program.text}: ${stray}`);
      }
    }
    return result;
  }

  private one(
    benches: readonly Bench[],
    compiled: CompiledEncoding,
    program: Program,
    setup: Setup,
    expectation: Expectation,
    budget: number,
    slice: number,
    result: RowResult,
  ): void {
    result.cases++;
    for (const bench of benches) {
      const before = bench.accelerated;
      const text = bench.run(setup, expectation, budget, slice);
      if (bench.accelerated - before >= program.steps) result.accelerated.add(bench.name);
      if (text) result.differences.push(`${compiled.encoding.name}: ${program.text} on ${bench.name}\n${describe(setup)}\n${text}`);
    }
  }

  private plain(compiled: CompiledEncoding, word: number, code: CodeImage, random: Random): Program {
    const address = code.place(halves(word, compiled.size), 2 * random.below(4));
    return { word, address, steps: 1, position: 0, text: hex(word, compiled.size) };
  }

  /** The word alone, and for some words each position of IT blocks of each length. */
  private programs(compiled: CompiledEncoding, word: number, code: CodeImage, random: Random): Program[] {
    const programs = [this.plain(compiled, word, code, random)];
    const instruction = new Instruction(compiled, word, false);
    const last = lastInItOnly(instruction);
    const refused = unpredictableInIt(instruction);
    const length = 1 + random.below(4);
    const position = last ? length : 1 + random.below(length);
    if (refused && !random.chance(0.2)) return programs;
    const block = itBlock(word, compiled.size, length, position, random);
    const address = code.place(block, 2 * random.below(4));
    const text = `${hex(word, compiled.size)} at ${position} of ${length} in IT ${block[0]!.toString(16)}`;
    programs.push({ word, address, steps: position + 1, position, text });
    return programs;
  }
}

const hex = (word: number, size: 2 | 4): string => word.toString(16).padStart(2 * size, '0');

function describe({ cells, fpTrap, divideTrap, unalignedTrap, watchMasks }: Setup): string {
  const registers = Array.from({ length: 16 }, (_, r) => `r${r}=${(cells[r]! >>> 0).toString(16)}`).join(' ');
  const names = ['APSR', 'IPSR', 'CONTROL', 'SECURE', 'SPLIM', 'FPSCR', 'EXCLUSIVE', 'EXCLUSIVE_ADDRESS'] as const;
  const others = names.map((name) => `${name}=${(cells[CELL[name]]! >>> 0).toString(16)}`).join(' ');
  const floats = Array.from({ length: 32 }, (_, k) => (cells[CELL.S0 + k]! >>> 0).toString(16)).join(' ');
  const traps = Object.entries({ fpTrap, divideTrap, unalignedTrap, watchMasks }).flatMap(([name, on]) => (on ? [name] : []));
  return `  with ${registers}\n  ${others} ${traps.join(' ')}\n  S: ${floats}`;
}
