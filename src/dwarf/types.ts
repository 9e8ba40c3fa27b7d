/**
 * Types of a program, made from their entries when they are asked for: they refer to each other, and to themselves.
 */
import { DW_AT, DW_ATE, DW_TAG } from './constants.ts';
import { Cursor } from './cursor.ts';
import type { Die } from './die.ts';
import type { ArrayType, BaseType, Enumerator, FunctionType, Member, QualifiedType, StructType, Type, VoidType } from './model.ts';
import { baseName, templateName, typeName } from './type-names.ts';

/** Deepest chain of typedefs, qualifiers and arrays that is followed for a size. */
const DEEPEST = 64;

/** Most dimensions of an array. */
const DIMENSIONS = 32;

/** No type at all. */
export const VOID: VoidType = { kind: 'void', name: 'void', size: 0 };

/** A getter that works once. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** What a type reader needs to know of the file around it. */
export interface TypeScope {
  /** Namespaces and classes in front of an entry's name, with `::` at its end; empty in C. */
  prefix(die: Die): string;
  /** The whole definition of a struct that a unit only declares. */
  definition(die: Die): Die | undefined;
  /** Does what damage may end. */
  guarded(action: () => void): void;
}

/** Makes types, each once. */
export class Types {
  private readonly scope: TypeScope;
  private readonly known = new Map<number, Type>();

  constructor(scope: TypeScope) {
    this.scope = scope;
  }

  /** The type that DW_AT_type of an entry, or of what it is an instance of, refers to. */
  of(die: Die): Type {
    let type: Die | undefined;
    this.scope.guarded(() => {
      type = die.holder(DW_AT.type)?.reference(DW_AT.type);
    });
    return type === undefined ? VOID : this.from(type);
  }

  /** The type that an entry describes. */
  from(die: Die): Type {
    const { key } = die;
    let type = this.known.get(key);
    if (type === undefined) {
      type = VOID;
      this.scope.guarded(() => {
        type = this.make(die);
      });
      this.known.set(key, type);
    }
    return type;
  }

  /** Does `make` once; `otherwise` when it is damaged. */
  private lazily<T>(make: () => T, otherwise: T): () => T {
    return once(() => {
      let value = otherwise;
      this.scope.guarded(() => {
        value = make();
      });
      return value;
    });
  }

  private make(die: Die): Type {
    switch (die.tag) {
      case DW_TAG.base_type:
        return baseType(die);
      case DW_TAG.unspecified_type:
        return { kind: 'void', name: die.name || 'void', size: 0 };
      case DW_TAG.enumeration_type:
        return this.enumeration(die);
      case DW_TAG.pointer_type:
      case DW_TAG.reference_type:
      case DW_TAG.rvalue_reference_type:
        return this.pointer(die);
      case DW_TAG.ptr_to_member_type:
        return { kind: 'base', name: 'pointer to member', size: die.number(DW_AT.byte_size) ?? die.unit.addressSize, encoding: 'unknown' };
      case DW_TAG.structure_type:
      case DW_TAG.class_type:
      case DW_TAG.union_type:
        return this.struct(die);
      case DW_TAG.array_type:
        return this.array(die);
      case DW_TAG.subrange_type:
        return die.has(DW_AT.type) ? this.of(die) : VOID;
      case DW_TAG.typedef:
        return this.alias(die);
      case DW_TAG.const_type:
        return this.qualified(die, 'const');
      case DW_TAG.volatile_type:
        return this.qualified(die, 'volatile');
      case DW_TAG.restrict_type:
        return this.qualified(die, 'restrict');
      case DW_TAG.atomic_type:
        return this.qualified(die, '_Atomic');
      case DW_TAG.subroutine_type:
      case DW_TAG.subprogram:
        return this.function(die);
      default:
        return VOID;
    }
  }

  private fullName(die: Die): string {
    const name = `${this.scope.prefix(die)}${die.name}`;
    return templateName(name);
  }

  private enumeration(die: Die): Type {
    const keyword = die.unit.likeCPlusPlus ? '' : 'enum ';
    const underlying = bare(this.of(die));
    const list = this.lazily(() => this.enumerators(die, underlying), { signed: false, enumerators: [] });
    return {
      kind: 'enum',
      name: die.name === '' ? 'enum {...}' : `${keyword}${this.fullName(die)}`,
      size: die.number(DW_AT.byte_size) ?? (underlying.size || die.unit.addressSize),
      scoped: die.flag(DW_AT.enum_class),
      get signed() {
        return list().signed;
      },
      get enumerators() {
        return list().enumerators;
      },
    };
  }

  /** Fixed sizes hold values without a sign, other forms with one; the type, where it is known, decides what that means. */
  private enumerators(die: Die, underlying: Type): { signed: boolean; enumerators: Enumerator[] } {
    const entries = die.unit.children(die).filter(({ tag }) => tag === DW_TAG.enumerator);
    const values = entries.map((entry) => entry.bigint(DW_AT.const_value, false) ?? 0n);
    const encoding = underlying.kind === 'base' ? underlying.encoding : undefined;
    const signed = encoding === undefined ? values.some((value) => value < 0n) : encoding === 'signed' || encoding === 'char';
    const bits = 8 * (die.number(DW_AT.byte_size) ?? underlying.size);
    const value = (raw: bigint): bigint => (signed && bits > 0 && bits <= 64 ? BigInt.asIntN(bits, raw) : raw);
    return { signed, enumerators: entries.map((entry, n) => ({ name: entry.name, value: value(values[n]!) })) };
  }

  private pointer(die: Die): Type {
    const target = once(() => this.of(die));
    const name = once((): string => typeName(type));
    const type: Type = {
      kind: 'pointer',
      size: die.number(DW_AT.byte_size) ?? die.unit.addressSize,
      reference: die.tag !== DW_TAG.pointer_type,
      rvalue: die.tag === DW_TAG.rvalue_reference_type,
      get target() {
        return target();
      },
      get name() {
        return name();
      },
    };
    return type;
  }

  private alias(die: Die): Type {
    const target = once(() => this.of(die));
    return {
      kind: 'typedef',
      name: this.fullName(die),
      get target() {
        return target();
      },
      get size() {
        return sizeOf(target());
      },
    };
  }

  private qualified(die: Die, qualifier: QualifiedType['qualifier']): Type {
    const target = once(() => this.of(die));
    const name = once((): string => typeName(type));
    const type: QualifiedType = {
      kind: 'qualified',
      qualifier,
      get target() {
        return target();
      },
      get size() {
        return sizeOf(target());
      },
      get name() {
        return name();
      },
    };
    return type;
  }

  private function(die: Die): Type {
    const returnType = once(() => this.of(die));
    const list = this.lazily(() => die.unit.children(die), []);
    const parameters = once(() => list().flatMap((child) => (child.tag === DW_TAG.formal_parameter ? [this.of(child)] : [])));
    const name = once((): string => typeName(type));
    const type: FunctionType = {
      kind: 'function',
      size: 0,
      get returnType() {
        return returnType();
      },
      get parameters() {
        return parameters();
      },
      get variadic() {
        return list().some(({ tag }) => tag === DW_TAG.unspecified_parameters);
      },
      prototyped: die.flag(DW_AT.prototyped) || die.unit.likeCPlusPlus,
      get name() {
        return name();
      },
    };
    return type;
  }

  private array(die: Die): Type {
    const counts = die.unit
      .children(die)
      .filter(({ tag }) => tag === DW_TAG.subrange_type || tag === DW_TAG.enumeration_type)
      .slice(0, DIMENSIONS)
      .map(countOf);
    const vector = die.flag(DW_AT.GNU_vector);
    const innermost = once(() => this.of(die));
    const dimension = (n: number): ArrayType => {
      const element = once(() => (n + 1 < counts.length ? dimension(n + 1) : innermost()));
      const count = counts[n];
      const name = once((): string => typeName(type));
      const type: ArrayType = {
        kind: 'array',
        count,
        vector,
        get element() {
          return element();
        },
        get size() {
          return (count ?? 0) * sizeOf(element());
        },
        get name() {
          return name();
        },
      };
      return type;
    };
    return dimension(0);
  }

  private struct(die: Die): Type {
    const keyword = die.tag === DW_TAG.union_type ? 'union' : die.tag === DW_TAG.class_type ? 'class' : 'struct';
    const whole = this.lazily(
      () => (die.flag(DW_AT.declaration) ? (die.reference(DW_AT.signature) ?? this.scope.definition(die)) : die),
      undefined,
    );
    const members = this.lazily(() => this.members(whole()), []);
    const name = this.lazily(() => {
      const own = die.name === '' && die.has(DW_AT.signature) ? (whole() ?? die) : die;
      if (own.name === '') return `${keyword} {...}`;
      return `${die.unit.likeCPlusPlus ? '' : `${keyword} `}${this.fullName(own)}`;
    }, keyword);
    const type: StructType = {
      kind: 'struct',
      keyword,
      get name() {
        return name();
      },
      get size() {
        return whole()?.number(DW_AT.byte_size) ?? 0;
      },
      get incomplete() {
        return whole() === undefined;
      },
      get members() {
        return members();
      },
    };
    return type;
  }

  private members(die: Die | undefined): Member[] {
    if (die === undefined) return [];
    return die.unit
      .children(die)
      .filter(({ tag }) => tag === DW_TAG.member || tag === DW_TAG.inheritance)
      .filter((child) => !child.flag(DW_AT.external) && !child.flag(DW_AT.declaration))
      .map((child) => this.member(child));
  }

  private member(die: Die): Member {
    const base = die.tag === DW_TAG.inheritance;
    const type = once(() => this.of(die));
    const bitSize = die.number(DW_AT.bit_size);
    const bits = bitSize === undefined ? undefined : this.bitsOf(die, bitSize, type());
    return {
      name: base ? '' : die.name,
      get type() {
        return type();
      },
      offset: bits === undefined ? byteOffset(die) : Math.floor(bits / 8),
      bitSize,
      bitOffset: bits === undefined ? 0 : bits & 7,
      base,
    };
  }

  /** Bits before a bit field: counted from the start of the struct (DWARF 4, 5), or down from the top of a storage unit (DWARF 2, 3). */
  private bitsOf(die: Die, bitSize: number, type: Type): number {
    const direct = die.number(DW_AT.data_bit_offset);
    if (direct !== undefined) return direct;
    const fromTop = die.number(DW_AT.bit_offset);
    const start = byteOffset(die) * 8;
    if (fromTop === undefined) return start;
    const storage = (die.number(DW_AT.byte_size) ?? sizeOf(type)) * 8;
    return start + storage - (fromTop | 0) - bitSize;
  }
}

/** Size of a type that may contain itself. */
export function sizeOf(type: Type): number {
  let inner = type;
  let count = 1;
  for (let n = 0; n < DEEPEST; n++) {
    if (inner.kind === 'typedef' || inner.kind === 'qualified') inner = inner.target;
    else if (inner.kind === 'array') {
      count *= inner.count ?? 0;
      inner = inner.element;
    } else return count * inner.size;
  }
  return 0;
}

/** A type without its typedefs and qualifiers. */
export function bare(type: Type): Exclude<Type, { kind: 'typedef' | 'qualified' }> {
  let inner = type;
  for (let n = 0; n < DEEPEST; n++) {
    if (inner.kind !== 'typedef' && inner.kind !== 'qualified') return inner;
    inner = inner.target;
  }
  return VOID;
}

const ENCODINGS: Readonly<Record<number, BaseType['encoding']>> = {
  [DW_ATE.boolean]: 'boolean',
  [DW_ATE.complex_float]: 'complex',
  [DW_ATE.float]: 'float',
  [DW_ATE.signed]: 'signed',
  [DW_ATE.signed_char]: 'char',
  [DW_ATE.unsigned]: 'unsigned',
  [DW_ATE.unsigned_char]: 'unsigned-char',
  [DW_ATE.UTF]: 'utf',
};

function baseType(die: Die): Type {
  return {
    kind: 'base',
    name: baseName(die.name),
    size: die.number(DW_AT.byte_size) ?? 0,
    encoding: ENCODINGS[die.number(DW_AT.encoding) ?? 0] ?? 'unknown',
  };
}

/** Elements of one dimension; undefined where the source does not say, or says it at run time. */
function countOf(die: Die): number | undefined {
  const count = die.number(DW_AT.count);
  if (count !== undefined) return Math.max(0, count);
  const upper = die.number(DW_AT.upper_bound);
  if (upper === undefined) return undefined;
  // GCC writes `char none[0]` as an upper bound of -1, in as many bytes as it likes.
  const size = (upper | 0) === -1 && upper >= 0xffff_ffff ? 0 : upper - (die.number(DW_AT.lower_bound) ?? 0) + 1;
  return Math.max(0, size);
}

/** DW_AT_data_member_location: a number, or in DWARF 2 an expression that adds one. */
function byteOffset(die: Die): number {
  const direct = die.number(DW_AT.data_member_location);
  if (direct !== undefined) return direct;
  const block = die.block(DW_AT.data_member_location);
  if (block === undefined || block.length < 2) return 0;
  const cursor = new Cursor(block, 'a member');
  const opcode = cursor.u8();
  // DW_OP_plus_uconst or DW_OP_constu; a virtual base class computes its offset at run time and has none.
  return opcode === 0x23 || opcode === 0x10 ? cursor.uleb() : 0;
}
