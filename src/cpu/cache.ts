/**
 * Cache identification and maintenance of cores with L1 caches, and the Cortex-M7's memory interface control registers.
 *
 * Offsets are from 0xE000_E000 (DDI 0403E B4.8; Cortex-M7 TRM 3.3). Caches are not modelled: memory is always coherent, so maintenance by
 * address or set/way is accepted and has nothing to do. TCM and AHBP enables are stored; the SoC maps both always.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { bit, defineRegisters, field, RegisterFile } from '../memory/registers.ts';
import type { CoreProfile } from './profile.ts';

const CACHE = defineRegisters({
  CLIDR: { offset: 0xd78, access: 'ro' },
  CTR: { offset: 0xd7c, access: 'ro' },
  CCSIDR: { offset: 0xd80, access: 'ro' },
  CSSELR: { offset: 0xd84, access: 'ro', fields: { IND: bit(0), LEVEL: field(1, 3) } },
  ICIALLU: { offset: 0xf50, access: 'wo' },
  ICIMVAU: { offset: 0xf58, access: 'wo' },
  DCIMVAC: { offset: 0xf5c, access: 'wo' },
  DCISW: { offset: 0xf60, access: 'wo' },
  DCCMVAU: { offset: 0xf64, access: 'wo' },
  DCCMVAC: { offset: 0xf68, access: 'wo' },
  DCCSW: { offset: 0xf6c, access: 'wo' },
  DCCIMVAC: { offset: 0xf70, access: 'wo' },
  DCCISW: { offset: 0xf74, access: 'wo' },
  BPIALL: { offset: 0xf78, access: 'wo' },
  ITCMCR: { offset: 0xf90, access: 'ro', fields: { EN: bit(0), RMW: bit(1), RETEN: bit(2), SZ: field(3, 4, 'ro') } },
  DTCMCR: { offset: 0xf94, access: 'ro', fields: { EN: bit(0), RMW: bit(1), RETEN: bit(2), SZ: field(3, 4, 'ro') } },
  AHBPCR: { offset: 0xf98, access: 'ro', fields: { EN: bit(0), SZ: field(1, 3, 'ro') } },
  CACR: { offset: 0xf9c, access: 'ro', fields: { SIWT: bit(0), ECCDIS: bit(1), FORCEWT: bit(2) } },
  AHBSCR: { offset: 0xfa0 },
  ABFSR: { offset: 0xfa8, access: 'w1c' },
});

/** 128 KiB of TCM: SZ 0b1000, enabled at reset. */
const TCM_128K = (8 << 3) | 1;

/** Registers of a core with caches; undefined for a profile without. */
export function cacheRegisters(profile: CoreProfile, diagnostics: Diagnostics): RegisterFile<typeof CACHE> | undefined {
  const { caches } = profile;
  if (!caches) return undefined;
  const file: RegisterFile<typeof CACHE> = new RegisterFile(CACHE, {
    name: 'cache',
    diagnostics,
    resets: { CLIDR: caches.clidr, CTR: caches.ctr, ITCMCR: TCM_128K, DTCMCR: TCM_128K, AHBPCR: 0b0011, CACR: 0b010 },
    behaviour: { CCSIDR: { value: () => ((file.get('CSSELR') & 1) !== 0 ? caches.instruction : caches.data) } },
  });
  return file;
}
