/**
 * The kernel log as the command dmesg prints it.
 */
import type { KernLevel } from '../events.ts';
import type { Kernel } from './kernel.ts';

/** A line of dmesg. */
export interface DmesgLine {
  readonly level: KernLevel;
  /** Seconds since the kernel began. */
  readonly time: number;
  readonly text: string;
}

/** `[    0.012345] ` as dmesg prints it. */
export function dmesgTimestamp(seconds: number): string {
  return `[${seconds.toFixed(6).padStart(12)}] `;
}

/** What the log holds at one moment since it was last cleared, oldest first. */
export class Dmesg {
  readonly lines: readonly DmesgLine[];

  constructor(kernel: Kernel) {
    const { hz } = kernel.scheduler;
    this.lines = kernel.syslog.lines.flatMap(({ cycle, since = 0, level, text }) =>
      text.split('\n').map((line) => ({ level, time: (cycle - since) / hz, text: line })),
    );
  }

  /** The lines with their times, as `dmesg` prints them. */
  toString(): string {
    return this.lines.map(({ time, text }) => `${dmesgTimestamp(time)}${text}\n`).join('');
  }

  [Symbol.iterator](): Iterator<DmesgLine> {
    return this.lines[Symbol.iterator]();
  }
}
