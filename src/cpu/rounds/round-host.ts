/**
 * What an execution on paper sees of the real core: where memory stands, what devices would give, which instruction is where.
 *
 * Nothing here changes anything: memory that nobody has touched stays so, and devices are asked for what a read would give.
 */
import type { Arena } from '../../memory/arena.ts';
import { type CoreMemory, EXECUTE } from '../core-memory.ts';
import type { CoreRegisters } from '../core-registers.ts';
import type { Feature } from '../encodings/encoding.ts';
import { isWide } from '../encodings/index.ts';
import { movesStack } from '../stack-moves.ts';
import { type Instruction, prepare } from './instruction.ts';

/** What a read of a device would give, and how that goes on: after every `cycles` base-clock cycles it is `ticks` more, before `until`. */
export interface Outlook {
  readonly value: number;
  readonly ticks: number;
  readonly cycles: number;
  /** Base-clock cycles from the time of the read; Infinity when only an access or an event changes it. */
  readonly until: number;
}

/** Instructions that are kept prepared. */
const KEPT = 4096;

/** What a `RoundHost` needs. */
export interface RoundHostOptions {
  readonly registers: CoreRegisters;
  readonly memory: CoreMemory;
  readonly arena: Arena;
  readonly features: ReadonlySet<Feature>;
  readonly priorityBits: number;
  readonly cyclesPerInstruction: number;
  /** Lets the clock show the time `instructions` ahead of now; 0 ends it. */
  readonly lookAhead: (instructions: number) => void;
}

/** The real core, to be looked at. */
export class RoundHost {
  readonly registers: CoreRegisters;
  readonly memory: CoreMemory;
  readonly arena: Arena;
  readonly cyclesPerInstruction: number;
  readonly priorityBits: number;
  private readonly features: ReadonlySet<Feature>;
  private readonly lookAhead: (instructions: number) => void;
  private readonly prepared = new Map<number, Instruction>();

  constructor(options: RoundHostOptions) {
    this.registers = options.registers;
    this.memory = options.memory;
    this.arena = options.arena;
    this.features = options.features;
    this.priorityBits = options.priorityBits;
    this.cyclesPerInstruction = options.cyclesPerInstruction;
    this.lookAhead = options.lookAhead;
  }

  /**
   * Arena offset of the byte at `address`, 0 when it is in a part of a RAM that nobody has touched; undefined where there is no RAM, or
   * not with `right`.
   */
  locate(address: number, right: number): number | undefined {
    const entry = this.memory.pages[address >>> 12]!;
    if ((entry & right) !== 0) return ((entry & -4096) | (address & 4095)) >>> 0;
    return this.memory.locate(address, right);
  }

  /** What a read of the device at `address` would give `ahead` instructions from now; undefined when it would do something. */
  look(address: number, size: number, ahead: number): Outlook | undefined {
    this.lookAhead(ahead);
    const outlook = this.memory.outlook(address, size);
    this.lookAhead(0);
    return outlook;
  }

  /** The instruction at `address`, or undefined when there is none that can be executed on paper. */
  instruction(address: number): Instruction | undefined {
    const at = this.locate(address, EXECUTE);
    if (!at) return undefined;
    const known = this.prepared.get(at);
    if (known && this.holds(known) && (known.size === 2 || known.second === this.secondHalf(address, at))) {
      return known.execute ? known : undefined;
    }
    if (this.prepared.size >= KEPT) this.prepared.clear();
    const { u16 } = this.arena;
    const first = u16[at >>> 1]!;
    const wide = isWide(first);
    const second = wide ? this.secondHalf(address, at) : at;
    if (!second) return undefined;
    const word = wide ? ((first << 16) | u16[second >>> 1]!) >>> 0 : first;
    const instruction = prepare(word, wide ? 4 : 2, this.features, at, second);
    this.prepared.set(at, instruction);
    return instruction.execute ? instruction : undefined;
  }

  /** True when the instruction at `pc` moves SP, rather than loads it. */
  movesStack(pc: number): boolean {
    return movesStack(this.memory.bus, this.features, pc);
  }

  /** True when the instruction still stands where it was found. */
  holds({ word, size, at, second }: Instruction): boolean {
    const { u16 } = this.arena;
    return size === 2 ? u16[at >>> 1] === word : ((u16[at >>> 1]! << 16) | u16[second >>> 1]!) >>> 0 === word;
  }

  private secondHalf(address: number, at: number): number | undefined {
    return (address & 4095) === 4094 ? this.locate((address + 2) >>> 0, EXECUTE) : at + 2;
  }
}
