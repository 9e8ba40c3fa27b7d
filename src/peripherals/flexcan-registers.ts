/**
 * Registers of FlexCAN, in manual order; the behaviour is in `flexcan.ts`.
 *
 * Described in the FlexCAN chapters of the i.MX 6SoloX, 7Dual and 8M Plus manuals and NXP's headers. The 8M Plus has those of CAN FD, which is not modelled,
 * and of error correction besides.
 */
import { bit, defineRegisters, field } from '../memory/registers.ts';

/** Message buffers of a controller. */
export const MESSAGE_BUFFERS = 64;

const COMMON = {
  MCR: {
    offset: 0x00,
    reset: 0xd890_000f,
    fields: {
      MAXMB: field(0, 7),
      IDAM: field(8, 2),
      AEN: bit(12),
      LPRIO_EN: bit(13),
      IRMQ: bit(16),
      SRX_DIS: bit(17),
      LPM_ACK: bit(20, 'ro'),
      WRN_EN: bit(21),
      FRZ_ACK: bit(24, 'ro'),
      SOFT_RST: bit(25),
      WAK_MSK: bit(26),
      NOT_RDY: bit(27, 'ro'),
      HALT: bit(28),
      RFEN: bit(29),
      FRZ: bit(30),
      MDIS: bit(31),
    },
  },
  CTRL1: {
    offset: 0x04,
    fields: {
      PROP_SEG: field(0, 3),
      LOM: bit(3),
      LBUF: bit(4),
      TSYN: bit(5),
      BOFF_REC: bit(6),
      SMP: bit(7),
      RWRN_MSK: bit(10),
      TWRN_MSK: bit(11),
      LPB: bit(12),
      ERR_MSK: bit(14),
      BOFF_MSK: bit(15),
      PSEG2: field(16, 3),
      PSEG1: field(19, 3),
      RJW: field(22, 2),
      PRESDIV: field(24, 8),
    },
  },
  TIMER: { offset: 0x08 },
  RXMGMASK: { offset: 0x10, reset: 0xffff_ffff },
  RX14MASK: { offset: 0x14, reset: 0xffff_ffff },
  RX15MASK: { offset: 0x18, reset: 0xffff_ffff },
  ECR: { offset: 0x1c },
  ESR1: {
    offset: 0x20,
    access: 'ro',
    fields: { WAK_INT: bit(0, 'w1c'), ERR_INT: bit(1, 'w1c'), BOFF_INT: bit(2, 'w1c'), RWRN_INT: bit(16, 'w1c'), TWRN_INT: bit(17, 'w1c') },
  },
  IMASK2: { offset: 0x24 },
  IMASK1: { offset: 0x28 },
  IFLAG2: { offset: 0x2c, access: 'w1c' },
  IFLAG1: { offset: 0x30, access: 'w1c' },
  CTRL2: {
    offset: 0x34,
    reset: 0x00b0_0000,
    fields: { EACEN: bit(16), RRS: bit(17), MRP: bit(18), TASD: field(19, 5), RFFN: field(24, 4) },
  },
  ESR2: { offset: 0x38, access: 'ro' },
  CRCR: { offset: 0x44, access: 'ro', unimplemented: true },
  RXFGMASK: { offset: 0x48, reset: 0xffff_ffff },
  RXFIR: { offset: 0x4c, access: 'ro' },
} as const;

const BUFFERS = {
  CS: { offset: 0x80, count: MESSAGE_BUFFERS, stride: 0x10 },
  ID: { offset: 0x84, count: MESSAGE_BUFFERS, stride: 0x10 },
  WORD0: { offset: 0x88, count: MESSAGE_BUFFERS, stride: 0x10 },
  WORD1: { offset: 0x8c, count: MESSAGE_BUFFERS, stride: 0x10 },
  RXIMR: { offset: 0x880, count: MESSAGE_BUFFERS },
} as const;

/** Registers by the SoC that has them first. */
export const FLEXCAN_LAYOUTS = {
  /** i.MX 6SoloX and 7Dual. */
  imx6sx: defineRegisters({ ...COMMON, ...BUFFERS, GFWR: { offset: 0x9e0 } }),
  /** i.MX 8M Plus. */
  imx8mp: defineRegisters({
    ...COMMON,
    CBT: { offset: 0x50, unimplemented: true },
    ...BUFFERS,
    MECR: { offset: 0xae0 },
    ERRIAR: { offset: 0xae4, unimplemented: true },
    ERRIDPR: { offset: 0xae8, unimplemented: true },
    ERRIPPR: { offset: 0xaec, unimplemented: true },
    RERRAR: { offset: 0xaf0, access: 'ro' },
    RERRDR: { offset: 0xaf4, access: 'ro' },
    RERRSYNR: { offset: 0xaf8, access: 'ro' },
    ERRSR: { offset: 0xafc, access: 'w1c' },
    FDCTRL: { offset: 0xc00, unimplemented: true },
    FDCBT: { offset: 0xc04, unimplemented: true },
    FDCRC: { offset: 0xc08, access: 'ro', unimplemented: true },
  }),
} as const;

/** Name of a layout. */
export type FlexcanLayoutName = keyof typeof FLEXCAN_LAYOUTS;
