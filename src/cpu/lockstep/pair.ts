/**
 * Two engines on two copies of one machine's memory: a slice of instructions on the first, the same on the second, and the comparison.
 *
 * What is needed to execute the slice again is kept until the next: the registers at its start, every page as it was before the first store
 * to it, and what devices answered. One thing is not: rights. The second engine is brought up to the instruction that writes the MPU
 * (or SAU, or what guards the bus) before the write takes effect, so that both run under the rights of their time; a slice that is run again has those of now.
 */
import { CELL, CELL_COUNT } from '../core-registers.ts';
import { STOP, type StopCode } from '../engine.ts';
import { type Side, samePage, Trail, type Undo } from './side.ts';

/** Stops that have a `detail`, and those that have an `address`. */
const WITH_DETAIL: ReadonlySet<StopCode> = new Set([
  STOP.SVC,
  STOP.BKPT,
  STOP.EXC_RETURN,
  STOP.SECURITY_BRANCH,
  STOP.LAZY_STORE,
  STOP.LAZY_LOAD,
]);
const WITH_ADDRESS: ReadonlySet<StopCode> = new Set([STOP.UNALIGNED, STOP.FETCH_FAULT, STOP.DATA_FAULT, STOP.SECURITY_BRANCH]);
const FAULTS: ReadonlySet<StopCode> = new Set([STOP.FETCH_FAULT, STOP.DATA_FAULT]);

/** How a stretch of instructions ended on one side; what the stop does not define is 0. */
export interface Outcome {
  readonly stop: StopCode;
  readonly detail: number;
  readonly address: number;
  readonly fault: string;
  /** Instructions executed. */
  readonly executed: number;
  /** Accesses to devices made, and the one that the other side did not make. */
  readonly accesses: number;
}

/** MPU and SAU registers of both security states. */
function changesRights(address: number): boolean {
  return (address & 0xfffd_ff00) >>> 0 === 0xe000_ed00 && (address & 0xff) >= 0x90;
}

/** Two sides over the same slice. */
export class Pair {
  readonly first: Side;
  readonly second: Side;
  readonly undo: Undo;
  /** Registers when the slice began. */
  readonly start = new Int32Array(CELL_COUNT);
  readonly trail = new Trail();
  /** Why the first engine ended the slice. */
  stop: StopCode = STOP.BUDGET;
  /** The next slice begins with an instruction that executes although it has a hook; the slice that was executed last did. */
  passHook = false;
  private passed = false;
  private readonly trailBefore = new Trail();

  constructor(first: Side, second: Side, undo: Undo) {
    this.first = first;
    this.second = second;
    this.undo = undo;
    // Always, so that nobody stores past the port between slices either.
    first.memory.setTap(first.log);
    first.log.beforeWrite = (address) => {
      if (changesRights(address) || first.memory.bus.find(address)?.device?.guards) second.advance(first.position, this.trail);
    };
  }

  /** Executes up to `budget` instructions on the first engine, with real devices, and as many on the second. */
  run(budget: number, engineWrites: (on: boolean) => void): [Outcome, Outcome] {
    const { first, second, trail } = this;
    this.undo.clear();
    first.begin();
    second.begin();
    this.start.set(first.cells);
    this.trailBefore.copyFrom(trail);
    second.cells.set(first.cells);
    second.engine.push();
    this.passed = this.passHook;
    this.passHook = false;
    this.pass();
    second.memory.setTap(second.log);
    first.log.startRecording();
    second.log.startPlaying();
    first.memory.setTap(first.log);
    engineWrites(true);
    let stop: StopCode;
    try {
      stop = first.run(budget);
    } finally {
      engineWrites(false);
      first.log.rest();
    }
    this.stop = stop;
    let other = second.advance(first.done, trail);
    if (other === STOP.BUDGET && stop !== STOP.BUDGET && stop !== STOP.REQUESTED) other = second.advance(second.done + 1, trail);
    return [outcome(first, stop), outcome(second, other)];
  }

  /** Executes the slice again from its start, at most `budget` instructions of it, with recorded devices on both sides. */
  runAgain(budget: number, stepped = false): [Outcome, Outcome] {
    const { first, second } = this;
    this.rewind();
    if (budget === 0) return [outcome(first, STOP.BUDGET), outcome(second, STOP.BUDGET)];
    for (const side of [first, second]) {
      side.memory.setTap(side.log);
      side.log.startPlaying();
    }
    const stop = stepped ? first.advance(budget, new Trail()) : first.run(budget);
    const other = second.advance(stop === STOP.REQUESTED ? first.done : budget, this.trail);
    first.log.rest();
    return [outcome(first, stop), outcome(second, other)];
  }

  /** True when both sides ended the same way in the same state. */
  agree([a, b]: readonly [Outcome, Outcome]): boolean {
    // Pages are looked at whatever the rest says: it completes what is needed to go back.
    if (this.differingPages().length > 0) return false;
    if (a.stop !== b.stop || a.executed !== b.executed || a.accesses !== b.accesses) return false;
    if (a.detail !== b.detail || a.address !== b.address || a.fault !== b.fault) return false;
    if (this.first.log.surprise || this.second.log.surprise) return false;
    return this.differingCells(a.stop).length === 0;
  }

  /** Cells that differ, those aside that mean nothing. */
  differingCells(stop: StopCode): number[] {
    const a = this.first.cells;
    const b = this.second.cells;
    const found: number[] = [];
    for (let cell = 0; cell < CELL_COUNT; cell++) {
      if (a[cell] === b[cell]) continue;
      if (cell === CELL.PC && stop === STOP.EXC_RETURN) continue;
      if (cell === CELL.EXCLUSIVE_ADDRESS && a[CELL.EXCLUSIVE] === 0) continue;
      found.push(cell);
    }
    return found;
  }

  /** Pages that differ, among those that were or may have been stored to. */
  differingPages(): number[] {
    const { first, second, undo } = this;
    const found: number[] = [];
    for (const key of first.stored) if (!samePage(first, second, key)) found.push(key);
    for (const key of second.stored) if (!first.stored.has(key) && !samePage(first, second, key)) found.push(key);
    for (const [side, other] of [
      [first, second],
      [second, first],
    ] as const) {
      for (const key of side.takeWritable()) {
        if (first.stored.has(key) || second.stored.has(key) || samePage(first, second, key)) continue;
        undo.save(key, other);
        side.stored.add(key);
        found.push(key);
      }
    }
    return found;
  }

  private pass(): void {
    for (const { engine } of [this.first, this.second]) engine.passHook = this.passed;
  }

  private rewind(): void {
    const { first, second, undo } = this;
    for (const side of [first, second]) {
      for (const [key, words] of undo.pages) side.restorePage(key, words);
      side.begin();
      side.cells.set(this.start);
      side.engine.push();
    }
    this.pass();
    this.trail.copyFrom(this.trailBefore);
  }
}

/** What `side` ended with; a request to stop that coincides with the end of the budget is no difference. */
function outcome(side: Side, code: StopCode): Outcome {
  const stop = code === STOP.REQUESTED ? STOP.BUDGET : code;
  const { engine, memory } = side;
  return {
    stop,
    detail: WITH_DETAIL.has(stop) ? engine.detail : 0,
    address: WITH_ADDRESS.has(stop) ? engine.address : 0,
    fault: FAULTS.has(stop) ? `${memory.fault} ${memory.faultAddress >>> 0}` : '',
    executed: side.done,
    accesses: side.log.played,
  };
}
