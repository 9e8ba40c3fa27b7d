/**
 * What a Cortex-M core is wired to: its view of memory, the clock, an engine, and the few signals that leave it.
 */
import type { Diagnostics } from '../diagnostics.ts';
import type { Arena } from '../memory/arena.ts';
import type { AddressSpace } from '../memory/bus.ts';
import type { Scheduler } from '../time/scheduler.ts';
import type { EngineFactory } from './engine.ts';
import type { PrivateDevice } from './private-bus.ts';
import type { CoreProfile } from './profile.ts';
import type { SemihostingHost } from './semihosting.ts';

/** What a core needs; nothing else reaches it. */
export interface CortexMOptions {
  readonly name: string;
  readonly profile: CoreProfile;
  /** This core's own view of memory, with all RAM mapped; the core adds its private peripheral bus. */
  readonly bus: AddressSpace;
  readonly arena: Arena;
  readonly scheduler: Scheduler;
  /** Base-clock cycles of one core cycle, integer; 1 on single-core machines. */
  readonly cyclesPerInstruction: number;
  readonly engine: EngineFactory;
  readonly diagnostics: Diagnostics;
  /** External reference clock of SysTick in Hz; absent when the SoC connects none. */
  readonly sysTickReferenceHz?: number;
  /** Turns semihosting on. */
  readonly semihosting?: SemihostingHost;
  /** Blocks that the SoC puts on the private peripheral bus. */
  readonly privateDevices?: readonly PrivateDevice[];
  /** `name` or `name+0x12` for a code address; for reports. */
  readonly symbolise?: (address: number) => string | undefined;
  /** One instruction as text; for reports. */
  readonly disassemble?: (address: number, bytes: Uint8Array) => string | undefined;
  /** False: every round of a polling loop is executed. The trace is the same; see fast-forward.ts. */
  readonly fastForward?: boolean;
  /** SEV was executed: the machine tells the other cores (`signalEvent`). */
  readonly onSendEvent?: () => void;
  /** AIRCR.SYSRESETREQ was written; `run` then returns 'reset-request' after the instruction. */
  readonly onResetRequest?: () => void;
}
