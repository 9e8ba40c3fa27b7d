/**
 * Variables that live as long as the program, by the names that a user gives them: `state`, `file.c:state`, `function::state`.
 *
 * A linker leaves the entries of what it discarded, moved to address 0; they are left out.
 */
import { SymbolError } from '../errors.ts';
import { DW_AT } from './constants.ts';
import type { Die } from './die.ts';
import { evaluate, staticContext } from './expression.ts';
import type { Named, NameIndex } from './index.ts';
import { expressionAt } from './lists.ts';
import type { DebugVariable, Location, SourcePlace, Type } from './model.ts';
import { pathMatches } from './paths.ts';
import { constantOf, declarationOf, type FunctionScope, linkageName } from './scopes.ts';
import type { ElfSymbol, Sections } from './sections.ts';

const NOWHERE: Location = { kind: 'optimised-out', reason: 'the compiler keeps it nowhere: it was optimised out' };

/** A name in its parts. */
interface Wanted {
  readonly file: string | undefined;
  /** `a::b::c` */
  readonly path: string;
  /** `c` */
  readonly last: string;
}

function parse(name: string): Wanted {
  const [, file, path] = /^(.*[^:]):([^:].*)$/.exec(name) ?? [undefined, undefined, name];
  return { file, path: path!, last: path!.slice(path!.lastIndexOf('::') + 1).replace(/^:/, '') };
}

class Variable implements DebugVariable {
  readonly name: string;
  readonly qualifiedName: string;
  readonly function: string | undefined;
  readonly die: Die;
  private readonly scope: FunctionScope;
  private readonly symbol: ElfSymbol | undefined;
  private foundLocation: Location | undefined;
  private foundType: Type | undefined;

  constructor(named: Named, prefix: string, scope: FunctionScope, symbol?: ElfSymbol) {
    this.die = named.die;
    this.name = named.die.name;
    this.function = named.function;
    this.qualifiedName = named.function === undefined ? `${prefix}${this.name}` : `${named.function}::${this.name}`;
    this.scope = scope;
    this.symbol = symbol;
  }

  private safely<T>(make: () => T, otherwise: T): T {
    let value = otherwise;
    this.scope.guarded(() => {
      value = make();
    });
    return value;
  }

  get linkageName(): string | undefined {
    return this.safely(() => linkageName(this.die), undefined);
  }

  get type(): Type {
    this.foundType ??= this.wholeType();
    return this.foundType;
  }

  /** `int table[]` in a header is completed by the definition's own entry. */
  private wholeType(): Type {
    const { types } = this.scope;
    return types.of(this.die);
  }

  get external(): boolean {
    return this.safely(() => this.die.holder(DW_AT.external)?.flag(DW_AT.external) ?? false, false);
  }

  get declaration(): SourcePlace {
    return this.safely(() => declarationOf(this.die, this.scope), { file: '', line: 0, column: 0 });
  }

  get unit(): string {
    return this.safely(() => (this.die.chain().at(-1) ?? this.die).unit.name, '');
  }

  get location(): Location {
    this.foundLocation ??= this.safely(() => this.locate(), NOWHERE);
    return this.foundLocation;
  }

  private locate(): Location {
    if (this.symbol) return { kind: 'memory', address: this.symbol.address };
    const holder = this.die.holder(DW_AT.location);
    const bytes = holder && expressionAt(holder, DW_AT.location, undefined);
    if (bytes && bytes.length > 0) return evaluate(bytes, staticContext(holder.unit));
    return constantOf(this.die) ?? NOWHERE;
  }
}

/** Looks variables up. */
export class Globals {
  private readonly index: NameIndex;
  private readonly sections: Sections;
  private readonly scope: FunctionScope;
  private readonly known = new Map<string, readonly Variable[]>();
  private symbolsByName: Map<string, ElfSymbol> | undefined;

  constructor(index: NameIndex, sections: Sections, scope: FunctionScope) {
    this.index = index;
    this.sections = sections;
    this.scope = scope;
  }

  private symbol(name: string): ElfSymbol | undefined {
    this.symbolsByName ??= new Map(this.sections.symbols().map((symbol) => [symbol.name, symbol]));
    return this.symbolsByName.get(name);
  }

  private prefix({ die, scope }: Named): string {
    const declaration = die.chain().at(-1)!;
    return declaration === die ? scope : this.index.prefix(declaration);
  }

  /** Was it linked? What the linker discarded has address 0 and no symbol there. */
  private isLinked(variable: Variable): boolean {
    const { location } = variable;
    if (location.kind !== 'memory') return true;
    if (!this.scope.isLive(location.address) && location.address !== 0) return false;
    if (location.address !== 0) return true;
    const label = variable.linkageName ?? variable.name;
    return this.sections.symbols().some(({ name, address }) => address === 0 && (name === label || name.startsWith(`${label}.`)));
  }

  private make(list: readonly Named[]): Variable[] {
    return list.map((named) => new Variable(named, this.prefix(named), this.scope));
  }

  /** One of each: the same variable may have an entry in several units, or be listed with and without its place. */
  private distinct(variables: readonly Variable[]): Variable[] {
    const linked = variables.filter((variable) => this.isLinked(variable));
    const placed = linked.filter(({ location }) => location.kind === 'memory');
    const byAddress = new Map<number, Variable>();
    for (const variable of placed) {
      const { address } = variable.location as { readonly address: number };
      const known = byAddress.get(address);
      if (known === undefined || this.fits(variable, address) > this.fits(known, address)) byAddress.set(address, variable);
    }
    if (placed.length > 0) return [...byAddress.values()];
    const valued = linked.filter(({ location }) => location.kind === 'value');
    const texts = new Map(
      valued.map((variable) => [`${variable.qualifiedName} ${variable.location.kind === 'value' && variable.location.bytes}`, variable]),
    );
    return texts.size > 0 ? [...texts.values()] : linked.slice(0, 1);
  }

  /** A weak definition that lost has the address of the one that won: the symbol's size tells them apart. */
  private fits({ name, type }: Variable, address: number): number {
    if (type.size === 0) return 0;
    return this.symbol(name)?.address === address && this.symbol(name)?.size === type.size ? 2 : 1;
  }

  private outside(name: string): Variable[] {
    const found = this.make(this.index.variables(name));
    const declared = this.index.declared(name);
    if (found.length > 0 || declared.length === 0) return found;
    const symbol = this.symbol(name);
    if (symbol === undefined) return [];
    const whole = declared.map((named) => new Variable(named, this.prefix(named), this.scope, symbol));
    return [whole.find(({ type }) => type.size > 0) ?? whole[0]!];
  }

  /** Every variable called `name`, however its scope is called; without a name, every variable in memory. */
  all(name?: string): readonly Variable[] {
    if (name === undefined) return this.distinct(this.make([...this.index.variables(), ...this.index.statics()]));
    let list = this.known.get(name);
    if (list === undefined) {
      list = this.search(parse(name));
      this.known.set(name, list);
    }
    return list;
  }

  private search({ file, path, last }: Wanted): Variable[] {
    const fits = (variable: Variable): boolean =>
      (path === last || variable.qualifiedName === path || variable.qualifiedName.endsWith(`::${path}`)) &&
      (file === undefined || pathMatches(variable.declaration.file, file) || pathMatches(variable.unit, file));
    const outside = this.distinct(this.outside(last).filter(fits));
    const exact = outside.filter(({ qualifiedName }) => qualifiedName.replaceAll('(anonymous namespace)::', '') === path);
    const direct = exact.length > 0 ? exact : outside;
    if (direct.some(({ location }) => location.kind === 'memory')) return direct;
    const inside = this.distinct(this.make(this.index.statics(last)).filter(fits));
    return inside.length > 0 ? inside : direct;
  }

  /** The variable called `name`. @throws {SymbolError} */
  one(name: string): DebugVariable {
    const list = this.all(name);
    if (list.length === 1) return list[0]!;
    if (list.length === 0) throw unknownName('variable', name, parse(name).last, this.index.names());
    throw ambiguousName('variables', name, list);
  }
}

/** Names that are spelled alike. */
function similar(name: string, names: readonly string[]): string[] {
  const wanted = name.toLowerCase();
  const near = names.filter((other) => {
    const lower = other.toLowerCase();
    return (
      lower !== '' &&
      wanted.length > 2 &&
      (lower.includes(wanted) || (lower.length > 3 && wanted.includes(lower)) || differsLittle(lower, wanted))
    );
  });
  return [...new Set(near)].sort((a, b) => Math.abs(a.length - name.length) - Math.abs(b.length - name.length)).slice(0, 5);
}

/** At most two letters are wrong, missing, too many or swapped, at one place. */
function differsLittle(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 2) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  return Math.max(a.length, b.length) - start - end <= 2;
}

/** The error for a name that is not there. */
export function unknownName(kind: string, name: string, last: string, names: readonly string[]): SymbolError {
  const near = similar(last, names);
  const remedy = near.length > 0 ? `did you mean ${near.join(', ')}?` : 'it may be optimised away, or of another file';
  return new SymbolError('E_SYMBOL_UNKNOWN', `no ${kind} ${name} in this firmware`, remedy, name, near);
}

/** The error for a name that several have. */
export function ambiguousName(
  kind: string,
  name: string,
  list: readonly (Pick<DebugVariable, 'qualifiedName' | 'declaration' | 'unit'> & { readonly function?: string | undefined })[],
): SymbolError {
  const candidates = list.map(({ qualifiedName, declaration, unit, function: owner }) => {
    const file = declaration.file || unit;
    const short = file.slice(file.lastIndexOf('/') + 1);
    return owner === undefined
      ? `${short}:${qualifiedName} (${file}:${declaration.line})`
      : `${qualifiedName} (${file}:${declaration.line})`;
  });
  candidates.sort();
  const shown = candidates.slice(0, 20).join(', ');
  const remedy = 'write one of these, with as much of the path as it takes';
  return new SymbolError('E_SYMBOL_AMBIGUOUS', `${list.length} ${kind} are called ${name}: ${shown}`, remedy, name, candidates);
}
