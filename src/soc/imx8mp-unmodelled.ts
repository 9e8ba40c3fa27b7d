/**
 * Blocks of the i.MX 8M Plus that exist at an address and are not modelled, so that firmware that touches one is told its name.
 *
 * Source: memory map chapter of the reference manual, NXP's MIMX8ML8_cm7_COMMON.h and PERI_*.h, Linux's imx8mp.dtsi.
 */
import { KiB, MiB } from '../memory/bits.ts';
import type { PeripheralSpec } from '../peripherals/catalogue.ts';

const kind = 'unmodelled';
/** Window of one AIPS slot. */
const size = 64 * KiB;

/** In address order. */
export const IMX8MP_UNMODELLED: readonly PeripheralSpec[] = [
  { kind, name: 'AIPSTZ1', base: 0x301f_0000, size },
  { kind, name: 'XTALOSC', base: 0x3027_0000, size, pdap: 7 },
  { kind, name: 'ROMCP', base: 0x3031_0000, size, pdap: 17 },
  { kind, name: 'AIPSTZ2', base: 0x305f_0000, size },
  { kind, name: 'PERFMON1', base: 0x307c_0000, size, pdap: 60 },
  { kind, name: 'PERFMON2', base: 0x307d_0000, size, pdap: 61 },
  { kind, name: 'QOSC', base: 0x307f_0000, size, pdap: 63 },
  { kind, name: 'SPBA1', base: 0x308f_0000, size, pdap: 111 },
  { kind, name: 'CAAM', base: 0x3090_0000, size: 256 * KiB, pdap: 58 },
  { kind, name: 'AIPSTZ3', base: 0x309f_0000, size },
  { kind, name: 'IRQ_STEER_AUDIO_PROCESSOR', base: 0x30a8_0000, size, pdap: 72 },
  { kind, name: 'USDHC1', base: 0x30b4_0000, size, pdap: 84 },
  { kind, name: 'USDHC2', base: 0x30b5_0000, size, pdap: 85 },
  { kind, name: 'USDHC3', base: 0x30b6_0000, size, pdap: 86 },
  // NXP's TMU sample of SDK 24.12 writes 0x30b87f84 (a clock root that does not exist) and runs on the board.
  { kind: 'reserved', name: 'AIPS3', base: 0x30b8_0000, size: 3 * 64 * KiB },
  { kind, name: 'FLEXSPI', base: 0x30bb_0000, size, pdap: 91 },
  { kind, name: 'ENET1', base: 0x30be_0000, size, pdap: 94 },
  { kind, name: 'ENET_QOS', base: 0x30bf_0000, size, pdap: 95 },
  { kind, name: 'SAI1', base: 0x30c1_0000, size, pdap: 78 },
  { kind, name: 'SAI2', base: 0x30c2_0000, size, pdap: 79 },
  { kind, name: 'SAI3', base: 0x30c3_0000, size, pdap: 80 },
  { kind, name: 'SAI5', base: 0x30c5_0000, size, pdap: 82 },
  { kind, name: 'SAI6', base: 0x30c6_0000, size, pdap: 83 },
  { kind, name: 'SAI7', base: 0x30c8_0000, size, pdap: 101 },
  { kind, name: 'ASRC', base: 0x30c9_0000, size },
  { kind, name: 'PDM', base: 0x30ca_0000, size, pdap: 106 },
  { kind, name: 'AUD2HTX', base: 0x30cb_0000, size },
  { kind, name: 'AUDIO_XCVR', base: 0x30cc_0000, size, pdap: 107 },
  { kind, name: 'SPBA2', base: 0x30cf_0000, size, pdap: 90 },
  { kind, name: 'AIPSTZ5', base: 0x30df_0000, size },
  { kind, name: 'EDMA1', base: 0x30e3_0000, size: 3 * 64 * KiB, pdap: 53 },
  { kind, name: 'MU2_A', base: 0x30e6_0000, size, pdap: 5 },
  { kind, name: 'MU2_B', base: 0x30e7_0000, size, pdap: 16 },
  { kind, name: 'MU3_A', base: 0x30e8_0000, size, pdap: 18 },
  { kind, name: 'MU3_B', base: 0x30e9_0000, size, pdap: 31 },
  { kind, name: 'GPV', base: 0x3200_0000, size: 7 * MiB },
  { kind, name: 'NOC', base: 0x3270_0000, size: 1 * MiB },
  { kind, name: 'AIPSTZ4', base: 0x32df_0000, size },
  { kind, name: 'ISI', base: 0x32e0_0000, size, pdap: 32 },
  { kind, name: 'MIPI_DSI', base: 0x32e1_0000, size: 4 * KiB, pdap: 50 },
  { kind, name: 'MIPI_CSI1', base: 0x32e4_0000, size, pdap: 36 },
  { kind, name: 'MIPI_CSI2', base: 0x32e5_0000, size, pdap: 49 },
  { kind, name: 'LCDIF1', base: 0x32e8_0000, size, pdap: 52 },
  { kind, name: 'LCDIF2', base: 0x32e9_0000, size, pdap: 59 },
  { kind, name: 'MEDIA_BLK_CTRL', base: 0x32ec_0000, size, pdap: 51 },
  { kind, name: 'PCIE_PHY', base: 0x32f0_0000, size, pdap: 87 },
  { kind, name: 'HSIO_BLK_CTRL', base: 0x32f1_0000, size, pdap: 37 },
  { kind, name: 'TZASC', base: 0x32f8_0000, size, pdap: 56 },
  { kind, name: 'HDMI_TX', base: 0x32fc_0000, size: 128 * KiB, pdap: 71 },
  { kind, name: 'APBH_DMA', base: 0x3300_0000, size: 8 * KiB },
  { kind, name: 'GPMI', base: 0x3300_2000, size: 8 * KiB },
  { kind, name: 'BCH', base: 0x3300_4000, size: 8 * KiB },
  { kind, name: 'PCIE', base: 0x3380_0000, size: 4 * MiB },
  { kind, name: 'GPU3D', base: 0x3800_0000, size: 32 * KiB },
  { kind, name: 'GPU2D', base: 0x3800_8000, size: 32 * KiB },
  { kind, name: 'USB1', base: 0x3810_0000, size: 1 * MiB },
  { kind, name: 'USB2', base: 0x3820_0000, size: 1 * MiB },
  { kind, name: 'VPU_G1', base: 0x3830_0000, size },
  { kind, name: 'VPU_G2', base: 0x3831_0000, size },
  { kind, name: 'VPU_VC8000E', base: 0x3832_0000, size },
  { kind, name: 'VPU_BLK_CTRL', base: 0x3833_0000, size },
  { kind, name: 'NPU', base: 0x3850_0000, size: 2 * MiB },
  { kind, name: 'GIC', base: 0x3880_0000, size: 1 * MiB, views: ['linux'] },
  { kind, name: 'DDR_PHY', base: 0x3c00_0000, size: 16 * MiB },
  { kind, name: 'DDR_BLK_CTRL', base: 0x3d00_0000, size },
  { kind, name: 'DDRC', base: 0x3d40_0000, size: 4 * MiB },
  { kind, name: 'DDR_PERF', base: 0x3d80_0000, size: 4 * MiB },
];
