/**
 * The debugger of a session: lets its machine stand still, go on, step, and go back; break- and watchpoints; registers and memory.
 *
 * It stands between the session and the machine (`RunControl`): the session's loop goes on, and waits in `ready` while the machine is halted, in which the
 * host's event loop runs. Not modelled: the debug hardware of the core (DHCSR, FPB comparators), of which the firmware sees nothing.
 */
import type { Core } from '../cpu/core.ts';
import { DebuggerRefusal, ImxSimError, UsageError } from '../errors.ts';
import type { InputLog } from '../history/inputs.ts';
import type { Machine, StopReason } from '../machine.ts';
import type { AddressSpace } from '../memory/bus.ts';
import type { RunControl, RunEnd } from '../session/run-control.ts';
import { isDue, type RunHost } from '../session/run-inputs.ts';
import type { Session } from '../session/session.ts';
import { peekBytes } from './memory.ts';
import { beginAnew, isSame, type Moment, momentOf } from './moment.ts';
import { type Hit, Reverse } from './reverse.ts';
import { Stepper } from './stepper.ts';
import { type Access, Stoppers } from './stoppers.ts';
import { type Goal, TimeTravel } from './time-travel.ts';
import type {
  BreakpointSpec,
  DebuggerApi,
  DebuggerEvent,
  HaltReason,
  LinuxWhileHalted,
  Master,
  Position,
  Resume,
  Stopper,
  WatchpointSpec,
} from './types.ts';

/** Keeps virtual time to the host's. */
export interface DebuggerPace {
  wait(seconds: number): Promise<void>;
}

/** What a debugger is made with. */
export interface DebuggerOptions {
  readonly session: Session;
  readonly inputs: InputLog<RunHost>;
  /** True: the machine stands still before its first instruction, until somebody resumes it. */
  readonly wait?: boolean;
  /** Why there can be no way back in this run: bridges, coverage ... */
  readonly noWayBack?: string;
  /** A new pace that begins at so many seconds of virtual time, for a Linux that goes on while the core stands still. */
  readonly pace?: (seconds: number) => DebuggerPace;
}

/** Stops that do not end a run. */
const OWN_STOPS: ReadonlySet<StopReason['kind']> = new Set(['limit', 'requested', 'hook', 'watch', 'step']);

/** The debugger of one session. */
export class Debugger implements DebuggerApi, RunControl {
  readonly machine: Machine;
  readonly cores: readonly string[];
  private readonly inputs: InputLog<RunHost>;
  private readonly options: DebuggerOptions;
  private readonly points: Stoppers;
  private readonly travel: TimeTravel;
  private readonly reverse: Reverse;
  private readonly stepper: Stepper;
  private readonly listeners = new Set<(event: DebuggerEvent) => void>();
  private readonly clients = new Set<string>();
  private linuxMode: LinuxWhileHalted = 'held';
  /** Why the machine stands still. */
  private reason: HaltReason | undefined;
  /** Why it is going to, as soon as it is between two slices. */
  private wanted: HaltReason | undefined;
  /** Where execution has come to stoppers. */
  private hit: HaltReason | undefined;
  /** The moment from which it was resumed, at which nothing stops it again. */
  private from: Moment | undefined;
  /** It is on its way to another moment of its past. */
  private travelling = false;
  private cancelled = false;
  /** The last client is gone: nothing is to stop the run any more. */
  private abandoned = false;
  /** The run has ended for good. */
  private finished = false;
  /** Why going back has turned out to be impossible. */
  private lost: string | undefined;
  private standing: { readonly promise: Promise<void>; readonly release: () => void } | undefined;
  private pace: DebuggerPace | undefined;
  private paced = false;
  private readonly waiting: ((reason: HaltReason) => void)[] = [];

  constructor(options: DebuggerOptions) {
    const { session, inputs, wait = false } = options;
    this.options = options;
    this.inputs = inputs;
    this.machine = session.machine;
    const { machine } = this;
    const { core, cores } = machine;
    this.cores = [core, ...cores.filter((each) => each !== core)].map(({ name }) => name);
    this.points = new Stoppers({
      machine,
      core: (name) => this.coreOf(name),
      reached: (at, ids, access) => this.reached(at, ids, access),
      changed: () => this.tell({ type: 'stoppers' }),
    });
    this.stepper = new Stepper(machine);
    this.travel = new TimeTravel(session, inputs);
    this.reverse = new Reverse(machine, this.travel, {
      cancelled: () => this.cancelled,
      progress: (fraction) => this.tell({ type: 'progress', fraction }),
    });
    if (wait) this.reason = { kind: 'start' };
    session.control = this;
    inputs.onPerform = (forgets) => this.performing(forgets);
  }

  get halted(): HaltReason | undefined {
    return this.reason;
  }

  get present(): Position | undefined {
    const moment = this.travel.present?.moment;
    return moment && this.positionOf(moment);
  }

  get noWayBack(): string | undefined {
    if (this.machine.cores.length > 1) return 'a machine with several cores cannot be put back';
    return this.options.noWayBack ?? this.lost;
  }

  get stoppers(): readonly Stopper[] {
    return this.points.list;
  }

  get linuxWhileHalted(): LinuxWhileHalted {
    return this.linuxMode;
  }

  set linuxWhileHalted(mode: LinuxWhileHalted) {
    this.linuxMode = mode;
    if (!this.reason || this.travelling) return;
    this.freeze(mode === 'runs' && this.mayRunOn(this.reason));
    this.release();
  }

  position(core = this.cores[0]!): Position {
    return { cycle: this.machine.scheduler.now, core, instructions: this.coreOf(core).instructions };
  }

  attach(owner: string): void {
    this.clients.add(owner);
    this.abandoned = false;
  }

  detach(owner: string): void {
    this.removeAll(owner);
    if (!this.clients.delete(owner) || this.clients.size > 0) return;
    this.abandoned = true;
    this.cancelled = this.travelling;
    this.wanted = undefined;
    if (this.reason && !this.travelling) this.go({ kind: 'continue' });
  }

  subscribe(listener: (event: DebuggerEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  halt(): Promise<HaltReason> {
    if (this.reason) return Promise.resolve(this.reason);
    this.abandoned = false;
    if (this.travelling) this.cancelled = true;
    else this.wanted ??= { kind: 'request' };
    return this.nextHalt();
  }

  async resume(how: Resume): Promise<HaltReason> {
    const { reason } = this;
    if (how.kind === 'reverse-step' || how.kind === 'reverse-continue') return this.back(how);
    if (!reason) throw new DebuggerRefusal('the machine runs already', 'halt it first');
    if (reason.kind === 'crashed' || reason.kind === 'ended')
      throw new DebuggerRefusal('the run is over', 'go back, start it again, or detach to let it end');
    if (how.kind === 'step') this.coreOf(how.core);
    const halted = this.nextHalt();
    this.go(how);
    return halted;
  }

  goTo(to: { readonly cycle: number } | { readonly core: string; readonly instructions: number }): Promise<HaltReason> {
    return this.journey(async () => {
      const goal: Goal = 'cycle' in to ? { cycle: to.cycle } : { instructions: to.instructions };
      this.checkGoal(goal);
      await this.reverse.goTo(goal);
      return { kind: 'request' };
    });
  }

  async lastAccess(
    watchpoint: Omit<WatchpointSpec, 'kind'>,
    look?: () => void,
  ): Promise<{ readonly position: Position; readonly by: Master; readonly pc?: number } | undefined> {
    const core = this.coreOf(watchpoint.core);
    let found: Hit | undefined;
    await this.journey(async (before) => {
      const here = momentOf(this.machine);
      found = await this.reverse.lastAccess(core, watchpoint);
      if (found && look && (await this.reverse.goTo(found.moment))) look();
      // Whoever has cancelled it wants the machine where it was, too.
      this.cancelled = false;
      await this.reverse.goTo(here);
      return before;
    }, true);
    if (!found) return undefined;
    const { moment, access } = found;
    return { position: this.positionOf(moment), by: access!.by, ...(access!.pc === undefined ? {} : { pc: access!.pc }) };
  }

  restart(): Promise<HaltReason> {
    return this.journey(async () => {
      await this.travel.restart();
      this.inputs.forget();
      this.forget();
      return { kind: 'start' };
    });
  }

  add(spec: BreakpointSpec | WatchpointSpec, owner: string): number {
    return this.points.add(spec, owner);
  }

  remove(id: number): boolean {
    return this.points.remove(id);
  }

  removeAll(owner: string): void {
    this.points.removeAll(owner);
  }

  readMemory(view: string, address: number, length: number): Uint8Array {
    return peekBytes(this.viewOf(view), address, length);
  }

  writeMemory(view: string, address: number, bytes: Uint8Array): boolean {
    this.viewOf(view);
    this.refuseWhileRunning();
    return this.inputs.perform('debug.memory', view, address, bytes) === true;
  }

  readRegister(core: string, register: string): number {
    return this.coreOf(core).readRegister(register);
  }

  writeRegister(core: string, register: string, value: number): void {
    // One that there is not is no input.
    this.coreOf(core).readRegister(register);
    this.refuseWhileRunning();
    this.inputs.perform('debug.register', core, register, value >>> 0);
  }

  // --- RunControl

  ready(): Promise<void> | undefined {
    if (!this.travel.begun) this.begin();
    if (this.travelling) return this.stood();
    if (this.wanted) this.stand(this.wanted);
    if (!this.reason) return undefined;
    if (!this.machine.isFrozen(this.machine.core) || this.travel.present) return this.stood();
    // Linux goes on, at the pace of the host.
    this.paced = !this.paced;
    if (!this.paced) return undefined;
    const { seconds } = this.machine.scheduler;
    this.pace ??= this.options.pace?.(seconds);
    return this.pace?.wait(seconds) ?? Promise.resolve();
  }

  due(): number {
    if (!this.travel.present) return Number.POSITIVE_INFINITY;
    // Where only the core was made to stand still, whoever comes there again stops, too.
    if (this.stoodHere()) return this.machine.scheduler.now;
    return this.travel.due();
  }

  private stoodHere(): boolean {
    const { inputs, machine, from } = this;
    const { core } = machine;
    const { next } = inputs;
    if (next?.kind !== 'debug.pause' || next.args[1] !== true || !isDue(machine, next)) return false;
    if (from && isSame(from, momentOf(machine))) return false;
    const ids = this.points.count(this.points.at(core, core.pc));
    if (ids.length > 0) this.wanted = this.points.reason(core, ids);
    return ids.length > 0;
  }

  run(limit: number): StopReason {
    const { machine, stepper } = this;
    let stop = stepper.run(limit);
    const { present } = this.travel;
    if (stop.kind === 'deadlock' && present && machine.scheduler.now < Math.min(limit, present.moment.cycle)) {
      // Whoever kept time going then (a key that was awaited, somebody who watched) is not there again.
      machine.scheduler.advanceTo(Math.min(limit, present.moment.cycle));
      stop = { kind: 'limit' };
    }
    this.travel.live();
    if (!OWN_STOPS.has(stop.kind)) return stop;
    const end = this.travel.reach();
    const wanted = this.hit ?? (stepper.arrived ? ({ kind: 'step', core: stepper.core } as const) : undefined);
    this.wanted = wanted ?? this.wanted ?? (this.abandoned ? undefined : end);
    if (stop.kind === 'limit' || (stop.kind === 'requested' && !wanted)) return stop;
    // Timers of this cycle come before whatever is done here.
    const rest = machine.run(machine.scheduler.now);
    if (this.travel.present && this.inputs.next && isDue(machine, this.inputs.next)) {
      beginAnew(machine.core);
      this.travel.due();
    }
    return rest.kind === 'limit' ? { kind: 'requested' } : rest;
  }

  keeps({ reason, report, stop = { kind: 'requested' } }: RunEnd): boolean {
    if (this.clients.size === 0) return false;
    const core = this.machine.core.name;
    const was = this.travel.arrive();
    if (was && was.kind !== 'history-end') this.wanted = was;
    else if (stop.kind === 'crashed') this.wanted = { kind: 'crashed', core: stop.core, reason: stop.reason, report };
    else if (reason === 'fault') this.wanted = { kind: 'crashed', core, reason: 'took a fault and its handler loops', report };
    else this.wanted = { kind: 'ended', stop };
    return true;
  }

  over(stop: StopReason): void {
    this.finished = true;
    if (!this.reason) this.stand({ kind: 'ended', stop });
  }

  // --- halts

  private nextHalt(): Promise<HaltReason> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private stood(): Promise<void> {
    if (!this.standing) {
      let release = (): void => {};
      const promise = new Promise<void>((resolve) => {
        release = resolve;
      });
      this.standing = { promise, release };
    }
    return this.standing.promise;
  }

  private release(): void {
    this.standing?.release();
    this.standing = undefined;
  }

  private stand(reason: HaltReason): void {
    this.reason = reason;
    this.wanted = undefined;
    this.hit = undefined;
    this.stepper.end();
    if (reason.kind === 'breakpoint') this.points.expire(reason.ids);
    if (this.linuxMode === 'runs' && this.mayRunOn(reason)) this.freeze(true);
    this.tell({ type: 'halted', reason });
    for (const resolve of this.waiting.splice(0)) resolve(reason);
  }

  private go(how: Resume): void {
    this.freeze(false);
    this.from = momentOf(this.machine);
    this.reason = undefined;
    this.hit = undefined;
    this.pace = undefined;
    if (how.kind === 'step') this.stepper.plan(this.coreOf(how.core), how.range);
    this.tell({ type: 'resumed', direction: 'forward' });
    this.release();
  }

  /** Whether Linux may go on while the core stands still for `reason`. */
  private mayRunOn({ kind }: HaltReason): boolean {
    return !this.travel.present && kind !== 'start' && kind !== 'crashed' && kind !== 'ended';
  }

  private freeze(on: boolean): void {
    const { core } = this.machine;
    if (this.travel.present || this.machine.isFrozen(core) === on) return;
    for (const name of this.cores) this.inputs.perform('debug.pause', name, on);
  }

  private reached(core: Core, ids: readonly number[], access?: Access): boolean {
    const moment = momentOf(this.machine);
    if (this.travelling) {
      this.reverse.passed({ moment, core, ids: [...ids], ...(access ? { access } : {}) });
      return false;
    }
    // Stores of Linux come by themselves; what the core is about to do it was resumed for.
    if (access?.by !== 'linux' && this.from && isSame(this.from, moment)) return false;
    // An instruction may access watched bytes several times.
    const before = access && this.hit?.kind === 'watchpoint' ? this.hit : undefined;
    const stopping = this.points.count(ids.filter((id) => !before?.ids.includes(id)));
    if (before) this.hit = { ...before, ids: [...before.ids, ...stopping] };
    else if (stopping.length > 0) this.hit = this.points.reason(core, stopping, access);
    return before !== undefined || stopping.length > 0;
  }

  // --- the way back

  private begin(): void {
    if (this.noWayBack !== undefined) return;
    try {
      this.travel.begin();
    } catch (error) {
      if (!(error instanceof ImxSimError)) throw error;
      this.lost = error.message;
    }
  }

  private checkGoal(goal: Goal): void {
    const limit = this.travel.present?.moment ?? momentOf(this.machine);
    const over = 'cycle' in goal ? goal.cycle > limit.cycle : goal.instructions > limit.instructions;
    if (over) throw new DebuggerRefusal('the run has not got there yet', 'resume it');
    this.travel.before(goal);
  }

  private back(how: Extract<Resume, { kind: 'reverse-step' | 'reverse-continue' }>): Promise<HaltReason> {
    return this.journey(async () => {
      if (how.kind === 'reverse-step') {
        const there = await this.reverse.step(how.range);
        return there ? { kind: 'step', core: this.coreOf(how.core).name } : { kind: 'history-start' };
      }
      const hit = await this.reverse.continue(how.after ?? false);
      if (!hit) return this.cancelled ? { kind: 'request' } : { kind: 'history-start' };
      this.points.count(hit.ids);
      const { ids, access, core } = hit;
      return this.points.reason(core, ids, access);
    });
  }

  /** Puts the machine somewhere else, as `work` does; `quiet`: it comes back to where it was. */
  private async journey(work: (before: HaltReason) => Promise<HaltReason>, quiet = false): Promise<HaltReason> {
    const before = this.reason;
    if (this.finished) throw new DebuggerRefusal('the run has ended', 'start another');
    if (!before || this.travelling) throw new DebuggerRefusal('the machine runs', 'halt it first');
    const { noWayBack } = this;
    if (noWayBack !== undefined || !this.travel.begun)
      throw new DebuggerRefusal(`there is no way back: ${noWayBack ?? 'the run has not begun'}`);
    this.travel.leavePresent(before);
    this.travelling = true;
    this.cancelled = false;
    if (!quiet) {
      this.reason = undefined;
      this.tell({ type: 'resumed', direction: 'backward' });
    }
    let reason: HaltReason = before;
    try {
      reason = await work(before);
      if (this.cancelled) reason = { kind: 'request' };
    } catch (error) {
      reason = { kind: 'request' };
      if (!(error instanceof DebuggerRefusal)) this.lost = error instanceof Error ? error.message : String(error);
      throw error;
    } finally {
      this.travelling = false;
      const there = this.travel.arrive();
      if (!quiet) {
        this.tell({ type: 'moved', position: this.position() });
        this.stand(there && reason.kind === 'request' ? there : reason);
      }
      this.release();
      if (this.abandoned) this.go({ kind: 'continue' });
    }
    return this.reason ?? reason;
  }

  /** Somebody is about to change the machine. */
  private performing(forgets: boolean): void {
    if (this.reason) beginAnew(this.machine.core);
    if (forgets || this.travel.present) this.forget();
  }

  private forget(): void {
    const { present } = this.travel;
    this.travel.forget();
    if (!present) return;
    this.tell({ type: 'forgotten', after: this.position() });
    const { scheduler } = this.machine;
    const text = `the run goes on differently from ${scheduler.seconds.toFixed(6)} s on: what it did until ${(present.moment.cycle / scheduler.hz).toFixed(6)} s is forgotten`;
    this.tell({ type: 'notice', text });
  }

  // --- names

  private positionOf({ cycle, instructions }: Moment): Position {
    return { cycle, core: this.machine.core.name, instructions };
  }

  private refuseWhileRunning(): void {
    if (this.travelling) throw new DebuggerRefusal('the machine is on its way through its past', 'halt it first');
  }

  private tell(event: DebuggerEvent): void {
    for (const listener of [...this.listeners]) listener(event);
  }

  private coreOf(name: string): Core {
    const core = this.machine.cores.find((each) => each.name === name);
    if (core) return core;
    throw new UsageError(`no core ${name}`, `its cores: ${this.cores.join(', ')}`);
  }

  private viewOf(name: string): AddressSpace {
    const view = this.machine.spaces.get(name);
    if (view) return view;
    throw new UsageError(`nobody called ${name} sees memory`, `there are ${[...this.machine.spaces.keys()].join(', ')}`);
  }
}
