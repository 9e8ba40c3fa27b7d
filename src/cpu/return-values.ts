/** Values of PC that are no addresses (DDI 0403E, B1.5.8; DDI 0553B, B3.22 and B3.17): what a branch to one means. */
import type { CoreProfile } from './profile.ts';

const EXC_RETURN_V7 = 0xf;
const EXC_RETURN_V8 = 0xff;
/** FNC_RETURN without bit 0. */
const FNC_RETURN = 0xfeff_fffe;

/**
 * True when BX, BXNS and loads into PC take `address` for EXC_RETURN or FNC_RETURN. All such values are 0xf000_0000 or above, which callers
 * test first where speed matters.
 */
export function isReturnValue(profile: CoreProfile, handlerMode: boolean, address: number): boolean {
  if (profile.architecture === 'armv7e-m') return handlerMode && address >>> 28 === EXC_RETURN_V7;
  if (handlerMode && address >>> 24 === EXC_RETURN_V8) return true;
  return profile.security !== undefined && (address & ~1) >>> 0 === FNC_RETURN;
}
