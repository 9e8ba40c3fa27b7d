/**
 * Names of a file's variables, functions and types: found by a walk over the top of each unit, which skips what functions hold, and for
 * statics of functions by one over everything.
 */
import type { Abbreviation } from './abbreviations.ts';
import { DW_AT, DW_FORM, DW_OP, DW_TAG } from './constants.ts';
import type { Cursor } from './cursor.ts';
import { type Die, isStructTag } from './die.ts';
import { baseName, templateName } from './type-names.ts';
import type { Unit, UnitTable } from './units.ts';

/** An entry with the names around it. */
export interface Named {
  readonly die: Die;
  /** Namespaces and classes, with `::` at its end; empty in C. */
  readonly scope: string;
  /** The function around it. */
  readonly function: string | undefined;
}

type Visit = (die: Die, scope: string) => void;

/** Deepest nesting of namespaces and functions. */
const DEEPEST = 256;

/** Tags that other names stand in. */
function isScope(tag: number, cplusplus: boolean): boolean {
  return tag === DW_TAG.namespace || tag === DW_TAG.module || (cplusplus && isStructTag(tag));
}

/** Goes past an entry, and what is below it, without reading it; false when it has to be read for that. */
function goPast(kind: Abbreviation, unit: Unit, cursor: Cursor, entered: boolean): boolean {
  if (!kind.hasChildren) {
    if (kind.size >= 0) cursor.skip(kind.size);
    return kind.size >= 0;
  }
  if (entered || kind.siblingAt < 0) return false;
  cursor.skip(kind.siblingAt);
  const sibling = unit.start + cursor.u32();
  if (sibling < cursor.at || sibling > unit.end) return false;
  cursor.seek(sibling);
  return true;
}

/** Visits entries of a kind that `wants` at the top of a unit, and in its namespaces and classes. */
function walkTop(unit: Unit, wants: (kind: Abbreviation) => boolean, visit: Visit): void {
  const { root } = unit;
  if (root === undefined || !root.hasChildren) return;
  const cplusplus = unit.likeCPlusPlus;
  const { budget } = unit.table;
  const table = unit.abbreviationTable;
  const cursor = unit.cursor(root.end);
  const scopes: { readonly depth: number; readonly prefix: string }[] = [];
  let prefix = '';
  let depth = 0;
  while (!cursor.done) {
    const { at } = cursor;
    const code = cursor.uleb();
    if (code === 0) {
      if (depth-- === 0) return;
      if (scopes.at(-1)?.depth === depth) prefix = scopes.pop()!.prefix;
      continue;
    }
    const abbreviation = table.get(code);
    const top = depth === scopes.length;
    const wanted = top && abbreviation !== undefined && wants(abbreviation);
    if (abbreviation && !wanted && goPast(abbreviation, unit, cursor, top && isScope(abbreviation.tag, cplusplus))) {
      budget.spend(1);
      continue;
    }
    cursor.seek(at);
    const die = unit.read(cursor)!;
    budget.spend(1 + (abbreviation?.attributeCount ?? 0));
    if (wanted) visit(die, prefix);
    if (!die.hasChildren) continue;
    if (top && scopes.length < DEEPEST && isScope(die.tag, cplusplus)) {
      scopes.push({ depth, prefix });
      prefix += `${die.name || '(anonymous namespace)'}::`;
      depth++;
      continue;
    }
    const { sibling } = die;
    if (sibling === undefined) depth++;
    else cursor.seek(sibling);
  }
}

/** Visits variables inside of functions; `owner` is the innermost function. */
function walkFunctions(unit: Unit, visit: (die: Die, owner: string) => void): void {
  const { root } = unit;
  if (root === undefined || !root.hasChildren) return;
  const cursor = unit.cursor(root.end);
  const owners: { readonly depth: number; readonly name: string }[] = [];
  let depth = 0;
  while (!cursor.done) {
    const die = unit.read(cursor);
    unit.table.budget.spend(4);
    if (die === undefined) {
      if (depth-- === 0) return;
      if (owners.at(-1)?.depth === depth) owners.pop();
      continue;
    }
    const owner = owners.at(-1);
    if (owner && die.tag === DW_TAG.variable) visit(die, owner.name);
    if (!die.hasChildren) continue;
    if (die.tag === DW_TAG.subprogram && owners.length < DEEPEST) owners.push({ depth, name: die.name });
    depth++;
  }
}

/** Whether a variable is at a fixed address, or a constant; parameters and locals of the stack are not. */
function isStatic(die: Die): boolean {
  const form = die.form(DW_AT.location);
  if (form === undefined) return die.has(DW_AT.const_value);
  if (form === DW_FORM.sec_offset || form === DW_FORM.loclistx) return false;
  const opcode = die.block(DW_AT.location)?.[0];
  return opcode === DW_OP.addr || opcode === DW_OP.addrx;
}

/** Variables, and functions with code. */
const isTop = ({ tag, hasCode }: Abbreviation): boolean => tag === DW_TAG.variable || (tag === DW_TAG.subprogram && hasCode);

const TYPE_TAGS: ReadonlySet<number> = new Set([
  DW_TAG.structure_type,
  DW_TAG.class_type,
  DW_TAG.union_type,
  DW_TAG.enumeration_type,
  DW_TAG.typedef,
  DW_TAG.base_type,
]);
const CHILD_TAGS: ReadonlySet<number> = new Set([...TYPE_TAGS, DW_TAG.variable, DW_TAG.subprogram, DW_TAG.member]);

function add<K, T>(map: Map<K, T[]>, key: K, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

/** Name of a type without its scope, as the reader spells it. */
function spelled(die: Die): string {
  return die.tag === DW_TAG.base_type ? baseName(die.name) : templateName(die.name);
}

/** The names of a file. Each index is built when it is first asked for. */
export class NameIndex {
  private readonly units: UnitTable;
  private top:
    | { readonly variables: Map<string, Named[]>; readonly functions: Named[]; readonly declared: Map<string, Named[]> }
    | undefined;
  private inner: { readonly statics: Map<string, Named[]>; readonly owners: Map<number, string> } | undefined;
  private types: Map<string, Die[]> | undefined;
  private readonly prefixes = new Map<Unit, Map<number, string>>();

  constructor(units: UnitTable) {
    this.units = units;
  }

  private readTop(): NonNullable<typeof this.top> {
    if (this.top) return this.top;
    const variables = new Map<string, Named[]>();
    const declared = new Map<string, Named[]>();
    const functions: Named[] = [];
    for (const unit of this.units.sources) {
      this.units.guarded(() =>
        walkTop(unit, isTop, (die, scope) => {
          if (die.tag === DW_TAG.subprogram) {
            functions.push({ die, scope, function: undefined });
            return;
          }
          const isDefined = die.has(DW_AT.location) || die.has(DW_AT.const_value);
          add(isDefined || !die.has(DW_AT.declaration) ? variables : declared, die.name, { die, scope, function: undefined });
        }),
      );
    }
    this.top = { variables, functions, declared };
    return this.top;
  }

  private readInner(): NonNullable<typeof this.inner> {
    if (this.inner) return this.inner;
    const statics = new Map<string, Named[]>();
    const owners = new Map<number, string>();
    for (const unit of this.units.sources) {
      this.units.guarded(() =>
        walkFunctions(unit, (die, owner) => {
          const named: Named = { die, scope: '', function: owner };
          if (isStatic(die)) add(statics, die.name, named);
          else if (die.has(DW_AT.name) && !die.has(DW_AT.location)) owners.set(die.key, owner);
        }),
      );
    }
    this.inner = { statics, owners };
    return this.inner;
  }

  /** Variables outside of functions called `name`, or all. Those of link-time optimisation may turn out to be a function's. */
  variables(name?: string): readonly Named[] {
    const { variables } = this.readTop();
    const list = name === undefined ? [...variables.values()].flat() : (variables.get(name) ?? []);
    return list.map((named) => this.owned(named));
  }

  /** With link-time optimisation a function's static stands beside it, and what it is an instance of stands inside. */
  private owned(named: Named): Named {
    const origin = named.die.reference(DW_AT.abstract_origin);
    const owner = origin && this.readInner().owners.get(origin.key);
    return owner === undefined ? named : { ...named, function: owner };
  }

  /** Variables that are declared and defined where there is no debug information. */
  declared(name: string): readonly Named[] {
    return this.readTop().declared.get(name) ?? [];
  }

  /** Statics of functions called `name`, or all. */
  statics(name?: string): readonly Named[] {
    const { statics } = this.readInner();
    return name === undefined ? [...statics.values()].flat() : (statics.get(name) ?? []);
  }

  /** Functions with code; not those inside of other functions, which GNU C has. */
  functions(): readonly Named[] {
    return this.readTop().functions;
  }

  /** Names of all variables that are known, for suggestions. */
  names(): string[] {
    return [...this.readTop().variables.keys(), ...this.readTop().declared.keys(), ...this.readInner().statics.keys()];
  }

  /** Definitions of types called `name`, without keyword and scope. */
  typesNamed(name: string): readonly Die[] {
    if (this.types === undefined) {
      const types = new Map<string, Die[]>();
      for (const unit of this.units.all) {
        this.units.guarded(() =>
          walkTop(
            unit,
            ({ tag }) => TYPE_TAGS.has(tag),
            (die) => {
              if (die.has(DW_AT.name) && !die.has(DW_AT.declaration)) add(types, spelled(die), die);
            },
          ),
        );
      }
      this.types = types;
    }
    return this.types.get(name) ?? [];
  }

  /** Namespaces and classes around an entry, with `::` at its end. */
  prefix(die: Die): string {
    const { unit } = die;
    if (!unit.likeCPlusPlus) return '';
    let prefixes = this.prefixes.get(unit);
    if (prefixes === undefined) {
      const found = new Map<number, string>();
      this.units.guarded(() =>
        walkTop(
          unit,
          ({ tag }) => CHILD_TAGS.has(tag),
          (child, scope) => {
            if (scope !== '') found.set(child.offset, scope);
          },
        ),
      );
      this.prefixes.set(unit, found);
      prefixes = found;
    }
    return prefixes.get(die.offset) ?? '';
  }
}
