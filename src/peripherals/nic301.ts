/**
 * The programmer's view (GPV) of one of the NIC-301 interconnects: what its master and slave interfaces do with transactions.
 *
 * Described in ARM's technical reference manual of the CoreLink NIC-301 (DDI 0397). Interfaces that a chip does not have are there, too. Not
 * modelled: all that the settings do (no transaction has a burst, a priority or a security in this model); they are stored.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { bit, defineRegisters, field, RegisterFile } from '../memory/registers.ts';

/** Registers in manual order; those from 0x2000 on once for each of the master interfaces, those from 0x4_2000 on for each slave interface. */
export const NIC301 = defineRegisters({
  REMAP: { offset: 0x0_0000, access: 'wo' },
  SECURITY: { offset: 0x0_0008, count: 64, access: 'wo' },
  FN_MOD_BM_ISS: { offset: 0x0_2008, count: 64, stride: 0x1000, fields: { READ_ISS_OVERRIDE: bit(0), WRITE_ISS_OVERRIDE: bit(1) } },
  FN_MOD2: { offset: 0x0_2024, count: 64, stride: 0x1000, fields: { BYPASS_MERGE: bit(0) } },
  WR_TIDEMARK: { offset: 0x0_2040, count: 64, stride: 0x1000, fields: { LEVEL: field(0, 4) } },
  AHB_CNTL: { offset: 0x0_2044, count: 64, stride: 0x1000, fields: { DECERR_EN: bit(0), FORCE_INCR: bit(1) } },
  ASIB_FN_MOD2: { offset: 0x4_2024, count: 64, stride: 0x1000, fields: { BYPASS_MERGE: bit(0) } },
  ASIB_FN_MOD_AHB: { offset: 0x4_2028, count: 64, stride: 0x1000, fields: { RD_INCR_OVERRIDE: bit(0), WR_INCR_OVERRIDE: bit(1) } },
  ASIB_READ_QOS: { offset: 0x4_2100, count: 64, stride: 0x1000, fields: { VALUE: field(0, 4) } },
  ASIB_WRITE_QOS: { offset: 0x4_2104, count: 64, stride: 0x1000, fields: { VALUE: field(0, 4) } },
  ASIB_FN_MOD: { offset: 0x4_2108, count: 64, stride: 0x1000, fields: { READ_ISS_OVERRIDE: bit(0), WRITE_ISS_OVERRIDE: bit(1) } },
});

/** The block. */
export class Nic301 {
  readonly device: RegisterFile<typeof NIC301>;

  constructor(options: { name: string; diagnostics: Diagnostics }) {
    this.device = new RegisterFile(NIC301, options);
  }

  /** Reset of the SoC. */
  reset(): void {
    this.device.reset();
  }
}
