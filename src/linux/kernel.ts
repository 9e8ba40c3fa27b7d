/**
 * The parts of a Linux kernel that every driver stands on: printk, interrupts, tasks that sleep, wait queues, workqueues.
 *
 * Code that may sleep is a generator (`KernelCode`): it yields what it waits for and is resumed on the machine's clock after a
 * stated latency. So a driver here reads like the driver it mirrors, and a run is deterministic. Nothing here knows any driver.
 */
import type { EventHub, KernLevel } from '../events.ts';
import type { AddressSpace } from '../memory/bus.ts';
import { BUS_FAULT } from '../memory/bus.ts';
import type { Scheduler, Timer } from '../time/scheduler.ts';
import { DeviceModel } from './fs/device-model.ts';
import { createVfs } from './fs/rootfs.ts';
import type { DirectoryNode, OpenFile, Vfs } from './fs/vfs.ts';
import { type KernelFlavour, MAINLINE } from './kernel-flavour.ts';
import { LATENCY } from './latencies.ts';
import type { LogLine } from './log-buffer.ts';
import { Syslog } from './printk.ts';
import type { Process } from './process.ts';
import { PowerManagement } from './suspend.ts';

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

export { ERRNO } from './errno.ts';

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

interface IrqLine {
  /** Number that Linux gave it (virq). */
  readonly irq: number;
  readonly spi: number;
  readonly timer: Timer;
  level: boolean;
  count: number;
  /** In the order of their requests. */
  actions: readonly { readonly name: string; readonly handler: () => void }[];
}

/** Linux's number of the first interrupt that a modelled driver asks for, behind those of the cores and their timers. */
const FIRST_IRQ = 14;
/** Number of the first process that users start; those of boot are not modelled. */
const FIRST_PID = 400;

/** One running kernel. `memory` is the Cortex-A view of the SoC. */
export class Kernel {
  readonly scheduler: Scheduler;
  readonly memory: AddressSpace;
  readonly events: EventHub;
  /** Whose kernel it is: the differences that drivers look up. */
  readonly flavour: KernelFlavour;
  /** The tree of files: the kernel's own, and a root that users write in. */
  readonly vfs: Vfs;
  /** /sys/devices, /sys/class, /sys/bus and /dev. */
  readonly devices: DeviceModel;
  /** The task that is executing, if any. */
  current: Task | undefined;
  /** System sleep. */
  readonly pm: PowerManagement;
  private held: 'nothing' | 'freezable' | 'all' = 'nothing';
  /** The task that holds the others. */
  private holder: Task | undefined;
  private readonly parked = new Set<Task>();
  /** Tasks that have code to finish; for the explanation of a machine that waits. */
  readonly tasks = new Set<Task>();
  /** Processes by number, oldest first. */
  readonly processes = new Map<number, Process>();
  private lastPid = FIRST_PID - 1;
  /** The log as user space reads it. */
  readonly syslog: Syslog;
  /** `nodename` of uname(2). */
  hostname = 'imx';
  /** What /dev/console is: an open terminal, once user space has one. */
  console: OpenFile | undefined;
  /** Root of debugfs, mounted or not. */
  readonly debugfs: DirectoryNode;
  /** Roots of the file systems of which there is one, by type. */
  readonly fileSystems: ReadonlyMap<string, DirectoryNode>;
  private readonly irqs = new Map<number, IrqLine>();
  /** Cycle at which this kernel began. */
  private since = 0;
  /** Of SPIs that nobody has asked for yet. */
  private readonly levels = new Map<number, boolean>();

  constructor(options: { scheduler: Scheduler; memory: AddressSpace; events: EventHub; flavour?: KernelFlavour }) {
    this.scheduler = options.scheduler;
    this.memory = options.memory;
    this.events = options.events;
    this.flavour = options.flavour ?? MAINLINE;
    this.syslog = new Syslog(
      new WaitQueue('kernel messages'),
      (cycle) => (cycle - this.since) / this.scheduler.hz,
      (level, text, facility) => this.store(level, text, facility),
    );
    this.vfs = createVfs(() => this.now);
    this.debugfs = this.vfs.directory('/sys/kernel/debug');
    this.fileSystems = this.vfs.singletons;
    this.devices = new DeviceModel(this.vfs);
    this.pm = new PowerManagement(this, new WaitQueue('wakeup'));
  }

  /**
   * Lets stand still: `freezable` processes and freezable workers, `all` every other task and the interrupts, too. What would have run in the
   * meantime does when it is let go. The task that calls it goes on.
   */
  hold(what: 'nothing' | 'freezable' | 'all'): void {
    this.held = what;
    this.holder = this.current;
    for (const task of [...this.parked]) {
      if (this.holds(task)) continue;
      this.parked.delete(task);
      task.unpark();
    }
    for (const line of this.irqs.values()) this.consider(line);
  }

  private holds(task: Task): boolean {
    if (this.held === 'nothing' || task === this.holder) return false;
    return this.held === 'all' || task.freezable || task.process !== undefined;
  }

  /** @internal True when the task must not run now; it is let go with the others. */
  parks(task: Task): boolean {
    if (!this.holds(task)) return false;
    this.parked.add(task);
    return true;
  }

  /** The boot loader has handed over: the times of dmesg and uptime count from here. */
  start(): void {
    this.since = this.scheduler.now;
  }

  /** Seconds since the kernel began. */
  get uptime(): number {
    return (this.scheduler.now - this.since) / this.scheduler.hz;
  }

  /** Virtual time in ns, as `ktime_get`. */
  get now(): number {
    return this.scheduler.nsFromCycles(this.scheduler.now);
  }

  /** `alloc_pid`: numbers are not used again (`pid_max` is 4194304 under systemd). */
  allocatePid(): number {
    return ++this.lastPid;
  }

  /** What `dmesg` shows, oldest first. */
  get log(): readonly LogLine[] {
    return this.syslog.buffer.lines;
  }

  /** Lines that a full buffer has pushed out of `log`. */
  get lostMessages(): number {
    return this.syslog.buffer.lost;
  }

  /** `printk`: one line of dmesg at the current virtual time. */
  printk(level: KernLevel, text: string): void {
    this.store(level, text);
  }

  private store(level: KernLevel, text: string, facility?: number): void {
    const { since } = this;
    const entry = { cycle: this.scheduler.now, level, text, ...(since ? { since } : {}) };
    this.syslog.add(facility ? { ...entry, facility } : entry);
    this.events.emit({ type: 'dmesg', ...entry });
  }

  /** `dev_printk`: `device` is what `dev_driver_string` and `dev_name` give, as in `remoteproc remoteproc0`. */
  dev(level: KernLevel, device: string, text: string): void {
    this.printk(level, `${device}: ${text}`);
  }

  /** `readl` of a device register at a system address; a bus error reads as all ones, as an SError would end a real kernel. */
  readl(address: number): number {
    const value = this.memory.read(address, 4);
    return value === BUS_FAULT ? 0xffff_ffff : value;
  }

  /** `writel`. */
  writel(value: number, address: number): void {
    this.memory.write(address, value >>> 0, 4);
  }

  /** `kthread_run`, or a process entering the kernel. */
  spawn(name: string, code: KernelCode<unknown>, latencyNs: number = LATENCY.wake): Task {
    const task = new Task(this, name);
    task.start(code, latencyNs);
    return task;
  }

  /** `request_irq` of a level-triggered GIC SPI, which others may share. */
  requestIrq(spi: number, name: string, handler: () => void): void {
    const line = this.irqLine(spi);
    line.actions = [...line.actions, { name, handler }];
    this.consider(line);
  }

  /** `free_irq` of the handler with that name. */
  freeIrq(spi: number, name: string): void {
    const line = this.irqLine(spi);
    line.actions = line.actions.filter((action) => action.name !== name);
    if (line.actions.length === 0) line.timer.cancel();
  }

  /** The SoC drives GIC SPI `spi`. */
  setInterrupt(spi: number, level: boolean): void {
    const line = this.irqs.get(spi);
    if (!line) {
      this.levels.set(spi, level);
      return;
    }
    line.level = level;
    this.consider(line);
  }

  /** Each interrupt that was requested, with its Linux number, the names of its handlers and how often it was served; for /proc/interrupts. */
  get interrupts(): readonly { readonly irq: number; readonly spi: number; readonly names: readonly string[]; readonly count: number }[] {
    return [...this.irqs.values()]
      .filter(({ actions, count }) => actions.length > 0 || count > 0)
      .map(({ irq, spi, actions, count }) => ({ irq, spi, names: actions.map(({ name }) => name), count }));
  }

  private irqLine(spi: number): IrqLine {
    let line = this.irqs.get(spi);
    if (!line) {
      const timer = this.scheduler.timer(`linux irq ${spi}`, () => this.serve(spi));
      line = { irq: FIRST_IRQ + this.irqs.size, spi, timer, level: this.levels.get(spi) ?? false, count: 0, actions: [] };
      this.irqs.set(spi, line);
    }
    return line;
  }

  private consider(line: IrqLine): void {
    if (line.level && line.actions.length > 0 && !line.timer.armed && this.held !== 'all') {
      line.timer.armIn(this.scheduler.cyclesFromNs(LATENCY.interrupt));
    }
  }

  private serve(spi: number): void {
    const line = this.irqs.get(spi);
    if (!line?.level || this.held === 'all') return;
    line.count++;
    for (const { handler } of line.actions) handler();
    this.consider(line);
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

/** A mutex that sleeps, first come first served. */
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
    if (!(yield* waitEventInterruptible(this.queue, () => !this.held))) {
      // It may have been this one that was woken to take it.
      if (!this.held) this.queue.wakeOne();
      return false;
    }
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
