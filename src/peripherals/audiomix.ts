/**
 * AUDIOMIX block control of the i.MX 8M Plus: clock enables of the audio domain and the SAI PLL.
 *
 * Described in the AUDIO_BLK_CTRL chapter of the reference manual; registers as in NXP's header (PERI_AUDIOMIX.h). The PLL locks as those
 * of CCM_ANALOG do. Not modelled: what the clock enables and the multiplexers do to the audio blocks; the audio DSP.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { defineRegisters, RegisterFile } from '../memory/registers.ts';
import type { Scheduler } from '../time/scheduler.ts';
import type { ClockTree } from './clock-tree.ts';
import { PLL_LOCK_NS, Pll } from './pll.ts';
import { FDIV_CTL0, FRACTIONAL_GEN_CTRL } from './pll-kinds.ts';

/** Registers in manual order. */
export const AUDIOMIX = defineRegisters({
  CLKEN0: { offset: 0x000 },
  CLKEN1: { offset: 0x004 },
  AUDIODSP_REG0: { offset: 0x100, unimplemented: true },
  AUDIODSP_REG1: { offset: 0x104, unimplemented: true },
  AUDIODSP_REG2: { offset: 0x108, unimplemented: true },
  AUDIODSP_REG3: { offset: 0x10c, unimplemented: true },
  EARC: { offset: 0x200, unimplemented: true },
  SAI1_MCLK_SEL: { offset: 0x300 },
  SAI2_MCLK_SEL: { offset: 0x304 },
  SAI3_MCLK_SEL: { offset: 0x308 },
  SAI5_MCLK_SEL: { offset: 0x30c },
  SAI6_MCLK_SEL: { offset: 0x310 },
  SAI7_MCLK_SEL: { offset: 0x314 },
  PDM_CLK: { offset: 0x318 },
  SAI_PLL_GNRL_CTL: { offset: 0x400, reset: 0x0000_0010, fields: FRACTIONAL_GEN_CTRL },
  SAI_PLL_FDIV_CTL0: { offset: 0x404, reset: 0x0000_0000, fields: FDIV_CTL0 },
  SAI_PLL_FDIV_CTL1: { offset: 0x408 },
  SAI_PLL_SSCG_CTL: { offset: 0x40c },
  SAI_PLL_MNIT_CTL: { offset: 0x410 },
  AUDIO_EXT_ADDR: { offset: 0x500, unimplemented: true },
  IPG_LP_CTRL: { offset: 0x504 },
  AUDIO_AXI_LIMIT: { offset: 0x508 },
});

/** Registers of the SAI PLL in the order of its kind. */
const SAI_PLL = ['SAI_PLL_GNRL_CTL', 'SAI_PLL_FDIV_CTL0', 'SAI_PLL_FDIV_CTL1'] as const;

/** The block; defines `SAI_PLL` in the clock tree. */
export class Audiomix {
  readonly device: RegisterFile<typeof AUDIOMIX>;
  private readonly pll: Pll;
  private readonly clocks: ClockTree;

  constructor(options: { name: string; scheduler: Scheduler; clocks: ClockTree; diagnostics: Diagnostics }) {
    const { name, scheduler, clocks, diagnostics } = options;
    this.clocks = clocks;
    this.pll = new Pll(
      'fractional',
      (register) => this.device.get(SAI_PLL[register]!),
      () => scheduler.now,
      scheduler.cyclesFromNs(PLL_LOCK_NS),
    );
    this.device = new RegisterFile(AUDIOMIX, {
      name,
      diagnostics,
      behaviour: {
        SAI_PLL_GNRL_CTL: {
          value: () => this.pll.control,
          progress: () => this.pll.progress,
          write: (next, previous) => {
            this.pll.written(0, next, previous);
            clocks.changed();
          },
        },
        SAI_PLL_FDIV_CTL0: {
          write: (next, previous) => {
            this.pll.written(1, next, previous);
            clocks.changed();
          },
        },
        SAI_PLL_FDIV_CTL1: { write: () => clocks.changed() },
      },
    });
    clocks.define('SAI_PLL', () => this.pll.output(clocks.hz('OSC_24M')));
  }

  /** Reset of the SoC. */
  reset(): void {
    this.device.reset();
    this.pll.reset();
    this.clocks.forget();
  }
}
