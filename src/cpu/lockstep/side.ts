/**
 * One of the two engines of lockstep, with the registers, the memory port and the RAMs that it works on.
 */
import { PAGE_SIZE, type Ram } from '../../memory/ram.ts';
import type { CoreMemory } from '../core-memory.ts';
import { CELL } from '../core-registers.ts';
import { type Engine, type EngineFactory, type EngineHost, STOP, type StopCode } from '../engine.ts';
import { AccessLog, type AccessRecord, type LogOwner } from './access-log.ts';

/** Words of a page. */
export const PAGE_WORDS = PAGE_SIZE / 4;
/** Instructions before a stop whose addresses are known. */
export const HISTORY = 32;

const KEY_PAGES = 1 << 20;
const NOTHING = new Int32Array(PAGE_WORDS);

/** Names a page of the RAM with that index on both sides. */
export function pageKey(index: number, page: number): number {
  return index * KEY_PAGES + page;
}

/** Index of the RAM, and page in it, of a key. */
export function pageOf(key: number): { index: number; page: number } {
  return { index: Math.floor(key / KEY_PAGES), page: key % KEY_PAGES };
}

/** The last instructions that were stepped: their addresses, and the exception that each was in. */
export class Trail {
  readonly addresses = new Uint32Array(HISTORY);
  readonly exceptions = new Uint16Array(HISTORY);
  count = 0;

  note(address: number, exception: number): void {
    const at = this.count++ % HISTORY;
    this.addresses[at] = address;
    this.exceptions[at] = exception;
  }

  copyFrom(other: Trail): void {
    this.addresses.set(other.addresses);
    this.exceptions.set(other.exceptions);
    this.count = other.count;
  }

  /** Oldest first. */
  list(): { address: number; exception: number }[] {
    const known = Math.min(this.count, HISTORY);
    return Array.from({ length: known }, (_, i) => {
      const at = (this.count - known + i) % HISTORY;
      return { address: this.addresses[at]!, exception: this.exceptions[at]! };
    });
  }
}

/** Contents of pages as they were when the slice began. */
export class Undo {
  readonly pages = new Map<number, Int32Array>();
  private readonly spare: Int32Array[] = [];

  clear(): void {
    for (const page of this.pages.values()) if (this.spare.length < 256) this.spare.push(page);
    this.pages.clear();
  }

  /** Keeps what `side`, which has not stored to the page yet, sees there. */
  save(key: number, side: Side): void {
    if (this.pages.has(key)) return;
    const copy = this.spare.pop() ?? new Int32Array(PAGE_WORDS);
    copy.set(side.page(key));
    this.pages.set(key, copy);
  }
}

/** What a side is made of. */
export interface SideOptions {
  readonly factory: EngineFactory;
  readonly host: EngineHost;
  readonly rams: readonly Ram[];
  readonly indices: ReadonlyMap<Ram, number>;
  readonly undo: Undo;
  /** What devices answered; one for both sides. */
  readonly record: AccessRecord;
}

/** One engine and its surroundings. */
export class Side implements LogOwner {
  readonly name: string;
  readonly engine: Engine;
  readonly memory: CoreMemory;
  readonly cells: Int32Array;
  readonly log: AccessLog;
  /** Pages that were stored to in this slice. */
  readonly stored = new Set<number>();
  /** Instructions of the slice that are complete, those of the current run of the engine aside. */
  done = 0;
  private running = false;
  private readonly rams: readonly Ram[];
  private readonly indices: ReadonlyMap<Ram, number>;
  private readonly undo: Undo;

  constructor({ factory, host, rams, indices, undo, record }: SideOptions) {
    this.name = factory.name;
    this.memory = host.memory;
    this.cells = host.registers.cells;
    this.rams = rams;
    this.indices = indices;
    this.undo = undo;
    this.log = new AccessLog(this, record, host.banked);
    const banked = this.log.bankedRegisters;
    this.engine = factory.create(banked ? { ...host, banked } : host);
  }

  get position(): number {
    return this.done + (this.running ? this.engine.executed : 0);
  }

  storing(ram: Ram, page: number): void {
    const key = pageKey(this.indices.get(ram)!, page);
    this.undo.save(key, this);
    this.stored.add(key);
  }

  /** Forgets the slice before. */
  begin(): void {
    this.done = 0;
    this.stored.clear();
  }

  /** Executes at most `budget` instructions and brings the cells up to date. */
  run(budget: number): StopCode {
    this.running = true;
    try {
      return this.engine.run(budget);
    } finally {
      this.running = false;
      this.done += this.engine.executed;
      this.engine.pull();
    }
  }

  /** Executes until `total` instructions of the slice are complete, the last of them one by one; `trail` notes these. */
  advance(total: number, trail: Trail): StopCode {
    let code: StopCode = STOP.BUDGET;
    while (this.done < total && code === STOP.BUDGET) {
      const left = total - this.done;
      if (left > HISTORY) code = this.run(left - HISTORY);
      else {
        trail.note(this.cells[CELL.PC]!, this.cells[CELL.IPSR]!);
        code = this.run(1);
      }
    }
    return code;
  }

  /** The words of a page; not to be written to. */
  page(key: number): Int32Array {
    const { index, page } = pageOf(key);
    const ram = this.rams[index]!;
    const at = ram.locateIfTouched(page * PAGE_SIZE);
    return at === 0 ? NOTHING : ram.arena.i32.subarray(at >>> 2, (at >>> 2) + PAGE_WORDS);
  }

  /** Writes the words of `words` that differ back to a page; cached code in it is dropped. */
  restorePage(key: number, words: Int32Array): void {
    const { index, page } = pageOf(key);
    const ram = this.rams[index]!;
    ram.locate(page * PAGE_SIZE);
    const now = this.page(key);
    const bytes = new Uint8Array(words.buffer, words.byteOffset, PAGE_SIZE);
    for (let word = 0; word < PAGE_WORDS; word++) {
      if (now[word] === words[word]) continue;
      let end = word + 1;
      while (end < PAGE_WORDS && now[end] !== words[end]) end++;
      ram.writeBytes(page * PAGE_SIZE + 4 * word, bytes.subarray(4 * word, 4 * end));
      word = end;
    }
  }

  /** Pages that the engine may have stored to past its port. */
  takeWritable(): number[] {
    const pages = this.engine.takeWritable?.() ?? [];
    return Array.from(pages, ({ ram, page }) => pageKey(this.indices.get(ram)!, page));
  }

  /** An address at which byte `offset` of RAM `index` is seen. */
  addressOf(index: number, offset: number): number | undefined {
    const ram = this.rams[index];
    const region = this.memory.bus.regions.find((r) => r.ram === ram && offset >= r.ramOffset && offset - r.ramOffset < r.size);
    return region && region.base + offset - region.ramOffset;
  }
}

/** True when a page holds the same on both sides. */
export function samePage(a: Side, b: Side, key: number): boolean {
  const left = a.page(key);
  const right = b.page(key);
  for (let i = 0; i < PAGE_WORDS; i++) if (left[i] !== right[i]) return false;
  return true;
}
