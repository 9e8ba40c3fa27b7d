/**
 * Where a run can be taken up again: marks of its session, dense near the moment at which somebody looks and sparse far from it.
 */

import type { SessionMark } from '../session/session.ts';
import type { MemoryChunk } from '../snapshot/hardware-state.ts';
import { isBefore, isSame, type Moment } from './moment.ts';

/** Marks that are kept, at most. */
const MOST = 48;
/** Bytes of guest memory in them, at most; what several have in common counts once. */
const MOST_BYTES = 256 * 1024 * 1024;

/** One of them. */
export interface Checkpoint {
  readonly moment: Moment;
  readonly mark: SessionMark;
  /** Inputs that lie behind it. */
  readonly inputs: number;
}

/** All of them, in the order of their moments. The first is the beginning, and stays. */
export class Checkpoints {
  private list: Checkpoint[] = [];
  private readonly mostBytes: number;

  constructor(mostBytes = MOST_BYTES) {
    this.mostBytes = mostBytes;
  }

  /** The beginning. */
  get first(): Checkpoint | undefined {
    return this.list[0];
  }

  get all(): readonly Checkpoint[] {
    return this.list;
  }

  /** Bytes of guest memory in them. */
  get bytes(): number {
    const chunks = new Set<Uint8Array>();
    let sum = 0;
    for (const { mark } of this.list) {
      for (const each of Object.values<readonly MemoryChunk[]>(mark.system.hardware.memory)) {
        for (const { bytes } of each) {
          if (chunks.has(bytes)) continue;
          chunks.add(bytes);
          sum += bytes.length;
        }
      }
    }
    return sum;
  }

  /** The last one that is not behind `moment`; with `strictly` before it. */
  latest(moment: Moment, strictly = false): Checkpoint | undefined {
    let found: Checkpoint | undefined;
    for (const each of this.list) {
      if (isBefore(each.moment, moment) || (!strictly && isSame(each.moment, moment))) found = each;
      else break;
    }
    return found;
  }

  /** Adds one; others go where they are too many, the sooner the closer they are to each other and the farther from `near`. */
  add(checkpoint: Checkpoint, near: number): void {
    const at = this.list.findIndex(({ moment }) => !isBefore(moment, checkpoint.moment));
    if (at >= 0 && isSame(this.list[at]!.moment, checkpoint.moment)) return;
    this.list.splice(at < 0 ? this.list.length : at, 0, checkpoint);
    while (this.list.length > MOST) this.drop(near);
    while (this.list.length > 2 && this.bytes > this.mostBytes) this.drop(near);
  }

  private drop(near: number): void {
    let worst = 1;
    let least = Number.POSITIVE_INFINITY;
    for (let index = 1; index < this.list.length; index++) {
      const { cycle } = this.list[index]!.moment;
      const next = this.list[index + 1]?.moment.cycle ?? cycle + (cycle - this.list[index - 1]!.moment.cycle);
      const gap = next - this.list[index - 1]!.moment.cycle;
      const value = gap / (Math.abs(near - cycle) + 1);
      if (value >= least) continue;
      least = value;
      worst = index;
    }
    this.list.splice(worst, 1);
  }

  /** Forgets those behind `moment`. */
  forgetAfter(moment: Moment): void {
    this.list = this.list.filter((each) => !isBefore(moment, each.moment));
  }
}
