/**
 * Blocks of the i.MX 7Dual that exist at an address and are not modelled, so that firmware that touches one is told its name.
 *
 * Source: memory map chapter of the reference manual, MCIMX7D_M4.h, Linux's imx7s.dtsi and imx7d.dtsi; numbers of permissions from the BSP's
 * rdc_defs_imx7d.h.
 */
import { KiB } from '../memory/bits.ts';
import type { PeripheralSpec } from '../peripherals/catalogue.ts';

const kind = 'unmodelled';
/** Window of one AIPS slot. */
const size = 64 * KiB;

/** In address order. */
export const IMX7D_UNMODELLED: readonly PeripheralSpec[] = [
  { kind, name: 'AIPSTZ1', base: 0x301f_0000, size },
  { kind, name: 'ROMCP', base: 0x3031_0000, size, pdap: 17 },
  { kind, name: 'KPP', base: 0x3032_0000, size, pdap: 18 },
  { kind, name: 'AIPSTZ2', base: 0x305f_0000, size },
  { kind, name: 'FTM1', base: 0x3064_0000, size, pdap: 36 },
  { kind, name: 'FTM2', base: 0x3065_0000, size, pdap: 37 },
  { kind, name: 'PCIE_PHY', base: 0x306d_0000, size, pdap: 45 },
  { kind, name: 'EPDC', base: 0x306f_0000, size, pdap: 47 },
  { kind, name: 'PXP', base: 0x3070_0000, size, pdap: 48 },
  { kind, name: 'CSI', base: 0x3071_0000, size, pdap: 49 },
  { kind, name: 'LCDIF', base: 0x3073_0000, size, pdap: 51 },
  { kind, name: 'MIPI_CSI2', base: 0x3075_0000, size, pdap: 53 },
  { kind, name: 'MIPI_DSI', base: 0x3076_0000, size, pdap: 54 },
  { kind, name: 'TZASC', base: 0x3078_0000, size, pdap: 56 },
  { kind, name: 'DDR_PHY', base: 0x3079_0000, size, pdap: 57 },
  { kind, name: 'DDRC', base: 0x307a_0000, size, pdap: 58 },
  { kind, name: 'PERFMON1', base: 0x307c_0000, size, pdap: 60 },
  { kind, name: 'PERFMON2', base: 0x307d_0000, size, pdap: 61 },
  { kind, name: 'AXI_DEBUG_MON', base: 0x307e_0000, size, pdap: 62 },
  { kind, name: 'QOSC', base: 0x307f_0000, size, pdap: 63 },
  { kind, name: 'SAI1', base: 0x308a_0000, size, pdap: 106 },
  { kind, name: 'SAI2', base: 0x308b_0000, size, pdap: 107 },
  { kind, name: 'SAI3', base: 0x308c_0000, size, pdap: 108 },
  { kind, name: 'SPBA', base: 0x308f_0000, size, pdap: 111 },
  { kind, name: 'CAAM', base: 0x3090_0000, size: 256 * KiB, pdap: 116 },
  { kind, name: 'AIPSTZ3', base: 0x309f_0000, size },
  { kind, name: 'USB1', base: 0x30b1_0000, size, pdap: 81 },
  { kind, name: 'USB2', base: 0x30b2_0000, size, pdap: 82 },
  { kind, name: 'USB3', base: 0x30b3_0000, size, pdap: 83 },
  { kind, name: 'USDHC1', base: 0x30b4_0000, size, pdap: 84 },
  { kind, name: 'USDHC2', base: 0x30b5_0000, size, pdap: 85 },
  { kind, name: 'USDHC3', base: 0x30b6_0000, size, pdap: 86 },
  { kind, name: 'SIM1', base: 0x30b9_0000, size, pdap: 89 },
  { kind, name: 'SIM2', base: 0x30ba_0000, size, pdap: 90 },
  { kind, name: 'QUADSPI', base: 0x30bb_0000, size, pdap: 91 },
  { kind, name: 'EIM', base: 0x30bc_0000, size, pdap: 92 },
  { kind, name: 'ENET1', base: 0x30be_0000, size, pdap: 94 },
  { kind, name: 'ENET2', base: 0x30bf_0000, size, pdap: 95 },
  { kind, name: 'APBH', base: 0x3300_0000, size: 8 * KiB },
  { kind, name: 'GPMI', base: 0x3300_2000, size: 8 * KiB },
  { kind, name: 'BCH', base: 0x3300_4000, size: 16 * KiB },
];
