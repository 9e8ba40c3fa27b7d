/**
 * ADC of the i.MX 7Dual: four logical channels that convert any of 16 inputs once or again and again, and one for software.
 *
 * Described in the ADC chapter of IMX7DRM and in Linux's imx7d_adc.c. Full scale is 1.8 V. A conversion takes a sample period (TIMER_UNIT), times the samples of
 * the average; a channel that goes on gives a result every CFG1.TIMER sample periods. Not modelled: the FIFO for DMA, time-outs; channels that
 * convert at the same time do not wait for each other.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { bit, defineRegisters, field, RegisterFile } from '../memory/registers.ts';
import type { Scheduler, Timer } from '../time/scheduler.ts';
import { AnalogInputs } from './analog-inputs.ts';
import type { ClockSource, ClockTree } from './clock-tree.ts';

const CONFIGURATION = { TIMER: field(0, 24), SEL: field(24, 4), AVG_EN: bit(29), SINGLE: bit(30), EN: bit(31) } as const;
const COMPARISON = {
  LOW_THRES: field(0, 12),
  AVG_NUMBER: field(12, 2),
  AUTO_DIS: bit(15),
  HIGH_THRES: field(16, 12),
  CMP_MODE: field(29, 3),
} as const;

const ADC = defineRegisters({
  CH_A_CFG1: { offset: 0x00, fields: CONFIGURATION },
  CH_A_CFG2: { offset: 0x10, reset: 0x8000, fields: COMPARISON },
  CH_B_CFG1: { offset: 0x20, fields: CONFIGURATION },
  CH_B_CFG2: { offset: 0x30, reset: 0x8000, fields: COMPARISON },
  CH_C_CFG1: { offset: 0x40, fields: CONFIGURATION },
  CH_C_CFG2: { offset: 0x50, reset: 0x8000, fields: COMPARISON },
  CH_D_CFG1: { offset: 0x60, fields: CONFIGURATION },
  CH_D_CFG2: { offset: 0x70, reset: 0x8000, fields: COMPARISON },
  CH_SW_CFG: {
    offset: 0x80,
    fields: { CH_SW_AVG_NUMBER: field(21, 2), CH_SW_AVG_EN: bit(23), CH_SW_SEL: field(24, 4), START_CONV: bit(31) },
  },
  TIMER_UNIT: { offset: 0x90, fields: { CORE_TIMER_UNIT: field(0, 5), PRE_DIV: field(29, 3) } },
  DMA_FIFO: {
    offset: 0xa0,
    reset: 0x0f,
    fields: { DMA_WM_LVL: field(0, 5), DMA_CH_SEL: field(5, 2), DMA_EN: bit(7), DMA_FIFO_EN: bit(8), DMA_RST: bit(9) },
  },
  FIFO_STATUS: { offset: 0xb0, access: 'ro', reset: 0x100, fields: { FIFO_EMPTY: bit(8, 'ro'), FIFO_FULL: bit(9, 'ro') } },
  INT_SIG_EN: { offset: 0xc0 },
  INT_EN: { offset: 0xd0 },
  INT_STATUS: { offset: 0xe0 },
  CHA_B_CNV_RSLT: { offset: 0xf0, access: 'ro' },
  CHC_D_CNV_RSLT: { offset: 0x100, access: 'ro' },
  CH_SW_CNV_RSLT: { offset: 0x110, access: 'ro' },
  DMA_FIFO_DAT: { offset: 0x120, access: 'ro', unimplemented: true },
  ADC_CFG: { offset: 0x130, reset: 0x1, fields: { ADC_EN: bit(0), ADC_PD: bit(1), ADC_PD_OK: bit(7, 'ro'), ADC_CLK_DOWN: bit(31) } },
});

/** The logical channels, with where each has its result. */
const CHANNELS = [
  { name: 'A', config: 'CH_A_CFG1', compare: 'CH_A_CFG2', result: 'CHA_B_CNV_RSLT', lsb: 0 },
  { name: 'B', config: 'CH_B_CFG1', compare: 'CH_B_CFG2', result: 'CHA_B_CNV_RSLT', lsb: 16 },
  { name: 'C', config: 'CH_C_CFG1', compare: 'CH_C_CFG2', result: 'CHC_D_CNV_RSLT', lsb: 0 },
  { name: 'D', config: 'CH_D_CFG1', compare: 'CH_D_CFG2', result: 'CHC_D_CNV_RSLT', lsb: 16 },
] as const;

type Channel = (typeof CHANNELS)[number];

const BITS = 12;
const REFERENCE = 1.8;
/** ADC clocks of a sample, for each CORE_TIMER_UNIT. */
const SAMPLE_CLOCKS = 6;
/** First bits of INT_STATUS for comparisons and conversions of channels A to D. */
const COMPARED = 0;
const CONVERTED = 8;

/** What an `Imx7dAdc` needs. */
export interface Imx7dAdcOptions {
  readonly name: string;
  readonly clock: ClockSource;
  readonly clocks: ClockTree;
  readonly scheduler: Scheduler;
  readonly diagnostics: Diagnostics;
  readonly interrupt: (level: boolean) => void;
}

/** A logical channel at work. */
class Conversion {
  readonly timer: Timer;

  constructor(timer: Timer) {
    this.timer = timer;
  }
}

/** One converter. */
export class Imx7dAdc {
  readonly device: RegisterFile<typeof ADC>;
  /** Voltages at its inputs 0 to 15. */
  readonly inputs = new AnalogInputs();
  private readonly options: Imx7dAdcOptions;
  private readonly conversions: readonly Conversion[];
  private readonly software: Timer;
  private level = false;

  constructor(options: Imx7dAdcOptions) {
    const { name, scheduler, diagnostics } = options;
    this.options = options;
    this.conversions = CHANNELS.map(
      (channel, index) => new Conversion(scheduler.timer(`${name} ${channel.name}`, () => this.converted(channel, index))),
    );
    this.software = scheduler.timer(`${name} software`, () => this.softwareDone());
    const settle = (): void => this.settle();
    const configured = (index: number) => ({ write: () => this.schedule(CHANNELS[index]!, index) });
    this.device = new RegisterFile(ADC, {
      name,
      diagnostics,
      behaviour: {
        CH_A_CFG1: configured(0),
        CH_B_CFG1: configured(1),
        CH_C_CFG1: configured(2),
        CH_D_CFG1: configured(3),
        CH_SW_CFG: { write: (next, previous) => this.softwareStart(next, previous) },
        DMA_FIFO: { write: (next) => this.fifo(next) },
        INT_SIG_EN: { write: settle },
        // A flag is cleared by writing 0 to it.
        INT_STATUS: { write: (next, previous) => this.acknowledge(next & previous) },
        ADC_CFG: { value: () => this.configuration(), steady: true, write: () => this.powerChanged() },
      },
    });
  }

  /** Reset of the SoC; the voltages stay. */
  reset(): void {
    this.device.reset();
    for (const { timer } of this.conversions) timer.cancel();
    this.software.cancel();
    this.settle();
  }

  private get on(): boolean {
    const { device } = this;
    return device.field('ADC_CFG', 'ADC_EN') === 1 && !device.field('ADC_CFG', 'ADC_PD') && !device.field('ADC_CFG', 'ADC_CLK_DOWN');
  }

  /** PD_OK says that the converter is powered down. */
  private configuration(): number {
    const value = this.device.get('ADC_CFG') & ~0x80;
    return (value & 2 ? value | 0x80 : value) >>> 0;
  }

  private powerChanged(): void {
    for (const [index, channel] of CHANNELS.entries()) this.schedule(channel, index);
    if (!this.on) this.software.cancel();
    else if (this.device.field('CH_SW_CFG', 'START_CONV') && !this.software.armed) this.armSoftware();
  }

  /** Cycles of the base clock that a sample takes. */
  private get samplePeriod(): number {
    const { clocks, clock, scheduler } = this.options;
    const divider = 4 * 2 ** Math.min(this.device.field('TIMER_UNIT', 'PRE_DIV'), 5);
    const clocksOfSample = SAMPLE_CLOCKS * (this.device.field('TIMER_UNIT', 'CORE_TIMER_UNIT') + 1);
    return (divider * clocksOfSample * scheduler.hz) / clocks.hz(clock);
  }

  /** Starts a channel that is enabled, at once or after its interval; stops one that is not. */
  private schedule({ config, compare }: Channel, index: number): void {
    const { timer } = this.conversions[index]!;
    const { device } = this;
    if (!this.on || !device.field(config, 'EN')) {
      timer.cancel();
      return;
    }
    if (timer.armed) return;
    const samples = device.field(config, 'AVG_EN') ? 4 << device.field(compare, 'AVG_NUMBER') : 1;
    const interval = device.field(config, 'SINGLE') ? 0 : device.field(config, 'TIMER');
    timer.armIn(Math.max(samples, interval) * this.samplePeriod);
  }

  private converted(channel: Channel, index: number): void {
    const { config, compare, result, lsb } = channel;
    const { device } = this;
    const value = this.inputs.convert(device.field(config, 'SEL'), BITS, REFERENCE);
    device.set(result, ((device.get(result) & ~(0xfff << lsb)) | (value << lsb)) >>> 0);
    this.flag(CONVERTED + index);
    const hit = matches(value, device.field(compare, 'CMP_MODE'), device.field(compare, 'LOW_THRES'), device.field(compare, 'HIGH_THRES'));
    if (hit) this.flag(COMPARED + index);
    const over = device.field(config, 'SINGLE') === 1 || (hit && device.field(compare, 'AUTO_DIS') === 1);
    if (over) device.setField(config, 'EN', 0);
    else this.schedule(channel, index);
    this.settle();
  }

  private softwareStart(next: number, previous: number): void {
    // START_CONV is cleared by the converter alone.
    if (previous & 0x8000_0000) this.device.set('CH_SW_CFG', (next | 0x8000_0000) >>> 0);
    else if (next & 0x8000_0000 && this.on) this.armSoftware();
  }

  private armSoftware(): void {
    const { device } = this;
    const samples = device.field('CH_SW_CFG', 'CH_SW_AVG_EN') ? 4 << device.field('CH_SW_CFG', 'CH_SW_AVG_NUMBER') : 1;
    this.software.armIn(samples * this.samplePeriod);
  }

  private softwareDone(): void {
    const { device } = this;
    device.set('CH_SW_CNV_RSLT', this.inputs.convert(device.field('CH_SW_CFG', 'CH_SW_SEL'), BITS, REFERENCE));
    device.setField('CH_SW_CFG', 'START_CONV', 0);
  }

  private fifo(next: number): void {
    if (next & 0x180) this.options.diagnostics.unimplemented(this.options.name, 'DMA_FIFO', 'the FIFO for DMA is not modelled');
  }

  /** Flags exist only where INT_EN allows them. */
  private flag(number: number): void {
    const bit = (1 << number) & this.device.get('INT_EN');
    this.device.set('INT_STATUS', (this.device.get('INT_STATUS') | bit) >>> 0);
  }

  private acknowledge(left: number): void {
    this.device.set('INT_STATUS', left >>> 0);
    this.settle();
  }

  /** Drives the interrupt line from the present state. */
  private settle(): void {
    const level = (this.device.get('INT_STATUS') & this.device.get('INT_SIG_EN')) !== 0;
    if (level === this.level) return;
    this.level = level;
    this.options.interrupt(level);
  }
}

/** Whether a result is one that CMP_MODE asks for. */
function matches(value: number, mode: number, low: number, high: number): boolean {
  switch (mode) {
    case 1:
      return value > low;
    case 2:
      return value < low;
    case 3:
      return value > low && value < high;
    case 5:
      return value > high;
    case 6:
      return value < high;
    case 7:
      return value < low || value > high;
    default:
      return false;
  }
}
