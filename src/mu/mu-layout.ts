/**
 * Where each generation of NXP's Messaging Unit keeps its bits, as data; `messaging-unit.ts` is the one state machine behind all of them.
 *
 * Sources: the MU chapters of the reference manuals, MCUXpresso's register headers (PERI_MU.h), Linux's imx_mu_dcfg. In v1 the
 * channels count down from the highest bit of their field (channel 0 is bit 27 of RFn); in v2 channel n is bit n.
 * Not documented anywhere public: the value of VER (v2), which reads as 0 here.
 */

/** One thing that a bit field of an MU register shows or changes; see `MuSide` for what each does. */
export type MuSignal =
  /** Transmit register n is empty. */
  | 'TE'
  /** Receive register n is full. */
  | 'RF'
  /** General interrupt n from the peer is pending; a 1 acknowledges it. */
  | 'GIP'
  /** General interrupt request n to the peer; reads as 1 until the peer acknowledges. */
  | 'GIR'
  | 'TIE'
  | 'RIE'
  | 'GIE'
  /** Flags to the peer. */
  | 'F'
  /** Flags of the peer. */
  | 'PF'
  /** MU reset of both sides, self-clearing. */
  | 'MUR'
  /** The peer reset the MU. */
  | 'MURIP'
  | 'MURIE'
  /** Any GIP, TE, RF, core event. */
  | 'GIRP'
  | 'TEP'
  | 'RFP'
  | 'CEP'
  /** Power mode of the peer's processor: 0 run, 1 wait, 3 stop. */
  | 'PM'
  /** The peer's processor is in reset. */
  | 'RS'
  /** The peer's processor came out of reset. */
  | 'RDIP'
  | 'RDIE'
  /** Core events (NMIC, HRIP, RUN, RAIP, HALT, WAIT, STOP, PD from bit 0), their enables, and the present state. */
  | 'CSSR'
  | 'CIER'
  | 'CSR'
  /** Control of the peer's processor: stored, reported as not modelled when set. */
  | 'CONTROL'
  /** Updates in progress; never seen, since both sides update at once. */
  | 'ZERO';

/** `width` bits from `lsb`; `descending` puts channel 0 at the top. */
export interface MuField {
  readonly name: string;
  readonly signal: MuSignal;
  readonly lsb: number;
  readonly width: number;
  readonly descending?: true;
}

/** A status or control register. */
export interface MuRegister {
  readonly name: string;
  readonly offset: number;
  readonly fields: readonly MuField[];
  /** Bits that always read as these. */
  readonly constant?: number;
}

/** One generation of the MU. */
export interface MuLayout {
  readonly name: string;
  /** Bytes that one side takes on the bus. */
  readonly window: number;
  readonly channels: number;
  /** Offset of TR0 and RR0. */
  readonly transmit: number;
  readonly receive: number;
  readonly registers: readonly MuRegister[];
  /** Memory shared by both sides. */
  readonly sram?: { readonly offset: number; readonly size: number };
}

const down = (name: string, signal: MuSignal, lsb: number): MuField => ({ name, signal, lsb, width: 4, descending: true });
const up = (name: string, signal: MuSignal, width = 4): MuField => ({ name, signal, lsb: 0, width });
const one = (name: string, signal: MuSignal, lsb: number): MuField => ({ name, signal, lsb, width: 1 });

function v1(name: string, window: number, transmit: number, receive: number, status: number): MuLayout {
  return {
    name,
    window,
    channels: 4,
    transmit,
    receive,
    registers: [
      {
        name: 'SR',
        offset: status,
        fields: [
          { name: 'Fn', signal: 'PF', lsb: 0, width: 3 },
          one('EP', 'ZERO', 4),
          { name: 'PM', signal: 'PM', lsb: 5, width: 2 },
          one('RS', 'RS', 7),
          one('FUP', 'ZERO', 8),
          one('RDIP', 'RDIP', 9),
          down('TEn', 'TE', 20),
          down('RFn', 'RF', 24),
          down('GIPn', 'GIP', 28),
        ],
      },
      {
        name: 'CR',
        offset: status + 4,
        fields: [
          { name: 'Fn', signal: 'F', lsb: 0, width: 3 },
          one('HR', 'CONTROL', 4),
          one('MUR', 'MUR', 5),
          one('RDIE', 'RDIE', 6),
          down('GIRn', 'GIR', 16),
          down('TIEn', 'TIE', 20),
          down('RIEn', 'RIE', 24),
          down('GIEn', 'GIE', 28),
        ],
      },
    ],
  };
}

function v2(name: string, window: number, sram?: MuLayout['sram']): MuLayout {
  return {
    name,
    window,
    channels: 4,
    transmit: 0x200,
    receive: 0x280,
    registers: [
      { name: 'VER', offset: 0x000, fields: [] },
      { name: 'PAR', offset: 0x004, fields: [], constant: 0x0304_0404 },
      { name: 'CR', offset: 0x008, fields: [one('MUR', 'MUR', 0), one('MURIE', 'MURIE', 1)] },
      {
        name: 'SR',
        offset: 0x00c,
        fields: [
          one('MURS', 'ZERO', 0),
          one('MURIP', 'MURIP', 1),
          one('EP', 'ZERO', 2),
          one('FUP', 'ZERO', 3),
          one('GIRP', 'GIRP', 4),
          one('TEP', 'TEP', 5),
          one('RFP', 'RFP', 6),
          one('CEP', 'CEP', 7),
        ],
      },
      { name: 'CCR0', offset: 0x010, fields: [up('CCR0', 'CONTROL', 7)] },
      { name: 'CIER0', offset: 0x014, fields: [up('CIER0', 'CIER', 8)] },
      { name: 'CSSR0', offset: 0x018, fields: [up('CSSR0', 'CSSR', 8)] },
      { name: 'CSR0', offset: 0x01c, fields: [up('CSR0', 'CSR', 8)] },
      { name: 'FCR', offset: 0x100, fields: [up('Fn', 'F', 3)] },
      { name: 'FSR', offset: 0x104, fields: [up('Fn', 'PF', 3)] },
      { name: 'GIER', offset: 0x110, fields: [up('GIEn', 'GIE')] },
      { name: 'GCR', offset: 0x114, fields: [up('GIRn', 'GIR')] },
      { name: 'GSR', offset: 0x118, fields: [up('GIPn', 'GIP')] },
      { name: 'TCR', offset: 0x120, fields: [up('TIEn', 'TIE')] },
      { name: 'TSR', offset: 0x124, fields: [up('TEn', 'TE')] },
      { name: 'RCR', offset: 0x128, fields: [up('RIEn', 'RIE')] },
      { name: 'RSR', offset: 0x12c, fields: [up('RFn', 'RF')] },
    ],
    ...(sram ? { sram } : {}),
  };
}

/** All generations by name; the names are those of Linux's `imx_mu_cfg_*` and so of the `compatible` strings. */
export const MU_LAYOUTS = {
  /** v1: 6SX, 7D, 8MQ, 8MM, 8MN, 8MP, 8QM, 8QXP. */
  imx6sx: v1('imx6sx', 0x1_0000, 0x00, 0x10, 0x20),
  /** v1 at other offsets. */
  imx7ulp: v1('imx7ulp', 0x1000, 0x20, 0x40, 0x60),
  /** v2. */
  imx8ulp: v2('imx8ulp', 0x1000),
  /** v2. */
  imx93: v2('imx93', 0x1_0000),
  /** v2 with 1 KiB of memory for SCMI. */
  imx95: v2('imx95', 0x1_0000, { offset: 0x1000, size: 0x400 }),
} as const satisfies Record<string, MuLayout>;

/** Name of a layout, as `MuDescription.layout` holds it. */
export type MuLayoutName = keyof typeof MU_LAYOUTS;
