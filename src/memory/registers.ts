/**
 * Register blocks as data: one list gives names, offsets, reset values, access rules, the debugger's view and the diagnostics.
 *
 * Behaviour is attached by register name: `value` is what the register shows (pure), `read` the side effect of a guest's read,
 * `write` what happens after the access rules were applied. Byte and half-word accesses act on their lanes only.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { SocDescriptionError } from '../errors.ts';
import { hex, insertBits, mask } from './bits.ts';
import type { BusDevice, Progress } from './bus.ts';

/** `ro`: writes are ignored; `wo`: reads as 0; `w1c`: a 1 clears. */
export type Access = 'rw' | 'ro' | 'wo' | 'w1c';

/** A field of a register: `width` bits from `lsb`. */
export interface FieldSpec {
  readonly lsb: number;
  readonly width: number;
  readonly access: Access;
}

/** One register, or `count` of them `stride` bytes apart. */
export interface RegisterSpec {
  readonly offset: number;
  readonly count?: number;
  readonly stride?: number;
  /** Bytes: 4 unless the block has 16-bit registers. */
  readonly width?: 1 | 2 | 4;
  readonly reset?: number;
  /** Access of all bits that no field describes; `rw` unless given. */
  readonly access?: Access;
  readonly fields?: Readonly<Record<string, FieldSpec>>;
  /** SET, CLR and TOG views follow at +4, +8 and +0xC. */
  readonly setClearToggle?: true;
  /** Stored, but what it does is not modelled: the first access is reported by name. */
  readonly unimplemented?: true;
}

/** The registers of a block in manual order. */
export type RegisterMap = Readonly<Record<string, RegisterSpec>>;

/** A one-bit field. */
export function bit(lsb: number, access: Access = 'rw'): FieldSpec {
  return { lsb, width: 1, access };
}

/** A field of `width` bits. */
export function field(lsb: number, width: number, access: Access = 'rw'): FieldSpec {
  return { lsb, width, access };
}

/** Checks a register list (overlaps, field bounds) and returns it with its literal type. @throws {SocDescriptionError} */
export function defineRegisters<const T extends RegisterMap>(map: T): T {
  const taken = new Map<number, string>();
  for (const [name, spec] of Object.entries<RegisterSpec>(map)) {
    const width = spec.width ?? 4;
    for (let index = 0; index < (spec.count ?? 1); index++) {
      const start = spec.offset + index * (spec.stride ?? width);
      const length = spec.setClearToggle ? 16 : width;
      for (let byte = start; byte < start + length; byte++) {
        const other = taken.get(byte);
        if (other) throw new SocDescriptionError(`register ${name} overlaps ${other} at offset ${hex(byte)}`);
        taken.set(byte, name);
      }
    }
    let used = 0;
    for (const [fieldName, { lsb, width: bits }] of Object.entries(spec.fields ?? {})) {
      const own = (mask(bits) << lsb) >>> 0;
      if (lsb + bits > width * 8 || (used & own) !== 0) {
        throw new SocDescriptionError(`field ${name}.${fieldName} overlaps another or leaves the register`);
      }
      used |= own;
    }
  }
  return map;
}

/** What a register does beyond storing bits; `index` is 0 unless the register is an array. */
export interface RegisterBehaviour {
  /** Live value without side effects; the stored value when absent. */
  readonly value?: (index: number) => number;
  /** `value` changes only when something is written or a timer fires; see `BusDevice.steady`. */
  readonly steady?: true;
  /** How `value` goes on; see `BusDevice.progress`. Only while the side effect of a read, if there is one, has nothing to do. */
  readonly progress?: (index: number) => Progress | undefined;
  /** Side effect of a guest's read, after its value was taken. */
  readonly read?: (index: number) => void;
  /** After a guest's write: `next` was stored by the access rules, `written` are the raw bits in the lanes that `lanes` masks. */
  readonly write?: (next: number, previous: number, index: number, written: number, lanes: number) => void;
}

interface Slot {
  readonly name: string;
  readonly spec: RegisterSpec;
  /** Its place in the list, for its behaviour. */
  readonly register: number;
  readonly index: number;
  readonly cell: number;
  readonly offset: number;
  readonly width: number;
  /** 0 plain, 1 SET, 2 CLR, 3 TOG. */
  readonly view: number;
  readonly rw: number;
  readonly w1c: number;
  readonly wo: number;
}

/** Where a field is. */
interface FieldPlace {
  readonly cell: number;
  readonly lsb: number;
  readonly mask: number;
}

/** What all blocks with the same list have in common; made once for each. */
interface Layout {
  readonly slots: ReadonlyMap<number, Slot>;
  /** First cell of each register, and its fields; objects, because V8 looks a constant name up quicker there than in a Map. */
  readonly first: Readonly<Record<string, number>>;
  readonly places: Readonly<Record<string, Readonly<Record<string, FieldPlace>>>>;
  readonly names: readonly string[];
  readonly resets: Uint32Array;
}

const LAYOUTS = new WeakMap<RegisterMap, Layout>();

function layoutOf(map: RegisterMap): Layout {
  const known = LAYOUTS.get(map);
  if (known) return known;
  const layout = makeLayout(map);
  LAYOUTS.set(map, layout);
  return layout;
}

function makeLayout(map: RegisterMap): Layout {
  const slots = new Map<number, Slot>();
  const first: Record<string, number> = {};
  const places: Record<string, Record<string, FieldPlace>> = {};
  const resets: number[] = [];
  const names = Object.keys(map);
  for (const [register, name] of names.entries()) {
    const spec = map[name]!;
    first[name] = resets.length;
    const own: Record<string, FieldPlace> = {};
    for (const [fieldName, { lsb, width }] of Object.entries(spec.fields ?? {}))
      own[fieldName] = { cell: resets.length, lsb, mask: mask(width) };
    places[name] = own;
    const access = accessOf(spec);
    for (let index = 0; index < (spec.count ?? 1); index++) {
      for (let view = 0; view < (spec.setClearToggle ? 4 : 1); view++) {
        const width = spec.width ?? 4;
        const offset = spec.offset + index * (spec.stride ?? width) + 4 * view;
        const slot: Slot = { name, spec, register, index, cell: resets.length, offset, width, view, ...access };
        for (let byte = 0; byte < width; byte++) slots.set(offset + byte, slot);
      }
      resets.push((spec.reset ?? 0) >>> 0);
    }
  }
  return { slots, first, places, names, resets: Uint32Array.from(resets) };
}

/** The bits of a register that can be written, cleared by writing 1, and only written. */
function accessOf(spec: RegisterSpec): { rw: number; w1c: number; wo: number } {
  let described = 0;
  const byAccess: Record<Access, number> = { rw: 0, ro: 0, wo: 0, w1c: 0 };
  for (const { lsb, width, access } of Object.values(spec.fields ?? {})) {
    const own = (mask(width) << lsb) >>> 0;
    described |= own;
    byAccess[access] |= own;
  }
  byAccess[spec.access ?? 'rw'] |= ~described & mask((spec.width ?? 4) * 8);
  return { rw: byAccess.rw >>> 0, w1c: byAccess.w1c >>> 0, wo: byAccess.wo >>> 0 };
}

/** Options of a `RegisterFile`. */
export interface RegisterFileOptions<T extends RegisterMap> {
  /** The block's name in diagnostics (`UART4`). */
  readonly name: string;
  readonly diagnostics: Diagnostics;
  /** The manual's name of a register in reports, where the map leaves out what all have in common: `SYST_CSR` for `CSR`. */
  readonly fullName?: (name: string) => string;
  readonly behaviour?: { readonly [K in keyof T]?: RegisterBehaviour };
  /** Reset values of this instance where they differ from the map's. */
  readonly resets?: { readonly [K in keyof T]?: number };
}

/** The state of one block's registers and its bus interface. */
export class RegisterFile<T extends RegisterMap> implements BusDevice {
  static readonly state = ['cells'];
  readonly name: string;
  readonly map: T;
  private readonly diagnostics: Diagnostics;
  private readonly fullName: (name: string) => string;
  private readonly cells: Uint32Array;
  private readonly resetValues: Uint32Array;
  private readonly first: Layout['first'];
  private readonly places: Layout['places'];
  private readonly slots: Layout['slots'];
  /** By the register's place in the list. */
  private readonly behaviours: readonly (RegisterBehaviour | undefined)[];

  constructor(map: T, options: RegisterFileOptions<T>) {
    const { first, places, slots, names, resets } = layoutOf(map);
    const { resets: own } = options;
    const behaviour: Readonly<Record<string, RegisterBehaviour | undefined>> = options.behaviour ?? {};
    this.map = map;
    this.name = options.name;
    this.diagnostics = options.diagnostics;
    this.fullName = options.fullName ?? asItIs;
    this.first = first;
    this.places = places;
    this.slots = slots;
    this.behaviours = names.map((name) => behaviour[name]);
    this.resetValues = own ? resets.slice() : resets;
    for (const [name, value] of Object.entries(own ?? {})) {
      if (value !== undefined) this.resetValues.fill(value, first[name], first[name]! + (map[name]!.count ?? 1));
    }
    this.cells = cellsFor(this.resetValues.length);
    this.cells.set(this.resetValues);
  }

  /** Puts every register to its reset value, without calling behaviour. */
  reset(): void {
    this.cells.set(this.resetValues);
  }

  /** Stored value of a register, without side effects. */
  get(name: keyof T & string, index = 0): number {
    return this.cells[this.first[name]! + index]!;
  }

  /** Where a register's value is kept, for `at`. */
  cell(name: keyof T & string): number {
    return this.first[name]!;
  }

  /** Stored value of the register that is kept in `cell`; for those who ask at every interrupt, as names are looked up each time. */
  at(cell: number): number {
    return this.cells[cell]!;
  }

  /** Stores a register's value, past all access rules; behaviour is not called. */
  set(name: keyof T & string, value: number, index = 0): void {
    this.cells[this.first[name]! + index] = value;
  }

  /** Stored value of one field. */
  field<N extends keyof T & string>(name: N, fieldName: keyof NonNullable<T[N]['fields']> & string, index = 0): number {
    const place = this.places[name]![fieldName]!;
    return ((this.cells[place.cell + index]! >>> place.lsb) & place.mask) >>> 0;
  }

  /** Stores one field. */
  setField<N extends keyof T & string>(name: N, fieldName: keyof NonNullable<T[N]['fields']> & string, value: number, index = 0): void {
    const spec = (this.map[name] as RegisterSpec).fields![fieldName]!;
    this.set(name, insertBits(this.get(name, index), spec.lsb, spec.width, value), index);
  }

  /** Value after a reset of this instance. */
  resetValue(name: keyof T & string, index = 0): number {
    return this.resetValues[this.first[name]! + index]!;
  }

  /** True when a stored value is another than after a reset: somebody has written to the block. */
  get changed(): boolean {
    return this.cells.some((value, cell) => value !== this.resetValues[cell]);
  }

  /** Byte offsets at which there are registers. */
  get offsets(): Iterable<number> {
    return this.slots.keys();
  }

  /** The register (and index) at a byte offset, for the debugger and for messages. */
  locate(offset: number): { name: string; index: number; offset: number } | undefined {
    const slot = this.slots.get(offset);
    return slot && { name: slot.name, index: slot.index, offset: slot.offset };
  }

  registerName(offset: number): string | undefined {
    const slot = this.slots.get(offset);
    if (!slot) return undefined;
    const name = this.fullName(slot.name);
    return (slot.spec.count ?? 1) > 1 ? `${name}[${slot.index}]` : name;
  }

  read(offset: number, size: number): number {
    return this.access(offset, size, true);
  }

  peek(offset: number, size: number): number {
    return this.access(offset, size, false);
  }

  steady(offset: number): boolean {
    const slot = this.slots.get(offset);
    if (!slot || slot.spec.unimplemented) return false;
    const behaviour = this.behaviours[slot.register];
    return !behaviour?.read && (!behaviour?.value || behaviour.steady === true);
  }

  progress(offset: number, size: number): Progress | undefined {
    const slot = this.slots.get(offset);
    if (!slot || slot.spec.unimplemented || slot.wo !== 0 || slot.offset !== offset || slot.width !== size || size !== 4) return undefined;
    return this.behaviours[slot.register]?.progress?.(slot.index);
  }

  write(offset: number, value: number, size: number): boolean {
    const slot = this.slots.get(offset);
    if (!slot) {
      this.unknown(offset, 'written');
      return true;
    }
    const start = offset - slot.offset;
    const inside = Math.min(size, slot.width - start);
    this.writeLanes(slot, (value & mask(inside * 8)) << (start * 8), mask(inside * 8) << (start * 8));
    if (inside < size) return this.write(offset + inside, value >>> (inside * 8), size - inside);
    return true;
  }

  private access(offset: number, size: number, effects: boolean): number {
    const slot = this.slots.get(offset);
    if (!slot) {
      if (effects) this.unknown(offset, 'read');
      return 0;
    }
    const start = offset - slot.offset;
    const inside = Math.min(size, slot.width - start);
    const behaviour = this.behaviours[slot.register];
    const live = behaviour?.value ? behaviour.value(slot.index) : this.cells[slot.cell]!;
    const value = ((live & ~slot.wo) >>> (start * 8)) & mask(inside * 8);
    if (effects) {
      if (slot.spec.unimplemented) this.reportUnimplemented(slot);
      behaviour?.read?.(slot.index);
    }
    if (inside < size) return (value | (this.access(offset + inside, size - inside, effects) << (inside * 8))) >>> 0;
    return value >>> 0;
  }

  private writeLanes(slot: Slot, raw: number, lanes: number): void {
    const previous = this.cells[slot.cell]!;
    const written = (raw & lanes) >>> 0;
    let next: number;
    if (slot.view === 0) {
      const stored = slot.rw | slot.wo;
      next = (previous & ~(stored & lanes)) | (written & stored);
      next &= ~(written & slot.w1c);
    } else if (slot.view === 1) next = previous | (written & slot.rw);
    else if (slot.view === 2) next = previous & ~(written & slot.rw);
    else next = previous ^ (written & slot.rw);
    next >>>= 0;
    this.cells[slot.cell] = next;
    if (slot.spec.unimplemented) this.reportUnimplemented(slot);
    this.behaviours[slot.register]?.write?.(next, previous, slot.index, written, lanes >>> 0);
  }

  private reportUnimplemented(slot: Slot): void {
    const register = slot.spec.count ? `${slot.name}[${slot.index}]` : slot.name;
    this.diagnostics.unimplemented(this.name, register, 'is stored but has no effect in this model');
  }

  private unknown(offset: number, verb: string): void {
    // The value is left out: each distinct text is a finding of its own.
    this.diagnostics.guestError(this.name, `+${hex(offset)}`, `no register at this offset; ${verb}`);
  }
}

/** Cells are handed out of larger arrays: a machine has many small blocks, and an array of its own for each costs more than its cells. */
const SLAB = 1 << 12;
let slab = new Uint32Array(SLAB);
let slabUsed = 0;

function cellsFor(count: number): Uint32Array {
  if (count > SLAB / 4) return new Uint32Array(count);
  if (slabUsed + count > SLAB) {
    slab = new Uint32Array(SLAB);
    slabUsed = 0;
  }
  slabUsed += count;
  return slab.subarray(slabUsed - count, slabUsed);
}

function asItIs(name: string): string {
  return name;
}
