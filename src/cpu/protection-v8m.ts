/**
 * What an access of an ARMv8-M core may do: security attribution first, then the MPU of the state that makes it (DDI 0553B, B7 and B8).
 *
 * Secure code may load from and store to everything, but runs only in Secure memory; Non-secure code reaches Non-secure memory only. The
 * two MPUs and the SAU tell it of changes. Decisions for whole pages are cached for each state until then.
 */
import type { ProtectionUnit } from './core-memory.ts';
import { EXECUTE, READ, WRITE } from './core-memory.ts';
import { PageRights } from './page-rights.ts';
import type { MpuV8 } from './pmsav8.ts';
import type { Attribution, SecurityAttributionUnit } from './sau.ts';

/** TT's answer, by bit. */
const TT = { MRVALID: 1 << 16, SRVALID: 1 << 17, R: 1 << 18, RW: 1 << 19, NSR: 1 << 20, NSRW: 1 << 21, S: 1 << 22, IRVALID: 1 << 23 };

/** SAU, IDAU and both MPUs of one core. */
export class SecureProtection implements ProtectionUnit {
  static readonly wiring = ['pages'];
  readonly sau: SecurityAttributionUnit;
  readonly secureMpu: MpuV8;
  readonly nonSecureMpu: MpuV8;
  /** State and privilege of the code that runs, for TT; set by the core. */
  secure = true;
  /** Whether Thread-mode code (or the handler that runs) of a state is privileged; TT asks for both. */
  privilegedIn: (secure: boolean) => boolean = () => true;
  /** Called when what any address allows may have changed. */
  onChange: () => void = () => {};
  /** Of Non-secure and of Secure code. */
  private readonly pages: readonly [PageRights, PageRights];

  constructor(sau: SecurityAttributionUnit, secureMpu: MpuV8, nonSecureMpu: MpuV8) {
    this.sau = sau;
    this.secureMpu = secureMpu;
    this.nonSecureMpu = nonSecureMpu;
    const pages = () =>
      new PageRights({
        uniform: (pageAddress) => sau.uniform(pageAddress) && this.mpu(this.secure).uniform(pageAddress),
        lookup: (address, privileged) => this.lookup(address, privileged),
      });
    this.pages = [pages(), pages()];
    for (const unit of [sau, secureMpu, nonSecureMpu]) unit.onChange = () => this.changed();
  }

  /** Disables SAU and MPUs; Secure state. */
  reset(): void {
    this.secure = true;
    this.sau.reset();
    this.secureMpu.reset();
    this.nonSecureMpu.reset();
  }

  /** The MPU that judges accesses of `secure` code. */
  mpu(secure: boolean): MpuV8 {
    return secure ? this.secureMpu : this.nonSecureMpu;
  }

  /** Tells the MPUs which states ask for a negative priority; true when that changed what the current state's does. */
  setNegativePriority(secure: boolean, nonSecure: boolean): boolean {
    const changes = [this.nonSecureMpu.setNegativePriority(nonSecure), this.secureMpu.setNegativePriority(secure)];
    if (!changes[0] && !changes[1]) return false;
    this.forget();
    return changes[this.secure ? 1 : 0]!;
  }

  /** After a snapshot was loaded. */
  restored(): void {
    this.forget();
  }

  get differsByPrivilege(): boolean {
    return this.mpu(this.secure).differsByPrivilege;
  }

  permissions(address: number, privileged: boolean): number {
    return this.pages[this.secure ? 1 : 0].at(address, privileged);
  }

  uniform(pageAddress: number): boolean {
    return this.pages[this.secure ? 1 : 0].uniform(pageAddress);
  }

  isDevice(address: number): boolean {
    return this.mpu(this.secure).isDevice(address);
  }

  /** True when the attribution of `address`, and no MPU, forbids the current state a data access or a fetch. */
  violatesSecurity(address: number, fetch: boolean): boolean {
    return !reachable(this.sau.attribution(address, fetch), this.secure, fetch);
  }

  testTarget(address: number, options: { readonly alternate: boolean; readonly unprivileged: boolean }): number {
    const { secure } = this;
    const target = options.alternate ? !secure : secure;
    const attribution = this.sau.attribution(address);
    const nonSecure = attribution.exempt ? !secure : attribution.nonSecure;
    let answer = 0;
    // MPU fields are for privileged code, and for Secure code that asks about the other state.
    if (this.privilegedIn(secure) || options.alternate) {
      const { rights, region } = this.mpu(target).lookup(address, !options.unprivileged && this.privilegedIn(target));
      if (region !== undefined) answer |= TT.MRVALID | region;
      if ((rights & READ) !== 0) answer |= TT.R | (secure && nonSecure ? TT.NSR : 0);
      if ((rights & WRITE) !== 0) answer |= TT.RW | (secure && nonSecure ? TT.NSRW : 0);
    }
    if (!secure) return answer;
    if (!nonSecure) answer |= TT.S;
    if (attribution.sauRegion !== undefined) answer |= TT.SRVALID | (attribution.sauRegion << 8);
    if (attribution.idauRegion !== undefined) answer |= TT.IRVALID | (attribution.idauRegion << 24);
    return answer >>> 0;
  }

  private lookup(address: number, privileged: boolean): number {
    const { sau, secure } = this;
    const data = sau.attribution(address);
    if (!reachable(data, secure, false)) return 0;
    const { rights } = this.mpu(secure).lookup(address, privileged);
    if ((rights & EXECUTE) === 0) return rights;
    return reachable(address < 0xe000_0000 ? data : sau.attribution(address, true), secure, true) ? rights : rights & ~EXECUTE;
  }

  private changed(): void {
    this.forget();
    this.onChange();
  }

  private forget(): void {
    for (const pages of this.pages) pages.forget();
  }
}

/** Secure code loads and stores anywhere; every state runs code of its own kind only, and Non-secure code reaches nothing Secure. */
function reachable(attribution: Attribution, secure: boolean, fetch: boolean): boolean {
  if (attribution.exempt) return true;
  return secure ? !fetch || !attribution.nonSecure : attribution.nonSecure;
}
