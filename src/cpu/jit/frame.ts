/**
 * The WebAssembly function that a region becomes: its code so far, its locals, the registers that it keeps in them, what it imports, and
 * the instruction that is being emitted.
 *
 * Emitters run twice: first only to find out which registers each instruction reads and writes (`scanning`, into code that nobody keeps),
 * then to emit. R0 to R14 that the region uses are locals, loaded on entry and stored where it is left.
 */
import { CELL } from '../core-registers.ts';
import { FPSCR } from '../float/format.ts';
import type { Effect } from './analysis.ts';
import type { Generator } from './generator.ts';
import { type Emitters, Untranslatable } from './layout.ts';
import type { Block, Region, Step } from './region.ts';
import { COUNTER, type RegionCounts } from './region-counts.ts';
import type { Places } from './runtime.ts';
import { Code, F32, F64, I32, I64, ModuleBuilder, OP } from './wasm-builder.ts';

/** What the watch on stacks asks of translated code. */
export interface StackSurroundings {
  /** Arena offset of the current stretch: lowest value of SP, length in bytes. */
  readonly offset: number;
  /** True when the instruction at `pc` moves SP, rather than loads it. */
  moves(pc: number): boolean;
}

/** What a region function needs to know of its surroundings. */
export interface Surroundings extends Places {
  /** Pages of 64 KiB of the memory. */
  readonly memoryPages: number;
  /** Number of the region, part of its exits. */
  readonly number: number;
  /** Arena offset of the word that holds the function number for code at `pc`. */
  entry(pc: number): number;
  /** The word at `pc` if it lies in a page of the region, i32; it is then guarded. */
  literal(region: Region, address: number): number | undefined;
  /** True for an instruction that is known to access memory that cannot be reached directly: it is given a call. */
  slow(pc: number): boolean;
  /** True on a core with stack limits. */
  readonly stackLimits: boolean;
  /** Bits of a priority that exist. */
  readonly priorityBits: number;
  readonly emitters: Emitters<Generator>;
  /** Present while instructions are counted. */
  readonly counts?: RegionCounts;
  /** Present while stacks are watched. */
  readonly stacks?: StackSurroundings;
}

const LOCAL_TYPES: Readonly<Record<string, number>> = { w: I64, fr: F32, fp: F32, dr: F64, dp: F64 };

/** FPSCR in which the quick paths need not look further: round to nearest, no flushing, and inexactness is known already. */
const FLOAT_MODES = FPSCR.RMODE | FPSCR.FZ | FPSCR.IXC;

/** Parameters of the function: instructions left of the budget, and how deep translated code has called. */
export const REM = 0;
export const DEPTH = 1;

/** One function; whoever emits instructions works on it. */
export class Frame {
  code = new Code(2);
  readonly surroundings: Surroundings;
  readonly region: Region;
  /** Functions that the module imports. */
  readonly imported = { load: 0, store: 1, handler: 2, settle: 3, flags: 4, keep: 5 };
  /** Locals by what they are for; one letter: anything, for a moment. */
  readonly local = {
    w: 0, nz: 0, ca: 0, cb: 0, cc: 0, va: 0, fk: 0, site: 0, pc: 0, a: 0, b: 0, t: 0, u: 0, e: 0,
    fm: 0, fa: 0, fb: 0, fr: 0, fp: 0, dr: 0, dp: 0, way: 0,
  };
  /** Type of all region functions. */
  readonly regionType: number;
  /** True while instructions are only looked at. */
  scanning = false;
  /** What is being emitted: the block, the instruction, and its position in the block. */
  block!: Block;
  step!: Step;
  position = 0;
  /** Registers, as bits, that may differ from their cells here. */
  dirty = 0;
  private readonly module = new ModuleBuilder();
  private readonly imports = new Map<string, number>();
  /** The locals of the registers, ascending. */
  private readonly registers = new Map<number, number>();
  /** While instructions are only looked at: what they read and write. */
  private reading = 0;
  private writing = 0;
  private usesFloatMode = false;

  constructor(region: Region, surroundings: Surroundings) {
    this.region = region;
    this.surroundings = surroundings;
    const { module } = this;
    this.regionType = module.type([I32, I32], [I32, I32]);
    module.importMemory(surroundings.memoryPages);
    module.importTable();
    const flagType = [I32, I32, I32, I32, I32, I32];
    module.importFunction('load', module.type([I32, I32, I32], [I32]));
    module.importFunction('store', module.type([I32, I32, I32, I32], [I32]));
    module.importFunction('handler', module.type([I32, I32], [I32]));
    module.importFunction('settle', module.type([I32, I32, I32, I32], [I32, I32]));
    module.importFunction('flags', module.type(flagType, [I32]));
    module.importFunction('keep', module.type(flagType, []));
  }

  /** The instruction that is being emitted: none before the first. */
  get now(): Step | undefined {
    return this.step;
  }

  // ---- registers

  /** Puts register `n` on the stack. */
  r(n: number): Code {
    if (n === 15) throw new Untranslatable('PC as an operand');
    if (this.scanning) {
      this.reading |= 1 << n;
      return this.code;
    }
    return this.code.get(this.registers.get(n)!);
  }

  /** Takes register `n` from the stack. */
  setR(n: number): void {
    if (n === 15) throw new Untranslatable('PC as a result');
    if (this.scanning) this.writing |= 1 << n;
    else {
      this.code.set(this.registers.get(n)!);
      this.dirty |= 1 << n;
    }
  }

  /** Loads every register that the region keeps in a local. */
  loadRegisters(): void {
    for (const [r, index] of this.registers) this.code.i32(0).memory(OP.I32_LOAD, this.cell(r)).set(index);
  }

  /** Stores the registers `which`, as bits, to their cells. */
  storeRegisters(which = this.dirty): void {
    for (const [r, index] of this.registers) if ((which >> r) & 1) this.code.i32(0).get(index).memory(OP.I32_STORE, this.cell(r));
  }

  /** Loads everything that the function keeps in locals: it may be different behind a call or a handler. */
  reload(): void {
    this.loadRegisters();
    this.dirty = 0;
    if (this.usesFloatMode) this.readFloatMode();
  }

  /** Arena offset of a register cell. */
  cell(number: number): number {
    return this.surroundings.cells + number * 4;
  }

  /** Arena offset of a word of the control block. */
  control(word: number): number {
    return this.surroundings.control + word * 4;
  }

  // ---- floating-point mode

  /** Puts 0 on the stack where FPSCR says round to nearest, do not flush, and IXC is set; else 1 << 31. */
  floatMode(): Code {
    this.usesFloatMode = true;
    return this.code.get(this.local.fm);
  }

  /** FPSCR has changed. */
  readFloatMode(): void {
    if (this.scanning) return;
    const { code, local } = this;
    code.i32(0).memory(OP.I32_LOAD, this.cell(CELL.FPSCR)).i32(FLOAT_MODES).op(OP.I32_AND);
    code.i32(FPSCR.IXC).op(OP.I32_NE).i32(31).op(OP.I32_SHL).set(local.fm);
  }

  // ---- instruments

  /** Counts counter `number` of the region up, which is -1 for none. */
  tally(number: number): void {
    const { counts } = this.surroundings;
    if (!counts || number < 0 || this.scanning) return;
    const at = counts.at + number * COUNTER;
    this.code.i32(0).i32(0).memory(OP.I64_LOAD, at).i64(1).op(OP.I64_ADD).memory(OP.I64_STORE, at);
  }

  /** The same for the counter behind `number` that register `index` selects. */
  protected tallyIndexed(number: number, index: number): void {
    const { counts } = this.surroundings;
    if (!counts) return;
    const at = counts.at + number * COUNTER;
    this.r(index).i32(3).op(OP.I32_SHL).tee(this.local.a).get(this.local.a);
    this.code.memory(OP.I64_LOAD, at).i64(1).op(OP.I64_ADD).memory(OP.I64_STORE, at);
  }

  /** Behind an instruction that may have changed SP: tells the watch when SP has left its stretch. */
  protected watchStack({ pc }: Step): void {
    const { stacks } = this.surroundings;
    const sp = this.registers.get(CELL.SP);
    if (!stacks || sp === undefined || this.scanning) return;
    const stack = this.import('stack', [I32, I32], []);
    this.code.get(sp).i32(0).memory(OP.I32_LOAD, stacks.offset).op(OP.I32_SUB);
    this.code.i32(0).memory(OP.I32_LOAD, stacks.offset + 4).op(OP.I32_GT_U).when();
    this.code.get(sp).i32(stacks.moves(pc) ? 1 : 0).call(stack).end();
  }

  // ---- the function as a whole

  /** Number of a function that the region imports when it needs it. */
  import(name: string, params: readonly number[], results: readonly number[]): number {
    if (this.scanning) return 0;
    let number = this.imports.get(name);
    if (number === undefined) {
      number = this.module.importFunction(name, this.module.type(params, results));
      this.imports.set(name, number);
    }
    return number;
  }

  /** What `emit` reads and writes; nothing of what it emits is kept. */
  protected effectOf(emit: () => void): Effect {
    this.reading = 0;
    this.writing = 0;
    emit();
    return { reads: this.reading, writes: this.writing };
  }

  /** Runs `look`, during which nothing is emitted. */
  protected scan<T>(look: () => T): T {
    const real = this.code;
    this.code = new Code(2);
    this.scanning = true;
    const found = look();
    this.scanning = false;
    this.code = real;
    return found;
  }

  /** Makes the locals, of the registers `used` too. */
  protected begin(used: number): void {
    const { code } = this;
    for (const name of Object.keys(this.local) as (keyof typeof this.local)[]) this.local[name] = code.local(LOCAL_TYPES[name] ?? I32);
    for (let r = 0; r < 15; r++) if ((used >> r) & 1) this.registers.set(r, code.local());
  }

  /** Adds what the function begins with, which is known only now; the module. */
  protected finish(): Uint8Array<ArrayBuffer> {
    const { code, module } = this;
    this.code = new Code(2);
    this.loadRegisters();
    if (this.usesFloatMode) this.readFloatMode();
    code.prepend(this.code);
    const fn = module.define(this.regionType, code);
    module.export('run', fn);
    return module.encode();
  }
}
