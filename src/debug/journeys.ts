/**
 * The ways of a debugger's clients through the past: one at a time, to be cancelled, and with the machine standing still at their end.
 */
import type { Core } from '../cpu/core.ts';
import { DebuggerRefusal, ImxSimError } from '../errors.ts';
import type { InputLog, InputValue } from '../history/inputs.ts';
import type { Machine } from '../machine.ts';
import type { RunHost } from '../session/run-inputs.ts';
import type { Session } from '../session/session.ts';
import { beginAnew, isSame, type Moment, momentOf } from './moment.ts';
import { type Hit, Reverse } from './reverse.ts';
import type { Stoppers } from './stoppers.ts';
import { type Goal, TimeTravel } from './time-travel.ts';
import type { DebuggerEvent, HaltReason, LastAccess, Position, Resume, WatchpointSpec } from './types.ts';

/** The debugger around them. */
export interface JourneyHost {
  readonly session: Session;
  readonly inputs: InputLog<RunHost>;
  readonly points: Stoppers;
  /** Why the machine stands still. */
  halted(): HaltReason | undefined;
  /** Why nobody can go back in this run, beside what journeys find out themselves. */
  noWayBack(): string | undefined;
  /** The machine leaves the moment in which it stands still. */
  depart(): void;
  /** It stands still again. */
  arrive(reason: HaltReason): void;
  /** It is where it was, or somewhere else, and whoever waited for that goes on. */
  over(): void;
  tell(event: DebuggerEvent): void;
}

type Back = Extract<Resume, { readonly kind: 'reverse-step' | 'reverse-continue' }>;

/** The ways through the past of one session. */
export class Journeys {
  readonly travel: TimeTravel;
  /** The machine is on its way. */
  under = false;
  private readonly host: JourneyHost;
  private readonly machine: Machine;
  private readonly reverse: Reverse;
  private cancelled = false;
  /** Fulfilled when it has arrived. */
  private arrival: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;
  /** Why going back has turned out to be impossible. */
  private lost: string | undefined;
  /** The user wants the run to end, once the machine has arrived. */
  private ending: readonly InputValue[] | undefined;

  constructor(host: JourneyHost) {
    this.host = host;
    const { session, inputs, tell } = host;
    this.machine = session.machine;
    this.travel = new TimeTravel(session, inputs);
    this.reverse = new Reverse(this.machine, this.travel, {
      cancelled: () => this.cancelled,
      progress: (fraction) => tell({ type: 'progress', fraction }),
    });
  }

  /** Why there is no way back; undefined when there is. */
  get noWayBack(): string | undefined {
    return this.host.noWayBack() ?? this.lost;
  }

  /** Keeps the beginning of the run. */
  begin(): void {
    if (this.travel.begun || this.noWayBack !== undefined) return;
    try {
      this.travel.begin();
    } catch (error) {
      if (!(error instanceof ImxSimError)) throw error;
      this.lost = error.message;
    }
  }

  /** Execution has come to stoppers on the way. */
  passed(hit: Hit): void {
    this.reverse.passed(hit);
  }

  /** Ends the way that the machine is on, where it is; a promise for that, when it is on one. */
  cancel(): Promise<void> | undefined {
    this.cancelled = this.under;
    return this.arrival?.promise;
  }

  /** A step or a run backwards. */
  back(how: Back, core: Core): Promise<HaltReason> {
    return this.journey(async () => {
      if (how.kind === 'reverse-step') {
        const there = await this.reverse.step(how.range);
        return there ? { kind: 'step', core: core.name } : { kind: 'history-start' };
      }
      const hit = await this.reverse.continue(how.after ?? false);
      if (!hit) return { kind: 'history-start' };
      const { points } = this.host;
      points.count(hit.ids);
      return points.reason(hit.core, hit.ids, hit.access);
    });
  }

  /** As `DebuggerApi.goTo`. */
  goTo(goal: Goal): Promise<HaltReason> {
    return this.journey(
      async () => {
        await this.reverse.goTo(goal);
        return { kind: 'request' };
      },
      () => this.checkGoal(goal),
    );
  }

  /** As `DebuggerApi.lastAccess`. */
  async lastAccess(core: Core, watchpoint: Omit<WatchpointSpec, 'kind'>, look?: () => void): Promise<LastAccess | undefined> {
    let found: Hit | undefined;
    await this.away(async () => {
      const here = momentOf(this.machine);
      try {
        found = await this.reverse.lastAccess(core, watchpoint);
        if (found && look && (await this.reverse.goTo(found.moment))) look();
      } finally {
        // Whoever has cancelled it wants the machine where it was, too.
        this.cancelled = false;
        await this.reverse.goTo(here);
      }
    });
    if (!found) return undefined;
    const { moment, access } = found;
    return { position: this.positionOf(moment), by: access!.by, ...(access!.pc === undefined ? {} : { pc: access!.pc }) };
  }

  /** As `DebuggerApi.restart`. */
  restart(): Promise<HaltReason> {
    return this.journey(async () => {
      await this.travel.restart();
      this.host.inputs.forget();
      this.forget();
      return { kind: 'start' };
    });
  }

  /** Somebody does something to the machine; false when that cannot be now. */
  admits(kind: string, args: readonly InputValue[], forgets: boolean): boolean {
    if (this.under) {
      this.cancelled = true;
      if (kind === 'stop') this.ending = args;
      else this.host.tell({ type: 'notice', text: 'the machine is on its way through its past: what came from outside meanwhile is lost' });
      return false;
    }
    if (this.host.halted()) beginAnew(this.machine.core);
    if (forgets || this.travel.present) this.forget();
    return true;
  }

  /** A moment for clients. */
  positionOf({ cycle, instructions }: Moment): Position {
    return { cycle, core: this.machine.core.name, instructions };
  }

  private forget(): void {
    const { travel, host, machine } = this;
    const { present } = travel;
    travel.forget();
    if (!present) return;
    host.tell({ type: 'forgotten', after: this.positionOf(momentOf(machine)) });
    const { scheduler } = machine;
    const until = (present.moment.cycle / scheduler.hz).toFixed(6);
    const text = `the run goes on differently from ${scheduler.seconds.toFixed(6)} s on: what it did until ${until} s is forgotten`;
    host.tell({ type: 'notice', text });
  }

  private checkGoal(goal: Goal): void {
    const limit = this.travel.present?.moment ?? momentOf(this.machine);
    const over = 'cycle' in goal ? goal.cycle > limit.cycle : goal.instructions > limit.instructions;
    if (over) throw new DebuggerRefusal('the run has not got there yet', 'resume it');
    this.travel.before(goal);
  }

  /** Why the machine stands still, which it does. @throws {DebuggerRefusal} when it cannot go anywhere */
  private ready(): HaltReason {
    const reason = this.host.halted();
    if (this.under || !reason) throw new DebuggerRefusal('the machine runs', 'halt it first');
    const { noWayBack } = this;
    if (noWayBack === undefined && this.travel.begun) return reason;
    throw new DebuggerRefusal(`there is no way back: ${noWayBack ?? 'the run has not begun'}`);
  }

  /** Puts the machine somewhere else, as `work` does. */
  private async journey(work: () => Promise<HaltReason>, check: () => void = () => {}): Promise<HaltReason> {
    const before = this.ready();
    check();
    const { host, machine, travel } = this;
    const here = momentOf(machine);
    host.depart();
    let reason: HaltReason = { kind: 'request' };
    try {
      await this.travelling(before, async () => {
        reason = await work();
      });
    } finally {
      if (this.cancelled) reason = { kind: 'request' };
      const there = travel.arrive();
      if (there && reason.kind === 'request') reason = isSame(here, momentOf(machine)) ? before : there;
      host.tell({ type: 'moved', position: this.positionOf(momentOf(machine)) });
      host.arrive(reason);
      this.ended();
    }
    return reason;
  }

  /** Does `work`, which comes back to this moment, and of which nobody hears. */
  private async away(work: () => Promise<void>): Promise<void> {
    const before = this.ready();
    try {
      await this.travelling(before, work);
    } finally {
      this.travel.arrive();
      this.ended();
    }
  }

  private async travelling(before: HaltReason, work: () => Promise<void>): Promise<void> {
    this.travel.leavePresent(before);
    this.under = true;
    this.cancelled = false;
    let resolve = (): void => {};
    const promise = new Promise<void>((done) => {
      resolve = done;
    });
    this.arrival = { promise, resolve };
    try {
      await work();
    } catch (error) {
      if (!(error instanceof DebuggerRefusal)) this.lost = error instanceof Error ? error.message : String(error);
      throw error;
    } finally {
      this.under = false;
    }
  }

  private ended(): void {
    const { ending, host, arrival } = this;
    this.ending = undefined;
    this.arrival = undefined;
    arrival?.resolve();
    if (ending) host.inputs.perform('stop', ...ending);
    host.over();
  }
}
