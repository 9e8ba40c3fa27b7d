/**
 * The clocks of a SoC by name: oscillators, PLL outputs, clock roots. Blocks that make clocks define them, blocks that run on them ask.
 *
 * Rates are computed when asked for, from the registers as they stand, and kept until one of these changes. A block whose state depends on a rate (a counter) subscribes to
 * changes. Clock gating (CCGR) is not modelled: a gated block keeps its clock.
 */
import { SocDescriptionError } from '../errors.ts';

/** A clock: the name of one in the tree, or a fixed rate in Hz. */
export type ClockSource = string | number;

/** Named clocks; a rate of 0 means that the clock stands still. */
export class ClockTree {
  static readonly state = ['gated'];
  private readonly rates = new Map<string, () => number>();
  private readonly listeners: (() => void)[] = [];
  /** Clocks that somebody has switched off behind the back of the block that makes them. */
  private readonly gated = new Set<ClockSource>();
  /** Rates that were asked for since the last change. */
  private readonly known = new Map<string, number>();

  /** Adds clock `name`, whose rate in Hz is what `hz` gives. @throws {SocDescriptionError} when there is one of that name. */
  define(name: string, hz: () => number): void {
    if (this.rates.has(name)) throw new SocDescriptionError(`two clocks are called ${name}`);
    this.rates.set(name, hz);
  }

  /** Present rate of a clock in Hz. @throws {SocDescriptionError} when there is none of that name. */
  hz(source: ClockSource): number {
    if (this.gated.size > 0 && this.gated.has(source)) return 0;
    if (typeof source === 'number') return source;
    const known = this.known.get(source);
    if (known !== undefined) return known;
    const rate = this.rates.get(source);
    if (!rate) throw new SocDescriptionError(`no clock is called ${source}`);
    const hz = rate();
    this.known.set(source, hz);
    return hz;
  }

  /** To be called where rates may have changed and nobody is to be told: a block that makes clocks was reset. */
  forget(): void {
    this.known.clear();
  }

  /** After a snapshot was loaded. */
  restored(): void {
    this.known.clear();
  }

  /** True when `source` is a fixed rate or names a clock of this tree. */
  has(source: ClockSource): boolean {
    return typeof source === 'number' || this.rates.has(source);
  }

  /** Lets a clock stand still, whatever the registers say, or lets it go again. */
  gate(source: ClockSource, closed: boolean): void {
    if (closed) this.gated.add(source);
    else this.gated.delete(source);
    this.changed();
  }

  /** Names of all clocks, in order of definition. */
  get names(): readonly string[] {
    return [...this.rates.keys()];
  }

  /** Subscribes to changes of any rate; called after the change. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** To be called by a block that makes clocks after a register write that may have changed a rate. */
  changed(): void {
    this.known.clear();
    for (const listener of this.listeners) listener();
  }
}
