/**
 * How far stacks were used, by thread: what the core saw of its stack pointers (cpu/stack-watch.ts), laid over the stacks that the firmware has.
 */
import type { StackLow } from '../cpu/stack-watch.ts';
import type { FirmwareSymbol } from '../remoteproc/elf-loader.ts';
import type { ThreadFacts } from './thread-reader.ts';

/** A row of `m.stacks()`. */
export interface StackUse {
  /** `main`, `idle`, `APP_TASK`; `MSP` for the main stack of the core, on which exceptions are handled. */
  readonly thread: string;
  /** Bytes from the stack's top to the lowest address that the stack pointer came to. */
  readonly used: number;
  /** Bytes that it has; absent when nothing says so. */
  readonly size?: number;
  /** Lowest address that was used. */
  readonly low: number;
  /** Where it ends: what lies below belongs to others; absent when nothing says so. */
  readonly limit?: number;
}

/** What stacks are named by. */
export interface StackPlaces {
  readonly threads: readonly ThreadFacts[];
  readonly symbols: readonly FirmwareSymbol[];
  /** Initial stack pointer of the core. */
  readonly top: number | undefined;
}

/** A place that a stack may be. */
interface Area {
  readonly thread: string;
  readonly start: number;
  readonly end: number | undefined;
  /** Where it begins is a guess: what lies in it and neither begins at its end nor handles exceptions may be another's. */
  readonly guessed?: boolean;
}

/** Largest stack that is believed where nothing says its size. */
const LARGEST_STACK = 1 << 20;
/** Names under which linker scripts give the end of the main stack, best first. */
const LIMITS = ['__StackLimit', '__stack_limit', '__STACK_LIMIT', '_sstack', '__stack_start__', '_stack_start', '__stack_bottom'];
const ENDS_OF_DATA = ['__HeapLimit', '__heap_end', '_ebss', '__bss_end__', '__bss_end', '_end', 'end', '_noinit_end'];

/** One row for each stack that was used. */
export function stackUse(lows: readonly StackLow[], places: StackPlaces): StackUse[] {
  const areas = [...threadAreas(places.threads), ...mainArea(places)];
  const rows = new Map<string, StackUse>();
  for (const stretch of lows) {
    if (stretch.high === stretch.low) continue;
    const { thread, start, end } = areaOf(stretch, areas) ?? objectArea(stretch, places.symbols) ?? unknownArea(stretch);
    const key = `${thread} ${start || stretch.high}`;
    const top = end ?? stretch.high;
    const known = rows.get(key);
    const low = Math.min(stretch.low, known?.low ?? stretch.low);
    const used = Math.max(top - stretch.low, known?.used ?? 0);
    const limits = start > 0 ? { limit: start, ...(end === undefined ? {} : { size: end - start }) } : {};
    rows.set(key, { thread, used, low, ...limits });
  }
  return numbered([...rows.values()].sort((a, b) => (a.thread === b.thread ? a.low - b.low : a.thread < b.thread ? -1 : 1)));
}

/** Threads of one name, from the second on, with a number: `CONSUMER_TASK (2)`. */
function numbered(rows: readonly StackUse[]): StackUse[] {
  const times = new Map<string, number>();
  return rows.map((row) => {
    const time = (times.get(row.thread) ?? 0) + 1;
    times.set(row.thread, time);
    return time === 1 ? row : { ...row, thread: `${row.thread} (${time})` };
  });
}

function threadAreas(threads: readonly ThreadFacts[]): Area[] {
  return threads.flatMap(({ name, stack }) => {
    if (!stack) return [];
    return [{ thread: name, start: stack.start, end: stack.size === undefined ? undefined : stack.start + stack.size }];
  });
}

/** The main stack, by the linker's symbols. An RTOS that has the main stack to itself for exceptions has an object for it. */
function mainArea({ symbols, top }: StackPlaces): Area[] {
  if (top === undefined) return [];
  const object = symbols.find(({ address, size }) => size >= 64 && address < top && address + size === top);
  if (object) return [{ thread: 'MSP', start: object.address, end: top }];
  const address = (name: string) => symbols.find((symbol) => symbol.name === name && symbol.address < top)?.address;
  const named = (names: readonly string[]) => names.map(address).find((found) => found !== undefined);
  // Nothing else says how far it may grow than where the data ends, if that lies in the same memory.
  const data = symbols.filter((symbol) => ENDS_OF_DATA.includes(symbol.name) && symbol.address < top && top - symbol.address < 1 << 22);
  const limit = named(LIMITS);
  if (limit !== undefined) return [{ thread: 'MSP', start: limit, end: top }];
  return [{ thread: 'MSP', start: Math.max(0, ...data.map((symbol) => symbol.address)), end: top, guessed: true }];
}

/** A stretch belongs where its beginning is, so that one that went too far is still its own. */
function areaOf({ high, exceptionStack }: StackLow, areas: readonly Area[]): Area | undefined {
  const inside = areas.filter(({ start, end, guessed }) => {
    if (guessed && high !== end && !exceptionStack) return false;
    return high > start && (end === undefined ? high - start < LARGEST_STACK : high <= end);
  });
  return inside.sort((a, b) => b.start - a.start)[0];
}

function objectArea({ high, exceptionStack }: StackLow, symbols: readonly FirmwareSymbol[]): Area | undefined {
  const object = symbols.find(({ address, size }) => size > 0 && high > address && high <= address + size);
  if (!object) return undefined;
  const thread = exceptionStack
    ? 'MSP'
    : object.name.replace(/^(?:_k_thread_stack_|z_)/, '').replace(/_?stacks?(?:_area)?$/i, '') || object.name;
  return { thread, start: object.address, end: object.address + object.size };
}

function unknownArea({ high, exceptionStack }: StackLow): Area {
  return { thread: exceptionStack ? 'MSP' : `stack 0x${high.toString(16)}`, start: 0, end: undefined };
}
