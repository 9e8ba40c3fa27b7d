/**
 * CSU: which blocks non-secure masters may use, and which masters are secure, as settings. Firmware reads of SA whether its own core is.
 *
 * Offsets and fields are those that NXP's TF-A writes (imx8m_csu.h). CSL starts as U-Boot and TF-A leave it, open to everybody; SA starts at 0, every
 * master secure. Locks hold. Not modelled: what the settings would refuse, alarms.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { defineRegisters, RegisterFile } from '../memory/registers.ts';

/** Registers by their offsets. */
export const CSU = defineRegisters({
  CSL: { offset: 0x000, count: 64, reset: 0x00ff_00ff },
  HP: { offset: 0x200, count: 2 },
  SA: { offset: 0x218, count: 3 },
  HPCONTROL: { offset: 0x358, count: 3 },
});

/** Each half of a CSL has its lock at bit 8. */
const CSL_LOCKS = 0x0100_0100;
/** Each pair of bits elsewhere has its lock above the setting. */
const PAIR_LOCKS = 0xaaaa_aaaa;

/** Bits that locks which are set in `value` keep. */
function keptBy(value: number, locks: number): number {
  const set = value & locks;
  if (locks === PAIR_LOCKS) return (set | (set >>> 1)) >>> 0;
  return ((set & 0x100 ? 0xffff : 0) | (set & 0x0100_0000 ? 0xffff_0000 : 0)) >>> 0;
}

/** The block. */
export class Csu {
  readonly device: RegisterFile<typeof CSU>;

  constructor({ name, diagnostics }: { name: string; diagnostics: Diagnostics }) {
    const locked = (register: keyof typeof CSU, locks: number) => ({
      write: (next: number, previous: number, index: number) => {
        const kept = keptBy(previous, locks);
        this.device.set(register, ((previous & kept) | (next & ~kept)) >>> 0, index);
        if (((next ^ previous) & kept) !== 0) diagnostics.guestError(name, `${register}[${index}]`, 'written while locked: ignored');
      },
    });
    this.device = new RegisterFile(CSU, {
      name,
      diagnostics,
      behaviour: {
        CSL: locked('CSL', CSL_LOCKS),
        HP: locked('HP', PAIR_LOCKS),
        SA: locked('SA', PAIR_LOCKS),
        HPCONTROL: locked('HPCONTROL', PAIR_LOCKS),
      },
    });
  }

  /** Reset of the SoC, with what the boot loader then did. */
  reset(): void {
    this.device.reset();
  }
}
