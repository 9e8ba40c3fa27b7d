/**
 * ADC of the i.MX 6SoloX (and Vybrid): one conversion at a time of one of 32 inputs, with averaging, comparison, offset and calibration.
 *
 * Described in the ADC chapter of IMX6SXRM and in Linux's vf610_adc.c, where the time of a conversion comes from. Full scale is 3.3 V. Calibration succeeds
 * and finds nothing to correct. Not modelled, and reported: hardware triggers (HC1), DMA; CFG's speed, power and reference bits only count in the time.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { bit, defineRegisters, field, RegisterFile } from '../memory/registers.ts';
import type { Scheduler, Timer } from '../time/scheduler.ts';
import { AnalogInputs } from './analog-inputs.ts';
import type { ClockSource, ClockTree } from './clock-tree.ts';

const ADC = defineRegisters({
  HC0: { offset: 0x00, reset: 0x1f, fields: { ADCH: field(0, 5), AIEN: bit(7) } },
  HC1: { offset: 0x04, reset: 0x1f, fields: { ADCH: field(0, 5), AIEN: bit(7) } },
  HS: { offset: 0x08, access: 'ro', fields: { COCO0: bit(0, 'ro'), COCO1: bit(1, 'ro') } },
  R0: { offset: 0x0c, access: 'ro' },
  R1: { offset: 0x10, access: 'ro' },
  CFG: {
    offset: 0x14,
    reset: 0x200,
    fields: {
      ADICLK: field(0, 2),
      MODE: field(2, 2),
      ADLSMP: bit(4),
      ADIV: field(5, 2),
      ADLPC: bit(7),
      ADSTS: field(8, 2),
      ADHSC: bit(10),
      REFSEL: field(11, 2),
      ADTRG: bit(13),
      AVGS: field(14, 2),
      OVWREN: bit(16),
    },
  },
  GC: {
    offset: 0x18,
    fields: { ADACKEN: bit(0), DMAEN: bit(1), ACREN: bit(2), ACFGT: bit(3), ACFE: bit(4), AVGE: bit(5), ADCO: bit(6), CAL: bit(7) },
  },
  GS: { offset: 0x1c, access: 'ro', fields: { ADACT: bit(0, 'ro'), CALF: bit(1, 'w1c'), AWKST: bit(2, 'w1c') } },
  CV: { offset: 0x20, fields: { CV1: field(0, 12), CV2: field(16, 12) } },
  OFS: { offset: 0x24, fields: { OFS: field(0, 12), SIGN: bit(12) } },
  CAL: { offset: 0x28, fields: { CAL_CODE: field(0, 4) } },
});

const REFERENCE = 3.3;
/** ADCH that is no input: the converter rests. */
const NO_INPUT = 0x1f;
/** Resolution and clocks of a conversion by CFG.MODE. */
const MODES = [
  { bits: 8, clocks: 17 },
  { bits: 10, clocks: 21 },
  { bits: 12, clocks: 25 },
  { bits: 12, clocks: 25 },
] as const;
/** Clocks of sampling by ADLSMP and ADSTS. */
const SAMPLING = [3, 5, 7, 9, 13, 17, 21, 25] as const;
/** Clocks before the first sample. */
const FIRST = 6;
/** The converter's own clock (ADACK). */
const ASYNCHRONOUS_HZ = 10_000_000;
/** Conversions of a calibration. */
const CALIBRATION = 14;

/** What a `Vf610Adc` needs. */
export interface Vf610AdcOptions {
  readonly name: string;
  /** The bus clock (IPG). */
  readonly clock: ClockSource;
  readonly clocks: ClockTree;
  readonly scheduler: Scheduler;
  readonly diagnostics: Diagnostics;
  readonly interrupt: (level: boolean) => void;
}

/** One converter. */
export class Vf610Adc {
  readonly device: RegisterFile<typeof ADC>;
  /** Voltages at its inputs 0 to 30. */
  readonly inputs = new AnalogInputs();
  private readonly options: Vf610AdcOptions;
  private readonly timer: Timer;
  private level = false;

  constructor(options: Vf610AdcOptions) {
    const { name, scheduler, diagnostics } = options;
    this.options = options;
    this.timer = scheduler.timer(name, () => this.done());
    this.device = new RegisterFile(ADC, {
      name,
      diagnostics,
      behaviour: {
        HC0: { write: () => this.start() },
        HC1: { write: (next) => this.hardwareTrigger((next & NO_INPUT) !== NO_INPUT) },
        R0: { read: () => this.taken() },
        CFG: { write: (next) => this.hardwareTrigger((next & (1 << 13)) !== 0) },
        GC: { write: (next, previous) => this.control(next, previous) },
        GS: { value: () => this.device.get('GS') | (this.timer.armed ? 1 : 0), steady: true },
      },
    });
  }

  /** Reset of the SoC; the voltages stay. */
  reset(): void {
    this.device.reset();
    this.timer.cancel();
    this.settle();
  }

  private hardwareTrigger(used: boolean): void {
    if (used) this.options.diagnostics.unimplemented(this.options.name, 'HC1', 'hardware triggers are not modelled');
  }

  /** Cycles of the base clock that `conversions` take. */
  private duration(conversions: number): number {
    const { clocks, clock, scheduler } = this.options;
    const { device } = this;
    const source = device.field('CFG', 'ADICLK');
    const hz = source === 3 ? ASYNCHRONOUS_HZ : clocks.hz(clock) / (source === 1 ? 2 : 1);
    const sampling = SAMPLING[device.field('CFG', 'ADLSMP') * 4 + device.field('CFG', 'ADSTS')]!;
    const each = MODES[device.field('CFG', 'MODE')]!.clocks + sampling + 2 * device.field('CFG', 'ADHSC');
    return ((FIRST + conversions * each) * 2 ** device.field('CFG', 'ADIV') * scheduler.hz) / hz;
  }

  private get samples(): number {
    return this.device.field('GC', 'AVGE') ? 4 << this.device.field('CFG', 'AVGS') : 1;
  }

  /** HC0 was written: what was going on is over, another conversion may begin. */
  private start(): void {
    const { device } = this;
    device.set('HS', device.get('HS') & ~1);
    if (device.field('GC', 'CAL')) {
      this.settle();
      return;
    }
    this.timer.cancel();
    if (device.field('HC0', 'ADCH') !== NO_INPUT && !device.field('CFG', 'ADTRG')) this.timer.armIn(this.duration(this.samples));
    this.settle();
  }

  private control(next: number, previous: number): void {
    if (next & 2) this.options.diagnostics.unimplemented(this.options.name, 'GC', 'DMA requests are not modelled');
    if (!((next ^ previous) & 0x80)) return;
    this.timer.cancel();
    if (next & 0x80) this.timer.armIn(this.duration(this.samples * CALIBRATION));
    // Software ended the calibration before it was over.
    else this.device.set('GS', this.device.get('GS') | 2);
  }

  private done(): void {
    const { device } = this;
    if (device.field('GC', 'CAL')) {
      device.setField('GC', 'CAL', 0);
      device.set('HS', device.get('HS') | 1);
      this.settle();
      return;
    }
    const value = this.convert(device.field('HC0', 'ADCH'));
    const kept = device.field('HS', 'COCO0') === 1 && !device.field('CFG', 'OVWREN');
    if (this.compares(value) && !kept) {
      device.set('R0', value);
      device.set('HS', device.get('HS') | 1);
    }
    if (device.field('GC', 'ADCO')) this.timer.armIn(this.duration(this.samples));
    this.settle();
  }

  private convert(input: number): number {
    const { device } = this;
    const { bits } = MODES[device.field('CFG', 'MODE')]!;
    const offset = device.field('OFS', 'OFS') * (device.field('OFS', 'SIGN') ? -1 : 1);
    return Math.min(2 ** bits - 1, Math.max(0, this.inputs.convert(input, bits, REFERENCE) + offset));
  }

  /** Whether GC's comparison lets a result pass. */
  private compares(value: number): boolean {
    const { device } = this;
    if (!device.field('GC', 'ACFE')) return true;
    const [first, second] = [device.field('CV', 'CV1'), device.field('CV', 'CV2')];
    const atLeast = device.field('GC', 'ACFGT') === 1;
    if (!device.field('GC', 'ACREN')) return atLeast ? value >= first : value < first;
    if (atLeast) return first <= second ? value >= first && value <= second : value >= first || value <= second;
    return first <= second ? value < first || value > second : value < first && value > second;
  }

  /** R0 was read. */
  private taken(): void {
    this.device.set('HS', this.device.get('HS') & ~1);
    this.settle();
  }

  /** Drives the interrupt line from the present state. */
  private settle(): void {
    const level = this.device.field('HS', 'COCO0') === 1 && this.device.field('HC0', 'AIEN') === 1;
    if (level === this.level) return;
    this.level = level;
    this.options.interrupt(level);
  }
}
