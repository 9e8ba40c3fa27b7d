/**
 * Every error class thrown on purpose: the caller's mistakes, each with a stable `code`, data, and a remedy a user can act on.
 *
 * What the guest did is a `StopReason` value, what a model noticed a diagnostics event; neither is ever thrown.
 */
import type { FaultFacts } from './cpu/core.ts';
import type { EngineDifference } from './cpu/lockstep/difference.ts';
import { hex32 } from './memory/bits.ts';

/** Base of all errors thrown on purpose; `remedy` is a sentence that says what to do about it. */
export class ImxSimError extends Error {
  readonly code: string;
  readonly remedy: string;
  /** Where it is, for programs: an option, a file, a part of a file; empty when the message has no single place. */
  readonly place: string;

  constructor(code: string, message: string, remedy = '', place = '') {
    super(message);
    this.name = new.target.name;
    this.code = code;
    this.remedy = remedy;
    this.place = place;
  }
}

/** The firmware file cannot be used: not an ELF, wrong machine, truncated, out of the map; `linux` is what dmesg would show for it. */
export class FirmwareError extends ImxSimError {
  readonly linux: readonly string[];

  constructor(code: string, message: string, remedy = '', linux: readonly string[] = [], place = '') {
    super(code, message, remedy, place);
    this.linux = linux;
  }
}

/** An option, a file name or a combination of them makes no sense. */
export class UsageError extends ImxSimError {
  constructor(message: string, remedy = '', place = '') {
    super('E_USAGE', message, remedy, place);
  }
}

/**
 * A snapshot or a recording cannot be used: it is no such file, of another version or machine, damaged, or its history does not lead where it led.
 */
export class SnapshotError extends ImxSimError {
  declare readonly code:
    | 'E_SNAPSHOT_FORMAT'
    | 'E_SNAPSHOT_VERSION'
    | 'E_SNAPSHOT_DAMAGED'
    | 'E_SNAPSHOT_MACHINE'
    | 'E_SNAPSHOT_DIVERGED'
    | 'E_SNAPSHOT_UNSAVEABLE';

  constructor(code: SnapshotError['code'], message: string, remedy: string, place = '') {
    super(code, message, remedy, place);
  }
}

/** A SoC description wires things together that do not fit; thrown at import or when a machine is built. */
export class SocDescriptionError extends ImxSimError {
  constructor(message: string) {
    super('E_SOC', message);
  }
}

/** A device tree, an overlay or their source text cannot be used; the message has libfdt's name of the error (`FDT_ERR_BADMAGIC`) where it has one. */
export class DeviceTreeError extends ImxSimError {
  declare readonly code:
    | 'E_DTB_MAGIC'
    | 'E_DTB_VERSION'
    | 'E_DTB_TRUNCATED'
    | 'E_DTB_STRUCTURE'
    | 'E_DTB_NAME'
    | 'E_DTB_LIMIT'
    | 'E_DTB_OVERLAY'
    | 'E_DTS'
    | 'E_DTS_INCLUDE'
    | 'E_DTS_REFERENCE';

  constructor(code: DeviceTreeError['code'], message: string, remedy: string, place = '') {
    super(code, message, remedy, place);
  }
}

/** A system call of the modelled Linux failed; `name` is that of the errno (`EBUSY`), the message what a program would print. */
export class LinuxError extends ImxSimError {
  /** Negative. */
  readonly errno: number;

  /** `what` was done (`open /dev/rpmsg0`), `text` is strerror's. */
  constructor(what: string, errno: number, name: string, text: string) {
    super('E_ERRNO', `${what}: ${text}`, '', what);
    this.name = name;
    this.errno = errno;
  }
}

/** A call into the modelled Linux took longer than it was given, in virtual time; it was interrupted. */
export class LinuxTimeout extends ImxSimError {
  /** What the call slept on, if it slept. */
  readonly waitingFor: string | undefined;
  /** What Linux as a whole waits for, in plain words. */
  readonly waits: readonly string[];

  constructor(call: string, timeoutNs: number, waitingFor: string | undefined, waits: readonly string[]) {
    const on = waitingFor === undefined ? '' : `, waiting for ${waitingFor}`;
    super(
      'E_LINUX_TIMEOUT',
      `${call}: not done after ${timeoutNs / 1e9} s of virtual time${on}`,
      waits.join('; ') || 'give it a longer timeoutNs',
      call,
    );
    this.waitingFor = waitingFor;
    this.waits = waits;
  }
}

/** The machine ended (`kind` is that of its stop reason) while calls into its Linux were outstanding. */
export class MachineEnded extends ImxSimError {
  readonly kind: string;
  /** What Linux waits for, in plain words. */
  readonly waits: readonly string[];

  constructor(kind: string, text: string, waits: readonly string[]) {
    super('E_MACHINE_ENDED', `the machine ended: ${kind}${text ? `: ${text}` : ''}`, waits.join('; '));
    this.kind = kind;
    this.waits = waits;
  }
}

/** A place in code: address, symbol, and source line where the firmware has debug information. */
export interface CodePlace {
  readonly address: number;
  /** `main+0x12`. */
  readonly symbol?: string;
  /** `src/main.c:42`. */
  readonly source?: string;
}

/** Where a machine stands, for the errors of the test kit. */
export interface Situation {
  readonly cycle: number;
  /** Virtual time, in ns. */
  readonly time: number;
  /** The core that runs the firmware. */
  readonly core: string;
  readonly pc: CodePlace;
  /** Innermost first; empty where none can be had. */
  readonly backtrace: readonly CodePlace[];
  /** Oldest first, as text. */
  readonly lastEvents: readonly string[];
  /** What the cores and Linux do and wait for. */
  readonly waits: readonly string[];
  /** What models noticed: guest errors, registers that are not modelled. */
  readonly findings: readonly string[];
  /** What is wrong with the firmware, as far as its ELF tells. */
  readonly lint: readonly string[];
  /** The whole as text lines. */
  readonly lines: readonly string[];
}

/** What was awaited did not come. The message has all of `situation`, and what to do about it. */
export class WaitError extends ImxSimError {
  /** What was awaited: `a line of uart4 that matches /ready/`. */
  readonly awaited: string;
  readonly situation: Situation;

  constructor(code: string, what: string, awaited: string, situation: Situation, remedy: string) {
    super(code, [what, ...situation.lines.map((line) => `  ${line}`), `remedy: ${remedy}`].join('\n'), remedy, awaited);
    this.awaited = awaited;
    this.situation = situation;
  }
}

/** The virtual time that a wait was given (`within`) is over. */
export class WaitTimeout extends WaitError {
  constructor(what: string, awaited: string, situation: Situation, remedy: string) {
    super('E_WAIT_TIMEOUT', what, awaited, situation, remedy);
  }
}

/** Nothing is left that could ever happen: all cores sleep or are off, and no timer runs. */
export class Deadlock extends WaitError {
  constructor(what: string, awaited: string, situation: Situation, remedy: string) {
    super('E_DEADLOCK', what, awaited, situation, remedy);
  }
}

/** A core took a fault that it cannot recover from, or locked up. */
export class CoreFailed extends WaitError {
  /** Of the core that runs the firmware, oldest first. */
  readonly faults: readonly FaultFacts[];

  constructor(what: string, awaited: string, situation: Situation, remedy: string, faults: readonly FaultFacts[]) {
    super('E_CORE_FAILED', what, awaited, situation, remedy);
    this.faults = faults;
  }
}

/** A block, a watchdog as a rule, reset the whole SoC: the machine has ended. */
export class SocReset extends WaitError {
  constructor(what: string, awaited: string, situation: Situation, remedy: string) {
    super('E_SOC_RESET', what, awaited, situation, remedy);
  }
}

/** The firmware ended the run through semihosting while something else was awaited. */
export class FirmwareExited extends WaitError {
  readonly status: number;

  constructor(what: string, awaited: string, situation: Situation, remedy: string, status: number) {
    super('E_EXIT', what, awaited, situation, remedy);
    this.status = status;
  }
}

/** The engine that was asked for cannot run here (library missing or unusable). */
export class EngineUnavailable extends ImxSimError {
  constructor(engine: string, message: string, remedy: string) {
    super('E_ENGINE', `${engine}: ${message}`, remedy, `engine ${engine}`);
  }
}

/** Guest memory touched so far does not fit the arena. */
export class HostMemoryExhausted extends ImxSimError {
  constructor(owner: string, bytes: number, arena: number) {
    super(
      'E_HOST_MEMORY',
      `${owner}: ${bytes} more bytes of guest memory do not fit the arena of ${arena} bytes`,
      'raise it with --host-memory',
    );
  }
}

/** The host refuses the WebAssembly memory that a machine lives in; `cause` is what it said. */
export class HostMemoryRefused extends ImxSimError {
  constructor(bytes: number, cause: string) {
    super(
      'E_HOST_REFUSES',
      `no WebAssembly memory of ${bytes / 2 ** 20} MiB: ${cause}`,
      'V8 reserves 10 GiB of address space for each: lift the limit (ulimit -v), or set NODE_OPTIONS=--disable-wasm-trap-handler; --host-memory asks for less',
    );
  }
}

/** Two engines that run in lockstep did not do the same: one of them is wrong. `report` says where and how, as text lines. */
export class EnginesDiffer extends ImxSimError {
  readonly difference: EngineDifference;
  readonly report: readonly string[];

  constructor(difference: EngineDifference, report: readonly string[]) {
    super(
      'E_LOCKSTEP',
      report[0] ?? 'the engines differ',
      'please report it with the firmware; --cpu with the engine that is right goes on',
    );
    this.difference = difference;
    this.report = report;
  }
}

/** Debug information of an ELF that cannot be read. */
export class DebugInfoError extends ImxSimError {
  declare readonly code: 'E_DWARF' | 'E_DWARF_COMPRESSED';

  constructor(code: DebugInfoError['code'], message: string, remedy = 'build it again with -g', place = '') {
    super(code, message, remedy, place);
  }
}

/** A variable, function, field or value of the firmware that is asked for by name and cannot be had; `candidates` are what the name could mean. */
export class SymbolError extends ImxSimError {
  declare readonly code:
    | 'E_SYMBOL_UNKNOWN'
    | 'E_SYMBOL_AMBIGUOUS'
    | 'E_SYMBOL_NO_PLACE'
    | 'E_SYMBOL_FIELD'
    | 'E_SYMBOL_VALUE'
    | 'E_SYMBOL_MEMORY';
  readonly candidates: readonly string[];

  constructor(code: SymbolError['code'], message: string, remedy: string, place = '', candidates: readonly string[] = []) {
    super(code, message, remedy, place);
    this.candidates = candidates;
  }
}

/** A function of the firmware cannot be called by the host now. */
export class CallRefused extends ImxSimError {
  constructor(why: string, remedy: string) {
    super('E_CALL', `no function can be called: ${why}`, remedy);
  }
}

/** Two regions of one address space overlap. */
export class RegionOverlap extends ImxSimError {
  constructor(name: string, base: number, other: string, otherBase: number) {
    super('E_OVERLAP', `${name} at ${hex32(base)} overlaps ${other} at ${hex32(otherBase)}`);
  }
}

/** Our own bug, if it is ever seen: a state that the code holds impossible. */
export class InvariantViolation extends Error {
  constructor(message: string) {
    super(`internal error: ${message}`);
    this.name = 'InvariantViolation';
  }
}

/** Checks what must hold by construction. @throws {InvariantViolation} */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantViolation(message);
}

/** Marks a switch over a union as complete. @throws {InvariantViolation} when it was not. */
export function assertNever(value: never): never {
  throw new InvariantViolation(`unexpected value ${JSON.stringify(value)}`);
}

/** Coverage cannot be worked out or merged: no line information, a file that is no tracefile, results of different builds. */
export class CoverageError extends ImxSimError {
  declare readonly code: 'E_COVERAGE_LINES' | 'E_COVERAGE_FORMAT' | 'E_COVERAGE_BUILD';

  constructor(code: CoverageError['code'], message: string, remedy: string, place = '') {
    super(code, message, remedy, place);
  }
}

/** A debugger cannot do what it was asked for: the machine runs or is at its end, or there is no way back. */
export class DebuggerRefusal extends ImxSimError {
  constructor(message: string, remedy = '') {
    super('E_DEBUGGER', message, remedy);
  }
}

/**
 * A call of the view that is refused, by its server or by a connection that is not there. Of other refusals the code is that of the error behind them, or
 * JSON-RPC's number as text.
 */
export class ViewError extends ImxSimError {
  declare readonly code: 'E_VIEW_TRACE' | 'E_VIEW_BUSY' | 'E_VIEW_CONNECTION' | 'E_VIEW_VERSION' | (string & {});

  constructor(code: ViewError['code'], message: string, remedy = '') {
    super(code, message, remedy);
  }
}
