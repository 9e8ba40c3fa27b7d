/**
 * System sleep: kernel/power/main.c, suspend.c, process.c of Linux 6.1, as far as drivers here notice it; /sys/power/state and mem_sleep.
 *
 * User space and freezable works stand still first, then devices without interrupts (`noirq`). In s2idle (`freeze`) interrupts that stay on
 * (IRQF_NO_SUSPEND) wake the system; in deep sleep (`mem`) the CPUs are off and only a wakeup source does. The M cores go on meanwhile. Not
 * modelled: other devices, the lines about single CPUs, DDR in self-refresh, wakeup_count, hibernation.
 */
import { ERRNO } from './errno.ts';
import { AttributeNode } from './fs/sysfs.ts';
import type { Kernel, KernelCode, WaitQueue } from './kernel.ts';

/** `dev_pm_ops` of a device in the phase without interrupts. */
export interface NoirqOps {
  suspendNoirq(): void;
  resumeNoirq(): void;
}

/** What can be written to /sys/power/state. */
export type SleepState = 'freeze' | 'mem';

/** How long the phases take, in ns. */
const FREEZE_NS = 1e6;
const DEVICES_NS = 5e6;
const NOIRQ_NS = 1e6;

/** The power management of one kernel. */
export class PowerManagement {
  private readonly kernel: Kernel;
  private readonly wake: WaitQueue;
  private readonly devices = new Set<NoirqOps>();
  private memSleep: 's2idle' | 'deep' = 'deep';
  private busy = false;
  private asleep = false;
  private wakeupPending = false;

  constructor(kernel: Kernel, wake: WaitQueue) {
    this.kernel = kernel;
    this.wake = wake;
    const directory = kernel.vfs.directory('/sys/power');
    const add = (name: string, show: () => string, store: (word: string) => KernelCode<number>): void => {
      const attribute = {
        name,
        *show() {
          return `${show()}\n`;
        },
        *store(text: string) {
          const err = yield* store(text.split('\n', 1)[0]!);
          return err || text.length;
        },
      };
      directory.add(name, new AttributeNode(attribute));
    };
    add(
      'state',
      () => 'freeze mem',
      (word) => this.storeState(word),
    );
    add(
      'mem_sleep',
      () => (this.memSleep === 'deep' ? 's2idle [deep]' : '[s2idle] deep'),
      (word) => this.storeMemSleep(word),
    );
  }

  /** True from the beginning of a suspend until everything runs again. */
  get suspending(): boolean {
    return this.busy;
  }

  /** True while the system sleeps and something has to wake it. */
  get sleeping(): boolean {
    return this.asleep;
  }

  /** A driver with something to do in the phase without interrupts. */
  addDevice(device: NoirqOps): void {
    this.devices.add(device);
  }

  removeDevice(device: NoirqOps): void {
    this.devices.delete(device);
  }

  /** `pm_system_wakeup`: ends the sleep, or the way there. */
  systemWakeup(): void {
    this.wakeupPending = true;
    this.wake.wakeAll();
  }

  private *storeState(word: string): KernelCode<number> {
    return word === 'freeze' || word === 'mem' ? yield* this.suspend(word) : ERRNO.EINVAL;
  }

  private *storeMemSleep(word: string): KernelCode<number> {
    if (word !== 's2idle' && word !== 'deep') return ERRNO.EINVAL;
    this.memSleep = word;
    return 0;
  }

  /** `pm_suspend`: returns when the system is awake again: 0, or -EBUSY when it never slept. */
  *suspend(state: SleepState): KernelCode<number> {
    if (this.busy) return ERRNO.EBUSY;
    this.busy = true;
    const { kernel } = this;
    const deep = state === 'mem' && this.memSleep === 'deep';
    kernel.printk(6, `PM: suspend entry (${deep ? 'deep' : 's2idle'})`);
    kernel.printk(6, 'Filesystems sync: 0.000 seconds');
    this.wakeupPending = false;
    kernel.hold('freezable');
    yield { timeoutNs: FREEZE_NS };
    kernel.printk(6, 'Freezing user space processes ... (elapsed 0.001 seconds) done.');
    kernel.printk(6, 'OOM killer disabled.');
    kernel.printk(6, 'Freezing remaining freezable tasks ... (elapsed 0.000 seconds) done.');
    kernel.printk(6, 'printk: Suspending console(s) (use no_console_suspend to debug)');
    yield { timeoutNs: DEVICES_NS };
    const err = yield* this.enter(deep);
    yield { timeoutNs: DEVICES_NS };
    kernel.printk(6, 'OOM killer enabled.');
    kernel.printk(6, 'Restarting tasks ... done.');
    kernel.printk(6, 'PM: suspend exit');
    kernel.hold('nothing');
    this.busy = false;
    return err;
  }

  /** `suspend_enter`: -EBUSY for what came in since user space was frozen. */
  private *enter(deep: boolean): KernelCode<number> {
    const { kernel } = this;
    for (const device of this.devices) device.suspendNoirq();
    yield { timeoutNs: NOIRQ_NS };
    if (deep) kernel.printk(6, 'Disabling non-boot CPUs ...');
    const err = this.wakeupPending ? ERRNO.EBUSY : 0;
    if (!err) {
      this.asleep = true;
      if (deep) kernel.hold('all');
      while (!this.wakeupPending) yield { queue: this.wake };
      kernel.hold('freezable');
      this.asleep = false;
    }
    if (deep) kernel.printk(6, 'Enabling non-boot CPUs ...');
    for (const device of this.devices) device.resumeNoirq();
    return err;
  }
}
