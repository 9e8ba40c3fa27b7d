/**
 * What a Cortex-M has for debugging and tracing: DWT with its cycle counter, ITM, FPB, TPIU (DDI 0403E, part C).
 *
 * CYCCNT counts core cycles of the clock, asleep or not. One instruction is one cycle, so the counters of extra cycles (CPICNT, LSUCNT,
 * FOLDCNT) and of exception overhead stay at 0. Not modelled: comparators, breakpoints by the FPB, trace output.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { bit, defineRegisters, field, RegisterFile } from '../memory/registers.ts';

/** CTRL.NUMCOMP and the features that are present: bits 31:24 are read-only. */
const DWT_CTRL_RESET = 0x4000_0000;
const CYCCNTENA = 1;
const TRCENA = 1 << 24;

/** Offsets are from 0xE000_1000. */
const DWT = defineRegisters({
  CTRL: { offset: 0x000, reset: DWT_CTRL_RESET, fields: { NUMCOMP: field(24, 8, 'ro') } },
  CYCCNT: { offset: 0x004 },
  CPICNT: { offset: 0x008, access: 'ro', fields: { COUNT: field(0, 8) } },
  EXCCNT: { offset: 0x00c, access: 'ro', fields: { COUNT: field(0, 8) } },
  SLEEPCNT: { offset: 0x010, access: 'ro', fields: { COUNT: field(0, 8) } },
  LSUCNT: { offset: 0x014, access: 'ro', fields: { COUNT: field(0, 8) } },
  FOLDCNT: { offset: 0x018, access: 'ro', fields: { COUNT: field(0, 8) } },
  PCSR: { offset: 0x01c, access: 'ro' },
  COMP: { offset: 0x020, count: 4, stride: 16, unimplemented: true },
  MASK: { offset: 0x024, count: 4, stride: 16, unimplemented: true },
  FUNCTION: { offset: 0x028, count: 4, stride: 16, unimplemented: true },
  LAR: { offset: 0xfb0, access: 'wo' },
  LSR: { offset: 0xfb4, access: 'ro' },
});

/** Offsets are from 0xE000_0000. */
const ITM = defineRegisters({
  STIM: { offset: 0x000, count: 32 },
  TER: { offset: 0xe00, count: 8 },
  TPR: { offset: 0xe40 },
  TCR: { offset: 0xe80, fields: { BUSY: bit(23, 'ro') } },
  LAR: { offset: 0xfb0, access: 'wo' },
  LSR: { offset: 0xfb4, access: 'ro' },
});

/** Offsets are from 0xE000_2000. */
const FPB = defineRegisters({
  CTRL: { offset: 0x000, reset: 0x260, unimplemented: true },
  REMAP: { offset: 0x004, unimplemented: true },
  COMP: { offset: 0x008, count: 8, unimplemented: true },
  LAR: { offset: 0xfb0, access: 'wo' },
  LSR: { offset: 0xfb4, access: 'ro' },
});

/** Offsets are from 0xE004_0000. */
const TPIU = defineRegisters({
  SSPSR: { offset: 0x000, access: 'ro' },
  CSPSR: { offset: 0x004, reset: 1 },
  ACPR: { offset: 0x010 },
  SPPR: { offset: 0x0f0, reset: 1 },
  FFSR: { offset: 0x300, access: 'ro', reset: 8 },
  FFCR: { offset: 0x304, reset: 0x102 },
  LAR: { offset: 0xfb0, access: 'wo' },
  LSR: { offset: 0xfb4, access: 'ro' },
});

/** Offsets are from 0xE000_E000: the debug registers of the System Control Space. No debugger is ever connected through them. */
const DEBUG = defineRegisters({
  DHCSR: { offset: 0xdf0, access: 'ro' },
  DCRSR: { offset: 0xdf4, access: 'wo' },
  DCRDR: { offset: 0xdf8 },
  DEMCR: {
    offset: 0xdfc,
    fields: { VC: field(0, 11), MON_EN: bit(16), MON_PEND: bit(17), MON_STEP: bit(18), MON_REQ: bit(19), TRCENA: bit(24) },
  },
});

/** What a `DebugUnit` needs. */
export interface DebugUnitOptions {
  readonly diagnostics: Diagnostics;
  /** Core cycles since power-on. */
  readonly cycles: () => number;
  /** Base-clock cycles of a core cycle. */
  readonly cyclesPerTick: number;
  /** DebugMonitor's pending bit. */
  readonly monitorPending: () => boolean;
  readonly setMonitorPending: (pending: boolean) => void;
}

/** DWT, ITM, FPB, TPIU and the debug registers of the SCS. */
export class DebugUnit {
  readonly dwt: RegisterFile<typeof DWT>;
  readonly itm: RegisterFile<typeof ITM>;
  readonly fpb: RegisterFile<typeof FPB>;
  readonly tpiu: RegisterFile<typeof TPIU>;
  readonly debug: RegisterFile<typeof DEBUG>;
  private readonly cycles: () => number;
  /** CYCCNT at `countedFrom`; it stands still while `countedFrom` is undefined. */
  private count = 0;
  private countedFrom: number | undefined;

  constructor(options: DebugUnitOptions) {
    const { diagnostics } = options;
    this.cycles = options.cycles;
    this.dwt = new RegisterFile(DWT, {
      name: 'DWT',
      diagnostics,
      fullName: (name) => `DWT_${name}`,
      behaviour: {
        CTRL: { write: () => this.update() },
        CYCCNT: {
          value: () => this.cycleCount,
          progress: () => ({
            ticks: this.countedFrom === undefined ? 0 : 1,
            cycles: options.cyclesPerTick,
            until: Number.POSITIVE_INFINITY,
          }),
          write: (next) => this.setCycleCount(next),
        },
      },
    });
    this.itm = new RegisterFile(ITM, {
      name: 'ITM',
      diagnostics,
      fullName: (name) => `ITM_${name}`,
      behaviour: {
        STIM: {
          value: () => 1,
          write: (_next, _previous, port) => {
            const on = (this.itm.get('TCR') & 1) !== 0 && this.traceEnabled && ((this.itm.get('TER', port >>> 5) >>> port) & 1) !== 0;
            if (on) diagnostics.unimplemented('ITM', `STIM[${port}]`, 'trace output goes nowhere in this model');
          },
        },
      },
    });
    this.fpb = new RegisterFile(FPB, { name: 'FPB', diagnostics, fullName: (name) => `FP_${name}` });
    this.tpiu = new RegisterFile(TPIU, { name: 'TPIU', diagnostics, fullName: (name) => `TPIU_${name}` });
    this.debug = new RegisterFile(DEBUG, {
      name: 'SCS debug',
      diagnostics,
      behaviour: {
        DEMCR: {
          value: () => (this.debug.get('DEMCR') & ~(1 << 17)) | (options.monitorPending() ? 1 << 17 : 0),
          write: (next, _previous, _index, _written, lanes) => {
            if ((lanes & (1 << 17)) !== 0) options.setMonitorPending((next & (1 << 17)) !== 0);
            this.update();
          },
        },
      },
    });
  }

  /** Puts all registers to their reset values. */
  reset(): void {
    for (const block of [this.dwt, this.itm, this.fpb, this.tpiu, this.debug]) block.reset();
    this.count = 0;
    this.countedFrom = undefined;
  }

  /** DEMCR.MON_EN: a BKPT goes to the DebugMonitor exception. */
  get monitorEnabled(): boolean {
    return (this.debug.get('DEMCR') & (1 << 16)) !== 0;
  }

  /** CYCCNT, u32. */
  get cycleCount(): number {
    if (this.countedFrom === undefined) return this.count;
    return (this.count + this.cycles() - this.countedFrom) % 2 ** 32;
  }

  private get traceEnabled(): boolean {
    return (this.debug.get('DEMCR') & TRCENA) !== 0;
  }

  private setCycleCount(value: number): void {
    this.count = value;
    if (this.countedFrom !== undefined) this.countedFrom = this.cycles();
  }

  private update(): void {
    const counting = this.traceEnabled && (this.dwt.get('CTRL') & CYCCNTENA) !== 0;
    if (counting === (this.countedFrom !== undefined)) return;
    this.count = this.cycleCount;
    this.countedFrom = counting ? this.cycles() : undefined;
  }
}
