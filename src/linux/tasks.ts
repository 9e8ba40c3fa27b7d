/**
 * Tasks that sleep, and what they sleep on: wait queues, workqueues, mutexes (kernel/sched/wait.c, kernel/workqueue.c, kernel/locking/mutex.c).
 *
 * Code that may sleep is a generator (`KernelCode`): it yields what it waits for and is resumed on the machine's clock after a
 * stated latency. So a driver here reads like the driver it mirrors, and a run is deterministic.
 */
import type { Timer } from '../time/scheduler.ts';
import type { Kernel } from './kernel.ts';
import { LATENCY } from './latencies.ts';
import type { Process } from './process.ts';

/** What sleeping code waits for; the value that `yield` gives back is whether it was woken or the time ran out. */
export type Wait = {
  readonly queue?: WaitQueue;
  /** Further queues of which any wakes the sleeper, for `poll`. */
  readonly queues?: readonly WaitQueue[];
  readonly timeoutNs?: number;
  /** A signal ends the sleep (`TASK_INTERRUPTIBLE`). */
  readonly interruptible?: boolean;
};
export type Wake = 'event' | 'timeout' | 'signal';
/** Kernel code that may sleep. */
export type KernelCode<T = void> = Generator<Wait, T, Wake>;

/** A list of tasks that sleep until something happens (`wait_queue_head_t`). */
export class WaitQueue {
  readonly name: string;
  private readonly waiters: Task[] = [];

  constructor(name: string) {
    this.name = name;
  }

  /** Number of tasks that sleep here. */
  get length(): number {
    return this.waiters.length;
  }

  /** `wake_up_interruptible_all`: every sleeper looks at its condition again. */
  wakeAll(): void {
    if (this.waiters.length === 0) return;
    for (const task of this.waiters.splice(0)) task.wake('event');
  }

  /** `wake_up` of exclusive sleepers: only the one that has slept longest looks at its condition again. */
  wakeOne(): void {
    this.waiters.shift()?.wake('event');
  }

  /** @internal */
  add(task: Task): void {
    this.waiters.push(task);
  }

  /** @internal */
  remove(task: Task): void {
    const index = this.waiters.indexOf(task);
    if (index >= 0) this.waiters.splice(index, 1);
  }
}

const NOTHING: readonly WaitQueue[] = [];

/** A thread of execution in the kernel: a kthread, a worker, or a process inside a system call. */
export class Task {
  readonly name: string;
  /** The process in whose name it runs; none of kernel threads. */
  process: Process | undefined;
  /** Stands still in system sleep before devices do, as every process: a program of the user, a worker of a freezable workqueue. */
  freezable = false;
  private readonly kernel: Kernel;
  private readonly timeout: Timer;
  private readonly resumption: Timer;
  private code: KernelCode<unknown> | undefined;
  private waitingOn: readonly WaitQueue[] = NOTHING;
  /** Asleep, and a signal may end the sleep. */
  private interruptible = false;
  private pending = false;
  private reason: Wake = 'event';
  private done: (() => void) | undefined;

  constructor(kernel: Kernel, name: string) {
    this.kernel = kernel;
    this.name = name;
    this.timeout = kernel.scheduler.timer(`linux ${name} timeout`, () => this.wake('timeout'));
    this.resumption = kernel.scheduler.timer(`linux ${name}`, () => this.step());
  }

  /** True while it has code to finish. */
  get busy(): boolean {
    return this.code !== undefined;
  }

  /** What it sleeps on, for the explanation of a machine that waits. */
  get waitingFor(): string | undefined {
    return this.waitingOn[0]?.name;
  }

  /** A signal came that its code has not been told of (`signal_pending`). */
  get signalPending(): boolean {
    return this.pending;
  }

  /** Sends a signal: the interruptible sleep that it is in, or the next one, ends with 'signal'. It stays pending until `clearSignal`. */
  signal(): void {
    this.pending = true;
    if (this.interruptible) this.wake('signal');
  }

  /** The signal was delivered. */
  clearSignal(): void {
    this.pending = false;
  }

  /** Starts `code` after `latencyNs`; `done` is called when it returns. The task must be idle. */
  start(code: KernelCode<unknown>, latencyNs: number, done?: () => void): void {
    if (this.code) throw new Error(`task ${this.name} is busy`);
    this.code = code;
    this.done = done;
    this.kernel.tasks.add(this);
    this.reason = 'event';
    this.resumption.armIn(this.kernel.scheduler.cyclesFromNs(latencyNs));
  }

  /** @internal It goes on after it was parked. */
  unpark(): void {
    this.resumption.armIn(this.kernel.scheduler.cyclesFromNs(LATENCY.wake));
  }

  /** @internal Called by wait queues and the timeout. */
  wake(reason: Wake): void {
    this.timeout.cancel();
    for (const queue of this.waitingOn) queue.remove(this);
    this.waitingOn = NOTHING;
    this.interruptible = false;
    this.reason = reason;
    this.resumption.armIn(this.kernel.scheduler.cyclesFromNs(LATENCY.wake));
  }

  private step(): void {
    const { code } = this;
    if (!code || this.kernel.parks(this)) return;
    const previous = this.kernel.current;
    this.kernel.current = this;
    let next: IteratorResult<Wait, unknown>;
    try {
      next = code.next(this.reason);
    } finally {
      this.kernel.current = previous;
    }
    if (next.done) {
      this.code = undefined;
      this.kernel.tasks.delete(this);
      const { done } = this;
      this.done = undefined;
      done?.();
      return;
    }
    const { queue, queues, timeoutNs, interruptible } = next.value;
    this.waitingOn = queues ?? (queue ? [queue] : NOTHING);
    for (const each of this.waitingOn) each.add(this);
    this.interruptible = interruptible ?? false;
    if (this.interruptible && this.pending) this.wake('signal');
    else if (timeoutNs !== undefined) this.timeout.armIn(this.kernel.scheduler.cyclesFromNs(timeoutNs));
  }
}

/** `struct work_struct`: code to run on a workqueue, at most once pending. */
export interface Work {
  readonly name: string;
  readonly code: () => KernelCode<unknown>;
}

/** An ordered workqueue: one worker, works in the order of `queue`; a work that sleeps holds up those behind it. */
export class Workqueue {
  private readonly worker: Task;
  private readonly pending: Work[] = [];
  private readonly finished: WaitQueue;
  private running: Work | undefined;

  constructor(kernel: Kernel, name: string, freezable = false) {
    this.worker = new Task(kernel, name);
    this.worker.freezable = freezable;
    this.finished = new WaitQueue(`the works of ${name}`);
  }

  /** `queue_work`: false when it is pending already. */
  queue(work: Work): boolean {
    if (this.pending.includes(work)) return false;
    this.pending.push(work);
    this.next();
    return true;
  }

  private next(): void {
    if (this.worker.busy) return;
    const work = this.pending[0];
    if (!work) return;
    this.worker.start(this.execute(), LATENCY.work, () => this.next());
  }

  private *execute(): KernelCode {
    const work = this.pending.shift();
    this.running = work;
    if (work) yield* work.code();
    this.running = undefined;
    this.finished.wakeAll();
  }

  /** `cancel_work_sync`: it is not pending any more, and has ended if it was running. */
  *cancelSync(work: Work): KernelCode {
    const at = this.pending.indexOf(work);
    if (at >= 0) this.pending.splice(at, 1);
    yield* waitEvent(this.finished, () => this.running !== work);
  }
}

/** `msleep` and friends. */
export function* sleep(ns: number): KernelCode {
  yield { timeoutNs: ns };
}

/** `wait_event_interruptible_timeout`: false when the time ran out with `condition` still false. */
export function* waitEventTimeout(kernel: Kernel, queue: WaitQueue, condition: () => boolean, timeoutNs: number): KernelCode<boolean> {
  const { scheduler } = kernel;
  const deadline = scheduler.now + scheduler.cyclesFromNs(timeoutNs);
  while (!condition()) {
    const left = deadline - scheduler.now;
    if (left <= 0) return false;
    yield { queue, timeoutNs: scheduler.nsFromCycles(left) };
  }
  return true;
}

/** `wait_event_interruptible`: returns once `condition` holds. */
export function* waitEvent(queue: WaitQueue, condition: () => boolean): KernelCode {
  while (!condition()) yield { queue };
}

/** `wait_event_interruptible`: false (-ERESTARTSYS) when a signal came first. */
export function* waitEventInterruptible(queue: WaitQueue, condition: () => boolean): KernelCode<boolean> {
  while (!condition()) if ((yield { queue, interruptible: true }) === 'signal') return false;
  return true;
}

/** Code that has ended; it may be asked for its end any number of times. */
const DONE: KernelCode = (function* () {})();
DONE.next();

/** A mutex that sleeps. Who waits is woken in order; whoever asks before the one that was woken runs has it first. */
export class Mutex {
  private held = false;
  private readonly queue: WaitQueue;

  constructor(name: string) {
    this.queue = new WaitQueue(`mutex ${name}`);
  }

  lock(): KernelCode {
    // Nearly always: for each message some ten times.
    if (this.held) return this.sleep();
    this.held = true;
    return DONE;
  }

  private *sleep(): KernelCode {
    yield* waitEvent(this.queue, () => !this.held);
    this.held = true;
  }

  /** `mutex_lock_interruptible`: false (-EINTR) when a signal came first. */
  *lockInterruptible(): KernelCode<boolean> {
    // One that was woken to take it takes it: a signal no longer ends its sleep.
    if (!(yield* waitEventInterruptible(this.queue, () => !this.held))) return false;
    this.held = true;
    return true;
  }

  /** `mutex_trylock`. */
  tryLock(): boolean {
    if (this.held) return false;
    this.held = true;
    return true;
  }

  /** `mutex_is_locked`. */
  get locked(): boolean {
    return this.held;
  }

  unlock(): void {
    this.held = false;
    this.queue.wakeOne();
  }
}
