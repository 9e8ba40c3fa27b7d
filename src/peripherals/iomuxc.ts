/**
 * IOMUXC and IOMUXC_GPR of the i.MX 8M Plus: pad multiplexing, pad electrics, daisy chains, general-purpose registers.
 *
 * Described in the IOMUXC chapter of the reference manual. What a pad carries has no effect in this model: peripherals are always
 * connected to their outside world, whatever the multiplexers say.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { defineRegisters, RegisterFile } from '../memory/registers.ts';

/** IOMUXC in manual order. */
export const IOMUXC = defineRegisters({
  SW_MUX_CTL_PAD: { offset: 0x014, count: 143, reset: 0x0000_0005 },
  SW_PAD_CTL_PAD: { offset: 0x250, count: 156, reset: 0x0000_0106 },
  SELECT_INPUT: { offset: 0x4c0, count: 94 },
});

/** IOMUXC_GPR in manual order. */
export const IOMUXC_GPR = defineRegisters({
  GPR: { offset: 0x00, count: 25 },
});

/** A block of registers that only hold what was written. */
export class Iomuxc {
  readonly device: RegisterFile<typeof IOMUXC> | RegisterFile<typeof IOMUXC_GPR>;

  constructor(options: { name: string; map: 'pads' | 'gpr'; diagnostics: Diagnostics }) {
    const { name, diagnostics } = options;
    this.device =
      options.map === 'pads' ? new RegisterFile(IOMUXC, { name, diagnostics }) : new RegisterFile(IOMUXC_GPR, { name, diagnostics });
  }

  /** Reset of the SoC. */
  reset(): void {
    this.device.reset();
  }
}
