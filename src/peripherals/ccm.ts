/**
 * CCM of the i.MX 8M family: clock roots with their multiplexers and dividers, clock gates, PLL gates.
 *
 * Described in the CCM chapter of the reference manuals. TARGET_ROOT, PRE and POST are views of the same settings; a switch takes effect
 * at once (the BUSY bits read 0). Not modelled: gating itself (CCGR and PLL_CTRL are stored; a gated block keeps running), access control
 * by domain (ACCESS_CTRL is stored), the second branch (PRE_PODF_B, MUX_B) of the glitchless multiplexers, the cores' own speed: a core
 * keeps the rate of its description whatever its root is switched to.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { bits } from '../memory/bits.ts';
import { bit, defineRegisters, field, RegisterFile } from '../memory/registers.ts';
import type { ClockSource, ClockTree } from './clock-tree.ts';

/** A clock root: `sources` by value of MUX (null: no clock). */
export interface ClockRoot {
  readonly index: number;
  readonly name: string;
  readonly sources: readonly (ClockSource | null)[];
  /** TARGET_ROOT as the boot loader leaves it; enabled from the 24 MHz oscillator unless given. */
  readonly reset?: number;
}

/** A clock made from a root by the low bits of another root's POST_PODF (IPG from AHB). */
export interface DerivedRoot {
  readonly index: number;
  readonly name: string;
  readonly parent: string;
  /** Width of the divider field. */
  readonly width: number;
  readonly reset?: number;
}

const TARGET = { POST_PODF: field(0, 6), PRE_PODF: field(16, 3), MUX: field(24, 3), ENABLE: bit(28) };
/** Enabled, from the 24 MHz oscillator, undivided. */
const ROOT_RESET = 0x1000_0000;

/** Registers in manual order. */
export const CCM = defineRegisters({
  GPR0: { offset: 0x0000, setClearToggle: true },
  PLL_CTRL: { offset: 0x0800, count: 39, stride: 0x10, setClearToggle: true, reset: 0x0000_0002 },
  CCGR: { offset: 0x4000, count: 192, stride: 0x10, setClearToggle: true, reset: 0x0000_0002 },
  TARGET_ROOT: { offset: 0x8000, count: 142, stride: 0x80, setClearToggle: true, reset: ROOT_RESET, access: 'ro', fields: TARGET },
  MISC: { offset: 0x8010, count: 142, stride: 0x80, setClearToggle: true },
  POST: {
    offset: 0x8020,
    count: 142,
    stride: 0x80,
    setClearToggle: true,
    access: 'ro',
    fields: { POST_PODF: field(0, 6), SELECT: bit(28) },
  },
  PRE: {
    offset: 0x8030,
    count: 142,
    stride: 0x80,
    setClearToggle: true,
    reset: ROOT_RESET,
    access: 'ro',
    fields: {
      PRE_PODF_B: field(0, 3),
      MUX_B: field(8, 3),
      EN_B: bit(12),
      PRE_PODF_A: field(16, 3),
      MUX_A: field(24, 3),
      EN_A: bit(28),
    },
  },
  ACCESS_CTRL: { offset: 0x8070, count: 142, stride: 0x80, setClearToggle: true },
});

/** The bits that PRE shares with TARGET_ROOT. */
const PRE_SHARED = 0x1707_0000;
const POST_SHARED = 0x3f;

/** The block; defines every root in the clock tree by its name. */
export class Ccm {
  static readonly wiring = ['roots'];
  readonly device: RegisterFile<typeof CCM>;
  private readonly roots: readonly (ClockRoot | DerivedRoot)[];
  private readonly clocks: ClockTree;

  constructor(options: {
    name: string;
    roots: readonly ClockRoot[];
    derived: readonly DerivedRoot[];
    clocks: ClockTree;
    diagnostics: Diagnostics;
  }) {
    const { name, clocks, diagnostics } = options;
    this.roots = [...options.roots, ...options.derived];
    this.clocks = clocks;
    const exists = new Set(this.roots.map(({ index }) => index));
    const check = (register: string, index: number): void => {
      if (!exists.has(index)) diagnostics.guestError(name, `${register}[${index}]`, 'there is no such clock root');
    };
    this.device = new RegisterFile(CCM, {
      name,
      diagnostics,
      behaviour: {
        TARGET_ROOT: {
          write: (next, previous, index) => {
            check('TARGET_ROOT', index);
            this.spread(index, next);
            if (next !== previous) clocks.changed();
          },
        },
        POST: { write: (next, _previous, index) => this.target(index, POST_SHARED, next, clocks) },
        PRE: { write: (next, _previous, index) => this.target(index, PRE_SHARED, next, clocks) },
      },
    });
    for (const root of options.roots) clocks.define(root.name, () => this.rootHz(root, clocks));
    for (const { name: own, parent, index, width } of options.derived) {
      clocks.define(own, () => clocks.hz(parent) / (bits(this.device.get('TARGET_ROOT', index), 0, width) + 1));
    }
    this.reset();
  }

  /** Reset of the SoC, with what the boot loader then did. */
  reset(): void {
    this.device.reset();
    for (const { index, reset } of this.roots) {
      if (reset === undefined) continue;
      this.device.set('TARGET_ROOT', reset, index);
      this.spread(index, reset);
    }
    this.clocks.forget();
  }

  private spread(index: number, target: number): void {
    this.device.set('POST', (this.device.get('POST', index) & ~POST_SHARED) | (target & POST_SHARED), index);
    this.device.set('PRE', ((this.device.get('PRE', index) & ~PRE_SHARED) | (target & PRE_SHARED)) >>> 0, index);
  }

  private target(index: number, shared: number, value: number, clocks: ClockTree): void {
    const next = ((this.device.get('TARGET_ROOT', index) & ~shared) | (value & shared)) >>> 0;
    this.device.set('TARGET_ROOT', next, index);
    clocks.changed();
  }

  private rootHz(root: ClockRoot, clocks: ClockTree): number {
    const target = this.device.get('TARGET_ROOT', root.index);
    if (!bits(target, 28, 1)) return 0;
    const source = root.sources[bits(target, 24, 3)] ?? null;
    if (source === null) return 0;
    return clocks.hz(source) / (bits(target, 16, 3) + 1) / (bits(target, 0, 6) + 1);
  }
}
