/**
 * The debugger of a session: lets its machine stand still, go on, step; break- and watchpoints; registers and memory.
 *
 * It stands between the session and the machine (`RunControl`): the session's loop goes on, and waits in `ready` while the machine is halted, in which the
 * host's event loop runs. Not modelled: the debug hardware of the core (DHCSR, FPB comparators), of which the firmware sees nothing.
 */
import type { Core } from '../cpu/core.ts';
import { DebuggerRefusal, UsageError } from '../errors.ts';
import type { InputLog } from '../history/inputs.ts';
import type { Machine, StopReason } from '../machine.ts';
import type { RunControl, RunEnd } from '../session/run-control.ts';
import type { RunHost } from '../session/run-inputs.ts';
import type { Session } from '../session/session.ts';
import { peekBytes } from './memory.ts';
import { type StopperHit, Stoppers } from './stoppers.ts';
import type {
  BreakpointSpec,
  DebuggerApi,
  DebuggerEvent,
  HaltReason,
  LinuxWhileHalted,
  Position,
  Resume,
  Stopper,
  WatchpointSpec,
} from './types.ts';

/** What a debugger is made with. */
export interface DebuggerOptions {
  readonly session: Session;
  readonly inputs: InputLog<RunHost>;
  /** True: the machine stands still before its first instruction, until somebody resumes it. */
  readonly wait?: boolean;
  /** Why there can be no way back in this run: bridges, coverage ... */
  readonly noWayBack?: string;
}

/** The debugger of one session. */
export class Debugger implements DebuggerApi, RunControl {
  readonly machine: Machine;
  readonly cores: readonly string[];
  linuxWhileHalted: LinuxWhileHalted = 'held';
  private readonly session: Session;
  private readonly inputs: InputLog<RunHost>;
  private readonly options: DebuggerOptions;
  private readonly points: Stoppers;
  private readonly listeners = new Set<(event: DebuggerEvent) => void>();
  private readonly clients = new Set<string>();
  /** Why the machine stands still. */
  private reason: HaltReason | undefined;
  /** Why it is going to, as soon as it is between two slices. */
  private wanted: HaltReason | undefined;
  /** The breakpoints that stopped it. */
  private hit: HaltReason | undefined;
  /** What it is doing. */
  private how: Resume = { kind: 'continue' };
  /** The moment from which it was resumed, at which nothing stops it again. */
  private from: { readonly instructions: number; readonly entries: number } | undefined;
  private standing: { readonly promise: Promise<void>; readonly release: () => void } | undefined;
  private readonly waiting: ((reason: HaltReason) => void)[] = [];

  constructor(options: DebuggerOptions) {
    const { session, inputs, wait = false } = options;
    this.options = options;
    this.session = session;
    this.inputs = inputs;
    this.machine = session.machine;
    const { core, cores } = this.machine;
    this.cores = [core, ...cores.filter((each) => each !== core)].map(({ name }) => name);
    this.points = new Stoppers({
      core: (name) => this.coreOf(name),
      reached: (at, hit) => this.reached(at, hit),
      changed: () => this.tell({ type: 'stoppers' }),
    });
    if (wait) this.reason = { kind: 'start' };
    session.control = this;
  }

  get halted(): HaltReason | undefined {
    return this.reason;
  }

  get present(): Position | undefined {
    return undefined;
  }

  get noWayBack(): string | undefined {
    return this.options.noWayBack ?? 'going back is not there yet';
  }

  get stoppers(): readonly Stopper[] {
    return this.points.list;
  }

  position(core = this.cores[0]!): Position {
    return { cycle: this.machine.scheduler.now, core, instructions: this.coreOf(core).instructions };
  }

  attach(owner: string): void {
    this.clients.add(owner);
  }

  detach(owner: string): void {
    this.removeAll(owner);
    if (!this.clients.delete(owner) || this.clients.size > 0) return;
    this.wanted = undefined;
    if (this.reason) this.go({ kind: 'continue' });
  }

  subscribe(listener: (event: DebuggerEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  halt(): Promise<HaltReason> {
    if (this.reason) return Promise.resolve(this.reason);
    this.wanted ??= { kind: 'request' };
    return this.nextHalt();
  }

  async resume(how: Resume): Promise<HaltReason> {
    const { reason } = this;
    if (!reason) throw new DebuggerRefusal('the machine runs already', 'halt it first');
    if (reason.kind === 'crashed' || reason.kind === 'ended')
      throw new DebuggerRefusal('the run is over', 'go back, start it again, or detach');
    if (how.kind === 'reverse-step' || how.kind === 'reverse-continue')
      throw new DebuggerRefusal(`there is no way back: ${this.noWayBack}`);
    const halted = this.nextHalt();
    this.go(how);
    return halted;
  }

  goTo(): Promise<HaltReason> {
    return Promise.reject(new DebuggerRefusal(`there is no way back: ${this.noWayBack}`));
  }

  lastAccess(): Promise<undefined> {
    return Promise.reject(new DebuggerRefusal(`there is no way back: ${this.noWayBack}`));
  }

  restart(): Promise<HaltReason> {
    return Promise.reject(new DebuggerRefusal(`there is no way back: ${this.noWayBack}`));
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
    return this.viewOf(view).writeBytes(address, bytes);
  }

  readRegister(core: string, register: string): number {
    return this.coreOf(core).readRegister(register);
  }

  writeRegister(core: string, register: string, value: number): void {
    this.coreOf(core).writeRegister(register, value);
  }

  // --- RunControl

  ready(): Promise<void> | undefined {
    if (this.wanted) this.stand(this.wanted);
    if (!this.reason) return undefined;
    if (!this.standing) {
      let release = (): void => {};
      const promise = new Promise<void>((resolve) => {
        release = resolve;
      });
      this.standing = { promise, release };
    }
    return this.standing.promise;
  }

  due(): number {
    return Number.POSITIVE_INFINITY;
  }

  run(limit: number): StopReason {
    const stop = this.machine.run(limit);
    switch (stop.kind) {
      case 'hook':
        this.wanted = this.hit ?? this.wanted;
        return { kind: 'requested' };
      case 'step':
        this.wanted = { kind: 'step', core: stop.core };
        return { kind: 'requested' };
      default:
        return stop;
    }
  }

  keeps({ reason, report, stop = { kind: 'requested' } }: RunEnd): boolean {
    if (this.clients.size === 0) return false;
    const core = this.machine.core.name;
    if (stop.kind === 'crashed') this.wanted = { kind: 'crashed', core: stop.core, reason: stop.reason, report };
    else if (reason === 'fault') this.wanted = { kind: 'crashed', core, reason: 'took a fault and its handler loops', report };
    else this.wanted = { kind: 'ended', stop };
    return true;
  }

  // --- halts

  private nextHalt(): Promise<HaltReason> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private stand(reason: HaltReason): void {
    this.reason = reason;
    this.wanted = undefined;
    this.hit = undefined;
    for (const core of this.machine.cores) core.stopAt(undefined);
    if (reason.kind === 'breakpoint') this.points.expire(reason.ids);
    this.tell({ type: 'halted', reason });
    for (const resolve of this.waiting.splice(0)) resolve(reason);
  }

  private go(how: Resume): void {
    const { instructions, entries } = this.machine.core;
    this.how = how;
    this.from = { instructions, entries };
    this.reason = undefined;
    if (how.kind === 'step') this.coreOf(how.core).stopAt(instructions + 1);
    this.tell({ type: 'resumed', direction: 'forward' });
    this.standing?.release();
    this.standing = undefined;
  }

  private reached(core: Core, { id, spec }: StopperHit): boolean {
    const { from } = this;
    if (from && from.instructions === core.instructions && from.entries === core.entries) return false;
    if (!this.points.count(id)) return false;
    const ids = this.hit?.kind === 'breakpoint' ? [...this.hit.ids, id] : [id];
    this.hit = { kind: 'breakpoint', core: core.name, address: spec.address, ids };
    return true;
  }

  private tell(event: DebuggerEvent): void {
    for (const listener of [...this.listeners]) listener(event);
  }

  private coreOf(name: string): Core {
    const core = this.machine.cores.find((each) => each.name === name);
    if (core) return core;
    throw new UsageError(`no core ${name}`, `its cores: ${this.cores.join(', ')}`);
  }

  private viewOf(name: string) {
    const view = this.machine.spaces.get(name);
    if (view) return view;
    throw new UsageError(`nobody called ${name} sees memory`, `there are ${[...this.machine.spaces.keys()].join(', ')}`);
  }
}
