/**
 * What the walk over models knows of their fields: which of them are state, which objects are data, and how a place among them is called.
 *
 * Functions, callbacks (`onX`) and what a model was built with are no state. A class may name in `static state` the only fields that are, or in `static
 * wiring` those that are not.
 */
import { SnapshotError } from '../errors.ts';
import { Timer } from '../time/scheduler.ts';
import type { StateValue } from './hardware-state.ts';

/** Where an object was met: the way back to its block. */
export interface Place {
  readonly parent: Place | undefined;
  readonly key: string | number | boolean;
}

/** An object as its fields. */
export type Fields = Record<string, unknown>;
/** A saved object. */
export type Saved = Readonly<Record<string, StateValue>>;
/** What arrays of numbers there are. */
export type TypedArray = Uint8Array | Uint16Array | Uint32Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** Says in a saved object what it is; no field is called so. */
export const KIND = '$';
/** Fields of every class that only say what it was built with. */
const WIRING = new Set(['options', 'host', 'profile', 'layout']);
/** `onChange`: who set it is told of something. */
const CALLBACK = /^on[A-Z]/;

/** What a class says of its fields. */
interface Described {
  readonly state?: readonly string[];
  readonly wiring?: readonly string[];
}

const FIELDS = new WeakMap<object, readonly string[]>();

/** Names of the fields of a model that may hold state. */
export function fieldsOf(model: object): readonly string[] {
  const { state, wiring = [] } = model.constructor as Described;
  if (state) return state;
  const known = FIELDS.get(model.constructor);
  if (known) return known;
  const names = Object.keys(model).filter((name) => !WIRING.has(name) && !CALLBACK.test(name) && !wiring.includes(name));
  FIELDS.set(model.constructor, names);
  return names;
}

/** True for an object that is no instance of a class. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** True for an instance of a class of ours, timers aside. */
export function isModel(value: object): boolean {
  return (
    !(value instanceof Timer || value instanceof Map || value instanceof Set || ArrayBuffer.isView(value)) &&
    !Array.isArray(value) &&
    !isPlain(value)
  );
}

/** `UART4.line` */
export function textOf(place: Place): string {
  const own = String(place.key);
  return place.parent ? `${textOf(place.parent)}.${own}` : own;
}

/** The keys from a block's name on. */
export function pathOf(place: Place): (string | number | boolean)[] {
  const path: (string | number | boolean)[] = [];
  for (let at: Place | undefined = place; at; at = at.parent) path.unshift(at.key);
  return path;
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
