/**
 * The only clock of a machine: whole cycles of its base clock, and timers that fire at them.
 *
 * While a core runs, `now` includes what it has executed so far, so a register read in the middle of a slice sees the exact time.
 * Ties fire in the order in which they were armed. Nanoseconds exist for display and for stating latencies only.
 * A part of the machine whose timers are to be told from the others' (Linux) has a `domain`: the same time, and a queue of its own.
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
  /** The domain that it belongs to. */
  readonly scheduler: Scheduler;
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

/** What all domains of a machine have in common. */
interface Clock {
  base: number;
  running: RunningCore | undefined;
  sliceEnd: number;
  /** Number that the next timer to be armed gets. */
  sequence: number;
  /** The machine's own queue, then those of its domains. */
  readonly queues: Scheduler[];
}

/** An armed timer, for a snapshot. */
export interface ArmedTimer {
  readonly name: string;
  readonly deadline: number;
  readonly sequence: number;
}

/** The machine's clock. `hz` is the base clock in cycles per second. */
export class Scheduler {
  readonly hz: number;
  /** True: its timers stand still, however late it gets; those of other domains fire. */
  frozen = false;
  /** Timers of this domain that have fired so far. */
  fired = 0;
  /** Called before each of its timers fires. */
  onFire: ((timer: Timer) => void) | undefined;
  private readonly clock: Clock;
  private readonly heap: Timer[] = [];

  constructor(hz: number, clock?: Clock) {
    invariant(Number.isSafeInteger(hz) && hz > 0, `clock rate ${hz}`);
    this.hz = hz;
    this.clock = clock ?? {
      base: 0,
      running: undefined,
      sliceEnd: Number.POSITIVE_INFINITY,
      sequence: 0,
      queues: [],
    };
    this.clock.queues.push(this);
  }

  /** A queue of its own on the same clock: which timers fire when, and in which order, is as if there were one queue. */
  domain(): Scheduler {
    return new Scheduler(this.hz, this.clock);
  }

  /** Takes a domain away with all its timers, which never fire. */
  remove(domain: Scheduler): void {
    const at = this.clock.queues.indexOf(domain);
    invariant(at > 0, 'only a domain of this clock can be removed');
    this.clock.queues.splice(at, 1);
  }

  /** Cycles since the machine was created. */
  get now(): number {
    const { base, running } = this.clock;
    return running ? base + running.elapsed() : base;
  }

  /** True in the middle of a core's slice. */
  get inSlice(): boolean {
    return this.clock.running !== undefined;
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

  /** Cycle of the earliest armed timer of all domains, or Infinity. */
  get nextDeadline(): number {
    return this.first()?.deadline ?? Number.POSITIVE_INFINITY;
  }

  /** Number of armed timers of all domains. */
  get pending(): number {
    let count = 0;
    for (const { heap } of this.clock.queues) count += heap.length;
    return count;
  }

  /** Name of the earliest armed timer; for the explanation of a machine that waits. */
  get nextName(): string | undefined {
    return this.first()?.name;
  }

  /** The timer of all domains that fires next. */
  private first(): Timer | undefined {
    let first: Timer | undefined;
    for (const { heap, frozen } of this.clock.queues) {
      const top = heap[0];
      if (top && !frozen && (!first || before(top, first))) first = top;
    }
    return first;
  }

  /**
   * Lets `core` run from cycle `from` until `end` with the clock following it, and returns the cycles it took. The clock itself does not move: several
   * cores run over the same stretch of time one after the other, and the machine then advances to where they stopped.
   */
  runSlice(core: RunningCore, end: number, run: () => void, from: number = this.clock.base): number {
    const { clock } = this;
    const { base } = clock;
    invariant(!clock.running && from >= base, 'a core slice inside a core slice, or in the past');
    clock.base = from;
    clock.running = core;
    clock.sliceEnd = end;
    try {
      run();
      return core.elapsed();
    } finally {
      clock.running = undefined;
      clock.base = base;
      clock.sliceEnd = Number.POSITIVE_INFINITY;
    }
  }

  /** Moves an idle clock to `cycle` (nothing is running). */
  advanceTo(cycle: number): void {
    const { clock } = this;
    invariant(!clock.running, 'the clock was moved during a slice');
    if (cycle > clock.base) clock.base = cycle;
  }

  /** Fires all timers that are due, including those armed for now by others. */
  fireDue(): void {
    const { clock } = this;
    invariant(!clock.running, 'timers fired during a slice');
    for (let top = this.first(); top && top.deadline <= clock.base; top = this.first()) top.scheduler.fireTop();
  }

  /** @internal Fires the first timer of this domain, whatever the time is. */
  fireTop(): void {
    const top = this.heap[0];
    invariant(top, 'no timer to fire');
    this.removeAt(0);
    top.deadline = Number.POSITIVE_INFINITY;
    this.fired++;
    this.onFire?.(top);
    top.fire();
  }

  /** True when no timer of this domain is armed. */
  get empty(): boolean {
    return this.heap.length === 0;
  }

  /** Armed timers of this domain, in the order in which they were armed. */
  armed(): readonly Timer[] {
    return [...this.heap].sort((a, b) => a.sequence - b.sequence);
  }

  /** The time, and the number that the next armed timer gets; for a snapshot. */
  get position(): { readonly now: number; readonly sequence: number } {
    const { base, sequence } = this.clock;
    return { now: base, sequence };
  }

  /** Sets the time and that number, forwards or back; timers stay as they are. */
  moveTo({ now, sequence = this.clock.sequence }: { readonly now: number; readonly sequence?: number }): void {
    invariant(!this.clock.running, 'the clock was moved during a slice');
    this.clock.base = now;
    this.clock.sequence = sequence;
  }

  /** Arms `timer`, of this domain, as it was in another run; `deadline` may be Infinity. */
  restoreTimer(timer: Timer, { deadline, sequence }: Pick<ArmedTimer, 'deadline' | 'sequence'>): void {
    this.disarm(timer);
    if (!Number.isFinite(deadline)) return;
    timer.deadline = deadline;
    timer.sequence = sequence;
    this.heap.push(timer);
    this.siftUp(this.heap.length - 1);
  }

  /** @internal Used by `Timer`. A time that never comes (a clock that stands still) disarms. */
  arm(timer: Timer, cycle: number): void {
    if (timer.armed) this.disarm(timer);
    if (!Number.isFinite(cycle)) return;
    const { clock } = this;
    timer.deadline = cycle;
    timer.sequence = clock.sequence++;
    this.heap.push(timer);
    this.siftUp(this.heap.length - 1);
    if (cycle < clock.sliceEnd) clock.running?.deadlineMoved();
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
