/**
 * System Control Block of ARMv8-M with the Security Extension (DDI 0553B, D1.2): the same registers once for each security state, some of
 * them shared, some Secure only.
 *
 * What AIRCR.BFHFNMINS keeps Secure (NMI, BusFault, HFSR) reads as zero and ignores writes in the Non-secure view. Offsets are from
 * 0xE000_E000. Not modelled: power states behind SLEEPDEEP, AFSR, authentication of debuggers (DebugMonitor is Secure, as with SDME set).
 */
import type { Diagnostics } from '../diagnostics.ts';
import { defineRegisters, RegisterFile } from '../memory/registers.ts';
import { BANKED_EXCEPTIONS, EXCEPTION, NON_SECURE, numberOf } from './exception-numbers.ts';
import { BFSR, type DFSR, type FaultStatus, type HFSR, MMFSR, type SFSR, type UFSR } from './fault-status.ts';
import { IDENTIFICATION_REGISTERS, identification } from './identification.ts';
import type { Nvic } from './nvic.ts';
import type { CoreProfile } from './profile.ts';
import type { SecurityAttributionUnit } from './sau.ts';
import { type CcrBit, type ScbHost, type SystemControl, unlocksAircr, VECTKEYSTAT } from './scb.ts';
import { SystemHandlers } from './system-handlers.ts';

const COMMON = {
  ICSR: { offset: 0xd04 },
  VTOR: { offset: 0xd08 },
  AIRCR: { offset: 0xd0c },
  SCR: { offset: 0xd10 },
  CCR: { offset: 0xd14 },
  SHPR: { offset: 0xd18, count: 3 },
  SHCSR: { offset: 0xd24 },
  CFSR: { offset: 0xd28 },
  HFSR: { offset: 0xd2c },
  DFSR: { offset: 0xd30 },
  MMFAR: { offset: 0xd34 },
  BFAR: { offset: 0xd38 },
  AFSR: { offset: 0xd3c, access: 'ro' },
  ...IDENTIFICATION_REGISTERS,
  CLIDR: { offset: 0xd78, access: 'ro' },
  CTR: { offset: 0xd7c, access: 'ro' },
  CPACR: { offset: 0xd88 },
} as const;

const VIEW = defineRegisters({ CPUID: { offset: 0xd00, access: 'ro' }, ...COMMON });
/** What only Secure software has, and what is not banked and harmless: coprocessors keep their state however CPPWR would let them lose it. */
const SHARED = defineRegisters({ ACTLR: { offset: 0x008 }, CPPWR: { offset: 0x00c }, NSACR: { offset: 0xd8c } });
/** CTR of a core without caches. */
const NO_CACHES = 0x8000_c000;

const AIRCR = { SYSRESETREQ: 1 << 2, SYSRESETREQS: 1 << 3, BFHFNMINS: 1 << 13, PRIS: 1 << 14 } as const;
const SCR = { SLEEPONEXIT: 1 << 1, SLEEPDEEP: 1 << 2, SLEEPDEEPS: 1 << 3, SEVONPEND: 1 << 4 } as const;
const CCR: Readonly<Record<CcrBit, number>> = {
  NONBASETHRDENA: 1 << 0,
  USERSETMPEND: 1 << 1,
  UNALIGN_TRP: 1 << 3,
  DIV_0_TRP: 1 << 4,
  BFHFNMIGN: 1 << 8,
  STKALIGN: 1 << 9,
  STKOFHFNMIGN: 1 << 10,
};
const CCR_BANKED = CCR.USERSETMPEND | CCR.UNALIGN_TRP | CCR.DIV_0_TRP | CCR.STKOFHFNMIGN;
const CCR_ONES = CCR.NONBASETHRDENA | CCR.STKALIGN;
const BFSR_MASK = 0xff00;
const CP10 = 10;
const NSACR_MASK = 0xcff;

/** One state's own registers. */
interface Bank {
  vtor: number;
  prigroup: number;
  scr: number;
  ccr: number;
  /** MMFSR and UFSR in place. */
  cfsr: number;
  mmfar: number;
  cpacr: number;
}

/** What the banked SCB needs beside `ScbHost`. */
export interface BankedScbHost extends ScbHost {
  /** The core is in Secure state. */
  readonly secure: () => boolean;
}

const EMPTY: Readonly<Bank> = { vtor: 0, prigroup: 0, scr: 0, ccr: 0, cfsr: 0, mmfar: 0, cpacr: 0 };

/** The SCB's registers in both views, and the configuration that the rest of the core reads. */
export class BankedScb implements SystemControl {
  readonly secureRegisters: RegisterFile<typeof VIEW>;
  readonly nonSecureRegisters: RegisterFile<typeof VIEW>;
  readonly sharedRegisters: RegisterFile<typeof SHARED>;
  private readonly nvic: Nvic;
  private readonly sau: SecurityAttributionUnit;
  private readonly host: BankedScbHost;
  private readonly diagnostics: Diagnostics;
  private readonly hasFpu: boolean;
  private readonly nonSecureVectors: number;
  private readonly secureBank: Bank = { ...EMPTY };
  private readonly nonSecureBank: Bank = { ...EMPTY };
  /** BFHFNMINS, PRIS and SYSRESETREQS in place; CCR.BFHFNMIGN, SCR.SLEEPDEEP and SLEEPDEEPS; NSACR. */
  private aircr = 0;
  private sharedCcr = 0;
  private sharedScr = 0;
  private nsacr = 0;
  private bfsr = 0;
  private bfar = 0;
  private hfsr = 0;
  private dfsr = 0;

  constructor(profile: CoreProfile, nvic: Nvic, sau: SecurityAttributionUnit, host: BankedScbHost, diagnostics: Diagnostics) {
    this.nvic = nvic;
    this.sau = sau;
    this.host = host;
    this.diagnostics = diagnostics;
    this.hasFpu = profile.fpu !== 'none';
    this.nonSecureVectors = profile.security?.nonSecureVectors ?? 0;
    this.secureRegisters = this.view(true, profile);
    this.nonSecureRegisters = this.view(false, profile);
    this.sharedRegisters = new RegisterFile(SHARED, {
      name: 'SCB',
      diagnostics,
      behaviour: {
        NSACR: {
          value: () => this.nsacr,
          write: (_n, _p, _i, written, lanes) => {
            this.nsacr = merge(this.nsacr, written, lanes & (this.hasFpu ? NSACR_MASK : 0xff));
            this.host.configurationChanged();
          },
        },
      },
    });
  }

  reset(vectors: number): void {
    for (const view of [this.secureRegisters, this.nonSecureRegisters, this.sharedRegisters]) view.reset();
    Object.assign(this.secureBank, EMPTY);
    Object.assign(this.nonSecureBank, EMPTY);
    this.secureBank.vtor = (vectors & 0xffff_ff80) >>> 0;
    this.nonSecureBank.vtor = (this.nonSecureVectors & 0xffff_ff80) >>> 0;
    this.aircr = this.sharedCcr = this.sharedScr = this.nsacr = this.bfsr = this.bfar = this.hfsr = this.dfsr = 0;
  }

  /** VTOR of a state. */
  vectorTable(secure: boolean): number {
    return this.bank(secure).vtor;
  }

  /** AIRCR.BFHFNMINS. */
  get faultsNonSecure(): boolean {
    return (this.aircr & AIRCR.BFHFNMINS) !== 0;
  }

  /** AIRCR.PRIS. */
  get prioritiesRestricted(): boolean {
    return (this.aircr & AIRCR.PRIS) !== 0;
  }

  ccr(name: CcrBit, secure = this.host.secure()): boolean {
    return (this.configuration(secure) & CCR[name]) !== 0;
  }

  wakesOnPend(id: number): boolean {
    return (this.bank(this.nvic.targetsSecure(id)).scr & SCR.SEVONPEND) !== 0;
  }

  /** SCR.SLEEPONEXIT of a state. */
  sleepOnExit(secure: boolean): boolean {
    return (this.bank(secure).scr & SCR.SLEEPONEXIT) !== 0;
  }

  /** True when CPACR of the given state lets code of the given privilege use the floating-point unit. */
  fpAllowed(secure: boolean, privileged: boolean): boolean {
    const access = (this.bank(secure).cpacr >>> 20) & 3;
    return access === 3 || (access === 1 && privileged);
  }

  /** NSACR.CP10. */
  get fpShared(): boolean {
    return ((this.nsacr >>> CP10) & 1) !== 0;
  }

  get status(): FaultStatus {
    const { secureBank, nonSecureBank, bfsr, bfar, hfsr, sau } = this;
    return {
      cfsr: (secureBank.cfsr | bfsr) >>> 0,
      hfsr,
      mmfar: secureBank.mmfar,
      bfar,
      nonSecure: { cfsr: nonSecureBank.cfsr, mmfar: nonSecureBank.mmfar },
      sfsr: sau.status,
      sfar: sau.faultAddress,
    };
  }

  /** Sets bits of a state's MMFSR and, when given, MMFAR. */
  noteMemManage(secure: boolean, bits: number, address?: number): void {
    const bank = this.bank(secure);
    bank.cfsr |= bits | (address === undefined ? 0 : MMFSR.MMARVALID);
    if (address !== undefined) bank.mmfar = address;
  }

  /** Sets bits of BFSR and, when given, BFAR. */
  noteBusFault(bits: number, address?: number): void {
    this.bfsr |= bits | (address === undefined ? 0 : BFSR.BFARVALID);
    if (address !== undefined) this.bfar = address;
  }

  /** Sets bits of a state's UFSR. */
  noteUsageFault(secure: boolean, bits: (typeof UFSR)[keyof typeof UFSR]): void {
    this.bank(secure).cfsr |= bits;
  }

  /** Sets bits of HFSR. */
  noteHardFault(bits: (typeof HFSR)[keyof typeof HFSR]): void {
    this.hfsr = (this.hfsr | bits) >>> 0;
  }

  /** Sets bits of DFSR. */
  noteDebugEvent(bits: (typeof DFSR)[keyof typeof DFSR]): void {
    this.dfsr |= bits;
  }

  /** Sets bits of SFSR and, when given, SFAR. */
  noteSecureFault(bits: (typeof SFSR)[keyof typeof SFSR], address?: number): void {
    this.sau.noteSecureFault(bits, address);
  }

  /** Id of exception `number` as the given state's software knows it; undefined for what is not its own. */
  idFor(number: number, secure: boolean): number | undefined {
    if (BANKED_EXCEPTIONS.includes(number)) return secure ? number : NON_SECURE + number;
    if (secure) return number;
    if (number === EXCEPTION.SECURE_FAULT || number === EXCEPTION.DEBUG_MONITOR) return undefined;
    return this.faultsNonSecure ? number : undefined;
  }

  private bank(secure: boolean): Bank {
    return secure ? this.secureBank : this.nonSecureBank;
  }

  private view(secure: boolean, profile: CoreProfile): RegisterFile<typeof VIEW> {
    const own = this.bank(secure);
    const handlers = new SystemHandlers(this.nvic, {
      idOf: (number) => this.idFor(number, secure),
      mayEnd: (id) => this.faultsNonSecure && !this.nvic.targetsSecure(id),
    });
    /** Registers that Non-secure software has only while BFHFNMINS is set. */
    const mine = (): boolean => secure || this.faultsNonSecure;
    const stored = (name: 'mmfar' | 'vtor', mask: number) => ({
      value: () => own[name],
      write: (_n: number, _p: number, _i: number, written: number, lanes: number) => {
        own[name] = merge(own[name], written, lanes & mask);
      },
    });
    return new RegisterFile(VIEW, {
      name: secure ? 'SCB' : 'SCB_NS',
      diagnostics: this.diagnostics,
      resets: { CPUID: profile.cpuid, CTR: NO_CACHES },
      behaviour: {
        ICSR: { value: () => this.interruptControl(secure), write: (_n, _p, _i, written) => this.writeInterruptControl(secure, written) },
        VTOR: stored('vtor', 0xffff_ff80),
        AIRCR: { value: () => this.resetControl(secure), write: (_n, _p, _i, written) => this.writeResetControl(secure, written) },
        SCR: {
          value: () => this.sleepControl(secure),
          write: (_n, _p, _i, written, lanes) => this.writeSleepControl(secure, written, lanes),
        },
        CCR: {
          value: () => this.configuration(secure) & (mine() ? ~0 : ~CCR.BFHFNMIGN),
          write: (_n, _p, _i, written, lanes) => this.writeConfiguration(secure, written, lanes),
        },
        SHPR: {
          value: (i) => handlers.priorities(i),
          write: (_n, _p, i, written, lanes) => handlers.writePriorities(i, written, lanes),
        },
        SHCSR: { value: () => handlers.state, write: (_n, _p, _i, written, lanes) => handlers.writeState(written, lanes) },
        CFSR: {
          value: () => (own.cfsr | (mine() ? this.bfsr : 0)) >>> 0,
          write: (_n, _p, _i, written) => {
            own.cfsr &= ~written;
            if (mine()) this.bfsr &= ~(written & BFSR_MASK);
          },
        },
        HFSR: {
          value: () => (mine() ? this.hfsr : 0),
          write: (_n, _p, _i, written) => {
            if (mine()) this.hfsr = (this.hfsr & ~written) >>> 0;
          },
        },
        DFSR: {
          value: () => this.dfsr,
          write: (_n, _p, _i, written) => {
            this.dfsr &= ~written;
          },
        },
        MMFAR: stored('mmfar', 0xffff_ffff),
        BFAR: {
          value: () => (mine() ? this.bfar : 0),
          write: (_n, _p, _i, written, lanes) => {
            if (mine()) this.bfar = merge(this.bfar, written, lanes);
          },
        },
        CPACR: { value: () => own.cpacr, write: (_n, _p, _i, written, lanes) => this.writeCoprocessorAccess(own, written, lanes) },
        ...identification(profile),
      },
    });
  }

  private interruptControl(secure: boolean): number {
    const { nvic } = this;
    const current = this.host.currentException();
    const pending = (number: number, at: number) => {
      const id = this.idFor(number, secure);
      return id !== undefined && nvic.isPending(id) ? 2 ** at : 0;
    };
    return (
      current +
      (nvic.activeCount <= 1 ? 1 << 11 : 0) +
      numberOf(this.host.vectPending()) * 2 ** 12 +
      (nvic.externalPending ? 1 << 22 : 0) +
      pending(EXCEPTION.SYS_TICK, 26) +
      pending(EXCEPTION.PEND_SV, 28) +
      pending(EXCEPTION.NMI, 31)
    );
  }

  private writeInterruptControl(secure: boolean, written: number): void {
    const { nvic } = this;
    const set = (number: number, setBit: number, clearBit?: number): void => {
      const id = this.idFor(number, secure);
      if (id === undefined) return;
      if (clearBit !== undefined && ((written >>> clearBit) & 1) !== 0) nvic.clearPending(id);
      else if (((written >>> setBit) & 1) !== 0) nvic.setPending(id);
    };
    set(EXCEPTION.SYS_TICK, 26, 25);
    set(EXCEPTION.PEND_SV, 28, 27);
    set(EXCEPTION.NMI, 31, 30);
  }

  private resetControl(secure: boolean): number {
    const shown = secure ? this.aircr : this.aircr & AIRCR.BFHFNMINS;
    return ((VECTKEYSTAT << 16) | shown | (this.bank(secure).prigroup << 8)) >>> 0;
  }

  private writeResetControl(secure: boolean, written: number): void {
    if (!unlocksAircr(written, this.diagnostics)) return;
    const { nvic } = this;
    const prigroup = (written >>> 8) & 7;
    this.bank(secure).prigroup = prigroup;
    nvic.setPriorityGrouping(prigroup, !secure);
    if (secure) {
      this.aircr = written & (AIRCR.BFHFNMINS | AIRCR.PRIS | AIRCR.SYSRESETREQS);
      nvic.setFaultsNonSecure(this.faultsNonSecure);
      nvic.setRestriction(this.prioritiesRestricted);
    }
    if ((written & AIRCR.SYSRESETREQ) !== 0 && (secure || (this.aircr & AIRCR.SYSRESETREQS) === 0)) this.host.systemReset();
  }

  private sleepControl(secure: boolean): number {
    const own = this.bank(secure).scr;
    if (secure) return own | this.sharedScr;
    return own | ((this.sharedScr & SCR.SLEEPDEEPS) !== 0 ? 0 : this.sharedScr & SCR.SLEEPDEEP);
  }

  private writeSleepControl(secure: boolean, written: number, lanes: number): void {
    const bank = this.bank(secure);
    bank.scr = merge(bank.scr, written, lanes & (SCR.SLEEPONEXIT | SCR.SEVONPEND));
    const mayWrite = secure ? SCR.SLEEPDEEP | SCR.SLEEPDEEPS : (this.sharedScr & SCR.SLEEPDEEPS) !== 0 ? 0 : SCR.SLEEPDEEP;
    this.sharedScr = merge(this.sharedScr, written, lanes & mayWrite);
  }

  private configuration(secure: boolean): number {
    return this.bank(secure).ccr | this.sharedCcr | CCR_ONES;
  }

  private writeConfiguration(secure: boolean, written: number, lanes: number): void {
    const bank = this.bank(secure);
    bank.ccr = merge(bank.ccr, written, lanes & CCR_BANKED);
    if (secure || this.faultsNonSecure) this.sharedCcr = merge(this.sharedCcr, written, lanes & CCR.BFHFNMIGN);
    this.host.configurationChanged();
  }

  private writeCoprocessorAccess(bank: Bank, written: number, lanes: number): void {
    const next = merge(bank.cpacr, written, lanes);
    bank.cpacr = this.hasFpu ? next : (next & ~0x00f0_0000) >>> 0;
    if (this.hasFpu && ((next >>> 20) & 3) !== ((next >>> 22) & 3)) {
      this.diagnostics.guestError('SCB', 'CPACR', 'CP10 and CP11 differ, which is UNPREDICTABLE; CP10 decides');
    }
    this.host.configurationChanged();
  }
}

/** `value` with the bits of `lanes` taken from `written`, u32. */
function merge(value: number, written: number, lanes: number): number {
  return ((value & ~lanes) | (written & lanes)) >>> 0;
}
