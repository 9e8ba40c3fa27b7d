/**
 * Interrupts and switches of threads of the core that runs the firmware, as events of the view, while somebody wants to see them: the core tells of each
 * exception only then.
 *
 * A thread is looked for when the core has returned from an exception, as that is how Zephyr and FreeRTOS switch.
 */
import { peekBytes } from '../debug/memory.ts';
import { Dwarf } from '../dwarf/dwarf.ts';
import type { Machine } from '../machine.ts';
import type { AddressSpace } from '../memory/bus.ts';
import type { ThreadSource } from '../profile/thread-reader.ts';
import { findThreads } from '../profile/threads.ts';
import { parseFirmware } from '../remoteproc/elf-loader.ts';
import type { EventLog } from './event-log.ts';
import type { EventNames } from './event-views.ts';
import { TYPE } from './recorder.ts';

const INTERRUPT = 1 << TYPE.interrupt;
const THREAD = 1 << TYPE.thread;
/** Names of threads that are remembered. */
const MOST_NAMES = 4096;

export class RunWatch implements EventNames {
  private readonly machine: Machine;
  private readonly log: EventLog;
  private readonly exceptions = new Map<number, string>();
  private readonly threadNames = new Map<number, string>();
  private end: (() => void) | undefined;
  private types = 0;
  /** Of the firmware that `file` is. */
  private threads: ThreadSource | undefined;
  private file: Uint8Array | undefined;
  private current: number | undefined;
  /** True: what happens has happened before. */
  muted = false;

  constructor(machine: Machine, log: EventLog) {
    this.machine = machine;
    this.log = log;
  }

  exception(number: number): string {
    return this.exceptions.get(number) ?? `exception ${number}`;
  }

  thread(id: number): string {
    return this.threadNames.get(id) ?? (id === 0 ? 'no thread' : `0x${id.toString(16)}`);
  }

  /** From now on these types of events are wanted. */
  watch(types: number): void {
    const wanted = types & (INTERRUPT | THREAD);
    const newly = wanted & ~this.types;
    this.types = wanted;
    if (newly & THREAD) this.current = undefined;
    if (wanted === 0) {
      this.end?.();
      this.end = undefined;
      return;
    }
    this.end ??= this.machine.core.onException(({ phase, number, name }) => {
      if (this.muted) return;
      if (this.types & INTERRUPT) {
        if (!this.exceptions.has(number)) this.exceptions.set(number, name);
        const { core, scheduler } = this.machine;
        this.log.add(scheduler.now, TYPE.interrupt, phase === 'enter' ? 0 : 1, this.log.nameNumber(core.name), number, 0);
      }
      if (phase === 'exit' && this.types & THREAD) this.look();
    });
  }

  private look(): void {
    const { machine } = this;
    const source = this.source();
    const id = source?.current();
    if (!source || id === undefined || id === this.current) return;
    this.current = id;
    if (!this.threadNames.has(id) && this.threadNames.size < MOST_NAMES) this.threadNames.set(id, source.name(id));
    this.log.add(machine.scheduler.now, TYPE.thread, 0, this.log.nameNumber(machine.core.name), id, 0);
  }

  /** What schedules the threads of the firmware that runs. */
  private source(): ThreadSource | undefined {
    const { machine } = this;
    const file = machine.firmwareFile;
    if (file === this.file) return this.threads;
    this.file = file;
    this.threads = undefined;
    this.threadNames.clear();
    if (!file) return undefined;
    try {
      const { symbols } = parseFirmware(file, 'firmware');
      const memory = machine.view(machine.core.name);
      this.threads = findThreads({ symbols, dwarf: Dwarf.of(file), read: (address, length) => readAll(memory, address, length) });
    } catch {
      // What Linux has loaded is not trusted: it may be no file that we can read.
    }
    return this.threads;
  }
}

/** Bytes without side effects; undefined unless all of them are there. */
function readAll(memory: AddressSpace, address: number, length: number): Uint8Array | undefined {
  const bytes = peekBytes(memory, address, length);
  return bytes.length === length ? bytes : undefined;
}
