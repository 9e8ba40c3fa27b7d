/**
 * Turns a region into one WebAssembly function: control flow, exits, calls, flags, memory. What single instructions do is in the
 * files beside it (`emit-*.ts`).
 *
 * R0 to R14 that the region uses are locals, loaded on entry and stored where it is left. A block subtracts its instructions from the budget
 * when it begins; where a loop or a long path begins, the budget must suffice for the way to the next such place, else the region is left
 * and the interpreter does the rest to the exact instruction. Flags stay operands until somebody asks (layout.ts).
 */
import { CELL } from '../core-registers.ts';
import { FPSCR } from '../float/format.ts';
import { FIRST_FLOAT, OPERATION } from '../interpreter/handlers.ts';
import type { Structure } from './control-flow.ts';
import {
  ARITHMETIC,
  C_KIND,
  CONTROL,
  DYNAMIC,
  type Emitters,
  EXIT,
  encodeExit,
  FAULTED,
  kinds,
  NZ_KIND,
  SITE_LIMIT,
  type Site,
  tagOf,
  Untranslatable,
  V_KIND,
} from './layout.ts';
import { type Block, type Edge, edges, type Region, type Step } from './region.ts';
import { DEPTH_LIMIT, type Places } from './runtime.ts';
import { Code, F32, F64, I32, I64, type Label, ModuleBuilder, OP } from './wasm-builder.ts';

/** Longest way, in instructions, from one check of the budget to the next. */
const LONGEST_WAY = 96;

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
}

/** A translated region. */
export interface Translation {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly sites: readonly Site[];
  /** Smallest budget with which it executes anything. */
  readonly need: number;
}

/** What is known of the flags while code is generated. */
export interface FlagState {
  nz: number;
  c: number;
  v: number;
  arithmetic: number;
}

const LOCAL_TYPES: Readonly<Record<string, number>> = { w: I64, fr: F32, fp: F32, dr: F64, dp: F64 };

/** FPSCR in which the quick paths need not look further: round to nearest, no flushing, and inexactness is known already. */
const FLOAT_MODES = FPSCR.RMODE | FPSCR.FZ | FPSCR.IXC;

const REM = 0;
const DEPTH = 1;

/** Generates one function. The `emit-*` files use what is public. */
export class Generator {
  code = new Code(2);
  readonly flags: FlagState = { nz: NZ_KIND.CELLS, c: C_KIND.CELLS, v: V_KIND.CELLS, arithmetic: ARITHMETIC.NONE };
  readonly surroundings: Surroundings;
  readonly region: Region;
  /** Functions that the module imports. */
  readonly imported = { load: 0, store: 1, handler: 2, settle: 3, flags: 4, keep: 5 };
  readonly local = {
    w: 0,
    nz: 0,
    ca: 0,
    cb: 0,
    cc: 0,
    va: 0,
    fk: 0,
    site: 0,
    pc: 0,
    a: 0,
    b: 0,
    t: 0,
    u: 0,
    e: 0,
    fm: 0,
    fa: 0,
    fb: 0,
    fr: 0,
    fp: 0,
    dr: 0,
    dp: 0,
    way: 0,
  };
  /** The last instruction of this block that changed FPSCR's N, Z, C, V was a comparison: a CMP of locals fa and fb would give the same. */
  compared = false;
  private readonly structure: Structure;
  private readonly registers = new Map<number, number>();
  private readonly module = new ModuleBuilder();
  private readonly imports = new Map<string, number>();
  private readonly sites: Site[] = [];
  /** Bits of registers that are read or written anywhere, and written anywhere. */
  private used = 0;
  private written = 0;
  /** While instructions are only looked at: what they read and write. */
  private reading = 0;
  private writing = 0;
  private scanning = false;
  private block!: Block;
  private step!: Step;
  private position = 0;
  private readonly labels = new Map<number, Label>();
  private readonly loopLabels = new Map<number, Label>();
  private cold: Label = 0;
  private readonly entryFlags: (FlagState | undefined)[];
  private readonly needs: number[];
  private readonly checks = new Set<number>();
  /** The block in which the region begins. */
  private first = 0;
  /** Registers that may differ from their cells when a block begins. */
  private readonly dirtyIn: number[];
  private dirty = 0;
  /** Counts the instructions that change flags. */
  private flagChanges = 0;
  private readonly regionType: number;
  private usesFloatMode = false;
  /** Floating point is known not to trap here, and where blocks end; the dominator of each block. */
  private trapPassed = false;
  private readonly trapPassedAt: boolean[] = [];
  private readonly dominator = new Map<number, number>();

  constructor(region: Region, structure: Structure, surroundings: Surroundings) {
    this.region = region;
    this.structure = structure;
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
    this.entryFlags = structure.order.map(() => undefined);
    this.needs = structure.order.map(() => 0);
    this.dirtyIn = structure.order.map(() => 0);
    for (const [id, children] of structure.children.entries()) for (const child of children) this.dominator.set(child, id);
  }

  /** @throws {Untranslatable} */
  translate(): Translation {
    this.scan();
    this.budget();
    const { code } = this;
    for (const name of Object.keys(this.local) as (keyof typeof this.local)[]) this.local[name] = code.local(LOCAL_TYPES[name] ?? I32);
    for (let r = 0; r < 15; r++) if ((this.used >> r) & 1) this.registers.set(r, code.local());
    this.cold = code.block();
    this.tree(0);
    code.op(OP.UNREACHABLE).end();
    this.coldExit();
    // What the function begins with is known only now.
    this.code = new Code(2);
    for (const [r, index] of this.registers) this.code.i32(0).memory(OP.I32_LOAD, this.cell(r)).set(index);
    if (this.usesFloatMode) this.readFloatMode();
    code.prepend(this.code);
    const fn = this.module.define(this.regionType, code);
    this.module.export('run', fn);
    return { bytes: this.module.encode(), sites: this.sites, need: this.needs[this.first]! };
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

  /** Arena offset of a register cell. */
  cell(number: number): number {
    return this.surroundings.cells + number * 4;
  }

  /** The local in which flag-setting instructions leave their result, so that `setR` and the flags see one value. */
  get now(): Step {
    return this.step;
  }

  /** Runs `emit` only while registers are being looked for. */
  scanned(emit: () => void): void {
    if (this.scanning) emit();
  }

  // ---- first passes

  /** Finds the registers of all steps, and which may be dirty where a block begins. */
  private scan(): void {
    const real = this.code;
    this.code = new Code(2);
    this.scanning = true;
    const { order } = this.structure;
    const effects = order.map((block) => {
      let dirty = 0;
      let clean = false;
      for (const step of block.steps) {
        this.reading = 0;
        this.writing = 0;
        this.block = block;
        this.step = step;
        const synchronises = this.synchronises(step);
        if (!synchronises) this.effect(step);
        this.used |= this.reading | this.writing;
        this.written |= this.writing;
        if (synchronises && step.condition < 0) {
          clean = true;
          dirty = 0;
        }
        dirty |= this.writing;
      }
      const { end } = block;
      if (end.kind === 'jump' && block.steps.at(-1)!.name.startsWith('BL')) dirty |= 1 << 14;
      if (end.kind === 'compare') this.used |= 1 << end.register;
      if (end.kind === 'table') this.used |= 1 << end.index;
      if (end.kind === 'call-register') this.used |= 1 << end.register;
      if (end.kind === 'call' || end.kind === 'call-register') {
        clean = end.condition < 0;
        if (clean) dirty = 0;
      }
      return { dirty, clean };
    });
    this.used |= this.callsWrite(order);
    this.scanning = false;
    this.code = real;
    // Emitters have noted flags while they were only asked for registers.
    this.forgetFlags();
    this.compared = false;
    for (let changed = true; changed; ) {
      changed = false;
      for (const block of order) {
        const { dirty, clean } = effects[block.id]!;
        const out = clean ? dirty : dirty | this.dirtyIn[block.id]!;
        for (const edge of edgesOf(block)) {
          if (!('block' in edge) || (this.dirtyIn[edge.block.id]! | out) === this.dirtyIn[edge.block.id]) continue;
          this.dirtyIn[edge.block.id]! |= out;
          changed = true;
        }
      }
    }
  }

  /** LR, where the region calls or copies a callee. */
  private callsWrite(order: readonly Block[]): number {
    const calls = order.some(
      ({ steps, end }) => end.kind === 'call' || end.kind === 'call-register' || steps.some(({ name }) => name.startsWith('BL')),
    );
    if (calls) this.written |= 1 << 14;
    return calls ? 1 << 14 : 0;
  }

  /** Lets the emitter of a step note what it reads and writes. */
  private effect(step: Step): void {
    const emit = this.surroundings.emitters.byName.get(step.name);
    if (emit) emit(this, step);
  }

  /** True for a step that a handler executes, with all registers in their cells. */
  private synchronises(step: Step): boolean {
    return !this.surroundings.emitters.byName.has(step.name) && step.name.endsWith('()');
  }

  /** Decides where the budget is checked, and what each check asks for. */
  private budget(): void {
    const { order, loops } = this.structure;
    const { end } = order[0]!;
    // The hub itself, not knowing the address, checks nothing.
    if (end.kind === 'hub') {
      for (const edge of end.targets) if ('block' in edge) this.checks.add(edge.block.id);
      if ('block' in end.targets[0]!) this.first = end.targets[0].block.id;
    }
    for (const block of order) {
      const after = order.some(
        ({ end }) => (end.kind === 'call' || end.kind === 'call-register') && 'block' in end.next && end.next.block === block,
      );
      if (block.id === 0 || loops.has(block.id) || after) this.checks.add(block.id);
    }
    for (let id = order.length - 1; id >= 0; id--) {
      const block = order[id]!;
      let longest = 0;
      for (const edge of edgesOf(block)) {
        if (!('block' in edge) || edge.block.id <= id || this.checks.has(edge.block.id)) continue;
        longest = Math.max(longest, this.needs[edge.block.id]!);
      }
      if (longest > LONGEST_WAY) {
        for (const edge of edgesOf(block)) if ('block' in edge && edge.block.id > id) this.checks.add(edge.block.id);
        longest = 0;
      }
      this.needs[id] = block.steps.length + longest;
    }
  }

  // ---- structure

  private tree(id: number): void {
    const { structure, code } = this;
    const merges = structure.children[id]!.filter((child) => structure.merges.has(child));
    if (structure.loops.has(id)) {
      this.loopLabels.set(id, code.loop());
      this.within(id, merges);
      code.end();
      this.loopLabels.delete(id);
    } else this.within(id, merges);
  }

  /** The block and, behind it, the merge points that it dominates; the last of them is outermost. */
  private within(id: number, merges: readonly number[]): void {
    const { code } = this;
    const last = merges.at(-1);
    if (last === undefined) {
      this.emitBlock(this.structure.order[id]!);
      return;
    }
    this.labels.set(last, code.block());
    this.within(id, merges.slice(0, -1));
    code.end();
    this.labels.delete(last);
    this.tree(last);
  }

  /** Goes to a block or out of the region, with the flags as they are. */
  private go(edge: Edge): void {
    const { code } = this;
    if (!('block' in edge)) {
      this.leave(() => code.i32(edge.exit));
      return;
    }
    const { id } = edge.block;
    const isLoop = this.structure.loops.has(id);
    if (isLoop || this.structure.merges.has(id)) {
      this.meet(id);
      const label = id <= this.block.id ? this.loopLabels.get(id) : this.labels.get(id);
      if (label !== undefined) {
        code.br(label);
        return;
      }
    } else this.entryFlags[id] = { ...this.flags };
    const { block, position, step } = this;
    const flags = { ...this.flags };
    const { dirty } = this;
    this.tree(id);
    this.block = block;
    this.position = position;
    this.step = step;
    this.dirty = dirty;
    Object.assign(this.flags, flags);
  }

  /** Notes the flags with which a merge point is reached, and leaves the kinds where it can find them. */
  private meet(id: number): void {
    const { flags } = this;
    const now = { ...flags };
    const known = this.entryFlags[id];
    if (this.structure.loops.has(id)) this.entryFlags[id] = { nz: DYNAMIC, c: DYNAMIC, v: DYNAMIC, arithmetic: DYNAMIC };
    else if (known) {
      if (known.nz !== now.nz) known.nz = DYNAMIC;
      if (known.c !== now.c) known.c = DYNAMIC;
      if (known.v !== now.v) known.v = DYNAMIC;
      if (known.arithmetic !== now.arithmetic) known.arithmetic = DYNAMIC;
    } else this.entryFlags[id] = now;
    this.keepKinds();
  }

  private emitBlock(block: Block): void {
    const { code } = this;
    this.block = block;
    this.dirty = this.dirtyIn[block.id]!;
    const entry = this.entryFlags[block.id];
    if (entry) Object.assign(this.flags, entry);
    if (this.structure.loops.has(block.id)) {
      // Flags that the loop does not touch are found in the kinds' locals, too.
      if (block.id === 0) {
        Object.assign(this.flags, { nz: DYNAMIC, c: DYNAMIC, v: DYNAMIC, arithmetic: DYNAMIC });
      }
    }
    this.position = 0;
    this.compared = false;
    this.trapPassed = block.id !== 0 && this.trapPassedAt[this.dominator.get(block.id)!]!;
    this.step = block.steps[0]!;
    if (this.checks.has(block.id) && block.steps.length > 0) {
      code.get(REM).i32(this.needs[block.id]!).op(OP.I32_LT_S).when();
      this.exit(EXIT.SHORT, 0);
      code.end();
    }
    if (block.steps.length > 0) code.get(REM).i32(block.steps.length).op(OP.I32_SUB).set(REM);
    const last = block.end.kind === 'jump' && !isBranch(block.steps.at(-1)!) ? block.steps.length : block.steps.length - 1;
    let open = -1;
    for (let i = 0; i < last; i++) {
      this.position = i;
      this.step = block.steps[i]!;
      const { step } = this;
      if (step.condition < 0) {
        this.instruction(step);
        continue;
      }
      open = this.conditional(block, i, last);
      i = open;
    }
    this.position = block.steps.length - 1;
    this.step = block.steps.at(-1)!;
    this.trapPassedAt[block.id] = this.trapPassed;
    this.terminate(block);
  }

  /** Emits the steps from `first` that have the same condition, as long as none of them changes the flags; the last one emitted. */
  private conditional(block: Block, first: number, limit: number): number {
    const { code, flags } = this;
    const { condition } = block.steps[first]!;
    this.condition(condition);
    const before = { ...flags };
    const { dirty, flagChanges, trapPassed } = this;
    // Both ways meet behind: kinds have to be in locals if they will differ.
    this.keepKinds();
    code.when();
    let last = first;
    for (let i = first; i < limit && block.steps[i]!.condition === condition; i++) {
      this.position = i;
      this.step = block.steps[i]!;
      this.instruction(this.step);
      last = i;
      if (this.flagChanges !== flagChanges) break;
    }
    this.keepKinds();
    code.end();
    this.dirty |= dirty;
    this.trapPassed = trapPassed;
    this.compared = false;
    if (this.flagChanges !== flagChanges) {
      flags.nz = before.nz === flags.nz ? flags.nz : DYNAMIC;
      flags.c = before.c === flags.c ? flags.c : DYNAMIC;
      flags.v = before.v === flags.v ? flags.v : DYNAMIC;
      flags.arithmetic = before.arithmetic === flags.arithmetic ? flags.arithmetic : DYNAMIC;
    }
    return last;
  }

  /** Leaves the kinds of the flags in their local, where code can find them to which several ways lead. */
  private keepKinds(): void {
    this.kindsOf();
    this.code.set(this.local.fk);
  }

  /** The word of kinds on the stack. */
  private kindsOf(): void {
    const { code, flags, local } = this;
    const { nz, c, v, arithmetic } = flags;
    const known = (kind: number): number => (kind === DYNAMIC ? 0 : kind);
    const mask = [nz, c, v, arithmetic].reduce((sum, kind, i) => sum | (kind === DYNAMIC ? 15 << (4 * i) : 0), 0);
    const word = kinds(known(nz), known(c), known(v), known(arithmetic));
    if (mask === 0) code.i32(word);
    else code.get(local.fk).i32(mask).op(OP.I32_AND).i32(word).op(OP.I32_OR);
  }

  private instruction(step: Step): void {
    if (step.name === 'IT' || step.name === 'NOP') return;
    const emit = this.surroundings.emitters.byName.get(step.name);
    if (emit) {
      emit(this, step);
      return;
    }
    if (!step.name.endsWith('()')) throw new Untranslatable(step.name);
    this.handler(step.name);
  }

  // ---- ends of blocks

  private terminate(block: Block): void {
    const { code } = this;
    const { end } = block;
    const step = block.steps.at(-1)!;
    switch (end.kind) {
      case 'jump':
        if (step.name.startsWith('BL')) {
          code.i32(step.next | 1);
          this.setR(14);
        }
        this.go(end.to);
        return;
      case 'branch':
        this.condition(end.condition);
        this.fork(end.taken, end.next);
        return;
      case 'compare':
        this.r(end.register);
        if (!end.nonZero) code.op(OP.I32_EQZ);
        this.fork(end.taken, end.next);
        return;
      case 'call':
        this.skipCall(end.condition, end.next);
        code.i32(end.returns | 1);
        this.setR(14);
        this.call(
          end.returns,
          end.next,
          () => code.i32(0).memory(OP.I32_LOAD, this.surroundings.entry(end.target)),
          () => code.i32(end.target),
        );
        return;
      case 'call-register':
        this.skipCall(end.condition, end.next);
        this.callRegister(end.register, end.returns, end.next);
        return;
      case 'table': {
        const { targets } = end;
        this.r(end.index).i32(targets.length).op(OP.I32_GE_U).when();
        this.exit(EXIT.INTERPRET);
        code.end();
        this.branchTable(() => this.r(end.index), targets);
        return;
      }
      case 'hub':
        this.branchTable(() => code.get(this.local.way), end.targets);
        return;
      case 'enter':
        code.i32(end.index).set(this.local.way);
        this.go(end.to);
        return;
      case 'dynamic':
        this.dynamic(step, end.expected, end.back, end.next);
        return;
      case 'interpret':
        this.exit(EXIT.INTERPRET);
        return;
    }
  }

  private fork(taken: Edge, next: Edge): void {
    const { code } = this;
    const flags = { ...this.flags };
    const { dirty } = this;
    code.when();
    this.go(taken);
    code.end();
    Object.assign(this.flags, flags);
    this.dirty = dirty;
    this.go(next);
  }

  private branchTable(index: () => Code, targets: readonly Edge[]): void {
    const { code } = this;
    const inside = targets.flatMap((edge) => ('block' in edge ? [edge.block.id] : []));
    for (const id of new Set(inside)) this.meet(id);
    // Exits get a block each, and a label.
    const outside = [...new Set(targets.flatMap((edge) => ('block' in edge ? [] : [edge.exit])))];
    const exits = new Map<number, Label>();
    for (const pc of outside) exits.set(pc, code.block());
    const labels = targets.map((edge) => {
      if (!('block' in edge)) return exits.get(edge.exit)!;
      const { id } = edge.block;
      return (id <= this.block.id ? this.loopLabels.get(id) : this.labels.get(id))!;
    });
    if (labels.some((label) => label === undefined)) throw new Untranslatable('branch table');
    index().brTable(labels.slice(0, -1), labels.at(-1)!);
    for (const pc of outside.toReversed()) {
      code.end();
      this.leave(() => code.i32(pc));
    }
  }

  /** Goes on behind a call whose condition fails. */
  private skipCall(condition: number, next: Edge): void {
    if (condition < 0) return;
    this.condition(condition);
    this.code.op(OP.I32_EQZ).when();
    const flags = { ...this.flags };
    const { dirty } = this;
    this.go(next);
    Object.assign(this.flags, flags);
    this.dirty = dirty;
    this.code.end();
  }

  private callRegister(register: number, returns: number, next: Edge): void {
    const { code, local } = this;
    this.r(register).set(local.a);
    this.unusualTarget(local.a, EXIT.BRANCH, () => {
      code.i32(returns | 1);
      this.setR(14);
    });
    code.i32(returns | 1);
    this.setR(14);
    const target = (): Code => code.get(local.a).i32(-2).op(OP.I32_AND);
    this.call(
      returns,
      next,
      () => {
        target().set(local.t);
        return this.lookUp(local.t);
      },
      () => target(),
    );
  }

  private lookUp(pc: number): Code {
    return this.code.get(pc).i32(10).op(OP.I32_SHR_U).i32(0x3ffffc).op(OP.I32_AND).memory(OP.I32_LOAD, this.surroundings.map)
      .get(pc).i32(0xffe).op(OP.I32_AND).i32(1).op(OP.I32_SHL, OP.I32_ADD).memory(OP.I32_LOAD, 0); // biome-ignore format: as it runs
  }

  /** A call: the callee is run from here, as long as it comes back to where it should. */
  private call(returns: number, next: Edge, fn: () => Code, target: () => Code): void {
    const { code, local } = this;
    this.storeRegisters();
    this.storeFlags();
    fn().tee(local.b).op(OP.I32_EQZ).get(DEPTH).i32(DEPTH_LIMIT).op(OP.I32_GE_S, OP.I32_OR).when();
    target().get(REM).op(OP.RETURN).end();
    code.get(REM).get(DEPTH).i32(1).op(OP.I32_ADD).get(local.b).callIndirect(this.regionType).set(REM).tee(local.pc);
    code.i32(returns).op(OP.I32_NE).when();
    code.get(local.pc).get(REM).get(DEPTH).i32(1).op(OP.I32_ADD).i32(returns).call(this.imported.settle).set(REM).tee(local.pc);
    code.i32(returns).op(OP.I32_NE).when().get(local.pc).get(REM).op(OP.RETURN).end().end();
    if (!('block' in next)) {
      code.i32(next.exit).get(REM).op(OP.RETURN);
      return;
    }
    this.loadRegisters();
    this.forgetFlags();
    this.go(next);
  }

  private dynamic(step: Step, expected: number, back: Edge | undefined, next: Edge | undefined): void {
    const { code, local } = this;
    if (step.condition >= 0) {
      this.condition(step.condition);
      code.op(OP.I32_EQZ).when();
      const flags = { ...this.flags };
      const { dirty } = this;
      this.go(next!);
      Object.assign(this.flags, flags);
      this.dirty = dirty;
      code.end();
    }
    const emit = this.surroundings.emitters.byName.get(step.name);
    if (!emit) {
      // Whatever it is, its handler knows where it goes; it never comes back here.
      this.handler(step.name, true);
      return;
    }
    // Leaves the target in local.t.
    emit(this, step);
    if (step.name === 'JUMP' || step.name === 'TB') {
      this.leave(() => code.get(local.t).i32(-2).op(OP.I32_AND));
      return;
    }
    if (back) {
      code
        .get(local.t)
        .i32(expected | 1)
        .op(OP.I32_EQ)
        .when();
      const flags = { ...this.flags };
      const { dirty } = this;
      this.go(back);
      Object.assign(this.flags, flags);
      this.dirty = dirty;
      code.end();
    }
    this.unusualTarget(local.t, EXIT.BRANCH);
    this.leave(() => code.get(local.t).i32(-2).op(OP.I32_AND));
  }

  /** Leaves for a target that is not plain Thumb code: bit 0 clear, or perhaps an exception return. */
  private unusualTarget(target: number, exit: number, before?: () => void): void {
    const { code } = this;
    code.get(target).i32(1).op(OP.I32_AND, OP.I32_EQZ).get(target).i32(28).op(OP.I32_SHR_U).i32(15).op(OP.I32_EQ, OP.I32_OR).when();
    before?.();
    code
      .i32(0)
      .get(target)
      .memory(OP.I32_STORE, this.surroundings.control + CONTROL.TARGET * 4);
    this.exit(exit);
    code.end();
  }

  // ---- exits

  /** Returns to the dispatcher, or to the caller, with everything in its cells. */
  private leave(pc: () => Code): void {
    this.storeRegisters();
    this.storeFlags();
    pc().get(REM).op(OP.RETURN);
  }

  /** A site for the current step. */
  site(handler = -1): number {
    if (this.sites.length >= SITE_LIMIT - 1) throw new Untranslatable('too many exits');
    const { flags } = this;
    const word = kinds(flags.nz, flags.c, flags.v, flags.arithmetic);
    return (
      this.sites.push({ step: this.step, counted: this.block.steps.length - this.position, flags: word, flagsAfter: word, handler }) - 1
    );
  }

  /** Leaves by way of the engine; rarely executed. `counted` overrides how many instructions of the block are given back. */
  exit(exit: number, counted?: number, known?: number): void {
    if (this.scanning) return;
    const site = known ?? this.site();
    if (counted !== undefined) (this.sites[site] as { counted: number }).counted = counted;
    this.code
      .i32(encodeExit(this.surroundings.number, site, exit))
      .set(this.local.site)
      .br(this.cold);
  }

  private coldExit(): void {
    const { code, local } = this;
    for (const [r, index] of this.registers) if ((this.written >> r) & 1) code.i32(0).get(index).memory(OP.I32_STORE, this.cell(r));
    const store = (word: number, index: number): void => {
      code
        .i32(0)
        .get(index)
        .memory(OP.I32_STORE, this.surroundings.control + word * 4);
    };
    code.i32(0).get(local.fk).memory(OP.I32_STORE, this.surroundings.control + CONTROL.COLD_KINDS * 4);
    store(CONTROL.COLD_NZ, local.nz);
    store(CONTROL.COLD_CA, local.ca);
    store(CONTROL.COLD_CB, local.cb);
    store(CONTROL.COLD_CC, local.cc);
    store(CONTROL.COLD_VA, local.va);
    code.get(local.site).get(REM);
  }

  private storeRegisters(): void {
    for (const [r, index] of this.registers) {
      if ((this.dirty >> r) & 1) this.code.i32(0).get(index).memory(OP.I32_STORE, this.cell(r));
    }
  }

  /** Loads every register that the region keeps in a local. */
  private loadRegisters(): void {
    for (const [r, index] of this.registers) this.code.i32(0).memory(OP.I32_LOAD, this.cell(r)).set(index);
    this.dirty = 0;
    if (this.usesFloatMode) this.readFloatMode();
  }

  // ---- handlers

  /** Executes the current step by the interpreter's handler. `leaves`: it never continues here. */
  handler(name: string, leaves = false): void {
    const { code } = this;
    const number = OPERATION.get(name)!;
    if (this.scanning) return;
    if (number >= FIRST_FLOAT) this.trapFloat();
    const touches = TOUCHES_FLAGS.test(name);
    if (touches) this.flagsToApsr();
    this.storeRegisters();
    const site = this.site(number);
    code
      .i32(encodeExit(this.surroundings.number, site, EXIT.HANDLED))
      .get(REM)
      .call(this.imported.handler);
    code.when();
    this.exitSynchronised(EXIT.HANDLED, site);
    code.end();
    if (leaves) {
      code.op(OP.UNREACHABLE);
      return;
    }
    if (touches) {
      this.forgetFlags();
      this.sites[site]!.flagsAfter = kinds(0, 0, 0, 0);
    }
    this.loadRegisters();
  }

  /** Executes the current step by a handler as the rare case of an emitter that goes on by itself: registers stay dirty. */
  slowHandler(name: string): void {
    const { code } = this;
    if (this.scanning) return;
    this.storeRegisters();
    const site = this.site(OPERATION.get(this.surroundings.emitters.handlerOf[name] ?? name)!);
    code
      .i32(encodeExit(this.surroundings.number, site, EXIT.HANDLED))
      .get(REM)
      .call(this.imported.handler);
    code.when();
    this.exitSynchronised(EXIT.HANDLED, site);
    code.end();
    for (const [r, index] of this.registers) code.i32(0).memory(OP.I32_LOAD, this.cell(r)).set(index);
  }

  /** As `exit`, for sites at which the handler has changed the cells: they are loaded again first, as the exit stores them. */
  private exitSynchronised(exit: number, site: number): void {
    for (const [r, index] of this.registers) this.code.i32(0).memory(OP.I32_LOAD, this.cell(r)).set(index);
    this.exit(exit, undefined, site);
  }

  /**
   * Executes the current step by a handler that changes no core register, as the rare case of an emitter. `reads`: it looks at them.
   */
  quietHandler(name: string, reads = false): void {
    const { code } = this;
    if (this.scanning) return;
    if (reads) this.storeRegisters();
    const site = this.site(OPERATION.get(name)!);
    code
      .i32(encodeExit(this.surroundings.number, site, EXIT.HANDLED))
      .get(REM)
      .call(this.imported.handler);
    code.when();
    this.exit(EXIT.HANDLED, undefined, site);
    code.end();
  }

  /** Leaves to the interpreter, which then stops, when an instruction that moves SP reaches down to local `a`, below the limit. */
  limit(a: number): void {
    if (this.scanning || !this.surroundings.stackLimits) return;
    const { code } = this;
    code.get(a).i32(0).memory(OP.I32_LOAD, this.cell(CELL.SPLIM)).op(OP.I32_LT_U).when();
    this.exit(EXIT.INTERPRET);
    code.end();
  }

  /** Leaves when floating point has to stop first. That does not change while translated code runs (`Engine.fpTrap`): once on each way. */
  trapFloat(): void {
    const { code } = this;
    if (this.scanning || this.trapPassed) return;
    code
      .i32(0)
      .memory(OP.I32_LOAD, this.surroundings.control + CONTROL.FP_TRAP * 4)
      .when();
    this.exit(EXIT.INTERPRET);
    code.end();
    this.trapPassed = true;
  }

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

  // ---- flags

  /** N and Z are those of the value on the stack; C and V stay. */
  setNZ(): void {
    this.code.set(this.local.nz);
    this.flags.nz = NZ_KIND.VALUE;
    this.flagChanges++;
  }

  /** C is the 0 or 1 on the stack; V stays. */
  setC(): void {
    this.code.set(this.local.cc);
    this.flags.c = C_KIND.BIT;
    this.flagChanges++;
  }

  /** V is the sign of the value on the stack. */
  setV(): void {
    this.code.set(this.local.va);
    this.flags.v = V_KIND.SIGN;
    this.flagChanges++;
  }

  /** All flags are those of an addition or subtraction whose operands are in CA and CB as `kind` says. */
  setArithmetic(kind: number): void {
    const { flags } = this;
    flags.nz = NZ_KIND.SAME;
    flags.c = C_KIND.SAME;
    flags.v = V_KIND.SAME;
    flags.arithmetic = kind;
    this.flagChanges++;
  }

  /** Nothing is known but what the control block says. */
  private forgetFlags(): void {
    Object.assign(this.flags, { nz: NZ_KIND.CELLS, c: C_KIND.CELLS, v: V_KIND.CELLS, arithmetic: ARITHMETIC.NONE });
    this.flagChanges++;
  }

  /** The arguments of `flags` and `keep`. */
  private flagArguments(): void {
    const { local } = this;
    this.kindsOf();
    this.code.get(local.nz).get(local.ca).get(local.cb).get(local.cc).get(local.va);
  }

  /** Puts N, Z, C and V in their APSR positions on the stack. */
  packedFlags(): void {
    if (this.scanning) return;
    this.flagArguments();
    this.code.call(this.imported.flags);
  }

  /** Brings the lazy flags of the locals to the control block. */
  private storeFlags(): void {
    const { flags, code, local } = this;
    const { nz, c, v, arithmetic } = flags;
    if (nz === NZ_KIND.CELLS && c === C_KIND.CELLS && v === V_KIND.CELLS) return;
    const same = nz === NZ_KIND.SAME || c === C_KIND.SAME || v === V_KIND.SAME;
    const partial = [nz, c, v].some((kind) => kind === DYNAMIC || kind === 0) || (same && arithmetic === DYNAMIC);
    if (partial) {
      this.flagArguments();
      code.call(this.imported.keep);
      return;
    }
    const { control } = this.surroundings;
    const store = (word: number, index: number): void => {
      code
        .i32(0)
        .get(index)
        .memory(OP.I32_STORE, control + word * 4);
    };
    code.i32(0).i32(kinds(nz, c, v, same ? arithmetic : 0)).memory(OP.I32_STORE, control + CONTROL.FLAG_KINDS * 4);
    if (nz === NZ_KIND.VALUE) store(CONTROL.NZ, local.nz);
    if (c === C_KIND.BIT) store(CONTROL.CC, local.cc);
    if (v === V_KIND.SIGN) store(CONTROL.VA, local.va);
    if (!same) return;
    store(CONTROL.CA, local.ca);
    store(CONTROL.CB, local.cb);
  }

  /** N, Z, C and V are the upper bits of the word that `word` puts on the stack. */
  loadFlags(word: () => void): void {
    if (this.scanning) {
      word();
      return;
    }
    const { code } = this;
    code.i32(0);
    word();
    code.i32(0xf000_0000).op(OP.I32_AND);
    code.i32(0).memory(OP.I32_LOAD, this.cell(CELL.APSR)).i32(0x0fff_ffff).op(OP.I32_AND, OP.I32_OR);
    code.memory(OP.I32_STORE, this.cell(CELL.APSR));
    code
      .i32(0)
      .i32(0)
      .memory(OP.I32_STORE, this.surroundings.control + CONTROL.FLAG_KINDS * 4);
    this.forgetFlags();
  }

  /** Brings N, Z, C and V to the APSR cell. */
  private flagsToApsr(): void {
    this.flagArguments();
    this.code.call(this.imported.keep);
  }

  /** Puts 1 or 0 on the stack: whether `condition` (0..13) holds. */
  condition(condition: number): void {
    const { flags, code, local } = this;
    if (this.scanning) {
      code.i32(0);
      return;
    }
    const negate = (condition & 1) !== 0;
    const { c, nz, v, arithmetic } = flags;
    const { CMP, SUB, CMN } = ARITHMETIC;
    const subtraction = nz === NZ_KIND.SAME && c === C_KIND.SAME && v === V_KIND.SAME && (arithmetic === CMP || arithmetic === SUB);
    const compare = (positive: number, negative: number): void => {
      code.get(local.ca);
      if (arithmetic === SUB) code.get(local.cb).op(OP.I32_ADD);
      code.get(local.cb).op(negate ? negative : positive);
    };
    /** The value that N and Z are of. */
    const value = (): Code => {
      if (nz === NZ_KIND.VALUE) return code.get(local.nz);
      code.get(local.ca);
      if (arithmetic === CMP) code.get(local.cb).op(OP.I32_SUB);
      else if (arithmetic === CMN) code.get(local.cb).op(OP.I32_ADD);
      return code;
    };
    const known = nz === NZ_KIND.VALUE || (nz === NZ_KIND.SAME && arithmetic !== DYNAMIC);
    switch (condition >> 1) {
      case 0:
        if (!known) break;
        if (nz === NZ_KIND.SAME && arithmetic === CMP) code.get(local.ca).get(local.cb).op(negate ? OP.I32_NE : OP.I32_EQ);
        else {
          value().op(OP.I32_EQZ);
          if (negate) code.op(OP.I32_EQZ);
        }
        return;
      case 1:
        if (!this.carry()) break;
        if (negate) code.op(OP.I32_EQZ);
        return;
      case 2:
        if (!known) break;
        value().i32(0).op(negate ? OP.I32_GE_S : OP.I32_LT_S);
        return;
      case 4:
        if (subtraction) {
          compare(OP.I32_GT_U, OP.I32_LE_U);
          return;
        }
        if (!known || !this.carry()) break;
        value().i32(0).op(OP.I32_NE, OP.I32_AND);
        if (negate) code.op(OP.I32_EQZ);
        return;
      case 5:
        if (!subtraction) break;
        compare(OP.I32_GE_S, OP.I32_LT_S);
        return;
      case 6:
        if (!subtraction) break;
        compare(OP.I32_GT_S, OP.I32_LE_S);
        return;
      default:
        break;
    }
    this.packedCondition(condition);
  }

  /** Puts C on the stack as 0 or 1, where its kind is known; false where not. */
  carry(): boolean {
    const { flags, code, local } = this;
    if (this.scanning) {
      code.i32(0);
      return true;
    }
    if (flags.c === C_KIND.BIT) {
      code.get(local.cc);
      return true;
    }
    if (flags.c !== C_KIND.SAME) return false;
    const { ca, cb } = local;
    switch (flags.arithmetic) {
      case ARITHMETIC.CMP:
        code.get(ca).get(cb).op(OP.I32_GE_U);
        return true;
      case ARITHMETIC.SUB:
        code.get(ca).get(cb).op(OP.I32_ADD).get(cb).op(OP.I32_GE_U);
        return true;
      case ARITHMETIC.CMN:
        code.get(ca).get(cb).op(OP.I32_ADD).get(cb).op(OP.I32_LT_U);
        return true;
      case ARITHMETIC.ADD:
        code.get(ca).get(cb).op(OP.I32_LT_U);
        return true;
      default:
        return false;
    }
  }

  /** Puts C on the stack as 0 or 1. */
  anyCarry(): void {
    if (this.carry()) return;
    this.packedFlags();
    this.code.i32(29).op(OP.I32_SHR_U).i32(1).op(OP.I32_AND);
  }

  private packedCondition(condition: number): void {
    const { code, local } = this;
    this.packedFlags();
    code.set(local.e);
    const bit = (n: number): Code => code.get(local.e).i32(n).op(OP.I32_SHR_U).i32(1).op(OP.I32_AND);
    switch (condition >> 1) {
      case 0:
        bit(30);
        break;
      case 1:
        bit(29);
        break;
      case 2:
        bit(31);
        break;
      case 3:
        bit(28);
        break;
      case 4:
        bit(29);
        bit(30).op(OP.I32_EQZ, OP.I32_AND);
        break;
      case 5:
        bit(31);
        bit(28).op(OP.I32_EQ);
        break;
      default:
        bit(31);
        bit(28).op(OP.I32_EQ);
        bit(30).op(OP.I32_EQZ, OP.I32_AND);
        break;
    }
    if (condition & 1) code.op(OP.I32_EQZ);
  }

  // ---- memory

  /**
   * Tests whether `bytes` bytes at the address in local `a` can be reached directly, as `right` (1 read, 2 write) says, and remembers the
   * page for register `key`. `direct` is emitted where they can, with the arena offset of what has to be added to `a`; `slow` elsewhere. `alignment` is a power of two;
   * `strict` accesses are never unaligned.
   */
  reach(
    key: number,
    right: number,
    bytes: number,
    alignment: number,
    direct: (delta: number) => void,
    slow: () => void,
    strict = bytes > alignment,
  ): void {
    if (this.scanning) return;
    const { code, local, surroundings } = this;
    const tag = surroundings.control + tagOf(key, right) * 4;
    const done = code.block();
    const fast = code.block();
    const crosses = bytes > alignment;
    const { a, e } = local;
    const inPage = (): void => {
      code.get(a).i32(4095).op(OP.I32_AND).i32(4096 - bytes).op(OP.I32_LE_U, OP.I32_AND);
    };
    code.get(a).i32(-4096 | (alignment - 1)).op(OP.I32_AND).i32(0).memory(OP.I32_LOAD, tag).op(OP.I32_EQ);
    if (crosses) inPage();
    code.brIf(fast);
    code.get(a).i32(10).op(OP.I32_SHR_U).i32(0x3ffffc).op(OP.I32_AND).memory(OP.I32_LOAD, surroundings.pages).tee(e);
    code.i32(right).op(OP.I32_AND).i32(0).op(OP.I32_NE);
    if (alignment > 1) {
      code.get(a).i32(alignment - 1).op(OP.I32_AND, OP.I32_EQZ);
      // A single access may be unaligned in memory that is not Device, unless firmware has set UNALIGN_TRP.
      if (!strict) code.get(e).i32(0).memory(OP.I32_LOAD, surroundings.control + CONTROL.UNALIGNED * 4).op(OP.I32_AND, OP.I32_OR);
      code.i32(0).op(OP.I32_NE, OP.I32_AND);
      inPage();
    }
    code.when();
    code.i32(0).get(a).i32(-4096).op(OP.I32_AND).memory(OP.I32_STORE, tag);
    code.i32(0).get(e).i32(-4096).op(OP.I32_AND).get(a).i32(-4096).op(OP.I32_AND, OP.I32_SUB).memory(OP.I32_STORE, tag + 4).br(fast).end();
    if (surroundings.slow(this.step.pc)) {
      slow();
      code.br(done);
    } else this.exit(EXIT.RETRY);
    code.end();
    direct(tag + 4);
    code.end();
  }

  /**
   * A single load at the address in local `a`. `finish` is emitted twice: with the value, extended to 32 bits, in local `t`.
   * `kind` as ACCESS in micro-ops.ts.
   */
  load(kind: number, key: number, finish: () => void): void {
    const { code, local } = this;
    if (this.scanning) {
      finish();
      return;
    }
    const bytes = kind === 1 ? 4 : kind === 2 || kind === 4 ? 2 : 1;
    const op = [0, OP.I32_LOAD, OP.I32_LOAD16_U, OP.I32_LOAD8_U, OP.I32_LOAD16_S, OP.I32_LOAD8_S][kind]!;
    this.reach(
      key,
      1,
      bytes,
      bytes,
      (delta) => {
        code.get(local.a).i32(0).memory(OP.I32_LOAD, delta).op(OP.I32_ADD).memory(op, 0).set(local.t);
        finish();
      },
      () => {
        const site = this.site();
        const { dirty } = this;
        code
          .get(local.a)
          .i32(encodeExit(this.surroundings.number, site, kind))
          .get(REM)
          .call(this.imported.load)
          .set(local.t);
        code
          .i32(0)
          .memory(OP.I32_LOAD, this.surroundings.control + CONTROL.STATUS * 4)
          .tee(local.e)
          .when();
        code.get(local.e).i32(FAULTED).op(OP.I32_EQ).when();
        this.exit(EXIT.FAULT, undefined, site);
        code.end();
        finish();
        this.exit(EXIT.DONE, undefined, site);
        code.end();
        finish();
        this.dirty = dirty;
      },
    );
  }

  /** A single store of local `t` at the address in local `a`; `finish` as for `load`. */
  store(kind: number, key: number, finish: () => void): void {
    const { code, local } = this;
    if (this.scanning) {
      finish();
      return;
    }
    const bytes = kind === 6 ? 4 : kind === 7 ? 2 : 1;
    const op = kind === 6 ? OP.I32_STORE : kind === 7 ? OP.I32_STORE16 : OP.I32_STORE8;
    this.reach(
      key,
      2,
      bytes,
      bytes,
      (delta) => {
        code.get(local.a).i32(0).memory(OP.I32_LOAD, delta).op(OP.I32_ADD).get(local.t).memory(op, 0);
        finish();
      },
      () => {
        const site = this.site();
        const { dirty } = this;
        code
          .get(local.a)
          .get(local.t)
          .i32(encodeExit(this.surroundings.number, site, kind - 5))
          .get(REM)
          .call(this.imported.store);
        code.tee(local.e).when();
        code.get(local.e).i32(FAULTED).op(OP.I32_EQ).when();
        this.exit(EXIT.FAULT, undefined, site);
        code.end();
        finish();
        this.exit(EXIT.DONE, undefined, site);
        code.end();
        finish();
        this.dirty = dirty;
      },
    );
  }
}

function edgesOf({ end }: Block): Edge[] {
  return edges(end);
}

/** True for an unconditional branch, which has nothing to emit but where it goes. */
function isBranch({ name }: Step): boolean {
  return name === 'B' || name === 'B_FAR' || name === 'BL' || name === 'BL_FAR';
}

/** Handlers that read or change N, Z, C or V. */
const TOUCHES_FLAGS = /^(ALU|RORS_R|MRS|MSR|VMRS|VSEL)/;
