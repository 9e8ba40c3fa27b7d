/**
 * A core that executes one round of a loop on paper: registers, flags and memory are functions of the round, nothing real is touched.
 *
 * What is not followed ends the attempt: `read`, `load`, `store` and whoever calls them say so with `undefined` or false. Memory is known by
 * its place in the arena, so that aliases of one RAM are one place.
 */
import type { Arena } from '../../memory/arena.ts';
import { READ, WRITE } from '../core-memory.ts';
import { CELL } from '../core-registers.ts';
import { type Affine, constant, Horizon, isConstant, OPAQUE, UNSET } from './affine.ts';
import type { Instruction } from './instruction.ts';
import type { PathLog } from './path-log.ts';
import type { RoundHost } from './round-host.ts';

/** PRIMASK and BASEPRI, behind R0 to R14 and an unused place. */
export const PRIMASK = 16;
export const BASEPRI = 17;
/** Number of registers. */
export const REGISTER_COUNT = 18;

/** A flag whose value is a function of the round, or is not followed. */
export const FOLLOWED = 2;
export const UNKNOWN = 3;

/** A word of RAM that was written, and an address at which it is visible. */
export interface Word {
  readonly address: number;
  readonly value: Affine;
}

/** What a device gave that stays. */
export interface DeviceRead {
  readonly address: number;
  readonly size: number;
  readonly value: number;
}

/** What a round starts from. */
export interface RoundStart {
  readonly pc: number;
  readonly registers: readonly Affine[];
  /** By arena offset. */
  readonly words: ReadonlyMap<number, Word>;
}

/** The state of one execution on paper. */
export class RoundState {
  readonly host: RoundHost;
  readonly arena: Arena;
  registers: Affine[] = [];
  words = new Map<number, Word>();
  /** Each flag: 0, 1, FOLLOWED or UNKNOWN. */
  n = UNKNOWN;
  z = UNKNOWN;
  c = UNKNOWN;
  v = UNKNOWN;
  /** N and Z, where they are followed, are those of `result`; C and V those of a + b + carry. */
  result: Affine = OPAQUE;
  sum: { readonly a: Affine; readonly b: Affine; readonly carry: number; readonly total: Affine } | undefined;
  it = 0;
  /** The last instruction was a branch that was taken, other than a call or a return. */
  jumped = false;
  /** The current instruction stands in an IT block. */
  inIt = false;
  pc = 0;
  /** Where the instruction after the current one stands, unless it branches. */
  next = 0;
  /** Instructions since the core's own state. */
  count = 0;
  horizon = new Horizon();
  /** Core cycles of a round; 0 while everything is constant. */
  roundLength = 0;
  /** Rounds that have to be taken together for a counter to advance by whole ticks, when that is why the attempt ended. */
  multiple = 0;
  /** The masks were written. */
  masks = false;
  /** Registers read before they were written, and those written, as bits. */
  readFirst = 0;
  written = 0;
  /** Cells read that no round writes, as bits by cell number. */
  cellsRead = 0;
  /** Words of memory read before they were written, with their values; places written; reads of devices. */
  wordsRead = new Map<number, Affine>();
  wordsWritten = new Set<number>();
  devices: DeviceRead[] = [];
  /** Something was read that can change without notice: time, or memory that nobody has written yet. */
  fleeting = false;

  /** Where it went, when somebody wants to know. */
  log: PathLog | undefined;

  /** The instructions of the round, where they are wanted. */
  trail: Instruction[] | undefined;
  /** Words that were written, in order, with what they held before (undefined: what memory holds), where that is wanted. */
  readonly logged: number[] = [];
  readonly before: (Word | undefined)[] = [];
  private readonly logs: boolean;

  /** `logs`: what words held before they were written is kept. */
  constructor(host: RoundHost, logs = false) {
    this.host = host;
    this.arena = host.arena;
    this.logs = logs;
  }

  /** Starts from the core's own state. */
  beginHere(): void {
    const { cells } = this.host.registers;
    const registers: Affine[] = [];
    for (let index = 0; index < 15; index++) registers.push(constant(cells[index]!));
    registers.push(UNSET, constant(cells[CELL.PRIMASK]!), constant(cells[CELL.BASEPRI]!));
    this.begin({ pc: cells[CELL.PC]! >>> 0, registers, words: new Map() }, 0, 0);
    const apsr = cells[CELL.APSR]!;
    this.n = apsr >>> 31;
    this.z = (apsr >>> 30) & 1;
    this.c = (apsr >>> 29) & 1;
    this.v = (apsr >>> 28) & 1;
  }

  /** Starts a round `count` instructions ahead of the core's own state, with no flag known. */
  begin(start: RoundStart, count: number, roundLength: number): void {
    this.registers = [...start.registers];
    this.words = new Map(start.words);
    this.pc = start.pc;
    this.it = 0;
    this.n = this.z = this.c = this.v = UNKNOWN;
    this.sum = undefined;
    this.count = count;
    this.roundLength = roundLength;
    this.horizon = new Horizon();
    this.multiple = 0;
    this.masks = false;
    this.readFirst = 0;
    this.written = 0;
    this.cellsRead = 0;
    this.wordsRead.clear();
    this.wordsWritten.clear();
    this.devices = [];
    this.fleeting = false;
    this.trail = undefined;
    this.log?.clear();
    this.logged.length = 0;
    this.before.length = 0;
  }

  /** Executes one instruction; false when it cannot be followed. */
  step(): boolean {
    const instruction = this.host.instruction(this.pc);
    if (!instruction) return false;
    this.trail?.push(instruction);
    this.next = (this.pc + instruction.size) >>> 0;
    const { it } = this;
    this.inIt = it !== 0;
    this.jumped = false;
    let executes: boolean | undefined = true;
    if (it !== 0) {
      if (instruction.refusedInIt) return false;
      this.it = (it & 7) === 0 ? 0 : (it & 0xe0) | ((it << 1) & 0x1f);
      executes = this.passes(it >>> 4);
      if (executes === undefined) return false;
    }
    const behind = this.next;
    if (executes && !instruction.execute!(this, instruction)) return false;
    this.log?.note(this.pc, instruction.word, behind, this.next, it !== 0, executes, this.registers[CELL.SP]!.c);
    this.pc = this.next;
    this.count++;
    return true;
  }

  /** Takes over the flags of another state. */
  takeFlags({ n, z, c, v }: RoundState): void {
    this.n = n;
    this.z = z;
    this.c = c;
    this.v = v;
  }

  /** Register `index` (PC as instructions read it), or undefined when nothing may depend on it. */
  read(index: number): Affine | undefined {
    if (index === 15) return constant(this.pc + 4);
    if (((this.written >>> index) & 1) === 0) this.readFirst |= 1 << index;
    const value = this.registers[index]!;
    return value === UNSET ? undefined : value;
  }

  /** What one of the core's cells holds that rounds do not write (IPSR, CONTROL, SPLIM...); the round depends on it from now on. */
  cell(index: number): number {
    this.cellsRead |= 1 << index;
    return this.host.registers.cells[index]!;
  }

  /** True for privileged code. Every round depends on it, as the rights to memory do. */
  get privileged(): boolean {
    return this.host.registers.privileged;
  }

  /** Writes a register other than PC; false when the stack pointer would get a value that has to be looked at. */
  write(index: number, value: Affine): boolean {
    if (index === CELL.SP) {
      if (!isConstant(value) || (value.c & 3) !== 0 || value.c >>> 0 < this.cell(CELL.SPLIM) >>> 0) return false;
    }
    this.registers[index] = value;
    this.written |= 1 << index;
    return true;
  }

  /** Sets N and Z as `value` says. */
  setResult(value: Affine): void {
    if (isConstant(value)) {
      this.n = value.c >>> 31;
      this.z = value.c === 0 ? 1 : 0;
      return;
    }
    this.n = this.z = value === OPAQUE ? UNKNOWN : FOLLOWED;
    this.result = value;
  }

  /** Sets all flags as those of a + b + carry, which is `total`. */
  setSum(a: Affine, b: Affine, carry: number, total: Affine): void {
    this.setResult(total);
    if (isConstant(a) && isConstant(b)) {
      this.c = (a.c >>> 0) + (b.c >>> 0) + carry >= 2 ** 32 ? 1 : 0;
      this.v = ((a.c ^ total.c) & (b.c ^ total.c)) >>> 31;
      return;
    }
    this.c = this.v = total === OPAQUE ? UNKNOWN : FOLLOWED;
    this.sum = { a, b, carry, total };
  }

  /** The carry flag as a number on which the round may depend, or undefined. */
  carry(): number | undefined {
    if (this.c === FOLLOWED) this.c = this.horizon.carries(this.sum!.a, this.sum!.b, this.sum!.carry) ? 1 : 0;
    return this.c === UNKNOWN ? undefined : this.c;
  }

  /** Whether condition `code` (0 to 14) holds; undefined when that is not known. */
  passes(code: number): boolean | undefined {
    const wanted = (code & 1) === 0;
    let holds: number | undefined;
    switch (code >> 1) {
      case 0:
        holds = this.zero();
        break;
      case 1:
        holds = this.carry();
        break;
      case 2:
        holds = this.negative();
        break;
      case 3:
        holds = this.overflow();
        break;
      case 4: {
        const [carry, zero] = [this.carry(), this.zero()];
        holds = carry === undefined || zero === undefined ? undefined : carry & ~zero & 1;
        break;
      }
      case 5:
        holds = this.notLess();
        break;
      case 6: {
        const [notLess, zero] = [this.notLess(), this.zero()];
        holds = notLess === undefined || zero === undefined ? undefined : notLess & ~zero & 1;
        break;
      }
      default:
        return true;
    }
    return holds === undefined ? undefined : (holds === 1) === wanted;
  }

  /** Reads `size` bytes, zero-extended, or undefined. */
  load(address: Affine, size: number): Affine | undefined {
    if (!isConstant(address)) return undefined;
    const target = address.c >>> 0;
    if ((target & (size - 1)) !== 0) return undefined;
    const at = this.host.locate(target, READ);
    if (at === undefined) return this.loadDevice(target, size);
    if (at === 0) this.fleeting = true;
    const word = at === 0 ? constant(0) : this.word(at & ~3);
    if (size === 4 || word === undefined) return word;
    if (!isConstant(word)) return OPAQUE;
    return constant((word.c >>> (8 * (at & 3))) & (size === 2 ? 0xffff : 0xff));
  }

  /** Writes the low `size` bytes of a value; false ends the attempt. */
  store(address: Affine, value: Affine, size: number): boolean {
    if (!isConstant(address)) return false;
    const target = address.c >>> 0;
    if ((target & (size - 1)) !== 0) return false;
    const at = this.host.locate(target, WRITE);
    if (at === undefined || at === 0) return false;
    const key = at & ~3;
    let whole = value;
    if (size !== 4) {
      const old = this.word(key);
      if (old === undefined) return false;
      const shift = 8 * (at & 3);
      const mask = (size === 2 ? 0xffff : 0xff) << shift;
      whole = isConstant(old) && isConstant(value) ? constant((old.c & ~mask) | ((value.c << shift) & mask)) : OPAQUE;
    }
    if (this.logs) {
      this.logged.push(key);
      this.before.push(this.words.get(key));
    }
    this.words.set(key, { address: (target & ~3) >>> 0, value: whole });
    this.wordsWritten.add(key);
    return true;
  }

  private word(key: number): Affine | undefined {
    const value = this.words.get(key)?.value ?? constant(this.arena.i32[key >>> 2]!);
    if (!this.wordsWritten.has(key) && !this.wordsRead.has(key)) this.wordsRead.set(key, value);
    return value === UNSET ? undefined : value;
  }

  private loadDevice(address: number, size: number): Affine | undefined {
    const { host, roundLength } = this;
    const seen = host.look(address, size, this.count);
    if (!seen) return undefined;
    if (seen.ticks !== 0 || seen.until !== Number.POSITIVE_INFINITY) this.fleeting = true;
    else this.devices.push({ address, size, value: seen.value });
    if (roundLength === 0) return constant(seen.value);
    const cycles = roundLength * host.cyclesPerInstruction;
    this.horizon.limit(Math.floor((seen.until - 1) / cycles));
    const ticks = (cycles * seen.ticks) / seen.cycles;
    if (Number.isInteger(ticks)) return { c: seen.value | 0, d: ticks | 0 };
    this.multiple = seen.cycles / greatestCommonDivisor(cycles, seen.cycles);
    return undefined;
  }

  /** Whether a value is zero; undefined when that is not known. */
  isZero(value: Affine): boolean | undefined {
    return value === OPAQUE ? undefined : this.horizon.zero(value);
  }

  private zero(): number | undefined {
    if (this.z === FOLLOWED) this.z = this.horizon.zero(this.result) ? 1 : 0;
    return this.z === UNKNOWN ? undefined : this.z;
  }

  private negative(): number | undefined {
    if (this.n === FOLLOWED) this.n = this.horizon.negative(this.result) ? 1 : 0;
    return this.n === UNKNOWN ? undefined : this.n;
  }

  private overflow(): number | undefined {
    if (this.v === FOLLOWED) this.v = this.horizon.overflows(this.sum!.a, this.sum!.b, this.sum!.total) ? 1 : 0;
    return this.v === UNKNOWN ? undefined : this.v;
  }

  private notLess(): number | undefined {
    const [negative, overflow] = [this.negative(), this.overflow()];
    return negative === undefined || overflow === undefined ? undefined : negative === overflow ? 1 : 0;
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}
