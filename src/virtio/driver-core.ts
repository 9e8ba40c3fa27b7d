/**
 * What the buses here share of the driver core (drivers/base/dd.c, lib/ratelimit.c, kernel/printk): the line about a failed
 * probe, rate-limited messages, and how text from outside is made printable.
 */
import type { Kernel } from '../linux/kernel.ts';
import { ERRNO } from '../linux/kernel.ts';

/** `call_driver_probe` of 6.1: what is printed for a probe that returned `err`; nothing for deferral and for absent devices. */
export function probeFailed(kernel: Kernel, driver: string, device: string, err: number): void {
  if (err === ERRNO.EPROBE_DEFER || err === ERRNO.ENODEV || err === ERRNO.ENXIO) return;
  kernel.printk(4, `${driver}: probe of ${device} failed with error ${err}`);
}

/** `DEFINE_RATELIMIT_STATE` with the defaults: 10 messages in 5 s, then one line that counts the suppressed ones. */
export class Ratelimit {
  private readonly kernel: Kernel;
  private readonly func: string;
  private begin = 0;
  private started = false;
  private printed = 0;
  private missed = 0;

  constructor(kernel: Kernel, func: string) {
    this.kernel = kernel;
    this.func = func;
  }

  /** `___ratelimit`: may the message be printed now? */
  allow(): boolean {
    const { scheduler } = this.kernel;
    if (!this.started) {
      this.started = true;
      this.begin = scheduler.now;
    } else if (scheduler.now > this.begin + scheduler.cyclesFromNs(5e9)) {
      if (this.missed) this.kernel.printk(4, `${this.func}: ${this.missed} callbacks suppressed`);
      this.begin = scheduler.now;
      this.printed = 0;
      this.missed = 0;
    }
    if (this.printed < 10) {
      this.printed++;
      return true;
    }
    this.missed++;
    return false;
  }
}

/** Bytes up to the first NUL as text; what dmesg escapes (`\x1b`) is escaped. */
export function printable(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    if (byte === 0) break;
    text += byte < 0x20 || byte >= 0x7f || byte === 0x5c ? `\\x${byte.toString(16).padStart(2, '0')}` : String.fromCharCode(byte);
  }
  return text;
}

/** `%d` of a 32-bit value. */
export function int32(value: number): number {
  return value | 0;
}

/** References to a module that open files hold (`try_module_get` of the owner of their operations). */
export interface ModuleRefs {
  count: number;
}
