/**
 * The way back: the machine is put to the beginning of its run, or to a checkpoint, and runs again, with the inputs that it had, to the moment that is wanted.
 *
 * Nothing is kept for that but the inputs and the state before the first instruction, until somebody goes back for the first time; then Linux is made anew
 * with a history, and checkpoints are made on the way. What was shown already is not shown again (`Session.keepShown`).
 */
import { DebuggerRefusal, invariant } from '../errors.ts';
import type { InputLog } from '../history/inputs.ts';
import type { Machine, StopReason } from '../machine.ts';
import { enterExceptions, isDue, type RunHost } from '../session/run-inputs.ts';
import type { Ending, Session } from '../session/session.ts';
import { type Checkpoint, Checkpoints } from './checkpoints.ts';
import { beginAnew, isBefore, isSame, type Moment, momentOf } from './moment.ts';
import { RealTurns } from './real-turns.ts';
import type { HaltReason } from './types.ts';

/** Virtual time between two turns of the host's event loop, in ns. */
const CHUNK_NS = 5e6;
/** A checkpoint is no nearer than so to the moment that is looked at, in ns of virtual time. */
const NEAREST_NS = 1e5;
/** Parts into which checkpoints divide a way. */
const STRETCHES = 8;
/** Virtual time between two checkpoints of a run that goes on after somebody has gone back, in ns, and the part of the run so far that it is at least. */
const LIVE_NS = 250e6;
const LIVE_PART = 1 / 16;

/** The moment from which somebody has gone back. */
export interface Present {
  readonly moment: Moment;
  readonly reason: HaltReason;
  /** The run had ended there. */
  readonly kept: Ending | undefined;
}

/** Where to go: to a moment, to the first at which so many instructions were executed, or at which a cycle is reached. */
export type Goal = Moment | { readonly instructions: number } | { readonly cycle: number };

/** Whoever waits for it. */
export interface Course {
  cancelled(): boolean;
  /** How much of the way lies behind, 0 to 1. */
  progress(fraction: number): void;
}

/** The way through the past of one session. */
export class TimeTravel {
  readonly checkpoints = new Checkpoints();
  /** Where the run has got to, when the machine is before that. */
  present: Present | undefined;
  private readonly session: Session;
  private readonly machine: Machine;
  private readonly inputs: InputLog<RunHost>;
  private readonly turns = new RealTurns();
  /** Somebody has gone back. */
  private used = false;
  private lastLive = 0;

  constructor(session: Session, inputs: InputLog<RunHost>) {
    this.session = session;
    this.machine = session.machine;
    this.inputs = inputs;
  }

  /** Keeps the state before the first instruction. */
  begin(): void {
    if (!this.checkpoints.first) this.save();
  }

  /** True when there is a beginning to go back to. */
  get begun(): boolean {
    return this.checkpoints.first !== undefined;
  }

  /** The machine leaves the present, if it is there. */
  leavePresent(reason: HaltReason): void {
    this.used = true;
    if (this.present) return;
    this.session.keepShown();
    this.present = { moment: momentOf(this.machine), reason, kept: this.session.kept };
  }

  /** The machine is in the present again, as far as it ever was; why it stood still there. */
  arrive(): HaltReason | undefined {
    const { present } = this;
    if (!present || !isSame(present.moment, momentOf(this.machine))) return undefined;
    // The crash that ended the run comes behind the last moment of it.
    if (present.kept?.reason === 'crashed' && !this.machine.core.halted) return undefined;
    this.present = undefined;
    this.session.kept = present.kept;
    return present.kept ? present.reason : { kind: 'history-end' };
  }

  /** The machine has run to the present, if it was before that; why it stands still there. */
  reach(): HaltReason | undefined {
    const { present, machine } = this;
    if (!present || present.kept || machine.scheduler.now < present.moment.cycle) return undefined;
    this.due(present.moment.entries);
    enterExceptions(machine, present.moment.entries);
    const reason = this.arrive();
    invariant(reason, 'a run that is lived through again comes to where it was');
    return reason;
  }

  /** The beginning of the run. @throws {DebuggerRefusal} when it was not kept */
  get beginning(): Moment {
    const { first } = this.checkpoints;
    if (first) return first.moment;
    throw new DebuggerRefusal('the beginning of the run was not kept', 'start it under a debugger');
  }

  /** What follows is another future. */
  forget(): void {
    this.present = undefined;
    this.checkpoints.forgetAfter(momentOf(this.machine));
    this.session.forgetShown();
  }

  /** Does the inputs that are due again, without entering more than `most` exceptions for them; the cycle up to which the machine may run. */
  due(most?: number): number {
    const { inputs, machine, present } = this;
    for (let { next } = inputs; next && isDue(machine, next, most); { next } = inputs) inputs.repeat();
    const end = present && !present.kept ? present.moment.cycle : Number.POSITIVE_INFINITY;
    return Math.min(inputs.next?.cycle ?? end, end);
  }

  /** Does the inputs of this very moment, at which the machine stands still. */
  standing(): void {
    const { inputs, machine, present } = this;
    const { core } = machine;
    if (!present || !inputs.next || !isDue(machine, inputs.next, core.entries)) return;
    beginAnew(core);
    this.due(core.entries);
  }

  /** The same, and whoever waits for things in Linux gets on. */
  async prepare(most?: number): Promise<number> {
    const next = this.due(most);
    const settled = this.session.turns.settled();
    if (settled) await settled;
    return next;
  }

  /** A run in which somebody has gone back goes on: a checkpoint now and then makes later ways back shorter. */
  live(): void {
    if (!this.used || this.present) return;
    const { scheduler } = this.machine;
    const { now } = scheduler;
    // Ever rarer: a machine that idles runs for hours in seconds, and most of its checkpoints would be dropped again.
    if (now - this.lastLive >= Math.max(scheduler.cyclesFromNs(LIVE_NS), now * LIVE_PART)) this.save();
  }

  /** Makes a checkpoint here; the machine is between two slices. */
  save(near = this.machine.scheduler.now): void {
    this.lastLive = this.machine.scheduler.now;
    this.checkpoints.add({ moment: momentOf(this.machine), mark: this.session.mark(), inputs: this.inputs.done }, near);
  }

  /** Puts the machine to its beginning, before any input. */
  async restart(): Promise<void> {
    const { first } = this.checkpoints;
    if (first) await this.restore(first);
  }

  /** Puts the machine where `checkpoint` is. */
  async restore({ mark, inputs }: Checkpoint): Promise<void> {
    await this.session.rewind(mark);
    this.inputs.rewind(inputs);
  }

  /** The last checkpoint from which `goal` can be reached. @throws {DebuggerRefusal} when there is none */
  before(goal: Goal): Checkpoint {
    const { checkpoints } = this;
    let found: Checkpoint | undefined;
    for (const each of checkpoints.all) if (!isBehind(goal, each.moment)) found = each;
    const { first } = checkpoints;
    if (!found && first && 'instructions' in goal && goal.instructions === first.moment.instructions) found = first;
    if (found) return found;
    throw new DebuggerRefusal('that lies before the beginning of the run', 'go to a later moment');
  }

  /** Brings the machine to `goal`, by a checkpoint unless it can run there from where it is. False when that was cancelled on the way. */
  async to(goal: Goal, course: Course, end?: number): Promise<boolean> {
    const here = momentOf(this.machine);
    const checkpoint = this.before(goal);
    if ('instructions' in goal && goal.instructions === this.beginning.instructions) {
      await this.restore(checkpoint);
      this.due(this.machine.core.entries);
      return true;
    }
    if (isBehind(goal, here) || isBefore(here, checkpoint.moment)) await this.restore(checkpoint);
    return this.run(goal, course, end);
  }

  /** Runs to `goal`, which lies ahead, in cycle `end` at the latest. False when that was cancelled. @throws {DebuggerRefusal} when it is not on the way */
  async run(goal: Goal, course: Course, latest = this.present?.moment.cycle ?? Number.POSITIVE_INFINITY): Promise<boolean> {
    const { machine, session, turns } = this;
    const { core, scheduler } = machine;
    const end = 'cycle' in goal ? goal.cycle : latest;
    const from = scheduler.now;
    const saves = this.saves(from, end);
    let told = 0;
    if (!('cycle' in goal)) core.stopAt(goal.instructions);
    try {
      for (;;) {
        const next = await this.prepare(this.mostEntries(goal));
        if (!('cycle' in goal)) core.stopAt(goal.instructions);
        if (await this.reached(goal, end)) return true;
        if (scheduler.now >= (saves[0] ?? Number.POSITIVE_INFINITY)) {
          saves.shift();
          this.save(end);
        }
        const chunk = scheduler.now + scheduler.cyclesFromNs(CHUNK_NS);
        // An instruction that ends in that cycle may begin before it.
        const limit = Math.min('cycle' in goal ? end : end + 1, next, chunk, saves[0] ?? chunk);
        await this.stopped(machine.run(limit), limit);
        const quiet = session.turns.quiet();
        if (quiet) await quiet;
        if (course.cancelled()) {
          machine.run(scheduler.now);
          return false;
        }
        const fraction = (scheduler.now - from) / Math.max(1, end - from);
        if (fraction >= told + 0.02) {
          told = fraction;
          course.progress(told);
        }
        await turns.next();
      }
    } finally {
      core.stopAt(undefined);
      turns.close();
    }
  }

  /** Where checkpoints are worth their time on the way from one cycle to another: a few on all of it, and ever closer to its end. */
  private saves(from: number, to: number): number[] {
    const { scheduler } = this.machine;
    const nearest = scheduler.cyclesFromNs(NEAREST_NS);
    const cycles = new Set<number>();
    if (!Number.isFinite(to)) return [];
    for (let left = (to - from) / 2; left > nearest; left /= 2) cycles.add(Math.floor(to - left));
    const stretch = (to - from) / STRETCHES;
    if (stretch > nearest) for (let part = 1; part < STRETCHES; part++) cycles.add(Math.floor(from + part * stretch));
    return [...cycles].sort((a, b) => a - b);
  }

  /** Exceptions that the core may enter here without going beyond `goal`. */
  private mostEntries(goal: Goal): number {
    const { core, scheduler } = this.machine;
    const there = 'cycle' in goal ? scheduler.now >= goal.cycle : core.instructions >= goal.instructions;
    if (!there) return Number.POSITIVE_INFINITY;
    return 'entries' in goal ? goal.entries : core.entries;
  }

  private async reached(goal: Goal, end: number): Promise<boolean> {
    const { machine } = this;
    const { core, scheduler } = machine;
    if (!('cycle' in goal)) {
      if (core.instructions < goal.instructions) {
        if (scheduler.now > end || (this.present && !isBefore(momentOf(machine), this.present.moment))) throw elsewhere();
        return false;
      }
      // Timers of this cycle come before whatever follows.
      machine.run(scheduler.now);
      return true;
    }
    if (scheduler.now < goal.cycle) return false;
    if (!('entries' in goal)) return true;
    enterExceptions(machine, goal.entries);
    if (!isSame(momentOf(machine), goal)) throw elsewhere();
    const { present } = this;
    if (present?.kept?.reason === 'crashed' && isSame(goal, present.moment) && !core.halted) machine.run(scheduler.now + 1);
    return true;
  }

  /** Goes on after a stop on the way. */
  private async stopped(stop: StopReason, limit: number): Promise<void> {
    switch (stop.kind) {
      case 'deadlock':
        this.machine.scheduler.advanceTo(limit);
        return;
      case 'crashed':
        await this.session.passed(stop);
        return;
      default:
    }
  }
}

/** True when `goal` lies before `moment`. */
function isBehind(goal: Goal, moment: Moment): boolean {
  if (!('cycle' in goal)) return goal.instructions <= moment.instructions;
  return 'entries' in goal ? isBefore(goal, moment) : goal.cycle < moment.cycle;
}

function elsewhere(): DebuggerRefusal {
  return new DebuggerRefusal('the run does not come to that moment', 'go to one that it had');
}
