/**
 * Registers of SDMA as the Arm platform sees them (SDMAARM), in manual order; the behaviour is in `sdma.ts`.
 *
 * Described in the SDMA chapter of the reference manuals and NXP's PERI_SDMAARM.h. One list for the whole family: 32 channels, 48 DMA requests.
 */
import { bit, defineRegisters, field } from '../memory/registers.ts';

/** Channels of one SDMA. */
export const SDMA_CHANNELS = 32;
/** DMA requests of one SDMA. */
export const SDMA_EVENTS = 48;

/** The registers. */
export const SDMA = defineRegisters({
  MC0PTR: { offset: 0x00 },
  INTR: { offset: 0x04, access: 'w1c' },
  STOP_STAT: { offset: 0x08, access: 'w1c' },
  HSTART: { offset: 0x0c, access: 'ro' },
  EVTOVR: { offset: 0x10 },
  DSPOVR: { offset: 0x14, reset: 0xffff_ffff },
  HOSTOVR: { offset: 0x18 },
  EVTPEND: { offset: 0x1c, access: 'ro' },
  RESET: { offset: 0x24, access: 'ro' },
  EVTERR: { offset: 0x28, access: 'ro' },
  INTRMASK: { offset: 0x2c },
  PSW: { offset: 0x30, access: 'ro' },
  EVTERRDBG: { offset: 0x34, access: 'ro' },
  CONFIG: {
    offset: 0x38,
    access: 'ro',
    reset: 0x3,
    fields: { CSM: field(0, 2), ACR: bit(4), RTDOBS: bit(11), DSPDMA: bit(12) },
  },
  SDMA_LOCK: { offset: 0x3c, access: 'ro', fields: { LOCK: bit(0), SRESET_LOCK_CLR: bit(1) } },
  ONCE_ENB: { offset: 0x40, unimplemented: true },
  ONCE_DATA: { offset: 0x44, unimplemented: true },
  ONCE_INSTR: { offset: 0x48, unimplemented: true },
  ONCE_STAT: { offset: 0x4c, access: 'ro', reset: 0xe000, unimplemented: true },
  ONCE_CMD: { offset: 0x50, unimplemented: true },
  ILLINSTADDR: { offset: 0x58, access: 'ro', reset: 0x1, fields: { ILLINSTADDR: field(0, 14) } },
  CHN0ADDR: { offset: 0x5c, access: 'ro', reset: 0x50, fields: { CHN0ADDR: field(0, 14), SMSZ: bit(14) } },
  EVT_MIRROR: { offset: 0x60, access: 'ro' },
  EVT_MIRROR2: { offset: 0x64, access: 'ro' },
  XTRIG_CONF1: { offset: 0x70, unimplemented: true },
  XTRIG_CONF2: { offset: 0x74, unimplemented: true },
  SDMA_CHNPRI: { offset: 0x100, count: SDMA_CHANNELS, access: 'ro', fields: { CHNPRIn: field(0, 3) } },
  CHNENBL: { offset: 0x200, count: SDMA_EVENTS },
  DONE0_CONFIG: { offset: 0x1000, unimplemented: true },
  DONE1_CONFIG: { offset: 0x1004, unimplemented: true },
});
