/**
 * Looks ahead from the core's state, on paper, for a loop whose rounds can be taken in one step.
 *
 * A loop is found when execution comes back to the target of a backward branch. The change over that round is the guess; one round is
 * then executed with every place a function of the round. When each comes out as the guess says, and nothing that was decided can come
 * out differently for some rounds, those are taken at once, by executing the last of them with the numbers it has.
 */
import { CELL } from '../core-registers.ts';
import { type Affine, constant, isConstant, OPAQUE, UNSET } from './affine.ts';
import type { Instruction } from './instruction.ts';
import type { RoundHost } from './round-host.ts';
import { BASEPRI, type DeviceRead, PRIMASK, REGISTER_COUNT, RoundState, UNKNOWN, type Word } from './round-state.ts';

/** Rounds that are tried before a search is given up, and of one loop. */
const ATTEMPTS = 12;
const ATTEMPTS_PER_LOOP = 4;
/** Guesses that are made about one round. */
const GUESSES = 4;
/** Instructions below which a jump is not worth its effort. */
const WORTH_JUMPING = 256;
/** Longest unit that counters with odd rates may make of a round. */
const LONGEST_UNIT = 2048;

/** A loop that repeats itself exactly until something outside changes: what it depends on, and what it leaves. */
export interface Repetition {
  readonly head: number;
  readonly length: number;
  readonly instructions: readonly Instruction[];
  readonly generation: number;
  readonly privileged: boolean;
  readonly masks: boolean;
  readonly registersRead: readonly (readonly [cell: number, value: number])[];
  readonly wordsRead: readonly (readonly [at: number, value: number])[];
  readonly devices: readonly DeviceRead[];
  readonly registersWritten: readonly (readonly [cell: number, value: number])[];
  /** APSR's flags, of which it writes those in `flagsWritten`. */
  readonly flags: number;
  readonly flagsWritten: number;
  readonly wordsWritten: readonly (readonly [at: number, address: number, value: number])[];
}

/** A loop that can be taken in one step. */
export interface Jump {
  /** Instructions that it stands for, those before the loop included. */
  readonly instructions: number;
  readonly state: RoundState;
  readonly head: number;
  readonly length: number;
  /** Address and distance to the head, in instructions, of every instruction of the round. */
  readonly path: readonly number[];
  readonly repetition: Repetition | undefined;
}

interface Mark {
  readonly count: number;
  /** Attempts that were made on loops that begin here. */
  readonly tries: number;
  readonly registers: readonly Affine[];
  readonly words: ReadonlyMap<number, Word>;
}

/** Finds loops for one core. */
export class RoundFinder {
  /** Instructions executed on paper by the last search. */
  cost = 0;
  private readonly host: RoundHost;
  private readonly scout: RoundState;
  private readonly trial: RoundState;
  private readonly last: RoundState;

  constructor(host: RoundHost) {
    this.host = host;
    this.scout = new RoundState(host);
    this.trial = new RoundState(host);
    this.last = new RoundState(host);
  }

  /**
   * Looks for a loop that begins within `search` instructions and fills part of the next `budget`. Changes of the interrupt masks are allowed
   * when `masksFree`.
   */
  find(budget: number, masksFree: boolean, search: number): Jump | undefined {
    const { scout, host } = this;
    const { cells } = host.registers;
    this.cost = 0;
    if (cells[CELL.T] === 0 || cells[CELL.ITSTATE] !== 0) return undefined;
    scout.beginHere();
    const marks = new Map<number, Mark>();
    let attempts = 0;
    const end = Math.min(budget, search);
    while (scout.count < end) {
      const from = scout.pc;
      this.cost++;
      if (!scout.step() || (scout.masks && !masksFree)) return undefined;
      if (scout.pc > from || !scout.jumped || scout.it !== 0) continue;
      const mark = marks.get(scout.pc);
      const tries = mark ? mark.tries + 1 : 0;
      if (mark && tries <= ATTEMPTS_PER_LOOP) {
        const jump = this.attempt(mark, budget);
        if (jump) return jump;
        if (++attempts === ATTEMPTS) return undefined;
      }
      marks.set(scout.pc, { count: scout.count, registers: [...scout.registers], words: new Map(scout.words), tries });
    }
    return undefined;
  }

  /** Tries the round between `mark` and where the scout is. */
  private attempt(mark: Mark, budget: number): Jump | undefined {
    const { scout } = this;
    const length = scout.count - mark.count;
    if (budget - scout.count < WORTH_JUMPING) return undefined;
    const jump = this.take(mark, length, budget);
    if (jump || this.trial.multiple === 0) return jump;
    // A counter advances by whole ticks in several rounds only: they are the round.
    const unit = length * this.trial.multiple;
    if (unit > LONGEST_UNIT || unit * 2 > budget - scout.count) return undefined;
    const first: Mark = { count: scout.count, registers: [...scout.registers], words: new Map(scout.words), tries: 0 };
    const head = scout.pc;
    for (let count = 0; count < unit; count++) if (!scout.step()) return undefined;
    this.cost += unit;
    return scout.pc === head && scout.it === 0 ? this.take(first, unit, budget) : undefined;
  }

  private take(mark: Mark, length: number, budget: number): Jump | undefined {
    const { scout, trial, last } = this;
    const head = scout.pc;
    const registers = scout.registers.map((value, index) => step(mark.registers[index]!, value));
    const words = new Map<number, Word>();
    for (const [at, { address, value }] of scout.words) words.set(at, { address, value: step(this.valueAt(mark, at), value) });
    const path: number[] = [];
    for (let guess = 0; ; guess++) {
      if (guess === GUESSES) return undefined;
      path.length = 0;
      trial.begin({ pc: head, registers, words }, scout.count, length);
      trial.trail = [];
      this.cost += length;
      for (let count = 0; count < length; count++) {
        path.push(trial.pc);
        if (!trial.step()) return undefined;
      }
      if (trial.pc !== head || trial.it !== 0 || this.overwritesCode(trial)) return undefined;
      const outcome = this.compare(registers, words);
      if (outcome === 'failed') return undefined;
      if (outcome === 'confirmed') break;
    }
    const rounds = Math.min(trial.horizon.rounds, Math.floor((budget - scout.count) / length));
    if (!Number.isFinite(rounds) || rounds * length < WORTH_JUMPING) return undefined;
    const before = rounds - 1;
    const at = (value: Affine): Affine => (value === UNSET ? constant(0) : constant(value.c + Math.imul(value.d, before)));
    const lastWords = new Map([...words].map(([key, { address, value }]) => [key, { address, value: at(value) }]));
    last.begin({ pc: head, registers: registers.map(at), words: lastWords }, scout.count + before * length, 0);
    last.takeFlags(scout);
    this.cost += length;
    for (let count = 0; count < length; count++) if (!last.step()) return undefined;
    if (last.pc !== head) return undefined;
    const instructions = scout.count + rounds * length;
    return { instructions, state: last, head, length, path, repetition: this.repetition(head, length, registers) };
  }

  private valueAt(mark: Mark, at: number): Affine {
    return mark.words.get(at)?.value ?? constant(this.host.arena.i32[at >>> 2]!);
  }

  /** Holds what the trial round has left against the guess, and drops the guesses that were wrong. */
  private compare(registers: Affine[], words: Map<number, Word>): 'confirmed' | 'changed' | 'failed' {
    const { trial } = this;
    let changed = false;
    for (let index = 0; index < REGISTER_COUNT; index++) {
      const fits = matches(registers[index]!, trial.registers[index]!);
      if (fits === undefined && index !== 15) return 'failed';
      if (fits === false) {
        registers[index] = UNSET;
        changed = true;
      }
    }
    for (const [at, { address, value }] of trial.words) {
      const guess = words.get(at)?.value ?? constant(this.host.arena.i32[at >>> 2]!);
      const fits = matches(guess, value);
      if (fits === undefined) return 'failed';
      if (fits === false) words.set(at, { address, value: UNSET });
      else if (!words.has(at)) words.set(at, { address, value: guess });
      changed ||= fits === false;
    }
    return changed ? 'changed' : 'confirmed';
  }

  /** True when the round writes what it executes. */
  private overwritesCode({ trail, wordsWritten }: RoundState): boolean {
    if (wordsWritten.size === 0) return false;
    return trail!.some(({ at, second }) => wordsWritten.has(at & ~3) || wordsWritten.has(second & ~3));
  }

  /** What the confirmed round depends on and leaves, when every round is the same and nothing ends them. */
  private repetition(head: number, length: number, registers: readonly Affine[]): Repetition | undefined {
    const { trial, last, host } = this;
    if (trial.horizon.rounds !== Number.POSITIVE_INFINITY || trial.fleeting) return undefined;
    const cell = (index: number): number => (index === PRIMASK ? CELL.PRIMASK : index === BASEPRI ? CELL.BASEPRI : index);
    const registersRead: [number, number][] = [];
    const registersWritten: [number, number][] = [];
    for (let index = 0; index < REGISTER_COUNT; index++) {
      const bit = 1 << index;
      const value = registers[index]!;
      if ((trial.readFirst & bit) !== 0) {
        if (!isConstant(value)) return undefined;
        registersRead.push([cell(index), value.c]);
      }
      if ((trial.written & bit) !== 0) registersWritten.push([cell(index), last.registers[index]!.c]);
    }
    const wordsRead: [number, number][] = [];
    for (const [at, value] of trial.wordsRead) {
      if (!isConstant(value)) return undefined;
      wordsRead.push([at, value.c]);
    }
    const wordsWritten = [...trial.wordsWritten].map((at): [number, number, number] => {
      const { address, value } = last.words.get(at)!;
      return [at, address, value.c];
    });
    const { memory } = host;
    return {
      head,
      length,
      instructions: trial.trail!,
      generation: memory.generation,
      privileged: host.registers.privileged,
      masks: trial.masks,
      registersRead,
      wordsRead,
      devices: trial.devices,
      registersWritten,
      flags: packFlags(trial),
      flagsWritten: knownFlags(trial),
      wordsWritten,
    };
  }
}

/** The flags that are known as APSR has them. */
export function packFlags({ n, z, c, v }: RoundState): number {
  const one = (flag: number): number => (flag === 1 ? 1 : 0);
  return (one(n) << 31) | (one(z) << 30) | (one(c) << 29) | (one(v) << 28);
}

/** Which flags are known, as bits of APSR. */
function knownFlags({ n, z, c, v }: RoundState): number {
  const one = (flag: number): number => (flag === UNKNOWN ? 0 : 1);
  return (one(n) << 31) | (one(z) << 30) | (one(c) << 29) | (one(v) << 28);
}

/** The function of the round that was `before` in the round before this one and is `now` in this. */
function step(before: Affine, now: Affine): Affine {
  return now === UNSET ? UNSET : { c: now.c, d: (now.c - before.c) | 0 };
}

/** Whether a value at the end of a round is that of the next round's start; undefined when the guess cannot be dropped. */
function matches(start: Affine, end: Affine): boolean | undefined {
  if (start === UNSET) return end === UNSET ? undefined : true;
  return end !== OPAQUE && end.d === start.d && end.c === ((start.c + start.d) | 0);
}
