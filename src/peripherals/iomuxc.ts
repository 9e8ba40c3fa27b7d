/**
 * IOMUXC and IOMUXC_GPR of the i.MX 6SoloX, 7D and 8M families: pad multiplexing, pad electrics, daisy chains, general-purpose registers.
 *
 * Described in the IOMUXC chapters of the reference manuals; registers by SoC in iomuxc-layouts.ts. What a pad carries has no effect in this
 * model: peripherals are always connected to their outside world, whatever the multiplexers say.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { RegisterFile, type RegisterMap } from '../memory/registers.ts';

/** A block of registers that only hold what was written. */
export class Iomuxc {
  readonly device: RegisterFile<RegisterMap>;

  constructor(options: { name: string; registers: RegisterMap; diagnostics: Diagnostics }) {
    const { name, registers, diagnostics } = options;
    this.device = new RegisterFile(registers, { name, diagnostics });
  }

  /** Reset of the SoC. */
  reset(): void {
    this.device.reset();
  }
}
