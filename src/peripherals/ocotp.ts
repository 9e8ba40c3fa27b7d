/**
 * OCOTP of the i.MX family: shadow registers of the fuses, reading and programming of fuses, reloading the shadows.
 *
 * Described in the OCOTP chapters of the reference manuals; names and offsets of single fuses are in their fuse maps. The SoC's description says which fuses
 * are burnt; all others, and with them serial number, speed grade and calibration unless given, are 0. Not modelled: LOCK and sticky bits hold
 * nothing back, TIMING is not checked.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { hex } from '../memory/bits.ts';
import { bit, defineRegisters, field, RegisterFile, type RegisterMap } from '../memory/registers.ts';
import type { Scheduler, Timer } from '../time/scheduler.ts';

/** CTRL.WR_UNLOCK that allows to program. */
const UNLOCK = 0x3e77;
/** Nanoseconds that a fuse takes to be read or programmed, and all of them to be loaded into the shadows. */
const READ_NS = 1_000;
const PROGRAM_NS = 15_000;
const RELOAD_NS = 50_000;

interface OcotpLayout {
  readonly registers: RegisterMap;
  /** Lowest bit of BUSY, ERROR and RELOAD_SHADOWS in CTRL, above the address. */
  readonly busy: number;
  /** Fuse words that one address stands for: where it is more than one, data registers are DATA0 and so on. */
  readonly bank: 1 | 4;
}

const fuses = (count: number) => ({ FUSE: { offset: 0x400, count, stride: 0x10 } }) as const;

function control(addressBits: number, busy: number) {
  return {
    offset: 0x00,
    setClearToggle: true,
    fields: {
      ADDR: field(0, addressBits),
      BUSY: bit(busy, 'ro'),
      ERROR: bit(busy + 1),
      RELOAD_SHADOWS: bit(busy + 2),
      WR_UNLOCK: field(16, 16),
    },
  } as const;
}

function single(addressBits: number, busy: number, count: number): OcotpLayout {
  const registers = defineRegisters({
    CTRL: control(addressBits, busy),
    TIMING: { offset: 0x10, reset: 0x0146_1299 },
    DATA: { offset: 0x20 },
    READ_CTRL: { offset: 0x30 },
    READ_FUSE_DATA: { offset: 0x40 },
    SW_STICKY: { offset: 0x50 },
    SCS: { offset: 0x60, setClearToggle: true },
    VERSION: { offset: 0x90, access: 'ro', reset: 0x0600_0000 },
    ...fuses(count),
  });
  return { registers, busy, bank: 1 };
}

/** By the SoC that has it first. */
export const OCOTP_LAYOUTS = {
  /** i.MX 6SoloX. */
  imx6sx: single(7, 8, 128),
  /** i.MX 7Dual: an address is a bank of four words. */
  imx7d: {
    registers: defineRegisters({
      CTRL: control(4, 8),
      TIMING: { offset: 0x10 },
      DATA0: { offset: 0x20 },
      DATA1: { offset: 0x30 },
      DATA2: { offset: 0x40 },
      DATA3: { offset: 0x50 },
      READ_CTRL: { offset: 0x60 },
      READ_FUSE_DATA0: { offset: 0x70 },
      READ_FUSE_DATA1: { offset: 0x80 },
      READ_FUSE_DATA2: { offset: 0x90 },
      READ_FUSE_DATA3: { offset: 0xa0 },
      SW_STICKY: { offset: 0xb0 },
      SCS: { offset: 0xc0, setClearToggle: true },
      CRC_ADDR: { offset: 0xd0, unimplemented: true },
      CRC_VALUE: { offset: 0xe0, unimplemented: true },
      VERSION: { offset: 0xf0, access: 'ro' },
      ...fuses(64),
    }),
    busy: 8,
    bank: 4,
  },
  /** i.MX 8M Quad, Mini and Nano. */
  imx8mq: single(8, 8, 256),
  /** i.MX 8M Plus. */
  imx8mp: single(9, 9, 384),
} as const satisfies Record<string, OcotpLayout>;

/** Name of a layout. */
export type OcotpLayoutName = keyof typeof OCOTP_LAYOUTS;

/** What an `Ocotp` needs. */
export interface OcotpOptions {
  readonly name: string;
  readonly layout: OcotpLayoutName;
  /** Burnt fuses: words by their number, which is their shadow's offset from 0x400 in steps of 16. */
  readonly fuses?: Readonly<Record<number, number>>;
  readonly scheduler: Scheduler;
  readonly diagnostics: Diagnostics;
}

/** The fuses and their controller. */
export class Ocotp {
  readonly device: RegisterFile<RegisterMap>;
  private readonly options: OcotpOptions;
  private readonly layout: OcotpLayout;
  private readonly timer: Timer;
  /** What is burnt. */
  private readonly burnt: Uint32Array;

  constructor(options: OcotpOptions) {
    const { name, scheduler, diagnostics } = options;
    this.options = options;
    this.layout = OCOTP_LAYOUTS[options.layout];
    const { registers, bank } = this.layout;
    this.burnt = new Uint32Array(registers['FUSE']!.count!);
    for (const [word, value] of Object.entries(options.fuses ?? {})) this.burnt[Number(word)] = value;
    this.timer = scheduler.timer(name, () => this.setBusy(false));
    this.device = new RegisterFile<RegisterMap>(registers, {
      name,
      diagnostics,
      behaviour: {
        CTRL: { write: (next) => this.control(next) },
        READ_CTRL: { write: (next) => this.readFuse(next) },
        [bank === 1 ? 'DATA' : 'DATA0']: { write: () => this.program() },
      },
    });
    this.loadShadows();
  }

  /** Reset of the SoC: fuses stay, shadows show them again. */
  reset(): void {
    this.timer.cancel();
    this.device.reset();
    this.loadShadows();
  }

  private loadShadows(): void {
    for (const [word, value] of this.burnt.entries()) this.device.set('FUSE', value, word);
  }

  private setBusy(busy: boolean): void {
    const bit = 1 << this.layout.busy;
    const control = this.device.get('CTRL');
    this.device.set('CTRL', (busy ? control | bit : control & ~bit) >>> 0);
  }

  /** Busy from now on for `ns`. */
  private work(ns: number): void {
    this.setBusy(true);
    this.timer.armIn(this.options.scheduler.cyclesFromNs(ns));
  }

  private control(next: number): void {
    const reload = 1 << (this.layout.busy + 2);
    if (!(next & reload)) return;
    this.device.set('CTRL', (next & ~reload) >>> 0);
    this.loadShadows();
    this.work(RELOAD_NS);
  }

  /** The first of the words that CTRL.ADDR stands for; undefined, and an error, where there are none or the block is busy. */
  private addressed(): number | undefined {
    const { bank, busy } = this.layout;
    const control = this.device.get('CTRL');
    const word = (control & ((1 << busy) - 1)) * bank;
    if (!(control & (1 << busy)) && word < this.burnt.length) return word;
    this.device.set('CTRL', (control | (2 << busy)) >>> 0);
    const why = control & (1 << busy) ? 'while CTRL.BUSY' : `of word ${hex(word)}, which does not exist`;
    this.options.diagnostics.guestError(this.options.name, 'CTRL', `access to fuses ${why}`);
    return undefined;
  }

  private readFuse(next: number): void {
    const word = next & 1 ? this.addressed() : undefined;
    if (word === undefined) return;
    const { bank } = this.layout;
    for (let n = 0; n < bank; n++) this.device.set(bank === 1 ? 'READ_FUSE_DATA' : `READ_FUSE_DATA${n}`, this.burnt[word + n]!);
    this.work(READ_NS);
  }

  /** A fuse only ever becomes 1; the shadow follows when it is reloaded. */
  private program(): void {
    const control = this.device.get('CTRL');
    if (control >>> 16 !== UNLOCK) {
      this.device.set('CTRL', (control | (2 << this.layout.busy)) >>> 0);
      this.options.diagnostics.guestError(this.options.name, 'DATA', 'written without CTRL.WR_UNLOCK');
      return;
    }
    const word = this.addressed();
    if (word === undefined) return;
    const { bank } = this.layout;
    for (let n = 0; n < bank; n++) this.burnt[word + n]! |= this.device.get(bank === 1 ? 'DATA' : `DATA${n}`);
    this.device.set('CTRL', this.device.get('CTRL') & 0xffff);
    this.work(PROGRAM_NS);
  }
}
