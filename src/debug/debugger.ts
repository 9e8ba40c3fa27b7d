/**
 * The debugger of a session: lets its machine stand still, go on, step, and go back; break- and watchpoints; registers and memory.
 *
 * It stands between the session and the machine (`RunControl`): the session's loop goes on, and waits in `ready` while the machine is halted, in which the
 * host's event loop runs. Not modelled: the debug hardware of the core (DHCSR, FPB comparators), of which the firmware sees nothing.
 */
import type { Core } from '../cpu/core.ts';
import { DebuggerRefusal } from '../errors.ts';
import type { InputLog } from '../history/inputs.ts';
import type { Machine, StopReason } from '../machine.ts';
import type { RunControl, RunEnd } from '../session/run-control.ts';
import { isDue, type RunHost } from '../session/run-inputs.ts';
import type { Session } from '../session/session.ts';
import { DebugAccess } from './access.ts';
import { Journeys } from './journeys.ts';
import { isSame, type Moment, momentOf } from './moment.ts';
import { Stepper } from './stepper.ts';
import { type Access, Stoppers } from './stoppers.ts';
import type { TimeTravel } from './time-travel.ts';
import type {
  BreakpointSpec,
  DebuggerApi,
  DebuggerEvent,
  HaltReason,
  LastAccess,
  LinuxWhileHalted,
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
  /** True: a run that has failed or ended stands there for whoever comes, until it is stopped; otherwise only while somebody is there. */
  readonly keepEnds?: boolean;
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
  private readonly access: DebugAccess;
  private readonly journeys: Journeys;
  private readonly travel: TimeTravel;
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
  /** The last client is gone: nothing is to stop the run any more. */
  private abandoned = false;
  /** The run has ended for good. */
  private finished = false;
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
    this.access = new DebugAccess(machine, inputs, () => this.refuseWhileTravelling());
    this.points = new Stoppers({
      machine,
      core: (name) => this.access.core(name),
      reached: (at, ids, access) => this.reached(at, ids, access),
      changed: () => this.tell({ type: 'stoppers' }),
    });
    this.stepper = new Stepper(machine);
    this.journeys = new Journeys({
      session,
      inputs,
      points: this.points,
      halted: () => this.reason,
      noWayBack: () => this.noWayBackHere(),
      depart: () => this.depart(),
      arrive: (reason) => this.stand(reason),
      over: () => this.arrived(),
      tell: (event) => this.tell(event),
    });
    this.travel = this.journeys.travel;
    if (wait) this.reason = { kind: 'start' };
    session.control = this;
    inputs.onPerform = (kind, args, forgets) => this.journeys.admits(kind, args, forgets);
  }

  get halted(): HaltReason | undefined {
    return this.reason;
  }

  get present(): Position | undefined {
    const moment = this.travel.present?.moment;
    return moment && this.journeys.positionOf(moment);
  }

  get busy(): boolean {
    return this.journeys.under;
  }

  get noWayBack(): string | undefined {
    return this.journeys.noWayBack;
  }

  private noWayBackHere(): string | undefined {
    if (this.finished) return 'the run has ended';
    if (this.machine.cores.length > 1) return 'a machine with several cores cannot be put back';
    return this.options.noWayBack;
  }

  get stoppers(): readonly Stopper[] {
    return this.points.list;
  }

  get linuxWhileHalted(): LinuxWhileHalted {
    return this.linuxMode;
  }

  set linuxWhileHalted(mode: LinuxWhileHalted) {
    this.linuxMode = mode;
    if (!this.reason || this.busy) return;
    this.freeze(mode === 'runs' && this.mayRunOn(this.reason));
    this.release();
  }

  position(core = this.cores[0]!): Position {
    return { cycle: this.machine.scheduler.now, core, instructions: this.access.core(core).instructions };
  }

  attach(owner: string): void {
    this.clients.add(owner);
    this.abandoned = false;
  }

  detach(owner: string): void {
    this.removeAll(owner);
    if (!this.clients.delete(owner) || this.clients.size > 0) return;
    this.abandoned = true;
    void this.journeys.cancel();
    // A step that is under way is nobody's any more.
    this.wanted = undefined;
    this.hit = undefined;
    this.stepper.end();
    const over = this.reason?.kind === 'crashed' || this.reason?.kind === 'ended';
    if (this.reason && !this.busy && !(over && this.options.keepEnds)) this.go({ kind: 'continue' });
  }

  subscribe(listener: (event: DebuggerEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  halt(): Promise<HaltReason> {
    void this.journeys.cancel();
    if (this.reason) return Promise.resolve(this.reason);
    this.abandoned = false;
    if (!this.busy) this.wanted ??= { kind: 'request' };
    return this.nextHalt();
  }

  async resume(how: Resume): Promise<HaltReason> {
    const { reason } = this;
    if (how.kind === 'reverse-step') return this.journeys.back(how, this.access.core(how.core));
    if (how.kind === 'reverse-continue') return this.journeys.back(how, this.machine.core);
    this.refuseWhileTravelling();
    if (!reason) throw new DebuggerRefusal('the machine runs already', 'halt it first');
    if (reason.kind === 'crashed' || reason.kind === 'ended')
      throw new DebuggerRefusal('the run is over', 'go back, start it again, or detach to let it end');
    if (how.kind === 'step') this.access.core(how.core);
    const halted = this.nextHalt();
    this.go(how);
    return halted;
  }

  async goTo(to: { readonly cycle: number } | { readonly core: string; readonly instructions: number }): Promise<HaltReason> {
    if ('core' in to) this.access.core(to.core);
    return this.journeys.goTo('cycle' in to ? { cycle: to.cycle } : { instructions: to.instructions });
  }

  async lastAccess(watchpoint: Omit<WatchpointSpec, 'kind'>, look?: () => void): Promise<LastAccess | undefined> {
    return this.journeys.lastAccess(this.access.core(watchpoint.core), watchpoint, look);
  }

  restart(): Promise<HaltReason> {
    return this.journeys.restart();
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
    return this.access.readMemory(view, address, length);
  }

  writeMemory(view: string, address: number, bytes: Uint8Array): boolean {
    return this.access.writeMemory(view, address, bytes);
  }

  readRegister(core: string, register: string): number {
    return this.access.core(core).readRegister(register);
  }

  writeRegister(core: string, register: string, value: number): void {
    this.access.writeRegister(core, register, value);
  }

  // --- RunControl

  ready(): Promise<void> | undefined {
    this.journeys.begin();
    if (this.busy) return this.stood();
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
    if (next?.kind !== 'debug.pause' || next.args[1] !== true || !isDue(machine, next, core.entries)) return false;
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
    this.wanted = wanted ?? this.wanted ?? end;
    if (this.abandoned) this.wanted = undefined;
    if (stop.kind === 'limit' || (stop.kind === 'requested' && !wanted)) return stop;
    // Timers of this cycle come before whatever is done here.
    const rest = machine.run(machine.scheduler.now);
    return rest.kind === 'limit' ? { kind: 'requested' } : rest;
  }

  keeps({ reason, report, stop = { kind: 'requested' } }: RunEnd): boolean {
    if (this.clients.size === 0 && !this.options.keepEnds) return false;
    const core = this.machine.core.name;
    const was = this.travel.arrive();
    if (was && was.kind !== 'history-end') this.wanted = was;
    else if (stop.kind === 'crashed') this.wanted = { kind: 'crashed', core: stop.core, reason: stop.reason, report };
    else if (reason === 'fault') this.wanted = { kind: 'crashed', core, reason: 'took a fault and its handler loops', report };
    else this.wanted = { kind: 'ended', stop };
    return true;
  }

  calm(): Promise<void> | undefined {
    return this.journeys.cancel();
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
    this.travel.standing();
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
    if (how.kind === 'step') this.stepper.plan(this.access.core(how.core), how.range);
    this.tell({ type: 'resumed', direction: 'forward' });
    this.release();
  }

  /** The machine sets out for another moment. */
  private depart(): void {
    this.reason = undefined;
    this.tell({ type: 'resumed', direction: 'backward' });
  }

  /** It has arrived, and stands still. */
  private arrived(): void {
    this.release();
    if (this.abandoned && this.reason) this.go({ kind: 'continue' });
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
    if (this.busy) {
      this.journeys.passed({ moment, core, ids: [...ids], ...(access ? { access } : {}) });
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

  private refuseWhileTravelling(): void {
    if (this.busy) throw new DebuggerRefusal('the machine is on its way through its past', 'halt it first');
  }

  private tell(event: DebuggerEvent): void {
    for (const listener of [...this.listeners]) listener(event);
  }
}
