/**
 * A function with code: where it is, what was inlined into it, and its parameters and variables with the scopes they hold in.
 */
import { DW_AT, DW_TAG } from './constants.ts';
import type { Die } from './die.ts';
import { type ExpressionContext, evaluate } from './expression.ts';
import { expressionAt, rangesOf } from './lists.ts';
import type {
  AddressRange,
  DebugFunction,
  Expression,
  FrameContext,
  InlinedCall,
  LocalVariable,
  Location,
  SourcePlace,
  Type,
} from './model.ts';
import { toBytes } from './operands.ts';
import type { Types } from './types.ts';

/** Deepest nesting of blocks. */
const DEEPEST = 200;

/** What a function needs of the file around it. */
export interface FunctionScope {
  readonly types: Types;
  /** Path of file `index` in the line table of the entry's unit. */
  file(die: Die, index: number): string;
  /** Canonical frame address of a frame. */
  frameAddress(frame: FrameContext): number | undefined;
  /** Name with namespaces and classes. */
  qualifiedName(die: Die): string;
  guarded(action: () => void): void;
  isLive(low: number): boolean;
}

/** A block, an inlined call or the function itself, with what stands in it. */
interface Scope {
  readonly die: Die;
  readonly ranges: readonly AddressRange[];
  readonly variables: readonly LocalVariable[];
  readonly scopes: readonly Scope[];
}

const holds = (ranges: readonly AddressRange[], pc: number): boolean => ranges.some(({ low, high }) => pc >= low && pc < high);

/** Where an entry, or what it is an instance of, is declared. */
export function declarationOf(die: Die, scope: Pick<FunctionScope, 'file'>): SourcePlace {
  const line = die.holder(DW_AT.decl_line);
  // A definition outside of its class says its line and leaves the file to the declaration when it is the same.
  const file = die.holder(DW_AT.decl_file);
  return {
    file: file ? scope.file(file, file.number(DW_AT.decl_file) ?? 0) : '',
    line: line?.number(DW_AT.decl_line) ?? 0,
    column: die.holder(DW_AT.decl_column)?.number(DW_AT.decl_column) ?? 0,
  };
}

/** A constant that DW_AT_const_value holds, as bytes. */
export function constantOf(die: Die): Location | undefined {
  const holder = die.holder(DW_AT.const_value);
  if (holder === undefined) return undefined;
  const bytes = holder.block(DW_AT.const_value);
  if (bytes) return { kind: 'value', bytes };
  const value = holder.bigint(DW_AT.const_value, false);
  if (value !== undefined) return { kind: 'value', bytes: toBytes(value, 8) };
  const text = holder.string(DW_AT.const_value);
  return text === undefined ? undefined : { kind: 'value', bytes: new TextEncoder().encode(`${text}\0`) };
}

/** A function as its entry describes it; everything but name and place is read when it is asked for. */
export class FunctionEntry implements DebugFunction {
  readonly name: string;
  readonly qualifiedName: string;
  readonly ranges: readonly AddressRange[];
  readonly die: Die;
  private readonly scope: FunctionScope;
  private foundTree: Scope | undefined;
  private foundInlined: readonly InlinedCall[] | undefined;
  private foundPlace: SourcePlace | undefined;

  constructor(die: Die, qualifiedName: string, ranges: readonly AddressRange[], scope: FunctionScope) {
    this.die = die;
    this.name = die.name || (linkageName(die) ?? '');
    this.qualifiedName = qualifiedName;
    this.ranges = ranges;
    this.scope = scope;
  }

  private safely<T>(make: () => T, otherwise: T): T {
    let value = otherwise;
    this.scope.guarded(() => {
      value = make();
    });
    return value;
  }

  /** The entry that all instances of a function share. */
  get origin(): number {
    return this.safely(() => this.die.chain().at(-1)!.key, this.die.key);
  }

  get linkageName(): string | undefined {
    return this.safely(() => linkageName(this.die), undefined);
  }

  get external(): boolean {
    return this.safely(() => this.die.holder(DW_AT.external)?.flag(DW_AT.external) ?? false, false);
  }

  get declaration(): SourcePlace {
    this.foundPlace ??= this.safely(() => declarationOf(this.die, this.scope), { file: '', line: 0, column: 0 });
    return this.foundPlace;
  }

  get unit(): string {
    return this.safely(() => (this.die.chain().at(-1) ?? this.die).unit.name, '');
  }

  get entry(): number {
    return this.safely(() => this.die.address(DW_AT.entry_pc) ?? this.die.address(DW_AT.low_pc), undefined) ?? this.ranges[0]!.low;
  }

  get returnType(): Type {
    return this.scope.types.of(this.die);
  }

  get frameBase(): Expression | undefined {
    const bytes = this.safely(() => expressionAt(this.die, DW_AT.frame_base, this.entry), undefined);
    return bytes && { bytes };
  }

  get variadic(): boolean {
    return this.safely(() => this.parameterEntries().some(({ tag }) => tag === DW_TAG.unspecified_parameters), false);
  }

  get parameters(): readonly LocalVariable[] {
    return this.tree.variables.filter(({ kind }) => kind === 'parameter');
  }

  /** Parameters of this entry, or of what it is an instance of when it has none of its own. */
  private parameterEntries(): Die[] {
    for (const die of this.die.chain()) {
      const entries = die.unit.children(die).filter(({ tag }) => tag === DW_TAG.formal_parameter || tag === DW_TAG.unspecified_parameters);
      if (entries.length > 0) return entries;
    }
    return [];
  }

  private get tree(): Scope {
    this.foundTree ??= this.safely(() => this.readScope(this.die, this.ranges, 0), {
      die: this.die,
      ranges: this.ranges,
      variables: [],
      scopes: [],
    });
    return this.foundTree;
  }

  private readScope(die: Die, ranges: readonly AddressRange[], depth: number): Scope {
    const variables: LocalVariable[] = [];
    const scopes: Scope[] = [];
    const children = depth > DEEPEST ? [] : die.unit.children(die);
    for (const child of [...children, ...inherited(die, children)]) {
      if (child.tag === DW_TAG.formal_parameter || (child.tag === DW_TAG.variable && !child.flag(DW_AT.declaration))) {
        variables.push(this.variable(child));
      } else if (child.tag === DW_TAG.lexical_block || child.tag === DW_TAG.inlined_subroutine) {
        const own = child.has(DW_AT.low_pc) || child.has(DW_AT.ranges) ? rangesOf(child) : ranges;
        scopes.push(this.readScope(child, own, depth + 1));
      }
    }
    return { die, ranges, variables, scopes };
  }

  private variable(die: Die): LocalVariable {
    const { scope } = this;
    const read = (): Type => scope.types.of(die);
    let type: Type | undefined;
    return {
      name: this.safely(() => die.name, ''),
      kind: die.tag === DW_TAG.formal_parameter ? 'parameter' : 'variable',
      get type() {
        type ??= read();
        return type;
      },
      declaration: this.safely(() => declarationOf(die, scope), { file: '', line: 0, column: 0 }),
      locate: (frame) => this.locate(die, frame),
    };
  }

  private locate(die: Die, frame: FrameContext): Location {
    const nowhere: Location = { kind: 'optimised-out', reason: 'the compiler keeps it nowhere at this place' };
    return this.safely(() => {
      const holder = die.holder(DW_AT.location);
      const bytes = holder && expressionAt(holder, DW_AT.location, frame.pc);
      if (bytes) return bytes.length === 0 ? nowhere : evaluate(bytes, this.context(die, frame));
      return constantOf(die) ?? nowhere;
    }, nowhere);
  }

  private context(die: Die, frame: FrameContext): ExpressionContext {
    const { scope } = this;
    const context: ExpressionContext = {
      unit: die.unit,
      addressSize: die.unit.addressSize,
      register: (index) => frame.register(index),
      read: (address, length) => frame.read(address, length),
      frameAddress: () => scope.frameAddress(frame),
      frameBase: () => this.evaluateFrameBase(frame, context),
    };
    return context;
  }

  private evaluateFrameBase(frame: FrameContext, context: ExpressionContext): number | undefined {
    const bytes = expressionAt(this.die, DW_AT.frame_base, frame.pc);
    if (bytes === undefined) return undefined;
    const location = evaluate(bytes, { ...context, frameBase: () => undefined });
    if (location.kind === 'memory') return location.address;
    return location.kind === 'register' ? frame.register(location.register) : undefined;
  }

  get inlined(): readonly InlinedCall[] {
    this.foundInlined ??= this.safely(() => this.inlinedIn(this.tree), []);
    return this.foundInlined;
  }

  private inlinedIn(scope: Scope): InlinedCall[] {
    return scope.scopes.flatMap((inner) => {
      const within = this.inlinedIn(inner);
      return isCall(inner) ? [this.call(inner, within)] : within;
    });
  }

  private call({ die, ranges }: Scope, inlined: readonly InlinedCall[]): InlinedCall {
    return {
      name: this.scope.qualifiedName(die),
      declaration: declarationOf(die, this.scope),
      call: {
        file: this.scope.file(die, die.number(DW_AT.call_file) ?? 0),
        line: die.number(DW_AT.call_line) ?? 0,
        column: die.number(DW_AT.call_column) ?? 0,
      },
      ranges,
      inlined,
    };
  }

  /** The scopes that hold `pc`, from the function inwards; where blocks overlap, the way that leads deepest into inlined calls. */
  private path(scope: Scope, pc: number): Scope[] {
    let best: Scope[] = [];
    for (const inner of scope.scopes) {
      if (!holds(inner.ranges, pc)) continue;
      const path = this.path(inner, pc);
      if (calls(path) > calls(best) || (calls(path) === calls(best) && path.length >= best.length)) best = path;
    }
    return [scope, ...best];
  }

  /** Inlined calls that hold `pc`, outermost first. */
  inlinedAt(pc: number): InlinedCall[] {
    return this.path(this.tree, pc)
      .filter(isCall)
      .map((scope) => this.call(scope, []));
  }

  /** Variables of the scopes that hold `pc`, innermost scope first, up to the innermost function, inlined or not. */
  variablesAt(pc: number): LocalVariable[] {
    const path = this.path(this.tree, pc);
    const own = path.slice(Math.max(0, path.findLastIndex(isCall)));
    const seen = new Set<string>();
    return own.reverse().flatMap(({ variables }) =>
      variables.filter(({ name }) => {
        const isNew = name !== '' && !seen.has(name);
        seen.add(name);
        return isNew;
      }),
    );
  }
}

/** Variables of what `die` is an instance of that it does not list itself: statics, and what was optimised out of it. */
function inherited(die: Die, children: readonly Die[]): Die[] {
  const origin = die.reference(DW_AT.abstract_origin);
  if (origin === undefined) return [];
  const listed = new Set(children.map((child) => child.reference(DW_AT.abstract_origin)?.key));
  return origin.unit
    .children(origin)
    .filter(({ tag, key }) => (tag === DW_TAG.variable || tag === DW_TAG.formal_parameter) && !listed.has(key));
}

const isCall = ({ die }: Scope): boolean => die.tag === DW_TAG.inlined_subroutine;

const calls = (path: readonly Scope[]): number => path.filter(isCall).length;

/** The symbol of an entry whose language mangles names. */
export function linkageName(die: Die): string | undefined {
  for (const attribute of [DW_AT.linkage_name, DW_AT.MIPS_linkage_name]) {
    const name = die.holder(attribute)?.string(attribute);
    if (name !== undefined) return name;
  }
  return undefined;
}
