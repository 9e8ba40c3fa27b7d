/**
 * Finds the code that is translated together: the blocks that can be reached from a hot address, with small callees taken in.
 *
 * Works on the interpreter's micro-operations, so that both agree on what an instruction is. Branches are followed, calls are not,
 * except of leaf functions of a few instructions, which get a copy (a `Context`) for each place that calls them.
 */
import type { CodePage, CodePages } from '../interpreter/code-pages.ts';
import { OPERATION } from '../interpreter/handlers.ts';
import { SLOT } from '../interpreter/micro-ops.ts';

/** Names of micro-operations by number. */
export const NAMES: readonly string[] = [...OPERATION].toSorted((a, b) => a[1] - b[1]).map(([name]) => name);

const DECODE = OPERATION.get('DECODE')!;
const ENTER = OPERATION.get('ENTER')!;
const BKPT = OPERATION.get('BKPT()')!;

/** Most instructions of a callee that is taken in; how deep callees are taken into each other. */
const INLINE_LIMIT = 48;
const INLINE_DEPTH = 3;
/** Entries of a branch table that is taken in. */
const TABLE_LIMIT = 128;

/** A copy of a function inside its caller. */
export interface Context {
  readonly id: number;
  /** Where it returns to, in `parent`; -1 for the region's own code. */
  readonly returns: number;
  readonly parent: Context | undefined;
  readonly entry: number;
}

/** One instruction. */
export interface Step {
  readonly pc: number;
  /** Address behind it. */
  readonly next: number;
  /** Micro-operation, the variant inside an IT block where it is in one. */
  readonly name: string;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;
  /** ITSTATE before it and behind it. */
  readonly it: number;
  readonly itNext: number;
  /** Condition 0..13, or -1. */
  readonly condition: number;
}

/** Where control goes: a block of the region, or an address outside. */
export type Edge = { block: Block } | { exit: number };

/** How a block ends. Its last step is the instruction in question, except for `jump`s that a block simply runs into. */
export type Terminator =
  | { readonly kind: 'jump'; to: Edge }
  | { readonly kind: 'branch'; readonly condition: number; taken: Edge; next: Edge }
  | { readonly kind: 'compare'; readonly register: number; readonly nonZero: boolean; taken: Edge; next: Edge }
  /** `condition` is -1 for a call that is always made. */
  | { readonly kind: 'call'; readonly condition: number; readonly target: number; readonly returns: number; next: Edge }
  | { readonly kind: 'call-register'; readonly condition: number; readonly register: number; readonly returns: number; next: Edge }
  | { readonly kind: 'table'; readonly index: number; readonly targets: Edge[] }
  /** The step itself computes where it goes; `expected` is the address at which a copied function returns, and its block. */
  | { readonly kind: 'dynamic'; readonly expected: number; back: Edge | undefined; next: Edge | undefined }
  /** The interpreter executes the instruction. */
  | { readonly kind: 'interpret'; next: Edge | undefined }
  /** Of blocks without steps, which control-flow.ts adds: goes where the last `enter` said, at first to target 0. */
  | { readonly kind: 'hub'; readonly targets: Edge[] }
  /** Sets the target of the hub, and goes there. */
  | { readonly kind: 'enter'; readonly index: number; readonly to: Edge };

/** A run of instructions with one entry. */
export interface Block {
  id: number;
  readonly pc: number;
  readonly it: number;
  readonly context: Context;
  readonly steps: Step[];
  end: Terminator;
}

/** Bytes of code that the region was made from. */
export interface Guard {
  readonly arena: number;
  readonly length: number;
}

/** A page that the region was made from: virtual number, and arena offset. */
export interface RegionPage {
  readonly virtual: number;
  readonly arena: number;
}

/** What is to be translated. `blocks[0]` is the entry. */
export interface Region {
  readonly pc: number;
  readonly blocks: Block[];
  readonly guards: Guard[];
  readonly pages: RegionPage[];
  readonly instructions: number;
}

/** Reads the micro-operation at `slots[index]` of `page`, looking behind ENTER. */
export type Original = (page: CodePage, index: number) => number;

/** Successor edges of a terminator, in emission order. */
export function edges(end: Terminator): Edge[] {
  switch (end.kind) {
    case 'jump':
    case 'enter':
      return [end.to];
    case 'branch':
    case 'compare':
      return [end.taken, end.next];
    case 'call':
    case 'call-register':
      return end.condition < 0 ? [end.next] : [end.next, end.next];
    case 'table':
    case 'hub':
      return end.targets;
    case 'dynamic':
      return [end.back, end.next].filter((edge): edge is Edge => edge !== undefined);
    case 'interpret':
      return end.next ? [end.next] : [];
  }
}

const CONDITIONS = new Map(
  ['EQ', 'NE', 'CS', 'CC', 'MI', 'PL', 'VS', 'VC', 'HI', 'LS', 'GE', 'LT', 'GT', 'LE'].map((name, i) => [`B_${name}`, i]),
);
const INTERPRETED = new Set(['UNDEFINED', 'SVC()', 'BKPT()', 'COPROCESSOR()', 'SG', 'BXNS()', 'BLXNS()', 'VLSTM()', 'VLLDM()']);

/** Emitters know by themselves when SP is held against its limit. */
const LIMITED: Readonly<Record<string, string>> = { LDM_SP: 'LDM', STM_SP: 'STM' };

/** True for an operation that always leaves by itself. */
function leaves({ name, w1, w2 }: Step): boolean {
  if (name === 'BX' || name === 'JUMP' || name === 'TB' || name === 'TABLE_BRANCH()') return true;
  if (name === 'LDM' || name === 'LDM_SLOW()') return (w2 & 0x8000) !== 0;
  return name === 'TRANSFER()' && (w1 & 15) === 15;
}

/** Collects one region. */
class Former {
  private readonly code: CodePages;
  private readonly original: Original;
  private readonly refused: ReadonlySet<number>;
  private readonly limit: number;
  private readonly tables: boolean;
  private readonly blocks = new Map<string, Block>();
  private readonly queue: { pc: number; it: number; context: Context; edge: (edge: Edge) => void }[] = [];
  private readonly steps = new Map<string, Step | undefined>();
  private readonly guards = new Map<number, number>();
  private readonly pages = new Map<number, RegionPage>();
  private instructions = 0;
  private contexts = 0;

  constructor(code: CodePages, original: Original, refused: ReadonlySet<number>, limit: number, tables: boolean) {
    this.limit = limit;
    this.tables = tables;
    this.code = code;
    this.original = original;
    this.refused = refused;
  }

  form(pc: number): Region | undefined {
    const root: Context = { id: 0, returns: -1, parent: undefined, entry: pc };
    let first: Edge | undefined;
    this.enqueue(pc, 0, root, (edge) => {
      first = edge;
    });
    for (let next = this.queue.shift(); next; next = this.queue.shift()) next.edge(this.block(next.pc, next.it, next.context));
    if (!first || !('block' in first)) return undefined;
    const blocks = [first.block, ...[...this.blocks.values()].filter((block) => !first || !('block' in first) || block !== first.block)];
    const guards = [...this.guards].map(([arena, length]) => ({ arena, length }));
    return { pc, blocks, guards, pages: [...this.pages.values()], instructions: this.instructions };
  }

  private enqueue(pc: number, it: number, context: Context, edge: (edge: Edge) => void): void {
    this.queue.push({ pc, it, context, edge });
  }

  /** The block at an address: a known one, a known one split in two, or a new one. */
  private block(pc: number, it: number, context: Context): Edge {
    const key = `${context.id}:${pc}:${it}`;
    const known = this.blocks.get(key) ?? this.split(key);
    if (known) return { block: known };
    const steps: Step[] = [];
    const block: Block = { id: 0, pc, it, context, steps, end: { kind: 'jump', to: { exit: pc } } };
    let at = pc;
    let state = it;
    for (;;) {
      const place = `${context.id}:${at}:${state}`;
      if (steps.length > 0 && (this.blocks.has(place) || this.inside.has(place))) {
        block.end = { kind: 'jump', to: this.block(at, state, context) };
        break;
      }
      const step = this.instructions < this.limit ? this.step(at, state) : undefined;
      if (!step) {
        if (steps.length === 0) return { exit: pc };
        block.end = { kind: 'jump', to: { exit: at } };
        // A place inside an IT block is no place to enter: the interpreter goes on there.
        if (state !== 0) {
          this.instructions -= steps.length;
          return this.cut(block, key);
        }
        break;
      }
      steps.push(step);
      this.inside.set(place, block);
      this.instructions++;
      const end = this.terminator(step, block);
      if (end) {
        block.end = end;
        break;
      }
      at = step.next;
      state = step.itNext;
    }
    this.blocks.set(key, block);
    return { block };
  }

  /** Blocks by the place of each of their steps. */
  private readonly inside = new Map<string, Block>();

  /** Ends a block before an IT block that is not wholly known. */
  private cut(block: Block, key: string): Edge {
    let keep = block.steps.length;
    while (keep > 0 && (block.steps[keep - 1]!.it !== 0 || block.steps[keep - 1]!.name === 'IT')) keep--;
    for (const step of block.steps.splice(keep)) this.inside.delete(`${block.context.id}:${step.pc}:${step.it}`);
    if (keep === 0) return { exit: block.pc };
    this.instructions += keep;
    block.end = { kind: 'jump', to: { exit: block.steps[keep - 1]!.next } };
    this.blocks.set(key, block);
    return { block };
  }

  /** Makes a block of the tail of the one that contains the place. */
  private split(key: string): Block | undefined {
    const block = this.inside.get(key);
    if (!block) return undefined;
    const index = block.steps.findIndex((step) => `${block.context.id}:${step.pc}:${step.it}` === key);
    const tail = block.steps.splice(index);
    const first = tail[0]!;
    const second: Block = { id: 0, pc: first.pc, it: first.it, context: block.context, steps: tail, end: block.end };
    for (const step of tail) this.inside.set(`${block.context.id}:${step.pc}:${step.it}`, second);
    block.end = { kind: 'jump', to: { block: second } };
    this.blocks.set(key, second);
    return second;
  }

  /** The instruction at `pc`, decoded if it never was; undefined where nothing can be translated. */
  private step(pc: number, it: number): Step | undefined {
    const key = `${pc}:${it}`;
    if (this.steps.has(key)) return this.steps.get(key);
    const step = this.read(pc, it);
    this.steps.set(key, step);
    return step;
  }

  private read(pc: number, it: number): Step | undefined {
    if (this.code.isHooked(pc)) return undefined;
    const page = this.code.find(pc);
    if (!page || page.arena < 0) return undefined;
    const index = ((pc & 0xffe) >>> 1) * SLOT;
    let w0 = page.slots[index]!;
    if ((w0 & 0xfff) === ENTER) w0 = this.original(page, index);
    if ((w0 & 0xfff) === DECODE) {
      if (!this.code.decode(page, pc)) return undefined;
      w0 = page.slots[index]!;
    }
    const size = ((w0 >>> 12) & 15) * 2;
    // The second half of an instruction in two pages, where it can be watched.
    const straddles = (pc & 0xfff) + size > 4096;
    if (straddles && page.straddles < 0) return undefined;
    const inIt = it !== 0;
    const op = inIt ? w0 >>> 16 : w0 & 0xfff;
    const name = LIMITED[NAMES[op]!] ?? NAMES[op]!;
    const w2 = page.slots[index + 2]!;
    const advanced = (it & 7) === 0 ? 0 : (it & 0xe0) | ((it << 1) & 0x1f);
    if (straddles) {
      const second = (pc >>> 12) + 1;
      this.guard(page, pc, 2);
      this.widen(page.straddles, 2);
      this.pages.set(second, { virtual: second, arena: page.straddles });
    } else this.guard(page, pc, size);
    return {
      pc,
      next: (pc + size) | 0,
      name,
      w1: page.slots[index + 1]!,
      w2,
      w3: page.slots[index + 3]!,
      it,
      itNext: name === 'IT' && !inIt ? w2 : advanced,
      condition: inIt && op !== BKPT && it >>> 4 < 14 ? it >>> 4 : -1,
    };
  }

  private guard(page: CodePage, pc: number, size: number): void {
    this.widen(page.arena + (pc & 0xfff), size);
    this.pages.set(pc >>> 12, { virtual: pc >>> 12, arena: page.arena });
  }

  /** Tables and instructions may begin at one address. */
  private widen(arena: number, length: number): void {
    this.guards.set(arena, Math.max(this.guards.get(arena) ?? 0, length));
  }

  /** How `step` ends its block; undefined when it does not. */
  private terminator(step: Step, block: Block): Terminator | undefined {
    const { context } = block;
    const { name, w1, w2, w3, pc, next, itNext } = step;
    const here = (pc & -4096) | 0;
    const near = (slot: number): number => here + (slot >>> 1);
    const far = (pc + 4 + w2) | 0;
    const follow = (target: number, it: number, set: (edge: Edge) => void, where = context): Edge => {
      this.enqueue(target, it, where, set);
      return { exit: target };
    };
    if (this.refused.has(pc) || INTERPRETED.has(name) || (name === 'JUMP' && w3 === 2) || (name === 'HINT()' && w2 >= 2 && w2 <= 4))
      return { kind: 'interpret', next: undefined };
    // A branch that is not the last of its IT block: rare, and its exits would have to know the IT state.
    if (itNext !== 0 && (leaves(step) || /^(B|BL|BLX|B_FAR|BL_FAR)$/.test(name))) return { kind: 'interpret', next: undefined };
    if (name === 'B' || name === 'B_FAR') {
      const target = name === 'B' ? near(w1) : far;
      if (step.condition < 0) {
        const end: Terminator = { kind: 'jump', to: { exit: target } };
        follow(target, 0, (edge) => {
          end.to = edge;
        });
        return end;
      }
      return this.conditional(step, step.condition, target, itNext, follow);
    }
    const condition = name === 'B_COND_FAR' ? w1 : CONDITIONS.get(name);
    if (condition !== undefined) return this.conditional(step, condition, name === 'B_COND_FAR' ? far : near(w1), 0, follow);
    if (name === 'CBZ' || name === 'CBNZ' || name === 'CB_FAR') {
      const isFar = name === 'CB_FAR';
      const end: Terminator = {
        kind: 'compare',
        register: w1 & 15,
        nonZero: isFar ? (w1 & 0x100) !== 0 : name === 'CBNZ',
        taken: { exit: isFar ? far : near(w2) },
        next: { exit: next },
      };
      follow(next, 0, (edge) => {
        end.next = edge;
      });
      follow(isFar ? far : near(w2), 0, (edge) => {
        end.taken = edge;
      });
      return end;
    }
    if (name === 'BL' || name === 'BL_FAR') {
      const target = name === 'BL' ? near(w1) : far;
      if (step.condition < 0 && this.inlinable(target, context)) {
        const copy: Context = { id: ++this.contexts, returns: next, parent: context, entry: target };
        const end: Terminator = { kind: 'jump', to: { exit: target } };
        follow(
          target,
          0,
          (edge) => {
            end.to = edge;
          },
          copy,
        );
        return end;
      }
      const end: Terminator = { kind: 'call', condition: step.condition, target, returns: next, next: { exit: next } };
      follow(next, 0, (edge) => {
        end.next = edge;
      });
      return end;
    }
    if (name === 'BLX') {
      const end: Terminator = {
        kind: 'call-register',
        condition: step.condition,
        register: (w1 >> 8) & 15,
        returns: next,
        next: { exit: next },
      };
      follow(next, 0, (edge) => {
        end.next = edge;
      });
      return end;
    }
    if (!leaves(step)) return undefined;
    if (name === 'TB' && step.condition < 0 && ((w1 >> 4) & 15) === 15) {
      const table = this.table(block, step, w3 !== 0);
      if (table) {
        const end: Terminator = { kind: 'table', index: (w1 >> 8) & 15, targets: table.map((target): Edge => ({ exit: target })) };
        const known = new Map<number, Edge>();
        for (const [i, target] of table.entries())
          follow(target, 0, (edge) => {
            known.set(target, edge);
            end.targets[i] = edge;
          });
        return end;
      }
    }
    if (!this.tables && name === 'TB') return { kind: 'interpret', next: undefined };
    const end: Terminator = { kind: 'dynamic', expected: -1, back: undefined, next: undefined };
    const returns = name === 'BX' ? ((w1 >> 8) & 15) === 14 : name === 'LDM';
    if (context.parent && returns) {
      const whole: Terminator = { kind: 'dynamic', expected: context.returns, back: { exit: context.returns }, next: undefined };
      follow(
        context.returns,
        0,
        (edge) => {
          whole.back = edge;
        },
        context.parent,
      );
      return this.falls(step, whole, follow);
    }
    return this.falls(step, end, follow);
  }

  /** Adds to a conditional `dynamic` where it goes when its condition fails. */
  private falls(
    step: Step,
    end: Extract<Terminator, { kind: 'dynamic' }>,
    follow: (target: number, it: number, set: (edge: Edge) => void) => Edge,
  ): Terminator {
    if (step.condition >= 0)
      end.next = follow(step.next, step.itNext, (edge) => {
        end.next = edge;
      });
    return end;
  }

  private conditional(
    step: Step,
    condition: number,
    target: number,
    itNext: number,
    follow: (target: number, it: number, set: (edge: Edge) => void) => Edge,
  ): Terminator {
    const end: Terminator = { kind: 'branch', condition, taken: { exit: target }, next: { exit: step.next } };
    follow(step.next, itNext, (edge) => {
      end.next = edge;
    });
    follow(target, 0, (edge) => {
      end.taken = edge;
    });
    return end;
  }

  /** True for a small leaf function. */
  private inlinable(target: number, context: Context): boolean {
    let depth = 0;
    for (let at: Context | undefined = context; at; at = at.parent) {
      if (at.entry === target) return false;
      depth++;
    }
    if (depth > INLINE_DEPTH || this.instructions > this.limit - INLINE_LIMIT) return false;
    const seen = new Set<string>();
    const todo: [number, number][] = [[target, 0]];
    let returns = false;
    for (let place = todo.pop(); place; place = todo.pop()) {
      let [pc, it] = place;
      for (;;) {
        const key = `${pc}:${it}`;
        if (seen.has(key)) break;
        seen.add(key);
        if (seen.size > INLINE_LIMIT) return false;
        const step = this.step(pc, it);
        if (!step) return false;
        const { name, w1, w2 } = step;
        const here = (pc & -4096) | 0;
        if (INTERPRETED.has(name) || /^(BL|BLX|TB|JUMP|MSR|CPS)/.test(name)) return false;
        if (name === 'B' || name === 'B_FAR') {
          todo.push([name === 'B' ? here + (w1 >>> 1) : (pc + 4 + w2) | 0, 0]);
          if (step.condition < 0) break;
        } else if (CONDITIONS.has(name)) todo.push([here + (w1 >>> 1), 0]);
        else if (name === 'B_COND_FAR' || name === 'CB_FAR') todo.push([(pc + 4 + w2) | 0, 0]);
        else if (name === 'CBZ' || name === 'CBNZ') todo.push([here + (w2 >>> 1), 0]);
        else if (leaves(step)) {
          if (name === 'BX' ? ((w1 >> 8) & 15) !== 14 : name !== 'LDM') return false;
          returns = true;
          if (step.condition < 0) break;
        }
        pc = step.next;
        it = step.itNext;
      }
    }
    return returns;
  }

  /** Targets of TBB or TBH whose index was compared before; the table's bytes are guarded like code. */
  private table(block: Block, step: Step, wide: boolean): number[] | undefined {
    const index = (step.w1 >> 8) & 15;
    const compare = this.compareBefore(block, step, index);
    if (compare === undefined || compare < 0 || compare >= TABLE_LIMIT) return undefined;
    const count = compare + 1;
    const from = (step.pc + 4) | 0;
    const bytes = wide ? count * 2 : count;
    if ((from & 0xfff) + bytes > 4096 || (from & -4096) !== (step.pc & -4096)) return undefined;
    const page = this.code.find(step.pc)!;
    this.guard(page, from, bytes);
    const targets: number[] = [];
    for (let i = 0; i < count; i++) {
      const value = this.code.peek(page, (from & 0xfff) + i * (wide ? 2 : 1), wide ? 2 : 1);
      targets.push((from + 2 * value) | 0);
    }
    return targets;
  }

  /** The immediate that `register` was compared with a few instructions before `step`. */
  private compareBefore(block: Block, step: Step, register: number): number | undefined {
    const own = block.steps.slice(0, -1).toReversed();
    const before = [...this.blocks.values()].find(
      (other) => other.context === block.context && other.end.kind === 'branch' && other.steps.at(-1)!.next === block.pc,
    );
    const all = [...own, ...(before ? before.steps.toReversed() : [])].slice(0, 8);
    if (all.length === 0 && block.pc !== step.pc) return undefined;
    for (const { name, w1, w2 } of all) if (name === 'CMP_I' && ((w1 >> 4) & 15) === register) return w2;
    return undefined;
  }
}

/**
 * The region that begins at `pc`, of at most about `limit` instructions, or undefined when nothing can be translated there; the interpreter
 * executes what is at `refused` addresses, and tables that are not known unless `tables`.
 */
export function formRegion(
  code: CodePages,
  original: Original,
  pc: number,
  refused: ReadonlySet<number>,
  limit: number,
  tables = true,
): Region | undefined {
  return new Former(code, original, refused, limit, tables).form(pc);
}
