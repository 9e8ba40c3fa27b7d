/**
 * The only clock of a machine: whole cycles of its base clock, and timers that fire at them.
 *
 * While a core runs, `now` includes what it has executed so far, so a register read in the middle of a slice sees the exact time.
 * Ties fire in the order in which they were armed. Nanoseconds exist for display and for stating latencies only.
 */
import { invariant } from '../errors.ts';

/** A core in the middle of a slice, as the clock sees it. */
export interface RunningCore {
  /** Base-clock cycles since the slice began. */
  elapsed(): number;
  /** A timer was armed for a time before the slice's planned end: stop after the current instruction. */
  deadlineMoved(): void;
}

/** A named, re-armable timer; created once by the model that owns it. */
export class Timer {
  readonly name: string;
  /** Cycle at which it fires, or Infinity when it is not armed. */
  deadline = Number.POSITIVE_INFINITY;
  /** Order of arming, which settles ties. */
  sequence = 0;
  private readonly scheduler: Scheduler;
  readonly fire: () => void;

  constructor(scheduler: Scheduler, name: string, fire: () => void) {
    this.scheduler = scheduler;
    this.name = name;
    this.fire = fire;
  }

  /** True while it waits to fire. */
  get armed(): boolean {
    return this.deadline !== Number.POSITIVE_INFINITY;
  }

  /** Arms (or re-arms) it for `cycle`; a cycle in the past fires as soon as the current slice ends. */
  armAt(cycle: number): void {
    this.scheduler.arm(this, Math.max(Math.ceil(cycle), this.scheduler.now));
  }

  /** Arms (or re-arms) it for `cycles` from now. */
  armIn(cycles: number): void {
    this.scheduler.arm(this, this.scheduler.now + Math.max(0, Math.ceil(cycles)));
  }

  /** Disarms it. */
  cancel(): void {
    this.scheduler.disarm(this);
  }
}

/** The machine's clock. `hz` is the base clock in cycles per second. */
export class Scheduler {
  readonly hz: number;
  private base = 0;
  private running: RunningCore | undefined;
  private sliceEnd = Number.POSITIVE_INFINITY;
  private readonly heap: Timer[] = [];
  private sequence = 0;

  constructor(hz: number) {
    invariant(Number.isSafeInteger(hz) && hz > 0, `clock rate ${hz}`);
    this.hz = hz;
  }

  /** Cycles since the machine was created. */
  get now(): number {
    return this.running ? this.base + this.running.elapsed() : this.base;
  }

  /** Seconds since the machine was created, for display. */
  get seconds(): number {
    return this.now / this.hz;
  }

  /** Cycles in `ns` nanoseconds, rounded up. */
  cyclesFromNs(ns: number): number {
    return Math.ceil((ns * this.hz) / 1e9);
  }

  /** Nanoseconds of `cycles`, rounded to the nearest. */
  nsFromCycles(cycles: number): number {
    return Math.round((cycles / this.hz) * 1e9);
  }

  /** Creates a timer, not armed. */
  timer(name: string, fire: () => void): Timer {
    return new Timer(this, name, fire);
  }

  /** Cycle of the earliest armed timer, or Infinity. */
  get nextDeadline(): number {
    return this.heap[0]?.deadline ?? Number.POSITIVE_INFINITY;
  }

  /** Number of armed timers. */
  get pending(): number {
    return this.heap.length;
  }

  /** Name of the earliest armed timer; for the explanation of a machine that waits. */
  get nextName(): string | undefined {
    return this.heap[0]?.name;
  }

  /**
   * Lets `core` run from cycle `from` until `end` with the clock following it, and returns the cycles it took. The clock itself does not move: several
   * cores run over the same stretch of time one after the other, and the machine then advances to where they stopped.
   */
  runSlice(core: RunningCore, end: number, run: () => void, from: number = this.base): number {
    invariant(!this.running && from >= this.base, 'a core slice inside a core slice, or in the past');
    const { base } = this;
    this.base = from;
    this.running = core;
    this.sliceEnd = end;
    try {
      run();
      return core.elapsed();
    } finally {
      this.running = undefined;
      this.base = base;
      this.sliceEnd = Number.POSITIVE_INFINITY;
    }
  }

  /** Moves an idle clock to `cycle` (nothing is running). */
  advanceTo(cycle: number): void {
    invariant(!this.running, 'the clock was moved during a slice');
    if (cycle > this.base) this.base = cycle;
  }

  /** Fires all timers that are due, including those armed for now by others. */
  fireDue(): void {
    invariant(!this.running, 'timers fired during a slice');
    for (let top = this.heap[0]; top && top.deadline <= this.base; top = this.heap[0]) {
      this.removeAt(0);
      top.deadline = Number.POSITIVE_INFINITY;
      top.fire();
    }
  }

  /** @internal Used by `Timer`. A time that never comes (a clock that stands still) disarms. */
  arm(timer: Timer, cycle: number): void {
    if (timer.armed) this.disarm(timer);
    if (!Number.isFinite(cycle)) return;
    timer.deadline = cycle;
    timer.sequence = this.sequence++;
    this.heap.push(timer);
    this.siftUp(this.heap.length - 1);
    if (cycle < this.sliceEnd) this.running?.deadlineMoved();
  }

  /** @internal Used by `Timer`. */
  disarm(timer: Timer): void {
    if (!timer.armed) return;
    const index = this.heap.indexOf(timer);
    invariant(index >= 0, `timer ${timer.name} is armed but not queued`);
    this.removeAt(index);
    timer.deadline = Number.POSITIVE_INFINITY;
  }

  private removeAt(index: number): void {
    const end = this.heap.pop()!;
    if (index === this.heap.length) return;
    this.heap[index] = end;
    this.siftUp(index);
    this.siftDown(this.heap.indexOf(end));
  }

  private siftUp(start: number): void {
    for (let index = start; index > 0; ) {
      const parent = (index - 1) >> 1;
      if (!before(this.heap[index]!, this.heap[parent]!)) return;
      this.swap(index, parent);
      index = parent;
    }
  }

  private siftDown(start: number): void {
    for (let index = start; ; ) {
      const left = 2 * index + 1;
      const right = left + 1;
      let first = index;
      if (left < this.heap.length && before(this.heap[left]!, this.heap[first]!)) first = left;
      if (right < this.heap.length && before(this.heap[right]!, this.heap[first]!)) first = right;
      if (first === index) return;
      this.swap(index, first);
      index = first;
    }
  }

  private swap(a: number, b: number): void {
    const timer = this.heap[a]!;
    this.heap[a] = this.heap[b]!;
    this.heap[b] = timer;
  }
}

function before(a: Timer, b: Timer): boolean {
  return a.deadline < b.deadline || (a.deadline === b.deadline && a.sequence < b.sequence);
}
