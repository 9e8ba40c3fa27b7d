/**
 * Windows in which nothing is modelled but which answer: reads give 0, writes vanish, and the first access of each kind is reported.
 *
 * `UnmodelledBlock` stands for a block that exists on the chip, `ReservedWindow` for a part of a peripheral bus that is known to answer
 * although the manual calls it reserved. A true hole of the address map is a bus fault instead.
 */
import type { Diagnostics } from '../diagnostics.ts';
import type { BusDevice } from '../memory/bus.ts';

/** Stands in for one block. */
export class UnmodelledBlock implements BusDevice {
  private readonly name: string;
  private readonly diagnostics: Diagnostics;

  constructor(options: { name: string; diagnostics: Diagnostics }) {
    this.name = options.name;
    this.diagnostics = options.diagnostics;
  }

  read(): number {
    this.diagnostics.unimplemented(this.name, 'block', 'is not modelled: it reads as 0');
    return 0;
  }

  write(): boolean {
    this.diagnostics.unimplemented(this.name, 'block', 'is not modelled: writes are ignored');
    return true;
  }

  peek(): number {
    return 0;
  }
}

/** Stands in for a reserved part of a bus that takes accesses without an error. */
export class ReservedWindow implements BusDevice {
  private readonly name: string;
  private readonly diagnostics: Diagnostics;

  constructor(options: { name: string; diagnostics: Diagnostics }) {
    this.name = options.name;
    this.diagnostics = options.diagnostics;
  }

  read(): number {
    this.diagnostics.guestError(this.name, 'reserved', 'there is no block at this address: it reads as 0');
    return 0;
  }

  write(): boolean {
    this.diagnostics.guestError(this.name, 'reserved', 'there is no block at this address: writes are ignored');
    return true;
  }

  peek(): number {
    return 0;
  }
}
