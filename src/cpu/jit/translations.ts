/**
 * The translated regions of one core: made, found, checked against the memory they were made from, bounded in number, dropped.
 *
 * A region is linked when its function number stands in the code map. A change of the page table unlinks all; they are linked again,
 * one by one, when they are needed and their pages are still the same. A write to their bytes drops them.
 */
import { HostMemoryExhausted } from '../../errors.ts';
import type { Arena } from '../../memory/arena.ts';
import { type CoreMemory, EXECUTE, READ } from '../core-memory.ts';
import type { Instruments } from '../instruments.ts';
import type { CodePage, CodePages } from '../interpreter/code-pages.ts';
import { OPERATION } from '../interpreter/handlers.ts';
import type { Interpreter } from '../interpreter/interpreter.ts';
import { SLOT } from '../interpreter/micro-ops.ts';
import { type Structure, structure } from './control-flow.ts';
import { EMIT, HANDLER_OF } from './emit.ts';
import { Generator } from './generator.ts';
import { type Site, Untranslatable } from './layout.ts';
import { edges, formRegion, type Guard, type Region, type RegionPage } from './region.ts';
import { COUNTER, RegionCounts } from './region-counts.ts';
import type { Places } from './runtime.ts';

const ENTER = OPERATION.get('ENTER')!;
/** Most regions, and most bytes of modules, at a time; beyond, all are dropped and the hot ones come again. */
const REGIONS_LIMIT = 1024;
/** Most instructions of a region; of one that begins in the middle of another, because its beginning is seldom passed: a loop, as a rule. */
const WHOLE = 800;
const PART = 100;
/** How deep the calls that generate a region may nest; a host's stack takes some four times that. */
const DEEPEST = 2500;
const BYTES_LIMIT = 48 << 20;
/** How much hotter places have to be after each time that all was dropped, and at most. */
const RELUCTANCE = 4;
const RELUCTANCE_LIMIT = 4 ** 6;
/** Modules that may have imported one table, unless a good part of them is in use. */
const MODULES_OF_A_TABLE = 256;
/** How often code at one address may change before it is left to the interpreter, for a while. */
const REWRITE_LIMIT = 8;
/** Accesses of one instruction that could not be made directly before it gets a call, and how many such instructions are kept. */
const SLOW_LIMIT = 16;
const PLACES_LIMIT = 4096;

/** Figures of an engine so far. */
export interface JitStatistics {
  /** Modules compiled, and how many are in use. */
  readonly modules: number;
  readonly live: number;
  /** Bytes of WebAssembly of all modules compiled, and of those in use. */
  readonly bytes: number;
  readonly liveBytes: number;
  /** Guest instructions translated. */
  readonly instructions: number;
  /** Instructions executed by translated code. */
  readonly executed: number;
}

/** A translated region. */
export interface Translated {
  readonly number: number;
  readonly pc: number;
  readonly need: number;
  readonly sites: readonly Site[];
  readonly guards: readonly Guard[];
  readonly pages: readonly RegionPage[];
  readonly bytes: number;
  /** Addresses of its instructions, copies of callees aside. */
  readonly places: readonly number[];
  /** Functions that it calls. */
  readonly calls: readonly number[];
  linked: boolean;
  /** Its counters, while instructions are counted. */
  readonly counts: RegionCounts | undefined;
}

/** ENTER in a decoded page. */
interface Patch {
  readonly page: CodePage;
  readonly index: number;
  readonly original: number;
  users: number;
}

/** What translated code can call, by name. */
export interface Imports {
  load(address: number, code: number, remaining: number): number;
  store(address: number, value: number, code: number, remaining: number): number;
  handler(code: number, remaining: number): number;
  /** SP has left its stretch, by an instruction that moves it (1) or loads it (0). */
  stack(sp: number, moves: number): void;
  /** Those of float-runtime.ts. */
  readonly float: Readonly<Record<string, WebAssembly.ExportValue>>;
}

/** A table of translated code, and the runtime's functions of it. */
export interface Linkage {
  readonly table: WebAssembly.Table;
  readonly settle: WebAssembly.ExportValue;
  readonly flags: WebAssembly.ExportValue;
  readonly keep: WebAssembly.ExportValue;
}

/** What the translations of a core are made with. */
export interface TranslationsOptions {
  readonly memory: CoreMemory;
  readonly arena: Arena;
  readonly interpreter: Interpreter;
  /** A new table, and the functions that go through it. */
  readonly link: () => Linkage;
  readonly places: Places;
  readonly stackLimits: boolean;
  readonly imports: Imports;
  readonly instruments: Instruments | undefined;
  /** True when the instruction at an address moves SP, rather than loads it. */
  readonly movesStack: (pc: number) => boolean;
}

/** All regions of one core. */
export class Translations {
  readonly statistics = { modules: 0, live: 0, bytes: 0, liveBytes: 0, instructions: 0 };
  private readonly options: TranslationsOptions;
  private readonly code: CodePages;
  private readonly i32: Int32Array;
  private readonly byPc = new Map<number, Translated>();
  private readonly byNumber: (Translated | undefined)[] = [undefined];
  private readonly free: number[] = [];
  private readonly byPage = new Map<number, Set<Translated>>();
  private readonly linkedRegions = new Set<Translated>();
  private readonly patches = new Map<number, Patch>();
  private readonly suspended: Patch[] = [];
  /** As many times hotter than usual a place should be: more is hot than can be kept, and was translated for too little use. */
  reluctance = 1;
  /** Set when translated code was dropped or unlinked, which then must not go on. */
  changed = false;
  private readonly rewrites = new Map<number, number>();
  /** Addresses of instructions that the generator does not know. */
  private readonly refused = new Set<number>();
  /** Functions that translated code calls. */
  private readonly callees = new Set<number>();
  /** In how many regions an instruction is, copies of callees aside. */
  private readonly covered = new Map<number, number>();
  /** Sites of regions that were dropped while they may still be executing. */
  private readonly dropped = new Map<number, Translated>();
  private env!: WebAssembly.ModuleImports;
  private table!: WebAssembly.Table;
  /** Modules that have imported the table. */
  private ofTable = 0;
  /** Exits of instructions whose memory could not be reached directly, and the instructions that are known for it. */
  private readonly slowExits = new Map<number, number>();
  private readonly slowPlaces = new Set<number>();

  constructor(options: TranslationsOptions) {
    this.options = options;
    this.code = options.interpreter.code;
    this.i32 = options.arena.i32;
    this.renew();
  }

  /** Begins with a new table: a table keeps every instance that has imported it, dropped or not, for as long as it is there itself. */
  private renew(): void {
    this.dropAll();
    const { imports, arena, link } = this.options;
    const { float, ...functions } = imports;
    const linkage = link();
    this.env = { ...functions, ...float, ...linkage, memory: arena.memory } as unknown as WebAssembly.ModuleImports;
    this.table = linkage.table;
    this.ofTable = 0;
  }

  /** True when translated code for `pc` can be entered now. */
  linked(pc: number): boolean {
    const level = this.i32[(this.options.places.map >>> 2) + (pc >>> 12)]!;
    return level !== 0 && this.i32[(level >>> 2) + ((pc & 0xffe) >>> 1)] !== 0;
  }

  /** The region that begins at `pc`, linked or not. */
  at(pc: number): Translated | undefined {
    return this.byPc.get(pc);
  }

  /**
   * How many regions contain the instruction at `pc`, though they do not begin there: translated code goes by, as a rule, that is entered
   * somewhere else. 0 for functions that translated code calls.
   */
  copies(pc: number): number {
    return this.callees.has(pc) ? 0 : (this.covered.get(pc) ?? 0);
  }

  /** True for a function that translated code calls. */
  isCalled(pc: number): boolean {
    return this.callees.has(pc);
  }

  site(region: number, site: number): Site {
    return (this.byNumber[region] ?? this.dropped.get(region))!.sites[site]!;
  }

  /** Translates the code at `pc`; undefined where that is not possible. */
  translate(pc: number): Translated | undefined {
    if (this.code.isHooked(pc) || (this.rewrites.get(pc) ?? 0) >= REWRITE_LIMIT) return undefined;
    let translated: Translated | undefined;
    try {
      // Later it has to be there.
      this.entry(pc);
      translated = this.attempt(pc);
    } catch (error) {
      // The interpreter does without.
      if (!(error instanceof HostMemoryExhausted)) throw error;
    }
    if (!translated) return this.refuse(pc);
    this.add(translated);
    return translated;
  }

  /** Translates the code at `pc`; without the instructions that turn out to be beyond the generator, if need be. */
  private attempt(pc: number, limit = WHOLE): Translated | undefined {
    const region = this.form(pc, limit);
    if (!region || region.instructions === 0) return undefined;
    if (region.blocks[0]!.end.kind === 'interpret' && region.blocks[0]!.steps.length === 1) return undefined;
    if (this.byPc.size >= REGIONS_LIMIT || this.statistics.liveBytes > BYTES_LIMIT) {
      this.dropAll();
      this.reluctance = Math.min(this.reluctance * RELUCTANCE, RELUCTANCE_LIMIT);
    }
    if (this.ofTable >= MODULES_OF_A_TABLE && this.ofTable >= 4 * this.byPc.size) this.renew();
    const structured = structure(region);
    if (structured.depth > DEEPEST && limit > PART) return this.attempt(pc, PART);
    const number = this.free.pop() ?? this.byNumber.push(undefined) - 1;
    const translated = this.compile(region, structured, number);
    if (typeof translated !== 'number') return translated;
    this.free.push(number);
    if (this.refused.has(translated)) return undefined;
    this.refused.add(translated);
    return this.attempt(pc, limit);
  }

  /**
   * The instruction at `pc` in region `number` could not reach its memory directly. When it often cannot, as it reads a device, it is
   * translated anew with a call for that: calls cost all code around them, so that nothing has one unasked.
   */
  noteSlow(number: number, pc: number): void {
    const count = (this.slowExits.get(pc) ?? 0) + 1;
    this.slowExits.set(pc, count);
    if (count < SLOW_LIMIT) return;
    this.slowExits.delete(pc);
    if (this.slowPlaces.size >= PLACES_LIMIT) this.slowPlaces.clear();
    this.slowPlaces.add(pc);
    const region = this.byNumber[number];
    if (!region) return;
    this.drop(region);
    this.translate(region.pc);
  }

  /** Makes a region reachable if memory still shows the same code; drops it if not. */
  link(region: Translated): boolean {
    if (region.linked) return true;
    const { memory } = this.options;
    for (const { virtual, arena } of region.pages) {
      const address = (virtual << 12) >>> 0;
      if (memory.pages[virtual] === 0) memory.fetch(address);
      const entry = memory.pages[virtual]!;
      // Literals are read when they are translated, those that are watched aside.
      const readable = (entry & READ) !== 0 || (memory.watch !== undefined && memory.readable(address));
      if ((entry & -4096) >>> 0 === arena && (entry & EXECUTE) !== 0 && readable) continue;
      if ((entry & EXECUTE) === 0) return false;
      this.drop(region);
      return false;
    }
    this.i32[this.entry(region.pc) >>> 2] = region.number;
    region.linked = true;
    this.linkedRegions.add(region);
    return true;
  }

  /** The page table has changed: nothing can be entered before its pages were looked at again. */
  unlink(): void {
    this.changed = true;
    for (const region of this.linkedRegions) {
      region.linked = false;
      this.i32[this.entry(region.pc) >>> 2] = 0;
    }
    this.linkedRegions.clear();
  }

  /** Drops what was made from `length` bytes at arena offset `at`; `own`: the code itself wrote them, not whoever loads a program. */
  invalidate(at: number, length: number, own: boolean): void {
    for (let page = (at & -4096) >>> 0; page < at + length; page += 4096) {
      const regions = this.byPage.get(page);
      if (!regions) continue;
      for (const region of [...regions]) {
        if (!region.guards.some((guard) => guard.arena < at + length && at < guard.arena + guard.length)) continue;
        if (own) this.rewrites.set(region.pc, (this.rewrites.get(region.pc) ?? 0) + 1);
        this.drop(region);
      }
    }
  }

  /** Lets the interpreter execute the instruction at `pc` although translated code begins there, until `resume`. */
  suspend(pc: number): void {
    const page = this.code.find(pc);
    if (!page) return;
    const patch = this.patches.get(page.arena + (pc & 0xfff));
    if (!patch || (patch.page.slots[patch.index]! & 0xfff) !== ENTER) return;
    patch.page.slots[patch.index] = patch.original;
    this.suspended.push(patch);
  }

  /** Ends what `suspend` began. */
  resume(): void {
    for (const patch of this.suspended) {
      const { page, index, original } = patch;
      if (patch.users > 0 && page.slots[index] === original) page.slots[index] = (original & ~0xfff) | ENTER;
    }
    if (this.suspended.length > 0) this.suspended.length = 0;
    if (this.dropped.size > 0) {
      for (const [number, region] of this.dropped) {
        this.free.push(number);
        this.releaseCounts(region);
      }
      this.dropped.clear();
    }
  }

  dispose(): void {
    this.dropAll();
  }

  /** Adds what translated code has counted to the counts. */
  collect(): void {
    for (const region of this.byPc.values()) this.harvest(region);
  }

  /** Everything is translated anew, with other instruments. Nothing executes. */
  instrumentsChanged(): void {
    this.dropAll();
    this.resume();
  }

  private harvest({ counts, sites }: Translated): void {
    const { instruments } = this.options;
    if (counts && instruments?.counts) counts.harvest(this.i32, sites, instruments.counts);
  }

  private releaseCounts(region: Translated): void {
    this.harvest(region);
    const { counts } = region;
    if (counts) this.options.arena.release(counts.at, counts.capacity * COUNTER);
  }

  private countersFor(structure: Structure): RegionCounts | undefined {
    const { instruments, arena } = this.options;
    return (
      instruments?.counts && new RegionCounts(structure, (counters) => arena.allocate(counters * COUNTER, 'translated code: counters'))
    );
  }

  /** Lets what was left to the interpreter be tried again: other code may be there now. */
  forgive(): void {
    this.reluctance = Math.max(this.reluctance / RELUCTANCE, 1);
    this.rewrites.clear();
    this.refused.clear();
  }

  private refuse(pc: number): undefined {
    this.rewrites.set(pc, REWRITE_LIMIT);
    return undefined;
  }

  /** The region at `pc`: where other translated code goes by, only the loop that it is in, if that is small. */
  private form(pc: number, limit: number): Region | undefined {
    const original = (page: CodePage, index: number): number => this.original(page, index);
    // Where a table leads is counted by its entries.
    const tables = this.options.instruments?.counts === undefined;
    if (this.copies(pc) === 1) {
      const part = formRegion(this.code, original, pc, this.refused, PART, tables);
      const head = part?.blocks[0];
      if (part?.blocks.some(({ end }) => edges(end).some((edge) => 'block' in edge && edge.block === head))) return part;
    }
    return formRegion(this.code, original, pc, this.refused, limit, tables);
  }

  /** The translation, or the address of an instruction that cannot be translated. */
  private compile(region: Region, structured: Structure, number: number): Translated | number {
    const { options, statistics } = this;
    const stacks = options.instruments?.stacks;
    let generator: Generator | undefined;
    let counts: RegionCounts | undefined;
    try {
      counts = this.countersFor(structured);
      generator = new Generator(region, structured, {
        ...options.places,
        memoryPages: options.arena.memory.buffer.byteLength / 65536,
        number,
        entry: (pc) => this.entry(pc),
        literal: (made, address) => this.literal(made, address),
        stackLimits: options.stackLimits,
        priorityBits: options.interpreter.profile.priorityBits,
        slow: (pc) => this.slowPlaces.has(pc),
        emitters: { byName: EMIT, handlerOf: HANDLER_OF },
        ...(counts ? { counts } : {}),
        ...(stacks ? { stacks: { offset: stacks.offset, moves: options.movesStack } } : {}),
      });
      const { bytes, sites, need } = generator.translate();
      const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: this.env });
      while (this.table.length <= number) this.table.grow(this.table.length);
      this.table.set(number, instance.exports['run']);
      this.ofTable++;
      statistics.modules++;
      statistics.bytes += bytes.length;
      statistics.instructions += region.instructions;
      const { pc, guards, pages } = region;
      return {
        number,
        pc,
        need,
        sites,
        guards,
        pages,
        bytes: bytes.length,
        places: placesOf(region),
        calls: callsOf(region),
        linked: false,
        counts,
      };
    } catch (error) {
      if (counts) options.arena.release(counts.at, counts.capacity * COUNTER);
      if (error instanceof Untranslatable) return generator?.now?.pc ?? region.pc;
      // A host with little stack, or no memory left for the map: the interpreter does without.
      if (error instanceof RangeError || error instanceof HostMemoryExhausted) return region.pc;
      throw error;
    }
  }

  private add(region: Translated): void {
    const { statistics } = this;
    this.byNumber[region.number] = region;
    this.byPc.set(region.pc, region);
    for (const pc of region.calls) this.callees.add(pc);
    for (const pc of region.places) this.covered.set(pc, (this.covered.get(pc) ?? 0) + 1);
    statistics.live++;
    statistics.liveBytes += region.bytes;
    for (const { arena } of region.pages) {
      const known = this.byPage.get(arena);
      if (known) known.add(region);
      else this.byPage.set(arena, new Set([region]));
    }
    const page = this.code.find(region.pc);
    if (page) this.patch(page, region.pc);
    this.link(region);
  }

  private drop(region: Translated): void {
    const { statistics } = this;
    if (this.byNumber[region.number] !== region) return;
    this.changed = true;
    if (region.linked) {
      this.i32[this.entry(region.pc) >>> 2] = 0;
      this.linkedRegions.delete(region);
      region.linked = false;
    }
    this.byNumber[region.number] = undefined;
    this.dropped.set(region.number, region);
    this.table.set(region.number, null);
    if (this.byPc.get(region.pc) === region) this.byPc.delete(region.pc);
    for (const pc of region.places) {
      const count = this.covered.get(pc)! - 1;
      if (count === 0) this.covered.delete(pc);
      else this.covered.set(pc, count);
    }
    statistics.live--;
    statistics.liveBytes -= region.bytes;
    for (const { arena } of region.pages) {
      const known = this.byPage.get(arena);
      known?.delete(region);
      if (known?.size === 0) this.byPage.delete(arena);
    }
    const first = region.pages[0]!;
    const arena = region.pages.find(({ virtual }) => virtual === region.pc >>> 12)?.arena ?? first.arena;
    this.unpatch(arena + (region.pc & 0xfff));
  }

  private dropAll(): void {
    for (const region of [...this.byPc.values()]) this.drop(region);
    this.rewrites.clear();
    this.callees.clear();
  }

  private original(page: CodePage, index: number): number {
    return this.patches.get(page.arena + ((index / SLOT) << 1))?.original ?? 0;
  }

  private patch(page: CodePage, pc: number): void {
    const index = ((pc & 0xffe) >>> 1) * SLOT;
    const key = page.arena + (pc & 0xfff);
    const known = this.patches.get(key);
    const now = page.slots[index]!;
    if (known && (now & 0xfff) === ENTER) {
      known.users++;
      return;
    }
    this.patches.set(key, { page, index, original: now, users: (known?.users ?? 0) + 1 });
    page.slots[index] = (now & ~0xfff) | ENTER;
  }

  private unpatch(key: number): void {
    const patch = this.patches.get(key);
    if (!patch || --patch.users > 0) return;
    const { page, index, original } = patch;
    if ((page.slots[index]! & 0xfff) === ENTER) page.slots[index] = original;
    this.patches.delete(key);
  }

  /** Arena offset of the word of the code map for `pc`. */
  private entry(pc: number): number {
    const { places, arena } = this.options;
    const first = (places.map >>> 2) + (pc >>> 12);
    if (this.i32[first] === 0) this.i32[first] = arena.allocate(8192, 'translated code: map');
    return this.i32[first]! + ((pc & 0xffe) << 1);
  }

  private literal(region: Region, address: number): number | undefined {
    const page = region.pages.find(({ virtual }) => virtual === address >>> 12);
    if (!page || (address & 3) !== 0 || this.options.memory.watch?.watches(address, 4, READ)) return undefined;
    const at = page.arena + (address & 0xfff);
    region.guards.push({ arena: at, length: 4 });
    return this.i32[at >>> 2];
  }
}

function placesOf({ blocks }: Region): number[] {
  return blocks.flatMap(({ context, steps }) => (context.parent ? [] : steps.map(({ pc }) => pc)));
}

function callsOf({ blocks }: Region): number[] {
  return blocks.flatMap(({ end }) => (end.kind === 'call' ? [end.target] : []));
}
