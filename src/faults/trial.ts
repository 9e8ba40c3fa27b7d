/**
 * One run of a firmware with some faults, and what can be said of it afterwards, as data.
 */
import type { MachineEvent } from '../events.ts';
import type { Machine } from '../machine.ts';
import type { OutputLine } from '../session/lines.ts';
import type { Renderer } from '../session/renderer.ts';
import { Session, type SessionOptions } from '../session/session.ts';
import type { Injection } from './port.ts';

/** What runs, and when it ends; faults are given with each trial. */
export type TrialOptions = Omit<SessionOptions, 'faults' | 'traceHash' | 'stats'>;

/** How often a payload went to the core, and came from it. */
export interface Traffic {
  readonly tx: number;
  readonly rx: number;
}

/** What became of a run. Plain data, the same on every host. */
export interface TrialResult {
  readonly status: number;
  /** As in `--json`: `until`, `timeout`, `deadlock`, `crashed`, `fault`, `system-reset` ... */
  readonly reason: string;
  /** Virtual time of its end, in ns. */
  readonly ns: number;
  readonly trace: string;
  /** The usual explanation of a run that ended badly. */
  readonly report: readonly string[];
  /** What models noticed of the firmware: block, register, text. */
  readonly findings: readonly string[];
  /** What Linux has printed as errors. */
  readonly kernelErrors: readonly string[];
  readonly doorbells: number;
  readonly messages: number;
  /** When the first and the last doorbell was rung, in ns. */
  readonly from: number;
  readonly to: number;
  /** Payloads, in hex, of messages between endpoints. */
  readonly traffic: Readonly<Record<string, Traffic>>;
  readonly injections: readonly Injection[];
  /** The function in which the core was at the end. */
  readonly place: string;
}

/** Address of the name service. */
const RPMSG_NS_ADDR = 0x35;
/** Different payloads that are told apart. */
const MOST_PAYLOADS = 10_000;

/** Hears a session, and counts. */
class Observer implements Renderer {
  explanation: readonly string[] = [];
  result: Readonly<Record<string, unknown>> = {};
  readonly kernelErrors: string[] = [];
  readonly traffic: Record<string, { tx: number; rx: number }> = {};
  doorbells = 0;
  messages = 0;
  from = 0;
  to = 0;
  private payloads = 0;

  line({ source, text, level }: OutputLine): void {
    if (source === 'linux' && level !== undefined && level <= 3) this.kernelErrors.push(text);
  }

  event(event: MachineEvent, seconds: number): void {
    if (event.type === 'mu' && (event.action === 'transmit' || event.action === 'general')) {
      const ns = Math.round(seconds * 1e9);
      if (this.doorbells++ === 0) this.from = ns;
      this.to = ns;
    } else if (event.type === 'message') this.message(event);
  }

  note(): void {}

  diagnostic(): void {}

  finding(): void {}

  report(lines: readonly string[]): void {
    this.explanation = lines;
  }

  finish(result: Readonly<Record<string, unknown>>): void {
    this.result = result;
  }

  private message({ direction, dst, data }: MachineEvent & { type: 'message' }): void {
    this.messages++;
    if (dst === RPMSG_NS_ADDR) return;
    const key = Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join('');
    let seen = this.traffic[key];
    if (!seen) {
      if (this.payloads++ >= MOST_PAYLOADS) return;
      seen = { tx: 0, rx: 0 };
      this.traffic[key] = seen;
    }
    seen[direction]++;
  }
}

/** Findings about the firmware; what Linux's own side of a messaging unit was found to do is a consequence. */
function findingsOf(machine: Machine): string[] {
  const own = new Set(machine.units.map(({ unit, linux }) => `${unit.name}_${linux}`));
  return machine.diagnostics.all
    .filter(({ kind, block }) => kind === 'guest-error' && !own.has(block))
    .map(({ block, register, text }) => `${block} ${register}: ${text}`);
}

/** Where the core is: in which function. */
function placeOf({ core, symbols }: Machine): string {
  return symbols.find(core.pc)?.name ?? '';
}

/** Runs it. @throws {ImxSimError} for options that make no sense */
export async function runTrial(options: TrialOptions, faults: readonly string[], seed: number): Promise<TrialResult> {
  const observer = new Observer();
  const host = { renderer: observer, disassemble: async () => [], now: () => 0, pause: async () => {} };
  const session = new Session({ ...options, faults, seed, traceHash: true }, host);
  try {
    const status = await session.run();
    const { machine } = session;
    return {
      status,
      reason: String(observer.result['reason']),
      ns: machine.scheduler.nsFromCycles(machine.scheduler.now),
      trace: String(observer.result['trace']),
      report: observer.explanation,
      findings: findingsOf(machine),
      kernelErrors: observer.kernelErrors,
      doorbells: observer.doorbells,
      messages: observer.messages,
      from: observer.from,
      to: observer.to,
      traffic: observer.traffic,
      injections: [...session.faults.injections],
      place: placeOf(machine),
    };
  } finally {
    session.dispose();
  }
}
