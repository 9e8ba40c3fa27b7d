/**
 * Memory Protection Unit, PMSAv7 (DDI 0403E, B3.5), and the architecture's default memory map (B3.1).
 *
 * Rights and attributes are computed per address; decisions for pages whose bytes all share them are cached until something changes.
 * Shareability and cache policy are stored and have no effect: caches are not modelled.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { bit, defineRegisters, field, RegisterFile } from '../memory/registers.ts';
import { EXECUTE, type ProtectionUnit, READ, WRITE } from './core-memory.ts';
import { defaultPermissions, isDefaultDevice, isPrivateBus } from './memory-map.ts';
import { PageRights } from './page-rights.ts';

const RBAR_FIELDS = { REGION: field(0, 4), VALID: bit(4, 'wo'), ADDR: field(5, 27) };
const RASR_FIELDS = {
  ENABLE: bit(0),
  SIZE: field(1, 5),
  SRD: field(8, 8),
  B: bit(16),
  C: bit(17),
  S: bit(18),
  TEX: field(19, 3),
  AP: field(24, 3),
  XN: bit(28),
};

/** Offsets are from 0xE000_E000. RBAR and RASR show the region that RNR selects; the aliases are the same registers. */
const MPU = defineRegisters({
  TYPE: { offset: 0xd90, access: 'ro' },
  CTRL: { offset: 0xd94, access: 'ro', fields: { ENABLE: bit(0), HFNMIENA: bit(1), PRIVDEFENA: bit(2) } },
  RNR: { offset: 0xd98, access: 'ro', fields: { REGION: field(0, 8) } },
  RBAR: { offset: 0xd9c, fields: RBAR_FIELDS },
  RASR: { offset: 0xda0, access: 'ro', fields: RASR_FIELDS },
  RBAR_A1: { offset: 0xda4, fields: RBAR_FIELDS },
  RASR_A1: { offset: 0xda8, access: 'ro', fields: RASR_FIELDS },
  RBAR_A2: { offset: 0xdac, fields: RBAR_FIELDS },
  RASR_A2: { offset: 0xdb0, access: 'ro', fields: RASR_FIELDS },
  RBAR_A3: { offset: 0xdb4, fields: RBAR_FIELDS },
  RASR_A3: { offset: 0xdb8, access: 'ro', fields: RASR_FIELDS },
});

const ENABLE = 1;
const HFNMIENA = 2;
const PRIVDEFENA = 4;
const RASR_MASK = 0x173f_ff3f;

const DATA = READ | WRITE;

/** Rights by RASR.AP, execution aside: privileged in [0], unprivileged in [1]. AP 4 is reserved and gives none. */
const ACCESS_PERMISSIONS: readonly (readonly [number, number])[] = [
  [0, 0],
  [DATA, 0],
  [DATA, READ],
  [DATA, DATA],
  [0, 0],
  [READ, 0],
  [READ, READ],
  [READ, READ],
];

/** An enabled region, decoded. */
interface MpuRegion {
  readonly base: number;
  /** Last byte. */
  readonly last: number;
  /** log2 of an eighth of the region; 0 when it has no subregions. */
  readonly subregionShift: number;
  /** Bit n set: subregion n is not part of the region. */
  readonly disabled: number;
  readonly privileged: number;
  readonly unprivileged: number;
  readonly device: boolean;
}

/** The MPU of one core; with 0 regions only the default memory map. */
export class Mpu implements ProtectionUnit {
  static readonly wiring = ['pages', 'splits'];
  readonly registers: RegisterFile<typeof MPU>;
  /** Regions implemented: 0, 8 or 16. */
  readonly regionCount: number;
  /** Called when rights or attributes of any address may have changed. */
  onChange: () => void = () => {};
  private readonly splits: boolean;
  private readonly rbar: Uint32Array;
  private readonly rasr: Uint32Array;
  /** Enabled regions, highest number first. */
  private regions: MpuRegion[] = [];
  private differs = false;
  /** True while the execution priority is negative (HardFault, NMI, FAULTMASK). */
  private negativePriority = false;
  /** CTRL.ENABLE, and HFNMIENA or the execution priority allows it. */
  private applies = false;
  /** Rights while the regions apply. */
  private readonly pages = new PageRights({
    uniform: (pageAddress) => this.regionsUniform(pageAddress),
    lookup: (address, privileged) => this.lookup(address, privileged),
  });

  /** With `splits`, no memory is Device as far as alignment goes. */
  constructor(regionCount: number, diagnostics: Diagnostics, splits = false) {
    this.regionCount = regionCount;
    this.splits = splits;
    this.rbar = new Uint32Array(regionCount);
    this.rasr = new Uint32Array(regionCount);
    const rbar = { value: () => this.readBase(), write: (next: number) => this.writeBase(next) };
    const rasr = { value: () => this.rasr[this.selected] ?? 0, write: (next: number) => this.writeAttributes(next) };
    this.registers = new RegisterFile(MPU, {
      name: 'MPU',
      diagnostics,
      fullName: (name) => `MPU_${name}`,
      resets: { TYPE: regionCount << 8 },
      behaviour: {
        CTRL: { value: () => this.control, write: (next) => this.writeControl(next, diagnostics) },
        RNR: { write: (next) => this.select(next, diagnostics) },
        RBAR: rbar,
        RBAR_A1: rbar,
        RBAR_A2: rbar,
        RBAR_A3: rbar,
        RASR: rasr,
        RASR_A1: rasr,
        RASR_A2: rasr,
        RASR_A3: rasr,
      },
    });
  }

  /** Disables the MPU and all its regions. */
  reset(): void {
    this.registers.reset();
    this.rbar.fill(0);
    this.rasr.fill(0);
    this.negativePriority = false;
    this.update();
  }

  /** After a snapshot was loaded. */
  restored(): void {
    this.pages.forget();
  }

  get differsByPrivilege(): boolean {
    return this.applies && this.differs;
  }

  /** CTRL.ENABLE. */
  get enabled(): boolean {
    return (this.control & ENABLE) !== 0;
  }

  /** Tells the MPU whether the execution priority is negative; true when that changed what it does. */
  setNegativePriority(negative: boolean): boolean {
    if (negative === this.negativePriority) return false;
    this.negativePriority = negative;
    const before = this.applies;
    this.updateApplies();
    return before !== this.applies;
  }

  permissions(address: number, privileged: boolean): number {
    return !this.applies || isPrivateBus(address) ? defaultPermissions(address) : this.pages.at(address, privileged);
  }

  uniform(pageAddress: number): boolean {
    return !this.applies || isPrivateBus(pageAddress) || this.pages.uniform(pageAddress);
  }

  isDevice(address: number): boolean {
    if (this.splits) return false;
    if (this.applies && !isPrivateBus(address)) {
      const region = this.regionAt(address);
      if (region) return region.device;
    }
    return isDefaultDevice(address);
  }

  /** Number of the enabled region that decides about `address`, undefined when none does; for reports. */
  regionNumberAt(address: number): number | undefined {
    if (!this.applies || isPrivateBus(address)) return undefined;
    const found = this.regionAt(address);
    if (!found) return undefined;
    for (let number = this.regionCount - 1; number >= 0; number--) {
      const region = this.decode(number);
      if (region && covers(region, address)) return number;
    }
    return undefined;
  }

  private get control(): number {
    return this.regionCount === 0 ? 0 : this.registers.get('CTRL');
  }

  private get selected(): number {
    return this.registers.get('RNR');
  }

  private regionsUniform(pageAddress: number): boolean {
    const last = pageAddress + 0xfff;
    for (const region of this.regions) {
      if (region.last < pageAddress || region.base > last) continue;
      if (region.base > pageAddress || region.last < last) return false;
      if (region.disabled === 0) return true;
      if (region.subregionShift < 12) return false;
      if (covers(region, pageAddress)) return true;
    }
    return true;
  }

  private lookup(address: number, privileged: boolean): number {
    const region = this.regionAt(address);
    let rights = 0;
    if (region) rights = privileged ? region.privileged : region.unprivileged;
    else if (privileged && (this.control & PRIVDEFENA) !== 0) rights = defaultPermissions(address);
    return address >= 0xe000_0000 ? rights & ~EXECUTE : rights;
  }

  private regionAt(address: number): MpuRegion | undefined {
    for (const region of this.regions) if (covers(region, address)) return region;
    return undefined;
  }

  private readBase(): number {
    const region = this.selected;
    return ((this.rbar[region] ?? 0) | (region & 0xf)) >>> 0;
  }

  private writeBase(next: number): void {
    if ((next & 0x10) !== 0) this.registers.set('RNR', next & 0xf);
    const region = this.selected;
    if (region >= this.regionCount) return;
    this.rbar[region] = next & 0xffff_ffe0;
    this.update();
  }

  private writeAttributes(next: number): void {
    const region = this.selected;
    if (region >= this.regionCount) return;
    this.rasr[region] = next & RASR_MASK;
    this.update();
  }

  private writeControl(next: number, diagnostics: Diagnostics): void {
    if ((next & (ENABLE | HFNMIENA)) === HFNMIENA) {
      diagnostics.guestError('MPU', 'CTRL', 'HFNMIENA without ENABLE is UNPREDICTABLE');
    }
    this.update();
  }

  private select(next: number, diagnostics: Diagnostics): void {
    if (next >= this.regionCount) diagnostics.guestError('MPU', 'RNR', `region ${next} of ${this.regionCount} selected`);
  }

  private update(): void {
    this.regions = [];
    for (let number = this.regionCount - 1; number >= 0; number--) {
      const region = this.decode(number);
      if (region) this.regions.push(region);
    }
    this.differs = (this.control & PRIVDEFENA) !== 0 || this.regions.some((region) => region.privileged !== region.unprivileged);
    this.updateApplies();
    this.pages.forget();
    this.onChange();
  }

  private updateApplies(): void {
    this.applies = this.enabled && (!this.negativePriority || (this.control & HFNMIENA) !== 0);
  }

  /** Region `number` as it matches addresses; undefined when it is disabled or its SIZE is reserved and so matches nothing. */
  private decode(number: number): MpuRegion | undefined {
    const rasr = this.rasr[number]!;
    const size = (rasr >>> 1) & 0x1f;
    if ((rasr & ENABLE) === 0 || size < 4) return undefined;
    const bytes = 2 ** (size + 1);
    const base = this.rbar[number]! - (this.rbar[number]! % bytes);
    const [privileged, unprivileged] = ACCESS_PERMISSIONS[(rasr >>> 24) & 7]!;
    const executable = (rasr & (1 << 28)) === 0;
    const rights = (data: number) => (executable && (data & READ) !== 0 ? data | EXECUTE : data);
    const subregions = size >= 7;
    return {
      base,
      last: base + bytes - 1,
      subregionShift: subregions ? size - 2 : 0,
      disabled: subregions ? (rasr >>> 8) & 0xff : 0,
      privileged: rights(privileged),
      unprivileged: rights(unprivileged),
      device: isDeviceType((rasr >>> 16) & 0x3f),
    };
  }
}

function covers(region: MpuRegion, address: number): boolean {
  if (address < region.base || address > region.last) return false;
  if (region.disabled === 0) return true;
  return ((region.disabled >>> ((address - region.base) >>> region.subregionShift)) & 1) === 0;
}

/** TEX, S, C, B (bits 5:3, 2, 1, 0): Strongly-ordered, shared Device or non-shared Device. */
function isDeviceType(attributes: number): boolean {
  const tex = attributes >>> 3;
  const cb = attributes & 3;
  return (tex === 0 && cb <= 1) || (tex === 2 && cb === 0);
}
