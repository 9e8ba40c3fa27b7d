/**
 * /sys/class/rtc/rtc0 (drivers/rtc/sysfs.c of Linux 6.1): the SNVS clock of the board, a wakeup source whose alarm ends system sleep.
 *
 * It agrees with the wall clock of user space (shell/clock.ts). Not modelled: /dev/rtc0, setting it, the SNVS's registers behind it.
 */
import type { Attribute } from './fs/device-model.ts';
import { ERRNO, type Kernel, type KernelCode } from './kernel.ts';

/** Seconds since 1970 at power-on: 7 October 2025, 06:59:00 UTC. */
const POWER_ON = 1_759_820_340;

/** Adds the device to `kernel`. */
export function addRtc(kernel: Kernel): void {
  const rtc = new Rtc(kernel);
  kernel.devices.add({ name: 'rtc0', class: 'rtc', attributes: rtc.attributes() });
}

class Rtc {
  private readonly kernel: Kernel;
  private readonly timer: { armAt(cycle: number): void; cancel(): void };
  /** Second at which it wakes the system. */
  private alarm: number | undefined;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.timer = kernel.scheduler.timer('linux rtc alarm', () => {
      this.alarm = undefined;
      kernel.pm.systemWakeup();
    });
  }

  private get now(): number {
    return POWER_ON + Math.floor(this.kernel.now / 1e9);
  }

  attributes(): Attribute[] {
    return [
      readOnly('date', () => dateOf(Math.floor(this.now / 86_400))),
      readOnly('hctosys', () => '1'),
      readOnly('name', () => 'snvs_rtc 30370000.snvs:snvs-rtc-lp'),
      readOnly('since_epoch', () => String(this.now)),
      readOnly('time', () => [this.now / 3600, this.now / 60, this.now].map((n, i) => two(Math.floor(n) % (i === 0 ? 24 : 60))).join(':')),
      { name: 'wakealarm', show: () => this.showAlarm(), store: (text) => this.storeAlarm(text) },
    ];
  }

  /** `wakealarm_show`: nothing while there is none. */
  private *showAlarm(): KernelCode<string> {
    return this.alarm === undefined ? '' : `${this.alarm}\n`;
  }

  /** `wakealarm_store`: seconds since 1970, `+` from now, `+=` behind the one that is set; what is not in the future takes it away. */
  private *storeAlarm(text: string): KernelCode<number> {
    const match = /^(\+=?)?([+-]?\d+)\n?$/.exec(text);
    if (!match) return ERRNO.EINVAL;
    const push = match[1] === '+=';
    let alarm = Number(match[2]) + (match[1] === '+' ? this.now : 0);
    if (alarm > this.now || push) {
      if (push && this.alarm === undefined) return ERRNO.EINVAL;
      if (!push && this.alarm !== undefined) return ERRNO.EBUSY;
      alarm += push ? this.alarm! : 0;
      this.alarm = alarm;
      const { hz, now } = this.kernel.scheduler;
      this.timer.armAt(Math.max((alarm - POWER_ON) * hz, now));
    } else {
      this.alarm = undefined;
      this.timer.cancel();
    }
    return text.length;
  }
}

const two = (value: number): string => String(value).padStart(2, '0');

/** Date of a day counted from 1970-01-01, as years begin in March. */
function dateOf(day: number): string {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted % 146_097;
  const year = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365);
  const dayOfYear = dayOfEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const month = Math.floor((5 * dayOfYear + 2) / 153);
  const civilMonth = month < 10 ? month + 3 : month - 9;
  return `${400 * era + year + (month >= 10 ? 1 : 0)}-${two(civilMonth)}-${two(dayOfYear - Math.floor((153 * month + 2) / 5) + 1)}`;
}

function readOnly(name: string, value: () => string): Attribute {
  return {
    name,
    *show() {
      return `${value()}\n`;
    },
  };
}
