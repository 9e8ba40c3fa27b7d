/**
 * Blocks of the i.MX 6SoloX that exist at an address and are not modelled, so that firmware that touches one is told its name.
 *
 * Source: memory map chapter of the reference manual, MCIMX6X_M4.h (whose addresses are the M4's), Linux's imx6sx.dtsi; numbers of permissions from the
 * BSP's rdc_defs_imx6sx.h.
 */
import { KiB } from '../memory/bits.ts';
import type { PeripheralSpec } from '../peripherals/catalogue.ts';

const kind = 'unmodelled';
/** Window of one AIPS slot. */
const size = 16 * KiB;

/** In address order. */
export const IMX6SX_UNMODELLED: readonly PeripheralSpec[] = [
  { kind, name: 'GPU', base: 0x0180_0000, bases: { m4: 0x4180_0000 }, size },
  { kind, name: 'APBH', base: 0x0180_4000, bases: { m4: 0x4180_4000 }, size: 8 * KiB },
  { kind, name: 'GPMI', base: 0x0180_6000, bases: { m4: 0x4180_6000 }, size: 8 * KiB },
  { kind, name: 'BCH', base: 0x0180_8000, bases: { m4: 0x4180_8000 }, size },
  { kind, name: 'SPDIF', base: 0x0200_4000, bases: { m4: 0x4200_4000 }, size, pdap: 84 },
  { kind, name: 'ESAI', base: 0x0202_4000, bases: { m4: 0x4202_4000 }, size, pdap: 92 },
  { kind, name: 'SSI1', base: 0x0202_8000, bases: { m4: 0x4202_8000 }, size, pdap: 93 },
  { kind, name: 'SSI2', base: 0x0202_c000, bases: { m4: 0x4202_c000 }, size, pdap: 94 },
  { kind, name: 'SSI3', base: 0x0203_0000, bases: { m4: 0x4203_0000 }, size, pdap: 95 },
  { kind, name: 'ASRC', base: 0x0203_4000, bases: { m4: 0x4203_4000 }, size, pdap: 96 },
  { kind, name: 'SPBA', base: 0x0203_c000, bases: { m4: 0x4203_c000 }, size, pdap: 98 },
  { kind, name: 'AIPSTZ1', base: 0x0207_c000, bases: { m4: 0x4207_c000 }, size },
  { kind, name: 'KPP', base: 0x020b_8000, bases: { m4: 0x420b_8000 }, size, pdap: 14 },
  { kind, name: 'USBPHY1', base: 0x020c_9000, bases: { m4: 0x420c_9000 }, size: 4 * KiB },
  { kind, name: 'USBPHY2', base: 0x020c_a000, bases: { m4: 0x420c_a000 }, size: 4 * KiB },
  { kind, name: 'CAAM', base: 0x0210_0000, bases: { m4: 0x4210_0000 }, size: 64 * KiB, pdap: 66 },
  { kind, name: 'AIPSTZ2', base: 0x0217_c000, bases: { m4: 0x4217_c000 }, size },
  { kind, name: 'USB', base: 0x0218_4000, bases: { m4: 0x4218_4000 }, size, pdap: 35 },
  { kind, name: 'ENET1', base: 0x0218_8000, bases: { m4: 0x4218_8000 }, size, pdap: 36 },
  { kind, name: 'MLB', base: 0x0218_c000, bases: { m4: 0x4218_c000 }, size, pdap: 37 },
  { kind, name: 'USDHC1', base: 0x0219_0000, bases: { m4: 0x4219_0000 }, size, pdap: 38 },
  { kind, name: 'USDHC2', base: 0x0219_4000, bases: { m4: 0x4219_4000 }, size, pdap: 39 },
  { kind, name: 'USDHC3', base: 0x0219_8000, bases: { m4: 0x4219_8000 }, size, pdap: 40 },
  { kind, name: 'USDHC4', base: 0x0219_c000, bases: { m4: 0x4219_c000 }, size, pdap: 41 },
  { kind, name: 'ROMCP', base: 0x021a_c000, bases: { m4: 0x421a_c000 }, size, pdap: 45 },
  { kind, name: 'MMDC', base: 0x021b_0000, bases: { m4: 0x421b_0000 }, size, pdap: 46 },
  { kind, name: 'ENET2', base: 0x021b_4000, bases: { m4: 0x421b_4000 }, size, pdap: 47 },
  { kind, name: 'EIM', base: 0x021b_8000, bases: { m4: 0x421b_8000 }, size, pdap: 48 },
  { kind, name: 'PERFMON1', base: 0x021c_4000, bases: { m4: 0x421c_4000 }, size, pdap: 51 },
  { kind, name: 'PERFMON2', base: 0x021c_8000, bases: { m4: 0x421c_8000 }, size, pdap: 52 },
  { kind, name: 'AXI_MON', base: 0x021c_c000, bases: { m4: 0x421c_c000 }, size, pdap: 53 },
  { kind, name: 'TZASC1', base: 0x021d_0000, bases: { m4: 0x421d_0000 }, size, pdap: 54 },
  { kind, name: 'SAI1', base: 0x021d_4000, bases: { m4: 0x421d_4000 }, size, pdap: 55 },
  { kind, name: 'AUDMUX', base: 0x021d_8000, bases: { m4: 0x421d_8000 }, size, pdap: 56 },
  { kind, name: 'SAI2', base: 0x021d_c000, bases: { m4: 0x421d_c000 }, size, pdap: 57 },
  { kind, name: 'QUADSPI1', base: 0x021e_0000, bases: { m4: 0x421e_0000 }, size, pdap: 58 },
  { kind, name: 'QUADSPI2', base: 0x021e_4000, bases: { m4: 0x421e_4000 }, size, pdap: 59 },
  { kind, name: 'QOSC', base: 0x021f_c000, bases: { m4: 0x421f_c000 }, size, pdap: 65 },
  { kind, name: 'GIS', base: 0x0220_4000, bases: { m4: 0x4220_4000 }, size, pdap: 99 },
  { kind, name: 'DCIC1', base: 0x0220_c000, bases: { m4: 0x4220_c000 }, size, pdap: 100 },
  { kind, name: 'DCIC2', base: 0x0221_0000, bases: { m4: 0x4221_0000 }, size, pdap: 101 },
  { kind, name: 'CSI1', base: 0x0221_4000, bases: { m4: 0x4221_4000 }, size, pdap: 102 },
  { kind, name: 'PXP', base: 0x0221_8000, bases: { m4: 0x4221_8000 }, size, pdap: 103 },
  { kind, name: 'CSI2', base: 0x0221_c000, bases: { m4: 0x4221_c000 }, size, pdap: 104 },
  { kind, name: 'LCDIF1', base: 0x0222_0000, bases: { m4: 0x4222_0000 }, size, pdap: 105 },
  { kind, name: 'LCDIF2', base: 0x0222_4000, bases: { m4: 0x4222_4000 }, size, pdap: 106 },
  { kind, name: 'VADC', base: 0x0222_8000, bases: { m4: 0x4222_8000 }, size, pdap: 107 },
  { kind, name: 'VDEC', base: 0x0222_c000, bases: { m4: 0x4222_c000 }, size, pdap: 108 },
  { kind, name: 'AIPSTZ3', base: 0x0227_c000, bases: { m4: 0x4227_c000 }, size },
  { kind, name: 'CANFD_CPU', base: 0x0229_8000, bases: { m4: 0x4229_8000 }, size, pdap: 74 },
];
