/**
 * Windows in which nothing is modelled but which answer: reads give 0, writes vanish, and the first access of each kind is reported.
 *
 * `UnmodelledBlock` stands for a block that exists on the chip, `ReservedWindow` for a part of a peripheral bus that is known to answer
 * although the manual calls it reserved. A true hole of the address map is a bus fault instead. A loop that waits for a bit of them waits
 * for ever: it may be skipped once it was reported, and its reads are counted as if they had been made.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { hex } from '../memory/bits.ts';
import type { BusDevice } from '../memory/bus.ts';

interface StandInOptions {
  readonly name: string;
  readonly diagnostics: Diagnostics;
}

/** What both have in common. */
abstract class StandIn implements BusDevice {
  abstract readonly standIn: string;
  protected readonly name: string;
  protected readonly diagnostics: Diagnostics;
  /** Offset of the first access of each kind, which was reported. */
  private firstRead: number | undefined;
  private firstWritten: number | undefined;

  constructor({ name, diagnostics }: StandInOptions) {
    this.name = name;
    this.diagnostics = diagnostics;
  }

  read(offset: number): number {
    this.firstRead ??= offset;
    this.noteReads(place(this.firstRead), 1);
    return 0;
  }

  write(offset: number): boolean {
    this.firstWritten ??= offset;
    this.noteWrite(place(this.firstWritten));
    return true;
  }

  peek(): number {
    return 0;
  }

  steady(): boolean {
    return this.firstRead !== undefined;
  }

  skipped(_offset: number, times: number): void {
    this.noteReads(place(this.firstRead ?? 0), times);
  }

  protected abstract noteReads(first: string, times: number): void;
  protected abstract noteWrite(first: string): void;
}

function place(offset: number): string {
  return `first at offset ${hex(offset)}`;
}

/** Stands in for one block. */
export class UnmodelledBlock extends StandIn {
  readonly standIn = 'not modelled';

  protected noteWrite(first: string): void {
    this.diagnostics.unimplemented(this.name, 'block', `is not modelled: writes are ignored, ${first}`);
  }

  protected noteReads(first: string, times: number): void {
    this.diagnostics.unimplemented(this.name, 'block', `is not modelled: it reads as 0, ${first}`, times);
  }
}

/** Stands in for a reserved part of a bus that takes accesses without an error. */
export class ReservedWindow extends StandIn {
  readonly standIn = 'reserved';

  protected noteWrite(first: string): void {
    this.diagnostics.guestError(this.name, 'reserved', `there is no block at this address: writes are ignored, ${first}`);
  }

  protected noteReads(first: string, times: number): void {
    this.diagnostics.guestError(this.name, 'reserved', `there is no block at this address: it reads as 0, ${first}`, times);
  }
}
