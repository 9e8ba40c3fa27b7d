/**
 * Security attribution: the SAU's regions together with the SoC's IDAU, and the SecureFault status registers (DDI 0553B, B8, D1.2.218-224).
 *
 * An address is as secure as the more secure of the two says. Without a SAU region over it an address is Secure; without an IDAU the
 * SAU alone decides. With the SAU disabled everything is Secure, or with CTRL.ALLNS what the IDAU says. Offsets are from 0xE000_E000.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { bit, defineRegisters, field, RegisterFile } from '../memory/registers.ts';
import { SFSR } from './fault-status.ts';
import type { IdauRange, SecurityProfile } from './profile.ts';

const SAU = defineRegisters({
  CTRL: { offset: 0xdd0, access: 'ro', fields: { ENABLE: bit(0), ALLNS: bit(1) } },
  TYPE: { offset: 0xdd4, access: 'ro' },
  RNR: { offset: 0xdd8, access: 'ro', fields: { REGION: field(0, 8) } },
  RBAR: { offset: 0xddc, access: 'ro', fields: { BADDR: field(5, 27) } },
  RLAR: { offset: 0xde0, access: 'ro', fields: { ENABLE: bit(0), NSC: bit(1), LADDR: field(5, 27) } },
  SFSR: { offset: 0xde4, access: 'w1c' },
  SFAR: { offset: 0xde8 },
});

const ENABLE = 1;
const ALLNS = 2;
const NSC = 2;
/** Bits of RBAR and RLAR that are an address. */
const ADDRESS = 0xffff_ffe0;

/** Ranges that the attribution does not reach: whatever the state, they are as the state is (R_BLWN: PPB parts that bank by themselves). */
const EXEMPT: readonly (readonly [number, number])[] = [
  [0xe000_0000, 0xe000_2fff],
  [0xe000_e000, 0xe000_efff],
  [0xe002_e000, 0xe002_efff],
  [0xe004_0000, 0xe004_1fff],
  [0xe00f_f000, 0xe00f_ffff],
];

/** How secure an address is. */
export interface Attribution {
  /** Non-secure; false: Secure. */
  readonly nonSecure: boolean;
  /** Secure, but SG may be fetched from here by Non-secure code. */
  readonly callable: boolean;
  /** As the state of the core is. */
  readonly exempt: boolean;
  /** SAU and IDAU region, undefined where there is none (or several). */
  readonly sauRegion?: number;
  readonly idauRegion?: number;
}

interface Region {
  readonly number: number;
  readonly base: number;
  readonly last: number;
  readonly callable: boolean;
}

const EXEMPT_ATTRIBUTION: Attribution = { nonSecure: false, callable: false, exempt: true };
const ALWAYS_SECURE: Attribution = { nonSecure: false, callable: false, exempt: false };

/** The SAU of one core, and what it knows of the SoC's IDAU. */
export class SecurityAttributionUnit {
  static readonly wiring = ['idau'];
  readonly registers: RegisterFile<typeof SAU>;
  /** Called when the attribution of any address may have changed. */
  onChange: () => void = () => {};
  private readonly rbar: Uint32Array;
  private readonly rlar: Uint32Array;
  private readonly idau: readonly IdauRange[];
  private regions: readonly Region[] = [];

  constructor({ sauRegions, idau = [] }: SecurityProfile, diagnostics: Diagnostics) {
    this.rbar = new Uint32Array(sauRegions);
    this.rlar = new Uint32Array(sauRegions);
    this.idau = idau;
    const selected = () => this.registers.get('RNR');
    const store = (registers: Uint32Array) => (next: number) => {
      if (selected() < registers.length) registers[selected()] = next;
      this.update();
    };
    this.registers = new RegisterFile(SAU, {
      name: 'SAU',
      diagnostics,
      fullName: (name) => (name.startsWith('SF') ? name : `SAU_${name}`),
      resets: { TYPE: sauRegions },
      behaviour: {
        CTRL: { write: () => this.update() },
        RNR: {
          write: (next) => {
            if (next >= sauRegions) diagnostics.guestError('SAU', 'RNR', `region ${next} of ${sauRegions} selected`);
          },
        },
        RBAR: { value: () => this.rbar[selected()] ?? 0, write: store(this.rbar) },
        RLAR: { value: () => this.rlar[selected()] ?? 0, write: store(this.rlar) },
      },
    });
  }

  /** Disables the SAU and all its regions. */
  reset(): void {
    this.registers.reset();
    this.rbar.fill(0);
    this.rlar.fill(0);
    this.update();
  }

  /** SFSR. */
  get status(): number {
    return this.registers.get('SFSR');
  }

  /** SFAR. */
  get faultAddress(): number {
    return this.registers.get('SFAR');
  }

  /** Sets bits of SFSR, with SFAR and SFARVALID when an address is given. */
  noteSecureFault(bits: (typeof SFSR)[keyof typeof SFSR], address?: number): void {
    this.registers.set('SFSR', this.status | bits | (address === undefined ? 0 : SFSR.SFARVALID));
    if (address !== undefined) this.registers.set('SFAR', address);
  }

  /** SecurityCheck() of `address`, for a data access or an instruction fetch. */
  attribution(address: number, fetch = false): Attribution {
    // The last 256 MiB are Secure to fetches; code elsewhere in the system region is refused by the memory map.
    if (fetch && address >= 0xf000_0000) return ALWAYS_SECURE;
    if (fetch ? address >= 0xe000_0000 : EXEMPT.some(([first, last]) => address >= first && address <= last)) return EXEMPT_ATTRIBUTION;
    const range = this.rangeAt(address);
    if (range?.attribution === 'exempt') return EXEMPT_ATTRIBUTION;
    let nonSecure = false;
    let callable = false;
    let region: Region | undefined;
    const control = this.registers.get('CTRL');
    if ((control & ENABLE) === 0) nonSecure = (control & ALLNS) !== 0;
    else {
      region = this.regionAt(address);
      if (region) {
        callable = region.callable;
        nonSecure = !callable;
      }
    }
    // Of the two attributions the more secure one holds: Secure before Non-secure callable before Non-secure.
    if (range?.attribution === 'secure') nonSecure = callable = false;
    else if (range?.attribution === 'non-secure-callable' && nonSecure) [nonSecure, callable] = [false, true];
    return {
      nonSecure,
      callable,
      exempt: false,
      ...(region === undefined ? {} : { sauRegion: region.number }),
      ...(range?.region === undefined ? {} : { idauRegion: range.region }),
    };
  }

  /** True when all bytes of the 4 KiB page at `pageAddress` have the same attribution. */
  uniform(pageAddress: number): boolean {
    const inside = (address: number) => address > pageAddress && address <= pageAddress + 0xfff;
    if (this.idau.some(({ base, size }) => inside(base) || inside(base + size))) return false;
    return (this.registers.get('CTRL') & ENABLE) === 0 || !this.regions.some(({ base, last }) => inside(base) || inside(last + 1));
  }

  /** The IDAU's range at `address`, if it has one. */
  private rangeAt(address: number): IdauRange | undefined {
    for (const range of this.idau) if (address >= range.base && address < range.base + range.size) return range;
    return undefined;
  }

  /** The region that `address` is in; undefined where there are none or several. */
  private regionAt(address: number): Region | undefined {
    let found: Region | undefined;
    for (const region of this.regions) {
      if (address < region.base || address > region.last) continue;
      if (found) return undefined;
      found = region;
    }
    return found;
  }

  private update(): void {
    const regions: Region[] = [];
    for (const [number, limit] of this.rlar.entries()) {
      if ((limit & ENABLE) === 0) continue;
      const base = (this.rbar[number]! & ADDRESS) >>> 0;
      regions.push({ number, base, last: (limit | 0x1f) >>> 0, callable: (limit & NSC) !== 0 });
    }
    this.regions = regions;
    this.onChange();
  }
}
