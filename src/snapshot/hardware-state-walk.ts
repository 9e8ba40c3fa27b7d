/**
 * The walk over the fields of models: objects to data. `hardware-state-reader.ts` is the way back.
 *
 * An object that was built with the machine (a model) is known by its path from a block's name and is never made anew; plain objects, arrays, maps and
 * sets in its fields are data, unless there are models or functions in them.
 */
import { InvariantViolation, invariant } from '../errors.ts';
import { Timer } from '../time/scheduler.ts';
import type { StateValue } from './hardware-state.ts';
import { type Fields, fieldsOf, isPlain, KIND, type Place, pathOf, type TypedArray, textOf } from './hardware-state-fields.ts';

const SKIP = Symbol('no state');
const DEEPEST = 64;

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
