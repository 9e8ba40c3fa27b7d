/**
 * Two engines side by side: the same program, registers and budgets on both, and a comparison of everything after every stop.
 */

import { EXECUTE, type ProtectionUnit, READ, WRITE } from '../../src/cpu/core-memory.ts';
import { CELL } from '../../src/cpu/core-registers.ts';
import { featuresOf } from '../../src/cpu/encodings/index.ts';
import { type Engine, type EngineHost, STOP, type StopCode } from '../../src/cpu/engine.ts';
import type { CoreProfile } from '../../src/cpu/profile.ts';
import type { BusDevice } from '../../src/memory/bus.ts';
import {
  halfwordsOf,
  interestingDouble,
  interestingSingle,
  interestingWord,
  Random,
  type RandomInstruction,
  type RandomTable,
  RandomThumb,
  randomTable,
  type Weights,
} from '../support/random-thumb.ts';
import { type BareCore, bareCore, CODE_BASE, DATA_BASE, DEVICE_BASE, HOLE_BASE, OPEN_PROTECTION } from './bare-core.ts';

const DATA_BYTES = 0x8000;
const BASE = DATA_BASE + 0x3000;
const STACK = DATA_BASE + 0x7000;
const CODE_END = 0x8_0000;
/** From one seed's program to the next one's. */
const STRIDE = 0x130;
const BKPT: RandomInstruction = { name: 'BKPT', size: 2, word: 0xbe00 };

const NAMES = new Map<number, string>(Object.entries(STOP).map(([name, code]) => [code, name]));
const COMPARED: readonly [string, number][] = [
  ...Array.from({ length: 16 }, (_, i): [string, number] => [`r${i}`, i]),
  ...(['APSR', 'IPSR', 'ITSTATE', 'T', 'PRIMASK', 'BASEPRI', 'FAULTMASK', 'CONTROL', 'FPSCR', 'EXCLUSIVE', 'EVENT'] as const).map(
    (name): [string, number] => [name, CELL[name]],
  ),
  ...Array.from({ length: 32 }, (_, i): [string, number] => [`s${i}`, CELL.S0 + i]),
];

/** A device whose every answer depends on what was executed before: offsets above 0x100 fault, above 0x80 ask for a stop. */
class Witness implements BusDevice {
  engine: Engine | undefined;
  log = 0;

  read(offset: number, size: number): number {
    if (offset >= 0x100) return -1;
    this.note(offset + size);
    return (this.log & (2 ** (8 * size) - 1)) >>> 0;
  }

  write(offset: number, value: number, size: number): boolean {
    if (offset >= 0x100) return false;
    this.note(offset ^ value ^ size);
    return true;
  }

  peek(): number {
    return 0;
  }

  private note(what: number): void {
    const { executed, pc } = this.engine!;
    this.log = (Math.imul(this.log ^ what, 0x0100_0193) + executed * 31 + pc) >>> 0;
    if ((what & 0x80) !== 0) this.engine!.requestStop();
  }
}

interface Side {
  readonly core: BareCore;
  readonly witness: Witness;
  readonly protection: RandomProtection;
}

/** What a difference looks like. */
export interface Difference {
  readonly seed: number;
  readonly text: string;
}

/**
 * Random rights for 256-byte granules of the program's and the data's pages, different for every seed: an MPU with boundaries inside
 * pages, code that may not be executed, data that may not be written. Everything else is open.
 */
class RandomProtection implements ProtectionUnit {
  differsByPrivilege = true;
  private readonly closed = new Map<number, number>();

  /** Draws new rights for the granules around the data and, rarely, for some of the code. */
  draw(random: Random, start: number): void {
    this.closed.clear();
    const close = (address: number) => this.closed.set(address >>> 8, random.below(64));
    for (let i = 0; i < random.below(6); i++) close(BASE - 0x400 + 0x100 * random.below(24));
    if (random.chance(0.2)) close(STACK - 0x100 * random.below(3));
    if (random.chance(0.2)) close(start + random.below(0x100));
    // A whole page, as most MPU regions are.
    const page = BASE + 0x1000 * random.below(2);
    const rights = random.below(64);
    if (random.chance(0.3)) for (let i = 0; i < 16; i++) this.closed.set((page >>> 8) + i, rights);
  }

  permissions(address: number, privileged: boolean): number {
    const rights = this.closed.get(address >>> 8);
    return rights === undefined ? READ | WRITE | EXECUTE : privileged ? rights & 7 : rights >>> 3;
  }

  uniform(page: number): boolean {
    const first = this.closed.get(page >>> 8);
    for (let i = 1; i < 16; i++) if (this.closed.get((page >>> 8) + i) !== first) return false;
    return true;
  }

  isDevice(address: number): boolean {
    return OPEN_PROTECTION.isDevice(address);
  }
}

export interface LockStepOptions {
  readonly profile: CoreProfile;
  readonly weights?: Weights;
  readonly length?: number;
  /** Rights that change from program to program, and privilege with them. */
  readonly protect?: boolean;
}

/** Runs seeded programs on two engines. */
export class LockStep {
  /** Instructions executed by each engine. */
  instructions = 0;
  /** How often each stop code came. */
  readonly stops = new Map<string, number>();
  readonly sides: readonly [Side, Side];
  private readonly options: LockStepOptions;
  private readonly table: RandomTable;

  constructor(first: (host: EngineHost) => Engine, second: (host: EngineHost) => Engine, options: LockStepOptions) {
    this.options = options;
    this.table = randomTable(featuresOf(options.profile), options.weights);
    const side = (create: (host: EngineHost) => Engine): Side => {
      const witness = new Witness();
      const protection = new RandomProtection();
      const core = bareCore(create, {
        profile: options.profile,
        device: witness,
        protection: options.protect ? protection : OPEN_PROTECTION,
      });
      witness.engine = core.engine;
      return { core, witness, protection };
    };
    this.sides = [side(first), side(second)];
  }

  dispose(): void {
    for (const { core } of this.sides) core.dispose();
  }

  /** Makes the program of `seed`. */
  programOf(seed: number): RandomInstruction[] {
    const { profile, length } = this.options;
    return new RandomThumb(new Random(seed), featuresOf(profile), this.table).program(length ?? 40);
  }

  /** Runs `program`, by default that of `seed`, on the operands of `seed`; the first difference, or undefined. */
  run(seed: number, program: readonly RandomInstruction[] = this.programOf(seed)): Difference | undefined {
    const random = new Random(seed ^ 0x5bd1_e995);
    const halfwords = halfwordsOf(program);
    // A different place in the page each time, now and then across its end; the seed alone decides.
    const start = CODE_BASE + ((seed * STRIDE + 2 * random.below(8)) % (CODE_END - CODE_BASE));
    const end = start + halfwords.length * 2;
    this.prepare(random, start, halfwords);
    for (let stops = 0; stops < 40; stops++) {
      const budget = random.chance(0.3) ? 1 + random.below(60) : 2000;
      const codes = this.sides.map(({ core }) => core.engine.run(budget)) as [StopCode, StopCode];
      const text = this.compare(codes);
      if (text) this.resynchronise();
      if (text) return { seed, text: `${text}\nafter stop ${stops} of a program at 0x${start.toString(16)}` };
      this.instructions += this.sides[0].core.engine.executed;
      const name = NAMES.get(codes[0])!;
      this.stops.set(name, (this.stops.get(name) ?? 0) + 1);
      if (codes[0] !== STOP.BUDGET && codes[0] !== STOP.REQUESTED && codes[0] !== STOP.MASKS && codes[0] !== STOP.SVC) return undefined;
      // A program that has run away shows nothing more.
      const { pc } = this.sides[0].core.engine;
      if (pc < start || pc >= end + 0x100) return undefined;
    }
    return undefined;
  }

  /**
   * The program of a difference made as small as it goes, as text: cut off behind the shortest beginning that still differs, and without (NOP
   * stands for them) the instructions that have no part in it.
   */
  explain({ seed, text }: Difference): string {
    const program = this.programOf(seed);
    let last = { seed, text };
    const differs = (candidate: readonly RandomInstruction[]): boolean => {
      const difference = this.run(seed, candidate);
      if (difference) last = difference;
      return difference !== undefined;
    };
    if (!differs(program)) return `seed ${seed}: ${text}\n(not once more)`;
    let small: readonly RandomInstruction[] = program;
    for (let length = 1; length < program.length; length++) {
      const cut = [...program.slice(0, length), ...Array.from({ length: 12 }, () => BKPT)];
      if (!differs(cut)) continue;
      small = cut;
      break;
    }
    // What one instruction's going makes superfluous goes in the next round.
    for (let before: typeof small = []; before !== small; ) {
      before = small;
      for (let at = 0; at < small.length; at++) {
        const { size, name } = small[at]!;
        if (name === 'BKPT' || name === 'NOP') continue;
        const without = small.with(at, { name: 'NOP', size, word: size === 2 ? 0xbf00 : 0xf3af_8000 });
        if (differs(without)) small = without;
      }
    }
    differs(small);
    const list = small
      .filter(({ name }, at) => name !== 'NOP' && (name !== 'BKPT' || small[at - 1]?.name !== 'BKPT'))
      .map(({ name, word, size }) => `  ${word.toString(16).padStart(size * 2, '0')}  ${name}`);
    return `seed ${seed}, ${list.length} of ${program.length} instructions:\n${list.join('\n')}\n${last.text}`;
  }

  private prepare(random: Random, start: number, halfwords: readonly number[]): void {
    const values = Array.from({ length: 15 }, () => interestingWord(random));
    values[6] = random.below(32);
    values[7] = this.base(random);
    values[9] = 1;
    values[10] = this.base(random);
    values[11] = random.below(32);
    values[13] = STACK;
    const apsr = random.u32() & 0xf80f_0000;
    const fpscr = random.chance(0.5) ? 0 : (random.u32() & 0xf7c0_009f) | 0;
    const singles = Array.from({ length: 32 }, () => interestingSingle(random));
    for (let i = 0; i < 32; i += 2) if (random.chance(0.4)) [singles[i], singles[i + 1]] = interestingDouble(random);
    const patches = Array.from({ length: 24 }, () => [random.below(DATA_BYTES / 4), random.u32()] as const);
    const fpTrap = random.chance(0.05);
    const divideTrap = random.chance(0.5);
    const unalignedTrap = random.chance(0.03);
    const watchMasks = random.chance(0.3);
    const handler = random.chance(0.2);
    const protectionSeed = random.u32();
    const unprivileged = this.options.protect === true && random.chance(0.4);
    const v8 = this.options.profile.architecture === 'armv8-m';
    const limit = v8 && random.chance(0.5) ? STACK - 8 * random.below(16) : 0;
    const secure = v8 && random.chance(0.5) ? 1 : 0;
    for (const { core, witness, protection } of this.sides) {
      const { cells } = core.host.registers;
      witness.log = 0;
      core.program(start, ...halfwords);
      protection.draw(new Random(protectionSeed), start);
      for (const [i, value] of patches) core.setWord(BASE - 0x800 + ((i * 4) & 0x1ffc), value);
      values.forEach((value, i) => {
        cells[i] = value;
      });
      singles.forEach((value, i) => {
        cells[CELL.S0 + i] = value;
      });
      cells[CELL.APSR] = apsr;
      cells[CELL.IPSR] = handler ? 15 : 0;
      cells[CELL.FPSCR] = fpscr;
      for (const cell of [CELL.PRIMASK, CELL.BASEPRI, CELL.FAULTMASK, CELL.CONTROL, CELL.EXCLUSIVE, CELL.EVENT]) cells[cell] = 0;
      if (unprivileged && !handler) cells[CELL.CONTROL] = 1;
      cells[CELL.SPLIM] = limit;
      cells[CELL.SECURE] = secure;
      if (this.options.protect) {
        core.host.memory.flush();
        core.host.memory.setPrivileged(core.host.registers.privileged);
      }
      Object.assign(core.engine, { fpTrap, divideTrap, unalignedTrap, watchMasks });
      core.jump(start);
    }
  }

  /** Gives both the same memory again, so that the next program starts even. */
  private resynchronise(): void {
    const [{ core: a }, { core: b }] = this.sides;
    b.host.memory.bus.writeBytes(DATA_BASE, a.host.memory.bus.readBytes(DATA_BASE, DATA_BYTES)!);
  }

  private base(random: Random): number {
    const draw = random.below(100);
    if (draw < 3) return HOLE_BASE + random.below(0x1000);
    if (draw < 8) return DEVICE_BASE + random.below(0x60);
    if (draw < 14) return BASE + random.below(64);
    if (draw < 20) return BASE + 0x1000 - random.below(16);
    return BASE + 4 * random.below(64);
  }

  private compare(codes: readonly [StopCode, StopCode]): string | undefined {
    const [{ core: a, witness: wa }, { core: b, witness: wb }] = this.sides;
    const differences: string[] = [];
    const differ = (name: string, x: number, y: number) => {
      if (x !== y) differences.push(`${name} 0x${(x >>> 0).toString(16)} / 0x${(y >>> 0).toString(16)}`);
    };
    if (codes[0] !== codes[1]) differences.push(`stop ${NAMES.get(codes[0])} / ${NAMES.get(codes[1])}`);
    differ('executed', a.engine.executed, b.engine.executed);
    a.engine.pull();
    b.engine.pull();
    for (const [name, cell] of COMPARED) differ(name, a.host.registers.cells[cell]!, b.host.registers.cells[cell]!);
    if (([STOP.SVC, STOP.EXC_RETURN, STOP.BKPT] as StopCode[]).includes(codes[0])) differ('detail', a.engine.detail, b.engine.detail);
    if (([STOP.DATA_FAULT, STOP.FETCH_FAULT, STOP.UNALIGNED] as StopCode[]).includes(codes[0]))
      differ('address', a.engine.address, b.engine.address);
    differ('device', wa.log, wb.log);
    const at = DATA_BASE;
    const x = a.host.memory.bus.readBytes(at, DATA_BYTES)!;
    const y = b.host.memory.bus.readBytes(at, DATA_BYTES)!;
    const memory = Buffer.compare(x, y) === 0 ? -1 : x.findIndex((value, i) => value !== y[i]);
    if (memory >= 0) differ(`memory at 0x${(at + memory).toString(16)}`, x[memory]!, y[memory]!);
    return differences.length === 0 ? undefined : differences.join('\n');
  }
}
