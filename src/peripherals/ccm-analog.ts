/**
 * CCM_ANALOG of the i.MX 8M family: the PLLs and their divided outputs.
 *
 * Described in the CCM chapters of the reference manuals; registers and PLLs by SoC in ccm-analog-layouts.ts, what a PLL does in
 * pll-kinds.ts. Starts in the state in which U-Boot leaves it. Not modelled: spread spectrum's modulation, monitor and test registers
 * (stored), PLL references other than the oscillators.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { type RegisterBehaviour, RegisterFile, type RegisterMap } from '../memory/registers.ts';
import type { Scheduler } from '../time/scheduler.ts';
import { CCM_ANALOG_LAYOUTS, type CcmAnalogLayout, type CcmAnalogLayoutName, type PllDescription } from './ccm-analog-layouts.ts';
import type { ClockTree } from './clock-tree.ts';
import { PLL_LOCK_NS, Pll } from './pll.ts';
import { PLL_METHODS, type PllMethod } from './pll-kinds.ts';

/** The block; defines `SYS_PLL1`, `SYS_PLL1_DIV2` … in the clock tree. */
export class CcmAnalog {
  static readonly wiring = ['clocks'];
  readonly device: RegisterFile<RegisterMap>;
  private readonly plls: readonly Pll[];
  private readonly clocks: ClockTree;

  constructor(options: {
    name: string;
    layout: CcmAnalogLayoutName;
    digprog: number;
    scheduler: Scheduler;
    clocks: ClockTree;
    diagnostics: Diagnostics;
  }) {
    const { name, scheduler, clocks, diagnostics } = options;
    const { registers, plls, references, resets }: CcmAnalogLayout = CCM_ANALOG_LAYOUTS[options.layout];
    this.clocks = clocks;
    const behaviour: Record<string, RegisterBehaviour> = {};
    this.plls = plls.map((description) => {
      const { registers: suffixes }: PllMethod = PLL_METHODS[description.kind];
      const names = suffixes.map((suffix) => `${description.name}_${suffix}`);
      const word = (register: number): number => this.device.get(names[register]!);
      const pll = new Pll(description.kind, word, () => scheduler.now, scheduler.cyclesFromNs(PLL_LOCK_NS));
      for (const [register, own] of names.entries()) {
        const write = (next: number, previous: number): void => {
          pll.written(register, next, previous);
          if (next !== previous) clocks.changed();
        };
        behaviour[own] = register === 0 ? { value: () => pll.control, progress: () => pll.progress, write } : { write };
      }
      this.define(description, pll, () => {
        const source = references[pll.reference];
        return source ? clocks.hz(source) : 0;
      });
      return pll;
    });
    this.device = new RegisterFile<RegisterMap>(registers, {
      name,
      diagnostics,
      behaviour,
      resets: { ...resets, DIGPROG: options.digprog },
    });
  }

  /** Reset of the SoC, with what the boot loader then did. */
  reset(): void {
    this.device.reset();
    for (const pll of this.plls) pll.reset();
    this.clocks.forget();
  }

  private define({ name, gate, outputs = [] }: PllDescription, pll: Pll, reference: () => number): void {
    this.clocks.define(name, () => pll.output(reference(), gate));
    for (const { divider, gate: own } of outputs)
      this.clocks.define(`${name}_DIV${divider}`, () => pll.output(reference(), 1 << own) / divider);
  }
}
