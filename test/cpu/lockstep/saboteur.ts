/** An engine that is right until it comes to one instruction, at which it does something else: what lockstep has to find. */
import { CELL } from '../../../src/cpu/core-registers.ts';
import { type Engine, type EngineFactory, type EngineHost, STOP, type StopCode } from '../../../src/cpu/engine.ts';
import { interpreterFactory } from '../../../src/cpu/interpreter/index.ts';
import type { Ram } from '../../../src/memory/ram.ts';

/** A wrong deed. */
export interface Plot {
  /** The instruction: its address, and the value of r0 before it; any value unless given. */
  readonly pc: number;
  readonly r0?: number;
  /** Done instead of the instruction; `proceed` executes it. What it returns is the stop code. */
  readonly deed: (host: EngineHost, engine: Saboteur, proceed: () => StopCode) => StopCode;
  /** Only in a `run` that was allowed at least so many instructions. */
  readonly budget?: number;
  /** Only so often. */
  readonly times?: number;
  /** Pages that it claims to write past its port. */
  readonly writable?: () => { ram: Ram; page: number }[];
}

/** Steps an interpreter. */
export class Saboteur implements Engine {
  readonly name = 'saboteur';
  /** Added to the count of this run. */
  miscount = 0;
  /** Instructions that were executed in all when the deed was done first. */
  deedAt: number | undefined;
  takeWritable?: () => { ram: Ram; page: number }[];
  private readonly host: EngineHost;
  private readonly inner: Engine;
  private readonly plot: Plot;
  private before = 0;
  private total = 0;
  private deeds = 0;
  private inside = false;
  private stopWanted = false;

  constructor(host: EngineHost, plot: Plot) {
    this.host = host;
    this.plot = plot;
    this.inner = interpreterFactory.create(host);
    if (plot.writable) this.takeWritable = plot.writable;
  }

  get executed(): number {
    return this.before + this.miscount + (this.inside ? this.inner.executed : 0);
  }

  get detail(): number {
    return this.inner.detail;
  }

  get address(): number {
    return this.inner.address;
  }

  get pc(): number {
    return this.inner.pc;
  }

  get watchMasks(): boolean {
    return this.inner.watchMasks;
  }

  set watchMasks(value: boolean) {
    this.inner.watchMasks = value;
  }

  get fpTrap(): boolean {
    return this.inner.fpTrap;
  }

  set fpTrap(value: boolean) {
    this.inner.fpTrap = value;
  }

  get divideTrap(): boolean {
    return this.inner.divideTrap;
  }

  set divideTrap(value: boolean) {
    this.inner.divideTrap = value;
  }

  get unalignedTrap(): boolean {
    return this.inner.unalignedTrap;
  }

  set unalignedTrap(value: boolean) {
    this.inner.unalignedTrap = value;
  }

  requestStop(): void {
    this.stopWanted = true;
    this.inner.requestStop();
  }

  pull(): void {}

  push(): void {}

  dispose(): void {
    this.inner.dispose();
  }

  run(budget: number): StopCode {
    const { plot, host } = this;
    const { cells } = host.registers;
    this.before = 0;
    this.miscount = 0;
    this.stopWanted = false;
    while (this.executed < budget) {
      const due =
        cells[CELL.PC] === plot.pc &&
        (plot.r0 === undefined || cells[0] === plot.r0) &&
        budget >= (plot.budget ?? 0) &&
        this.deeds < (plot.times ?? Number.POSITIVE_INFINITY);
      if (due) {
        this.deedAt ??= this.total;
        this.deeds++;
      }
      const stop = due ? plot.deed(host, this, () => this.step()) : this.step();
      if (stop !== STOP.BUDGET) return stop;
      if (this.stopWanted) return STOP.REQUESTED;
    }
    return STOP.BUDGET;
  }

  /** Counts the instruction at PC, `size` bytes, without executing it. */
  leaveOut(size: number): StopCode {
    this.host.registers.cells[CELL.PC]! += size;
    this.before++;
    this.total++;
    return STOP.BUDGET;
  }

  private step(): StopCode {
    this.inside = true;
    try {
      return this.inner.run(1);
    } finally {
      this.inside = false;
      this.before += this.inner.executed;
      this.total += this.inner.executed;
    }
  }
}

/** A factory of one saboteur, which is then `made`. */
export function saboteurFactory(plot: Plot): EngineFactory & { made: Saboteur | undefined } {
  const factory = {
    name: 'saboteur',
    made: undefined as Saboteur | undefined,
    create: (host: EngineHost): Engine => {
      factory.made = new Saboteur(host, plot);
      return factory.made;
    },
  };
  return factory;
}
