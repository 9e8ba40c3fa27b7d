/**
 * Blocks of the i.MX 8M Quad that exist at an address and are not modelled, so that firmware that touches one is told its name.
 *
 * Source: memory map chapter of the reference manual, NXP's MIMX8MQ6_cm4_COMMON.h and PERI_*.h, Linux's imx8mq.dtsi.
 */
import { KiB, MiB } from '../memory/bits.ts';
import type { PeripheralSpec } from '../peripherals/catalogue.ts';

const kind = 'unmodelled';
/** Window of one AIPS slot. */
const size = 64 * KiB;

/** In address order. */
export const IMX8MQ_UNMODELLED: readonly PeripheralSpec[] = [
  { kind, name: 'SAI1', base: 0x3001_0000, size, pdap: 78 },
  { kind, name: 'SAI6', base: 0x3003_0000, size, pdap: 80 },
  { kind, name: 'SAI5', base: 0x3004_0000, size, pdap: 81 },
  { kind, name: 'SAI4', base: 0x3005_0000, size, pdap: 82 },
  { kind, name: 'SPBA2', base: 0x300f_0000, size, pdap: 90 },
  { kind, name: 'AIPSTZ1', base: 0x301f_0000, size },
  { kind, name: 'ROMCP', base: 0x3031_0000, size, pdap: 17 },
  { kind, name: 'LCDIF', base: 0x3032_0000, size, pdap: 18 },
  { kind, name: 'AIPSTZ2', base: 0x305f_0000, size },
  { kind, name: 'PERFMON1', base: 0x307c_0000, size, pdap: 60 },
  { kind, name: 'PERFMON2', base: 0x307d_0000, size, pdap: 61 },
  { kind, name: 'QOSC', base: 0x307f_0000, size, pdap: 63 },
  { kind, name: 'SPDIF1', base: 0x3081_0000, size, pdap: 97 },
  { kind, name: 'SPDIF2', base: 0x308a_0000, size, pdap: 106 },
  { kind, name: 'SAI2', base: 0x308b_0000, size, pdap: 107 },
  { kind, name: 'SAI3', base: 0x308c_0000, size, pdap: 108 },
  { kind, name: 'SPBA1', base: 0x308f_0000, size, pdap: 111 },
  { kind, name: 'CAAM', base: 0x3090_0000, size: 256 * KiB, pdap: 114 },
  { kind, name: 'AIPSTZ3', base: 0x309f_0000, size },
  { kind, name: 'MIPI_DSI_PHY', base: 0x30a0_0000, size, pdap: 64 },
  { kind, name: 'MIPI_DSI', base: 0x30a1_0000, size, pdap: 65 },
  { kind, name: 'MIPI_CSI1', base: 0x30a7_0000, size, pdap: 71 },
  { kind, name: 'MIPI_CSI_PHY1', base: 0x30a8_0000, size, pdap: 72 },
  { kind, name: 'CSI1', base: 0x30a9_0000, size, pdap: 73 },
  { kind, name: 'USDHC1', base: 0x30b4_0000, size, pdap: 84 },
  { kind, name: 'USDHC2', base: 0x30b5_0000, size, pdap: 85 },
  { kind, name: 'MIPI_CSI2', base: 0x30b6_0000, size, pdap: 86 },
  { kind, name: 'MIPI_CSI_PHY2', base: 0x30b7_0000, size, pdap: 87 },
  { kind, name: 'CSI2', base: 0x30b8_0000, size, pdap: 88 },
  { kind, name: 'QUADSPI', base: 0x30bb_0000, size, pdap: 91 },
  { kind, name: 'ENET1', base: 0x30be_0000, size, pdap: 94 },
  { kind, name: 'NOC', base: 0x3270_0000, size: 1 * MiB },
  { kind, name: 'HDMI_TX', base: 0x32c0_0000, size: 1 * MiB },
  { kind, name: 'AIPSTZ4', base: 0x32df_0000, size },
  { kind, name: 'DCSS', base: 0x32e0_0000, size: 180 * KiB },
  { kind, name: 'IRQ_STEER', base: 0x32e2_d000, size: 4 * KiB },
  { kind, name: 'DCSS_BLK_CTL', base: 0x32e2_f000, size: 4 * KiB },
  { kind, name: 'TZASC', base: 0x32f8_0000, size, pdap: 56 },
  { kind, name: 'APBH_DMA', base: 0x3300_0000, size: 8 * KiB },
  { kind, name: 'GPMI', base: 0x3300_2000, size: 8 * KiB },
  { kind, name: 'BCH', base: 0x3300_4000, size: 8 * KiB },
  { kind, name: 'PCIE1', base: 0x3380_0000, size: 4 * MiB },
  { kind, name: 'PCIE2', base: 0x33c0_0000, size: 4 * MiB },
  { kind, name: 'GPU', base: 0x3800_0000, size: 256 * KiB },
  { kind, name: 'USB1', base: 0x3810_0000, size: 1 * MiB },
  { kind, name: 'USB2', base: 0x3820_0000, size: 1 * MiB },
  { kind, name: 'VPU_G1', base: 0x3830_0000, size },
  { kind, name: 'VPU_G2', base: 0x3831_0000, size },
  { kind, name: 'VPU_BLK_CTRL', base: 0x3832_0000, size },
  { kind, name: 'GIC', base: 0x3880_0000, size: 1 * MiB, views: ['linux'] },
  { kind, name: 'DDR_PHY', base: 0x3c00_0000, size: 16 * MiB },
  { kind, name: 'DDR_BLK_CTRL', base: 0x3d00_0000, size },
  { kind, name: 'DDRC', base: 0x3d40_0000, size: 4 * MiB },
  { kind, name: 'DDR_PERF', base: 0x3d80_0000, size: 4 * MiB },
];
