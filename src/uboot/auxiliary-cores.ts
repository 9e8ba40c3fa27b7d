/**
 * How U-Boot's `bootaux` starts the M cores (mach-imx/imx_bootaux.c; mx7/soc.c and imx8m/soc.c for the addresses of an ELF's segments).
 */
import type { AuxiliaryCore, HostMapping } from './board-description.ts';

/** Addresses of the i.MX 7D's M4 in those of the A7 (mach-imx/mx7/soc.c). */
const MX7_HOST_MAP: readonly HostMapping[] = [
  { da: 0x0000_0000, sa: 0x0018_0000, size: 0x8000 },
  { da: 0x0018_0000, sa: 0x0018_0000, size: 0x8000 },
  { da: 0x2018_0000, sa: 0x0018_0000, size: 0x8000 },
  { da: 0x1fff_8000, sa: 0x007f_8000, size: 0x8000 },
  { da: 0x2000_0000, sa: 0x0080_0000, size: 0x8000 },
  { da: 0x0090_0000, sa: 0x0090_0000, size: 0x2_0000 },
  { da: 0x2020_0000, sa: 0x0090_0000, size: 0x2_0000 },
  { da: 0x0092_0000, sa: 0x0092_0000, size: 0x2_0000 },
  { da: 0x2022_0000, sa: 0x0092_0000, size: 0x2_0000 },
  { da: 0x0094_0000, sa: 0x0094_0000, size: 0x2_0000 },
  { da: 0x2024_0000, sa: 0x0094_0000, size: 0x2_0000 },
  { da: 0x1000_0000, sa: 0x8000_0000, size: 0x0fff_0000 },
  { da: 0x8000_0000, sa: 0x8000_0000, size: 0x6000_0000 },
];

/** Addresses of the 8M's M core in those of the A53, as mainline has them since 2023.04 (mach-imx/imx8m/soc.c), for all parts. */
export const IMX8M_HOST_MAP: readonly HostMapping[] = [
  { da: 0x0000_0000, sa: 0x007e_0000, size: 0x2_0000 },
  { da: 0x0018_0000, sa: 0x0018_0000, size: 0x8000 },
  { da: 0x0090_0000, sa: 0x0090_0000, size: 0x2_0000 },
  { da: 0x0092_0000, sa: 0x0092_0000, size: 0x2_0000 },
  { da: 0x0800_0000, sa: 0x0800_0000, size: 0x0800_0000 },
  { da: 0x1000_0000, sa: 0x8000_0000, size: 0x0ffe_0000 },
  { da: 0x1ffe_0000, sa: 0x007e_0000, size: 0x4_0000 },
  { da: 0x2018_0000, sa: 0x0018_0000, size: 0x8000 },
  { da: 0x2020_0000, sa: 0x0090_0000, size: 0x4_0000 },
  { da: 0x4000_0000, sa: 0x4000_0000, size: 0x8000_0000 },
];

/** The Cortex-M7 of 8M parts: TF-A lets it go (IMX_SIP_SRC); every image is a raw one. */
export const IMX8M_M7: AuxiliaryCore = { core: 'm7', bootRom: 0x007e_0000, method: { kind: 'smc' } };

/** SRC_M4RCR. */
const M4RCR = { kind: 'src', register: 0x3039_000c, nonSclrRst: 1 << 0, enable: 1 << 3 } as const;

/** The Cortex-M4 of 8MM and 8MQ: what TF-A does for U-Boot is to write SRC_M4RCR, where Linux sees it. */
export const IMX8M_M4: AuxiliaryCore = { core: 'm4', bootRom: 0x007e_0000, method: M4RCR };

/** 7D: the SRC starts it, and it looks for SP and PC at 0, which is OCRAM_S. */
export const MX7_M4: AuxiliaryCore = {
  core: 'm4',
  bootRom: 0x0018_0000,
  method: M4RCR,
  elf: { hostMap: MX7_HOST_MAP, stack: 'zero', newline: false },
};

/** 6SX: the same with TCML at 0; U-Boot knows what an ELF is, and no address for its segments. */
export const MX6SX_M4: AuxiliaryCore = {
  core: 'm4',
  bootRom: 0x007f_8000,
  method: { kind: 'src', register: 0x020d_8000, nonSclrRst: 1 << 4, enable: 1 << 22 },
  elf: { hostMap: [], stack: 'zero', newline: false },
};
