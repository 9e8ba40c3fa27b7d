/**
 * A Linux kernel as every driver sees it: printk, interrupts, tasks, files, devices. What it is made of is in tasks.ts, interrupts.ts, printk.ts
 * and fs. Nothing here knows any driver.
 */
import type { EventHub, KernLevel } from '../events.ts';
import type { AddressSpace } from '../memory/bus.ts';
import { BUS_FAULT } from '../memory/bus.ts';
import type { Scheduler } from '../time/scheduler.ts';
import { DeviceModel } from './fs/device-model.ts';
import { createVfs } from './fs/rootfs.ts';
import type { DirectoryNode, OpenFile, Vfs } from './fs/vfs.ts';
import { type InterruptFacts, Interrupts } from './interrupts.ts';
import { type KernelFaults, noFaults } from './kernel-faults.ts';
import { type KernelFlavour, MAINLINE } from './kernel-flavour.ts';
import { LATENCY } from './latencies.ts';
import type { LogLine } from './log-buffer.ts';
import { Syslog } from './printk.ts';
import type { Process } from './process.ts';
import { PowerManagement } from './suspend.ts';
import { type KernelCode, Task, WaitQueue } from './tasks.ts';

export { ERRNO } from './errno.ts';
export * from './tasks.ts';

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
  /** Hears of what whoever uses the system may not have meant. */
  onFinding: (text: string) => void = () => {};
  /** What is wrong with it on purpose. */
  readonly faults: KernelFaults = noFaults();
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
  /** `machine` of uname(2). */
  machine: 'aarch64' | 'armv7l' = 'aarch64';
  /** What /dev/console is: an open terminal, once user space has one. */
  console: OpenFile | undefined;
  /** Root of debugfs, mounted or not. */
  readonly debugfs: DirectoryNode;
  /** Roots of the file systems of which there is one, by type. */
  readonly fileSystems: ReadonlyMap<string, DirectoryNode>;
  private readonly irqs: Interrupts;
  /** Cycle at which this kernel began. */
  private since = 0;

  constructor(options: { scheduler: Scheduler; memory: AddressSpace; events: EventHub; flavour?: KernelFlavour }) {
    this.scheduler = options.scheduler;
    this.memory = options.memory;
    this.events = options.events;
    this.flavour = options.flavour ?? MAINLINE;
    this.irqs = new Interrupts(this.scheduler, () => this.held === 'all');
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
    this.irqs.unmask();
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
    this.irqs.request(spi, name, handler);
  }

  /** `free_irq` of the handler with that name. */
  freeIrq(spi: number, name: string): void {
    this.irqs.free(spi, name);
  }

  /** The SoC drives GIC SPI `spi`. */
  setInterrupt(spi: number, level: boolean): void {
    this.irqs.set(spi, level);
  }

  /** Each interrupt that was requested, for /proc/interrupts. */
  get interrupts(): readonly InterruptFacts[] {
    return this.irqs.list;
  }
}
