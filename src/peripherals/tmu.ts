/**
 * Thermal monitoring unit of the i.MX 8M family: temperatures of its sites, their average, three thresholds with interrupts.
 *
 * Described in the TMU chapters of the reference manuals; the units differ in their registers (`tmu-layouts.ts`). What is measured is the temperature that
 * the outside world sets. Measurements take a stated time; while nothing changes, none is made. Not modelled: calibration, the sensors themselves.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { RegisterFile } from '../memory/registers.ts';
import type { Scheduler, Timer } from '../time/scheduler.ts';
import { TMU_LAYOUTS, TMU_THRESHOLDS, type TmuLayout, type TmuLayoutName, type TmuSite, type TmuThreshold } from './tmu-layouts.ts';

/** Temperature of the silicon unless something sets another, in degrees Celsius. */
export const ROOM_TEMPERATURE = 35;
const ENABLE = 0x8000_0000;
const KINDS: readonly TmuThreshold[] = ['immediate', 'average', 'critical'];
/** Share of a new measurement in the average, by ALPF. */
const WEIGHTS = [1, 0.5, 0.25, 0.125] as const;
/** The average has arrived when it is that near, in degrees. */
const NEAR = 0.25;
/** TMI that has the QorIQ unit measure all the time. */
const CONTINUOUS = 15;

/** What a `Tmu` needs. */
export interface TmuOptions {
  readonly name: string;
  readonly layout: TmuLayoutName;
  readonly scheduler: Scheduler;
  readonly diagnostics: Diagnostics;
  readonly interrupt: (level: boolean) => void;
}

/** One unit. */
export class Tmu {
  readonly device: RegisterFile<TmuLayout['registers']>;
  private readonly options: TmuOptions;
  private readonly layout: TmuLayout;
  private readonly timer: Timer;
  /** Temperature of each site, as the outside world sets it. */
  private actual: number[];
  /** The average of each site; undefined before the first measurement. */
  private average: (number | undefined)[];
  private level = false;

  constructor(options: TmuOptions) {
    const { name, scheduler, diagnostics } = options;
    this.options = options;
    this.layout = TMU_LAYOUTS[options.layout];
    this.actual = this.layout.sites.map(() => ROOM_TEMPERATURE);
    this.average = this.layout.sites.map(() => undefined);
    this.timer = scheduler.timer(name, () => this.measure());
    const changed = (): void => this.thresholdsChanged();
    this.device = new RegisterFile(this.layout.registers, {
      name,
      diagnostics,
      behaviour: {
        [this.layout.control]: { write: (next, previous) => this.control(next, previous) },
        TIER: { write: () => this.settle() },
        TIDR: { write: changed },
        TMHTITR: { write: changed },
        TMHTATR: { write: changed },
        TMHTACTR: { write: changed },
        ...(this.layout.select && this.layout.select !== this.layout.control ? { [this.layout.select]: { write: changed } } : {}),
        ...('TMTMIR' in this.layout.registers ? { TMTMIR: { write: changed } } : {}),
      },
    });
  }

  /** Reset of the SoC; it stays as warm as it is. */
  reset(): void {
    this.device.reset();
    this.timer.cancel();
    this.average.fill(undefined);
    this.settle();
  }

  /** Number of sites. */
  get sites(): number {
    return this.layout.sites.length;
  }

  /** Temperature of a site in degrees Celsius. */
  temperature(site = 0): number {
    return this.actual[site] ?? ROOM_TEMPERATURE;
  }

  /** Makes a site (all unless given) as warm as `degrees` Celsius. */
  setTemperature(degrees: number, site?: number): void {
    this.actual = this.actual.map((before, index) => (site === undefined || site === index ? degrees : before));
    if (this.enabled && this.measured && !this.timer.armed) this.timer.armIn(this.period);
  }

  // --- registers

  private get enabled(): boolean {
    return (this.device.get(this.layout.control) & ENABLE) !== 0;
  }

  private get measured(): boolean {
    return this.average.some((average) => average !== undefined);
  }

  private control(next: number, previous: number): void {
    if (!(next & ENABLE)) {
      this.timer.cancel();
      return;
    }
    if (previous & ENABLE) {
      this.thresholdsChanged();
      return;
    }
    this.average.fill(undefined);
    for (const { report } of this.layout.sites) {
      this.device.set('TRITSR', 0, report);
      this.device.set('TRATSR', 0, report);
    }
    const { first } = this.layout;
    if (first === 0) this.measure();
    else this.timer.armIn(this.options.scheduler.cyclesFromNs(first));
  }

  /** Cycles between two measurements. */
  private get period(): number {
    const { scheduler } = this.options;
    const { period, captures } = this.layout;
    const interval = captures ? this.device.get('TMTMIR') & 0xf : 0;
    return scheduler.cyclesFromNs(interval === CONTINUOUS ? this.layout.first : period * 2 ** interval);
  }

  /** A threshold, a flag or the choice of sites is another: the small units compare at once, the QorIQ unit after its interval. */
  private thresholdsChanged(): void {
    if (this.enabled && this.measured) {
      if (this.layout.captures) {
        if (!this.timer.armed) this.timer.armIn(this.period);
      } else this.compare();
    }
    this.settle();
  }

  // --- measuring

  private selected(site: TmuSite, index: number): boolean {
    const { select, fallback } = this.layout;
    if (site.select === undefined || select === undefined) return true;
    const register = this.device.get(select);
    if ((register >>> site.select) & 1) return true;
    return index === fallback && this.layout.sites.every((other) => !((register >>> other.select!) & 1));
  }

  private measure(): void {
    const { sites, filter, control } = this.layout;
    const weight = WEIGHTS[(this.device.get(control) >>> filter) & 3]!;
    let moving = false;
    for (const [index, site] of sites.entries()) {
      if (!this.selected(site, index)) continue;
      const now = this.actual[index]!;
      const before = this.average[index] ?? now;
      const next = before + (now - before) * weight;
      this.average[index] = Math.abs(now - next) < NEAR ? now : next;
      moving ||= this.average[index] !== now;
      this.report(site, 'TRITSR', now);
      this.report(site, 'TRATSR', this.average[index]!);
      this.capture(now);
    }
    this.compare();
    if (moving) this.timer.armIn(this.period);
    this.settle();
  }

  private valid(degrees: number): boolean {
    const [low, high] = this.layout.range;
    return degrees >= low && degrees <= high;
  }

  private report({ report, lsb, valid }: TmuSite, register: 'TRITSR' | 'TRATSR', degrees: number): void {
    const kept = this.device.get(register, report) & ~(0xff << lsb) & ~(1 << valid);
    const value = this.valid(degrees) ? (this.encode(degrees) << lsb) | (1 << valid) : 0;
    this.device.set(register, (kept | value) >>> 0, report);
  }

  /** TMHTCRH and TMHTCRL keep the extremes, TSR says that one was out of range. */
  private capture(degrees: number): void {
    if (!this.layout.captures) return;
    const { device } = this;
    if (!this.valid(degrees)) {
      device.set('TSR', device.get('TSR') | (degrees > this.layout.range[1] ? 1 << 28 : 1 << 29));
      return;
    }
    const [highest, lowest] = [device.get('TMHTCRH'), device.get('TMHTCRL')];
    const value = Math.round(degrees);
    if (!(highest & ENABLE) || value > (highest & 0xff)) device.set('TMHTCRH', (ENABLE | value) >>> 0);
    if (!(lowest & ENABLE) || value < (lowest & 0xff)) device.set('TMHTCRL', (ENABLE | value) >>> 0);
  }

  private encode(degrees: number): number {
    const whole = Math.round(degrees);
    switch (this.layout.encoding) {
      case 'plain':
        return whole & 0xff;
      case 'offset-21':
        return (whole + 21) & 0xff;
      case 'sign-magnitude':
        return whole < 0 ? 0x80 | (-whole & 0x7f) : whole & 0x7f;
    }
  }

  private decode(value: number): number {
    switch (this.layout.encoding) {
      case 'plain':
        return value;
      case 'offset-21':
        return value - 21;
      case 'sign-magnitude':
        return value & 0x80 ? -(value & 0x7f) : value;
    }
  }

  /** Sets the flags of all thresholds that are exceeded; a flag that is cleared while it is too warm comes back. */
  private compare(): void {
    for (const [index, site] of this.layout.sites.entries()) {
      const average = this.average[index];
      if (average === undefined || !this.selected(site, index)) continue;
      for (const kind of KINDS) {
        const threshold = this.device.get(TMU_THRESHOLDS[kind]);
        const degrees = kind === 'immediate' ? this.actual[index]! : average;
        if (!((threshold >>> site.enable) & 1) || Math.round(degrees) <= this.decode((threshold >>> site.lsb) & 0xff)) continue;
        this.device.set('TIDR', (this.device.get('TIDR') | (1 << site.detected[kind])) >>> 0);
        if (this.layout.captures) this.captureSite(kind, index);
      }
    }
  }

  private captureSite(kind: TmuThreshold, site: number): void {
    const register = kind === 'critical' ? 'TICSCR' : 'TISCR';
    const bit = kind === 'immediate' ? 31 - site : 15 - site;
    this.device.set(register, (this.device.get(register) | (1 << bit)) >>> 0);
  }

  /** Drives the interrupt line from the present state. */
  private settle(): void {
    const [detected, enabled] = [this.device.get('TIDR'), this.device.get('TIER')];
    const level = this.layout.sites.some(({ detected: flag, interrupt }) =>
      KINDS.some((kind) => (detected >>> flag[kind]) & (enabled >>> interrupt[kind]) & 1),
    );
    if (level === this.level) return;
    this.level = level;
    this.options.interrupt(level);
  }
}
