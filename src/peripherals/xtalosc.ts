/**
 * XTALOSC of the i.MX 8M Quad: the two crystal oscillators and their dividers.
 *
 * Described in the XTALOSC chapter of the reference manual; registers as in NXP's header (PERI_XTALOSC.h), the second oscillator's at +0x8000.
 * Not modelled: gain and hysteresis, the test registers (stored).
 */
import type { Diagnostics } from '../diagnostics.ts';
import { bit, defineRegisters, field, RegisterFile } from '../memory/registers.ts';
import type { ClockTree } from './clock-tree.ts';

const CTL_CFG = {
  OSC_ALC_CTL: bit(2),
  OSC_HYST_CTL: bit(3),
  OSC_GM_SEL: field(4, 3),
  OSC_INT_STU: bit(7),
  OSC_DIV: field(8, 5),
  OSC_OK_BYPASS: bit(13),
  OSC_INT_MASK: bit(15),
  OSC_EOCV: field(16, 8),
  OSC_GM_TST_SEL: bit(30),
  OSC_BYPSS: bit(31),
};

/** Registers in manual order. */
export const XTALOSC = defineRegisters({
  OSC25M_CTL_CFG: { offset: 0x0000, fields: CTL_CFG },
  OSC25M_TEST_CFG: { offset: 0x0004 },
  OSC27M_CTL_CFG: { offset: 0x8000, fields: CTL_CFG },
  OSC27M_TEST_CFG: { offset: 0x8004 },
});

/** The block; defines `OSC_25M` and `OSC_27M`, from the crystals `XTAL_25M` and `XTAL_27M`. */
export class Xtalosc {
  readonly device: RegisterFile<typeof XTALOSC>;
  private readonly clocks: ClockTree;

  constructor(options: { name: string; clocks: ClockTree; diagnostics: Diagnostics }) {
    const { name, clocks, diagnostics } = options;
    this.clocks = clocks;
    const write = (next: number, previous: number): void => (next === previous ? undefined : clocks.changed());
    this.device = new RegisterFile(XTALOSC, { name, diagnostics, behaviour: { OSC25M_CTL_CFG: { write }, OSC27M_CTL_CFG: { write } } });
    for (const oscillator of ['25M', '27M'] as const) {
      const divider = (): number => this.device.field(`OSC${oscillator}_CTL_CFG`, 'OSC_DIV') + 1;
      clocks.define(`OSC_${oscillator}`, () => clocks.hz(`XTAL_${oscillator}`) / divider());
    }
  }

  /** Reset of the SoC. */
  reset(): void {
    this.device.reset();
    this.clocks.forget();
  }
}
