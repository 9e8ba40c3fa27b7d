/**
 * WDOG, the 16-bit watchdog of the i.MX family: service sequence, timeout reset, interrupt before it, software reset.
 *
 * Described in the WDOG chapter of the reference manuals; it counts half seconds. WTIS is set when the countdown reaches WICT, once in each
 * countdown; one that starts (or an interrupt that is enabled) behind that point passes without. Not modelled: the WDOG_B
 * pin (WDA, WDT, and the power-down counter behind WMCR.PDE) and stopping in low-power or debug modes (WDW, WDZST, WDBG).
 */
import type { Diagnostics } from '../diagnostics.ts';
import { bit, defineRegisters, field, RegisterFile } from '../memory/registers.ts';
import type { Scheduler, Timer } from '../time/scheduler.ts';

/** Registers in manual order. */
export const WDOG = defineRegisters({
  WCR: {
    offset: 0x0,
    width: 2,
    reset: 0x0030,
    fields: {
      WDZST: bit(0),
      WDBG: bit(1),
      WDE: bit(2),
      WDT: bit(3),
      SRS: bit(4),
      WDA: bit(5),
      SRE: bit(6),
      WDW: bit(7),
      WT: field(8, 8),
    },
  },
  WSR: { offset: 0x2, width: 2 },
  WRSR: { offset: 0x4, width: 2, reset: 0x0010, access: 'ro' },
  WICR: { offset: 0x6, width: 2, reset: 0x0004, access: 'ro', fields: { WICT: field(0, 8), WTIS: bit(14, 'w1c'), WIE: bit(15) } },
  WMCR: { offset: 0x8, width: 2, reset: 0x0001, access: 'ro', fields: { PDE: bit(0) } },
});

const WDE = 1 << 2;
const WDT = 1 << 3;
const SRS = 1 << 4;
const WIE = 1 << 15;
const WTIS = 1 << 14;
/** Bits of WCR that can be set once and then stay: WDZST, WDBG, WDE, WDT, WDW. */
const WRITE_ONCE = 0x8f;
/** The two words that service the watchdog. */
const FIRST = 0x5555;
const SECOND = 0xaaaa;
/** WRSR. */
const SFTW = 1 << 0;
const TOUT = 1 << 1;
const POR = 1 << 4;

/** One watchdog. */
export class Wdog {
  readonly device: RegisterFile<typeof WDOG>;
  private readonly name: string;
  private readonly options: {
    scheduler: Scheduler;
    interrupt: (level: boolean) => void;
    requestReset: (cause: string) => void;
  };
  private readonly timeout: Timer;
  private readonly warning: Timer;
  /** The first word of the service sequence has come. */
  private half = false;
  private onceWritten = 0;
  private interruptConfigured = false;
  /** WRSR after the next reset. */
  private cause = POR;
  private level = false;

  constructor(options: {
    name: string;
    scheduler: Scheduler;
    diagnostics: Diagnostics;
    interrupt: (level: boolean) => void;
    requestReset: (cause: string) => void;
  }) {
    const { name, scheduler, diagnostics } = options;
    this.name = name;
    this.options = options;
    this.timeout = scheduler.timer(`${name} timeout`, () => this.expire());
    this.warning = scheduler.timer(`${name} interrupt`, () => this.warn());
    this.device = new RegisterFile(WDOG, {
      name,
      diagnostics,
      behaviour: {
        WCR: { write: (next, previous) => this.control(next, previous) },
        WSR: { write: (next) => this.service(next) },
        WICR: { write: (next, previous) => this.interruptControl(next, previous) },
        WMCR: { write: (next, previous) => this.device.set('WMCR', next & previous) },
      },
    });
  }

  /** Reset of the SoC; WRSR tells why, if it was this watchdog. */
  reset(): void {
    this.device.reset();
    this.device.set('WRSR', this.cause);
    this.cause = POR;
    this.half = false;
    this.onceWritten = 0;
    this.interruptConfigured = false;
    this.timeout.cancel();
    this.warning.cancel();
    this.settle();
  }

  private control(next: number, previous: number): void {
    // A write-once bit keeps the value of the first write that set it.
    const kept = (next & ~this.onceWritten) | (previous & this.onceWritten);
    this.onceWritten |= kept & WRITE_ONCE;
    this.device.set('WCR', kept | SRS);
    if (!(next & SRS)) {
      this.cause = SFTW;
      this.options.requestReset(`${this.name} software reset (WCR.SRS)`);
      return;
    }
    if (kept & WDE && !(previous & WDE)) this.reload();
  }

  private service(value: number): void {
    if (value === FIRST) this.half = true;
    else if (value === SECOND && this.half) {
      this.half = false;
      this.reload();
    } else this.half = false;
  }

  /** Starts the countdown of WT anew. */
  private reload(): void {
    if (!(this.device.get('WCR') & WDE)) return;
    const { hz } = this.options.scheduler;
    const halfSeconds = (this.device.get('WCR') >>> 8) + 1;
    this.timeout.armIn((halfSeconds * hz) / 2);
    this.armWarning();
  }

  /** Arms the interrupt of the present countdown, unless its time has passed. */
  private armWarning(): void {
    this.warning.cancel();
    const control = this.device.get('WICR');
    if (!(control & WIE) || !this.timeout.armed) return;
    const { hz, now } = this.options.scheduler;
    const at = this.timeout.deadline - ((control & 0xff) * hz) / 2;
    if (at >= now) this.warning.armAt(at);
  }

  private interruptControl(next: number, previous: number): void {
    if (this.interruptConfigured) this.device.set('WICR', (next & WTIS) | (previous & ~WTIS));
    else {
      // WIE and WICT take the first write, whatever it was for.
      this.interruptConfigured = true;
      this.armWarning();
    }
    this.settle();
  }

  private warn(): void {
    this.device.setField('WICR', 'WTIS', 1);
    this.settle();
  }

  private expire(): void {
    this.cause = TOUT;
    const pin = this.device.get('WCR') & WDT ? ' (WDOG_B asserted)' : '';
    this.options.requestReset(`${this.name} timeout${pin}`);
  }

  /** Drives the line from the present state. */
  private settle(): void {
    const control = this.device.get('WICR');
    const level = (control & WIE) !== 0 && this.device.field('WICR', 'WTIS') === 1;
    if (level === this.level) return;
    this.level = level;
    this.options.interrupt(level);
  }
}
