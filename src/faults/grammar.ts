/**
 * Faults as people write them: `name[:parameter=value,...][@when]`, several with commas between them.
 *
 * What comes out is plain data with every parameter in it, so that a plan can be kept, changed and written again.
 */
import { UsageError } from '../errors.ts';
import { durationNs, timeText } from '../time/duration.ts';
import { FAULT_NAMES, FAULTS, type FaultName, faultSpec, type ParameterSpec, parametersOf } from './catalogue.ts';

/** When a fault happens. Times are ns of virtual time, numbers count from 1. */
export type Trigger =
  /** From power-on, or from when the fault was given (`+5ms`). */
  | { readonly kind: 'time'; readonly ns: number; readonly relative?: true }
  /** The n-th doorbell, of those that the fault looks at. */
  | { readonly kind: 'doorbell'; readonly number: number }
  /** The n-th message, in either direction. */
  | { readonly kind: 'message'; readonly number: number }
  /** Something is printed: by a UART, a tty, `linux` (dmesg). */
  | { readonly kind: 'line'; readonly source: string; readonly pattern: string }
  /** The core reaches a function. */
  | { readonly kind: 'symbol'; readonly name: string }
  /** The remote processor is `running`, `attached` or `offline`, the core `started`, `stopped` or `crashed`. */
  | { readonly kind: 'state'; readonly state: string }
  /** A time in a window, which the seed decides. */
  | { readonly kind: 'random'; readonly from: number; readonly to: number };

/** A value of a parameter: a number (times in ns) or a word; `seed` lets the seed decide. */
export type ParameterValue = number | string;

/** A fault that is to happen. */
export interface Fault {
  readonly name: FaultName;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly when: Trigger;
}

/** Where `random` is when no window is given, in ns. */
const WINDOW = { from: 0, to: 100e6 };
const STATES = ['running', 'attached', 'offline', 'started', 'stopped', 'crashed'] as const;

function bad(text: string, message: string, remedy: string): UsageError {
  return new UsageError(`fault ${text}: ${message}`, remedy, '--faults');
}

/** Cuts `a:b=1,c=2@uart4=/x,y/,d` into its faults: at commas behind which a fault's name stands, outside of an expression. */
export function splitFaults(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let expression = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '\\') at++;
    else if (character === '/') expression = !expression;
    else if (
      character === ',' &&
      !expression &&
      /^,\s*[a-z-]+(?:[:@,]|\s*$)/.test(text.slice(at)) &&
      !/^,\s*[a-z-]+\s*=/.test(text.slice(at))
    ) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts.map((part) => part.trim());
}

/** Parses `doorbell-drop@doorbell#3,core-pause:for=2ms@5ms`. @throws {UsageError} */
export function parseFaults(text: string): Fault[] {
  return splitFaults(text).map(parseFault);
}

/** Parses one fault. @throws {UsageError} */
export function parseFault(text: string): Fault {
  const match = /^([^:@]*)(?::([^@]*))?(?:@([\s\S]*))?$/.exec(text.trim());
  const [, name = '', list, when] = match ?? [];
  if (!Object.hasOwn(FAULTS, name)) {
    const near = FAULT_NAMES.filter((each) => name !== '' && (each.includes(name) || name.includes(each)));
    throw bad(
      text,
      `there is no ${name === '' ? 'fault without a name' : name}`,
      `there are ${(near.length > 0 ? near : FAULT_NAMES).join(', ')}`,
    );
  }
  const fault = name as FaultName;
  const specs = parametersOf(fault);
  const parameters: Record<string, ParameterValue> = {};
  for (const [key, spec] of Object.entries(specs)) if (spec.fallback !== undefined) parameters[key] = spec.fallback;
  for (const pair of list?.split(',') ?? []) {
    const [, key = '', value = ''] = /^\s*([^=]*)=?([\s\S]*)$/.exec(pair) ?? [];
    const spec = Object.hasOwn(specs, key) ? specs[key] : undefined;
    if (!spec) throw bad(text, `${name} has no parameter ${key}`, `it has ${Object.keys(specs).join(', ')}`);
    parameters[key] = parseValue(text, key, value.trim(), spec);
  }
  return { name: fault, parameters, when: parseTrigger(when ?? faultSpec(fault).when, text) };
}

/** Names of the parameters that the text of one fault gives. */
export function givenParameters(text: string): string[] {
  const list = /^[^:@]*:([^@]*)/.exec(text)?.[1];
  return list?.split(',').map((pair) => pair.split('=', 1)[0]!.trim()) ?? [];
}

function parseValue(text: string, key: string, value: string, spec: ParameterSpec): ParameterValue {
  if (spec.kind === 'time') {
    const ns = value === '0' ? 0 : durationNs(value);
    if (ns === undefined) throw bad(text, `${key}=${value} is no time`, `give a number and a unit: ${key}=5ms`);
    return ns;
  }
  if (spec.kind === 'number') {
    if (value === 'seed' && spec.fallback === 'seed') return value;
    const number = /^(?:0x[0-9a-f]+|\d+)$/i.test(value) ? Number(value) : Number.NaN;
    if (!(number <= 0xffff_ffff)) throw bad(text, `${key}=${value} is no number`, `give a number of up to 32 bits: ${key}=3`);
    return number;
  }
  if (spec.kind === 'choice' && !spec.choices.includes(value)) {
    throw bad(text, `${key}=${value} is unknown`, `it is one of ${spec.choices.join(', ')}`);
  }
  if (value === '') throw bad(text, `${key} has no value`, `write ${key}=name`);
  return value;
}

function parseTrigger(when: string, text: string): Trigger {
  const relative = when.startsWith('+');
  const ns = durationNs(relative ? when.slice(1) : when);
  if (ns !== undefined) return { kind: 'time', ns, ...(relative ? { relative } : {}) };
  const counted = /^(doorbell|message)#([1-9]\d{0,8})$/.exec(when);
  if (counted) return { kind: counted[1] as 'doorbell' | 'message', number: Number(counted[2]) };
  const random = /^random(?::([\d.]+[a-z]+)\.\.([\d.]+[a-z]+))?$/.exec(when);
  if (random) {
    const from = random[1] === undefined ? WINDOW.from : durationNs(random[1]);
    const to = random[2] === undefined ? WINDOW.to : durationNs(random[2]);
    if (from === undefined || to === undefined || to < from) throw bad(text, `@${when} is no window`, 'write random, or random:5ms..40ms');
    return { kind: 'random', from, to };
  }
  const equals = /^([A-Za-z][A-Za-z0-9_]*)=([\s\S]+)$/.exec(when);
  if (equals) {
    const [, key, value] = equals as unknown as [string, string, string];
    if (key === 'symbol') return { kind: 'symbol', name: value };
    if (key !== 'state') return { kind: 'line', source: key, pattern: expressionOf(value, text) };
    if ((STATES as readonly string[]).includes(value)) return { kind: 'state', state: value };
    throw bad(text, `@state=${value} is unknown`, `it is one of ${STATES.join(', ')}`);
  }
  throw bad(
    text,
    `@${when} is no moment`,
    'write a time (5ms, or +5ms from now), doorbell#3, message#12, uart4=/text/, linux=/text/, symbol=name, state=running or random',
  );
}

function expressionOf(value: string, text: string): string {
  const pattern = /^\/([\s\S]*)\/$/.exec(value)?.[1] ?? value;
  try {
    new RegExp(pattern);
  } catch (error) {
    throw bad(text, (error as Error).message, 'write \\ before ( ) [ ] { } * + ? . ^ $ | that are meant as such');
  }
  return pattern;
}

/** When, as people write it. */
function triggerText(when: Trigger): string {
  switch (when.kind) {
    case 'time':
      return `${when.relative ? '+' : ''}${timeText(when.ns)}`;
    case 'doorbell':
    case 'message':
      return `${when.kind}#${when.number}`;
    case 'line':
      return `${when.source}=/${when.pattern}/`;
    case 'symbol':
      return `symbol=${when.name}`;
    case 'state':
      return `state=${when.state}`;
    case 'random':
      return `random:${timeText(when.from)}..${timeText(when.to)}`;
  }
}

/** The fault as people write it, without what is as usual. */
export function faultText({ name, parameters, when }: Fault): string {
  const specs = parametersOf(name);
  const given = Object.entries(parameters).filter(([key, value]) => specs[key] && specs[key].fallback !== value);
  const list = given.map(([key, value]) => `${key}=${valueText(specs[key]!, value)}`).join(',');
  const moment = triggerText(when);
  return `${name}${list ? `:${list}` : ''}${moment === faultSpec(name).when ? '' : `@${moment}`}`;
}

function valueText(spec: ParameterSpec, value: ParameterValue): string {
  if (typeof value === 'string') return value;
  if (spec.kind === 'time') return timeText(value);
  return value >= 0x1000 ? `0x${value.toString(16)}` : String(value);
}
