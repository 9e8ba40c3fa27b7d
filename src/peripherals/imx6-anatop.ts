/**
 * CCM_ANALOG of i.MX 6SoloX and 7Dual ("anatop"): PLLs of the kind that Linux calls pllv3, phase fractional dividers, their outputs.
 *
 * Described in the CCM_ANALOG chapters of the reference manuals; registers and clocks by SoC in imx6-anatop-layouts.ts. A PLL locks a stated time
 * after it was powered up or given another divider. Starts in the state in which U-Boot leaves it. Not modelled: bypass sources other than the
 * crystal (no clock), spread spectrum, dithering, regulators (stored), the temperature sensor, USB's analogue part.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { bits } from '../memory/bits.ts';
import { unchanging } from '../memory/bus.ts';
import { type RegisterBehaviour, RegisterFile, type RegisterMap } from '../memory/registers.ts';
import type { Scheduler } from '../time/scheduler.ts';
import type { ClockTree } from './clock-tree.ts';
import {
  ANATOP_LAYOUTS,
  type AnalogOutput,
  type AnatopLayout,
  type AnatopLayoutName,
  type Pfd,
  type PllV3,
  type PllV3Kind,
} from './imx6-anatop-layouts.ts';

const REFERENCE = 'OSC_24M';
const LOCK = 0x8000_0000;
const BYPASS = 1 << 16;
/** A PFD's byte: FRAC, STABLE, CLKGATE. */
const STABLE = 1 << 6;
const CLKGATE = 1 << 7;
const PFD_PARTS = 18;

/** By kind: the bits of the control register whose change makes it lock anew, and its frequency. */
const METHODS: Readonly<Record<PllV3Kind, { readonly divider: number; hz(reference: number, divider: number, fraction: number): number }>> =
  {
    cpu: { divider: 0x7f, hz: (reference, divider) => (reference * divider) / 2 },
    generic: { divider: 0x03, hz: (reference, divider) => reference * (divider & 1 ? 22 : 20) },
    fractional: { divider: 0x7f, hz: (reference, divider, fraction) => reference * (divider + fraction) },
    'ethernet-500': { divider: 0, hz: () => 500_000_000 },
    'ethernet-1000': { divider: 0, hz: () => 1_000_000_000 },
  };

/** The block; defines the PLLs, PFDs and outputs of its layout in the clock tree. */
export class Imx6Anatop {
  readonly device: RegisterFile<RegisterMap>;
  private readonly clocks: ClockTree;
  private readonly plls: readonly PllV3[];
  /** Cycle at which each PLL has locked. */
  private readonly lockedAt: number[];

  constructor(options: {
    name: string;
    layout: AnatopLayoutName;
    digprog: number;
    scheduler: Scheduler;
    clocks: ClockTree;
    diagnostics: Diagnostics;
  }) {
    const { name, scheduler, clocks, diagnostics } = options;
    const { registers, plls, pfds, outputs }: AnatopLayout = ANATOP_LAYOUTS[options.layout];
    this.clocks = clocks;
    this.plls = plls;
    this.lockedAt = plls.map(() => 0);
    const behaviour: Record<string, RegisterBehaviour> = {};
    const changed = (next: number, previous: number): void => (next === previous ? undefined : clocks.changed());
    for (const { register } of outputs.flatMap(({ divider, gate }) => [divider, gate]).filter(isPlace))
      behaviour[register] = { write: changed };
    for (const [index, pll] of plls.entries()) {
      behaviour[pll.register] = {
        value: () => this.control(index, scheduler.now),
        progress: () => unchanging(this.lockedAt[index]! - scheduler.now),
        write: (next, previous) => {
          const anew = !powered(pll, previous) || ((next ^ previous) & METHODS[pll.kind].divider) !== 0;
          const lockNs = Math.ceil((pll.lockCycles / clocks.hz(REFERENCE)) * 1e9);
          if (powered(pll, next) && anew) this.lockedAt[index] = scheduler.now + scheduler.cyclesFromNs(lockNs);
          changed(next, previous);
        },
      };
      for (const part of Object.values(pll.fraction ?? {})) behaviour[part] = { write: changed };
    }
    for (const register of new Set(pfds.map((pfd) => pfd.register))) {
      behaviour[register] = { write: (next, previous) => this.pfdWritten(register, next, previous) };
    }
    this.device = new RegisterFile<RegisterMap>(registers, { name, diagnostics, behaviour, resets: { DIGPROG: options.digprog } });
    for (const pll of plls) clocks.define(pll.name, () => this.pllHz(pll));
    for (const pfd of pfds) clocks.define(pfd.name, () => this.pfdHz(pfd));
    for (const output of outputs) clocks.define(output.name, () => this.outputHz(output));
  }

  /** Reset of the SoC, with what the boot loader then did. */
  reset(): void {
    this.device.reset();
    this.lockedAt.fill(0);
    this.clocks.forget();
  }

  /** A PLL's register with its live LOCK. */
  private control(index: number, now: number): number {
    const pll = this.plls[index]!;
    const control = this.device.get(pll.register) & ~LOCK;
    return (powered(pll, control) && now >= this.lockedAt[index]! ? control | LOCK : control) >>> 0;
  }

  private pllHz(pll: PllV3): number {
    const control = this.device.get(pll.register);
    if (pll.enable !== undefined && !bits(control, pll.enable, 1)) return 0;
    const reference = this.clocks.hz(REFERENCE);
    if (control & BYPASS) return bits(control, 14, 2) === 0 ? reference : 0;
    if (!powered(pll, control)) return 0;
    const { fraction } = pll;
    const denom = fraction ? this.device.get(fraction.denom) : 0;
    const { divider, hz } = METHODS[pll.kind];
    return hz(reference, control & divider, fraction && denom !== 0 ? this.device.get(fraction.num) / denom : 0);
  }

  private pfdHz({ from, register, index }: Pfd): number {
    const part = bits(this.device.get(register), 8 * index, 8);
    const fraction = part & 0x3f;
    return part & CLKGATE || fraction === 0 ? 0 : (this.clocks.hz(from) * PFD_PARTS) / fraction;
  }

  private outputHz({ from, divider, gate }: AnalogOutput): number {
    if (gate && bits(this.device.get(gate.register), gate.bit, 1) !== (gate.open ?? 1)) return 0;
    const by = typeof divider === 'number' ? divider : divider.by[bits(this.device.get(divider.register), divider.lsb, divider.width)]!;
    return this.clocks.hz(from) / by;
  }

  /** STABLE turns over when another fraction takes effect, which is at once. */
  private pfdWritten(register: string, next: number, previous: number): void {
    let shown = next;
    for (let index = 0; index < 4; index++) if (bits(next ^ previous, 8 * index, 6) !== 0) shown ^= STABLE << (8 * index);
    this.device.set(register, shown >>> 0);
    if (next !== previous) this.clocks.changed();
  }
}

function isPlace(place: AnalogOutput['divider'] | AnalogOutput['gate']): place is Exclude<AnalogOutput['divider'], number> {
  return typeof place === 'object';
}

function powered({ power }: PllV3, control: number): boolean {
  return bits(control, power.bit, 1) === power.level;
}
