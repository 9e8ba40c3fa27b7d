/**
 * Calls of functions by the Procedure Call Standard for the Arm Architecture (AAPCS32, 2023Q3): arguments, results, return.
 *
 * The host calls a function of the firmware (`GuestCall`), or does its work in its place (`stubReturn`, `readArguments`). Arguments are words,
 * double words, floats and doubles; for a structure its caller passes words or an address. Not done: the variadic variant of the
 * hard-float standard (use `hardFloat: false`), __fp16, vectors.
 */
import { CallRefused, UsageError } from '../errors.ts';
import { hex32 } from '../memory/bits.ts';
import { CELL } from './core-registers.ts';
import type { HostedCore } from './hosted-core.ts';

/** A word (signed or not, pointer), a double word, a float, a double. */
export type Argument = number | bigint | { readonly float: number } | { readonly double: number };

/** What an argument is, to be read. */
export type ArgumentKind = 'word' | 'double word' | 'float' | 'double';

/** Variants of the standard. */
export interface CallOptions {
  /** Floating-point arguments and results are in S and D registers (the file's EF_ARM_ABI_FLOAT_HARD); false unless given. */
  readonly hardFloat?: boolean;
}

/** A function that was called from outside and has not been cleaned up after. */
export interface CoreCall {
  /** True once the function has returned: the core then stands where it would return to. */
  readonly returned: boolean;
  /** What it returned, once it has. */
  readonly result: CallResult;
  /** Puts the core back to where it was before the call, asleep if it slept; also before the function has returned. */
  restore(): void;
}

/** The value that a function returned, in each way in which it may be meant. */
export interface CallResult {
  readonly word: number;
  readonly doubleWord: bigint;
  readonly float: number;
  readonly double: number;
}

/** Where functions that the host calls return to: no address of memory, and so of no code. */
export const RETURN_ADDRESS = 0xffff_fffe;

const CORE_REGISTERS = 4;
const FLOAT_REGISTERS = 16;
const FPCA_SFPA = 12;

/** Where one argument is: registers r0 to r3, s0 to s15, or bytes from SP. */
interface Place {
  readonly in: 'core' | 'float' | 'stack';
  readonly at: number;
  readonly words: 1 | 2;
}

/** Lays out arguments: stages C.1 to C.8 of the standard, with A.1 to A.3 for the VFP variant. */
export function layOut(
  kinds: readonly ArgumentKind[],
  hardFloat: boolean,
): { readonly places: readonly Place[]; readonly stackBytes: number } {
  let core = 0;
  let stack = 0;
  let floatsLeft = true;
  const taken = new Array<boolean>(FLOAT_REGISTERS).fill(false);
  const places = kinds.map((kind): Place => {
    const words = kind === 'double word' || kind === 'double' ? 2 : 1;
    const onStack = (): Place => {
      if (words === 2) stack = (stack + 7) & ~7;
      const at = stack;
      stack += 4 * words;
      return { in: 'stack', at, words };
    };
    if (hardFloat && (kind === 'float' || kind === 'double')) {
      let at = 0;
      while (at < FLOAT_REGISTERS && (taken[at] || (words === 2 && taken[at + 1]))) at += words;
      // Once one did not fit, none goes to a register any more.
      floatsLeft &&= at < FLOAT_REGISTERS;
      if (!floatsLeft) return onStack();
      taken.fill(true, at, at + words);
      return { in: 'float', at, words };
    }
    if (words === 2) core = (core + 1) & ~1;
    if (core + words > CORE_REGISTERS) {
      core = CORE_REGISTERS;
      return onStack();
    }
    const at = core;
    core += words;
    return { in: 'core', at, words };
  });
  return { places, stackBytes: stack };
}

function kindOf(argument: Argument): ArgumentKind {
  if (typeof argument === 'number') return 'word';
  if (typeof argument === 'bigint') return 'double word';
  return 'float' in argument ? 'float' : 'double';
}

const SCRATCH = new DataView(new ArrayBuffer(8));

/** The words of an argument, low one first. @throws {UsageError} for a number that is no word */
function wordsOf(argument: Argument): readonly number[] {
  if (typeof argument === 'number') {
    if (!Number.isInteger(argument) || argument < -(2 ** 31) || argument >= 2 ** 32)
      throw new UsageError(
        `${argument} is no word`,
        'integers from -2^31 to 2^32 - 1; bigint for 64 bits, { float } and { double } for others',
      );
    return [argument | 0];
  }
  if (typeof argument === 'bigint') SCRATCH.setBigUint64(0, BigInt.asUintN(64, argument), true);
  else if ('float' in argument) {
    SCRATCH.setFloat32(0, argument.float, true);
    return [SCRATCH.getInt32(0, true)];
  } else SCRATCH.setFloat64(0, argument.double, true);
  return [SCRATCH.getInt32(0, true), SCRATCH.getInt32(4, true)];
}

function decoded(kind: ArgumentKind, low: number, high: number): number | bigint {
  SCRATCH.setInt32(0, low, true);
  SCRATCH.setInt32(4, high, true);
  switch (kind) {
    case 'word':
      return low >>> 0;
    case 'double word':
      return SCRATCH.getBigUint64(0, true);
    case 'float':
      return SCRATCH.getFloat32(0, true);
    case 'double':
      return SCRATCH.getFloat64(0, true);
  }
}

/** The arguments of the function at whose first instruction the core stands. A word of a stack that cannot be read is 0. */
export function readArguments(core: HostedCore, kinds: readonly ArgumentKind[], { hardFloat = false }: CallOptions): (number | bigint)[] {
  core.sync();
  const { cells } = core.registers;
  const { places } = layOut(kinds, hardFloat);
  return places.map((place, index) => {
    const word = (n: number): number => {
      if (place.in === 'core') return cells[CELL.R0 + place.at + n]!;
      if (place.in === 'float') return cells[CELL.S0 + place.at + n]!;
      const value = core.memory.bus.peek((cells[CELL.SP]! + place.at + 4 * n) >>> 0, 4);
      return value < 0 ? 0 : value | 0;
    };
    return decoded(kinds[index]!, word(0), place.words === 2 ? word(1) : 0);
  });
}

/** Returns from the function at whose first instruction the core stands, with `value`: what a hook there does that stands in for it. */
export function stubReturn(core: HostedCore, value: Argument | undefined, { hardFloat = false }: CallOptions): void {
  core.sync();
  const { cells } = core.registers;
  const float = hardFloat && typeof value === 'object';
  if (value !== undefined) for (const [index, word] of wordsOf(value).entries()) cells[(float ? CELL.S0 : CELL.R0) + index] = word;
  core.branch(cells[CELL.LR]!);
}

function resultOf(core: HostedCore, hardFloat: boolean): CallResult {
  const { cells } = core.registers;
  const [r0, r1] = [cells[CELL.R0]!, cells[CELL.R0 + 1]!];
  const [f0, f1] = hardFloat ? [cells[CELL.S0]!, cells[CELL.S0 + 1]!] : [r0, r1];
  return {
    word: r0 >>> 0,
    doubleWord: decoded('double word', r0, r1) as bigint,
    float: decoded('float', f0, 0) as number,
    double: decoded('double', f0, f1) as number,
  };
}

/** A call of a function by the host: set up when it is made, then the core is run until it has returned. */
export class GuestCall implements CoreCall {
  private readonly core: HostedCore;
  private readonly hardFloat: boolean;
  /** What has to be put back: registers, the sleep, whether the next instruction's hooks had run. */
  private readonly cells: Int32Array;
  private readonly sleep: HostedCore['sleep'];
  private readonly passing: boolean;
  private readonly sp: number;
  private readonly remove: () => void;
  private values: CallResult | undefined;
  private restored = false;

  /** @throws {CallRefused} where no function can be called now, or its arguments find no room */
  constructor(core: HostedCore, address: number, args: readonly Argument[], { hardFloat = false }: CallOptions) {
    refuseUnlessCallable(core);
    const { cells } = core.registers;
    const words = args.map(wordsOf);
    const { places, stackBytes } = layOut(args.map(kindOf), hardFloat);
    this.core = core;
    this.hardFloat = hardFloat;
    this.cells = cells.slice();
    this.sleep = core.sleep;
    this.passing = core.instruments.passing;
    this.sp = ((cells[CELL.SP]! - stackBytes) & ~7) >>> 0;
    for (const [index, place] of places.entries()) for (const [n, word] of words[index]!.entries()) this.put(place, n, word);
    cells[CELL.SP] = this.sp;
    cells[CELL.LR] = RETURN_ADDRESS | 1;
    cells[CELL.PC] = address & ~1;
    cells[CELL.ITSTATE] = 0;
    cells[CELL.T] = 1;
    core.sleep = 'none';
    core.instruments.pass(false);
    core.registersChanged();
    this.remove = core.addHook(RETURN_ADDRESS, () => this.arrive());
  }

  get returned(): boolean {
    return this.values !== undefined;
  }

  get result(): CallResult {
    if (!this.values) throw new UsageError('the function has not returned', 'run the machine until it has');
    return this.values;
  }

  restore(): void {
    if (this.restored) return;
    this.restored = true;
    this.remove();
    const { core } = this;
    core.sync();
    const { cells } = core.registers;
    // What belongs to the machine rather than to the interrupted code is as the function has left it: masks, privilege, stack limits.
    for (let cell = CELL.R0; cell <= CELL.PC; cell++) cells[cell] = this.cells[cell]!;
    for (const cell of [CELL.APSR, CELL.ITSTATE, CELL.T, CELL.FPSCR]) cells[cell] = this.cells[cell]!;
    for (let cell = CELL.S0; cell < CELL.S0 + 32; cell++) cells[cell] = this.cells[cell]!;
    cells[CELL.CONTROL] = (cells[CELL.CONTROL]! & ~FPCA_SFPA) | (this.cells[CELL.CONTROL]! & FPCA_SFPA);
    // As after an exception: an exclusive access that was begun begins again.
    cells[CELL.EXCLUSIVE] = 0;
    core.sleep = this.sleep;
    core.registersChanged();
    core.instruments.pass(this.passing);
  }

  private put({ in: kind, at }: Place, n: number, word: number): void {
    const { core } = this;
    const { cells } = core.registers;
    if (kind === 'core') cells[CELL.R0 + at + n] = word;
    else if (kind === 'float') cells[CELL.S0 + at + n] = word;
    else if (!core.memory.write((this.sp + at + 4 * n) >>> 0, word >>> 0, 4)) {
      cells.set(this.cells);
      throw new CallRefused(`its arguments find no room on the stack at ${hex32(this.sp)}`, 'call when the firmware has set up its stack');
    }
  }

  /** The core is where the function returns to: this one, if the stack is as it was. */
  private arrive(): 'stop' | 'continue' {
    const { registers } = this.core;
    if (this.values || registers.handlerMode || registers.r(CELL.SP) !== this.sp) return 'continue';
    this.values = resultOf(this.core, this.hardFloat);
    return 'stop';
  }
}

/** @throws {CallRefused} */
function refuseUnlessCallable(core: HostedCore): void {
  const refuse = (why: string, remedy: string): never => {
    throw new CallRefused(why, remedy);
  };
  if (core.executing) refuse('the core is in the middle of an instruction', 'call between slices, not from a device');
  core.sync();
  if (core.halted) refuse('the core is held in reset', 'call when the firmware runs');
  if (core.exceptions.lockup !== undefined) refuse(`the core is locked up: ${core.exceptions.lockup}`, 'start it again');
  if (core.registers.handlerMode) refuse('the core is in an exception handler', 'run on until it is in Thread mode');
  if (core.sleep === 'semihosting') refuse('the core waits in a semihosting call', 'give it the input it waits for');
}
