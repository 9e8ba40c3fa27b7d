/**
 * System Control Block: identification, vector table, priorities of system exceptions, fault status (DDI 0403E, B3.2).
 *
 * Offsets are from 0xE000_E000. Not modelled: power states behind SLEEPDEEP (stored), AFSR, and everything that only a halting debugger
 * may do (AIRCR.VECTRESET and VECTCLRACTIVE, reported as guest errors).
 */
import type { Diagnostics } from '../diagnostics.ts';
import { bit, defineRegisters, field, RegisterFile } from '../memory/registers.ts';
import { EXCEPTION } from './exception-numbers.ts';
import { BFSR, type DFSR, type FaultStatus, type HFSR, MMFSR, type UFSR } from './fault-status.ts';
import { IDENTIFICATION_REGISTERS, identification } from './identification.ts';
import type { Nvic } from './nvic.ts';
import type { CoreProfile } from './profile.ts';
import { type HandlerOwner, SystemHandlers } from './system-handlers.ts';

const SCB = defineRegisters({
  ACTLR: { offset: 0x008 },
  CPUID: { offset: 0xd00, access: 'ro' },
  ICSR: { offset: 0xd04 },
  VTOR: { offset: 0xd08, access: 'ro', fields: { TBLOFF: field(7, 25) } },
  AIRCR: { offset: 0xd0c },
  SCR: { offset: 0xd10, access: 'ro', fields: { SLEEPONEXIT: bit(1), SLEEPDEEP: bit(2), SEVONPEND: bit(4) } },
  CCR: {
    offset: 0xd14,
    access: 'ro',
    fields: {
      NONBASETHRDENA: bit(0),
      USERSETMPEND: bit(1),
      UNALIGN_TRP: bit(3),
      DIV_0_TRP: bit(4),
      BFHFNMIGN: bit(8),
      STKALIGN: bit(9),
      DC: bit(16),
      IC: bit(17),
      BP: bit(18),
    },
  },
  SHPR1: { offset: 0xd18 },
  SHPR2: { offset: 0xd1c },
  SHPR3: { offset: 0xd20 },
  SHCSR: { offset: 0xd24 },
  CFSR: { offset: 0xd28, access: 'w1c' },
  HFSR: { offset: 0xd2c, access: 'w1c' },
  DFSR: { offset: 0xd30, access: 'w1c' },
  MMFAR: { offset: 0xd34 },
  BFAR: { offset: 0xd38 },
  AFSR: { offset: 0xd3c, access: 'ro' },
  ...IDENTIFICATION_REGISTERS,
  CPACR: { offset: 0xd88, access: 'ro', fields: { CP10: field(20, 2), CP11: field(22, 2) } },
});

const VECTKEY = 0x05fa;
/** What AIRCR's upper half reads as. */
export const VECTKEYSTAT = 0xfa05;

/** The system exceptions that SHCSR and SHPR show on ARMv7-M. */
const HANDLERS: HandlerOwner = {
  idOf: (number) => (number === EXCEPTION.HARD_FAULT || number === EXCEPTION.NMI || number === EXCEPTION.SECURE_FAULT ? undefined : number),
  mayEnd: () => false,
};

/** What the SCB needs of the core around it. */
export interface ScbHost {
  /** IPSR. */
  currentException(): number;
  /** Highest-priority pending exception that BASEPRI and FAULTMASK let through (PRIMASK not considered), 0 when there is none. */
  vectPending(): number;
  /** A register that changes how instructions execute was written. */
  configurationChanged(): void;
  /** AIRCR.SYSRESETREQ. */
  systemReset(): void;
}

/** The bits of CCR that change how the core behaves. */
export type CcrBit = 'NONBASETHRDENA' | 'USERSETMPEND' | 'UNALIGN_TRP' | 'DIV_0_TRP' | 'BFHFNMIGN' | 'STKALIGN' | 'STKOFHFNMIGN';

/** What the core around it asks of any System Control Block. */
export interface SystemControl {
  /** One bit of CCR, of the current security state. */
  ccr(name: CcrBit): boolean;
  /** SCR.SEVONPEND for exception `id`: that it becomes pending is an event. */
  wakesOnPend(id: number): boolean;
  /** The fault status registers, for reports. */
  readonly status: FaultStatus;
  /** Puts all registers to their reset values; VTOR to `vectors`. */
  reset(vectors: number): void;
}

/** Bits that every exception asks for, by mask: ARMv7-M has no STKOFHFNMIGN. */
const CCR_BITS: Readonly<Partial<Record<CcrBit, number>>> = Object.fromEntries(
  Object.entries(SCB.CCR.fields).map(([name, { lsb }]) => [name, 1 << lsb]),
);
const SLEEPONEXIT = 1 << SCB.SCR.fields.SLEEPONEXIT.lsb;
const SEVONPEND = 1 << SCB.SCR.fields.SEVONPEND.lsb;
const { CP10 } = SCB.CPACR.fields;

/** The SCB's registers and the configuration that the rest of the core reads. */
export class SystemControlBlock implements SystemControl {
  readonly registers: RegisterFile<typeof SCB>;
  private readonly nvic: Nvic;
  private readonly host: ScbHost;
  private readonly profile: CoreProfile;
  private readonly diagnostics: Diagnostics;
  private prigroup = 0;
  private readonly ccrCell: number;
  private readonly scrCell: number;
  private readonly vtorCell: number;
  private readonly cpacrCell: number;

  constructor(profile: CoreProfile, nvic: Nvic, host: ScbHost, diagnostics: Diagnostics) {
    this.nvic = nvic;
    this.host = host;
    this.profile = profile;
    this.diagnostics = diagnostics;
    const handlers = new SystemHandlers(nvic, HANDLERS);
    const priorities = (index: number) => ({
      value: () => handlers.priorities(index),
      write: (_n: number, _p: number, _i: number, written: number, lanes: number) => handlers.writePriorities(index, written, lanes),
    });
    this.registers = new RegisterFile(SCB, {
      name: 'SCB',
      diagnostics,
      resets: { CPUID: profile.cpuid, CCR: profile.name === 'cortex-m7' ? 0x0004_0200 : 0x200 },
      behaviour: {
        ICSR: { value: () => this.interruptControl(), write: (_n, _p, _i, written) => this.writeInterruptControl(written) },
        AIRCR: {
          value: () => ((VECTKEYSTAT << 16) | (this.prigroup << 8)) >>> 0,
          write: (_n, _p, _i, written) => this.writeResetControl(written),
        },
        CCR: { write: (next, previous) => this.writeConfiguration(next, previous) },
        SHPR1: priorities(0),
        SHPR2: priorities(1),
        SHPR3: priorities(2),
        SHCSR: { value: () => handlers.state, write: (_n, _p, _i, written, lanes) => handlers.writeState(written, lanes) },
        CPACR: { write: (next) => this.writeCoprocessorAccess(next) },
        ...identification(profile),
      },
    });
    this.ccrCell = this.registers.cell('CCR');
    this.scrCell = this.registers.cell('SCR');
    this.vtorCell = this.registers.cell('VTOR');
    this.cpacrCell = this.registers.cell('CPACR');
  }

  reset(vectors: number): void {
    this.registers.reset();
    this.prigroup = 0;
    this.registers.set('VTOR', vectors & 0xffff_ff80);
  }

  /** Address of the vector table. */
  get vectorTable(): number {
    return this.registers.at(this.vtorCell);
  }

  /** One bit of CCR by name; ARMv7-M has no STKOFHFNMIGN. */
  ccr(name: CcrBit): boolean {
    return (this.registers.at(this.ccrCell) & (CCR_BITS[name] ?? 0)) !== 0;
  }

  get sleepOnExit(): boolean {
    return (this.registers.at(this.scrCell) & SLEEPONEXIT) !== 0;
  }

  get sleepDeep(): boolean {
    return this.registers.field('SCR', 'SLEEPDEEP') !== 0;
  }

  wakesOnPend(): boolean {
    return (this.registers.at(this.scrCell) & SEVONPEND) !== 0;
  }

  get status(): FaultStatus {
    return { cfsr: this.cfsr, hfsr: this.hfsr, mmfar: this.mmfar, bfar: this.bfar };
  }

  /** CFSR: MMFSR, BFSR and UFSR together. */
  get cfsr(): number {
    return this.registers.get('CFSR');
  }

  get hfsr(): number {
    return this.registers.get('HFSR');
  }

  get mmfar(): number {
    return this.registers.get('MMFAR');
  }

  get bfar(): number {
    return this.registers.get('BFAR');
  }

  /** Sets bits of MMFSR and, when given, MMFAR. */
  noteMemManage(bits: number, address?: number): void {
    this.registers.set('CFSR', this.cfsr | bits | (address === undefined ? 0 : MMFSR.MMARVALID));
    if (address !== undefined) this.registers.set('MMFAR', address);
  }

  /** Sets bits of BFSR and, when given, BFAR. */
  noteBusFault(bits: number, address?: number): void {
    this.registers.set('CFSR', this.cfsr | bits | (address === undefined ? 0 : BFSR.BFARVALID));
    if (address !== undefined) this.registers.set('BFAR', address);
  }

  /** Sets bits of UFSR. */
  noteUsageFault(bits: (typeof UFSR)[keyof typeof UFSR]): void {
    this.registers.set('CFSR', this.cfsr | bits);
  }

  /** Sets bits of HFSR. */
  noteHardFault(bits: (typeof HFSR)[keyof typeof HFSR]): void {
    this.registers.set('HFSR', this.hfsr | bits);
  }

  /** Sets bits of DFSR. */
  noteDebugEvent(bits: (typeof DFSR)[keyof typeof DFSR]): void {
    this.registers.set('DFSR', this.registers.get('DFSR') | bits);
  }

  /** True when CPACR lets code of the given privilege use the floating-point unit. */
  fpAllowed(privileged: boolean): boolean {
    const access = (this.registers.at(this.cpacrCell) >>> CP10.lsb) & 3;
    return access === 3 || (access === 1 && privileged);
  }

  private interruptControl(): number {
    const { nvic } = this;
    const current = this.host.currentException();
    const pending = (number: number, at: number) => (nvic.isPending(number) ? 2 ** at : 0);
    const others = nvic.activeCount - (current !== 0 && nvic.isActive(current) ? 1 : 0);
    return (
      current +
      (others === 0 ? 1 << 11 : 0) +
      this.host.vectPending() * 2 ** 12 +
      (nvic.externalPending ? 1 << 22 : 0) +
      pending(EXCEPTION.SYS_TICK, 26) +
      pending(EXCEPTION.PEND_SV, 28) +
      pending(EXCEPTION.NMI, 31)
    );
  }

  private writeInterruptControl(written: number): void {
    const { nvic } = this;
    if ((written & (1 << 25)) !== 0) nvic.clearPending(EXCEPTION.SYS_TICK);
    else if ((written & (1 << 26)) !== 0) nvic.setPending(EXCEPTION.SYS_TICK);
    if ((written & (1 << 27)) !== 0) nvic.clearPending(EXCEPTION.PEND_SV);
    else if ((written & (1 << 28)) !== 0) nvic.setPending(EXCEPTION.PEND_SV);
    if (written >>> 31 !== 0) nvic.setPending(EXCEPTION.NMI);
  }

  private writeResetControl(written: number): void {
    if (!unlocksAircr(written, this.diagnostics)) return;
    this.prigroup = (written >>> 8) & 7;
    this.nvic.setPriorityGrouping(this.prigroup);
    if ((written & 4) !== 0) this.host.systemReset();
  }

  /** STKALIGN and BP are fixed at one on the M7, IC and DC exist only with caches. */
  private writeConfiguration(next: number, previous: number): void {
    const m7 = this.profile.name === 'cortex-m7';
    let value = m7 ? next | 0x0004_0200 : next & ~0x0004_0000;
    if (!this.profile.caches) value &= ~0x0003_0000;
    this.registers.set('CCR', value);
    if (value !== previous) this.host.configurationChanged();
  }

  private writeCoprocessorAccess(next: number): void {
    if (this.profile.fpu === 'none') this.registers.set('CPACR', 0);
    else if (((next >>> 20) & 3) !== ((next >>> 22) & 3)) {
      this.diagnostics.guestError('SCB', 'CPACR', 'CP10 and CP11 differ, which is UNPREDICTABLE; CP10 decides');
    }
    this.host.configurationChanged();
  }
}

/** True when AIRCR takes `written`: it has the key. What only a debugger may do with it is reported. */
export function unlocksAircr(written: number, diagnostics: Diagnostics): boolean {
  if (written >>> 16 !== VECTKEY) {
    diagnostics.guestError('SCB', 'AIRCR', 'written without the key 0x05fa; ignored');
    return false;
  }
  if ((written & 3) !== 0) {
    diagnostics.guestError('SCB', 'AIRCR', 'VECTRESET or VECTCLRACTIVE outside Debug state is UNPREDICTABLE; ignored');
  }
  return true;
}
