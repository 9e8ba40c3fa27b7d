/**
 * The first difference of two engines: going back to the start of the slice in which it showed, and halving until one instruction is left.
 */
import { BUS_FAULT } from '../../memory/bus.ts';
import { PAGE_SIZE } from '../../memory/ram.ts';
import { CELL } from '../core-registers.ts';
import type { Access } from './access-log.ts';
import type { Outcome, Pair } from './pair.ts';
import { PAGE_WORDS, pageOf, type Side } from './side.ts';

/** Words of memory that are listed. */
const LISTED_WORDS = 32;
/** Accesses to devices that are listed when they cannot be told apart by instruction. */
const LISTED_ACCESSES = 8;

/** A word of RAM that differs; `address` is one at which the core sees it. */
export interface DifferingWord {
  readonly address: number;
  readonly first: number;
  readonly second: number;
}

/** One side at the difference. */
export interface SideState {
  readonly engine: string;
  /** All cells after the instruction. */
  readonly cells: Int32Array;
  readonly outcome: Outcome;
  /** What it did to devices in the instruction; the last of them may be one that the other side did not make. */
  readonly accesses: readonly Access[];
}

/** Where two engines that must agree did not, and how. */
export interface EngineDifference {
  /**
   * `instruction`: it is this one. `stretch`: the first engine differs here only when it executes a stretch as a whole, so that the cause is one
   * of the last instructions. `slice`: the difference did not come again; it arose in the last `slice` instructions.
   */
  readonly precision: 'instruction' | 'stretch' | 'slice';
  /** Instructions that were executed before this one since the core was built. */
  readonly count: number;
  /** Length of the slice in which it was found. */
  readonly slice: number;
  readonly address: number;
  /** Bytes at `address`, at most 4. */
  readonly bytes: Uint8Array;
  /** Exception that it executes in. */
  readonly exception: number;
  /** All cells before the instruction. */
  readonly before: Int32Array;
  readonly first: SideState;
  readonly second: SideState;
  /** Numbers of the cells that differ. */
  readonly cells: readonly number[];
  readonly memory: readonly DifferingWord[];
  /** Differing words that are not in `memory`. */
  readonly moreMemory: number;
  /** The instructions before this one, oldest first, with the exception that each was in and its bytes. */
  readonly history: readonly { readonly address: number; readonly exception: number; readonly bytes: Uint8Array }[];
}

/** Finds where a slice goes wrong. `outcomes` is how it ended, `budget` what it was allowed, `count` the instructions before it. */
export function findDifference(pair: Pair, outcomes: readonly [Outcome, Outcome], budget: number, count: number): EngineDifference {
  const seen = describe(pair, outcomes, 0, [0, 0]);
  const slice = Math.max(outcomes[0].executed, outcomes[1].executed);
  const whole = pair.start.slice();
  const trail = pair.trail.list();
  const number = search(pair, Math.min(budget, slice + 1), budget);
  // Nothing better can be said then than what was seen.
  const unsure = (): EngineDifference => {
    const at = { address: whole[CELL.PC]! >>> 0, exception: whole[CELL.IPSR]! };
    return finish(pair, { ...seen, precision: 'slice', count, slice, ...at, before: whole }, trail);
  };
  if (number === undefined) return unsure();
  const [a, b] = pair.runAgain(number - 1);
  const before = pair.second.cells.slice();
  const history = pair.trail.list();
  const again = pair.runAgain(number);
  // An engine that learns from what it executes may be right by now.
  if (pair.agree(again)) return unsure();
  const state = describe(pair, again, number, [a.accesses, b.accesses]);
  const precision = pair.agree(pair.runAgain(number, true)) ? 'stretch' : 'instruction';
  pair.runAgain(number - 1);
  const at = { address: before[CELL.PC]! >>> 0, exception: before[CELL.IPSR]! };
  const found = finish(pair, { ...state, precision, count: count + number - 1, slice, ...at, before }, history);
  pair.runAgain(number);
  return found;
}

/** Number of the instruction (1: the first of the slice) after which the sides differ, the one before not; undefined when none does. */
function search(pair: Pair, likely: number, budget: number): number | undefined {
  const differs = (number: number) => !pair.agree(pair.runAgain(number));
  const end = [likely, budget].find(differs);
  if (end === undefined) return undefined;
  let high = end;
  let low = 0;
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2);
    if (differs(middle)) high = middle;
    else low = middle;
  }
  return high;
}

function describe(pair: Pair, outcomes: readonly [Outcome, Outcome], number: number, from: readonly [number, number]) {
  const { memory, more } = differingWords(pair);
  return {
    first: sideState(pair.first, outcomes[0], number === 0 ? undefined : from[0]),
    second: sideState(pair.second, outcomes[1], number === 0 ? undefined : from[1]),
    cells: pair.differingCells(outcomes[0].stop),
    memory,
    moreMemory: more,
  };
}

function sideState(side: Side, outcome: Outcome, from: number | undefined): SideState {
  const { record, played, surprise } = side.log;
  const start = from ?? Math.max(0, played - LISTED_ACCESSES);
  return {
    engine: side.name,
    cells: side.cells.slice(),
    outcome,
    accesses: [...record.list(start, played), ...(surprise ? [surprise] : [])],
  };
}

function differingWords(pair: Pair): { memory: DifferingWord[]; more: number } {
  const { first, second } = pair;
  const memory: DifferingWord[] = [];
  let more = 0;
  for (const key of pair.differingPages()) {
    const a = first.page(key);
    const b = second.page(key);
    const { index, page } = pageOf(key);
    for (let word = 0; word < PAGE_WORDS; word++) {
      if (a[word] === b[word]) continue;
      const address = first.addressOf(index, page * PAGE_SIZE + 4 * word);
      if (address === undefined || memory.length === LISTED_WORDS) more++;
      else memory.push({ address: address >>> 0, first: a[word]! >>> 0, second: b[word]! >>> 0 });
    }
  }
  return { memory, more };
}

type WithoutBytes = Omit<EngineDifference, 'bytes' | 'history'>;

/** Adds the bytes of the instructions, as they stand in memory now. */
function finish(pair: Pair, found: WithoutBytes, trail: readonly { address: number; exception: number }[]): EngineDifference {
  const bytes = (address: number) => codeBytes(pair.second, address);
  return {
    ...found,
    bytes: bytes(found.address),
    history: trail.map((step) => ({ ...step, bytes: bytes(step.address) })),
  };
}

function codeBytes(side: Side, address: number): Uint8Array {
  const bytes: number[] = [];
  for (let i = 0; i < 4; i++) {
    const region = side.memory.bus.find((address + i) >>> 0);
    const value = region?.ram ? side.memory.bus.peek((address + i) >>> 0, 1) : BUS_FAULT;
    if (value === BUS_FAULT) break;
    bytes.push(value);
  }
  return Uint8Array.from(bytes);
}
