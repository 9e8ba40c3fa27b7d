/**
 * Watchpoints: functions of the host that run when a core is about to read or write certain bytes.
 *
 * A page with a watched byte never gets the rights READ or WRITE in the page table, so that each access to it comes to `CoreMemory`, which
 * refuses it before anything of the instruction is done (`CoreMemory.fault` is `watch`). The handlers run then, between two instructions as hooks do,
 * and the instruction is executed with its accesses let pass. What the core itself reads and writes (frames of exceptions, lazy floating-point state) is
 * noted instead, and told when the entry or return is complete. Not seen: fetches of instructions and vectors, semihosting, what a debugger does.
 */
import { UsageError } from '../errors.ts';
import type { AddressSpace, BusDevice, Stretch } from '../memory/bus.ts';
import { Ram } from '../memory/ram.ts';
import type { Core } from './core.ts';

/** What a watchpoint waits for. */
export type WatchAccess = 'read' | 'write' | 'access';

/** The bytes that a watchpoint watches, as the core sees them; the same bytes under other addresses of its are watched, too. */
export interface WatchArea {
  readonly address: number;
  /** 1 or more. */
  readonly size: number;
  readonly access: WatchAccess;
}

/** An access to a watched byte. */
export interface WatchHit {
  /** The first byte that is accessed, as the core addresses it, and how many; of instructions that access several words the one that is watched. */
  readonly address: number;
  readonly size: number;
  readonly access: 'read' | 'write';
  /**
   * The instruction that is about to do it. Absent: the core itself has done it, when it entered or left an exception or saved floating-point
   * state, which cannot be undone.
   */
  readonly pc?: number;
  /** What is written, u32. */
  readonly value?: number;
}

/** What happens after a hit: the instruction executes; `Core.run` returns, and the instruction executes when the core is run again. */
export type WatchAction = 'continue' | 'stop';

/** Runs before the access; may read and change registers and memory, add and remove watchpoints and hooks. */
export type WatchHandler = (core: Core, hit: WatchHit) => WatchAction;

/** What becomes of an access to watched bytes. */
export const WATCH_MODE = {
  /** Nobody hears of it: a handler runs. */
  IGNORE: 0,
  /** It is refused: an instruction is to begin anew. */
  REFUSE: 1,
  /** It is made: the handlers have run. */
  PASS: 2,
  /** It is made, and told afterwards. */
  NOTE: 3,
} as const;

/** Rights of an access, as `READ` and `WRITE` in core-memory.ts. */
const READ = 1;
const WRITE = 2;
const RIGHTS: Readonly<Record<WatchAccess, number>> = { read: READ, write: WRITE, access: READ | WRITE };

/** Hits that are noted between two looks at them: a frame has fewer words. */
const MOST_NOTED = 1024;

/** One watchpoint. */
interface Watchpoint {
  readonly area: WatchArea;
  readonly handler: WatchHandler;
  removed: boolean;
}

/** An access that was seen, and who waits for it. */
export interface SeenAccess {
  readonly hit: WatchHit;
  readonly points: readonly Watchpoint[];
}

/** The watchpoints of one core, and what they have seen. */
export class Watchpoints {
  mode: (typeof WATCH_MODE)[keyof typeof WATCH_MODE] = WATCH_MODE.NOTE;
  /** Those that there are, in the order in which they were added. */
  points: readonly Watchpoint[] = [];
  /** Told after one was added or taken away. */
  private readonly changed: () => void;

  constructor(changed: () => void) {
    this.changed = changed;
  }

  /** True when there are some. */
  get active(): boolean {
    return this.points.length > 0;
  }

  /** Adds a watchpoint; the function takes it away again. @throws {UsageError} for an area that is none */
  add(area: WatchArea, handler: WatchHandler): () => void {
    const { address, size } = area;
    if (!Number.isSafeInteger(size) || size < 1 || size > 2 ** 32 - (address >>> 0)) {
      throw new UsageError(`a watchpoint of ${size} bytes`, 'give it 1 byte or more, up to the end of the address space');
    }
    const point: Watchpoint = { area: { ...area, address: address >>> 0 }, handler, removed: false };
    this.points = [...this.points, point];
    this.changed();
    return () => this.remove(point);
  }

  /** Tells all who wait for `seen`; the first hit for which one of them asks for a stop. */
  tell(core: Core, seen: readonly SeenAccess[], pc: number | undefined): WatchHit | undefined {
    let stop: WatchHit | undefined;
    for (const { hit: access, points } of seen) {
      const hit = pc === undefined ? access : { ...access, pc };
      for (const point of points) {
        if (!point.removed && point.handler(core, hit) === 'stop') stop ??= hit;
      }
    }
    return stop;
  }

  /** Takes all of them away. */
  clear(): void {
    for (const point of this.points) this.remove(point);
  }

  private remove(point: Watchpoint): void {
    if (point.removed) return;
    point.removed = true;
    this.points = this.points.filter((other) => other !== point);
    this.changed();
  }
}

/** Watched bytes in one piece; `source` is undefined in a hole. */
interface WatchedBytes {
  readonly source: Ram | BusDevice | undefined;
  readonly from: number;
  readonly to: number;
  readonly rights: number;
  readonly point: Watchpoint;
}

/** The watchpoints of a core on one port: which bytes of which RAM or device they are. Two engines in lockstep have a port each. */
export class MemoryWatch {
  readonly watchpoints: Watchpoints;
  /** What was seen since `take`. */
  private seen: SeenAccess[] = [];
  private readonly bus: AddressSpace;
  private readonly watched: readonly WatchedBytes[];

  constructor(watchpoints: Watchpoints, bus: AddressSpace) {
    this.watchpoints = watchpoints;
    this.bus = bus;
    this.watched = watchpoints.points.flatMap((point) => watchedBytes(bus, point));
  }

  /** Of `rights` those with which `size` bytes of `ram` from `offset` on may be accessed without asking. */
  unwatched(ram: Ram, offset: number, size: number, rights: number): number {
    let left = rights;
    for (const watched of this.watched) {
      if (watched.source === ram && offset < watched.to && offset + size > watched.from) left &= ~watched.rights;
    }
    return left;
  }

  /** RAM whose reads are watched and were not by `before`: what was made of literals there has their values in it. */
  newlyRead(before: MemoryWatch | undefined): Stretch[] {
    const known = new Set(before?.watched.map(({ point }) => point));
    return this.watched.flatMap(({ source, from, to, rights, point }) => {
      return source instanceof Ram && (rights & READ) !== 0 && !known.has(point) ? [{ ram: source, offset: from, size: to - from }] : [];
    });
  }

  /** True when a read (`right` READ) or write of the bytes is watched. */
  watches(address: number, size: number, right: number): boolean {
    const at = address >>> 0;
    const region = this.bus.find(at);
    if (!region || at + size > region.base + region.size) return this.waiting(at, size, right).length > 0;
    // The usual case, for every access to a page with a watched byte: no more than a few comparisons.
    const source = region.ram ?? region.device;
    const offset = region.ramOffset + at - region.base;
    for (const watched of this.watched) {
      if (watched.source === source && offset < watched.to && offset + size > watched.from && (watched.rights & right) !== 0) return true;
    }
    return false;
  }

  /** True while watched accesses are refused. */
  get refusing(): boolean {
    return this.watchpoints.mode === WATCH_MODE.REFUSE;
  }

  /** An access that nothing else forbids; true when it must not be made. */
  refuses(address: number, size: number, right: number, value: number): boolean {
    const { mode } = this.watchpoints;
    if (mode === WATCH_MODE.IGNORE || mode === WATCH_MODE.PASS) return false;
    if (!this.watches(address, size, right)) return false;
    const points = this.waiting(address, size, right);
    const access = right === READ ? 'read' : 'write';
    const hit: WatchHit = { address: address >>> 0, size, access, ...(right === WRITE ? { value: value >>> 0 } : {}) };
    if (this.seen.length < MOST_NOTED) this.seen.push({ hit, points });
    return mode === WATCH_MODE.REFUSE;
  }

  /** What was seen since the last call. */
  take(): readonly SeenAccess[] {
    const { seen } = this;
    if (seen.length > 0) this.seen = [];
    return seen;
  }

  private waiting(address: number, size: number, right: number): Watchpoint[] {
    const found = new Set<Watchpoint>();
    for (const { ram, device, offset, size: bytes } of this.bus.stretches(address >>> 0, size)) {
      const source = ram ?? device;
      for (const watched of this.watched) {
        if ((watched.rights & right) === 0 || watched.source !== source) continue;
        if (offset < watched.to && offset + bytes > watched.from) found.add(watched.point);
      }
    }
    return [...found];
  }
}

function watchedBytes(bus: AddressSpace, point: Watchpoint): WatchedBytes[] {
  const { address, size, access } = point.area;
  return Array.from(bus.stretches(address, size), ({ ram, device, offset, size: bytes }) => {
    return { source: ram ?? device, from: offset, to: offset + bytes, rights: RIGHTS[access], point };
  });
}
