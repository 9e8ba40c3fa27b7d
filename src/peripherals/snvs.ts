/**
 * SNVS: the secure (SRTC) and the high-power (HPRTC) real-time counters, their alarms, general-purpose storage.
 *
 * Described in the SNVS chapter of the security reference manual and in Linux's rtc-snvs.c. Both counters are 47 bits of a 32.768 kHz
 * clock and start from 0. Not modelled: the security state machine, tamper detection, the power button, calibration.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { bit, defineRegisters, field, RegisterFile } from '../memory/registers.ts';
import type { Scheduler, Timer } from '../time/scheduler.ts';
import { ClockRatio } from './clock-ratio.ts';

/** Registers in manual order. */
export const SNVS = defineRegisters({
  HPLR: { offset: 0x000 },
  HPCOMR: { offset: 0x004 },
  HPCR: { offset: 0x008, fields: { RTC_EN: bit(0), HPTA_EN: bit(1), PI_EN: bit(3), PI_FREQ: field(4, 4), HP_TS: bit(16, 'wo') } },
  HPSR: { offset: 0x014, access: 'ro', reset: 0x8000_3000, fields: { HPTA: bit(0, 'w1c'), PI: bit(1, 'w1c') } },
  HPRTCMR: { offset: 0x024 },
  HPRTCLR: { offset: 0x028 },
  HPTAMR: { offset: 0x02c },
  HPTALR: { offset: 0x030 },
  LPLR: { offset: 0x034 },
  LPCR: { offset: 0x038, reset: 0x0000_0020, fields: { SRTC_ENV: bit(0), LPTA_EN: bit(1) } },
  LPSR: { offset: 0x04c, reset: 0x0000_0008, access: 'w1c' },
  LPSRTCMR: { offset: 0x050 },
  LPSRTCLR: { offset: 0x054 },
  LPTAR: { offset: 0x058 },
  LPSMCMR: { offset: 0x05c },
  LPSMCLR: { offset: 0x060 },
  LPPGDR: { offset: 0x064 },
  LPGPR0_LEGACY_ALIAS: { offset: 0x068 },
  LPGPR_ALIAS: { offset: 0x090, count: 4 },
  LPGPR: { offset: 0x100, count: 8 },
  HPVIDR1: { offset: 0xbf8, access: 'ro', reset: 0x003e_0100 },
  HPVIDR2: { offset: 0xbfc, access: 'ro' },
});

const WRAP_LOW = 2 ** 32;
/** The counters have 47 bits. */
const WRAP = 2 ** 47;
const HZ = 32_768;
/** LPTAR compares bits 46:15 of the counter: whole seconds. */
const TICKS_PER_SECOND = 2 ** 15;

/** A counter that runs while it is enabled. */
class RealTimeCounter {
  private readonly scheduler: Scheduler;
  private readonly ratio: ClockRatio;
  private anchor = 0;
  private base = 0;
  private running = false;

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
    this.ratio = new ClockRatio(HZ, 1, scheduler.hz);
  }

  get value(): number {
    return this.running ? (this.base + this.ratio.ticks(this.scheduler.now - this.anchor)) % WRAP : this.base;
  }

  set value(ticks: number) {
    this.base = ticks % WRAP;
    this.anchor = this.scheduler.now;
  }

  run(on: boolean): void {
    this.value = this.value + 0;
    this.running = on;
  }

  /** Cycle at which the counter reaches `ticks`, or Infinity if it stands still or is past it. */
  cycleOf(ticks: number): number {
    if (!this.running || ticks < this.value) return Number.POSITIVE_INFINITY;
    return this.anchor + this.ratio.cycles(ticks - this.base);
  }
}

/** The block. */
export class Snvs {
  readonly device: RegisterFile<typeof SNVS>;
  private readonly interrupt: (level: boolean) => void;
  private readonly secure: RealTimeCounter;
  private readonly high: RealTimeCounter;
  private readonly secureAlarm: Timer;
  private readonly highAlarm: Timer;
  private readonly periodic: Timer;
  private level = false;

  constructor(options: { name: string; scheduler: Scheduler; diagnostics: Diagnostics; interrupt: (level: boolean) => void }) {
    const { name, scheduler, diagnostics } = options;
    this.interrupt = options.interrupt;
    this.secure = new RealTimeCounter(scheduler);
    this.high = new RealTimeCounter(scheduler);
    this.secureAlarm = scheduler.timer(`${name} SRTC alarm`, () => this.ring('LPSR'));
    this.highAlarm = scheduler.timer(`${name} HPRTC alarm`, () => this.ring('HPSR'));
    this.periodic = scheduler.timer(`${name} periodic interrupt`, () => this.ring('HPSR', 2));
    const changed = { write: () => this.settle() };
    this.device = new RegisterFile(SNVS, {
      name,
      diagnostics,
      behaviour: {
        HPCR: {
          write: (next) => {
            // HP_TS: the time of the SRTC.
            if (next & (1 << 16)) this.high.value = this.secure.value;
            this.device.setField('HPCR', 'HP_TS', 0);
            this.high.run((next & 1) === 1);
            this.settle();
          },
        },
        LPCR: {
          write: (next) => {
            this.secure.run((next & 1) === 1);
            this.settle();
          },
        },
        HPSR: changed,
        LPSR: changed,
        HPTAMR: changed,
        HPTALR: changed,
        LPTAR: changed,
        HPRTCMR: { value: () => Math.floor(this.high.value / WRAP_LOW), write: (next) => this.writeUpper(this.high, next) },
        HPRTCLR: { value: () => this.high.value % WRAP_LOW, write: (next) => this.writeLower(this.high, next) },
        LPSRTCMR: { value: () => Math.floor(this.secure.value / WRAP_LOW), write: (next) => this.writeUpper(this.secure, next) },
        LPSRTCLR: { value: () => this.secure.value % WRAP_LOW, write: (next) => this.writeLower(this.secure, next) },
        LPGPR_ALIAS: {
          value: (index) => this.device.get('LPGPR', index),
          write: (next, _previous, index) => this.device.set('LPGPR', next, index),
        },
        LPGPR0_LEGACY_ALIAS: { value: () => this.device.get('LPGPR'), write: (next) => this.device.set('LPGPR', next) },
      },
    });
  }

  /** Reset of the SoC: the low-power half lives on its battery and keeps its counter and storage. */
  reset(): void {
    const kept = (['LPLR', 'LPCR', 'LPSR', 'LPTAR', 'LPSMCMR', 'LPSMCLR', 'LPPGDR'] as const).map(
      (name) => [name, this.device.get(name)] as const,
    );
    const storage = Array.from({ length: SNVS.LPGPR.count }, (_, index) => this.device.get('LPGPR', index));
    this.device.reset();
    for (const [name, value] of kept) this.device.set(name, value);
    for (const [index, value] of storage.entries()) this.device.set('LPGPR', value, index);
    this.high.run(false);
    this.high.value = 0;
    this.settle();
  }

  private writeUpper(counter: RealTimeCounter, upper: number): void {
    counter.value = (upper & 0x7fff) * WRAP_LOW + (counter.value % WRAP_LOW);
    this.settle();
  }

  private writeLower(counter: RealTimeCounter, lower: number): void {
    counter.value = Math.floor(counter.value / WRAP_LOW) * WRAP_LOW + lower;
    this.settle();
  }

  private ring(register: 'LPSR' | 'HPSR', flag = 1): void {
    this.device.set(register, (this.device.get(register) | flag) >>> 0);
    this.settle();
  }

  /** Arms the alarms and drives the line. */
  private settle(): void {
    this.armAlarm(this.secureAlarm, 'LPCR', 'LPSR', this.secure.cycleOf(this.device.get('LPTAR') * TICKS_PER_SECOND));
    const high = (this.device.get('HPTAMR') & 0x7fff) * WRAP_LOW + this.device.get('HPTALR');
    this.armAlarm(this.highAlarm, 'HPCR', 'HPSR', this.high.cycleOf(high));
    // Every transition of bit PI_FREQ of the counter.
    const step = 2 ** this.device.field('HPCR', 'PI_FREQ');
    const next = this.high.cycleOf((Math.floor(this.high.value / step) + 1) * step);
    if (this.device.field('HPCR', 'PI_EN') && !this.device.field('HPSR', 'PI') && Number.isFinite(next)) this.periodic.armAt(next);
    else this.periodic.cancel();
    const secureLevel = this.device.get('LPCR') & 2 && this.device.get('LPSR') & 1;
    const highLevel = this.device.get('HPCR') & 2 && this.device.get('HPSR') & 1;
    const periodicLevel = this.device.field('HPCR', 'PI_EN') && this.device.field('HPSR', 'PI');
    const level = Boolean(secureLevel || highLevel || periodicLevel);
    if (level === this.level) return;
    this.level = level;
    this.interrupt(level);
  }

  private armAlarm(timer: Timer, control: 'LPCR' | 'HPCR', status: 'LPSR' | 'HPSR', cycle: number): void {
    const wanted = this.device.get(control) & 2 && !(this.device.get(status) & 1) && Number.isFinite(cycle);
    if (wanted) timer.armAt(cycle);
    else timer.cancel();
  }
}
