/**
 * Addresses to names: the firmware's symbol table, searched for reports and messages.
 */
import { hex } from './memory/bits.ts';

/** A function or object of the firmware; `address` is without the Thumb bit, `size` 0 when unknown. */
export interface NamedAddress {
  readonly name: string;
  readonly address: number;
  readonly size: number;
}

/** How far behind a symbol without size an address may lie and still be called by it, in bytes. */
const REACH = 4096;

/** Symbols sorted by address. */
export class Symbols {
  private readonly sorted: readonly NamedAddress[];

  constructor(symbols: readonly NamedAddress[]) {
    this.sorted = [...symbols].sort((a, b) => a.address - b.address);
  }

  /** The symbol that `address` lies in, if there is one. */
  find(address: number): NamedAddress | undefined {
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.sorted[middle]!.address <= address) low = middle + 1;
      else high = middle;
    }
    for (let at = low - 1; at >= 0 && at > low - 8; at--) {
      const symbol = this.sorted[at]!;
      if (address - symbol.address < (symbol.size || REACH)) return symbol;
    }
    return undefined;
  }

  /** `main+0x12`, or undefined when no symbol covers `address`. */
  name(address: number): string | undefined {
    const symbol = this.find(address);
    if (!symbol) return undefined;
    const offset = address - symbol.address;
    return offset === 0 ? symbol.name : `${symbol.name}+${hex(offset)}`;
  }

  /** The symbol called `name`, if there is one. */
  lookup(name: string): NamedAddress | undefined {
    return this.sorted.find((symbol) => symbol.name === name);
  }
}
