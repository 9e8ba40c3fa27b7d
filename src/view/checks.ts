/**
 * Parameters of the view's methods, checked before anything is done with them: they come from a socket.
 *
 * One table for all methods. What is not in it is left out, so that a method sees its own parameters only; every number has bounds, every list and
 * text a length.
 */
import type { Method, Methods, ViewEventType } from './protocol.ts';

/** What is wrong with a value, or undefined. */
type Check = (value: unknown) => string | undefined;

const U32 = 0xffff_ffff;
/** Bytes that one call may read or write, and that may be searched for. */
export const MOST_BYTES = 65_536;
/** Events in one answer of `events.history`. */
export const MOST_EVENTS = 10_000;
/** Events per second that a client can ask for. */
export const MOST_RATE = 50_000;

/** All types of events, in the order of their bits and records (event-log.ts). */
export const EVENT_TYPES = ['console', 'dmesg', 'mu', 'vring', 'message', 'core', 'interrupt', 'thread', 'fault', 'finding'] as const;
// A type that the protocol has and the list has not does not compile.
EVENT_TYPES satisfies readonly ViewEventType[];
({}) as Exclude<ViewEventType, (typeof EVENT_TYPES)[number]> satisfies never;

function integer(low: number, high: number): Check {
  return (value) =>
    Number.isInteger(value) && (value as number) >= low && (value as number) <= high ? undefined : `an integer from ${low} to ${high}`;
}

function number(low: number, high: number): Check {
  return (value) => (typeof value === 'number' && value >= low && value <= high ? undefined : `a number from ${low} to ${high}`);
}

function text(most: number): Check {
  return (value) => (typeof value === 'string' && value.length <= most ? undefined : `text of at most ${most} characters`);
}

function oneOf(...words: readonly string[]): Check {
  return (value) => (typeof value === 'string' && words.includes(value) ? undefined : `one of ${words.join(', ')}`);
}

function listOf(check: Check, most: number): Check {
  return (value) => {
    if (!Array.isArray(value) || value.length > most) return `a list of at most ${most}`;
    for (const each of value) {
      const wrong = check(each);
      if (wrong) return `a list of ${wrong}`;
    }
    return undefined;
  };
}

/** Base64 of at most `most` bytes. */
function base64(most: number): Check {
  const longest = Math.ceil(most / 3) * 4;
  return (value) =>
    typeof value === 'string' && value.length <= longest && value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value)
      ? undefined
      : `base64 of at most ${most} bytes`;
}

function either(a: Check, b: Check): Check {
  return (value) => {
    const wrong = a(value);
    return wrong && b(value) ? `${wrong}, or ${b(value)}` : undefined;
  };
}

const boolean: Check = (value) => (typeof value === 'boolean' ? undefined : 'true or false');

/** It need not be there; undefined and null are as nothing. */
const OPTIONAL = Symbol('optional');
interface OptionalCheck {
  readonly [OPTIONAL]: Check;
}
const optional = (check: Check): OptionalCheck => ({ [OPTIONAL]: check });

const u32 = integer(0, U32);
const cycle = number(0, Number.MAX_SAFE_INTEGER);
const seq = integer(0, Number.MAX_SAFE_INTEGER);
const name = text(128);
const core = optional(name);
const types = listOf(oneOf(...EVENT_TYPES), EVENT_TYPES.length);

/** For each method its parameters: those that the protocol has optional are so here. */
type Table = {
  readonly [M in Method]: {
    readonly [K in keyof Methods[M]['params'] as string extends K ? never : K]-?: undefined extends Methods[M]['params'][K]
      ? OptionalCheck
      : Check;
  };
};

export const PARAMETERS: Table = {
  'system.describe': {},
  'system.state': {},
  'system.overview': {},
  subscribe: { events: optional(types), overview: optional(boolean), consoles: optional(boolean), rate: optional(number(1, MOST_RATE)) },
  'events.history': {
    after: optional(integer(-1, Number.MAX_SAFE_INTEGER)),
    limit: optional(integer(1, MOST_EVENTS)),
    types: optional(types),
  },
  'control.pause': {},
  'control.resume': {},
  'control.step': { core, what: oneOf('instruction', 'line', 'over', 'out', 'back', 'back-line') },
  'control.reverse': {},
  'control.goTo': { cycle },
  'control.restart': {},
  'control.pace': { pace: number(0, 1000) },
  'control.linuxWhileHalted': { mode: oneOf('held', 'runs') },
  'stoppers.list': {},
  'stoppers.add': {
    core,
    at: either(text(1024), u32),
    size: optional(integer(1, 1 << 20)),
    access: optional(oneOf('read', 'write', 'access')),
    temporary: optional(boolean),
  },
  'stoppers.remove': { id: seq },
  'cpu.registers': { core },
  'cpu.setRegister': { core, register: name, value: number(-0x8000_0000, Number.MAX_SAFE_INTEGER) },
  'cpu.disassemble': { core, address: optional(u32), count: integer(1, 1000), before: optional(integer(0, 1000)) },
  'cpu.stack': { core, locals: optional(boolean), thread: optional(u32) },
  'cpu.exceptions': { core },
  'cpu.faults': { core },
  'cpu.threads': { core },
  'symbols.search': { text: text(256), limit: optional(integer(1, 1000)) },
  'symbols.value': { name: text(1024) },
  'source.read': { file: text(4096) },
  'memory.read': { view: name, address: u32, length: integer(1, MOST_BYTES) },
  'memory.write': { view: name, address: u32, bytes: base64(MOST_BYTES) },
  'memory.search': { view: name, pattern: base64(1024), from: optional(u32), limit: optional(integer(1, 1000)) },
  'peripherals.registers': { name },
  'vrings.list': {},
  'vrings.inspect': { device: name, queue: integer(0, 65_535) },
  'vrings.culprit': { device: name, queue: integer(0, 65_535), violation: seq },
  'memory.culprit': { view: name, address: u32, size: integer(1, MOST_BYTES) },
  'linux.resourceTable': { core },
  'linux.deviceTree': {},
  'consoles.list': {},
  'consoles.history': { device: name },
  'consoles.input': { device: name, data: base64(MOST_BYTES) },
  'consoles.resize': { device: name, columns: integer(2, 1000), rows: integer(2, 1000) },
};

/** True for a name of a method. */
export function isMethod(value: string): value is Method {
  return Object.hasOwn(PARAMETERS, value);
}

/** The parameters that the method has, or what is wrong with them, in words. */
export function checkParameters<M extends Method>(
  method: M,
  params: unknown,
): { readonly params: Methods[M]['params'] } | { readonly wrong: string } {
  const given = params ?? {};
  if (typeof given !== 'object' || Array.isArray(given)) return { wrong: 'params is to be an object' };
  const checked: Record<string, unknown> = {};
  for (const [key, check] of Object.entries(PARAMETERS[method] as Readonly<Record<string, Check | OptionalCheck>>)) {
    const value: unknown = Object.hasOwn(given, key) ? (given as Readonly<Record<string, unknown>>)[key] : undefined;
    const absent = value === undefined || value === null;
    if (typeof check !== 'function' && absent) continue;
    const wrong = (typeof check === 'function' ? check : check[OPTIONAL])(value);
    if (wrong) return { wrong: `${key} is to be ${wrong}` };
    checked[key] = value;
  }
  return { params: checked as Methods[M]['params'] };
}

/** Arrays and objects within each other in JSON text, at most `limit` + 1 of them looked at. */
export function depthOf(json: string, limit: number): number {
  let depth = 0;
  let deepest = 0;
  let inText = false;
  for (let at = 0; at < json.length && deepest <= limit; at++) {
    const code = json.charCodeAt(at);
    if (inText) {
      if (code === 0x5c) at++;
      else if (code === 0x22) inText = false;
    } else if (code === 0x22) inText = true;
    else if (code === 0x7b || code === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (code === 0x7d || code === 0x5d) depth--;
  }
  return deepest;
}
