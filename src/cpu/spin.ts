/**
 * A short loop that the core is in, for reports: where it begins and ends, and what it reads each round.
 *
 * The code is executed on paper (rounds/), so nothing changes. What a device would give, and what the paper does not follow (floating point,
 * a read with a side effect of a device that cannot be asked), is taken as it is now or ends the search: then nothing is said.
 */
import { type Affine, constant, isConstant } from './rounds/affine.ts';
import type { RoundHost } from './rounds/round-host.ts';
import { RoundState } from './rounds/round-state.ts';

/** A loop. */
export interface Spin {
  /** Addresses of its first and last instruction. */
  readonly first: number;
  readonly last: number;
  /** Instructions of a round. */
  readonly length: number;
  /** Addresses that it reads other than the code's own constants, in order, with what is there. */
  readonly reads: readonly { readonly address: number; readonly size: number; readonly value: number }[];
}

/** Longest round that is looked for, and instructions for which it must go on. */
const LONGEST_ROUND = 64;
const LASTS = 4096;
/** Different addresses read in a round that are told. */
const MOST_READS = 8;

/** Writes down what is read. */
class Reader extends RoundState {
  readonly reads = new Map<number, { readonly address: number; readonly size: number; readonly value: number }>();

  override load(address: Affine, size: number): Affine | undefined {
    let value = super.load(address, size);
    if (!isConstant(address)) return value;
    const target = address.c >>> 0;
    const now = this.host.memory.bus.peek(target, size);
    // A block that does not say how its registers go on is taken as it is.
    if (value === undefined && now >= 0) value = constant(now);
    const literal = isLiteralLoad(this.host.memory.bus.peek(this.pc, 2));
    if (now >= 0 && !literal && this.reads.size < MOST_READS) this.reads.set(target, { address: target, size, value: now });
    return value;
  }
}

/** The loop at the core's PC; undefined when it leaves it soon, or that cannot be told. */
export function findSpin(host: RoundHost): Spin | undefined {
  const state = new Reader(host);
  state.beginHere();
  const path: number[] = [];
  while (!path.includes(state.pc)) {
    if (path.length === LONGEST_ROUND) return undefined;
    path.push(state.pc);
    if (!state.step()) return undefined;
  }
  const round = path.slice(path.indexOf(state.pc));
  const inside = new Set(round);
  state.reads.clear();
  for (let count = 0; count < LASTS; count++) {
    if (!inside.has(state.pc) || !state.step()) return undefined;
  }
  return { first: Math.min(...round), last: Math.max(...round), length: round.length, reads: [...state.reads.values()] };
}

/** Loads relative to PC: constants of the code, for which no firmware waits (A7.7.43 and its neighbours). */
function isLiteralLoad(first: number): boolean {
  return first >>> 11 === 0b01001 || (first & 0xfe1f) === 0xf81f;
}
