/**
 * What distinguishes one Cortex-M implementation from another, as data.
 *
 * Sources: ARMv7-M ARM (DDI 0403E), Cortex-M4 and Cortex-M7 Technical Reference Manuals.
 */

/** An implementation of the M profile, as a SoC integrates it. */
export interface CoreProfile {
  readonly name: 'cortex-m4' | 'cortex-m7';
  readonly architecture: 'armv7e-m';
  /** CPUID, u32. */
  readonly cpuid: number;
  readonly fpu: 'none' | 'fpv4-sp' | 'fpv5-sp' | 'fpv5-dp';
  /** MPU regions: 0, 8 or 16. */
  readonly mpuRegions: number;
  /** Implemented priority bits, 3 to 8. */
  readonly priorityBits: number;
  /** External interrupt lines, up to 240. */
  readonly interrupts: number;
  /** L1 caches as CLIDR and CCSIDR show them; absent when there are none. */
  readonly caches?: { readonly clidr: number; readonly ctr: number; readonly instruction: number; readonly data: number };
}

/** Cortex-M4 r0p1 with FPv4-SP, 8 MPU regions, as on 6SX, 7D, 8MM, 8MQ. */
export const CORTEX_M4: CoreProfile = {
  name: 'cortex-m4',
  architecture: 'armv7e-m',
  cpuid: 0x410f_c241,
  fpu: 'fpv4-sp',
  mpuRegions: 8,
  priorityBits: 4,
  interrupts: 240,
};

/** Cortex-M7 r1p2 with FPv5-DP, 16 MPU regions, 32 KiB caches, as on 8MN, 8MP, 95. */
export const CORTEX_M7: CoreProfile = {
  name: 'cortex-m7',
  architecture: 'armv7e-m',
  cpuid: 0x411f_c272,
  fpu: 'fpv5-dp',
  mpuRegions: 16,
  priorityBits: 4,
  interrupts: 240,
  caches: { clidr: 0x0900_0003, ctr: 0x8303_c003, instruction: 0xf01f_e009, data: 0xf00f_e019 },
};
