/**
 * Notices cheaply that a core may be in an endless loop: engine runs that begin and end within a few bytes of each other, with no
 * exception between. Whether it is one, the code there must say (`isEndlessLoop`).
 */

/** Instructions in one place after which the code is worth a look. */
const SUSPICIOUS_AFTER = 100_000;
/** Extent of a loop that is looked for, in bytes. */
const LOOP_BYTES = 8;

/** Counts the instructions that a core has spent in one place. */
export class LoopWatch {
  private pc = 0;
  private instructions = 0;
  private exceptions = 0;

  /** True when the core may be in an endless loop. */
  get suspicious(): boolean {
    return this.instructions >= SUSPICIOUS_AFTER;
  }

  /** Starts anew. */
  reset(): void {
    this.instructions = 0;
  }

  /** The engine ran from `from` to `to` in `executed` instructions; `exceptions` have been taken so far. */
  note(from: number, to: number, executed: number, exceptions: number): void {
    if (exceptions === this.exceptions && near(from, this.pc) && near(to, this.pc)) {
      this.instructions += executed;
      return;
    }
    this.pc = to;
    this.exceptions = exceptions;
    this.instructions = near(from, to) ? executed : 0;
  }
}

function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= LOOP_BYTES;
}
