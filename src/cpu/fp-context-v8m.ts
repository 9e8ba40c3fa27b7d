/**
 * Floating-point context registers of ARMv8-M with the Security Extension (DDI 0553B, B3.22 and D1.2.87-90).
 *
 * FPCAR, FPDSCR and most of FPCCR are banked; the rest of FPCCR stands in the Secure bank and is seen through masks. FPCCR_S.S says whose
 * state the floating-point registers hold. The saving itself is part of exception entry. Offsets are from 0xE000_E000.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { defineRegisters, field, RegisterFile } from '../memory/registers.ts';
import { CELL, type CoreRegisters } from './core-registers.ts';
import { FP_FEATURES, FPCA, FPDSCR_MASK } from './fp-context.ts';
import type { CoreProfile } from './profile.ts';

const FP = defineRegisters({
  FPCCR: { offset: 0xf34 },
  FPCAR: { offset: 0xf38, access: 'ro', fields: { ADDRESS: field(3, 29) } },
  FPDSCR: { offset: 0xf3c, access: 'ro', fields: { RMODE: field(22, 2), FZ: { lsb: 24, width: 1, access: 'rw' }, MODES: field(25, 2) } },
  MVFR0: { offset: 0xf40, access: 'ro' },
  MVFR1: { offset: 0xf44, access: 'ro' },
  MVFR2: { offset: 0xf48, access: 'ro' },
});

/** FPCCR's bits. */
export const FPCCR = {
  LSPACT: 1 << 0,
  USER: 1 << 1,
  S: 1 << 2,
  THREAD: 1 << 3,
  HFRDY: 1 << 4,
  MMRDY: 1 << 5,
  BFRDY: 1 << 6,
  SFRDY: 1 << 7,
  MONRDY: 1 << 8,
  SPLIMVIOL: 1 << 9,
  UFRDY: 1 << 10,
  TS: 1 << 26,
  CLRONRETS: 1 << 27,
  CLRONRET: 1 << 28,
  LSPENS: 1 << 29,
  LSPEN: 1 << 30,
  ASPEN: 1 << 31,
} as const;

/** Bits that each state has for itself, and those that Secure state has for both. */
const BANKED = FPCCR.LSPACT | FPCCR.USER | FPCCR.THREAD | FPCCR.MMRDY | FPCCR.SPLIMVIOL | FPCCR.UFRDY | FPCCR.ASPEN;
const SHARED = FPCCR.HFRDY | FPCCR.BFRDY | FPCCR.MONRDY | FPCCR.CLRONRET | FPCCR.LSPEN;
const SECURE_ONLY = FPCCR.S | FPCCR.SFRDY | FPCCR.TS | FPCCR.CLRONRETS | FPCCR.LSPENS;

/** CONTROL.SFPA. */
export const SFPA = 8;

/** What an `FpContextV8` needs of the core around it. */
export interface FpContextHost {
  /** AIRCR.BFHFNMINS: HFRDY and BFRDY are Non-secure software's. */
  readonly faultsNonSecure: () => boolean;
  /** DEMCR.SDME clear: MONRDY is Non-secure software's. */
  readonly monitorNonSecure: () => boolean;
  readonly changed: () => void;
}

/** FPCCR, FPCAR, FPDSCR and the feature registers of both states. */
export class FpContextV8 {
  readonly secureRegisters: RegisterFile<typeof FP>;
  readonly nonSecureRegisters: RegisterFile<typeof FP>;
  readonly present: boolean;
  private readonly host: FpContextHost;
  /** Secure FPCCR with the shared bits; Non-secure: banked bits only. */
  private secureControl = 0;
  private nonSecureControl = 0;

  constructor(profile: CoreProfile, diagnostics: Diagnostics, host: FpContextHost) {
    this.present = profile.fpu !== 'none';
    this.host = host;
    const [mvfr0, mvfr1, mvfr2] = FP_FEATURES[profile.fpu];
    const view = (secure: boolean) =>
      new RegisterFile(FP, {
        name: secure ? 'FPU' : 'FPU_NS',
        diagnostics,
        resets: { MVFR0: mvfr0, MVFR1: mvfr1, MVFR2: mvfr2 },
        behaviour: {
          FPCCR: {
            value: () => this.visible(secure),
            write: (_next, _previous, _index, written, lanes) => this.writeControl(secure, written, lanes),
          },
        },
      });
    this.secureRegisters = view(true);
    this.nonSecureRegisters = view(false);
    this.reset();
  }

  reset(): void {
    this.secureRegisters.reset();
    this.nonSecureRegisters.reset();
    this.secureControl = this.present ? (FPCCR.ASPEN | FPCCR.LSPEN | FPCCR.S) >>> 0 : 0;
    this.nonSecureControl = this.present ? FPCCR.ASPEN >>> 0 : 0;
  }

  /** True when `bit` of FPCCR is set, as seen by the given state; shared and Secure-only bits are the same for both. */
  is(bit: number, secure = true): boolean {
    return (((bit & BANKED) !== 0 && !secure ? this.nonSecureControl : this.secureControl) & bit) !== 0;
  }

  /** Sets or clears `bit` of FPCCR for the given state. */
  set(bit: number, on: boolean, secure = true): void {
    const apply = (value: number) => (on ? value | bit : value & ~bit);
    if ((bit & BANKED) !== 0 && !secure) this.nonSecureControl = apply(this.nonSecureControl);
    else this.secureControl = apply(this.secureControl);
  }

  /** True while the floating-point registers hold state that belongs into a frame of the state that owns them (FPCCR.S). */
  get lazyActive(): boolean {
    return this.is(FPCCR.LSPACT, this.ownedBySecure);
  }

  /** FPCCR.S: the floating-point registers hold Secure state. */
  get ownedBySecure(): boolean {
    return this.is(FPCCR.S);
  }

  /** FPCAR of a state. */
  lazyAddress(secure: boolean): number {
    return this.view(secure).get('FPCAR');
  }

  setLazyAddress(secure: boolean, address: number): void {
    this.view(secure).set('FPCAR', (address & ~7) >>> 0);
  }

  /** True when the next floating-point instruction in the given state starts a context: FPCA (and SFPA) set, FPSCR from FPDSCR. */
  startsContext(secure: boolean, control: number): boolean {
    return this.is(FPCCR.ASPEN, secure) && ((control & FPCA) === 0 || (secure && (control & SFPA) === 0));
  }

  /** Starts that context. */
  begin({ cells, secure }: CoreRegisters): void {
    cells[CELL.CONTROL]! |= secure ? FPCA | SFPA : FPCA;
    cells[CELL.FPSCR] = this.view(secure).get('FPDSCR') & FPDSCR_MASK;
  }

  private view(secure: boolean): RegisterFile<typeof FP> {
    return secure ? this.secureRegisters : this.nonSecureRegisters;
  }

  /** Shared bits that Non-secure software sees; of them it may write all but LSPEN and CLRONRET where Secure software keeps those. */
  private sharedWithNonSecure(): number {
    let bits = FPCCR.CLRONRET | FPCCR.LSPEN;
    if (this.host.faultsNonSecure()) bits |= FPCCR.HFRDY | FPCCR.BFRDY;
    if (this.host.monitorNonSecure()) bits |= FPCCR.MONRDY;
    return bits;
  }

  private visible(secure: boolean): number {
    if (secure) return this.secureControl >>> 0;
    return ((this.nonSecureControl & BANKED) | (this.secureControl & this.sharedWithNonSecure())) >>> 0;
  }

  private writeControl(secure: boolean, written: number, lanes: number): void {
    if (!this.present) return;
    const merge = (value: number, bits: number) => ((value & ~(bits & lanes)) | (written & bits & lanes)) >>> 0;
    if (secure) this.secureControl = merge(this.secureControl, BANKED | SHARED | SECURE_ONLY);
    else {
      let shared = this.sharedWithNonSecure();
      if (this.is(FPCCR.LSPENS)) shared &= ~FPCCR.LSPEN;
      if (this.is(FPCCR.CLRONRETS)) shared &= ~FPCCR.CLRONRET;
      this.nonSecureControl = merge(this.nonSecureControl, BANKED);
      this.secureControl = merge(this.secureControl, shared);
    }
    this.host.changed();
  }
}
