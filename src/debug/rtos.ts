/**
 * What debuggers show of an RTOS's threads beyond what profiles know of them (profile/threads.ts): whether the kernel schedules yet, state, priority, and
 * the registers of those that do not run. Zephyr and FreeRTOS, by their symbols and debug information, else by the layouts of their releases.
 */
import { Dwarf } from '../dwarf/dwarf.ts';
import type { Machine } from '../machine.ts';
import { type FirmwareView, GuestReader, type ThreadSource } from '../profile/thread-reader.ts';
import { findThreads } from '../profile/threads.ts';
import { type Firmware, parseFirmware } from '../remoteproc/elf-loader.ts';
import { freeRtosContext, type SavedRegisters, type ZephyrOffsets, zephyrContext } from './saved-context.ts';

/** A thread as debuggers show it. */
export interface RtosThread {
  /** Address of its control block. */
  readonly id: number;
  readonly name: string;
  /** `running`, `ready`, `blocked` ... */
  readonly state: string;
  readonly priority: number | undefined;
}

/** The RTOS of a firmware. */
export interface Rtos {
  readonly system: ThreadSource['system'];
  /** The current thread; undefined while the kernel does not schedule. */
  current(): number | undefined;
  list(): RtosThread[];
  /** Registers of a thread that is not current; undefined when there are none to be had. */
  registers(id: number): SavedRegisters | undefined;
}

/** Memory as the core sees it, without side effects; shorter than asked where a hole begins. */
export type ReadBytes = (address: number, length: number) => Uint8Array;

/** Finds the RTOS of what the core runs that runs the firmware, and remembers it for that file. */
export class RtosFinder {
  private readonly machine: Machine;
  private readonly readBytes: ReadBytes;
  private file: Uint8Array | undefined;
  private found: Rtos | undefined;

  constructor(machine: Machine, readBytes: ReadBytes) {
    this.machine = machine;
    this.readBytes = readBytes;
  }

  get(): Rtos | undefined {
    const file = this.machine.firmwareFile;
    if (file !== this.file) {
      this.file = file;
      this.found = file && this.find(file);
    }
    return this.found;
  }

  private find(file: Uint8Array): Rtos | undefined {
    try {
      const symbols = symbolsOf(file, this.machine.firmware);
      const view: FirmwareView = {
        symbols,
        dwarf: Dwarf.of(file),
        read: (address, length) => {
          const bytes = this.readBytes(address >>> 0, length);
          return bytes.length === length ? bytes : undefined;
        },
      };
      const source = findThreads(view);
      if (!source) return undefined;
      return source.system === 'Zephyr' ? new ZephyrRtos(view, source) : new FreeRtosRtos(view, source);
    } catch {
      // A file that only Linux can read.
      return undefined;
    }
  }
}

function symbolsOf(file: Uint8Array, known: Firmware | undefined): Firmware['symbols'] {
  return known?.bytes === file ? known.symbols : parseFirmware(file, 'firmware').symbols;
}

const TCB = ['TCB_t', 'tskTCB', 'struct tskTaskControlBlock'] as const;
/** V10 and V11 without MPU: pxTopOfStack, then the list items, whose last word names the list, then uxPriority. */
const STATE_ITEM = 4;
const EVENT_ITEM = 24;
const CONTAINER = 16;
const PRIORITY = 44;
const LIST_SIZE = 20;

/** FreeRTOS. */
class FreeRtosRtos implements Rtos {
  readonly system = 'FreeRTOS';
  private readonly reader: GuestReader;
  private readonly source: ThreadSource;
  private readonly stateAt: number;
  private readonly eventAt: number;
  private readonly priorityAt: number;

  constructor(view: FirmwareView, source: ThreadSource) {
    this.reader = new GuestReader(view);
    this.source = source;
    const member = (name: string): number | undefined =>
      TCB.map((type) => this.reader.member(type, name)?.offset).find((offset) => offset !== undefined);
    this.stateAt = (member('xStateListItem') ?? member('xGenericListItem') ?? STATE_ITEM) + CONTAINER;
    this.eventAt = (member('xEventListItem') ?? EVENT_ITEM) + CONTAINER;
    this.priorityAt = member('uxPriority') ?? PRIORITY;
  }

  current(): number | undefined {
    const running = this.reader.symbol('xSchedulerRunning');
    if (running && this.reader.word(running.address) !== 1) return undefined;
    return this.source.current();
  }

  list(): RtosThread[] {
    const current = this.current();
    return this.source.list([]).map(({ id, name }) => ({
      id,
      name,
      state: id === current ? 'running' : this.stateOf(id),
      priority: this.reader.word(id + this.priorityAt),
    }));
  }

  registers(id: number): SavedRegisters | undefined {
    const top = this.reader.word(id);
    return top === undefined ? undefined : freeRtosContext((address) => this.reader.word(address), top);
  }

  /** By the list that the task is in. */
  private stateOf(id: number): string {
    const list = this.reader.word(id + this.stateAt);
    const within = (name: string): boolean => {
      const symbol = this.reader.symbol(name);
      return (
        symbol !== undefined && list !== undefined && list >= symbol.address && list < symbol.address + Math.max(symbol.size, LIST_SIZE)
      );
    };
    const waits = (this.reader.word(id + this.eventAt) ?? 0) !== 0;
    if (within('pxReadyTasksLists') || within('xPendingReadyList')) return 'ready';
    if (within('xDelayedTaskList1') || within('xDelayedTaskList2')) return waits ? 'blocked, with a timeout' : 'delayed';
    if (within('xSuspendedTaskList')) return waits ? 'blocked' : 'suspended';
    if (within('xTasksWaitingTermination')) return 'deleted';
    return 'unknown';
  }
}

const THREAD = 'struct k_thread';
/** What `_kernel_thread_info_offsets` has (CONFIG_DEBUG_THREAD_INFO), by index; all ones: the kernel has no such thing. */
const INFO = { CURRENT: 1, THREADS: 2, NEXT: 4, STATE: 5, PRIORITY: 7, STACK_POINTER: 8, FLOAT: 11, EXC_RETURN: 13 } as const;
const INFO_ENTRIES = 15;
const ABSENT = 0xffff_ffff;
const MOST_THREADS = 256;
/** `base.thread_state`. */
const STATES: readonly (readonly [number, string])[] = [
  [0x20, 'aborting'],
  [0x10, 'suspended'],
  [0x04, 'not started'],
  [0x02, 'pending'],
  [0x80, 'ready'],
];
const DUMMY = 0x01;
const DEAD = 0x08;

/** Zephyr. */
class ZephyrRtos implements Rtos {
  readonly system = 'Zephyr';
  private readonly reader: GuestReader;
  private readonly source: ThreadSource;
  private readonly kernelAt: number | undefined;
  private readonly stateAt: number | undefined;
  private readonly priorityAt: number | undefined;
  private readonly threadsAt: number | undefined;
  private readonly nextAt: number | undefined;
  private readonly offsets: ZephyrOffsets | undefined;

  constructor(view: FirmwareView, source: ThreadSource) {
    this.reader = new GuestReader(view);
    this.source = source;
    this.kernelAt = this.reader.symbol('_kernel')?.address;
    const info = this.information();
    const place = (index: number, type: string, ...path: readonly string[]): number | undefined =>
      this.reader.member(type, ...path)?.offset ?? info(index);
    this.stateAt = place(INFO.STATE, THREAD, 'base', 'thread_state');
    this.priorityAt = place(INFO.PRIORITY, THREAD, 'base', 'prio');
    this.threadsAt = place(INFO.THREADS, 'struct z_kernel', 'threads');
    this.nextAt = place(INFO.NEXT, THREAD, 'next_thread');
    const stackPointer = place(INFO.STACK_POINTER, THREAD, 'callee_saved', 'psp');
    this.offsets =
      stackPointer === undefined
        ? undefined
        : {
            stackPointer,
            excReturn: place(INFO.EXC_RETURN, THREAD, 'arch', 'mode_exc_return'),
            preemptFloat: place(INFO.FLOAT, THREAD, 'arch', 'preempt_float'),
          };
  }

  current(): number | undefined {
    const current = this.source.current();
    // The kernel begins on a thread that is none.
    return current === undefined || (this.state(current) & DUMMY) !== 0 ? undefined : current;
  }

  list(): RtosThread[] {
    const current = this.current();
    const found = this.source.list([...(current === undefined ? [] : [current]), ...this.monitored()]);
    return found
      .filter(({ id }) => id === current || (this.state(id) & (DUMMY | DEAD)) === 0)
      .map(({ id, name }) => ({ id, name, state: id === current ? 'running' : this.stateOf(id), priority: this.priority(id) }));
  }

  registers(id: number): SavedRegisters | undefined {
    return this.offsets && zephyrContext((address) => this.reader.word(address), id, this.offsets);
  }

  /** The kernel's own list (CONFIG_THREAD_MONITOR). */
  private monitored(): number[] {
    const { kernelAt, threadsAt, nextAt } = this;
    const threads = new Set<number>();
    if (kernelAt === undefined || threadsAt === undefined || nextAt === undefined) return [];
    let thread = this.reader.word(kernelAt + threadsAt);
    while (thread && !threads.has(thread) && threads.size < MOST_THREADS) {
      threads.add(thread);
      thread = this.reader.word(thread + nextAt);
    }
    return [...threads];
  }

  private stateOf(id: number): string {
    const state = this.state(id);
    return STATES.find(([bit]) => (state & bit) !== 0)?.[1] ?? 'waiting';
  }

  private state(id: number): number {
    return this.byte(id, this.stateAt) ?? 0;
  }

  private priority(id: number): number | undefined {
    const value = this.byte(id, this.priorityAt);
    return value === undefined ? undefined : (value << 24) >> 24;
  }

  private byte(id: number, offset: number | undefined): number | undefined {
    if (offset === undefined) return undefined;
    const at = id + offset;
    const word = this.reader.word((at & ~3) >>> 0);
    return word === undefined ? undefined : (word >>> (8 * (at & 3))) & 0xff;
  }

  /** The kernel's table for debuggers that have no debug information. */
  private information(): (index: number) => number | undefined {
    const table = this.reader.symbol('_kernel_thread_info_offsets');
    return (index) => {
      if (!table || index >= INFO_ENTRIES) return undefined;
      const offset = this.reader.word(table.address + 4 * index);
      return offset === undefined || offset === ABSENT || offset > 0xffff ? undefined : offset;
    };
  }
}
