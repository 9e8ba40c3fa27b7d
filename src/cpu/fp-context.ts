/**
 * Floating-point context registers (DDI 0403E, B3.2.20-22 and B1.5.7): automatic and lazy state preservation.
 *
 * Offsets are from 0xE000_E000. The saving itself is part of exception entry (`exceptions.ts`).
 */
import type { Diagnostics } from '../diagnostics.ts';
import { bit, defineRegisters, field, RegisterFile } from '../memory/registers.ts';
import { CELL, type CoreRegisters } from './core-registers.ts';
import type { CoreProfile } from './profile.ts';

const FP = defineRegisters({
  FPCCR: {
    offset: 0xf34,
    access: 'ro',
    reset: 0xc000_0000,
    fields: {
      LSPACT: bit(0),
      USER: bit(1),
      THREAD: bit(3),
      HFRDY: bit(4),
      MMRDY: bit(5),
      BFRDY: bit(6),
      MONRDY: bit(8),
      LSPEN: bit(30),
      ASPEN: bit(31),
    },
  },
  FPCAR: { offset: 0xf38, access: 'ro', fields: { ADDRESS: field(3, 29) } },
  FPDSCR: { offset: 0xf3c, access: 'ro', fields: { RMODE: field(22, 2), FZ: bit(24), DN: bit(25), AHP: bit(26) } },
  MVFR0: { offset: 0xf40, access: 'ro' },
  MVFR1: { offset: 0xf44, access: 'ro' },
  MVFR2: { offset: 0xf48, access: 'ro' },
});

/** MVFR0 to MVFR2. */
export const FP_FEATURES: Readonly<Record<CoreProfile['fpu'], readonly [number, number, number]>> = {
  none: [0, 0, 0],
  'fpv4-sp': [0x1011_0021, 0x1100_0011, 0],
  'fpv5-sp': [0x1011_0021, 0x1100_0011, 0x40],
  'fpv5-dp': [0x1011_0221, 0x1200_0011, 0x40],
};

/** CONTROL.FPCA. */
export const FPCA = 4;

/** FPSCR's bits that exist (no QC, no short vectors), and those that FPDSCR gives to a new context. */
export const FPSCR_MASK = 0xf7c0_009f;
export const FPDSCR_MASK = 0x07c0_0000;

/** Facts about the context that is being stacked lazily, kept in FPCCR. */
export interface LazyContext {
  /** Address of the space for S0 in the exception frame. */
  readonly address: number;
  readonly privileged: boolean;
  readonly thread: boolean;
  /** Whether each fault could have been taken when the frame was made. */
  readonly hardFaultReady: boolean;
  readonly memManageReady: boolean;
  readonly busFaultReady: boolean;
  readonly monitorReady: boolean;
}

/** FPCCR, FPCAR, FPDSCR and the feature registers. */
export class FpContext {
  readonly registers: RegisterFile<typeof FP>;
  readonly present: boolean;

  constructor(profile: CoreProfile, diagnostics: Diagnostics, changed: () => void) {
    this.present = profile.fpu !== 'none';
    const [mvfr0, mvfr1, mvfr2] = FP_FEATURES[profile.fpu];
    this.registers = new RegisterFile(FP, {
      name: 'FPU',
      diagnostics,
      resets: { FPCCR: this.present ? 0xc000_0000 : 0, MVFR0: mvfr0, MVFR1: mvfr1, MVFR2: mvfr2 },
      behaviour: {
        FPCCR: {
          write: () => {
            if (!this.present) this.registers.set('FPCCR', 0);
            changed();
          },
        },
      },
    });
  }

  /** ASPEN: CONTROL.FPCA is set by the first floating-point instruction, and entry then makes an extended frame. */
  get automatic(): boolean {
    return this.registers.field('FPCCR', 'ASPEN') !== 0;
  }

  /** LSPEN: entry reserves the space and saves only when it must. */
  get lazy(): boolean {
    return this.registers.field('FPCCR', 'LSPEN') !== 0;
  }

  /** LSPACT: the floating-point registers still hold the state that belongs into the frame at `lazyAddress`. */
  get lazyActive(): boolean {
    return this.registers.field('FPCCR', 'LSPACT') !== 0;
  }

  set lazyActive(active: boolean) {
    this.registers.setField('FPCCR', 'LSPACT', active ? 1 : 0);
  }

  get lazyAddress(): number {
    return this.registers.get('FPCAR');
  }

  /** Privilege with which the lazy state is written. */
  get lazyPrivileged(): boolean {
    return this.registers.field('FPCCR', 'USER') === 0;
  }

  /** One of the ready bits. */
  ready(name: 'HFRDY' | 'MMRDY' | 'BFRDY'): boolean {
    return this.registers.field('FPCCR', name) !== 0;
  }

  /** UpdateFPCCR(): notes whose state is still in the registers. */
  defer(context: LazyContext): void {
    const { registers } = this;
    const set = (name: 'LSPACT' | 'USER' | 'THREAD' | 'HFRDY' | 'MMRDY' | 'BFRDY' | 'MONRDY', on: boolean) =>
      registers.setField('FPCCR', name, on ? 1 : 0);
    registers.set('FPCAR', (context.address & ~7) >>> 0);
    set('LSPACT', true);
    set('USER', !context.privileged);
    set('THREAD', context.thread);
    set('HFRDY', context.hardFaultReady);
    set('MMRDY', context.memManageReady);
    set('BFRDY', context.busFaultReady);
    set('MONRDY', context.monitorReady);
  }

  /** Starts a floating-point context: FPCA set, FPSCR from FPDSCR. */
  begin({ cells }: CoreRegisters): void {
    cells[CELL.CONTROL]! |= FPCA;
    cells[CELL.FPSCR] = this.registers.get('FPDSCR') & FPDSCR_MASK;
  }

  /** True when the next floating-point instruction must be shown to the core before it executes. */
  mustTrap(allowed: boolean, control: number): boolean {
    return !allowed || this.lazyActive || (this.automatic && (control & FPCA) === 0);
  }
}
