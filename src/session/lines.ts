/**
 * Turns the machine's events into the lines a user reads: console bytes become lines, dmesg gets its timestamp.
 *
 * A line that a console leaves unfinished (a prompt) is shown once the console has been quiet for a while, or when the run ends.
 */
import type { KernLevel, MachineEvent } from '../events.ts';

export { dmesgTimestamp } from '../linux/dmesg.ts';

/** A line of a console or of dmesg, without prefix or line end. */
export interface OutputLine {
  /** `uart4`, `ttyRPMSG30`, `linux` (dmesg), `semihosting`. */
  readonly source: string;
  /** Cycle at which it was complete. */
  readonly cycle: number;
  /** Seconds of virtual time at that cycle. */
  readonly seconds: number;
  readonly text: string;
  readonly level?: KernLevel;
  /** False for what a console has shown of a line that may still go on. */
  readonly complete: boolean;
}

/** A console that printed part of a line and then nothing for so long shows it, in ns of virtual time. */
export const PARTIAL_NS = 10e6;
/** Bytes after which a line is broken, so that a console without line ends cannot grow without bound. */
const LONGEST_LINE = 4096;

/** What a console has printed of a line. */
export interface PartialLine {
  bytes: number[];
  cycle: number;
  /** Bytes of it that were shown already. */
  shown: number;
}

/** Assembles lines; `emit` gets each line once complete, and each unfinished one when it is flushed. */
export class LineAssembler {
  private readonly partials: Map<string, PartialLine>;
  private readonly hz: number;
  private readonly emit: (line: OutputLine) => void;

  /** `partials` is its state, for whoever continues with that of another one. */
  constructor(hz: number, emit: (line: OutputLine) => void, partials = new Map<string, PartialLine>()) {
    this.hz = hz;
    this.emit = emit;
    this.partials = partials;
  }

  /** What consoles have left unfinished, as data. */
  save(): (readonly [string, PartialLine])[] {
    return [...this.partials].map(([device, { bytes, cycle, shown }]) => [device, { bytes: [...bytes], cycle, shown }]);
  }

  /** Goes on from there. */
  load(partials: readonly (readonly [string, PartialLine])[]): void {
    for (const [device, { bytes, cycle, shown }] of partials) this.partials.set(device, { bytes: [...bytes], cycle, shown });
  }

  /** Becomes what it was. */
  rewind(partials: readonly (readonly [string, PartialLine])[]): void {
    this.partials.clear();
    this.load(partials);
  }

  /** Feeds one event; only console and dmesg events make lines. */
  add(event: MachineEvent): void {
    if (event.type === 'dmesg') {
      for (const text of event.text.split('\n')) {
        this.emit({
          source: 'linux',
          cycle: event.cycle,
          seconds: (event.cycle - (event.since ?? 0)) / this.hz,
          text,
          level: event.level,
          complete: true,
        });
      }
    } else if (event.type === 'console') this.addByte(event.device, event.byte, event.cycle);
  }

  /** True when a console has an unfinished line that was not shown yet. */
  get pending(): boolean {
    return [...this.partials.values()].some(({ bytes, shown }) => bytes.length > shown);
  }

  /** Shows what every console has left unfinished and not added to since `cycle`. */
  flushQuiet(cycle: number): void {
    for (const [device, partial] of this.partials) if (partial.cycle <= cycle) this.flush(device);
  }

  /** Shows what `device` has left unfinished. */
  flush(device: string): void {
    const partial = this.partials.get(device);
    if (!partial || partial.bytes.length <= partial.shown) return;
    partial.shown = partial.bytes.length;
    this.line(device, partial, false);
  }

  private addByte(device: string, byte: number, cycle: number): void {
    let partial = this.partials.get(device);
    if (!partial) {
      partial = { bytes: [], cycle, shown: 0 };
      this.partials.set(device, partial);
    }
    partial.cycle = cycle;
    if (byte !== 10 && partial.bytes.length < LONGEST_LINE) {
      partial.bytes.push(byte);
      return;
    }
    this.line(device, partial, true);
    this.partials.set(device, { bytes: byte === 10 ? [] : [byte], cycle, shown: 0 });
  }

  private line(source: string, partial: PartialLine, complete: boolean): void {
    const text = new TextDecoder().decode(Uint8Array.from(partial.bytes)).replace(/^\r+|\r+$/g, '');
    this.emit({ source, cycle: partial.cycle, seconds: partial.cycle / this.hz, text, complete });
  }
}
