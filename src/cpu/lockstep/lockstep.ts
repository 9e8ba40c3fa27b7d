/**
 * The `lockstep` engine: two engines side by side, and a stop at the first difference of any register, flag, memory write or event.
 *
 * The first engine works on the machine, the second on a copy of it. They are compared at the ends of slices, which is quick; the
 * instruction is found afterwards by going back. What is compared: all registers, all memory, stop codes with their details, counts,
 * and the order, address, width, value and position of every access to a device. A difference that is gone by the end of the slice
 * without a trace in any of these is not seen.
 */
import { EnginesDiffer, UsageError } from '../../errors.ts';
import { CoreMemory } from '../core-memory.ts';
import { CoreRegisters } from '../core-registers.ts';
import { type Engine, type EngineFactory, type EngineHost, STOP, type StopCode } from '../engine.ts';
import type { Instruments } from '../instruments.ts';
import { AccessRecord } from './access-log.ts';
import { findDifference } from './difference.ts';
import { Pair } from './pair.ts';
import { type ReportHelp, reportDifference } from './report.ts';
import { ShadowMemory } from './shadow.ts';
import { pageOf, Side, Undo } from './side.ts';

/** Instructions between two comparisons, at most. */
const SLICE = 50_000;

/** What was compared so far; shared by the cores of a machine. */
export interface LockstepFigures {
  instructions: number;
  slices: number;
  accesses: number;
  pages: number;
}

/** Options of lockstep. */
export interface LockstepOptions extends ReportHelp {
  /** Instructions between two comparisons, at most; 50,000 unless given. */
  readonly slice?: number;
  /** Is counted up. */
  readonly figures?: LockstepFigures;
}

/** Runs one core on two engines. */
export class LockstepEngine implements Engine {
  readonly name: string;
  private readonly options: LockstepOptions;
  private readonly pair: Pair;
  private readonly shadow: ShadowMemory;
  private readonly memory: CoreMemory;
  private readonly copy: CoreMemory;
  private readonly instruments: Instruments | undefined;
  private readonly figures: LockstepFigures;
  private flushed = false;
  /** Instructions of this `run` in earlier slices, and since the core was built. */
  private before = 0;
  private total = 0;

  constructor(host: EngineHost, factories: readonly [EngineFactory, EngineFactory], options: LockstepOptions = {}) {
    this.name = `lockstep of ${factories[0].name} and ${factories[1].name}`;
    this.options = options;
    this.figures = options.figures ?? { instructions: 0, slices: 0, accesses: 0, pages: 0 };
    const { profile, registers, memory, banked, instruments } = host;
    this.memory = memory;
    this.instruments = instruments;
    this.shadow = new ShadowMemory(memory.bus);
    const { rams, copies, indices, arena, bus } = this.shadow;
    this.copy = new CoreMemory(bus, memory.protection);
    this.copy.bitBand = memory.bitBand;
    const shared = { indices, undo: new Undo(), record: new AccessRecord() };
    const first = new Side({ factory: factories[0], host, rams, ...shared });
    const flush = memory.onFlush;
    memory.onFlush = () => {
      this.flushed = true;
      flush?.();
    };
    const own = {
      profile,
      registers: new CoreRegisters(arena, 'registers'),
      memory: this.copy,
      // What is counted and watched is what the first engine does.
      ...(instruments
        ? { instruments: { hooks: instruments.hooks, watchpoints: instruments.watchpoints, counts: undefined, stacks: undefined } }
        : {}),
      ...(banked ? { banked } : {}),
    };
    const second = new Side({ factory: factories[1], host: own, rams: copies, ...shared });
    this.copy.onUntouchedFetch = () => second.engine.requestStop();
    own.registers.cells.set(registers.cells);
    this.pair = new Pair(first, second, shared.undo);
  }

  get executed(): number {
    return this.before + this.pair.first.position;
  }

  get detail(): number {
    return this.pair.first.engine.detail;
  }

  get address(): number {
    return this.pair.first.engine.address;
  }

  get pc(): number {
    return this.pair.first.engine.pc;
  }

  get watchMasks(): boolean {
    return this.pair.first.engine.watchMasks;
  }

  set watchMasks(value: boolean) {
    for (const engine of this.engines) engine.watchMasks = value;
  }

  get fpTrap(): boolean {
    return this.pair.first.engine.fpTrap;
  }

  set fpTrap(value: boolean) {
    for (const engine of this.engines) engine.fpTrap = value;
  }

  get divideTrap(): boolean {
    return this.pair.first.engine.divideTrap;
  }

  set divideTrap(value: boolean) {
    for (const engine of this.engines) engine.divideTrap = value;
  }

  get unalignedTrap(): boolean {
    return this.pair.first.engine.unalignedTrap;
  }

  set unalignedTrap(value: boolean) {
    for (const engine of this.engines) engine.unalignedTrap = value;
  }

  set passHook(value: boolean) {
    this.pair.passHook = value;
  }

  get passHook(): boolean {
    return this.pair.passHook;
  }

  hookChanged(address: number): void {
    for (const engine of this.engines) engine.hookChanged?.(address);
  }

  watchpointsChanged(): void {
    if (this.instruments) this.copy.setWatchpoints(this.instruments.watchpoints);
    for (const engine of this.engines) engine.watchpointsChanged?.();
  }

  instrumentsChanged(): void {
    this.pair.first.engine.instrumentsChanged?.();
  }

  collectCounts(): void {
    this.pair.first.engine.collectCounts?.();
  }

  requestStop(): void {
    this.pair.first.log.noteStop();
    this.pair.first.engine.requestStop();
  }

  pull(): void {
    this.pair.first.engine.pull();
  }

  push(): void {
    this.pair.first.engine.push();
  }

  dispose(): void {
    for (const engine of this.engines) engine.dispose();
    this.memory.setTap(undefined);
    this.copy.dispose();
    this.shadow.dispose();
  }

  /** @throws {EnginesDiffer} */
  run(budget: number): StopCode {
    this.before = 0;
    for (;;) {
      const code = this.slice(Math.min(budget - this.before, this.options.slice ?? SLICE));
      const { done } = this.pair.first;
      if (code !== STOP.BUDGET || this.before + done >= budget) return code;
      this.before += done;
    }
  }

  private get engines(): readonly [Engine, Engine] {
    return [this.pair.first.engine, this.pair.second.engine];
  }

  private slice(budget: number): StopCode {
    const { pair, shadow, figures } = this;
    shadow.sync();
    if (this.flushed) this.copy.flush();
    this.flushed = false;
    this.copy.follow(this.memory);
    const outcomes = pair.run(budget, (on) => {
      shadow.engineWrites = on;
    });
    if (!pair.agree(outcomes)) throw this.difference(outcomes, budget);
    const { stored, done } = pair.first;
    for (const key of stored) {
      const { index, page } = pageOf(key);
      shadow.announce(index, page);
    }
    this.total += done;
    figures.instructions += done;
    figures.slices++;
    figures.accesses += outcomes[0].accesses;
    figures.pages += stored.size;
    return pair.stop;
  }

  private difference(outcomes: Parameters<typeof findDifference>[1], budget: number): EnginesDiffer {
    this.shadow.engineWrites = true;
    try {
      const difference = findDifference(this.pair, outcomes, budget, this.total);
      return new EnginesDiffer(difference, reportDifference(difference, this.options));
    } finally {
      this.shadow.engineWrites = false;
    }
  }
}

/**
 * Builds engines that run `first` and `second` side by side. Which of them drives the machine makes no difference to the result; one at
 * least must tell of its stores page by page, as all but Unicorn do.
 * @throws {UsageError} for two engines of one kind
 */
export function lockstepFactory(first: EngineFactory, second: EngineFactory, options: LockstepOptions = {}): EngineFactory {
  if (first.name === second.name) throw new UsageError(`lockstep of ${first.name} with itself`, 'name two different engines');
  return {
    name: `lockstep of ${first.name} and ${second.name}`,
    create: (host) => new LockstepEngine(host, [first, second], options),
  };
}
