/**
 * Turns a region into one WebAssembly function: the nesting of its blocks, how they end, calls. What single instructions do is in
 * `emit-*.ts`, what is found out before anything is generated in analysis.ts.
 *
 * The order of blocks, loops and labels is that of control-flow.ts: a block stands inside the labels of the merge points that it dominates.
 * Blocks to which only one way leads are emitted where they are reached, with what is known there of flags and registers.
 */
import { type BudgetPlan, type Effect, planBudget, registerUse } from './analysis.ts';
import type { Structure } from './control-flow.ts';
import { Exits } from './exits.ts';
import { DEPTH, REM, type Surroundings } from './frame.ts';
import { EXIT, type Site, Untranslatable } from './layout.ts';
import { type FlagState, meet, UNKNOWN } from './lazy-flags.ts';
import { MemoryAccess } from './memory-access.ts';
import type { Block, Edge, Region, Step } from './region.ts';
import { DEPTH_LIMIT } from './runtime.ts';
import { type Code, type Label, OP } from './wasm-builder.ts';

/** A translated region. */
export interface Translation {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly sites: readonly Site[];
  /** Smallest budget with which it executes anything. */
  readonly need: number;
}

/** Generates one function. The `emit-*` files use what is public. */
export class Generator extends Exits {
  readonly memory = new MemoryAccess(this);
  /** The last instruction of this block that changed FPSCR's N, Z, C, V was a comparison: a CMP of locals fa and fb would give the same. */
  compared = false;
  private readonly structure: Structure;
  private readonly budget: BudgetPlan;
  /** Registers that may differ from their cells when a block begins. */
  private dirtyAt: readonly number[] = [];
  private readonly labels = new Map<number, Label>();
  private readonly loopLabels = new Map<number, Label>();
  private readonly flagsAt: (FlagState | undefined)[] = [];
  /** Floating point is known not to trap where blocks end; the dominator of each block. */
  private readonly trapPassedAt: boolean[] = [];
  private readonly dominator = new Map<number, number>();
  /** Instructions that write SP. */
  private readonly movesSp = new Set<Step>();

  constructor(region: Region, structure: Structure, surroundings: Surroundings) {
    super(region, surroundings);
    this.structure = structure;
    this.budget = planBudget(structure);
    for (const [id, children] of structure.children.entries()) for (const child of children) this.dominator.set(child, id);
  }

  /** @throws {Untranslatable} */
  translate(): Translation {
    const { used, written, dirty } = this.scan(() => registerUse(this.structure, (block, step) => this.look(block, step)));
    // Emitters have noted flags while they were only asked for registers.
    this.flags.forget();
    this.compared = false;
    this.dirtyAt = dirty;
    this.begin(used);
    this.openCold();
    this.tree(0);
    this.closeCold(written);
    return { bytes: this.finish(), sites: this.sites, need: this.budget.needs[this.budget.first]! };
  }

  /** What a step reads and writes; undefined for one that a handler executes. */
  private look(block: Block, step: Step): Effect | undefined {
    this.block = block;
    this.step = step;
    const emit = this.surroundings.emitters.byName.get(step.name);
    if (!emit && step.name.endsWith('()')) return undefined;
    const effect = this.effectOf(() => emit?.(this, step));
    if ((effect.writes >>> 13) & 1) this.movesSp.add(step);
    return effect;
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
    } else this.flagsAt[id] = this.flags.known;
    const { block, position, step } = this;
    this.aside(() => this.tree(id));
    this.block = block;
    this.position = position;
    this.step = step;
  }

  /** Emits one of two ways: for the other one flags and registers are as they were before. */
  private aside(emit: () => void): void {
    const { dirty } = this;
    const { known } = this.flags;
    emit();
    this.dirty = dirty;
    this.flags.known = known;
  }

  /** Notes the flags with which a merge point is reached, and leaves the kinds where it can find them. */
  private meet(id: number): void {
    const { flags, flagsAt } = this;
    const noted = flagsAt[id];
    if (this.structure.loops.has(id)) flagsAt[id] = UNKNOWN;
    else flagsAt[id] = noted ? meet(noted, flags.known) : flags.known;
    flags.keepKinds();
  }

  private emitBlock(block: Block): void {
    const { code } = this;
    const { counts } = this.surroundings;
    this.block = block;
    this.dirty = this.dirtyAt[block.id]!;
    // Where a loop begins, even one at the entry, local FK has the kinds.
    const known = block.id === 0 && this.structure.loops.has(0) ? UNKNOWN : this.flagsAt[block.id];
    if (known) this.flags.known = known;
    this.position = 0;
    this.compared = false;
    this.trapPassed = block.id !== 0 && this.trapPassedAt[this.dominator.get(block.id)!]!;
    this.step = block.steps[0]!;
    if (this.budget.checks.has(block.id) && block.steps.length > 0) {
      code.get(REM).i32(this.budget.needs[block.id]!).op(OP.I32_LT_S).when();
      this.exit(EXIT.SHORT, 0);
      code.end();
    }
    if (block.steps.length > 0) code.get(REM).i32(block.steps.length).op(OP.I32_SUB).set(REM);
    if (counts) this.tally(counts.ofBlock(block));
    const last = block.end.kind === 'jump' && !isBranch(block.steps.at(-1)!) ? block.steps.length : block.steps.length - 1;
    for (let i = 0; i < last; i++) {
      this.position = i;
      this.step = block.steps[i]!;
      if (this.step.condition < 0) this.instruction(this.step);
      else i = this.conditional(block, i, last);
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
    flags.condition(condition);
    const before = flags.known;
    const { changes } = flags;
    const { dirty, trapPassed } = this;
    // Both ways meet behind: kinds have to be in locals if they will differ.
    flags.keepKinds();
    code.when();
    const group = this.surroundings.counts?.addGroup(block, first);
    if (group) this.tally(group.counter);
    let last = first;
    for (let i = first; i < limit && block.steps[i]!.condition === condition; i++) {
      this.position = i;
      this.step = block.steps[i]!;
      this.instruction(this.step);
      last = i;
      if (flags.changes !== changes) break;
    }
    if (group) group.last = last;
    flags.keepKinds();
    code.end();
    this.dirty |= dirty;
    this.trapPassed = trapPassed;
    this.compared = false;
    if (flags.changes !== changes) flags.known = meet(before, flags.known);
    return last;
  }

  private instruction(step: Step): void {
    if (step.name === 'IT' || step.name === 'NOP') return;
    const emit = this.surroundings.emitters.byName.get(step.name);
    if (emit) {
      emit(this, step);
      if (this.movesSp.has(step)) this.watchStack(step);
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
        this.flags.condition(end.condition);
        this.fork(block, end.taken, end.next);
        return;
      case 'compare':
        this.r(end.register);
        if (!end.nonZero) code.op(OP.I32_EQZ);
        this.fork(block, end.taken, end.next);
        return;
      case 'call':
        this.unlessCondition(end.condition, end.next);
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
        this.unlessCondition(end.condition, end.next);
        this.callRegister(end.register, end.returns, end.next);
        return;
      case 'table': {
        const { targets } = end;
        this.r(end.index).i32(targets.length).op(OP.I32_GE_U).when();
        this.exit(EXIT.INTERPRET);
        code.end();
        if (this.surroundings.counts) this.tallyIndexed(this.surroundings.counts.ofTable(block), end.index);
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

  private fork(block: Block, taken: Edge, next: Edge): void {
    const { code } = this;
    code.when();
    this.tally(this.surroundings.counts?.ofTaken(block) ?? -1);
    this.aside(() => this.go(taken));
    code.end();
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

  /** Goes on behind an instruction whose condition fails; -1 never does. */
  private unlessCondition(condition: number, next: Edge): void {
    if (condition < 0) return;
    this.flags.condition(condition);
    this.code.op(OP.I32_EQZ).when();
    this.tally(this.surroundings.counts?.addFailed(this.block) ?? -1);
    this.aside(() => this.go(next));
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
    this.flags.store();
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
    this.reload();
    this.flags.forget();
    this.go(next);
  }

  private dynamic(step: Step, expected: number, back: Edge | undefined, next: Edge | undefined): void {
    const { code, local } = this;
    if (next) this.unlessCondition(step.condition, next);
    const emit = this.surroundings.emitters.byName.get(step.name);
    if (!emit) {
      // Whatever it is, its handler knows where it goes; it never comes back here.
      this.handler(step.name, true);
      return;
    }
    // Leaves the target in local.t.
    emit(this, step);
    if (this.movesSp.has(step)) this.watchStack(step);
    if (step.name === 'JUMP' || step.name === 'TB') {
      this.leave(() => code.get(local.t).i32(-2).op(OP.I32_AND));
      return;
    }
    if (back) {
      code.get(local.t).i32(expected | 1).op(OP.I32_EQ).when();
      this.aside(() => this.go(back));
      code.end();
    }
    this.unusualTarget(local.t, EXIT.BRANCH);
    this.leave(() => code.get(local.t).i32(-2).op(OP.I32_AND));
  }
}

/** True for an unconditional branch, which has nothing to emit but where it goes. */
function isBranch({ name }: Step): boolean {
  return name === 'B' || name === 'B_FAR' || name === 'BL' || name === 'BL_FAR';
}
