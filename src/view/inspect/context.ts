/**
 * What the view's answers are read from: one machine as it stands, and what its surroundings can do for whoever looks at it.
 *
 * Reading changes nothing: memory and registers are peeked, and what is remembered between two looks (`Observations`) is about the machine, not in it.
 */
import type { Core } from '../../cpu/core.ts';
import type { DebuggerApi } from '../../debug/types.ts';
import { UsageError } from '../../errors.ts';
import type { LintFinding } from '../../linux/firmware-lint.ts';
import type { Machine } from '../../machine.ts';
import type { AddressSpace } from '../../memory/bus.ts';

/** An instruction as text. */
export interface DecodedInstruction {
  readonly address: number;
  /** Bytes of it. */
  readonly size: number;
  readonly mnemonic: string;
  readonly operands: string;
}

/** Thumb instructions of `bytes`, which begin at `address`; ends before what is none, at most `limit`. */
export type Disassembler = (bytes: Uint8Array, address: number, limit: number) => Promise<readonly DecodedInstruction[]>;

/** What is known of a machine from earlier looks at it, for rules that say "for long"; one for each machine. */
export interface Observations {
  /** Cycle since which `key` has been `value` without a change, as far as looks tell. */
  since(key: string, value: number, cycle: number): number;
}

/** What an answer is made from. */
export interface InspectContext {
  readonly machine: Machine;
  /** Writes and ways through the past; without it those methods are refused. */
  readonly debugger?: DebuggerApi | undefined;
  /** What the ELF says will go wrong; found anew unless given. */
  readonly lint?: readonly LintFinding[] | undefined;
  /** Messages since the start, as somebody who listens has counted them. */
  readonly messages?: { readonly tx: number; readonly rx: number } | undefined;
  /** Text of a source file that the debug information names; undefined when the host does not have it. */
  readonly readSource: (file: string) => Promise<string | undefined>;
  /** Absent: instructions are shown as bytes. */
  readonly disassemble?: Disassembler | undefined;
  /** Those that belong to the machine unless given. */
  readonly observations?: Observations | undefined;
}

/** The core called `name`, or the one that runs the firmware. @throws {UsageError} */
export function coreOf({ machine }: Pick<InspectContext, 'machine'>, name?: string): Core {
  if (name === undefined) return machine.core;
  const core = machine.cores.find((each) => each.name === name);
  if (core) return core;
  throw new UsageError(`no core ${String(name)}`, `its cores: ${machine.cores.map((each) => each.name).join(', ')}`, 'core');
}

/** The address space called `name`. @throws {UsageError} */
export function viewOf({ machine }: Pick<InspectContext, 'machine'>, name: string): AddressSpace {
  const view = machine.spaces.get(name);
  if (view) return view;
  throw new UsageError(`no view ${String(name)}`, `its views: ${[...machine.spaces.keys()].join(', ')}`, 'view');
}

/** The debugger. @throws {UsageError} where there is none, as in a recording */
export function debuggerOf({ debugger: found }: InspectContext): DebuggerApi {
  if (found) return found;
  throw new UsageError('nothing can be changed here', 'a recording is only looked at: run the firmware with --view', 'debugger');
}

const observations = new WeakMap<Machine, Observations>();

/** What is remembered of earlier looks. */
export function observationsOf(context: Pick<InspectContext, 'machine' | 'observations'>): Observations {
  const { machine } = context;
  const known = context.observations ?? observations.get(machine) ?? new ObservedSince();
  observations.set(machine, known);
  return known;
}

/** Remembers values with the cycle at which each was seen first. */
export class ObservedSince implements Observations {
  private readonly seen = new Map<string, { value: number; cycle: number }>();

  since(key: string, value: number, cycle: number): number {
    const known = this.seen.get(key);
    // Earlier than before: the machine was put into its past.
    if (known && known.value === value && known.cycle <= cycle) return known.cycle;
    this.seen.set(key, { value, cycle });
    return cycle;
  }
}
