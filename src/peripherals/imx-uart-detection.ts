/**
 * What an i.MX UART finds out about the characters that arrive: their bit rate (UCR1.ADBR), and escape sequences (UCR2.ESCEN).
 *
 * Described in the UART chapter of the reference manuals. The rate is that of the low phase which begins with the start bit: only characters whose
 * bit 0 is set give it, of which an "A" or "a" confirms it.
 */
import type { RegisterFile } from '../memory/registers.ts';
import type { Scheduler, Timer } from '../time/scheduler.ts';
import type { IMX_UART } from './imx-uart-registers.ts';

type Registers = RegisterFile<typeof IMX_UART>;

/** UBIR and UBMR for a bit of `count` reference clocks: 16 to `count`. */
const INC = 0xf;

/** Automatic baud rate detection. */
export class BaudDetection {
  private readonly options: { scheduler: Scheduler; device: Registers; changed: () => void };
  private readonly stop: Timer;
  /** Reference clocks of the low phase that is being measured. */
  private count = 0;

  constructor(options: { name: string; scheduler: Scheduler; device: Registers; changed: () => void }) {
    this.options = options;
    this.stop = options.scheduler.timer(`${options.name} auto-baud`, () => this.stopped());
  }

  /** True while it waits for a character that gives the rate. */
  get active(): boolean {
    const { device } = this.options;
    return device.field('UCR1', 'ADBR') === 1 && device.field('USR2', 'ADET') === 0;
  }

  /** A character begins to arrive; a bit of it takes `bitCycles`, in which there are `clocks` of the reference clock. */
  begin(character: number, bitCycles: number, clocks: number): void {
    const low = lowBits(character);
    this.count = Math.max(1, Math.round(low * clocks));
    // The counter runs for the start bit, and for bit 0 unless UCR3.ADNIMP says otherwise.
    const bits = this.options.device.field('UCR3', 'ADNIMP') ? low : low + 1;
    this.stop.armIn(bits * bitCycles);
  }

  /** A whole character has arrived, without errors if `good`. */
  end(character: number, good: boolean): void {
    if (this.stop.armed) {
      this.stop.cancel();
      this.stopped();
    }
    const code = character & 0xff;
    if (good && (code === 0x41 || code === 0x61)) this.options.device.setField('USR2', 'ADET', 1);
  }

  /** Forgets what was being measured. */
  cancel(): void {
    this.stop.cancel();
  }

  private stopped(): void {
    const { device, changed } = this.options;
    device.set('UBRC', Math.min(this.count, 0xffff));
    device.set('UBIR', INC);
    device.set('UBMR', Math.min(this.count, 0x1_0000) - 1);
    device.setField('USR2', 'ACST', 1);
    changed();
  }
}

/** Bits from the start bit on that are 0. */
function lowBits(character: number): number {
  const bits = (character & 0xff) | 0x100;
  return 1 + Math.log2(bits & -bits);
}

/** Escape sequences: three times UESC, with no more than UTIM between two of them. */
export class EscapeDetection {
  private readonly options: { scheduler: Scheduler; device: Registers };
  private seen = 0;
  private last = 0;

  constructor(options: { scheduler: Scheduler; device: Registers }) {
    this.options = options;
  }

  /** A character has arrived. */
  take(character: number): void {
    const { scheduler, device } = this.options;
    if (!device.field('UCR2', 'ESCEN')) return;
    const { now, hz } = scheduler;
    // UTIM counts 2 ms, from 1 on.
    const longest = ((device.get('UTIM') & 0xfff) + 1) * 0.002 * hz;
    if ((character & 0xff) !== (device.get('UESC') & 0xff)) this.seen = 0;
    else if (this.seen > 0 && now - this.last > longest) this.seen = 1;
    else this.seen++;
    this.last = now;
    if (this.seen < 3) return;
    this.seen = 0;
    device.setField('USR1', 'ESCF', 1);
  }

  /** Forgets what came. */
  cancel(): void {
    this.seen = 0;
  }
}
