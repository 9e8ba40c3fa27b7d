/**
 * The contract between a Cortex-M core and the thing that executes instructions for it.
 *
 * An engine executes instructions and nothing else. Exceptions, interrupts, SysTick, the MPU's registers and semihosting live beside it, once
 * (`cortex-m.ts`). One instruction is one core cycle on every engine, a conditional instruction that fails its condition included;
 * an instruction that faults or that `stop` reports as not executed is not counted.
 */
import type { Ram } from '../memory/ram.ts';
import type { CoreMemory } from './core-memory.ts';
import type { CoreRegisters } from './core-registers.ts';
import type { Instruments } from './instruments.ts';
import type { CoreProfile } from './profile.ts';

/** Why `Engine.run` returned. Numbers, because this is the hottest boundary of the emulator. */
export const STOP = {
  /** The budget is used up; the next instruction has not begun. */
  BUDGET: 0,
  /** `requestStop` was called: the instruction during which it was called is complete and counted. */
  REQUESTED: 1,
  /**
   * An instruction that may unmask an interrupt (CPS, MSR, exception-return aside) was executed while `watchMasks` was set. Counted.
   * MSR CONTROL and every CPS or MSR that writes FAULTMASK stop so whatever `watchMasks` says: privilege, FPCA or the MPU's state may have changed.
   */
  MASKS: 2,
  /** SVC: counted; PC is the next instruction, ITSTATE advanced. `detail` is the immediate. */
  SVC: 3,
  /** BKPT: not counted; PC is its own address. `detail` is the immediate. */
  BKPT: 4,
  /** WFI, WFE: counted; PC is the next instruction. WFE with the event register set clears it and does not stop. */
  WFI: 5,
  WFE: 6,
  /** SEV: counted; the core sets the event register (`CELL.EVENT`, which is never cached by an engine) and tells the other cores. */
  SEV: 7,
  /**
   * A branch loaded an EXC_RETURN value into PC in Handler mode. Counted. `detail` is the value; PC is undefined until the core has unstacked.
   * On ARMv8-M these are 0xff00_0000 and up; with the Security Extension FNC_RETURN (0xfeff_fffe, 0xfeff_ffff) stops so in both modes.
   */
  EXC_RETURN: 8,
  /** UsageFault causes. Not counted; PC is the instruction. */
  UNDEFINED: 9,
  /** An instruction was to execute with EPSR.T clear. */
  INVALID_STATE: 10,
  /** Unaligned LDM, LDRD, exclusive, Device access, or any with CCR.UNALIGN_TRP. `address` is set. */
  UNALIGNED: 11,
  /** SDIV or UDIV by zero with CCR.DIV_0_TRP. */
  DIVIDE_BY_ZERO: 12,
  /** A floating-point instruction that the core must see first: CPACR denies it, or lazy state has to be saved (`fpTrap`). */
  FP_ACCESS: 13,
  /** A coprocessor instruction other than CP10/CP11. */
  NO_COPROCESSOR: 14,
  /** Instruction fetch refused; `memory.fault` says why, `address` where. PC is the address of the instruction. */
  FETCH_FAULT: 15,
  /** Data access refused; `memory.fault` and `address` say why and where. Not counted; registers, base included, are as before the instruction (registers already loaded by an LDM excepted). */
  DATA_FAULT: 16,
  /** ARMv8-M: the instruction would take SP below `CELL.SPLIM`. Not counted; memory and registers are as before it. */
  STACK_LIMIT: 17,
  /** BXNS, BLXNS in Secure state (elsewhere UNDEFINED). Not counted, PC is the instruction; the core completes it. `detail` is the register's value, `address` 1 for BLXNS. */
  SECURITY_BRANCH: 18,
  /** VLSTM, VLLDM in Secure state (elsewhere UNDEFINED), whatever `fpTrap` says. Not counted, the core completes it. `detail` is the base register's value. */
  LAZY_STORE: 19,
  LAZY_LOAD: 20,
  /** The instruction at PC has a hook (`Instruments.hooks`) and `passHook` was not set. Not counted, not begun, whatever its condition says. */
  HOOK: 21,
} as const;

/** One of `STOP`'s values. */
export type StopCode = (typeof STOP)[keyof typeof STOP];

/** The Non-secure registers that Secure code names in MRS and MSR (SYSm with bit 7 set, SP_NS included). */
export interface BankedRegisters {
  /** Value of `sysm`; the caller has checked that the core is Secure, and privileged unless it is CONTROL_NS (elsewhere they read as zero). */
  read(sysm: number): number;
  /** Writes `sysm`; the instruction then stops with MASKS whatever `watchMasks` says. False: SP_NS would go below its limit; STACK_LIMIT. */
  write(sysm: number, value: number): boolean;
  /** NSACR.CP10: Non-secure code may write CONTROL.FPCA; absent: it may. */
  nonSecureFloat?(): boolean;
}

/** What a core hands to its engine at construction. */
export interface EngineHost {
  readonly profile: CoreProfile;
  readonly registers: CoreRegisters;
  readonly memory: CoreMemory;
  /** Present on cores with the Security Extension. */
  readonly banked?: BankedRegisters;
  /** What watches execution; absent where nothing ever does. */
  readonly instruments?: Instruments;
}

/** Builds an engine for a core. */
export interface EngineFactory {
  readonly name: string;
  /** @throws {EngineUnavailable} when it cannot run on this host. */
  create(host: EngineHost): Engine;
}

/** Executes Thumb instructions on a `CoreRegisters` and a `CoreMemory`. */
export interface Engine {
  readonly name: string;
  /** Roughly how many instructions it executes in a microsecond, for what is worth the effort around it; 1000 unless it says. */
  readonly speed?: number;
  /**
   * Executes at most `budget` (>= 1) instructions from the PC and returns one of `STOP`.
   * Before it the core has called `push` if it changed registers; after it the core calls `pull` before it reads any but the PC.
   */
  run(budget: number): StopCode;
  /** Instructions completed since the current (or last) `run` began; exact inside a bus callback, where the current one is not counted yet. */
  readonly executed: number;
  /** Immediate, EXC_RETURN value or faulting address, as the stop code says (u32). */
  readonly detail: number;
  readonly address: number;
  /** Address of the instruction that is executing (inside a bus callback) or executes next, u32. */
  readonly pc: number;
  /** From a bus callback: return REQUESTED once the current instruction is complete. */
  requestStop(): void;
  /** While true, `run` returns MASKS right after an instruction that may have changed PRIMASK, BASEPRI, FAULTMASK or privilege. */
  watchMasks: boolean;
  /** While true, every floating-point instruction stops with FP_ACCESS before it executes. */
  fpTrap: boolean;
  /** While true, `run` may return BUDGET with some of the budget left, where using it up would be slow; absent: never done. */
  loose?: boolean;
  /** Set by the core before `run(1)`: the instruction at PC executes although it has a hook. `run` clears it. Absent: it knows no hooks. */
  passHook?: boolean;
  /** The address got a hook, or lost its last: what was made of the code there is dropped. */
  hookChanged?(address: number): void;
  /** Watchpoints came or went; between runs. `memory` and its page table know them already: only for an engine that has another port. */
  watchpointsChanged?(): void;
  /** Counting or the watch on stacks began or ends (`Instruments`); between runs. */
  instrumentsChanged?(): void;
  /** Brings `Instruments.counts` up to date; between runs. */
  collectCounts?(): void;
  /** CCR.DIV_0_TRP and CCR.UNALIGN_TRP. */
  divideTrap: boolean;
  unalignedTrap: boolean;
  /** Brings `host.registers` (PC excepted when inside a bus callback) up to date with the engine; allowed inside a bus callback. */
  pull(): void;
  /** Takes over what was changed in `host.registers`. */
  push(): void;
  /**
   * Pages of RAM to which it may have stored, since the last call, other than through the WRITE entries of `memory.pages`; absent when it never
   * does.
   */
  takeWritable?(): Iterable<{ readonly ram: Ram; readonly page: number }>;
  /** Releases native resources. */
  dispose(): void;
}
