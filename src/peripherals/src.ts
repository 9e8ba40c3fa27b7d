/**
 * SRC, the System Reset Controller of the i.MX 6SoloX, 7D and 8M families: reset causes, software resets of parts, boot registers.
 *
 * Described in the SRC chapters of the reference manuals; registers by SoC in src-layouts.ts. Only the reset of the M core acts (held
 * while SW_M7C_NON_SCLR_RST is set or ENABLE_M7 is clear). Not modelled: resets of other parts and domain locks (stored).
 */
import type { Diagnostics } from '../diagnostics.ts';
import { RegisterFile, type RegisterMap } from '../memory/registers.ts';
import { SRC_LAYOUTS, type SrcLayout, type SrcLayoutName } from './src-layouts.ts';

/** The block. */
export class Src {
  readonly device: RegisterFile<RegisterMap>;
  private readonly layout: SrcLayout;
  private readonly coreReset: (held: boolean) => void;
  private held = true;

  /** `coreReset` hears when software puts the M core into reset and lets it go. */
  constructor(options: { name: string; layout: SrcLayoutName; diagnostics: Diagnostics; coreReset: (held: boolean) => void }) {
    const { name, diagnostics } = options;
    this.layout = SRC_LAYOUTS[options.layout];
    this.coreReset = options.coreReset;
    this.device = new RegisterFile(this.layout.registers, {
      name,
      diagnostics,
      behaviour: { [this.layout.core.register]: { write: (next) => this.coreWritten(next) } },
    });
  }

  /** Reset of the SoC. */
  reset(): void {
    this.device.reset();
    this.held = true;
  }

  private coreWritten(next: number): void {
    const { register, hold, pulse, selfClearing, enable } = this.layout.core;
    const held = (next & hold) !== 0 || (next & enable) === 0;
    // The self-clearing resets are over at once, but not while the core is held: a core that was never started shows SW_M4C_RST, too (0xAB), and
    // so does one that Linux has stopped; its imx_rproc takes anything else for a core that runs.
    if (!held) this.device.set(register, (next & ~(pulse | selfClearing)) >>> 0);
    if (next & pulse && !held && !this.held) {
      this.coreReset(true);
      this.coreReset(false);
    } else if (held !== this.held) this.coreReset(held);
    this.held = held;
  }
}
