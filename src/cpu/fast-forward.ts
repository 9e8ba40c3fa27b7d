/**
 * Takes the rounds of a loop in one step where that is the same as executing them.
 *
 * Two kinds: loops that wait for something that cannot change before the next event, and loops whose places change by the same amount each
 * round (countdowns, delays on SysTick or CYCCNT). `rounds/` finds and proves them on paper; this decides when to look, remembers the
 * loops that were found, and makes the jump. The result is exact: the same state at the same cycle as without, and so the same trace.
 */
import type { CoreMemory } from './core-memory.ts';
import { CELL, type CoreRegisters } from './core-registers.ts';
import type { Instruments } from './instruments.ts';
import { type Jump, packFlags, type Repetition, RoundFinder } from './rounds/find-round.ts';
import type { PathLog } from './rounds/path-log.ts';
import { Refusals } from './rounds/refusals.ts';
import type { RoundHost } from './rounds/round-host.ts';
import { BASEPRI, PRIMASK } from './rounds/round-state.ts';

/**
 * Between two looks: instructions after a loop was taken, for its like is often near (the next character to be waited for), and microseconds
 * of the engine at most; looks at which nothing is found multiply it by four. The look itself is next to nothing.
 */
const SHORTEST_WAIT = 256;
const LONGEST_WAIT = 1 << 10;
/**
 * Searches that find nothing may take one instruction on paper for so many microseconds of the engine, and so many at once: an instruction
 * on paper takes 0.1 us or, as few as they are, ten times that.
 */
const RATE = 512;
const BURST = 1 << 10;
/** Instructions that an engine executes in a microsecond when it does not say. */
const FAST = 1000;
/** Parts of the code (2^4 bytes) in which searches found nothing are passed over oftener and oftener; the first time is when one is seen again. */
const PART = 4;
const SEEN_BEFORE = 1;
/** A jump was worth its search when it stands for so many instructions for each on paper. */
const WORTH = 32;
/** Instructions that a search for a loop goes through: most loops that wait are short, so that only one search of so many looks for longer ones. */
const SHORT_SEARCH = 192;
const LONG_SEARCH = 1024;
const LONG_SEARCH_EVERY = 8;
/** The same where searches have used up what they may take: for the shortest loops. */
const LEAST_SEARCH = 24;
/** Loops that are remembered; all are forgotten when there are more. */
const LOOPS = 64;
/** Looks at a loop that may fail or not be worth it, one after the other, before chances to look are let go; and most that are, in a row. */
const MISSES = 8;
const LONGEST_REST = 64;
/** Entries of the filter that tells cheaply that a place is in no known loop. */
const FILTER = 1024;
/** Instructions of a loop that are remembered as places from which it is recognised. */
const LONGEST_PATH = 512;

/** A loop that was found before. */
interface Loop {
  readonly length: number;
  /** What it repeats, if it changes nothing. */
  repetition: Repetition | undefined;
  /** Looks at it that failed, or were not worth it, since the last that was: at its end, one fails. */
  misses: number;
  /** Chances to look at it that are let go. */
  rest: number;
}

/** Where an instruction stands in a loop. */
interface Place {
  readonly loop: Loop;
  /** Instructions from here to the loop's head. */
  readonly distance: number;
}

/** Decides when to look, looks, and jumps. */
export class FastForward {
  private readonly host: RoundHost;
  private readonly instruments: Instruments | undefined;
  private readonly finder: RoundFinder;
  private readonly registers: CoreRegisters;
  private readonly memory: CoreMemory;
  private readonly places = new Map<number, Place>();
  private readonly filter = new Uint8Array(FILTER);
  private loops = 0;
  private wait = SHORTEST_WAIT;
  private readonly longestWait: number;
  private since = 0;
  /** Instructions that a search may go through for each that the engine has executed, and those that are left. */
  private readonly rate: number;
  private credit = BURST;
  private searches = 0;
  /** Parts of the code where searches found nothing. */
  private readonly refusals = new Refusals(SEEN_BEFORE);

  /** `speed`: that of the engine, in instructions per microsecond. */
  constructor(host: RoundHost, speed: number = FAST, instruments?: Instruments) {
    this.host = host;
    this.rate = 1 / (RATE * speed);
    this.longestWait = LONGEST_WAIT * speed;
    this.registers = host.registers;
    this.memory = host.memory;
    this.instruments = instruments;
    this.finder = new RoundFinder(host, instruments);
  }

  /** Forgets the loops that are known: they may be watched in another way now. */
  forget(): void {
    this.places.clear();
    this.filter.fill(0);
    this.loops = 0;
  }

  /** Instructions until the next look; 0 when it is due. */
  get due(): number {
    return Math.max(0, this.wait - this.since);
  }

  /** `executed` instructions went by. */
  note(executed: number): void {
    this.since += executed;
  }

  /** A look is due now. */
  expire(): void {
    this.since = Math.max(this.since, this.wait);
  }

  /**
   * Instructions from `pc` to the head of a loop that is known to repeat itself, 0 where it is worth to look at once, -1 elsewhere.
   */
  lead(pc: number): number {
    if (this.filter[(pc >>> 1) & (FILTER - 1)] === 0) return -1;
    const place = this.places.get(pc);
    if (!place) return -1;
    if (place.loop.repetition) return place.distance;
    return this.rests(place.loop) ? -1 : 0;
  }

  /** Lets a chance to look at `loop` go, where that is called for. */
  private rests(loop: Loop): boolean {
    if (loop.rest === 0) return false;
    loop.rest--;
    return true;
  }

  /**
   * Looks for a loop at the core's PC and takes as many rounds of it as fit into `budget`. Returns the number of instructions that it stands for,
   * 0 when there is none. `masksFree`: changes of the interrupt masks lead to no exception.
   */
  jump(budget: number, masksFree: boolean): number {
    const { pc } = this.registers;
    const place = this.places.get(pc);
    if (place?.distance === 0 && place.loop.repetition) {
      const skipped = this.repeat(place.loop.repetition, budget, masksFree);
      if (skipped > 0) {
        place.loop.misses = place.loop.rest = 0;
        this.begin(SHORTEST_WAIT);
        return skipped;
      }
    }
    const due = this.due === 0;
    let skipped = 0;
    if (due && (!place || place.loop.misses >= MISSES) && this.maySearch(pc)) skipped = this.search(budget, masksFree);
    else if (place && (due || !place.loop.repetition || !this.rests(place.loop))) skipped = this.follow(place.loop, budget, masksFree);
    if (skipped > 0) this.begin(SHORTEST_WAIT);
    else if (due) this.begin(Math.min(this.longestWait, this.wait * 4));
    return skipped;
  }

  /** Begins to wait for the next look. */
  private begin(wait: number): void {
    this.credit = Math.min(BURST, this.credit + this.since * this.rate);
    this.since = 0;
    this.wait = wait;
  }

  /** True when it is time to look for something new at `pc`. */
  private maySearch(pc: number): boolean {
    return this.registers.cells[CELL.ITSTATE] === 0 && !this.refusals.passesOver(pc >>> PART);
  }

  /** Looks at a loop that was found before, in which the core is. */
  private follow(loop: Loop, budget: number, masksFree: boolean): number {
    const jump = this.finder.find(budget, masksFree, 3 * loop.length, true);
    if (jump && this.paid(jump)) loop.misses = loop.rest = 0;
    else if (++loop.misses >= MISSES) loop.rest = Math.min(LONGEST_REST, 2 ** (loop.misses - MISSES));
    if (!jump) return 0;
    this.learn(jump);
    this.apply(jump);
    return jump.instructions;
  }

  /** Looks whether there is a loop that was not known, or was given up. */
  private search(budget: number, masksFree: boolean): number {
    const { pc } = this.registers;
    const long = ++this.searches % LONG_SEARCH_EVERY === 0;
    const jump = this.finder.find(budget, masksFree, this.credit <= 0 ? LEAST_SEARCH : long ? LONG_SEARCH : SHORT_SEARCH);
    if (!jump) {
      this.credit -= this.finder.cost;
      this.refusals.refuse(pc >>> PART);
      return 0;
    }
    const loop = this.learn(jump);
    this.apply(jump);
    if (this.paid(jump)) {
      if (loop) loop.misses = loop.rest = 0;
      this.refusals.forgive(pc >>> PART);
      this.credit = BURST;
    } else this.credit -= this.finder.cost;
    return jump.instructions;
  }

  /** True when `jump`, just found, stands for more than finding it has cost. */
  private paid({ instructions }: Jump): boolean {
    return instructions >= WORTH * this.finder.cost;
  }

  /** Remembers the loop of `jump` by its instructions; undefined when it is too long for that. */
  private learn({ head, path, length, repetition }: Jump): Loop | undefined {
    const known = this.places.get(head);
    if (known?.distance === 0) {
      known.loop.repetition = repetition;
      return known.loop;
    }
    if (path.length > LONGEST_PATH) return undefined;
    if (this.loops === LOOPS) {
      this.forget();
    }
    this.loops++;
    const loop: Loop = { length, repetition, misses: 0, rest: 0 };
    const seen = new Set<number>();
    const twice = new Set<number>();
    for (const pc of path) (seen.has(pc) ? twice : seen).add(pc);
    for (const [index, pc] of path.entries()) {
      if (twice.has(pc)) continue;
      this.places.set(pc, { loop, distance: index === 0 ? 0 : length - index });
      this.filter[(pc >>> 1) & (FILTER - 1)] = 1;
    }
    return loop;
  }

  /** Takes rounds of a loop that does what it did before, if nothing that it depends on has changed. */
  private repeat(repetition: Repetition, budget: number, masksFree: boolean): number {
    const { host, memory } = this;
    const { cells } = this.registers;
    const rounds = Math.floor(budget / repetition.length);
    if (!Number.isFinite(rounds) || rounds === 0) return 0;
    if (repetition.generation !== memory.generation || repetition.privileged !== this.registers.privileged) return 0;
    if ((repetition.masks && !masksFree) || cells[CELL.T] === 0 || cells[CELL.ITSTATE] !== 0) return 0;
    for (const [cell, value] of repetition.cellsRead) if (cells[cell] !== value) return 0;
    for (const [at, value] of repetition.wordsRead) if (host.arena.i32[at >>> 2] !== value) return 0;
    for (const instruction of repetition.instructions) if (!host.holds(instruction)) return 0;
    const { devices } = repetition;
    for (const { address, size, value } of devices) {
      const seen = host.look(address, size, 0);
      if (seen?.value !== value || seen.ticks !== 0 || seen.until !== Number.POSITIVE_INFINITY) return 0;
    }
    for (const [cell, value] of repetition.registersWritten) cells[cell] = value;
    cells[CELL.APSR] = (cells[CELL.APSR]! & ~repetition.flagsWritten) | (repetition.flags & repetition.flagsWritten);
    for (const [at, address, value] of repetition.wordsWritten) this.writeWord(at, address, value);
    for (const { address } of devices) memory.skipped(address, rounds);
    this.tell(repetition.round, rounds);
    return rounds * repetition.length;
  }

  /** Makes the core's state that of `jump`. */
  private apply({ state, head, before, devices, rounds, way, round }: Jump): void {
    const { cells } = this.registers;
    this.tell(way, 1);
    this.tell(round, rounds);
    for (let index = 0; index < 15; index++) cells[index] = state.registers[index]!.c;
    cells[CELL.PRIMASK] = state.registers[PRIMASK]!.c;
    cells[CELL.BASEPRI] = state.registers[BASEPRI]!.c;
    cells[CELL.APSR] = (cells[CELL.APSR]! & 0x0fff_ffff) | packFlags(state);
    cells[CELL.PC] = head;
    for (const [at, { address, value }] of state.words) this.writeWord(at, address, value.c);
    for (const { address } of before) this.memory.skipped(address, 1);
    for (const { address } of devices) this.memory.skipped(address, rounds);
  }

  /** Tells those who watch of `times` times the path. */
  private tell(path: PathLog | undefined, times: number): void {
    const { host, instruments } = this;
    if (instruments) path?.replay(instruments, times, (pc) => host.movesStack(pc), !this.registers.usesPsp);
  }

  private writeWord(at: number, address: number, value: number): void {
    if (this.host.arena.i32[at >>> 2] === value) return;
    this.memory.bus.write(address, value >>> 0, 4);
  }
}
