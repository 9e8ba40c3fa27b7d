/**
 * The walk over the fields of models: objects to data, and data back into the same objects of another machine.
 *
 * An object that was built with the machine (a model) is known by its path from a block's name and is never made anew; plain objects, arrays, maps and
 * sets in its fields are data. They are filled in place, as a model may hold on to them, unless they are frozen, as what was handed out is.
 * Functions, callbacks (`onX`) and what the machine itself provides are no state. A class may name in `static state` the only fields that are, or in
 * `static wiring` those that are not. After a load `restored` of each model that has it is called.
 */
import { InvariantViolation, invariant, SnapshotError } from '../errors.ts';
import { Timer } from '../time/scheduler.ts';
import type { StateValue } from './hardware-state.ts';

/** Where an object was met: the way back to its block. */
interface Place {
  readonly parent: Place | undefined;
  readonly key: string | number | boolean;
}

type Fields = Record<string, unknown>;
type Saved = Readonly<Record<string, StateValue>>;
type TypedArray = Uint8Array | Uint16Array | Uint32Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** Says in a saved object what it is; no field is called so. */
export const KIND = '$';
const SKIP = Symbol('no state');
/** Fields of every class that only say what it was built with. */
const WIRING = new Set(['options', 'host', 'profile', 'layout']);
/** `onChange`: who set it is told of something. */
const CALLBACK = /^on[A-Z]/;
const DEEPEST = 64;

/** What a class says of its fields. */
interface Described {
  readonly state?: readonly string[];
  readonly wiring?: readonly string[];
}

const FIELDS = new WeakMap<object, readonly string[]>();

/** Names of the fields of a model that may hold state. */
function fieldsOf(model: object): readonly string[] {
  const { state, wiring = [] } = model.constructor as Described;
  if (state) return state;
  const known = FIELDS.get(model.constructor);
  if (known) return known;
  const names = Object.keys(model).filter((name) => !WIRING.has(name) && !CALLBACK.test(name) && !wiring.includes(name));
  FIELDS.set(model.constructor, names);
  return names;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isModel(value: object): boolean {
  return (
    !(value instanceof Timer || value instanceof Map || value instanceof Set || ArrayBuffer.isView(value)) &&
    !Array.isArray(value) &&
    !isPlain(value)
  );
}

function textOf(place: Place): string {
  const own = String(place.key);
  return place.parent ? `${textOf(place.parent)}.${own}` : own;
}

function pathOf(place: Place): (string | number | boolean)[] {
  const path: (string | number | boolean)[] = [];
  for (let at: Place | undefined = place; at; at = at.parent) path.unshift(at.key);
  return path;
}

/** Turns blocks into data. */
export class StateWriter {
  /** Timers that were met. */
  readonly timers = new Set<Timer>();
  private readonly infrastructure: (value: object) => boolean;
  private readonly places = new Map<object, Place>();
  /** Models and functions met so far: what contains one is no plain data. */
  private parts = 0;

  /** `infrastructure` tells what belongs to the machine and not to a block. */
  constructor(roots: ReadonlyMap<string, object>, infrastructure: (value: object) => boolean) {
    this.infrastructure = infrastructure;
    for (const [name, root] of roots) this.places.set(root, { parent: undefined, key: name });
  }

  /** State of the block `root`, which is one of the roots. */
  block(root: object): StateValue {
    const value = this.contents(root, this.places.get(root)!, 0);
    return value === SKIP ? undefined : value;
  }

  private value(value: unknown, parent: Place, key: Place['key'], depth: number): StateValue | typeof SKIP {
    switch (typeof value) {
      case 'undefined':
      case 'boolean':
      case 'number':
      case 'string':
        return value;
      case 'function':
        this.parts++;
        return SKIP;
      case 'object':
        break;
      default:
        throw unsaveable({ parent, key }, `a ${typeof value}`);
    }
    if (value === null) return null;
    if (this.infrastructure(value)) return SKIP;
    const known = this.places.get(value);
    if (known) return { [KIND]: 'ref', path: pathOf(known) };
    const place = { parent, key };
    this.places.set(value, place);
    return this.contents(value, place, depth + 1);
  }

  private contents(value: object, place: Place, depth: number): StateValue | typeof SKIP {
    if (depth > DEEPEST) throw unsaveable(place, 'a chain of objects without an end');
    if (ArrayBuffer.isView(value)) {
      if (value instanceof DataView) throw unsaveable(place, 'a DataView');
      return (value as TypedArray).slice();
    }
    if (value instanceof Timer) {
      this.timers.add(value);
      return { [KIND]: 'timer', deadline: value.deadline, sequence: value.armed ? value.sequence : 0 };
    }
    if (Array.isArray(value)) return this.array(value, place, depth);
    if (value instanceof Map) return this.map(value, place, depth);
    if (value instanceof Set) {
      const values: StateValue[] = [];
      for (const each of value) values.push(this.element(each, place, values.length, depth));
      return { [KIND]: 'set', values };
    }
    const tag = Object.prototype.toString.call(value);
    if (tag !== '[object Object]') throw unsaveable(place, `a ${tag.slice(8, -1)}`);
    return isPlain(value) ? this.object(value as Fields, place, depth) : this.model(value as Fields, place, depth);
  }

  private model(model: Fields, place: Place, depth: number): StateValue {
    this.parts++;
    const saved: Record<string, StateValue> = { [KIND]: 'model' };
    for (const name of fieldsOf(model)) {
      const value = this.value(model[name], place, name, depth);
      if (value !== SKIP) saved[name] = value;
    }
    return saved;
  }

  private object(object: Fields, place: Place, depth: number): StateValue | typeof SKIP {
    const before = this.parts;
    const saved: Record<string, StateValue> = { [KIND]: 'object' };
    let count = 0;
    const names = Object.keys(object);
    for (const name of names) {
      invariant(name !== KIND, `${textOf(place)} has a field called ${KIND}`);
      const value = this.value(object[name], place, name, depth);
      if (value === SKIP) continue;
      saved[name] = value;
      count++;
    }
    if (this.parts === before) return saved;
    saved[KIND] = 'parts';
    return count === 0 && names.length > 0 ? SKIP : saved;
  }

  private array(array: readonly unknown[], place: Place, depth: number): StateValue | typeof SKIP {
    const before = this.parts;
    const saved: StateValue[] = [];
    const parts: Record<string, StateValue> = { [KIND]: 'parts' };
    for (const [index, each] of array.entries()) {
      const value = this.value(each, place, index, depth);
      if (value === SKIP) continue;
      saved.push(value);
      parts[index] = value;
    }
    if (this.parts === before) return saved;
    return saved.length === 0 ? SKIP : parts;
  }

  private map(map: ReadonlyMap<unknown, unknown>, place: Place, depth: number): StateValue | typeof SKIP {
    const before = this.parts;
    const keys: StateValue[] = [];
    const values: StateValue[] = [];
    for (const [key, each] of map) {
      const named = typeof key === 'string' || typeof key === 'number' || typeof key === 'boolean';
      if (!named && !(typeof key === 'object' && key !== null && this.places.has(key)))
        throw unsaveable(place, 'a map by something that is no data');
      const savedKey = named ? key : this.element(key, place, keys.length, depth);
      const value = this.value(each, place, named ? key : keys.length, depth);
      if (value === SKIP) continue;
      keys.push(savedKey);
      values.push(value);
    }
    if (this.parts !== before && keys.length === 0) return SKIP;
    return { [KIND]: this.parts === before ? 'map' : 'map of parts', keys, values };
  }

  private element(value: unknown, place: Place, key: Place['key'], depth: number): StateValue {
    const saved = this.value(value, place, key, depth);
    if (saved === SKIP) throw unsaveable({ parent: place, key }, 'something that is no data');
    return saved;
  }
}

function unsaveable(place: Place, what: string): InvariantViolation {
  return new InvariantViolation(`${textOf(place)} holds ${what}, which no snapshot can keep`);
}

/** Puts data back into blocks. */
export class StateReader {
  /** Timers that were met, with what is to become of them. */
  readonly timers: { readonly timer: Timer; readonly deadline: number; readonly sequence: number }[] = [];
  private readonly roots: ReadonlyMap<string, object>;
  private readonly infrastructure: (value: object) => boolean;
  private readonly models: { restored?: () => void }[] = [];

  constructor(roots: ReadonlyMap<string, object>, infrastructure: (value: object) => boolean) {
    this.roots = roots;
    this.infrastructure = infrastructure;
  }

  /** Puts the state `saved` into the block `name`. @throws {SnapshotError} when it is that of something else */
  block(name: string, saved: StateValue): void {
    this.read(saved, this.roots.get(name), { parent: undefined, key: name });
  }

  /** Lets the models know that all is in its place again. */
  finish(): void {
    for (const model of this.models) model.restored!();
  }

  /** What belongs where `now` stands. */
  private read(saved: StateValue, now: unknown, place: Place): unknown {
    if (typeof saved !== 'object' || saved === null) {
      if (now === saved) return now;
      const fits = now === undefined || now === null || saved === undefined || saved === null || typeof now === typeof saved;
      if (!fits || (typeof now === 'object' && now !== null && isModel(now))) throw mismatch(place, 'is of another type');
      return saved;
    }
    if (ArrayBuffer.isView(saved)) return this.typed(saved as TypedArray, now, place);
    if (Array.isArray(saved)) return this.array(saved, now, place);
    const fields = saved as Saved;
    switch (fields[KIND]) {
      case 'model':
        return this.model(fields, now, place);
      case 'ref':
        return this.resolve(fields['path'], place);
      case 'timer':
        return this.timer(fields, now, place);
      case 'object':
        return this.object(fields, now, place);
      case 'parts':
        return this.parts(fields, now, place);
      case 'map':
      case 'map of parts':
        return this.map(fields, now, place);
      case 'set':
        return this.set(fields, now, place);
      default:
        throw mismatch(place, 'is of an unknown kind');
    }
  }

  private typed(saved: TypedArray, now: unknown, place: Place): TypedArray {
    if (!ArrayBuffer.isView(now)) {
      if (now === undefined || now === null) return saved.slice();
      throw mismatch(place, 'is of another type');
    }
    const target = now as TypedArray;
    if (target.constructor !== saved.constructor || target.length !== saved.length) throw mismatch(place, 'is of another size');
    target.set(saved);
    return target;
  }

  private array(saved: readonly StateValue[], now: unknown, place: Place): unknown[] {
    if (now !== undefined && now !== null && !Array.isArray(now)) throw mismatch(place, 'is of another type');
    const target: unknown[] = now && !Object.isFrozen(now) ? (now as unknown[]) : [];
    target.length = saved.length;
    for (let index = 0; index < saved.length; index++) target[index] = this.fresh(saved[index], place, index);
    return target;
  }

  /** Data that nobody can have a hold on. */
  private fresh(saved: StateValue, parent: Place, key: Place['key']): unknown {
    return typeof saved === 'object' && saved !== null ? this.read(saved, undefined, { parent, key }) : saved;
  }

  private model(saved: Saved, now: unknown, place: Place): object {
    if (typeof now !== 'object' || now === null || !isModel(now)) throw mismatch(place, 'is not there in this machine');
    const target = now as Fields;
    let found = 0;
    for (const name of fieldsOf(target)) {
      if (Object.hasOwn(saved, name)) {
        found++;
        this.field(target, name, saved[name], place);
      } else if (!this.stateless(target[name])) throw mismatch({ parent: place, key: name }, 'is missing');
    }
    if (found !== Object.keys(saved).length - 1) this.superfluous(saved, target, place);
    if (typeof (target as { restored?: () => void }).restored === 'function') this.models.push(target as { restored?: () => void });
    return target;
  }

  private field(target: Fields, name: string, saved: StateValue, place: Place): void {
    const now = target[name];
    if (saved === now) return;
    const next = this.read(saved, now, { parent: place, key: name });
    if (!Object.is(next, now)) target[name] = next;
  }

  /** True for what is not saved. */
  private stateless(value: unknown): boolean {
    if (typeof value === 'function') return true;
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
    if (this.infrastructure(value)) return true;
    if (Array.isArray(value) || value instanceof Map) return [...value.values()].every((each) => this.stateless(each));
    return isPlain(value) && Object.values(value).every((each) => this.stateless(each));
  }

  private superfluous(saved: Saved, target: Fields, place: Place): never {
    const names = fieldsOf(target);
    const name = Object.keys(saved).find((each) => each !== KIND && !names.includes(each));
    throw mismatch(name === undefined ? place : { parent: place, key: name }, 'is not there in this machine');
  }

  /** Where an object of another block, or met before in this one, stands. */
  private resolve(path: StateValue, place: Place): unknown {
    if (!Array.isArray(path) || path.length === 0) throw mismatch(place, 'is of an unknown kind');
    let at: unknown = this.roots.get(String(path[0]));
    for (let index = 1; index < path.length && at !== undefined; index++) {
      const key: unknown = path[index];
      if (at instanceof Map) at = at.get(key);
      else if (typeof at === 'object' && at !== null && Object.hasOwn(at, String(key))) at = (at as Fields)[String(key)];
      else at = undefined;
    }
    if (typeof at !== 'object' || at === null) throw mismatch(place, `refers to ${path.join('.')}, which is not there in this machine`);
    return at;
  }

  private timer({ deadline, sequence }: Saved, now: unknown, place: Place): Timer {
    if (!(now instanceof Timer) || typeof deadline !== 'number' || typeof sequence !== 'number')
      throw mismatch(place, 'is not there in this machine');
    this.timers.push({ timer: now, deadline, sequence });
    return now;
  }

  private object(saved: Saved, now: unknown, place: Place): Fields {
    if (now !== undefined && now !== null && (typeof now !== 'object' || !isPlain(now))) throw mismatch(place, 'is of another type');
    const target = now && !Object.isFrozen(now) ? (now as Fields) : {};
    for (const name of Object.keys(target)) if (!Object.hasOwn(saved, name)) delete target[name];
    for (const name of Object.keys(saved)) {
      if (name === '__proto__') throw mismatch(place, 'has a field that no state has');
      if (name !== KIND) target[name] = this.fresh(saved[name], place, name);
    }
    return target;
  }

  /** An object or array with models in it: they stay where they are. */
  private parts(saved: Saved, now: unknown, place: Place): unknown {
    if (typeof now !== 'object' || now === null || !(isPlain(now) || Array.isArray(now)))
      throw mismatch(place, 'is not there in this machine');
    const target = now as Fields;
    for (const name of Object.keys(saved)) {
      if (name === KIND) continue;
      if (!Object.hasOwn(target, name)) throw mismatch({ parent: place, key: name }, 'is not there in this machine');
      this.field(target, name, saved[name], place);
    }
    return target;
  }

  private map(saved: Saved, now: unknown, place: Place): Map<unknown, unknown> {
    const { keys, values } = saved;
    if (!Array.isArray(keys) || !Array.isArray(values) || keys.length !== values.length) throw mismatch(place, 'is of an unknown kind');
    if (now !== undefined && now !== null && !(now instanceof Map)) throw mismatch(place, 'is of another type');
    const target: Map<unknown, unknown> = now instanceof Map ? now : new Map();
    const parts = saved[KIND] === 'map of parts';
    const entries = keys.map((savedKey: StateValue, index): [unknown, unknown] => {
      const key = this.fresh(savedKey, place, index);
      const value: StateValue = values[index];
      return [key, parts ? this.read(value, target.get(key), { parent: place, key: String(key) }) : this.fresh(value, place, index)];
    });
    target.clear();
    for (const [key, value] of entries) target.set(key, value);
    return target;
  }

  private set(saved: Saved, now: unknown, place: Place): Set<unknown> {
    const { values } = saved;
    if (!Array.isArray(values)) throw mismatch(place, 'is of an unknown kind');
    if (now !== undefined && now !== null && !(now instanceof Set)) throw mismatch(place, 'is of another type');
    const target: Set<unknown> = now instanceof Set ? now : new Set();
    target.clear();
    for (const [index, each] of values.entries()) target.add(this.fresh(each, place, index));
    return target;
  }
}

/** A state that is not that of the machine it is loaded into. */
export function mismatch(place: Place | string, what: string): SnapshotError {
  const text = typeof place === 'string' ? place : textOf(place);
  return new SnapshotError(
    'E_SNAPSHOT_MACHINE',
    `${text} ${what}: the snapshot comes from another SoC, board or configuration, or from another version of imx-sim`,
    'load it into a machine of the same SoC, board and options, with the version that made it',
    text,
  );
}
