/**
 * Threads as GDB sees them: those of the RTOS by the address of their control block, or one that stands for the core.
 *
 * The current thread has the core's live registers, also inside of an exception, which GDB shows as a frame on the thread that was interrupted, as it
 * does for a signal handler; the thread's description says which exception it is.
 */
import { exceptionNames } from '../../profile/exception-watch.ts';
import { RtosFinder } from '../rtos.ts';
import type { SavedRegisters } from '../saved-context.ts';
import { coreOf, type GdbTarget } from './target.ts';

/** The id of the core where there are no threads. */
export const CORE_THREAD = 1;

export interface GdbThread {
  readonly id: number;
  readonly name: string;
  /** State, priority, exception: for people. */
  readonly detail: string;
}

/** Registers of a thread: the core's own, saved ones, or none that can be found. */
export type ThreadRegisters = 'live' | SavedRegisters | undefined;

/** The threads of one core. */
export class Threads {
  private readonly target: GdbTarget;
  private readonly finder: RtosFinder | undefined;
  private readonly exceptionName: (id: number) => string;
  /** In an exception that a thread switch may happen in: the thread that it began on. */
  private held: number | undefined;

  constructor(target: GdbTarget) {
    this.target = target;
    const { machine, debugger: api, core } = target;
    // Another core than the one that runs the firmware has none that could be known.
    if (machine.core.name === core) this.finder = new RtosFinder(machine, (address, length) => api.readMemory(core, address, length));
    this.exceptionName = exceptionNames(target.machine);
  }

  /** The RTOS, when there is one. */
  get system(): string | undefined {
    return this.finder?.get()?.system;
  }

  /** The thread that the core executes. */
  live(): number {
    return this.held ?? this.current();
  }

  /**
   * A step has begun (or ended) inside of an exception: the thread stays the same until the exception is over, although the scheduler may have chosen
   * another meanwhile; GDB would take that for the end of the step.
   */
  hold(thread: number | undefined): void {
    this.held = thread !== undefined && this.exception !== 0 && this.exists(thread) ? thread : undefined;
  }

  /** Number of the exception in which the core is; 0: none. */
  get exception(): number {
    return this.target.debugger.readRegister(this.target.core, 'ipsr') & 0x1ff;
  }

  list(): GdbThread[] {
    const rtos = this.finder?.get();
    const live = this.live();
    const exception = this.exception;
    const inside = exception === 0 ? [] : [`in ${this.exceptionName(exception)}`];
    if (!rtos || rtos.current() === undefined) return [{ id: CORE_THREAD, name: this.target.core, detail: this.coreDetail(inside) }];
    return rtos.list().map(({ id, name, state, priority }) => {
      const details = [
        id === live && state !== 'running' ? `${state}, live` : state,
        ...(priority === undefined ? [] : [`priority ${priority}`]),
      ];
      return { id, name, detail: [...details, ...(id === live ? inside : [])].join(', ') };
    });
  }

  exists(id: number): boolean {
    return id === this.current() || this.list().some((thread) => thread.id === id);
  }

  registers(id: number): ThreadRegisters {
    return id === this.live() ? 'live' : this.finder?.get()?.registers(id);
  }

  private current(): number {
    return this.finder?.get()?.current() ?? CORE_THREAD;
  }

  private coreDetail(inside: readonly string[]): string {
    const core = coreOf(this.target);
    const state = core.halted ? 'in reset' : core.asleep ? 'asleep' : 'running';
    const waits = this.system && !core.halted ? [`${this.system} has not started its scheduler`] : [];
    return [state, ...inside, ...waits].join(', ');
  }
}
