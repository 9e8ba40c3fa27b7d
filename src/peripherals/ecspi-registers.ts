/**
 * The registers of the ECSPI, as the ECSPI chapter of the reference manuals and NXP's PERI_ECSPI.h have them; see `ecspi.ts`.
 */
import { bit, defineRegisters, field } from '../memory/registers.ts';

/** Flags of STATREG, which INTREG enables bit by bit. */
const FLAGS = { TE: 0, TDR: 1, TF: 2, RR: 3, RDR: 4, RF: 5 } as const;

/** Registers in manual order. */
export const ECSPI = defineRegisters({
  RXDATA: { offset: 0x00, access: 'ro' },
  TXDATA: { offset: 0x04, access: 'wo' },
  CONREG: {
    offset: 0x08,
    fields: {
      EN: bit(0),
      HT: bit(1),
      XCH: bit(2),
      SMC: bit(3),
      CHANNEL_MODE: field(4, 4),
      POST_DIVIDER: field(8, 4),
      PRE_DIVIDER: field(12, 4),
      DRCTL: field(16, 2),
      CHANNEL_SELECT: field(18, 2),
      BURST_LENGTH: field(20, 12),
    },
  },
  CONFIGREG: {
    offset: 0x0c,
    access: 'ro',
    fields: {
      SCLK_PHA: field(0, 4),
      SCLK_POL: field(4, 4),
      SS_CTL: field(8, 4),
      SS_POL: field(12, 4),
      DATA_CTL: field(16, 4),
      SCLK_CTL: field(20, 4),
      HT_LENGTH: field(24, 5),
    },
  },
  INTREG: { offset: 0x10, access: 'ro', fields: { ENABLES: field(0, 8) } },
  DMAREG: {
    offset: 0x14,
    access: 'ro',
    fields: {
      TX_THRESHOLD: field(0, 6),
      TEDEN: bit(7),
      RX_THRESHOLD: field(16, 6),
      RXDEN: bit(23),
      RX_DMA_LENGTH: field(24, 6),
      RXTDEN: bit(31),
    },
  },
  STATREG: {
    offset: 0x18,
    access: 'ro',
    reset: 0x0000_0003,
    fields: {
      TE: bit(FLAGS.TE, 'ro'),
      TDR: bit(FLAGS.TDR, 'ro'),
      TF: bit(FLAGS.TF, 'ro'),
      RR: bit(FLAGS.RR, 'ro'),
      RDR: bit(FLAGS.RDR, 'ro'),
      RF: bit(FLAGS.RF, 'ro'),
      RO: bit(6, 'w1c'),
      TC: bit(7, 'w1c'),
    },
  },
  PERIODREG: { offset: 0x1c, access: 'ro', fields: { SAMPLE_PERIOD: field(0, 15), CSRC: bit(15), CSD_CTL: field(16, 6) } },
  TESTREG: { offset: 0x20, access: 'ro', fields: { TXCNT: field(0, 7, 'ro'), RXCNT: field(8, 7, 'ro'), LBC: bit(31) } },
  MSGDATA: { offset: 0x40, access: 'wo' },
});
