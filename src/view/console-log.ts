/**
 * What the consoles of a run have shown: raw bytes, the last 256 KiB of each, with the cycle of every byte, so that a future that is forgotten can be
 * taken away exactly.
 */

/** Bytes that are kept of each console. */
export const KEPT_OUTPUT = 262_144;
/** Consoles that are kept; firmware may announce any number of ttys. */
export const MOST_CONSOLES = 256;
/** Memory that all of them may take, with the cycles: six are kept in full, and of further ones less. */
export const MOST_KEPT = 16 * 1024 * 1024;

const FIRST = 1024;
/** A byte and its cycle. */
const BYTES_EACH = 9;

/** One console. Positions count bytes since the beginning of the run. */
export class ConsoleLog {
  readonly device: string;
  private bytes = new Uint8Array(FIRST);
  private cycles = new Float64Array(FIRST);
  private length = 0;
  /** Before this nothing is there any more, even if output is taken away. */
  private lost = 0;
  private readonly claim: (memory: number) => boolean;
  /** Rises when output was taken away: who has shown it begins anew. */
  generation = 0;

  /** `claim`: asked whether so many bytes of memory more may be taken. */
  constructor(device: string, claim: (memory: number) => boolean = () => true) {
    this.device = device;
    this.claim = claim;
  }

  /** Position behind the last byte. */
  get end(): number {
    return this.length;
  }

  /** Position of the oldest byte that is still there. */
  get start(): number {
    return Math.max(this.lost, this.length - this.bytes.length);
  }

  add(byte: number, cycle: number): void {
    // Once it has begun to lose output it stays as large as it is.
    if (this.length === this.bytes.length && this.length < KEPT_OUTPUT && this.lost === 0) this.grow();
    const at = this.length++ % this.bytes.length;
    this.bytes[at] = byte;
    this.cycles[at] = cycle;
  }

  addAll(bytes: Uint8Array, cycle: number): void {
    for (const byte of bytes) this.add(byte, cycle);
  }

  /** Bytes from `from` on, at most `limit`; what is gone by now is left out. */
  read(from: number, limit = KEPT_OUTPUT): Uint8Array {
    const begin = Math.max(from, this.start);
    const count = Math.max(0, Math.min(this.length - begin, limit));
    const { bytes } = this;
    const out = new Uint8Array(count);
    const at = begin % bytes.length;
    const room = Math.min(count, bytes.length - at);
    out.set(bytes.subarray(at, at + room));
    out.set(bytes.subarray(0, count - room), room);
    return out;
  }

  /** Takes away what came after `cycle`; true when there was any. */
  forget(cycle: number): boolean {
    const { start, length } = this;
    this.lost = start;
    while (this.length > start && this.cycles[(this.length - 1) % this.cycles.length]! > cycle) this.length--;
    if (this.length === length) return false;
    this.generation++;
    return true;
  }

  private grow(): void {
    if (!this.claim(this.bytes.length * BYTES_EACH)) {
      this.lost = 1;
      return;
    }
    const bytes = new Uint8Array(this.bytes.length * 2);
    const cycles = new Float64Array(bytes.length);
    bytes.set(this.bytes);
    cycles.set(this.cycles);
    this.bytes = bytes;
    this.cycles = cycles;
  }
}

/** All consoles of a run. */
export class ConsoleLogs {
  private readonly logs = new Map<string, ConsoleLog>();
  private last: ConsoleLog | undefined;
  /** The beginning of each is set aside. */
  private taken = MOST_CONSOLES * FIRST * BYTES_EACH;
  private readonly claim = (memory: number): boolean => {
    if (this.taken + memory > MOST_KEPT) return false;
    this.taken += memory;
    return true;
  };

  /** That of a device, made if need be; undefined when there are too many. */
  of(device: string): ConsoleLog | undefined {
    const { last } = this;
    if (last && last.device === device) return last;
    let log = this.logs.get(device);
    if (!log) {
      if (this.logs.size >= MOST_CONSOLES) return undefined;
      log = new ConsoleLog(device, this.claim);
      this.logs.set(device, log);
    }
    this.last = log;
    return log;
  }

  /** That of a device that has shown something. */
  find(device: string): ConsoleLog | undefined {
    return this.logs.get(device);
  }

  get all(): Iterable<ConsoleLog> {
    return this.logs.values();
  }

  get count(): number {
    return this.logs.size;
  }

  forget(cycle: number): void {
    for (const log of this.logs.values()) log.forget(cycle);
  }
}
