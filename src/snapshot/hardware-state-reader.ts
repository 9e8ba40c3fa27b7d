/**
 * The way back from data into the same objects of another machine, or of the same at another time.
 *
 * Models stay where they are. Data in their fields is filled in place, as a model may hold on to it, unless it is frozen, as what was handed out is;
 * what lies deeper is made anew. After a load `restored` of each model that has it is called.
 */
import { Timer } from '../time/scheduler.ts';
import type { StateValue } from './hardware-state.ts';
import {
  type Fields,
  fieldsOf,
  isModel,
  isPlain,
  KIND,
  mismatch,
  type Place,
  type Saved,
  type TypedArray,
} from './hardware-state-fields.ts';

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
