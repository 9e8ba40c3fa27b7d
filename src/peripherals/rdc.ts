/**
 * RDC: which master belongs to which resource domain, and what each domain may access.
 *
 * Described in the RDC chapter of the reference manuals. STAT.DID shows each master its own domain. Not modelled: enforcement. The
 * permissions (PDAP, memory regions) are stored, and reported when they deny something; every access is allowed.
 */
import type { Diagnostics } from '../diagnostics.ts';
import type { BusDevice } from '../memory/bus.ts';
import { bit, defineRegisters, field, RegisterFile } from '../memory/registers.ts';

/** Registers in manual order. */
export const RDC = defineRegisters({
  VIR: { offset: 0x000, access: 'ro', reset: 0x04d7_0284 },
  STAT: { offset: 0x024, access: 'ro', fields: { DID: field(0, 4, 'ro'), PDS: bit(8, 'ro') } },
  INTCTRL: { offset: 0x028, access: 'ro', fields: { RCI_EN: bit(0) } },
  INTSTAT: { offset: 0x02c, access: 'ro', fields: { INT: bit(0, 'w1c') } },
  MDA: { offset: 0x200, count: 40, access: 'ro', fields: { DID: field(0, 2), LCK: bit(31) } },
  PDAP: { offset: 0x400, count: 112, reset: 0x0000_00ff, access: 'ro', fields: { PERMISSIONS: field(0, 8), SREQ: bit(30), LCK: bit(31) } },
  MRSA: { offset: 0x800, count: 77, stride: 0x10, access: 'ro', fields: { SADR: field(7, 25) } },
  MREA: { offset: 0x804, count: 77, stride: 0x10, access: 'ro', fields: { EADR: field(7, 25) } },
  MRC: {
    offset: 0x808,
    count: 77,
    stride: 0x10,
    reset: 0x0000_00ff,
    access: 'ro',
    fields: { PERMISSIONS: field(0, 8), ENA: bit(30), LCK: bit(31) },
  },
  MRVS: { offset: 0x80c, count: 77, stride: 0x10, access: 'ro', fields: { AD: bit(4, 'w1c') } },
});

const LOCK = 0x8000_0000;
const ENA = 0x4000_0000;
/** Read and write for all four domains. */
const ALL = 0xff;
/** STAT.PDS: the power-down domain is on. */
const POWERED = 1 << 8;

/** Index of MDA by view. */
export type RdcMasters = Readonly<Record<string, number>>;

/** The block. */
export class Rdc {
  static readonly wiring = ['masters', 'assignments'];
  /** As a master of domain 0 sees it. */
  readonly device: RegisterFile<typeof RDC>;
  private readonly masters: RdcMasters;
  /** Domains as the boot loader assigned them, by index of MDA. */
  private readonly assignments: Readonly<Record<number, number>>;

  constructor(options: {
    name: string;
    masters: RdcMasters;
    assignments: Readonly<Record<number, number>>;
    diagnostics: Diagnostics;
  }) {
    const { name, diagnostics } = options;
    this.masters = options.masters;
    this.assignments = options.assignments;
    const keepLocked = (register: 'MDA' | 'PDAP' | 'MRC') => (_next: number, previous: number, index: number) => {
      if ((previous & LOCK) === 0) return;
      this.device.set(register, previous, index);
      diagnostics.guestError(name, `${register}[${index}]`, 'written while locked: ignored');
    };
    this.device = new RegisterFile(RDC, {
      name,
      diagnostics,
      behaviour: {
        STAT: { value: () => POWERED },
        MDA: { write: keepLocked('MDA') },
        PDAP: {
          write: (next, previous, index) => {
            keepLocked('PDAP')(next, previous, index);
            if ((next & ALL) !== ALL) diagnostics.unimplemented(name, 'PDAP', 'denies a domain, but permissions are not enforced');
          },
        },
        MRC: {
          write: (next, previous, index) => {
            keepLocked('MRC')(next, previous, index);
            const denies = (next & ENA) !== 0 && (next & ALL) !== ALL;
            if (denies) diagnostics.unimplemented(name, 'MRC', 'denies a domain, but permissions are not enforced');
          },
        },
      },
    });
    this.reset();
  }

  /** The block as the master of `view` sees it: STAT.DID is its own domain. */
  deviceFor(view: string): BusDevice {
    const master = this.masters[view];
    if (master === undefined) return this.device;
    const did = (offset: number): number => (offset === RDC.STAT.offset ? this.device.field('MDA', 'DID', master) : 0);
    return {
      read: (offset, size) => (this.device.read(offset, size) | did(offset)) >>> 0,
      peek: (offset, size) => (this.device.peek(offset, size) | did(offset)) >>> 0,
      write: (offset, value, size) => this.device.write(offset, value, size),
    };
  }

  /** Reset of the SoC, with what the boot loader then did. */
  reset(): void {
    this.device.reset();
    for (const [index, domain] of Object.entries(this.assignments)) this.device.set('MDA', domain, Number(index));
  }
}
