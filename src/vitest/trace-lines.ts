/**
 * What a machine said and did, as lines of text that can be kept in a file and compared: consoles, dmesg, messages, and doorbells and ring
 * movements where somebody wants them. Without times unless asked for: they change with every build of the firmware.
 */
import type { MachineEvent } from '../events.ts';
import { hex } from '../memory/bits.ts';
import type { OutputLine } from '../session/lines.ts';
import { dump, isText, textOf } from './dump.ts';

/** What stands in a trace. */
export interface TraceOptions {
  /** Only these: `linux`, `uart4`, `ttyRPMSG30`, `rpmsg`, `core`, and with `events` `mu` and `vring`. */
  readonly sources?: readonly string[];
  /** True: the time of each line in seconds, to the cycle. */
  readonly times?: boolean;
  /** True: doorbells and ring movements, too. */
  readonly events?: boolean;
  /** The text of a line as it should stand in the file, or undefined to leave it out; behind the built-in one, which masks file sizes. */
  readonly normalize?: (line: string) => string | undefined;
}

/** What a trace is made of. */
export interface TraceSource {
  /** Complete and unfinished lines of all consoles and dmesg, in their order. */
  readonly lines: Iterable<OutputLine>;
  readonly events: Iterable<MachineEvent>;
  /** Cycles per second. */
  readonly hz: number;
}

/** A line of a trace, and when it came. */
export interface TraceLine {
  readonly text: string;
  readonly seconds: number;
}

const SOURCE_WIDTH = 10;

interface Item {
  readonly cycle: number;
  readonly source: string;
  readonly text: string;
}

function messageText({ direction, src, dst, data }: Extract<MachineEvent, { type: 'message' }>): string {
  const way = direction === 'rx' ? 'to Linux  ' : 'from Linux';
  const content =
    isText(data) && data.length > 0 ? JSON.stringify(textOf(data)) : `${data.length} bytes ${dump(data.subarray(0, 16)).slice(6)}`;
  return `${way} ${hex(src)} -> ${hex(dst)}  ${content}`.trimEnd();
}

function itemOf(event: MachineEvent, all: boolean): Item | undefined {
  const { cycle } = event;
  switch (event.type) {
    case 'message':
      return { cycle, source: 'rpmsg', text: messageText(event) };
    case 'core':
      return { cycle, source: 'core', text: `${event.core} ${event.state}${event.detail ? `: ${event.detail}` : ''}` };
    case 'mu':
      return all
        ? { cycle, source: 'mu', text: `${event.mu} side ${event.side} ${event.action} ${event.channel} ${hex(event.value)}` }
        : undefined;
    case 'vring':
      return all
        ? { cycle, source: 'vring', text: `${event.device} queue ${event.queue} ${event.action} ${event.id} ${event.length}` }
        : undefined;
    default:
      return undefined;
  }
}

/** Lines and events in the order in which they happened; lines come behind events of the same cycle. */
function itemsOf({ lines, events }: TraceSource, all: boolean): Item[] {
  const items: Item[] = [];
  for (const event of events) {
    const item = itemOf(event, all);
    if (item) items.push(item);
  }
  for (const { source, cycle, text, complete } of lines) if (complete) items.push({ cycle, source, text });
  return items.sort((a, b) => a.cycle - b.cycle);
}

/** Sizes of files in kernel messages. */
const mask = (text: string): string => text.replace(/, size \d+$/, ', size ...');

/** The trace of a machine so far. */
export function traceOf(source: TraceSource, options: TraceOptions = {}): TraceLine[] {
  const { sources, times, events = false, normalize } = options;
  const found: TraceLine[] = [];
  for (const { cycle, source: name, text } of itemsOf(source, events)) {
    if (sources && !sources.includes(name)) continue;
    const seconds = cycle / source.hz;
    const line = `${name.padEnd(SOURCE_WIDTH)} ${mask(text)}`.trimEnd();
    const kept = normalize ? normalize(line) : line;
    if (kept !== undefined) found.push({ text: times ? `${seconds.toFixed(9)}  ${kept}` : kept, seconds });
  }
  return found;
}
