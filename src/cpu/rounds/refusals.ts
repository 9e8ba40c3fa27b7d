/**
 * Places where a search found nothing: they are passed over once, then twice, four times and so on, so that what never comes to
 * anything costs less and less. Of fixed size, and never an error: a place that another has displaced is only looked at again.
 */

/** Places that are remembered. */
const PLACES = 512;
/** Longest row of times that a place is passed over, as a power of two. */
const MOST = 8;

/** Remembers refused places: addresses, or parts of them. */
export class Refusals {
  private readonly places = new Int32Array(PLACES).fill(-1);
  /** How often each is still passed over, and how often it was refused. */
  private readonly left = new Int32Array(PLACES);
  private readonly levels = new Uint8Array(PLACES);
  private readonly first: number;

  /** `first`: how often a place is passed over that is not known. */
  constructor(first = 0) {
    this.first = first;
  }

  /** True when `place` is to be passed over this time. */
  passesOver(place: number): boolean {
    const index = indexOf(place);
    if (this.places[index] !== (place | 0)) {
      if (this.first === 0) return false;
      this.places[index] = place;
      this.levels[index] = 0;
      this.left[index] = this.first;
    }
    if (this.left[index] === 0) return false;
    this.left[index]!--;
    return true;
  }

  /** Nothing was found at `place`. */
  refuse(place: number): void {
    const index = indexOf(place);
    const level = this.places[index] === (place | 0) ? Math.min(MOST, this.levels[index]! + 1) : 0;
    this.places[index] = place;
    this.levels[index] = level;
    this.left[index] = 1 << level;
  }

  /** Something was found at `place`. */
  forgive(place: number): void {
    const index = indexOf(place);
    if (this.places[index] !== (place | 0)) return;
    this.levels[index] = 0;
    this.left[index] = 0;
  }
}

function indexOf(place: number): number {
  return (place ^ (place >>> 9)) & (PLACES - 1);
}
