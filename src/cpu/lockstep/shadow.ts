/**
 * A second copy of everything a core can reach, for a second engine: RAMs with the same contents in an arena of their own, at the same addresses.
 *
 * `sync` brings over what somebody other than the first engine (Linux, exception entry, another core) wrote since the last call. Devices
 * answer nothing here: the log that is set as the port's tap stands before them. Not seen: RAM that a device writes inside of an access.
 */
import { Arena } from '../../memory/arena.ts';
import { AddressSpace, BUS_FAULT, type BusDevice } from '../../memory/bus.ts';
import { CHUNK_SIZE, PAGE_SIZE, Ram, type RamObserver } from '../../memory/ram.ts';

const SILENT: BusDevice = { read: () => BUS_FAULT, write: () => false, peek: () => BUS_FAULT };

interface Range {
  readonly index: number;
  readonly offset: number;
  readonly length: number;
}

/** RAMs whose engines store past `Ram`: one shadow's engine may share them with another's. */
const SHADOWS = new WeakMap<Ram, Set<ShadowMemory>>();

/** The RAMs of a bus, and their copies. */
export class ShadowMemory implements RamObserver {
  /** The real RAMs and their copies, at the same index. */
  readonly rams: readonly Ram[];
  readonly copies: readonly Ram[];
  readonly bus: AddressSpace;
  readonly arena: Arena;
  readonly indices = new Map<Ram, number>();
  /** True while the first engine runs: what it writes is its own business. */
  engineWrites = false;
  private pending: Range[] = [];
  private readonly real: Arena | undefined;
  private touched = 0;

  constructor(bus: AddressSpace) {
    this.rams = [...new Set(bus.regions.flatMap(({ ram }) => (ram ? [ram] : [])))];
    this.real = this.rams[0]?.arena;
    this.arena = new Arena(this.real?.size ?? 1);
    this.copies = this.rams.map(({ name, size }) => new Ram(name, size, this.arena));
    for (const [index, ram] of this.rams.entries()) {
      this.indices.set(ram, index);
      this.indices.set(this.copies[index]!, index);
      ram.observe(this);
      SHADOWS.set(ram, (SHADOWS.get(ram) ?? new Set()).add(this));
      for (let offset = 0; offset < ram.size; offset += CHUNK_SIZE) {
        if (ram.locateIfTouched(offset) !== 0) this.written(ram, offset, Math.min(CHUNK_SIZE, ram.size - offset));
      }
    }
    this.bus = new AddressSpace(`${bus.name} (second engine)`);
    // A device that answers at two addresses is one here, too.
    const stands = new Map<BusDevice, BusDevice>();
    const silent = (device: BusDevice): BusDevice => {
      const known = stands.get(device) ?? { ...SILENT };
      stands.set(device, known);
      return known;
    };
    for (const { name, base, size, ram, ramOffset, device } of bus.regions) {
      if (ram) this.bus.mapRam(base, this.copies[this.indices.get(ram)!]!, ramOffset, size, name);
      else this.bus.mapDevice(base, size, silent(device!), name);
    }
    this.followGuard(bus);
    bus.onGuard(() => this.followGuard(bus));
  }

  /** Here the same is refused as on the real bus, without anybody taking note. */
  private followGuard(bus: AddressSpace): void {
    const { guard } = bus;
    this.bus.setGuard(
      guard && {
        closes: ({ base }) => guard.closes(bus.find(base)!),
        rights: ({ base }, offset, size) => guard.rights(bus.find(base)!, offset, size),
        fails: ({ base }) => guard.fails(bus.find(base)!),
        note: () => {},
      },
    );
  }

  dispose(): void {
    for (const ram of this.rams) {
      ram.unobserve(this);
      SHADOWS.get(ram)?.delete(this);
    }
  }

  pageHasCode(): void {}

  codeWritten(): void {}

  written(ram: Ram, offset: number, length: number): void {
    if (this.engineWrites) return;
    this.pending.push({ index: this.indices.get(ram)!, offset, length });
  }

  moved(ram: Ram, offset: number): void {
    this.copies[this.indices.get(ram)!]!.forget(offset);
    this.touched = -1;
  }

  /** Tells the shadows of other cores that an engine stored to `page`. */
  announce(index: number, page: number): void {
    const ram = this.rams[index]!;
    for (const other of SHADOWS.get(ram)!) {
      if (other !== this) other.written(ram, page * PAGE_SIZE, Math.min(PAGE_SIZE, ram.size - page * PAGE_SIZE));
    }
  }

  /** Brings the copies up to date. */
  sync(): void {
    const { pending } = this;
    if (pending.length > 0) {
      this.pending = [];
      for (const range of pending) this.copy(range);
    }
    if (this.real && this.real.allocations !== this.touched) this.touch(this.real);
  }

  /** Code in memory that was never touched stops an engine: the same parts are to exist on both sides. */
  private touch(real: Arena): void {
    for (const [index, ram] of this.rams.entries()) {
      const copy = this.copies[index]!;
      for (let offset = 0; offset < ram.size; offset += CHUNK_SIZE) {
        if (ram.locateIfTouched(offset) !== 0) copy.locate(offset);
        else if (copy.locateIfTouched(offset) !== 0) ram.locate(offset);
      }
    }
    this.touched = real.allocations;
  }

  private copy({ index, offset, length }: Range): void {
    const ram = this.rams[index]!;
    const copy = this.copies[index]!;
    for (let done = 0; done < length; ) {
      const at = offset + done;
      const part = Math.min(length - done, CHUNK_SIZE - (at % CHUNK_SIZE));
      // What nobody has touched is zero on both sides.
      if (ram.locateIfTouched(at) !== 0) copy.writeBytes(at, ram.readBytes(at, part));
      done += part;
    }
  }
}
