/**
 * What a debugger can do with a run, whoever asks: GDB (gdb/), the view (../view), a script.
 *
 * One `Debugger` per session, any number of clients. The machine is halted or runs, for all of them; what one does the others hear of. Everything
 * that changes the machine goes through the session's inputs, so that the past can be had again: a run with a debugger is as deterministic as one without.
 */
import type { StopReason } from '../machine.ts';

/** A moment of a run. `instructions` are those of the core in question, executed since power-on, which tells moments of one cycle apart. */
export interface Position {
  readonly cycle: number;
  readonly core: string;
  readonly instructions: number;
}

export type WatchAccess = 'read' | 'write' | 'access';

/** Who made an access: a core, or Linux. */
export type Master = string;

/** Why the machine stands still. */
export type HaltReason =
  /** Somebody asked for it. */
  | { readonly kind: 'request' }
  /** The machine has not begun (`--wait`). */
  | { readonly kind: 'start' }
  | { readonly kind: 'breakpoint'; readonly core: string; readonly address: number; readonly ids: readonly number[] }
  | {
      readonly kind: 'watchpoint';
      readonly core: string;
      readonly ids: readonly number[];
      readonly by: Master;
      readonly access: 'read' | 'write';
      /** The first byte that was accessed, in the view of `by`, and how many. */
      readonly address: number;
      readonly size: number;
      /** The core's instruction that does it, and has not been completed; of Linux: undefined, and the store is done. */
      readonly pc?: number;
    }
  | { readonly kind: 'step'; readonly core: string }
  /** The firmware failed, as the session would have reported it; it can be looked at, and gone back from, but not resumed. */
  | { readonly kind: 'crashed'; readonly core: string; readonly reason: string; readonly report: readonly string[] }
  /** The run is over: exit, reset of the system, nothing can ever happen. Going back is possible. */
  | { readonly kind: 'ended'; readonly stop: StopReason }
  /** Going back led to the beginning of what can be gone back to. */
  | { readonly kind: 'history-start' }
  /** Going forward in the past led to the moment from which going back had begun. */
  | { readonly kind: 'history-end' };

export interface BreakpointSpec {
  readonly kind: 'breakpoint';
  readonly core: string;
  /** Without the Thumb bit. */
  readonly address: number;
  /** Removed when hit. */
  readonly temporary?: true;
  /** Hits that are let pass. */
  readonly ignore?: number;
}

export interface WatchpointSpec {
  readonly kind: 'watchpoint';
  /** In whose view `address` is. */
  readonly core: string;
  readonly address: number;
  /** Bytes, 1 or more; any number. */
  readonly size: number;
  readonly access: WatchAccess;
  /** Also stores of Linux into that memory; true unless given. */
  readonly others?: boolean;
}

/** A break- or watchpoint as it stands. */
export type Stopper = (BreakpointSpec | WatchpointSpec) & { readonly id: number; readonly hits: number; readonly owner: string };

/** What a client hears of. */
export type DebuggerEvent =
  | { readonly type: 'halted'; readonly reason: HaltReason }
  | { readonly type: 'resumed'; readonly direction: 'forward' | 'backward' }
  /** The machine was put into another moment of its past, or back into the present. */
  | { readonly type: 'moved'; readonly position: Position }
  | { readonly type: 'stoppers' }
  /** The user did something in the past: what followed there, everything behind this moment, did not happen. */
  | { readonly type: 'forgotten'; readonly after: Position }
  /** Something for the user: that the future was forgotten, why going back is not possible ... */
  | { readonly type: 'notice'; readonly text: string }
  /** How far a long way back has got, 0 to 1. */
  | { readonly type: 'progress'; readonly fraction: number };

/** Who made an access, and when. */
export interface LastAccess {
  readonly position: Position;
  readonly by: Master;
  /** The core's instruction. */
  readonly pc?: number;
}

/** How to go on. */
export type Resume =
  | { readonly kind: 'continue' }
  /** One instruction, or until the PC has left [from, to) (range stepping), whichever comes last. */
  | { readonly kind: 'step'; readonly core: string; readonly range?: { readonly from: number; readonly to: number } }
  | { readonly kind: 'reverse-step'; readonly core: string; readonly range?: { readonly from: number; readonly to: number } }
  /**
   * Back to the last hit of a break- or watchpoint. For a store of the core that is the moment before it; `after`, for whoever expects the machine to have
   * only the store behind it and to be stepped over that, as GDB does: the moment after it.
   */
  | { readonly kind: 'reverse-continue'; readonly after?: boolean };

/** What Linux does while the core stands still: its time stands too (nothing times out), or it goes on as on a board with JTAG. */
export type LinuxWhileHalted = 'held' | 'runs';

/** The debugger of one session, as its clients see it. */
export interface DebuggerApi {
  /** Names of the cores, the one that runs the firmware first. */
  readonly cores: readonly string[];
  /** Why the machine stands still; undefined while it runs. */
  readonly halted: HaltReason | undefined;
  /** The machine is on its way through its past: what it shows now belongs to no moment that anybody has asked for. */
  readonly busy: boolean;
  /** The moment in which the machine is; of the core that runs the firmware unless one is named. */
  position(core?: string): Position;
  /** The moment from which going back began; undefined in the present. */
  readonly present: Position | undefined;
  /** Why there is no way back in this run; undefined when there is. */
  readonly noWayBack: string | undefined;
  linuxWhileHalted: LinuxWhileHalted;
  /**
   * A client is there. While there is one, a run that would end (a crash, an exit ...) stands still instead, so that it can be looked at and gone
   * back from.
   */
  attach(owner: string): void;
  /** It is gone, and what it has added with it. After the last one the machine goes on, or the run ends if it is at its end. */
  detach(owner: string): void;
  /** Hears of everything from now on; the function ends it. */
  subscribe(listener: (event: DebuggerEvent) => void): () => void;
  /** Has the machine stand still as soon as the current instruction is complete; fulfilled then. */
  halt(): Promise<HaltReason>;
  /** Goes on; fulfilled when the machine stands still again. @throws {DebuggerRefusal} when it cannot */
  resume(how: Resume): Promise<HaltReason>;
  /** Puts the machine, which is halted, into a moment of its past: the first at which `cycle` is reached, or exactly `instructions`. */
  goTo(to: { readonly cycle: number } | { readonly core: string; readonly instructions: number }): Promise<HaltReason>;
  /**
   * The last store (or access) before this moment to any byte of a stretch, and where it was; the machine itself stays where it is. Undefined when
   * there was none. For "who wrote this?". `look` is called while the machine is in that moment (of a core: before its instruction), to look only.
   */
  lastAccess(watch: Omit<WatchpointSpec, 'kind'>, look?: () => void): Promise<LastAccess | undefined>;
  add(spec: BreakpointSpec | WatchpointSpec, owner: string): number;
  remove(id: number): boolean;
  readonly stoppers: readonly Stopper[];
  /** Takes away what `owner` has added: a client is gone. */
  removeAll(owner: string): void;
  /** Bytes as a core (or `linux`) sees them, without side effects; shorter than asked where a hole begins. */
  readMemory(view: string, address: number, length: number): Uint8Array;
  /** False, and nothing written, where one of them has no memory or register. An input: recorded. */
  writeMemory(view: string, address: number, bytes: Uint8Array): boolean;
  readRegister(core: string, register: string): number;
  /** An input: recorded. */
  writeRegister(core: string, register: string, value: number): void;
  /** Puts the core (or the SoC) into reset and starts it as at the beginning of the run; halted afterwards. */
  restart(): Promise<HaltReason>;
}
