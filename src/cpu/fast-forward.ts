/**
 * Finds out that a core repeats itself: a loop that polls something which cannot change before the next event.
 *
 * A probe steps the core and compares. When its registers come back to what they were, no store changed a byte, and every device that was
 * read can only change by an event or an access, then all that follows until the next event is a repetition, and the clock may jump
 * whole rounds of it. The result is exact: the same state at the same cycle as without, and so the same trace.
 */
import type { CoreMemory } from './core-memory.ts';
import { CELL, CELL_COUNT, type CoreRegisters } from './core-registers.ts';

/** Longest round that is looked for, in instructions. */
const LONGEST_ROUND = 128;
/** Instructions between two probes: after a success, and at most; failures multiply it by four. */
const SHORTEST_WAIT = 256;
const LONGEST_WAIT = 1 << 20;

/** What a probe found. */
export interface Probe<Code> {
  readonly code: Code;
  /** Instructions of one round, 0 when there is none. */
  readonly round: number;
}

/** Decides when to probe, and probes. */
export class FastForward {
  private readonly registers: CoreRegisters;
  private readonly memory: CoreMemory;
  private readonly before = new Int32Array(CELL_COUNT);
  private wait = SHORTEST_WAIT;
  private since = 0;

  constructor(registers: CoreRegisters, memory: CoreMemory) {
    this.registers = registers;
    this.memory = memory;
  }

  /** Instructions until the next probe; 0 when it is due. */
  get due(): number {
    return Math.max(0, this.wait - this.since);
  }

  /** `executed` instructions went by without a probe. */
  note(executed: number): void {
    this.since += executed;
  }

  /**
   * Looks for a round within `limit` instructions. `step` executes one instruction, brings the registers up to date and returns the stop code;
   * any but `budget` ends the probe, as does `interrupted`.
   */
  probe<Code>(limit: number, budget: Code, step: () => Code, interrupted: () => boolean): Probe<Code> {
    const { registers, memory, before } = this;
    before.set(registers.cells);
    this.since = 0;
    const watch = memory.beginWatch();
    let code = budget;
    let round = 0;
    for (let count = 1; count <= Math.min(limit, LONGEST_ROUND); count++) {
      code = step();
      if (code !== budget || watch.changed || interrupted()) break;
      if (!this.sameAsBefore()) continue;
      round = count;
      break;
    }
    memory.endWatch();
    this.wait = round > 0 ? SHORTEST_WAIT : Math.min(LONGEST_WAIT, this.wait * 4);
    return { code, round };
  }

  private sameAsBefore(): boolean {
    const { cells } = this.registers;
    const { before } = this;
    if (cells[CELL.PC] !== before[CELL.PC]) return false;
    for (let cell = CELL_COUNT - 1; cell >= 0; cell--) if (cells[cell] !== before[cell]) return false;
    return true;
  }
}
