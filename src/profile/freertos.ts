/**
 * Tasks of FreeRTOS: `pxCurrentTCB`, and the lists of tasks.c that are ready, delayed, suspended or waiting to be deleted (list.h: List_t,
 * ListItem_t). Layouts come from the debug information, else those of V10 and V11 without MPU are taken.
 */
import { type FirmwareView, GuestReader, type ThreadFacts, type ThreadSource } from './thread-reader.ts';

const TCB = ['TCB_t', 'tskTCB', 'struct tskTaskControlBlock'] as const;
/** pxTopOfStack, xStateListItem, xEventListItem, uxPriority, then these. */
const STACK_OFFSET = 0x30;
const NAME_OFFSET = 0x34;
const NAME_LENGTH = 16;
/** List_t: uxNumberOfItems, pxIndex, xListEnd { xItemValue, pxNext, pxPrevious }. */
const LIST_SIZE = 20;
const LIST_END = 8;
/** ListItem_t: xItemValue, pxNext, pxPrevious, pvOwner. */
const NEXT = 4;
const OWNER = 12;
const LISTS = [
  'pxReadyTasksLists',
  'xDelayedTaskList1',
  'xDelayedTaskList2',
  'xPendingReadyList',
  'xSuspendedTaskList',
  'xTasksWaitingTermination',
] as const;
const MOST_TASKS = 256;
/** heap_4 and heap_5: a header of pxNextFreeBlock and xBlockSize, whose top bit says that it is taken. */
const HEAP_HEADER = 8;
const TAKEN = 0x8000_0000;
/** Largest stack that is believed. */
const LARGEST_STACK = 1 << 20;

export class FreeRtosThreads implements ThreadSource {
  readonly system = 'FreeRTOS';
  private readonly reader: GuestReader;
  private readonly currentAt: number | undefined;
  private readonly stackAt: number;
  private readonly nameAt: number;
  private readonly endAt: number | undefined;
  private readonly nameLength: number;

  constructor(view: FirmwareView) {
    this.reader = new GuestReader(view);
    this.currentAt = (this.reader.symbol('pxCurrentTCB') ?? this.reader.symbol('pxCurrentTCBs'))?.address;
    const member = (name: string) => TCB.map((type) => this.reader.member(type, name)).find((found) => found !== undefined);
    const name = member('pcTaskName');
    this.stackAt = member('pxStack')?.offset ?? STACK_OFFSET;
    this.nameAt = name?.offset ?? NAME_OFFSET;
    this.nameLength = name?.type.size || NAME_LENGTH;
    this.endAt = member('pxEndOfStack')?.offset;
  }

  current(): number | undefined {
    const task = this.currentAt === undefined ? undefined : this.reader.word(this.currentAt);
    return task === 0 ? undefined : task;
  }

  list(seen: Iterable<number>): ThreadFacts[] {
    const current = this.current();
    const all = new Set([...this.listed(), ...(current === undefined ? [] : [current]), ...seen]);
    return [...all].map((id) => ({ id, name: this.name(id), stack: this.stackOf(id) }));
  }

  name(id: number): string {
    return this.reader.text(id + this.nameAt, this.nameLength) ?? `task 0x${id.toString(16)}`;
  }

  private stackOf(id: number): ThreadFacts['stack'] {
    const start = this.reader.word(id + this.stackAt);
    if (!start) return undefined;
    return { start, size: this.sizeOf(id, start) };
  }

  /** From the end that the kernel recorded, the object that is its memory, or the heap's header in front of it. */
  private sizeOf(id: number, start: number): number | undefined {
    const end = this.endAt === undefined ? undefined : this.reader.word(id + this.endAt);
    // The kernel's end is the last word, aligned down.
    if (end !== undefined && end > start && end - start < LARGEST_STACK) return ((end + 8) & ~7) - start;
    const object = this.reader.symbolAt(start);
    if (object && object.address === start) return object.size;
    const block = this.reader.word(start - HEAP_HEADER + 4);
    if (block === undefined || (block & TAKEN) === 0) return undefined;
    const size = (block & ~TAKEN) - HEAP_HEADER;
    return size > 0 && size < LARGEST_STACK ? size : undefined;
  }

  private listed(): number[] {
    const tasks = new Set<number>();
    for (const name of LISTS) {
      const symbol = this.reader.symbol(name);
      if (!symbol) continue;
      for (let at = symbol.address; at + LIST_SIZE <= symbol.address + symbol.size; at += LIST_SIZE) this.walk(at + LIST_END, tasks);
    }
    return [...tasks];
  }

  private walk(end: number, tasks: Set<number>): void {
    let item = this.reader.word(end + NEXT);
    for (let steps = 0; item && item !== end && steps < MOST_TASKS; steps++) {
      const task = this.reader.word(item + OWNER);
      if (task && tasks.size < MOST_TASKS) tasks.add(task);
      item = this.reader.word(item + NEXT);
    }
  }
}
