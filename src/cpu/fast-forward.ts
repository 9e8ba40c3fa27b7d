/**
 * Takes the rounds of a loop in one step where that is the same as executing them.
 *
 * Two kinds: loops that wait for something that cannot change before the next event, and loops whose places change by the same amount each
 * round (countdowns, delays on SysTick or CYCCNT). `rounds/` finds and proves them on paper; this decides when to look, remembers the
 * loops that were found, and makes the jump. The result is exact: the same state at the same cycle as without, and so the same trace.
 */
import type { CoreMemory } from './core-memory.ts';
import { CELL, type CoreRegisters } from './core-registers.ts';
import { type Jump, packFlags, type Repetition, RoundFinder } from './rounds/find-round.ts';
import type { RoundHost } from './rounds/round-host.ts';
import { BASEPRI, PRIMASK } from './rounds/round-state.ts';

/** Instructions between two looks: after a success, and at most; failures multiply it by four. */
const SHORTEST_WAIT = 256;
const LONGEST_WAIT = 1 << 20;
/** Searches cost about as much as this many times the instructions that they follow; less is done between two that fail. */
const SEARCH_COST = 64;
/** Instructions that a search for a loop goes through. */
const LONGEST_SEARCH = 1024;
/** Loops that are remembered; all are forgotten when there are more. */
const LOOPS = 64;
/** Looks at a loop that may fail one after the other before it is looked at no oftener than unknown code. */
const MISSES = 8;
/** Instructions of a loop that are remembered as places from which it is recognised. */
const LONGEST_PATH = 512;

/** A loop that was found before. */
interface Loop {
  readonly length: number;
  /** What it repeats, if it changes nothing. */
  repetition: Repetition | undefined;
  /** Looks at it that failed since the last that did not: at its end, one does. */
  misses: number;
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
  private readonly finder: RoundFinder;
  private readonly registers: CoreRegisters;
  private readonly memory: CoreMemory;
  private readonly places = new Map<number, Place>();
  private loops = 0;
  private wait = SHORTEST_WAIT;
  private since = 0;
  private patience = SHORTEST_WAIT;
  private sinceSearch = 0;

  constructor(host: RoundHost) {
    this.host = host;
    this.registers = host.registers;
    this.memory = host.memory;
    this.finder = new RoundFinder(host);
  }

  /** Instructions until the next look; 0 when it is due. */
  get due(): number {
    return Math.max(0, this.wait - this.since);
  }

  /** `executed` instructions went by. */
  note(executed: number): void {
    this.since += executed;
    this.sinceSearch += executed;
  }

  /**
   * Instructions from `pc` to the head of a loop that is known to repeat itself, 0 where it is worth to look at once, -1 elsewhere.
   */
  lead(pc: number): number {
    const place = this.places.get(pc);
    if (!place || place.loop.misses >= MISSES) return -1;
    return place.loop.repetition ? place.distance : 0;
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
        place.loop.misses = 0;
        return this.succeeded(skipped);
      }
    }
    const due = this.due === 0;
    const known = place !== undefined && place.loop.misses < MISSES;
    if (known || (due && this.sinceSearch >= this.patience)) {
      const jump = this.finder.find(budget, masksFree, known ? 3 * place.loop.length : LONGEST_SEARCH);
      if (jump) {
        this.learn(jump);
        this.apply(jump);
        this.patience = SHORTEST_WAIT;
        this.sinceSearch = 0;
        return this.succeeded(jump.instructions);
      }
      if (known) place.loop.misses++;
      else {
        this.patience = Math.max(Math.min(LONGEST_WAIT, this.patience * 4), this.finder.cost * SEARCH_COST);
        this.sinceSearch = 0;
      }
    }
    if (due) {
      this.wait = Math.min(LONGEST_WAIT, this.wait * 4);
      this.since = 0;
    }
    return 0;
  }

  private succeeded(instructions: number): number {
    this.wait = SHORTEST_WAIT;
    this.since = 0;
    return instructions;
  }

  /** Remembers the loop of `jump` by its instructions. */
  private learn({ head, path, length, repetition }: Jump): void {
    const known = this.places.get(head);
    if (known?.distance === 0) {
      known.loop.repetition = repetition;
      known.loop.misses = 0;
      return;
    }
    if (path.length > LONGEST_PATH) return;
    if (this.loops === LOOPS) {
      this.places.clear();
      this.loops = 0;
    }
    this.loops++;
    const loop: Loop = { length, repetition, misses: 0 };
    const seen = new Set<number>();
    const twice = new Set<number>();
    for (const pc of path) (seen.has(pc) ? twice : seen).add(pc);
    for (const [index, pc] of path.entries()) {
      if (!twice.has(pc)) this.places.set(pc, { loop, distance: index === 0 ? 0 : length - index });
    }
  }

  /** Takes rounds of a loop that does what it did before, if nothing that it depends on has changed. */
  private repeat(repetition: Repetition, budget: number, masksFree: boolean): number {
    const { host, memory } = this;
    const { cells } = this.registers;
    const rounds = Math.floor(budget / repetition.length);
    if (!Number.isFinite(rounds) || rounds === 0) return 0;
    if (repetition.generation !== memory.generation || repetition.privileged !== this.registers.privileged) return 0;
    if ((repetition.masks && !masksFree) || cells[CELL.T] === 0 || cells[CELL.ITSTATE] !== 0) return 0;
    for (const [cell, value] of repetition.registersRead) if (cells[cell] !== value) return 0;
    for (const [at, value] of repetition.wordsRead) if (host.arena.i32[at >>> 2] !== value) return 0;
    for (const instruction of repetition.instructions) if (!host.holds(instruction)) return 0;
    for (const { address, size, value } of repetition.devices) {
      const seen = host.look(address, size, 0);
      if (seen?.value !== value || seen.ticks !== 0 || seen.until !== Number.POSITIVE_INFINITY) return 0;
    }
    for (const [cell, value] of repetition.registersWritten) cells[cell] = value;
    cells[CELL.APSR] = (cells[CELL.APSR]! & ~repetition.flagsWritten) | (repetition.flags & repetition.flagsWritten);
    for (const [at, address, value] of repetition.wordsWritten) this.writeWord(at, address, value);
    return rounds * repetition.length;
  }

  /** Makes the core's state that of `jump`. */
  private apply({ state, head }: Jump): void {
    const { cells } = this.registers;
    for (let index = 0; index < 15; index++) cells[index] = state.registers[index]!.c;
    cells[CELL.PRIMASK] = state.registers[PRIMASK]!.c;
    cells[CELL.BASEPRI] = state.registers[BASEPRI]!.c;
    cells[CELL.APSR] = (cells[CELL.APSR]! & 0x0fff_ffff) | packFlags(state);
    cells[CELL.PC] = head;
    for (const [at, { address, value }] of state.words) this.writeWord(at, address, value.c);
  }

  private writeWord(at: number, address: number, value: number): void {
    if (this.host.arena.i32[at >>> 2] === value) return;
    this.memory.bus.write(address, value >>> 0, 4);
  }
}
