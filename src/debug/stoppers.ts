/**
 * The break- and watchpoints of a debugger, whoever has set them: their numbers, counts and owners, and where they stand on the cores.
 *
 * A breakpoint is a hook of the core, so guest memory is not changed; several at one address share it.
 */
import type { Core } from '../cpu/core.ts';
import type { WatchHit } from '../cpu/watchpoints.ts';
import { UsageError } from '../errors.ts';
import type { BreakpointSpec, HaltReason, Stopper, WatchpointSpec } from './types.ts';

/** One of them. */
interface Entry {
  readonly spec: BreakpointSpec | WatchpointSpec;
  readonly id: number;
  readonly owner: string;
  hits: number;
  readonly remove: () => void;
}

/** What the stoppers need of their debugger. */
export interface StopperHost {
  core(name: string): Core;
  /** The core is at an instruction with a breakpoint, or about to do an access: true when it is to stop there. */
  reached(core: Core, entry: StopperHit): boolean;
  /** One was added, taken away, or hit. */
  changed(): void;
}

/** A breakpoint that execution has come to, or a watchpoint with the access. */
export interface StopperHit {
  readonly id: number;
  readonly spec: BreakpointSpec | WatchpointSpec;
  readonly hit?: WatchHit;
}

/** All of them. */
export class Stoppers {
  private readonly host: StopperHost;
  private readonly entries = new Map<number, Entry>();
  private last = 0;

  constructor(host: StopperHost) {
    this.host = host;
  }

  /** As they stand, in the order in which they were added. */
  get list(): readonly Stopper[] {
    return [...this.entries.values()].map(({ spec, id, hits, owner }) => ({ ...spec, id, hits, owner }));
  }

  /** @throws {UsageError} for a core that there is not, or bytes that there cannot be */
  add(spec: BreakpointSpec | WatchpointSpec, owner: string): number {
    const core = this.host.core(spec.core);
    const id = ++this.last;
    this.entries.set(id, { spec: { ...spec }, id, owner, hits: 0, remove: this.place(core, spec, id) });
    this.host.changed();
    return id;
  }

  private place(core: Core, spec: BreakpointSpec | WatchpointSpec, id: number): () => void {
    const { address } = spec;
    if (!Number.isInteger(address) || address < 0 || address > 0xffff_ffff)
      throw new UsageError(`a ${spec.kind} at ${address}`, 'give an address of 32 bits');
    if (spec.kind === 'breakpoint') return core.addHook(address & ~1, () => (this.host.reached(core, { id, spec }) ? 'stop' : 'continue'));
    const { size, access } = spec;
    return core.addWatchpoint({ address, size, access }, (_core, hit) =>
      this.host.reached(core, { id, spec, hit }) ? 'stop' : 'continue',
    );
  }

  /** Counts a hit; true when it is one that stops. */
  count(id: number): boolean {
    const entry = this.entries.get(id);
    if (!entry) return false;
    entry.hits++;
    const { spec } = entry;
    return spec.kind !== 'breakpoint' || entry.hits > (spec.ignore ?? 0);
  }

  /** Takes those away that are for one hit, of which `ids` are. */
  expire(ids: readonly number[]): void {
    for (const id of ids) {
      const spec = this.entries.get(id)?.spec;
      if (spec?.kind === 'breakpoint' && spec.temporary) this.remove(id);
    }
  }

  /** False when there is none of that number. */
  remove(id: number): boolean {
    const entry = this.entries.get(id);
    if (!entry) return false;
    this.entries.delete(id);
    entry.remove();
    this.host.changed();
    return true;
  }

  /** Those of `owner`. */
  removeAll(owner: string): void {
    for (const entry of [...this.entries.values()]) if (entry.owner === owner) this.remove(entry.id);
  }
}

/** The reason of a halt at breakpoints. */
export function breakpointReason(core: string, address: number, ids: readonly number[]): HaltReason {
  return { kind: 'breakpoint', core, address, ids };
}
