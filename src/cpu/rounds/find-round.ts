/**
 * Looks ahead from the core's state, on paper, for a loop whose rounds can be taken in one step.
 *
 * A loop is found when execution comes back to the target of a backward branch. The change over that round is the guess; one round is
 * then executed with every place a function of the round. When each comes out as the guess says, and nothing that was decided can come
 * out differently for some rounds, those are taken at once, by executing the last of them with the numbers it has.
 */
import { CELL } from '../core-registers.ts';
import type { Instruments } from '../instruments.ts';
import { type Affine, constant, isConstant, OPAQUE, UNSET } from './affine.ts';
import type { Instruction } from './instruction.ts';
import { PathLog } from './path-log.ts';
import { Refusals } from './refusals.ts';
import type { RoundHost } from './round-host.ts';
import { BASEPRI, type DeviceRead, PRIMASK, REGISTER_COUNT, RoundState, UNKNOWN, type Word } from './round-state.ts';

/** Rounds that are tried before a search is given up, and of one loop. */
const ATTEMPTS = 12;
const ATTEMPTS_PER_LOOP = 4;
/** Rounds of one loop through which a search follows it, and loops of which it keeps track. */
const MOST_ROUNDS = 64;
const MARKS = 32;
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
  /** Every cell that was read, but APSR: a round never depends on the flags that it starts with. */
  readonly cellsRead: readonly (readonly [cell: number, value: number])[];
  readonly wordsRead: readonly (readonly [at: number, value: number])[];
  readonly devices: readonly DeviceRead[];
  /** Its path, while somebody wants to know. */
  round?: PathLog | undefined;
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
  /** Reads of devices before the loop, and those of each of its rounds. */
  readonly before: readonly DeviceRead[];
  readonly devices: readonly DeviceRead[];
  readonly rounds: number;
  /** The way to the head and that of a round, while somebody wants to know. */
  readonly way: PathLog | undefined;
  readonly round: PathLog | undefined;
}

/** A target of backward branches, with the state in which execution came to it last. */
interface Mark {
  pc: number;
  count: number;
  /** Attempts that were made on loops that begin here. */
  tries: number;
  readonly registers: Affine[];
  /** Words that had been written by then, as a length of the log. */
  logged: number;
}

/** Finds loops for one core. */
export class RoundFinder {
  /** Instructions executed on paper by the last search. */
  cost = 0;
  private readonly host: RoundHost;
  private readonly instruments: Instruments | undefined;
  private readonly scout: RoundState;
  private readonly trial: RoundState;
  private readonly last: RoundState;
  private readonly refusals = new Refusals();
  /** Those of the current search are the first `marked`; the rest are kept for the next. */
  private readonly marks: Mark[] = [];
  private marked = 0;

  constructor(host: RoundHost, instruments?: Instruments) {
    this.host = host;
    this.instruments = instruments;
    this.scout = new RoundState(host, true);
    this.trial = new RoundState(host);
    this.last = new RoundState(host);
  }

  /**
   * Looks for a loop that begins within `search` instructions and fills part of the next `budget`. Changes of the interrupt masks are allowed
   * when `masksFree`. Heads of loops that were refused before are passed over, unless it is `known` that there is a loop.
   */
  find(budget: number, masksFree: boolean, search: number, known = false): Jump | undefined {
    const { scout, host, refusals } = this;
    const { cells } = host.registers;
    this.cost = 0;
    this.follow();
    if (cells[CELL.T] === 0 || cells[CELL.ITSTATE] !== 0) return undefined;
    scout.beginHere();
    this.marked = 0;
    let attempts = 0;
    const end = Math.min(budget, search);
    while (scout.count < end) {
      const from = scout.pc;
      this.cost++;
      if (this.hooked(scout.pc) || !scout.step() || (scout.masks && !masksFree)) return undefined;
      if (scout.pc > from || !scout.jumped || scout.it !== 0) continue;
      const mark = this.markAt(scout.pc);
      if (!mark) continue;
      mark.tries++;
      if (mark.tries > MOST_ROUNDS) return undefined;
      if (mark.tries > 0 && mark.tries <= ATTEMPTS_PER_LOOP) {
        if (mark.tries === 1 && !known && refusals.passesOver(mark.pc >>> 1)) mark.tries = ATTEMPTS_PER_LOOP;
        else {
          const jump = this.attempt(mark, budget);
          if (jump) {
            refusals.forgive(jump.head >>> 1);
            return jump;
          }
          if (mark.tries === ATTEMPTS_PER_LOOP) refusals.refuse(mark.pc >>> 1);
          if (++attempts === ATTEMPTS) return undefined;
        }
      }
      this.update(mark);
    }
    return undefined;
  }

  /** Keeps paths while they are wanted. */
  private follow(): void {
    const { instruments, scout, trial } = this;
    const wanted = instruments !== undefined && (instruments.counts !== undefined || instruments.stacks !== undefined);
    if (wanted === (scout.log !== undefined)) return;
    scout.log = wanted ? new PathLog() : undefined;
    trial.log = wanted ? new PathLog() : undefined;
  }

  /** True where something of the host is to happen each time. */
  private hooked(pc: number): boolean {
    return this.instruments?.hooks.has(pc) ?? false;
  }

  /** The mark at `pc`, or a new one on which nothing was tried yet; undefined when there are too many. */
  private markAt(pc: number): Mark | undefined {
    const { marks } = this;
    for (let index = this.marked - 1; index >= 0; index--) if (marks[index]!.pc === pc) return marks[index];
    if (this.marked === MARKS) return undefined;
    if (this.marked === marks.length) marks.push({ pc, count: 0, tries: 0, registers: [], logged: 0 });
    const mark = marks[this.marked++]!;
    mark.pc = pc;
    mark.tries = -1;
    return mark;
  }

  private update(mark: Mark): void {
    const { scout } = this;
    mark.count = scout.count;
    mark.logged = scout.logged.length;
    for (let index = 0; index < REGISTER_COUNT; index++) mark.registers[index] = scout.registers[index]!;
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
    this.update(mark);
    const head = scout.pc;
    for (let count = 0; count < unit; count++) if (this.hooked(scout.pc) || !scout.step()) return undefined;
    this.cost += unit;
    return scout.pc === head && scout.it === 0 ? this.take(mark, unit, budget) : undefined;
  }

  private take(mark: Mark, length: number, budget: number): Jump | undefined {
    const { scout, trial, last } = this;
    const head = scout.pc;
    const registers = scout.registers.map((value, index) => step(mark.registers[index]!, value));
    const words = new Map<number, Word>();
    const earlier = this.wordsAt(mark);
    for (const [at, { address, value }] of scout.words) words.set(at, { address, value: step(earlier.get(at) ?? value, value) });
    const path: number[] = [];
    for (let guess = 0; ; guess++) {
      if (guess === GUESSES) return undefined;
      path.length = 0;
      trial.begin({ pc: head, registers, words }, scout.count, length);
      trial.trail = [];
      this.cost += length;
      for (let count = 0; count < length; count++) {
        path.push(trial.pc);
        if (this.hooked(trial.pc) || !trial.step()) return undefined;
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
    const repetition = this.repetition(head, length, registers);
    const [way, round] = [scout.log, trial.log?.copy()];
    if (repetition) repetition.round = round;
    return { instructions, state: last, head, length, path, repetition, before: scout.devices, devices: trial.devices, rounds, way, round };
  }

  /** What the words that were written since `mark` held then. */
  private wordsAt({ logged: from }: Mark): Map<number, Affine> {
    const { logged, before } = this.scout;
    const values = new Map<number, Affine>();
    for (let index = logged.length - 1; index >= from; index--) {
      const at = logged[index]!;
      values.set(at, before[index]?.value ?? constant(this.host.arena.i32[at >>> 2]!));
    }
    return values;
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
    const cellsRead: [number, number][] = [];
    const registersWritten: [number, number][] = [];
    for (let index = 0; index < REGISTER_COUNT; index++) {
      const bit = 1 << index;
      const value = registers[index]!;
      if ((trial.readFirst & bit) !== 0) {
        if (!isConstant(value)) return undefined;
        cellsRead.push([cell(index), value.c]);
      }
      if ((trial.written & bit) !== 0) registersWritten.push([cell(index), last.registers[index]!.c]);
    }
    const { cells } = host.registers;
    for (let index = 0; index < 32; index++) if (((trial.cellsRead >>> index) & 1) !== 0) cellsRead.push([index, cells[index]!]);
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
      cellsRead,
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
