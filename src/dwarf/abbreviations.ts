/**
 * .debug_abbrev (DWARF 5, 7.5.3): what attributes an entry of .debug_info has and in which form; and how long each form is.
 */
import { DW_AT, DW_FORM } from './constants.ts';
import { type Budget, Cursor, damaged } from './cursor.ts';

/** Sizes that a unit's header states. */
export interface UnitSizes {
  readonly version: number;
  readonly addressSize: number;
  readonly offsetSize: number;
}

/** Attributes of a kind of entry, by index. */
interface Attributes {
  readonly names: readonly number[];
  readonly forms: readonly number[];
  /** Values of DW_FORM_implicit_const. */
  readonly constants: readonly (number | undefined)[];
}

/** One kind of entry. A walk goes past most kinds: what their attributes are in particular is read when it is asked for. */
export class Abbreviation {
  readonly tag: number;
  readonly hasChildren: boolean;
  /** It has an address or ranges: of a function, that it is no mere declaration. */
  readonly hasCode: boolean;
  /** Bytes between the code and DW_AT_sibling in the form of GCC (ref4); -1 when that is not there, or varies. */
  readonly siblingAt: number;
  /** Bytes of all its attributes, -1 when they vary. */
  readonly size: number;
  /** Some attribute states its form in the entry. */
  readonly indirect: boolean;
  readonly attributeCount: number;
  private readonly section: Uint8Array;
  private readonly at: number;
  private found: Attributes | undefined;

  /** Goes past the definition at `cursor`, which stands behind its code. */
  constructor(cursor: Cursor, sizes: UnitSizes) {
    this.tag = cursor.uleb();
    this.hasChildren = cursor.u8() !== 0;
    this.section = cursor.bytes;
    this.at = cursor.at;
    let size = 0;
    let siblingAt = -1;
    let hasCode = false;
    let indirect = false;
    let count = 0;
    for (;;) {
      const name = cursor.uleb();
      const form = cursor.uleb();
      if (name === 0 && form === 0) break;
      if (form === DW_FORM.implicit_const) cursor.skipLeb();
      if (name === DW_AT.sibling && form === DW_FORM.ref4) siblingAt = size;
      if (name === DW_AT.low_pc || name === DW_AT.ranges) hasCode = true;
      if (form === DW_FORM.indirect) indirect = true;
      if (++count > MOST_ATTRIBUTES) damaged('an entry has more attributes than there are');
      const bytes = size < 0 ? -1 : formSize(form, sizes);
      size = bytes < 0 ? -1 : size + bytes;
    }
    this.size = size;
    this.siblingAt = siblingAt;
    this.hasCode = hasCode;
    this.indirect = indirect;
    this.attributeCount = count;
  }

  private get attributes(): Attributes {
    this.found ??= this.read();
    return this.found;
  }

  private read(): Attributes {
    const cursor = new Cursor(this.section, '.debug_abbrev', this.at);
    const names: number[] = [];
    const forms: number[] = [];
    const constants: (number | undefined)[] = [];
    for (let n = 0; n < this.attributeCount; n++) {
      names.push(cursor.uleb());
      const form = cursor.uleb();
      forms.push(form);
      if (form === DW_FORM.implicit_const) constants[n] = cursor.sleb();
    }
    return { names, forms, constants };
  }

  get names(): readonly number[] {
    return this.attributes.names;
  }

  get forms(): readonly number[] {
    return this.attributes.forms;
  }

  /** Values of DW_FORM_implicit_const, by index of the attribute. */
  get constants(): readonly (number | undefined)[] {
    return this.attributes.constants;
  }
}

/** Kinds by code. */
export type AbbreviationTable = ReadonlyMap<number, Abbreviation>;

/** Bytes of a form; -1 when it varies. */
function formSize(form: number, { version, addressSize, offsetSize }: UnitSizes): number {
  switch (form) {
    case DW_FORM.flag_present:
    case DW_FORM.implicit_const:
      return 0;
    case DW_FORM.data1:
    case DW_FORM.ref1:
    case DW_FORM.flag:
    case DW_FORM.strx1:
    case DW_FORM.addrx1:
      return 1;
    case DW_FORM.data2:
    case DW_FORM.ref2:
    case DW_FORM.strx2:
    case DW_FORM.addrx2:
      return 2;
    case DW_FORM.strx3:
    case DW_FORM.addrx3:
      return 3;
    case DW_FORM.data4:
    case DW_FORM.ref4:
    case DW_FORM.ref_sup4:
    case DW_FORM.strx4:
    case DW_FORM.addrx4:
      return 4;
    case DW_FORM.data8:
    case DW_FORM.ref8:
    case DW_FORM.ref_sig8:
    case DW_FORM.ref_sup8:
      return 8;
    case DW_FORM.data16:
      return 16;
    case DW_FORM.addr:
      return addressSize;
    case DW_FORM.ref_addr:
      return version <= 2 ? addressSize : offsetSize;
    case DW_FORM.strp:
    case DW_FORM.line_strp:
    case DW_FORM.strp_sup:
    case DW_FORM.sec_offset:
      return offsetSize;
    default:
      return -1;
  }
}

/** More than any compiler writes. */
const MOST_ATTRIBUTES = 256;

const LEB_FORMS: ReadonlySet<number> = new Set([
  DW_FORM.udata,
  DW_FORM.sdata,
  DW_FORM.ref_udata,
  DW_FORM.strx,
  DW_FORM.addrx,
  DW_FORM.loclistx,
  DW_FORM.rnglistx,
]);

/** Goes past a value of a form. */
export function skipForm(cursor: Cursor, form: number, sizes: UnitSizes): void {
  const size = formSize(form, sizes);
  if (size >= 0) {
    cursor.skip(size);
    return;
  }
  if (form === DW_FORM.string) cursor.skipString();
  else if (LEB_FORMS.has(form)) cursor.skipLeb();
  else if (form === DW_FORM.block1) cursor.skip(cursor.u8());
  else if (form === DW_FORM.block2) cursor.skip(cursor.u16());
  else if (form === DW_FORM.block4) cursor.skip(cursor.u32());
  else if (form === DW_FORM.block || form === DW_FORM.exprloc) cursor.skip(cursor.uleb());
  else if (form === DW_FORM.indirect) {
    const real = cursor.uleb();
    if (real === DW_FORM.indirect || real === DW_FORM.implicit_const) damaged('an attribute states a form that it cannot have');
    skipForm(cursor, real, sizes);
  } else damaged(`an attribute has form 0x${form.toString(16)}, which is not known`);
}

/** Reads the table at `offset`. */
export function readAbbreviations(section: Uint8Array, offset: number, sizes: UnitSizes, budget: Budget): AbbreviationTable {
  const table = new Map<number, Abbreviation>();
  const cursor = new Cursor(section, '.debug_abbrev', offset);
  for (;;) {
    if (cursor.done) return table;
    const code = cursor.uleb();
    if (code === 0) return table;
    const abbreviation = new Abbreviation(cursor, sizes);
    budget.spend(abbreviation.attributeCount + 1);
    table.set(code, abbreviation);
  }
}
