/**
 * SRC, the System Reset Controller of the i.MX 8M family: reset causes, software resets of parts, general-purpose boot registers.
 *
 * Described in the SRC chapter of the reference manuals; registers as in NXP's header (PERI_SRC.h). Only the reset of the M core acts
 * (M7RCR: held while SW_M7C_NON_SCLR_RST is set or ENABLE_M7 is clear). Not modelled: resets of other parts and domain locks (stored).
 */
import type { Diagnostics } from '../diagnostics.ts';
import { bit, defineRegisters, field, RegisterFile } from '../memory/registers.ts';

/** Registers in manual order. */
export const SRC = defineRegisters({
  SCR: { offset: 0x00, reset: 0x0000_00a0 },
  A53RCR0: { offset: 0x04, reset: 0x000a_0000 },
  A53RCR1: { offset: 0x08, reset: 0x0000_0001 },
  M7RCR: {
    offset: 0x0c,
    reset: 0x0000_00a9,
    fields: {
      SW_M7C_NON_SCLR_RST: bit(0),
      SW_M7C_RST: bit(1),
      SW_M7P_RST: bit(2),
      ENABLE_M7: bit(3),
      MASK_WDOG3_RST: field(4, 4),
      WDOG3_RST_OPTION_M7: bit(8),
      WDOG3_RST_OPTION: bit(9),
    },
  },
  SUPERMIX_RCR: { offset: 0x18 },
  AUDIOMIX_RCR: { offset: 0x1c },
  USBPHY1_RCR: { offset: 0x20 },
  USBPHY2_RCR: { offset: 0x24 },
  MLMIX_RCR: { offset: 0x28 },
  PCIEPHY_RCR: { offset: 0x2c },
  HDMI_RCR: { offset: 0x30 },
  MEDIA_RCR: { offset: 0x34 },
  GPU2D_RCR: { offset: 0x38 },
  GPU3D_RCR: { offset: 0x3c },
  GPU_RCR: { offset: 0x40 },
  VPU_RCR: { offset: 0x44 },
  VPU_G1_RCR: { offset: 0x48 },
  VPU_G2_RCR: { offset: 0x4c },
  VPUVC8KE_RCR: { offset: 0x50 },
  NOC_RCR: { offset: 0x54 },
  SBMR1: { offset: 0x58, access: 'ro' },
  SRSR: { offset: 0x5c, reset: 0x0000_0001, access: 'w1c' },
  SISR: { offset: 0x68, access: 'w1c' },
  SIMR: { offset: 0x6c, reset: 0x0000_03ff },
  SBMR2: { offset: 0x70, access: 'ro' },
  GPR: { offset: 0x74, count: 10 },
  DDRC_RCR: { offset: 0x1000 },
  HDMIPHY_RCR: { offset: 0x1008 },
  MIPIPHY1_RCR: { offset: 0x100c },
  MIPIPHY2_RCR: { offset: 0x1010 },
  HSIO_RCR: { offset: 0x1014 },
  MEDIAISPDWP_RCR: { offset: 0x1018 },
});

const NON_SCLR_RST = 1 << 0;
const C_RST = 1 << 1;
const P_RST = 1 << 2;
const ENABLE = 1 << 3;

/** The block. */
export class Src {
  readonly device: RegisterFile<typeof SRC>;
  private readonly coreReset: (held: boolean) => void;
  private held = true;

  /** `coreReset` hears when software puts the M core into reset and lets it go. */
  constructor(options: { name: string; diagnostics: Diagnostics; coreReset: (held: boolean) => void }) {
    const { name, diagnostics } = options;
    this.coreReset = options.coreReset;
    this.device = new RegisterFile(SRC, {
      name,
      diagnostics,
      behaviour: { M7RCR: { write: (next) => this.coreWritten(next) } },
    });
  }

  /** Reset of the SoC. */
  reset(): void {
    this.device.reset();
    this.held = true;
  }

  private coreWritten(next: number): void {
    // The self-clearing resets are over at once.
    this.device.set('M7RCR', (next & ~(C_RST | P_RST)) >>> 0);
    const held = (next & NON_SCLR_RST) !== 0 || (next & ENABLE) === 0;
    if (next & C_RST && !held && !this.held) {
      this.coreReset(true);
      this.coreReset(false);
    } else if (held !== this.held) this.coreReset(held);
    this.held = held;
  }
}
