/**
 * One entry of .debug_info (DWARF 5, 7.5): its tag, and typed access to its attributes.
 *
 * An entry's place is one number for .debug_info and .debug_types: that of the latter is offset by `TYPES`.
 */
import { type Abbreviation, skipForm } from './abbreviations.ts';
import { DW_AT, DW_FORM, DW_TAG } from './constants.ts';
import { type Cursor, damaged } from './cursor.ts';
import type { Unit } from './units.ts';

/** Where .debug_types begins in the numbers of entries. */
const TYPES = 2 ** 40;

/** Longest chain of DW_AT_abstract_origin and DW_AT_specification. */
const LONGEST_CHAIN = 16;

/** One entry of .debug_info. */
export class Die {
  readonly unit: Unit;
  /** In its section. */
  readonly offset: number;
  readonly tag: number;
  readonly hasChildren: boolean;
  /** Of what follows its attributes: its first child, or the next entry. */
  readonly end: number;
  private readonly names: readonly number[];
  private readonly forms: readonly number[];
  private readonly constants: readonly (number | undefined)[];
  private readonly places: readonly number[];

  /** `cursor` stands behind the entry's code; it stands behind its attributes then. */
  constructor(unit: Unit, offset: number, abbreviation: Abbreviation, cursor: Cursor) {
    this.unit = unit;
    this.offset = offset;
    this.tag = abbreviation.tag;
    this.hasChildren = abbreviation.hasChildren;
    this.names = abbreviation.names;
    this.constants = abbreviation.constants;
    const { forms } = abbreviation;
    const places: number[] = new Array(forms.length);
    if (abbreviation.indirect) {
      const real = [...forms];
      for (let n = 0; n < forms.length; n++) {
        if (forms[n] === DW_FORM.indirect) real[n] = cursor.uleb();
        if (forms[n] === DW_FORM.indirect && (real[n] === DW_FORM.indirect || real[n] === DW_FORM.implicit_const)) {
          damaged('an attribute states a form that it cannot have');
        }
        places[n] = cursor.at;
        skipForm(cursor, real[n]!, unit);
      }
      this.forms = real;
    } else {
      for (let n = 0; n < forms.length; n++) {
        places[n] = cursor.at;
        skipForm(cursor, forms[n]!, unit);
      }
      this.forms = forms;
    }
    this.places = places;
    this.end = cursor.at;
  }

  /** A number that no other entry of the file has. */
  get key(): number {
    return this.unit.isTypes ? this.offset + TYPES : this.offset;
  }

  has(name: number): boolean {
    return this.names.includes(name);
  }

  form(name: number): number | undefined {
    return this.forms[this.names.indexOf(name)];
  }

  private cursor(index: number): Cursor {
    return this.unit.cursor(this.places[index]!);
  }

  /** A constant, or an offset into a section; undefined when there is none, or it is no number. */
  number(name: number): number | undefined {
    const index = this.names.indexOf(name);
    if (index < 0) return undefined;
    switch (this.forms[index]) {
      case DW_FORM.implicit_const:
        return this.constants[index];
      case DW_FORM.data1:
      case DW_FORM.flag:
        return this.cursor(index).u8();
      case DW_FORM.data2:
        return this.cursor(index).u16();
      case DW_FORM.data4:
        return this.cursor(index).u32();
      case DW_FORM.data8:
        return Number(this.cursor(index).u64());
      case DW_FORM.sec_offset:
        return this.cursor(index).unsigned(this.unit.offsetSize);
      case DW_FORM.udata:
      case DW_FORM.loclistx:
      case DW_FORM.rnglistx:
        return this.cursor(index).uleb();
      case DW_FORM.sdata:
        return this.cursor(index).sleb();
      default:
        return undefined;
    }
  }

  /** A constant of up to 64 bits as it stands; `signed` says how to take fixed sizes. */
  bigint(name: number, signed: boolean): bigint | undefined {
    const index = this.names.indexOf(name);
    if (index < 0) return undefined;
    const bits = { [DW_FORM.data1]: 8, [DW_FORM.data2]: 16, [DW_FORM.data4]: 32, [DW_FORM.data8]: 64 }[this.forms[index]!];
    if (bits !== undefined) {
      const cursor = this.cursor(index);
      const value = bits === 64 ? cursor.u64() : BigInt(cursor.unsigned(bits / 8));
      return signed ? BigInt.asIntN(bits, value) : value;
    }
    if (this.forms[index] === DW_FORM.sdata) return this.cursor(index).leb64(true);
    if (this.forms[index] === DW_FORM.udata) return this.cursor(index).leb64(false);
    const value = this.number(name);
    return value === undefined ? undefined : BigInt(value);
  }

  flag(name: number): boolean {
    const index = this.names.indexOf(name);
    if (index < 0) return false;
    return this.forms[index] === DW_FORM.flag_present || this.number(name) === 1;
  }

  /** Bytes of a block or expression. */
  block(name: number): Uint8Array | undefined {
    const index = this.names.indexOf(name);
    if (index < 0) return undefined;
    const cursor = this.cursor(index);
    switch (this.forms[index]) {
      case DW_FORM.block1:
        return cursor.take(cursor.u8());
      case DW_FORM.block2:
        return cursor.take(cursor.u16());
      case DW_FORM.block4:
        return cursor.take(cursor.u32());
      case DW_FORM.block:
      case DW_FORM.exprloc:
        return cursor.take(cursor.uleb());
      case DW_FORM.data16:
        return cursor.take(16);
      default:
        return undefined;
    }
  }

  string(name: number): string | undefined {
    const index = this.names.indexOf(name);
    if (index < 0) return undefined;
    return this.unit.stringValue(this.forms[index]!, this.cursor(index));
  }

  /** An address. */
  address(name: number): number | undefined {
    const index = this.names.indexOf(name);
    if (index < 0) return undefined;
    return this.unit.addressValue(this.forms[index]!, this.cursor(index));
  }

  /** The entry that an attribute refers to; undefined when there is no attribute, or nothing where it points to. */
  reference(name: number): Die | undefined {
    const index = this.names.indexOf(name);
    if (index < 0) return undefined;
    const cursor = this.cursor(index);
    const { unit } = this;
    switch (this.forms[index]) {
      case DW_FORM.ref1:
        return unit.die(unit.start + cursor.u8());
      case DW_FORM.ref2:
        return unit.die(unit.start + cursor.u16());
      case DW_FORM.ref4:
        return unit.die(unit.start + cursor.u32());
      case DW_FORM.ref8:
        return unit.die(unit.start + cursor.unsigned(8));
      case DW_FORM.ref_udata:
        return unit.die(unit.start + cursor.uleb());
      case DW_FORM.ref_addr:
        return unit.table.die(cursor.unsigned(unit.version <= 2 ? unit.addressSize : unit.offsetSize));
      case DW_FORM.ref_sig8:
        return unit.table.typeBySignature(cursor.u64());
      default:
        return undefined;
    }
  }

  /** Where the next entry beside this one is, if it says so; always behind `end`. */
  get sibling(): number | undefined {
    const index = this.names.indexOf(DW_AT.sibling);
    if (index < 0) return undefined;
    const cursor = this.cursor(index);
    const form = this.forms[index];
    const offset =
      form === DW_FORM.ref4
        ? cursor.u32()
        : form === DW_FORM.ref2
          ? cursor.u16()
          : form === DW_FORM.ref1
            ? cursor.u8()
            : form === DW_FORM.ref_udata
              ? cursor.uleb()
              : 0;
    const place = this.unit.start + offset;
    return place >= this.end && place <= this.unit.end ? place : undefined;
  }

  /** This entry and those it is an instance or completion of, nearest first. */
  chain(): readonly Die[] {
    const chain: Die[] = [this];
    for (let die: Die = this; chain.length < LONGEST_CHAIN; ) {
      const next: Die | undefined = die.reference(DW_AT.abstract_origin) ?? die.reference(DW_AT.specification);
      if (next === undefined) break;
      chain.push(next);
      die = next;
    }
    return chain;
  }

  /** The entry of the chain that has an attribute. */
  holder(name: number): Die | undefined {
    if (this.has(name)) return this;
    if (!this.has(DW_AT.abstract_origin) && !this.has(DW_AT.specification)) return undefined;
    return this.chain().find((die) => die.has(name));
  }

  /** DW_AT_name, of this entry or of what it is an instance of. */
  get name(): string {
    return this.holder(DW_AT.name)?.string(DW_AT.name) ?? '';
  }
}

/** Whether a tag is a type that has members. */
export function isStructTag(tag: number): boolean {
  return tag === DW_TAG.structure_type || tag === DW_TAG.class_type || tag === DW_TAG.union_type;
}
