/**
 * The figures behind `--stats`.
 */
import type { MachineEvent } from '../events.ts';
import type { Machine } from '../machine.ts';

/** Events of each kind. */
export interface Counts {
  console: number;
  dmesg: number;
  mu: number;
  vring: number;
  tx: number;
  rx: number;
}

/** Counts events while a machine runs. */
export class Statistics {
  private readonly counts: Counts = { console: 0, dmesg: 0, mu: 0, vring: 0, tx: 0, rx: 0 };
  private readonly now: () => number;
  private readonly started: number;

  /** `now` gives the host's time in ms. */
  constructor(now: () => number) {
    this.now = now;
    this.started = now();
  }

  /** The counts, as data. */
  save(): Counts {
    return { ...this.counts };
  }

  /** Goes on from there. */
  load(counts: Readonly<Counts>): void {
    Object.assign(this.counts, counts);
  }

  /** Counts one event. */
  add(event: MachineEvent): void {
    if (event.type === 'message') this.counts[event.direction]++;
    else if (event.type !== 'core' && event.type !== 'fault') this.counts[event.type]++;
  }

  /** Messages that came from the firmware. */
  get messagesToLinux(): number {
    return this.counts.rx;
  }

  /** All figures, for `--json`. Wall times are the host's and differ from run to run. */
  figures(machine: Machine): Record<string, number> {
    const wall = (this.now() - this.started) / 1000;
    const instructions = machine.cores.reduce((sum, core) => sum + core.instructions, 0);
    const skipped = machine.cores.reduce((sum, core) => sum + core.skipped, 0);
    const interrupts = machine.kernel?.interrupts.reduce((sum, { count }) => sum + count, 0) ?? 0;
    return {
      virtualSeconds: machine.scheduler.seconds,
      wallSeconds: wall,
      instructions,
      instructionsSkipped: skipped,
      instructionsPerSecond: Math.round(instructions / wall),
      messagesToCore: this.counts.tx,
      messagesToLinux: this.counts.rx,
      muEvents: this.counts.mu,
      vringEvents: this.counts.vring,
      linuxInterrupts: interrupts,
      consoleBytes: this.counts.console,
      guestMemoryBytes: machine.arena.used,
    };
  }

  /** The figures as lines for people. */
  lines(machine: Machine): string[] {
    const figures = this.figures(machine);
    const millions = (value: number) => `${(value / 1e6).toFixed(1)} M`;
    return [
      `time          ${figures['virtualSeconds']!.toFixed(6)} s virtual, ${figures['wallSeconds']!.toFixed(3)} s wall`,
      `instructions  ${millions(figures['instructions']!)} (${millions(figures['instructionsPerSecond']!)}/s), ${millions(figures['instructionsSkipped']!)} of them in loops that were taken in one step`,
      `messages      ${figures['messagesToCore']} to the core, ${figures['messagesToLinux']} to Linux`,
      `doorbells     ${figures['muEvents']} MU events, ${figures['linuxInterrupts']} interrupts of Linux, ${figures['vringEvents']} vring events`,
      `consoles      ${figures['consoleBytes']} bytes`,
      `memory        ${(figures['guestMemoryBytes']! / 2 ** 20).toFixed(1)} MiB of guest memory touched`,
    ];
  }
}
