/**
 * Where a pattern is in a stream of bytes that comes in pieces, in a time that depends on their lengths alone (Knuth, Morris and Pratt): pattern and bytes
 * come from whoever is connected, who could have any search that goes back hold the emulator for minutes.
 */

/** Looks for one pattern. */
export class ByteFinder {
  private readonly pattern: Uint8Array;
  /** For each number of bytes that fit: how many still do when the next does not. */
  private readonly shorter: Uint32Array;
  private fitting = 0;
  private position = 0;

  /** `pattern` has a byte at least. */
  constructor(pattern: Uint8Array) {
    this.pattern = pattern;
    const shorter = new Uint32Array(pattern.length + 1);
    for (let at = 1, fitting = 0; at < pattern.length; at++) {
      while (fitting > 0 && pattern[at] !== pattern[fitting]) fitting = shorter[fitting]!;
      if (pattern[at] === pattern[fitting]) fitting++;
      shorter[at + 1] = fitting;
    }
    this.shorter = shorter;
  }

  /** What comes next does not follow what came before; it is at `position` of the stream. */
  restart(position: number): void {
    this.fitting = 0;
    this.position = position;
  }

  /** Takes the next bytes, and gives the positions in the stream at which the pattern begins, also of those that overlap. */
  *feed(bytes: Uint8Array): Generator<number> {
    const { pattern, shorter, position } = this;
    this.position += bytes.length;
    let { fitting } = this;
    for (let at = 0; at < bytes.length; at++) {
      if (fitting === 0) {
        at = bytes.indexOf(pattern[0]!, at);
        if (at < 0) break;
      }
      const byte = bytes[at];
      while (fitting > 0 && byte !== pattern[fitting]) fitting = shorter[fitting]!;
      if (byte === pattern[fitting]) fitting++;
      if (fitting < pattern.length) continue;
      fitting = shorter[fitting]!;
      yield position + at + 1 - pattern.length;
    }
    this.fitting = fitting;
  }
}
