/**
 * What the machine knows of a processor core, whatever its architecture: it runs until a cycle, takes interrupt lines, and can be
 * held in reset. Nothing outside `cpu/` knows more.
 */
import type { RunningCore } from '../time/scheduler.ts';
import type { Argument, ArgumentKind, CallOptions, CoreCall } from './aapcs.ts';
import type { ExceptionEvent, ExceptionRow } from './exception-table.ts';
import type { BranchCount, ExecutionCount } from './execution-counts.ts';
import type { HookHandler } from './hooks.ts';
import type { RegisterGroup } from './register-groups.ts';
import type { StackLow } from './stack-watch.ts';
import type { WatchArea, WatchHandler, WatchHit } from './watchpoints.ts';

/** Why a core handed control back before the cycle it was asked to run to. Values, never exceptions. */
export type CoreStop =
  /** It reached the cycle, or a timer was armed for an earlier one. */
  | { readonly kind: 'slice' }
  /** It sleeps (WFI, WFE): nothing happens on it until an interrupt or event comes. */
  | { readonly kind: 'asleep' }
  /** It asked for a system reset (AIRCR.SYSRESETREQ). */
  | { readonly kind: 'reset-request' }
  /** It cannot go on: lockup, or a fault taken as fatal. `report` is the registers, decoded fault status and backtrace, as text lines. */
  | { readonly kind: 'crashed'; readonly reason: string; readonly report: readonly string[] }
  /** The firmware ended the run through semihosting. `status` is its exit status. */
  | { readonly kind: 'exit'; readonly status: number }
  /** A hook asked for it. The instruction at `address` executes when the core is run again. */
  | { readonly kind: 'hook'; readonly address: number }
  /**
   * A watchpoint asked for it. The instruction at `pc` has not begun, and is executed, whatever it hits, when the core is run again. Without `pc` the
   * access is done: see `WatchHit`.
   */
  | ({ readonly kind: 'watch' } & WatchHit)
  /** `Core.instructions` has reached what `stopAt` was given. */
  | { readonly kind: 'step' };

/** An address and the symbol that covers it, if one does. */
export interface NamedPlace {
  readonly address: number;
  readonly symbol: string | undefined;
}

/** A fault exception that a core took, for programs. */
export interface FaultFacts {
  /** `HardFault`, `BusFault` ... */
  readonly exception: string;
  readonly cycle: number;
  /** The instruction that it was taken at. */
  readonly pc: NamedPlace;
  /** Bits of the fault status registers, by name. */
  readonly causes: readonly { readonly name: string; readonly meaning: string }[];
  /** The address that failed, where the core knows it, and what lies there. */
  readonly fault?: { readonly register: string; readonly address: number; readonly text: string };
  /** Registers of the code in which it happened. */
  readonly registers: Readonly<Record<string, number>>;
  readonly status: Readonly<Record<string, number>>;
  /** Security state of the code, on a core that has two. */
  readonly secure?: boolean;
  /** Innermost first. */
  readonly backtrace: readonly NamedPlace[];
}

/** A core as the machine drives it. */
export interface Core extends RunningCore {
  readonly name: string;
  /** Core clock in Hz. */
  readonly hz: number;
  /** True while it is held in reset or was never started. */
  readonly halted: boolean;
  /** True while it sleeps and nothing that would wake it is pending. */
  readonly asleep: boolean;
  /** Instructions executed since power-on. */
  readonly instructions: number;
  /** How many of them were known to repeat earlier ones and were counted without being executed again. */
  readonly skipped: number;
  /** Exceptions entered since power-on; with `instructions` it tells the moments between two instructions apart. */
  readonly entries: number;
  /** Address of the instruction that executes, or executes next. */
  readonly pc: number;
  /** Executes for at most `cycles` base-clock cycles; called within `Scheduler.runSlice`. */
  run(cycles: number): CoreStop;
  /** Leaves reset: fetches its start state as the architecture says (`vectors`: table address for Cortex-M). */
  start(vectors: number): void;
  /** Enters reset and stays there. */
  halt(): void;
  /** Drives interrupt input `line` (0-based, as the SoC numbers it). */
  setInterrupt(line: number, level: boolean): void;
  /** Another core executed SEV. */
  signalEvent(): void;
  /** A loop that it cannot leave by itself, such as the `b .` of a fault handler; undefined when it makes progress. */
  stuckLoop(): { readonly inFault: boolean; readonly pc: number } | undefined;
  /** R0 to R15 and xPSR as they are, also while it is held in reset after it ran. */
  registerValues(): readonly number[];
  /** The fault exceptions it took, oldest first, as text lines for a report; empty when there were none. */
  faultReport(): string[];
  /** The same for programs. */
  faults(): readonly FaultFacts[];
  /** A short text of where it is and what it waits for, with symbols if there are any. */
  describe(): string[];
  /**
   * Has `handler` run each time execution comes to `address`, before the instruction there begins; the function takes it away. Hooks at one
   * address run in the order in which they were added. An address at which nothing can be fetched is no less good.
   */
  addHook(address: number, handler: HookHandler): () => void;
  /**
   * Has `handler` run each time an instruction is about to read or write one of the bytes, under whatever address it sees them; the function takes it
   * away. Between instructions: slices, hooks, handlers of watchpoints.
   */
  addWatchpoint(area: WatchArea, handler: WatchHandler): () => void;
  /**
   * Has `run` return `step` as soon as `instructions` has reached that number, and at once where it has already; it never goes beyond. An exception that
   * is pending then is entered by the next `run`, unless `entries` is given, too: where so many have not been entered yet, those that can be are first.
   * Stays until it is called again; undefined ends it. A core that sleeps or is held in reset does not stop before it goes on.
   */
  stopAt(instructions: number | undefined, entries?: number): void;
  /** The registers that `readRegister` and `writeRegister` know. */
  registerGroups(): readonly RegisterGroup[];
  /** All exceptions that the core can take, as they stand; ascending by number. No side effects. */
  exceptionTable(): readonly ExceptionRow[];
  /** Tells `listener` when an exception is entered or returned from, at its exact cycle; the function ends that. */
  onException(listener: (event: ExceptionEvent) => void): () => void;
  /** A register by name (`r0`, `sp`, `xpsr`, `primask`, `s0` ...) or number (0 to 15, 16: xPSR), u32. Between instructions: slices, hooks. @throws {UsageError} for one that it has not */
  readRegister(register: string | number): number;
  /** Writes a register, as `readRegister` names it. @throws {UsageError} */
  writeRegister(register: string | number, value: number): void;
  /** Goes to `target` as an instruction that loads it into the PC does: bit 0 is the instruction set, and it may return from an exception. */
  branch(target: number): void;
  /**
   * Sets the core up to call the function at `address`: run it until the call has `returned` (it stops with `hook` then), and `restore` it. From
   * Thread mode, asleep or not; between slices. @throws {CallRefused}
   */
  beginCall(address: number, args?: readonly Argument[], options?: CallOptions): CoreCall;
  /** The arguments of the function at whose first instruction the core stands. */
  functionArguments(kinds: readonly ArgumentKind[], options?: CallOptions): (number | bigint)[];
  /** Returns from that function with `value` without executing it: for a hook, which then answers `redirected`. */
  stubReturn(value?: Argument, options?: CallOptions): void;
  /** Counts executed instructions from now on, or ends that; what was counted stays until counting begins anew. */
  count(on: boolean): void;
  /** How often each instruction was executed while counting was on, ascending by address. */
  executionCounts(): Iterable<ExecutionCount>;
  /** Which way the branches among them went. */
  branchCounts(): Iterable<BranchCount>;
  /** Watches from now on how far stacks are used, or ends that; false when it is so already. */
  trackStacks(on: boolean): boolean;
  /** The stretches of memory through which stack pointers have moved while that was on, ascending, disjoint. */
  stackLows(): readonly StackLow[];
  /** Takes all hooks, watchpoints and listeners away, ends `stopAt`, counting and watching, and forgets what was counted: somebody else gets the core. Between slices. */
  clearInstruments(): void;
  /** Frees native resources. */
  dispose(): void;
}
