/**
 * A block that exists on the chip and is not modelled: reads give 0, writes vanish, and the first access of each kind is reported with
 * the block's name. A true hole of the address map is a bus fault instead.
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
