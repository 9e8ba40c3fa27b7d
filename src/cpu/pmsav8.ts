/**
 * One Memory Protection Unit of ARMv8-M, PMSAv8 (DDI 0553B, B7 and D1.2.150-161); each security state has its own.
 *
 * Regions go from a base to a limit in steps of 32 bytes and must not overlap: an address in two of them gives no access. Shareability
 * and cache policy are stored and have no effect: caches are not modelled.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { bit, defineRegisters, field, RegisterFile } from '../memory/registers.ts';
import { EXECUTE, READ, WRITE } from './core-memory.ts';
import { defaultPermissions, isDefaultDevice, isPrivateBus } from './memory-map.ts';

const RBAR_FIELDS = { XN: bit(0), AP: field(1, 2), SH: field(3, 2), BASE: field(5, 27) };
const RLAR_FIELDS = { EN: bit(0), ATTR_INDX: field(1, 3), LIMIT: field(5, 27) };

/** Offsets are from 0xE000_E000. RBAR and RLAR show the region that RNR selects, alias n shows region n of the same group of four. */
const MPU = defineRegisters({
  TYPE: { offset: 0xd90, access: 'ro' },
  CTRL: { offset: 0xd94, access: 'ro', fields: { ENABLE: bit(0), HFNMIENA: bit(1), PRIVDEFENA: bit(2) } },
  RNR: { offset: 0xd98, access: 'ro', fields: { REGION: field(0, 8) } },
  RBAR: { offset: 0xd9c, access: 'ro', fields: RBAR_FIELDS },
  RLAR: { offset: 0xda0, access: 'ro', fields: RLAR_FIELDS },
  RBAR_A1: { offset: 0xda4, access: 'ro', fields: RBAR_FIELDS },
  RLAR_A1: { offset: 0xda8, access: 'ro', fields: RLAR_FIELDS },
  RBAR_A2: { offset: 0xdac, access: 'ro', fields: RBAR_FIELDS },
  RLAR_A2: { offset: 0xdb0, access: 'ro', fields: RLAR_FIELDS },
  RBAR_A3: { offset: 0xdb4, access: 'ro', fields: RBAR_FIELDS },
  RLAR_A3: { offset: 0xdb8, access: 'ro', fields: RLAR_FIELDS },
  MAIR0: { offset: 0xdc0 },
  MAIR1: { offset: 0xdc4 },
});

const ENABLE = 1;
const HFNMIENA = 2;
const PRIVDEFENA = 4;
const ADDRESS = 0xffff_ffe0;

const DATA = READ | WRITE;
/** Rights by RBAR.AP, execution aside: privileged in [0], unprivileged in [1]. */
const ACCESS_PERMISSIONS: readonly (readonly [number, number])[] = [
  [DATA, 0],
  [DATA, DATA],
  [READ, 0],
  [READ, READ],
];

interface Region {
  readonly number: number;
  readonly base: number;
  readonly last: number;
  readonly privileged: number;
  readonly unprivileged: number;
  readonly attributeIndex: number;
}

/** What the MPU says about an address. */
export interface MpuVerdict {
  /** Rights, execution included. */
  readonly rights: number;
  /** The region that decided; undefined where none did. */
  readonly region?: number;
}

/** The MPU of one security state; with 0 regions only the default memory map. */
export class MpuV8 {
  readonly registers: RegisterFile<typeof MPU>;
  readonly regionCount: number;
  /** Called when rights or attributes of any address may have changed. */
  onChange: () => void = () => {};
  private readonly rbar: Uint32Array;
  private readonly rlar: Uint32Array;
  private regions: readonly Region[] = [];
  private negativePriority = false;

  constructor(name: string, regionCount: number, diagnostics: Diagnostics) {
    this.regionCount = regionCount;
    this.rbar = new Uint32Array(regionCount);
    this.rlar = new Uint32Array(regionCount);
    const base = (alias: number) => this.window(this.rbar, alias);
    const limit = (alias: number) => this.window(this.rlar, alias);
    this.registers = new RegisterFile(MPU, {
      name,
      diagnostics,
      fullName: (register) => `MPU_${register}`,
      resets: { TYPE: regionCount << 8 },
      behaviour: {
        CTRL: { value: () => this.control, write: (next) => this.writeControl(next, diagnostics) },
        RNR: { write: (next) => this.select(next, diagnostics) },
        RBAR: base(0),
        RLAR: limit(0),
        RBAR_A1: base(1),
        RLAR_A1: limit(1),
        RBAR_A2: base(2),
        RLAR_A2: limit(2),
        RBAR_A3: base(3),
        RLAR_A3: limit(3),
        MAIR0: { write: () => this.onChange() },
        MAIR1: { write: () => this.onChange() },
      },
    });
  }

  /** Disables the MPU and all its regions. */
  reset(): void {
    this.registers.reset();
    this.rbar.fill(0);
    this.rlar.fill(0);
    this.negativePriority = false;
    this.update();
  }

  /** Tells the MPU whether its state asks for a negative priority (HardFault, NMI, FAULTMASK); true when that changed what it does. */
  setNegativePriority(negative: boolean): boolean {
    if (negative === this.negativePriority) return false;
    const before = this.applies;
    this.negativePriority = negative;
    return before !== this.applies;
  }

  /** CTRL.ENABLE, and HFNMIENA or the priority allows it. */
  get applies(): boolean {
    return (this.control & ENABLE) !== 0 && (!this.negativePriority || (this.control & HFNMIENA) !== 0);
  }

  /** True when privileged and unprivileged rights differ anywhere. */
  get differsByPrivilege(): boolean {
    return this.applies && ((this.control & PRIVDEFENA) !== 0 || this.regions.some((region) => region.privileged !== region.unprivileged));
  }

  /** Rights at `address` and who grants them. */
  lookup(address: number, privileged: boolean): MpuVerdict {
    if (!this.applies || isPrivateBus(address)) return { rights: defaultPermissions(address) };
    const hits = this.regions.filter(({ base, last }) => address >= base && address <= last);
    if (hits.length > 1) return { rights: 0 };
    const hit = hits[0];
    if (!hit) return { rights: privileged && (this.control & PRIVDEFENA) !== 0 ? defaultPermissions(address) : 0 };
    const rights = privileged ? hit.privileged : hit.unprivileged;
    return { rights: address >= 0xe000_0000 ? rights & ~EXECUTE : rights, region: hit.number };
  }

  /** True when all bytes of the 4 KiB page at `pageAddress` have the same rights. */
  uniform(pageAddress: number): boolean {
    if (!this.applies || isPrivateBus(pageAddress)) return true;
    const inside = (address: number) => address > pageAddress && address <= pageAddress + 0xfff;
    return !this.regions.some(({ base, last }) => inside(base) || inside(last + 1));
  }

  /** True when memory at `address` is Device. */
  isDevice(address: number): boolean {
    const region = this.applies && !isPrivateBus(address) && this.regions.find(({ base, last }) => address >= base && address <= last);
    if (!region) return isDefaultDevice(address);
    const mair = this.registers.get(region.attributeIndex < 4 ? 'MAIR0' : 'MAIR1');
    return (mair >>> (8 * (region.attributeIndex & 3) + 4)) % 16 === 0;
  }

  private get control(): number {
    return this.regionCount === 0 ? 0 : this.registers.get('CTRL');
  }

  private window(bank: Uint32Array, alias: number) {
    const region = () => (alias === 0 ? this.registers.get('RNR') : (this.registers.get('RNR') & ~3) + alias);
    const write = (_next: number, _previous: number, _index: number, written: number, lanes: number): void => {
      const number = region();
      if (number >= bank.length) return;
      bank[number] = ((bank[number]! & ~lanes) | written) & (bank === this.rlar ? ~0x10 : ~0);
      this.update();
    };
    return { value: () => bank[region()] ?? 0, write };
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
    const regions: Region[] = [];
    for (const [number, rlar] of this.rlar.entries()) {
      if ((rlar & 1) === 0) continue;
      const rbar = this.rbar[number]!;
      const [privileged, unprivileged] = ACCESS_PERMISSIONS[(rbar >>> 1) & 3]!;
      const rights = (data: number) => ((rbar & 1) === 0 && (data & READ) !== 0 ? data | EXECUTE : data);
      regions.push({
        number,
        base: (rbar & ADDRESS) >>> 0,
        last: (rlar | 0x1f) >>> 0,
        privileged: rights(privileged),
        unprivileged: rights(unprivileged),
        attributeIndex: (rlar >>> 1) & 7,
      });
    }
    this.regions = regions;
    this.onChange();
  }
}
