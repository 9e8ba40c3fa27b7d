/**
 * The bridge between code of the host, which is asynchronous, and the modelled kernel, which runs in virtual time.
 *
 * `call` runs kernel code as a task and resolves when it is done. While calls are outstanding and nobody else runs the machine, the bridge does.
 * A `Flow` is host code that stands for a program in user mode: while it computes (no call outstanding, not left), virtual time stands
 * still, and calls of several flows begin in the order of the flows, so that a run does not depend on how fast the host is.
 */
import { LinuxTimeout, MachineEnded } from '../errors.ts';
import type { Scheduler, Timer } from '../time/scheduler.ts';
import { Turns } from './host-turns.ts';
import type { Kernel, KernelCode, Task } from './kernel.ts';
import { LATENCY } from './latencies.ts';
import type { Process } from './process.ts';

/** Why the machine stopped, as `Machine.run` says it; what is there beside the kind depends on it. */
export interface ClockworkStop {
  readonly kind: string;
  readonly core?: string;
  readonly block?: string;
  readonly reason?: string;
  readonly cause?: string;
  readonly text?: string;
  readonly status?: number;
  readonly report?: readonly string[];
}

/** What runs the machine. */
export interface Clockwork {
  /** Runs until the clock reaches `limit` (cycle), or something ends the run before. */
  run(limit: number): ClockworkStop;
  /** Lets `run` return at the current virtual time. */
  requestStop(): void;
  readonly scheduler: Scheduler;
}

/** How a call is made. */
export interface CallOptions {
  /** Virtual time after which it is interrupted by a signal and its promise rejected; 10 s unless given, may be infinite. */
  readonly timeoutNs?: number;
  /** Virtual time before it begins; that of a program between two system calls unless given. */
  readonly latencyNs?: number;
  /** Process in which it runs. */
  readonly process?: Process;
}

/** Virtual time that a call may take, in ns. */
export const DEFAULT_CALL_TIMEOUT_NS = 10e9;
/** Virtual time between two turns of the host's event loop, in ns. */
const CHUNK_NS = 5e6;

/** Turns of the event loop in which host code has to do again what it did. */
const MOST_TURNS = 10_000;

interface Call {
  readonly name: string;
  readonly begin: () => void;
  readonly end: (error: Error) => void;
}

/** Host code that stands for a program: see the head of this file. Made by `UserSpace.enter`. */
export class Flow {
  readonly name: string;
  /** Flows that entered later have higher numbers. */
  readonly number: number;
  /** @internal */
  outstanding = 0;
  private readonly userSpace: UserSpace;
  private gone = false;

  /** @internal */
  constructor(userSpace: UserSpace, name: string, number: number) {
    this.userSpace = userSpace;
    this.name = name;
    this.number = number;
  }

  /** In user mode: virtual time stands still for it. */
  get computing(): boolean {
    return !this.gone && this.outstanding === 0;
  }

  /** As `UserSpace.call`; virtual time goes on once every flow waits. */
  call<T>(name: string, code: KernelCode<T>, options?: CallOptions): Promise<T> {
    return this.userSpace.call(name, code, options, this);
  }

  /** The program has ended. */
  leave(): void {
    this.gone = true;
    this.userSpace.left(this);
  }
}

/** The bridge of one machine. */
export class UserSpace {
  readonly kernel: Kernel;
  private readonly clockwork: Clockwork;
  private readonly waitingFor: () => readonly string[];
  private readonly turns = new Turns();
  private readonly calls = new Set<Call>();
  private readonly flows = new Set<Flow>();
  /** Calls of flows that begin when virtual time goes on. */
  private readonly queued: { readonly flow: Flow; readonly call: Call }[] = [];
  private readonly arrivals: (() => void)[] = [];
  private flowCount = 0;
  private drivers = 0;
  private driving = false;
  private still = false;
  /** A call ended: whoever awaits it has not got on yet. */
  private woken = false;
  /** Hears of what host code does to Linux by itself. */
  witness: { turn(): void; begin(count: number): void } | undefined;

  /** `waitingFor` says what Linux waits for, for errors. */
  constructor(options: { readonly kernel: Kernel; readonly clockwork: Clockwork; readonly waitingFor: () => readonly string[] }) {
    this.kernel = options.kernel;
    this.clockwork = options.clockwork;
    this.waitingFor = options.waitingFor;
  }

  /** True when the machine may not go on before `settled`. */
  get busy(): boolean {
    return this.calls.size > 0 || this.flows.size > 0 || this.woken;
  }

  /**
   * Runs `code` as a task of the kernel and gives what it returns. Rejects with what it throws, `LinuxTimeout` when it takes too long, or
   * `MachineEnded` when the machine ends before.
   */
  call<T>(name: string, code: KernelCode<T>, options: CallOptions = {}, flow?: Flow): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const call = this.prepare(name, code, options, flow, resolve, reject);
      this.calls.add(call);
      if (flow) {
        flow.outstanding++;
        this.queued.push({ flow, call });
        this.arrived();
      } else call.begin();
      this.drive();
    });
  }

  /** Host code begins to act as a program. */
  enter(name: string): Flow {
    const flow = new Flow(this, name, this.flowCount++);
    this.flows.add(flow);
    return flow;
  }

  /** @internal A flow has ended. */
  left(flow: Flow): void {
    this.flows.delete(flow);
    this.arrived();
  }

  /** To be awaited before virtual time goes on: resolves once every flow waits in a call and who awaited a call has got on. */
  async settled(): Promise<void> {
    if (this.woken || this.flows.size > 0) await this.quiet();
    if (this.queued.length > 0) this.beginQueued();
  }

  /** True when a call has ended and whoever awaits it may not have got on yet. */
  get unsettled(): boolean {
    return this.woken;
  }

  /** Resolves once every flow waits in a call and who awaited a call has got on. */
  async quiet(): Promise<void> {
    for (;;) {
      if (this.woken) {
        this.woken = false;
        this.witness?.turn();
        await this.turns.next();
      } else if ([...this.flows].some(({ computing }) => computing)) {
        this.witness?.turn();
        await new Promise<void>((resolve) => this.arrivals.push(resolve));
      } else break;
    }
  }

  /** The calls of flows begin, in the order of the flows. */
  private beginQueued(): void {
    const begun = this.queued.splice(0).sort((a, b) => a.flow.number - b.flow.number);
    this.witness?.begin(begun.length);
    for (const { call } of begun) call.begin();
  }

  /**
   * `count` calls of flows begin, as they did in a history. Host code may need turns of the event loop until it makes them, as when it loads a part of
   * itself. False when it does not make them.
   */
  async beginAgain(count: number): Promise<boolean> {
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      await this.quiet();
      if (this.queued.length >= count) {
        this.beginQueued();
        return true;
      }
      await this.turns.next();
    }
    return false;
  }

  /** Somebody else runs the machine from now on, with `settled` before each run, until the function that is given back is called. */
  takeOver(): () => void {
    this.still = false;
    this.drivers++;
    return () => {
      this.drivers--;
      if (this.drivers === 0 && !this.driving) this.turns.close();
      this.drive();
    };
  }

  /** The machine has ended for whoever runs it: every outstanding call is interrupted and rejected. */
  ended(stop: ClockworkStop): void {
    if (this.calls.size === 0) return;
    const error = new MachineEnded(stop.kind, describe(stop), this.waitingFor());
    for (const call of [...this.calls]) call.end(error);
  }

  private prepare<T>(
    name: string,
    code: KernelCode<T>,
    { timeoutNs = DEFAULT_CALL_TIMEOUT_NS, latencyNs = LATENCY.user, process }: CallOptions,
    flow: Flow | undefined,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ): Call {
    const { kernel, clockwork } = this;
    let timer: Timer | undefined;
    let task: Task | undefined;
    const settle = (action: () => void): void => {
      if (!this.calls.delete(call)) return;
      timer?.cancel();
      if (flow) flow.outstanding--;
      this.woken = true;
      action();
    };
    const interrupt = (error: Error): void => {
      settle(() => reject(error));
      task?.signal();
    };
    const life = function* (): KernelCode {
      try {
        const value = yield* code;
        settle(() => resolve(value));
      } catch (error) {
        settle(() => reject(error));
      }
      clockwork.requestStop();
    };
    const begin = (): void => {
      // The machine ended while it was queued.
      if (!this.calls.has(call)) return;
      task = kernel.spawn(name, life(), latencyNs);
      task.process = process;
      if (!Number.isFinite(timeoutNs)) return;
      timer = clockwork.scheduler.timer(`timeout of ${name}`, () => {
        interrupt(new LinuxTimeout(name, timeoutNs, task?.waitingFor, this.waitingFor()));
        clockwork.requestStop();
      });
      timer.armIn(clockwork.scheduler.cyclesFromNs(timeoutNs));
    };
    const call: Call = { name, begin, end: interrupt };
    return call;
  }

  private arrived(): void {
    for (const resolve of this.arrivals.splice(0)) resolve();
  }

  /** Calls are made by a history: the machine must not run for them. Whoever takes over next ends that. */
  standStill(): void {
    this.still = true;
  }

  private drive(): void {
    if (this.still || this.driving || this.drivers > 0 || this.calls.size === 0) return;
    this.driving = true;
    void this.loop();
  }

  private async loop(): Promise<void> {
    const { clockwork } = this;
    const { scheduler } = clockwork;
    for (;;) {
      // Whoever awaits gets on, and may make the next call at the same virtual time.
      if (this.woken) this.witness?.turn();
      this.woken = false;
      await this.turns.next();
      await this.settled();
      if (this.calls.size === 0 || this.drivers > 0) break;
      this.step(scheduler.now + scheduler.cyclesFromNs(CHUNK_NS));
    }
    this.driving = false;
    if (this.drivers === 0) this.turns.close();
  }

  private step(limit: number): void {
    try {
      const stop = this.clockwork.run(limit);
      if (stop.kind !== 'limit' && stop.kind !== 'requested') this.ended(stop);
    } catch (error) {
      for (const call of [...this.calls]) call.end(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

/** What is known of a stop beside its kind, in words. */
function describe({ core, block, reason, cause, text, status, report }: ClockworkStop): string {
  const what = reason ?? cause ?? text ?? report?.[0] ?? (status === undefined ? undefined : `status ${status}`);
  return [core ?? block, what].filter((part) => part !== undefined).join(': ');
}
