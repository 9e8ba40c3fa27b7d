/**
 * CCM of the i.MX 6 family, here of the 6SoloX: bus clock dividers, serial clock multiplexers and dividers, clock gates.
 *
 * Described in the CCM chapter of the reference manual (IMX6SXRM); registers as in MCIMX6X_M4.h. What a field of CBCDR, CSCMR1 and the like makes is
 * a table of clocks in the SoC's description. A switch takes effect at once (CDHIPR reads 0). Starts in the state in which U-Boot leaves it. Not
 * modelled: gating itself (CCGR is stored; a gated block keeps running), low-power modes (stored), the interrupts of CISR, a core's own speed.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { bits } from '../memory/bits.ts';
import { bit, defineRegisters, field, type RegisterBehaviour, RegisterFile } from '../memory/registers.ts';
import type { ClockSource, ClockTree } from './clock-tree.ts';

/** Registers in manual order. */
export const IMX6_CCM = defineRegisters({
  CCR: { offset: 0x00, reset: 0x0401_167f },
  CCDR: { offset: 0x04 },
  CSR: { offset: 0x08, access: 'ro', reset: 0x0000_0010, fields: { REF_EN_B: bit(0, 'ro'), COSC_READY: bit(5, 'ro') } },
  CCSR: { offset: 0x0c, fields: { PLL3_SW_CLK_SEL: bit(0), PLL1_SW_CLK_SEL: bit(2), STEP_SEL: bit(8) } },
  CACRR: { offset: 0x10, fields: { ARM_PODF: field(0, 3) } },
  CBCDR: {
    offset: 0x14,
    reset: 0x0001_8d00,
    fields: {
      PERIPH2_CLK2_PODF: field(0, 3),
      FABRIC_MMDC_PODF: field(3, 3),
      OCRAM_CLK_SEL: bit(6),
      OCRAM_ALT_CLK_SEL: bit(7),
      IPG_PODF: field(8, 2),
      AHB_PODF: field(10, 3),
      OCRAM_PODF: field(16, 3),
      PERIPH_CLK_SEL: bit(25),
      PERIPH2_CLK_SEL: bit(26),
      PERIPH_CLK2_PODF: field(27, 3),
    },
  },
  CBCMR: {
    offset: 0x18,
    reset: 0x24a2_0324,
    fields: {
      GPU_CORE_SEL: field(4, 2),
      GPU_AXI_SEL: field(8, 2),
      PCIE_AXI_CLK_SEL: bit(10),
      PERIPH_CLK2_SEL: field(12, 2),
      PRE_PERIPH_CLK_SEL: field(18, 2),
      PERIPH2_CLK2_SEL: bit(20),
      PRE_PERIPH2_CLK_SEL: field(21, 2),
      LCDIF1_PODF: field(23, 3),
      GPU_AXI_PODF: field(26, 3),
      GPU_CORE_PODF: field(29, 3),
    },
  },
  CSCMR1: {
    offset: 0x1c,
    reset: 0x0490_0040,
    fields: {
      PERCLK_PODF: field(0, 6),
      PERCLK_CLK_SEL: bit(6),
      QSPI1_SEL: field(7, 3),
      SSI1_CLK_SEL: field(10, 2),
      SSI2_CLK_SEL: field(12, 2),
      SSI3_CLK_SEL: field(14, 2),
      USDHC1_CLK_SEL: bit(16),
      USDHC2_CLK_SEL: bit(17),
      USDHC3_CLK_SEL: bit(18),
      USDHC4_CLK_SEL: bit(19),
      LCDIF2_PODF: field(20, 3),
      ACLK_EIM_SLOW_PODF: field(23, 3),
      QSPI1_PODF: field(26, 3),
      ACLK_EIM_SLOW_SEL: field(29, 2),
    },
  },
  CSCMR2: {
    offset: 0x20,
    reset: 0x0319_2f06,
    fields: {
      CAN_CLK_PODF: field(2, 6),
      CAN_CLK_SEL: field(8, 2),
      LDB_DI0_DIV: bit(10),
      LDB_DI1_DIV: bit(11),
      ESAI_CLK_SEL: field(19, 2),
      VID_CLK_SEL: field(21, 3),
      VID_CLK_PRE_PODF: field(24, 2),
      VID_CLK_PODF: field(26, 3),
    },
  },
  CSCDR1: {
    offset: 0x24,
    reset: 0x0049_0b00,
    fields: {
      UART_CLK_PODF: field(0, 6),
      UART_CLK_SEL: bit(6),
      USDHC1_PODF: field(11, 3),
      USDHC2_PODF: field(16, 3),
      USDHC3_PODF: field(19, 3),
      USDHC4_PODF: field(22, 3),
    },
  },
  CS1CDR: {
    offset: 0x28,
    reset: 0x0ec1_02c1,
    fields: {
      SSI1_CLK_PODF: field(0, 6),
      SSI1_CLK_PRED: field(6, 3),
      ESAI_CLK_PRED: field(9, 3),
      SSI3_CLK_PODF: field(16, 6),
      SSI3_CLK_PRED: field(22, 3),
      ESAI_CLK_PODF: field(25, 3),
    },
  },
  CS2CDR: {
    offset: 0x2c,
    reset: 0x0007_36c1,
    fields: {
      SSI2_CLK_PODF: field(0, 6),
      SSI2_CLK_PRED: field(6, 3),
      LDB_DI0_CLK_SEL: field(9, 3),
      LDB_DI1_CLK_SEL: field(12, 3),
      QSPI2_CLK_SEL: field(15, 3),
      QSPI2_CLK_PRED: field(18, 3),
      QSPI2_CLK_PODF: field(21, 6),
    },
  },
  CDCDR: {
    offset: 0x30,
    reset: 0x33f7_1f92,
    fields: {
      AUDIO_CLK_SEL: field(7, 2),
      AUDIO_CLK_PODF: field(9, 3),
      AUDIO_CLK_PRED: field(12, 3),
      SPDIF0_CLK_SEL: field(20, 2),
      SPDIF0_CLK_PODF: field(22, 3),
      SPDIF0_CLK_PRED: field(25, 3),
    },
  },
  CHSCCDR: {
    offset: 0x34,
    reset: 0x0002_9148,
    fields: {
      M4_CLK_SEL: field(0, 3),
      M4_PODF: field(3, 3),
      M4_PRE_CLK_SEL: field(6, 3),
      ENET_CLK_SEL: field(9, 3),
      ENET_PODF: field(12, 3),
      ENET_PRE_CLK_SEL: field(15, 3),
    },
  },
  CSCDR2: {
    offset: 0x38,
    reset: 0x0002_9148,
    fields: {
      LCDIF2_CLK_SEL: field(0, 3),
      LCDIF2_PRED: field(3, 3),
      LCDIF2_PRE_CLK_SEL: field(6, 3),
      LCDIF1_CLK_SEL: field(9, 3),
      LCDIF1_PRED: field(12, 3),
      LCDIF1_PRE_CLK_SEL: field(15, 3),
      ECSPI_CLK_SEL: bit(18),
      ECSPI_CLK_PODF: field(19, 6),
    },
  },
  CSCDR3: {
    offset: 0x3c,
    reset: 0x0001_4841,
    fields: { CSI_CLK_SEL: field(9, 2), CSI_PODF: field(11, 3), DISPLAY_CLK_SEL: field(14, 2), DISPLAY_PODF: field(16, 3) },
  },
  CWDR: { offset: 0x44 },
  CDHIPR: { offset: 0x48, access: 'ro' },
  CLPCR: { offset: 0x54, reset: 0x0000_0079 },
  CISR: { offset: 0x58, access: 'w1c' },
  CIMR: { offset: 0x5c, reset: 0xffff_ffff },
  CCOSR: {
    offset: 0x60,
    reset: 0x000a_0001,
    fields: {
      CLKO1_SEL: field(0, 4),
      CLKO1_DIV: field(4, 3),
      CLKO1_EN: bit(7),
      CLK_OUT_SEL: bit(8),
      CLKO2_SEL: field(16, 5),
      CLKO2_DIV: field(21, 3),
      CLKO2_EN: bit(24),
    },
  },
  CGPR: { offset: 0x64, reset: 0x0000_fe62 },
  CCGR: { offset: 0x68, count: 7, reset: 0xffff_ffff },
  CMEOR: { offset: 0x88, reset: 0xffff_ffff },
});

/** `REGISTER.FIELD` of this block, as its registers have them. */
export type Imx6ClockField = {
  [R in keyof typeof IMX6_CCM]: (typeof IMX6_CCM)[R] extends { readonly fields: infer F } ? `${R & string}.${keyof F & string}` : never;
}[keyof typeof IMX6_CCM];

/** A clock: one source or one of several (by value of a field; null: no clock), divided by one more than the value of each field. */
export interface Imx6Clock {
  readonly name: string;
  readonly sources: readonly (ClockSource | null)[];
  /** The field that chooses; the first source unless given. */
  readonly select?: Imx6ClockField;
  readonly dividers?: readonly Imx6ClockField[];
}

/** Where a field is. */
interface Place {
  readonly register: keyof typeof IMX6_CCM;
  readonly lsb: number;
  readonly width: number;
}

function placeOf(name: Imx6ClockField): Place {
  const [register, own] = name.split('.') as [keyof typeof IMX6_CCM, string];
  const { fields } = IMX6_CCM[register] as { readonly fields: Readonly<Record<string, { readonly lsb: number; readonly width: number }>> };
  return { register, ...fields[own]! };
}

/** The block; defines `clocks` in the clock tree. */
export class Imx6Ccm {
  readonly device: RegisterFile<typeof IMX6_CCM>;
  private readonly tree: ClockTree;

  constructor(options: { name: string; clocks: readonly Imx6Clock[]; tree: ClockTree; diagnostics: Diagnostics }) {
    const { name, clocks, tree, diagnostics } = options;
    this.tree = tree;
    const used = clocks.flatMap(({ select, dividers = [] }) => [...(select ? [select] : []), ...dividers]);
    const behaviour: RegisterBehaviour = { write: (next, previous) => (next === previous ? undefined : tree.changed()) };
    this.device = new RegisterFile(IMX6_CCM, {
      name,
      diagnostics,
      behaviour: Object.fromEntries(used.map((own) => [placeOf(own).register, behaviour])),
    });
    for (const clock of clocks) {
      const select = clock.select && placeOf(clock.select);
      const dividers = (clock.dividers ?? []).map(placeOf);
      tree.define(clock.name, () => {
        const source = clock.sources[select ? this.value(select) : 0] ?? null;
        if (source === null) return 0;
        return dividers.reduce((hz, divider) => hz / (this.value(divider) + 1), tree.hz(source));
      });
    }
  }

  /** Reset of the SoC, with what the boot loader then did. */
  reset(): void {
    this.device.reset();
    this.tree.forget();
  }

  private value({ register, lsb, width }: Place): number {
    return bits(this.device.get(register), lsb, width);
  }
}
