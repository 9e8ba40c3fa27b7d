/**
 * Bytes of a view that the pane has read: blocks as of the last answer, and as of the halt before, so that changed bytes can be marked. Bounded. No DOM.
 */

const BLOCK = 512;
const BLOCKS = 512;

interface Block {
  /** The moment (a halt, or a sample) of `now`. */
  moment: string;
  now: Uint8Array;
  /** Which of `now` were read: devices and holes are not. */
  known: Uint8Array;
  previous?: { readonly bytes: Uint8Array; readonly known: Uint8Array };
}

export class MemoryCache {
  readonly #blocks = new Map<number, Block>();

  clear(): void {
    this.#blocks.clear();
  }

  /** An answer: bytes at an address, as they were at a moment. Those of an earlier moment become what they are compared with. */
  put(moment: string, address: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const position = address + at;
      const base = Math.floor(position / BLOCK) * BLOCK;
      const offset = position - base;
      const length = Math.min(BLOCK - offset, bytes.length - at);
      const block = this.#block(base, moment);
      block.now.set(bytes.subarray(at, at + length), offset);
      block.known.fill(1, offset, offset + length);
      at += length;
    }
    this.#forget();
  }

  #block(base: number, moment: string): Block {
    let block = this.#blocks.get(base);
    if (block === undefined) block = { moment, now: new Uint8Array(BLOCK), known: new Uint8Array(BLOCK) };
    else if (block.moment !== moment) {
      block = { moment, now: block.now.slice(), known: block.known.slice(), previous: { bytes: block.now, known: block.known } };
    }
    // The order of insertion is that of use.
    this.#blocks.delete(base);
    this.#blocks.set(base, block);
    return block;
  }

  #forget(): void {
    while (this.#blocks.size > BLOCKS) this.#blocks.delete(this.#blocks.keys().next().value!);
  }

  /** Undefined where nothing has been read. */
  byte(address: number): number | undefined {
    const block = this.#blocks.get(Math.floor(address / BLOCK) * BLOCK);
    return block?.known[address % BLOCK] === 1 ? block.now[address % BLOCK] : undefined;
  }

  /** The byte at the moment before, if it was another. */
  before(address: number): number | undefined {
    const block = this.#blocks.get(Math.floor(address / BLOCK) * BLOCK);
    const offset = address % BLOCK;
    if (block?.previous === undefined || block.known[offset] !== 1 || block.previous.known[offset] !== 1) return undefined;
    const old = block.previous.bytes[offset]!;
    return old === block.now[offset] ? undefined : old;
  }

  /** Consecutive bytes from an address on, as far as they are known. */
  run(address: number, length: number): Uint8Array {
    const result = new Uint8Array(length);
    for (let index = 0; index < length; index += 1) {
      const byte = address + index <= 0xffff_ffff ? this.byte(address + index) : undefined;
      if (byte === undefined) return result.slice(0, index);
      result[index] = byte;
    }
    return result;
  }
}
