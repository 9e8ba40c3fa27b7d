/**
 * What `imx-sim run --json` has printed, looked at: events and consoles of a run whose machine is no more.
 *
 * The file comes from anywhere: each line is checked, and what makes no sense is said with its number. Lines of consoles are as `--json` has them, in
 * lines, so the bytes between them are gone.
 */
import { UsageError, ViewError } from '../errors.ts';
import type { KernLevel, MachineEvent } from '../events.ts';
import { type HubHost, type SourceMethod, ViewHub, type ViewSource } from './hub.ts';
import type { ConsoleView, Finding, MachineState, Methods, StopperView } from './protocol.ts';
import { CORE_STATES, DIRECTIONS, DMESG, MU_ACTIONS, Recorder, SIDES, VRING_ACTIONS } from './recorder.ts';

/** Clock of a trace that does not tell, in Hz. */
const USUAL_HZ = 800e6;
/** Lines of which one has to be of a trace. */
const FIRST_LINES = 100;
const U32 = 0xffff_ffff;

type Fields = Readonly<Record<string, unknown>>;

/** A trace that was read. */
export interface Trace {
  readonly recorder: Recorder;
  readonly cycle: number;
  /** How the run ended, if the trace says. */
  readonly end: string | undefined;
}

/** Reads JSON lines; `name` is what the file is called. @throws {UsageError} when it is no trace */
export function readTrace(text: string, name: string): Trace {
  const lines = text.split('\n');
  const objects: Fields[] = [];
  let known = 0;
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const fields = parse(line);
    // The last line of a run that was killed may be half of one.
    if (!fields && index === lines.length - 1) break;
    if (!fields) throw damaged(name, index, 'it is no JSON object');
    if (typeof fields['type'] === 'string' && Object.hasOwn(READERS, fields['type'])) known++;
    if (known === 0 && index >= FIRST_LINES) break;
    objects.push(fields);
  }
  if (known === 0)
    throw new UsageError(`${name} is no trace`, 'give what imx-sim run --json has printed, or what run --record has written', name);
  const timed = objects.findLast(({ cycle, time }) => isCycle(cycle) && typeof time === 'number' && time > 0 && cycle > 0);
  const hz = timed ? Math.round((timed['cycle'] as number) / (timed['time'] as number)) : USUAL_HZ;
  const reading = new Reading(new Recorder(hz));
  let number = 0;
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '' || number >= objects.length) continue;
    const fields = objects[number++]!;
    const wrong = reading.read(fields);
    if (wrong) throw damaged(name, index, wrong);
  }
  reading.finish();
  return reading;
}

function parse(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

function damaged(name: string, index: number, wrong: string): UsageError {
  return new UsageError(`${name}: line ${index + 1}: ${wrong}`, 'it is no trace of this imx-sim, or damaged: make it again', name);
}

const isCycle = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
const isU32 = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= U32;
const isText = (value: unknown): value is string => typeof value === 'string' && value.length <= 1_000_000;
const isOneOf = <T extends string>(words: readonly T[], value: unknown): value is T => words.includes(value as T);

/** Reads one kind of line; false when a field is missing or wrong. */
type LineReader = (reading: Reading, fields: Fields, cycle: number) => boolean;

const event =
  (make: (fields: Fields, cycle: number) => MachineEvent | undefined): LineReader =>
  (reading, fields, cycle) => {
    const made = make(fields, cycle);
    if (made) reading.recorder.add(made);
    return made !== undefined;
  };

/** By `type`; others are of no interest here. */
const READERS: Readonly<Record<string, LineReader>> = {
  console: (reading, { device, text, complete }, cycle) => {
    if (!isText(device) || device === '' || !isText(text)) return false;
    reading.line(device, text, complete !== false, cycle);
    return true;
  },
  dmesg: event(({ level, text }, cycle) =>
    isU32(level) && level <= 7 && isText(text) ? { type: 'dmesg', cycle, level: level as KernLevel, text } : undefined,
  ),
  mu: event(({ mu, side, action, channel, value }, cycle) =>
    isText(mu) && isOneOf(SIDES, side) && isOneOf(MU_ACTIONS, action) && isU32(channel) && isU32(value)
      ? { type: 'mu', cycle, mu, side, action, channel, value }
      : undefined,
  ),
  vring: event(({ device, queue, action, id, length }, cycle) =>
    isText(device) && isU32(queue) && isOneOf(VRING_ACTIONS, action) && isU32(id) && isU32(length)
      ? { type: 'vring', cycle, device, queue, action, id, length }
      : undefined,
  ),
  message: event(({ device, direction, src, dst, data }, cycle) =>
    isText(device) && isOneOf(DIRECTIONS, direction) && isU32(src) && isU32(dst) && isText(data) && /^(?:[0-9a-f]{2})*$/i.test(data)
      ? { type: 'message', cycle, device, direction, src, dst, data: fromHex(data) }
      : undefined,
  ),
  core: event(({ core, state, detail }, cycle) =>
    isText(core) && isOneOf(CORE_STATES, state) && isText(detail) ? { type: 'core', cycle, core, state, detail } : undefined,
  ),
  fault: event(({ fault, text }, cycle) => (isText(fault) && isText(text) ? { type: 'fault', cycle, fault, text } : undefined)),
  diagnostic: (reading, { kind, block, register, text }, cycle) => {
    if (!isText(kind) || !isText(text)) return false;
    return reading.finding({ kind, severity: 'warning', text: [block, register, text].filter(isText).join(' '), cycle });
  },
  finding: (reading, { severity, place, text, remedy }) => {
    if (!isOneOf(['error', 'warning'] as const, severity) || !isText(text)) return false;
    return reading.finding({
      kind: isText(place) ? place : 'firmware',
      severity,
      text,
      ...(isText(remedy) ? { remedy } : {}),
      cycle: reading.cycle,
    });
  },
  result: (reading, { reason }) => {
    if (isText(reason)) reading.end = reason;
    return true;
  },
};

/** Types whose lines have no moment of their own. */
const TIMELESS = new Set(['finding', 'result']);

class Reading implements Trace {
  readonly recorder: Recorder;
  cycle = 0;
  end: string | undefined;
  /** Beginnings of lines, which are shown again when they go on. */
  private readonly unfinished = new Map<string, { readonly text: string; readonly cycle: number }>();

  constructor(recorder: Recorder) {
    this.recorder = recorder;
  }

  /** Takes a line; what is wrong with it, or undefined. */
  read(fields: Fields): string | undefined {
    const { type, cycle } = fields;
    const reader = typeof type === 'string' && Object.hasOwn(READERS, type) ? READERS[type] : undefined;
    if (!reader) return undefined;
    if (!isCycle(cycle) && !TIMELESS.has(type as string)) return `a line of type ${String(type)} has no cycle`;
    if (isCycle(cycle) && cycle > this.cycle) this.cycle = cycle;
    return reader(this, fields, isCycle(cycle) ? cycle : this.cycle)
      ? undefined
      : `a field of a line of type ${String(type)} is missing or wrong`;
  }

  line(device: string, text: string, complete: boolean, cycle: number): void {
    if (!complete) {
      this.unfinished.set(device, { text, cycle });
      return;
    }
    const before = this.unfinished.get(device);
    this.unfinished.delete(device);
    if (before && !text.startsWith(before.text)) this.write(device, `${before.text}\n`, before.cycle);
    this.write(device, `${text}\n`, cycle);
  }

  finding(finding: Finding): boolean {
    this.recorder.finding(finding);
    return true;
  }

  finish(): void {
    for (const [device, { text, cycle }] of this.unfinished) this.write(device, text, cycle);
    this.recorder.flushLines();
  }

  private write(device: string, text: string, cycle: number): void {
    for (const byte of new TextEncoder().encode(text.replaceAll('\n', '\r\n'))) this.recorder.add({ type: 'console', cycle, device, byte });
  }
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, index) => Number.parseInt(text.slice(2 * index, 2 * index + 2), 16));
}

/** The view of a trace. */
export function viewOfTrace(trace: Trace, info: { readonly title: string; readonly version: string }, host: HubHost): ViewHub {
  return new ViewHub(new TraceView(trace, info), host);
}

class TraceView implements ViewSource {
  readonly info: ViewSource['info'];
  readonly recorder: Recorder;
  readonly names = { exception: (number: number) => `exception ${number}`, thread: (id: number) => `0x${id.toString(16)}` };
  private readonly trace: Trace;

  constructor(trace: Trace, { title, version }: { readonly title: string; readonly version: string }) {
    this.trace = trace;
    this.recorder = trace.recorder;
    this.info = { version, mode: 'trace', title };
  }

  state(): Omit<MachineState, 'speed' | 'clients'> {
    const { cycle, end, recorder } = this.trace;
    const text = `this is a trace: the run is over${end === undefined ? '' : ` (${end})`}`;
    return {
      cycle,
      seconds: cycle / recorder.hz,
      running: false,
      halt: { kind: 'ended', text },
      noWayBack: 'a trace has no machine',
      linuxWhileHalted: 'held',
      pace: 0,
    };
  }

  overview(): undefined {
    return undefined;
  }

  consoles(): readonly ConsoleView[] {
    return [...this.recorder.consoles.all].map(({ device }) => ({
      device,
      kind:
        device === DMESG ? 'dmesg' : device.startsWith('tty') ? 'tty' : device === 'uboot' || device === 'semihosting' ? device : 'uart',
      input: 'never',
      title: device === DMESG ? 'dmesg' : device,
    }));
  }

  stoppers(): readonly StopperView[] {
    return [];
  }

  answer<M extends SourceMethod>(method: M): Methods[M]['result'] {
    if (method === 'stoppers.list') return [] as unknown as Methods[M]['result'];
    throw new ViewError('E_VIEW_TRACE', 'a trace has no machine', 'record the run with --record, and look at the recording');
  }

  watch(): void {}

  attended(): void {}
}
