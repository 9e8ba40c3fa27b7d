/**
 * Runs a machine in virtual time while somebody waits for something; between waits, time stands still.
 *
 * How long a wait may take is bounded by virtual time alone. Several may be outstanding at once (`Promise.all`). Whoever awaits gets on, in the
 * host's event loop, before virtual time does, so that a run does not depend on how fast the host is.
 */
import { UsageError } from '../errors.ts';
import type { MachineEvent } from '../events.ts';
import { Turns } from '../linux/host-turns.ts';
import { DEFAULT_CALL_TIMEOUT_NS, type UserSpace } from '../linux/user-space.ts';
import type { Machine, StopReason } from '../machine.ts';
import type { OutputLine } from '../session/lines.ts';
import type { Goal } from './goals.ts';
import type { Failure, SimulationLog } from './log.ts';
import type { Recorder } from './recorder.ts';

/** Virtual time between two looks at whether the firmware is stuck, and at the host's event loop, in ns. */
const CHUNK_NS = 5e6;
/** Virtual time for which text waits for its console when nothing can happen in the machine, in ns. */
const HOPE_NS = 20e6;

/** Why a wait ends without what was awaited. */
export type WaitEnd = 'timeout' | 'deadlock' | Failure;

/** What the driver works on. */
export interface DriverHost {
  readonly machine: Machine;
  readonly log: SimulationLog;
  readonly recorder: Recorder;
  /** Linux hears of a core that is stuck, and recovers it. */
  readonly recovers: boolean;
  /** A hook of the core stopped it. */
  hooked(): void;
  /** The error of a wait that ended so. */
  error(goal: Goal, end: WaitEnd): Error;
}

interface Wait {
  readonly goal: Goal;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  nextLook: number;
  /** Cycle from which on Linux has stood still. */
  heldFrom: number | undefined;
}

/** The driver of one machine. */
export class Driver {
  private readonly host: () => DriverHost;
  private readonly waits = new Set<Wait>();
  private readonly turns = new Turns();
  private running = false;
  /** Host code prepares something: time stands still. */
  private holds = 0;
  private disposed: Error | undefined;
  /** Cycle from which on nothing could happen in the machine. */
  private deadFrom: number | undefined;

  /** `host` is asked for when something is awaited first: a fork has no machine before. */
  constructor(host: () => DriverHost) {
    this.host = host;
  }

  /** True while something is awaited. */
  get busy(): boolean {
    return this.waits.size > 0 || this.holds > 0;
  }

  /** Runs the machine until `goal` is reached and gives its value. Rejects with why it was not, at the place of who waits. */
  async await<T>(goal: Goal<T>): Promise<T> {
    const place = new Error();
    try {
      return await this.reached(goal);
    } catch (error) {
      throw placed(error, place);
    }
  }

  private async reached<T>(goal: Goal<T>): Promise<T> {
    if (this.disposed) throw this.disposed;
    const now = goal.check();
    if (now) return now.value;
    const { failure } = this.host().log;
    const heard = goal.kind === 'firmware' || goal.kind === 'time';
    if (failure && (failure.final || (heard && !failure.told))) throw this.failed(goal, failure);
    return new Promise<T>((resolve, reject) => {
      const nextLook = this.after(goal);
      this.waits.add({ goal, resolve: resolve as (value: unknown) => void, reject, nextLook, heldFrom: undefined });
      if (!this.running) void this.loop();
    });
  }

  /** Virtual time stands still while `work` is done. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    this.holds++;
    try {
      return await work();
    } finally {
      this.holds--;
    }
  }

  /** An event of the machine. */
  event(event: MachineEvent): void {
    for (const { goal } of this.waits) if (goal.event?.(event)) this.host().machine.requestStop();
  }

  /** A line that a console or the kernel printed. */
  line(line: OutputLine): void {
    for (const { goal } of this.waits) if (goal.line?.(line)) this.host().machine.requestStop();
  }

  /** Ends all waits, and those to come with `error`. */
  dispose(error: Error): void {
    this.disposed = error;
    for (const { goal, reject } of this.waits) {
      const text = `the machine was disposed of while somebody awaited ${goal.awaited}`;
      reject(new UsageError(text, 'an await is missing before that call: the test was over first', 'dispose'));
    }
    this.waits.clear();
  }

  private get userSpace(): UserSpace | undefined {
    return this.host().machine.linux?.userSpace;
  }

  private async loop(): Promise<void> {
    this.running = true;
    let quiet = 0;
    try {
      while (this.waits.size > 0) {
        // One turn of the event loop for whoever got something; now and then one for the host.
        if (quiet === 0 || this.userSpace?.busy) await this.turns.next();
        if (this.userSpace?.busy) await this.userSpace.settled();
        if (this.holds > 0 || this.settle() > 0) quiet = 0;
        else {
          this.step();
          quiet = this.settle() > 0 ? 0 : (quiet + 1) % 16;
        }
      }
    } catch (error) {
      for (const { reject } of this.waits) reject(error);
      this.waits.clear();
    } finally {
      this.running = false;
      this.turns.close();
    }
  }

  /** Ends the waits whose goals are reached or can no longer be; how many. */
  private settle(): number {
    const { now } = this.host().machine.scheduler;
    let count = 0;
    for (const wait of [...this.waits]) {
      if (!this.over(wait, now)) continue;
      this.waits.delete(wait);
      count++;
    }
    return count;
  }

  private over(wait: Wait, now: number): boolean {
    const { goal, resolve, reject } = wait;
    try {
      const reached = goal.check();
      if (reached) resolve(reached.value);
      else if (now < goal.deadline) return false;
      else if (goal.kind === 'time') resolve(undefined);
      else reject(this.host().error(goal, 'timeout'));
    } catch (error) {
      reject(error);
    }
    return true;
  }

  /** Lets the machine run for a while. */
  private step(): void {
    const { machine, recorder, log } = this.host();
    const { scheduler } = machine;
    const chunk = scheduler.cyclesFromNs(CHUNK_NS);
    const grid = (Math.floor(scheduler.now / chunk) + 1) * chunk;
    let limit = Math.min(grid, recorder.nextAct);
    for (const wait of this.waits) {
      if (wait.nextLook <= scheduler.now) wait.nextLook = this.after(wait.goal);
      limit = Math.min(limit, wait.goal.deadline, wait.nextLook);
    }
    const stop = machine.run(limit);
    if (stop.kind !== 'deadlock') this.deadFrom = undefined;
    if (scheduler.now >= recorder.nextAct) recorder.act();
    if (stop.kind === 'deadlock') this.deadlock();
    else if (stop.kind === 'hook') this.host().hooked();
    else if (stop.kind !== 'limit' && stop.kind !== 'requested') this.stopped(stop);
    else if (scheduler.now >= grid && !log.failure) this.stuck();
    this.held();
  }

  /** Time does not pass for a Linux that was made to stand still: its calls, which it would interrupt itself, end here. */
  private held(): void {
    const { machine, error } = this.host();
    const { scheduler, linuxHeld } = machine;
    const patience = scheduler.cyclesFromNs(DEFAULT_CALL_TIMEOUT_NS);
    let over = false;
    for (const wait of this.waits) {
      if (wait.goal.kind !== 'linux') continue;
      wait.heldFrom = linuxHeld ? (wait.heldFrom ?? scheduler.now) : undefined;
      if (wait.heldFrom !== undefined && scheduler.now - wait.heldFrom >= patience) over = true;
    }
    if (over) this.end('timeout', ({ kind }) => kind === 'linux', error);
  }

  private after({ every }: Goal): number {
    return every === undefined ? Number.POSITIVE_INFINITY : this.host().machine.scheduler.now + every;
  }

  /** Nothing can happen in the machine: time passes for whoever waits for it, and is over for the others. */
  private deadlock(): void {
    const { machine, recorder, error } = this.host();
    const times = [...this.waits].filter(({ goal }) => goal.kind === 'time').map(({ goal }) => goal.deadline);
    const { scheduler } = machine;
    this.deadFrom ??= scheduler.now;
    // What a console needs to be ready for text it has by then, or never.
    const hopeless = scheduler.now - this.deadFrom > scheduler.cyclesFromNs(HOPE_NS);
    const next = Math.min(hopeless ? Number.POSITIVE_INFINITY : recorder.nextAct, ...times);
    if (next < Number.POSITIVE_INFINITY) {
      // Text for a console that is never ready is looked after until the waits are over.
      const latest = Math.min(next, ...[...this.waits].map(({ goal }) => goal.deadline));
      machine.scheduler.advanceTo(latest);
      if (machine.scheduler.now >= recorder.nextAct) recorder.act();
      return;
    }
    this.userSpace?.ended({ kind: 'deadlock' });
    this.end('deadlock', ({ kind }) => kind === 'firmware' || kind === 'end', error);
  }

  /** Ends the waits that `which` says, unless they are reached. */
  private end(why: WaitEnd, which: (goal: Goal) => boolean, error: DriverHost['error']): number {
    this.settle();
    let count = 0;
    for (const wait of [...this.waits]) {
      if (!which(wait.goal)) continue;
      this.waits.delete(wait);
      wait.reject(error.call(this.host(), wait.goal, why));
      count++;
    }
    return count;
  }

  /** The core has come into a loop of a fault handler, which it cannot leave. */
  private stuck(): void {
    const { machine, recovers } = this.host();
    const { core } = machine;
    const stuck = core.stuckLoop();
    if (!stuck?.inFault || recovers) return;
    const at = machine.symbols.name(stuck.pc) ?? 'an address without symbol';
    this.fail({
      kind: 'fault',
      text: `${core.name} took a fault and its handler loops at ${at}`,
      report: core.faultReport(),
      remedy: 'the first line of the fault report has the instruction and its cause',
      final: false,
      told: false,
    });
  }

  private stopped(stop: StopReason): void {
    const failure = failureOf(stop);
    if (!failure) return;
    if (failure.final) this.userSpace?.ended(stop);
    this.fail(failure);
  }

  private fail(failure: Failure): void {
    const { machine, log, error } = this.host();
    const { uboot, linux } = machine;
    // U-Boot works or reads commands: what the core does is nothing to it.
    const unheard = uboot !== undefined && !linux?.booted && !failure.final;
    log.failure = failure;
    const told = unheard ? 1 : this.end(failure, ({ kind }) => failure.final || (kind !== 'linux' && kind !== 'end'), error);
    // untilFailure() may have told of it meanwhile.
    log.failure = { ...failure, told: told > 0 || log.failure.told };
  }

  private failed(goal: Goal, failure: Failure): Error {
    const { log } = this.host();
    log.failure = { ...failure, told: true };
    return this.host().error(goal, failure);
  }
}

/** `error` with the stack of `place`: that of the loop which ran the machine says nothing of who waited. Only V8's stacks have a heading. */
function placed(error: unknown, place: Error): unknown {
  const heading = /^Error:?\s*\n/.exec(place.stack ?? '');
  if (error instanceof Error && heading) error.stack = `${error.name}: ${error.message}\n${place.stack!.slice(heading[0].length)}`;
  return error;
}

/** What a stop of the machine means for those who wait; undefined when it means nothing. */
function failureOf(stop: StopReason): Failure | undefined {
  switch (stop.kind) {
    case 'exit':
      return {
        kind: 'exit',
        text: `the firmware ended the run with status ${stop.status}`,
        report: [],
        remedy: 'await the end with untilExit(), if it is meant',
        status: stop.status,
        final: true,
        told: false,
      };
    case 'crashed':
      return {
        kind: 'crashed',
        text: `${stop.core}: ${stop.reason}`,
        report: stop.report,
        remedy: 'the report has the instruction, the cause and how it came there',
        final: false,
        told: false,
      };
    case 'system-reset':
      return {
        kind: 'system-reset',
        text: `${stop.block} reset the SoC: ${stop.cause}`,
        report: [],
        remedy: 'a watchdog runs out when firmware does not service it: look at what it did instead',
        final: true,
        told: false,
      };
    case 'host-memory':
      return { kind: 'host-memory', text: stop.text, report: [], remedy: stop.remedy, final: true, told: false };
    case 'difference':
      return {
        kind: 'difference',
        text: stop.report[0] ?? 'the engines differ',
        report: stop.report,
        remedy: stop.remedy,
        difference: stop.difference,
        final: true,
        told: false,
      };
    default:
      return undefined;
  }
}
