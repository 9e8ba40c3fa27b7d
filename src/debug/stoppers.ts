/**
 * The break- and watchpoints of a debugger, whoever has set them: their numbers, counts and owners, and where they stand on the cores.
 *
 * A breakpoint is a hook of the core, so guest memory is not changed; those at one address share it. A watchpoint is one of the core, and of Linux's
 * stores to the same memory.
 */
import type { Core } from '../cpu/core.ts';
import { UsageError } from '../errors.ts';
import type { Machine } from '../machine.ts';
import type { BreakpointSpec, HaltReason, Stopper, WatchpointSpec } from './types.ts';

/** More than anybody keeps in sight; each is told to all clients whenever one changes. */
const MOST_STOPPERS = 1000;

/** An access to watched memory. */
export interface Access {
  readonly by: string;
  readonly access: 'read' | 'write';
  readonly address: number;
  readonly size: number;
  readonly pc?: number;
}

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
  readonly machine: Machine;
  core(name: string): Core;
  /** Execution of `core` has come to breakpoints, all at one address, or to an access: true when it is to stop there. */
  reached(core: Core, ids: readonly number[], access?: Access): boolean;
  /** One was added, taken away, or hit. */
  changed(): void;
}

/** All of them. */
export class Stoppers {
  private readonly host: StopperHost;
  private readonly entries = new Map<number, Entry>();
  /** Breakpoints by core and address, and what takes their hook away. */
  private readonly places = new Map<string, { readonly ids: number[]; readonly remove: () => void }>();
  private last = 0;

  constructor(host: StopperHost) {
    this.host = host;
  }

  /** As they stand, in the order in which they were added. */
  get list(): readonly Stopper[] {
    return [...this.entries.values()].map(({ spec, id, hits, owner }) => ({ ...spec, id, hits, owner }));
  }

  /** @throws {UsageError} for a core that there is not, bytes that there cannot be, or too many */
  add(spec: BreakpointSpec | WatchpointSpec, owner: string): number {
    const { host } = this;
    const core = host.core(spec.core);
    const { address } = spec;
    if (!Number.isInteger(address) || address < 0 || address > 0xffff_ffff)
      throw new UsageError(`a ${spec.kind} at ${address}`, 'give an address of 32 bits', 'address');
    if (this.entries.size >= MOST_STOPPERS)
      throw new UsageError(`there are ${MOST_STOPPERS} break- and watchpoints already`, 'remove some of them', 'stoppers');
    const id = this.last + 1;
    const remove =
      spec.kind === 'breakpoint'
        ? this.place(core, address & ~1, id)
        : watch(host.machine, core, spec, (access) => host.reached(core, [id], access));
    this.last = id;
    this.entries.set(id, { spec: { ...spec }, id, owner, hits: 0, remove });
    host.changed();
    return id;
  }

  /** Breakpoints at `address`. */
  at(core: Core, address: number): readonly number[] {
    return this.places.get(`${core.name} ${address >>> 0}`)?.ids ?? [];
  }

  private place(core: Core, address: number, id: number): () => void {
    const key = `${core.name} ${address >>> 0}`;
    let place = this.places.get(key);
    if (!place) {
      const ids: number[] = [];
      place = { ids, remove: core.addHook(address, () => (this.host.reached(core, ids) ? 'stop' : 'continue')) };
      this.places.set(key, place);
    }
    const { ids, remove } = place;
    ids.push(id);
    return () => {
      ids.splice(ids.indexOf(id), 1);
      if (ids.length > 0) return;
      remove();
      this.places.delete(key);
    };
  }

  /** Counts hits of `ids`; those that stop, which are not ignored this time. */
  count(ids: readonly number[]): number[] {
    return ids.filter((id) => {
      const entry = this.entries.get(id);
      if (!entry) return false;
      entry.hits++;
      return entry.spec.kind !== 'breakpoint' || entry.hits > (entry.spec.ignore ?? 0);
    });
  }

  /** Takes away what is for one hit, of which `ids` were. */
  expire(ids: readonly number[]): void {
    for (const id of ids) {
      const spec = this.entries.get(id)?.spec;
      if (spec?.kind === 'breakpoint' && spec.temporary) this.remove(id);
    }
  }

  /** Why the machine stands still at `ids`. */
  reason(core: Core, ids: readonly number[], access?: Access): HaltReason {
    if (access) return { kind: 'watchpoint', core: core.name, ids, ...access };
    return { kind: 'breakpoint', core: core.name, address: core.pc, ids };
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

/**
 * Tells `hit` of accesses to the bytes of `spec`; true: the machine is to stop there. Those of the core are about to be made, stores of Linux
 * were made. Stores of other cores are not seen. The function ends that.
 */
export function watch(
  machine: Machine,
  core: Core,
  { address, size, access, others = true }: Omit<WatchpointSpec, 'kind'>,
  hit: (access: Access) => boolean,
): () => void {
  const ends = [
    core.addWatchpoint({ address, size, access }, (_core, { address: at, size: length, access: kind, pc }) =>
      hit({ by: core.name, access: kind, address: at, size: length, ...(pc === undefined ? {} : { pc }) }) ? 'stop' : 'continue',
    ),
  ];
  if (others && access !== 'read') {
    const stretches = [...machine.view(core.name).stretches(address, size)];
    ends.push(
      machine.linuxStores.watch(stretches, ({ address: at, size: length }) => {
        if (hit({ by: 'linux', access: 'write', address: at, size: length })) machine.requestStop();
      }),
    );
  }
  return () => {
    for (const end of ends) end();
  };
}
