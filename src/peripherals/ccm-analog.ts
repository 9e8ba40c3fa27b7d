/**
 * CCM_ANALOG of the i.MX 8M Plus, Mini and Nano: five fractional and six integer PLLs, and the divided outputs of SYS_PLL1 and 2.
 *
 * Described in the CCM chapter of the reference manuals; names as in NXP's headers. Starts in the state in which U-Boot leaves it. Not
 * modelled: spread spectrum, monitor and test registers (stored), PLL reference clocks other than the 24 MHz oscillator.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { bit, defineRegisters, RegisterFile } from '../memory/registers.ts';
import type { Scheduler } from '../time/scheduler.ts';
import type { ClockTree } from './clock-tree.ts';
import { FDIV_CTL0, FRACTIONAL_GEN_CTRL, INTEGER_GEN_CTRL, PLL_LOCK_NS, Pll, type PllKind } from './pll.ts';

/** GEN_CTRL of SYS_PLL1 and SYS_PLL2: an enable for each divided output. */
const SYSTEM_GEN_CTRL = {
  ...INTEGER_GEN_CTRL,
  PLL_DIV2_CLKE_OVERRIDE: bit(12),
  PLL_DIV2_CLKE: bit(13),
  PLL_DIV3_CLKE_OVERRIDE: bit(14),
  PLL_DIV3_CLKE: bit(15),
  PLL_DIV4_CLKE_OVERRIDE: bit(16),
  PLL_DIV4_CLKE: bit(17),
  PLL_DIV5_CLKE_OVERRIDE: bit(18),
  PLL_DIV5_CLKE: bit(19),
  PLL_DIV6_CLKE_OVERRIDE: bit(20),
  PLL_DIV6_CLKE: bit(21),
  PLL_DIV8_CLKE_OVERRIDE: bit(22),
  PLL_DIV8_CLKE: bit(23),
  PLL_DIV10_CLKE_OVERRIDE: bit(24),
  PLL_DIV10_CLKE: bit(25),
  PLL_DIV20_CLKE_OVERRIDE: bit(26),
  PLL_DIV20_CLKE: bit(27),
};

/** A fractional PLL that nobody has started: bypassed, in reset. */
const FRACTIONAL_OFF = { reset: 0x0000_2010, fields: FRACTIONAL_GEN_CTRL };
/** An integer PLL that runs, with all its outputs. */
const INTEGER_ON = { reset: 0x2000_0a00, fields: INTEGER_GEN_CTRL };
const SYSTEM_ON = { reset: 0x2aaa_aa00, fields: SYSTEM_GEN_CTRL };

/** Registers in manual order. */
export const CCM_ANALOG = defineRegisters({
  AUDIO_PLL1_GEN_CTRL: { offset: 0x000, ...FRACTIONAL_OFF },
  AUDIO_PLL1_FDIV_CTL0: { offset: 0x004, reset: 0x0014_5032, fields: FDIV_CTL0 },
  AUDIO_PLL1_FDIV_CTL1: { offset: 0x008 },
  AUDIO_PLL1_SSCG_CTRL: { offset: 0x00c },
  AUDIO_PLL1_MNIT_CTRL: { offset: 0x010, reset: 0x0010_0103 },
  AUDIO_PLL2_GEN_CTRL: { offset: 0x014, ...FRACTIONAL_OFF },
  AUDIO_PLL2_FDIV_CTL0: { offset: 0x018, reset: 0x0014_5032, fields: FDIV_CTL0 },
  AUDIO_PLL2_FDIV_CTL1: { offset: 0x01c },
  AUDIO_PLL2_SSCG_CTRL: { offset: 0x020 },
  AUDIO_PLL2_MNIT_CTRL: { offset: 0x024, reset: 0x0010_0103 },
  VIDEO_PLL1_GEN_CTRL: { offset: 0x028, ...FRACTIONAL_OFF },
  VIDEO_PLL1_FDIV_CTL0: { offset: 0x02c, reset: 0x0014_5032, fields: FDIV_CTL0 },
  VIDEO_PLL1_FDIV_CTL1: { offset: 0x030 },
  VIDEO_PLL1_SSCG_CTRL: { offset: 0x034 },
  VIDEO_PLL1_MNIT_CTRL: { offset: 0x038, reset: 0x0010_0103 },
  DRAM_PLL_GEN_CTRL: { offset: 0x050, reset: 0x0000_2200, fields: FRACTIONAL_GEN_CTRL },
  DRAM_PLL_FDIV_CTL0: { offset: 0x054, reset: 0x000f_a030, fields: FDIV_CTL0 },
  DRAM_PLL_FDIV_CTL1: { offset: 0x058 },
  DRAM_PLL_SSCG_CTRL: { offset: 0x05c },
  DRAM_PLL_MNIT_CTRL: { offset: 0x060, reset: 0x0010_0103 },
  GPU_PLL_GEN_CTRL: { offset: 0x064, ...INTEGER_ON },
  GPU_PLL_FDIV_CTL0: { offset: 0x068, reset: 0x000f_a031, fields: FDIV_CTL0 },
  GPU_PLL_LOCKD_CTRL: { offset: 0x06c, reset: 0x10_003f },
  GPU_PLL_MNIT_CTRL: { offset: 0x070, reset: 0x0028_0081 },
  VPU_PLL_GEN_CTRL: { offset: 0x074, ...INTEGER_ON },
  VPU_PLL_FDIV_CTL0: { offset: 0x078, reset: 0x0019_0032, fields: FDIV_CTL0 },
  VPU_PLL_LOCKD_CTRL: { offset: 0x07c, reset: 0x10_003f },
  VPU_PLL_MNIT_CTRL: { offset: 0x080, reset: 0x0028_0081 },
  ARM_PLL_GEN_CTRL: { offset: 0x084, ...INTEGER_ON },
  ARM_PLL_FDIV_CTL0: { offset: 0x088, reset: 0x000c_8030, fields: FDIV_CTL0 },
  ARM_PLL_LOCKD_CTRL: { offset: 0x08c, reset: 0x10_003f },
  ARM_PLL_MNIT_CTRL: { offset: 0x090, reset: 0x0028_0081 },
  SYS_PLL1_GEN_CTRL: { offset: 0x094, ...SYSTEM_ON },
  SYS_PLL1_FDIV_CTL0: { offset: 0x098, reset: 0x0019_0032, fields: FDIV_CTL0 },
  SYS_PLL1_LOCKD_CTRL: { offset: 0x09c, reset: 0x10_003f },
  SYS_PLL1_MNIT_CTRL: { offset: 0x100, reset: 0x0028_0081 },
  SYS_PLL2_GEN_CTRL: { offset: 0x104, ...SYSTEM_ON },
  SYS_PLL2_FDIV_CTL0: { offset: 0x108, reset: 0x000f_a031, fields: FDIV_CTL0 },
  SYS_PLL2_LOCKD_CTRL: { offset: 0x10c, reset: 0x10_003f },
  SYS_PLL2_MNIT_CTRL: { offset: 0x110, reset: 0x0028_0081 },
  SYS_PLL3_GEN_CTRL: { offset: 0x114, ...INTEGER_ON },
  SYS_PLL3_FDIV_CTL0: { offset: 0x118, reset: 0x0012_c032, fields: FDIV_CTL0 },
  SYS_PLL3_LOCKD_CTRL: { offset: 0x11c, reset: 0x10_003f },
  SYS_PLL3_MNIT_CTRL: { offset: 0x120, reset: 0x0028_0081 },
  OSC_MISC_CFG: { offset: 0x124 },
  ANAMIX_PLL_MNIT_CTL: { offset: 0x128, unimplemented: true },
  /** Chip and revision; Linux and U-Boot read it, NXP's header for the M7 leaves it out. */
  DIGPROG: { offset: 0x800, access: 'ro' },
});

const PLLS = [
  ['AUDIO_PLL1', 'fractional'],
  ['AUDIO_PLL2', 'fractional'],
  ['VIDEO_PLL1', 'fractional'],
  ['DRAM_PLL', 'fractional'],
  ['GPU_PLL', 'integer'],
  ['VPU_PLL', 'integer'],
  ['ARM_PLL', 'integer'],
  ['SYS_PLL1', 'integer'],
  ['SYS_PLL2', 'integer'],
  ['SYS_PLL3', 'integer'],
] as const satisfies readonly (readonly [string, PllKind])[];

/** Divided outputs of SYS_PLL1 and SYS_PLL2, with the bit of GEN_CTRL that enables each. */
const SYSTEM_OUTPUTS = [
  [2, 13],
  [3, 15],
  [4, 17],
  [5, 19],
  [6, 21],
  [8, 23],
  [10, 25],
  [20, 27],
] as const;

const REFERENCE = 'OSC_24M';

/** The block; defines `SYS_PLL1`, `SYS_PLL1_DIV2` … in the clock tree, fed by `OSC_24M`. */
export class CcmAnalog {
  readonly device: RegisterFile<typeof CCM_ANALOG>;
  private readonly plls: readonly Pll[];
  private readonly clocks: ClockTree;

  constructor(options: { name: string; digprog: number; scheduler: Scheduler; clocks: ClockTree; diagnostics: Diagnostics }) {
    const { name, scheduler, clocks, diagnostics } = options;
    this.clocks = clocks;
    const plls = new Map<string, Pll>();
    const behaviour: Record<string, object> = {};
    for (const [pll] of PLLS) {
      behaviour[`${pll}_GEN_CTRL`] = {
        value: () => plls.get(pll)!.control,
        progress: () => plls.get(pll)!.progress,
        write: (next: number, previous: number) => {
          plls.get(pll)!.controlWritten(next, previous);
          if (next !== previous) clocks.changed();
        },
      };
      behaviour[`${pll}_FDIV_CTL0`] = {
        write: (next: number, previous: number) => {
          plls.get(pll)!.dividersWritten(next, previous);
          if (next !== previous) clocks.changed();
        },
      };
      behaviour[`${pll}_FDIV_CTL1`] = { write: (next: number, previous: number) => (next !== previous ? clocks.changed() : undefined) };
    }
    this.device = new RegisterFile(CCM_ANALOG, { name, diagnostics, behaviour, resets: { DIGPROG: options.digprog } });
    for (const [pll, kind] of PLLS) {
      const registers = {
        control: () => this.device.get(`${pll}_GEN_CTRL`),
        dividers: () => this.device.get(`${pll}_FDIV_CTL0`),
        fraction: () => (kind === 'fractional' ? this.device.get(`${pll}_FDIV_CTL1` as keyof typeof CCM_ANALOG & string) : 0),
      };
      plls.set(pll, new Pll(kind, registers, () => scheduler.now, scheduler.cyclesFromNs(PLL_LOCK_NS)));
      clocks.define(pll, () => plls.get(pll)!.output(clocks.hz(REFERENCE)));
    }
    for (const pll of ['SYS_PLL1', 'SYS_PLL2'] as const) {
      for (const [divider, enable] of SYSTEM_OUTPUTS) {
        clocks.define(`${pll}_DIV${divider}`, () => {
          const enabled = (this.device.get(`${pll}_GEN_CTRL`) >>> enable) & 1;
          return enabled ? plls.get(pll)!.frequency(clocks.hz(REFERENCE)) / divider : 0;
        });
      }
    }
    this.plls = [...plls.values()];
  }

  /** Reset of the SoC, with what the boot loader then did. */
  reset(): void {
    this.device.reset();
    for (const pll of this.plls) pll.reset();
    this.clocks.forget();
  }
}
