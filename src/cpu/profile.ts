/**
 * What distinguishes one Cortex-M implementation from another, as data.
 *
 * Sources: ARMv7-M ARM (DDI 0403E), ARMv8-M ARM (DDI 0553B), Cortex-M4, Cortex-M7 and Cortex-M33 Technical Reference Manuals.
 */

/** One range of an Implementation Defined Attribution Unit: the least secure attribution that the SoC lets it have. */
export interface IdauRange {
  readonly base: number;
  readonly size: number;
  /** Number that TT shows (IREGION); absent: TT shows none. */
  readonly region?: number;
  /** `exempt`: always accessible, whatever the state of the core. */
  readonly attribution: 'secure' | 'non-secure-callable' | 'non-secure' | 'exempt';
}

/** The Security Extension of ARMv8-M as an implementation has it. */
export interface SecurityProfile {
  /** SAU regions: 0, 4 or 8. */
  readonly sauRegions: number;
  /** Ranges of the SoC's IDAU; what none of them names is Non-secure as far as the IDAU goes. Absent: the SoC has no IDAU. */
  readonly idau?: readonly IdauRange[];
  /** INITNSVTOR, the Non-secure vector table at reset; 0 unless given. The Secure one is where the core starts. */
  readonly nonSecureVectors?: number;
}

/**
 * An IDAU as most SoCs have it: memory is Secure where address bit 28 is set, and seen at the same address without that bit by Non-secure
 * code. Each 256 MiB are a region, of which those in `callable` may be made Non-secure callable by the SAU. The private bus, and its image at
 * the top of memory, are as the state of the core is.
 */
export function bit28Idau(callable: readonly number[]): IdauRange[] {
  return Array.from({ length: 16 }, (_, region) => region).flatMap((region): IdauRange[] => {
    const base = region * 2 ** 28;
    const secure = callable.includes(region) ? 'non-secure-callable' : 'secure';
    const attribution = region % 2 === 0 ? 'non-secure' : secure;
    if (region < 14) return [{ base, size: 2 ** 28, region, attribution }];
    const exempt = 2 ** 20;
    return [
      { base, size: exempt, attribution: 'exempt' },
      { base: base + exempt, size: 2 ** 28 - exempt, region, attribution },
    ];
  });
}

/** An implementation of the M profile, as a SoC integrates it. */
export interface CoreProfile {
  readonly name: 'cortex-m4' | 'cortex-m7' | 'cortex-m33';
  readonly architecture: 'armv7e-m' | 'armv8-m';
  /** CPUID, u32. */
  readonly cpuid: number;
  readonly fpu: 'none' | 'fpv4-sp' | 'fpv5-sp' | 'fpv5-dp';
  /** MPU regions: 0, 8 or 16; on ARMv8-M of each security state. */
  readonly mpuRegions: number;
  /**
   * Unaligned accesses of Device memory are split into aligned ones; absent: they are UsageFaults. The architecture (DDI 0403E A3.2.1) leaves it open: code
   * that a Cortex-M7 stops for that runs on a Cortex-M4.
   */
  readonly splitsUnalignedDevice?: true;
  /** Implemented priority bits, 3 to 8. */
  readonly priorityBits: number;
  /** External interrupt lines, up to 240, on ARMv8-M up to 480. */
  readonly interrupts: number;
  /** The Security Extension; the core starts in Secure state. Absent: the core has none and knows one state only. */
  readonly security?: SecurityProfile;
  /** L1 caches as CLIDR and CCSIDR show them; absent when there are none. */
  readonly caches?: { readonly clidr: number; readonly ctr: number; readonly instruction: number; readonly data: number };
  /** Bit-banding, which a Cortex-M4 may be built with. None of NXP's i.MX parts has it: at 0x4200_0000 they have DDR or peripherals. */
  readonly bitBand?: true;
  /** NXP's cache controller LMEM is on the private bus; see lmem.ts. */
  readonly lmem?: true;
}

/** Cortex-M4 r0p1 with FPv4-SP and 8 MPU regions. */
export const CORTEX_M4: CoreProfile = {
  name: 'cortex-m4',
  architecture: 'armv7e-m',
  cpuid: 0x410f_c241,
  splitsUnalignedDevice: true,
  fpu: 'fpv4-sp',
  mpuRegions: 8,
  priorityBits: 4,
  interrupts: 240,
};

/** The Cortex-M4 of 6SX, 7D, 8MM, 8MQ: with LMEM's caches. */
export const CORTEX_M4_LMEM: CoreProfile = { ...CORTEX_M4, lmem: true };

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

/** Cortex-M33 r0p3 with FPv5-SP, the Security Extension, 8 MPU regions in each state and 8 SAU regions, as on 8ULP, 93. */
export const CORTEX_M33: CoreProfile = {
  name: 'cortex-m33',
  architecture: 'armv8-m',
  cpuid: 0x410f_d213,
  fpu: 'fpv5-sp',
  mpuRegions: 8,
  priorityBits: 4,
  interrupts: 480,
  security: { sauRegions: 8 },
};
