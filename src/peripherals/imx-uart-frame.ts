/**
 * How long bits and characters of an i.MX UART take by its registers and its clock; see `imx-uart.ts`.
 */
import type { RegisterFile } from '../memory/registers.ts';
import type { Scheduler } from '../time/scheduler.ts';
import type { ClockSource, ClockTree } from './clock-tree.ts';
import type { IMX_UART } from './imx-uart-registers.ts';

/** Divider of the reference clock by UFCR.RFDIV; 7 is reserved. */
const RFDIV = [6, 5, 4, 3, 2, 1, 7, 6] as const;

/** The frame as the registers stand; infinitely long while the clock stands still. */
export class ImxUartFrame {
  private readonly options: { device: RegisterFile<typeof IMX_UART>; clock: ClockSource; clocks: ClockTree; scheduler: Scheduler };

  constructor(options: { device: RegisterFile<typeof IMX_UART>; clock: ClockSource; clocks: ClockTree; scheduler: Scheduler }) {
    this.options = options;
  }

  /** The module clock after its divider. */
  get referenceHz(): number {
    const { clocks, clock, device } = this.options;
    return clocks.hz(clock) / RFDIV[device.field('UFCR', 'RFDIV') as 0];
  }

  /** Cycles of one bit: 16 clocks of the binary rate multiplier. */
  get bitCycles(): number {
    const { device, scheduler } = this.options;
    const hz = this.referenceHz;
    const ratio = (device.field('UBMR', 'MOD') + 1) / (device.field('UBIR', 'INC') + 1);
    return hz > 0 ? (16 * ratio * scheduler.hz) / hz : Number.POSITIVE_INFINITY;
  }

  /** Bits of one character: start bit, data, parity, stop bits. */
  get characterBits(): number {
    const on = (name: 'WS' | 'PREN' | 'STPB'): number => this.options.device.field('UCR2', name);
    return 1 + 7 + on('WS') + on('PREN') + 1 + on('STPB');
  }

  /** Cycles of one character. */
  get characterCycles(): number {
    return this.characterBits * this.bitCycles;
  }

  /** Bits per second. */
  get baud(): number {
    const { bitCycles } = this;
    return Number.isFinite(bitCycles) ? this.options.scheduler.hz / bitCycles : 0;
  }
}
