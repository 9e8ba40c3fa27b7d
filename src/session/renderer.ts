/**
 * Where a run's output goes, and the words for it that every kind of output shares.
 *
 * The command line prints it (cli/renderer.ts), a page shows it, a test collects it.
 */
import type { FaultFacts } from '../cpu/core.ts';
import type { Diagnostic } from '../diagnostics.ts';
import type { MachineEvent } from '../events.ts';
import type { LintFinding } from '../linux/firmware-lint.ts';
import { hex32 } from '../memory/bits.ts';
import type { OutputLine } from './lines.ts';

/** A fault that a core took. */
export interface CoreFault extends FaultFacts {
  readonly core: string;
}

/** What a run reports to. */
export interface Renderer {
  /** A line of a console or of dmesg. */
  line(line: OutputLine): void;
  /** Any event, `seconds` of virtual time after power-on; for people, lines come through `line`, and of events only faults are shown. */
  event(event: MachineEvent, seconds: number): void;
  /** A sentence of imx-sim itself, such as which SoC was chosen and why. */
  note(text: string): void;
  /** A finding of a model, at its first occurrence. */
  diagnostic(diagnostic: Diagnostic): void;
  /** Something in the firmware that will not work, or may not be meant. */
  finding(finding: LintFinding): void;
  /** Why the run ended badly: text lines, already worded for the user, and the faults among them for programs. */
  report(lines: readonly string[], faults: readonly CoreFault[]): void;
  /** The end: machine-readable facts, and the lines that `--stats` and `--trace-hash` add. */
  finish(result: Readonly<Record<string, unknown>>, lines: readonly string[]): void;
}

/** A finding as text: what and where, what to do about it, what dmesg shows. */
export function findingLines({ severity, place, text, remedy, linux = [] }: LintFinding): string[] {
  return [`${severity}: ${place}: ${text}`, `  remedy: ${remedy}`, ...linux.map((line) => `  Linux would print: ${line}`)];
}

/** One event as a short line, for the last events of a report. */
export function eventText(event: MachineEvent, hz: number): string {
  const time = `${(event.cycle / hz).toFixed(6)} s`;
  switch (event.type) {
    case 'mu':
      return `${time}  ${event.mu} side ${event.side} ${event.action} ${event.channel} ${hex32(event.value)}`;
    case 'vring':
      return `${time}  ${event.device} vring${event.queue} ${event.action}${event.action === 'kick' ? '' : ` id ${event.id}, ${event.length} bytes`}`;
    case 'message':
      return `${time}  ${event.device} ${event.direction} ${hex32(event.src)} -> ${hex32(event.dst)}, ${event.data.length} bytes`;
    case 'core':
      return `${time}  ${event.core} ${event.state}${event.detail ? `: ${event.detail}` : ''}`;
    case 'dmesg':
      return `${time}  dmesg ${event.text}`;
    case 'fault':
      return `${time}  fault ${event.fault}: ${event.text}`;
    default:
      return `${time}  ${event.device} byte ${event.byte}`;
  }
}
