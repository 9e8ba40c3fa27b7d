/**
 * What a firmware does with its time and its stacks: latency of interrupts, load, flame graph, stack use. Watches a machine, changes nothing of its run.
 */
import { Dwarf } from '../dwarf/dwarf.ts';
import type { Machine } from '../machine.ts';
import type { Firmware } from '../remoteproc/elf-loader.ts';
import { findVectors } from '../remoteproc/vectors.ts';
import { Symbols } from '../symbols.ts';
import { exceptionNames, watchExceptions } from './exception-watch.ts';
import { flameGraphHtml, flameGraphSvg } from './flame-graph.ts';
import { type InterruptLatency, LatencyTable } from './latency.ts';
import { type LoadRow, LoadTable } from './load.ts';
import { Sampler } from './sampler.ts';
import { type StackUse, stackUse } from './stacks.ts';
import type { FirmwareView, ThreadSource } from './thread-reader.ts';
import { findThreads } from './threads.ts';

/** What runs in Thread mode before there are threads, or without any. */
const NO_THREAD = 'thread mode';
/** Nanoseconds between two samples unless given. */
const PERIOD_NS = 10_000;

/** What is watched. */
export interface ProfilerOptions {
  /** The ELF's debug information, when somebody has it already. */
  readonly dwarf?: Dwarf;
  /** Nanoseconds of virtual time between two samples of the call stack; 0: none are taken. */
  readonly period?: number;
  /** Stack use is watched; true unless given. */
  readonly stacks?: boolean;
}

/** A profile of one machine, from `start` on. */
export class Profiler {
  private readonly machine: Machine;
  private readonly firmware: Firmware;
  private readonly dwarf: Dwarf;
  private readonly view: FirmwareView;
  private readonly threads: ThreadSource | undefined;
  private readonly period: number;
  private readonly withStacks: boolean;
  private readonly latency = new LatencyTable();
  private readonly exceptionName: (id: number) => string;
  private table: LoadTable | undefined;
  private sampler: Sampler | undefined;
  private readonly endings: (() => void)[] = [];

  constructor(machine: Machine, firmware: Firmware, { dwarf, period = PERIOD_NS, stacks = true }: ProfilerOptions = {}) {
    this.machine = machine;
    this.firmware = firmware;
    this.dwarf = dwarf ?? Dwarf.of(firmware.bytes);
    this.period = period;
    this.withStacks = stacks;
    this.exceptionName = exceptionNames(machine);
    const memory = machine.view(machine.core.name);
    this.view = { symbols: firmware.symbols, dwarf: this.dwarf, read: (address, length) => memory.readBytes(address, length) };
    this.threads = findThreads(this.view);
  }

  /** Watches from now on; what was seen before is forgotten. */
  start(): void {
    this.stop();
    const { machine, threads } = this;
    const { core, scheduler } = machine;
    const cyclesPerInstruction = scheduler.hz / core.hz;
    const cycle = (): number => Math.floor(scheduler.now / cyclesPerInstruction);
    const source = {
      get cycle() {
        return cycle();
      },
      get instructions() {
        return core.instructions;
      },
      thread: () => threads?.current(),
    };
    const table = new LoadTable(source);
    this.table = table;
    const { latency } = this;
    this.endings.push(
      watchExceptions(machine, (phase, id) => {
        latency.phase(phase, id, cycle());
        if (phase === 'entered') table.entered(id);
        else if (phase === 'left') table.left();
      }),
      machine.events.subscribe((event) => {
        if (event.type === 'core' && event.core === core.name) table.restarted();
      }),
    );
    // A watch that somebody else began goes on when this ends.
    if (this.withStacks && core.trackStacks(true)) this.endings.push(() => void core.trackStacks(false));
    if (this.period > 0) {
      const thread = threads && (() => this.threadName(threads.current() ?? 0));
      const symbols = new Symbols(this.firmware.symbols);
      const nameOf = (address: number) => symbols.find(address)?.name;
      const sampler = new Sampler(machine, {
        period: this.period,
        dwarf: this.dwarf,
        nameOf,
        thread: thread ?? (() => undefined),
        rootOfMain: threads && NO_THREAD,
      });
      this.sampler = sampler;
      sampler.start();
      this.endings.push(() => sampler.stop());
    }
  }

  /** Ends watching; what was seen stays. Stack use is gone with it. */
  stop(): void {
    for (const end of this.endings.splice(0)) end();
  }

  /** How long interrupts waited, by exception. */
  interrupts(): InterruptLatency[] {
    return this.latency.rows(this.exceptionName, this.machine.core.hz);
  }

  /** Where the time went: threads, exceptions, sleep. */
  load(): LoadRow[] {
    return this.table?.rows(this.exceptionName, (id) => this.threadName(id)) ?? [];
  }

  /** How far each stack was used. */
  stacks(): StackUse[] {
    return stacksOf(this.machine, this.firmware, { dwarf: this.dwarf, seen: this.table?.threads ?? [], threads: this.threads });
  }

  /** Folded stacks: what speedscope, inferno and FlameGraph read. */
  folded(): string {
    return this.sampler?.tree.folded() ?? '';
  }

  /** The flame graph as one page. */
  flameHtml(title = this.firmware.name): string {
    const unit = `samples, one each ${this.period / 1000} \u00b5s of virtual time`;
    return this.sampler ? flameGraphHtml(this.sampler.tree, title, unit) : '';
  }

  /** The flame graph as a picture. */
  flameSvg(title = this.firmware.name): string {
    return this.sampler ? flameGraphSvg(this.sampler.tree, title) : '';
  }

  private threadName(id: number): string {
    return id === 0 || !this.threads ? NO_THREAD : this.threads.name(id);
  }
}

/** Stack use of a machine whose core has `trackStacks` on. */
export function stacksOf(
  machine: Machine,
  firmware: Firmware,
  more: { readonly dwarf?: Dwarf; readonly seen?: Iterable<number>; readonly threads?: ThreadSource | undefined } = {},
): StackUse[] {
  const memory = machine.view(machine.core.name);
  const read = (address: number, length: number) => memory.readBytes(address, length);
  const dwarf = more.dwarf ?? Dwarf.of(firmware.bytes);
  const threads = more.threads ?? findThreads({ symbols: firmware.symbols, dwarf, read });
  return stackUse(machine.core.stackLows(), {
    threads: threads?.list(more.seen ?? []) ?? [],
    symbols: firmware.symbols,
    top: initialStack(firmware),
  });
}

/** The first word of the vector table: where the main stack begins. */
function initialStack({ segments, entry }: Firmware): number | undefined {
  const vectors = findVectors(segments, entry);
  const segment = segments.find(({ da, filesz }) => vectors !== undefined && vectors >= da && vectors + 4 <= da + filesz);
  if (!segment || vectors === undefined) return undefined;
  const { data, da } = segment;
  return new DataView(data.buffer, data.byteOffset, data.length).getUint32(vectors - da, true);
}
