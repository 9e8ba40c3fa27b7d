/**
 * Turns of the host between slices of a run, and virtual time that keeps to the host's for somebody at a keyboard.
 */

/** Host time that may pass before it gets a turn, in ms: turns cost more than the 5 ms of an idle core between them. */
const TURN_MS = 4;

/** A function that lets the host handle signals, keys and output, when it has not been able to for a while. */
export function hostTurns(): () => Promise<void> {
  let last = 0;
  return async () => {
    if (performance.now() - last < TURN_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    last = performance.now();
  };
}

/** Keeps virtual time from running ahead of the host's. */
export class Pace {
  private readonly startWall = performance.now();
  private readonly startVirtual: number;
  private readonly nextTurn: () => Promise<void>;

  constructor(seconds: number, nextTurn: () => Promise<void>) {
    this.startVirtual = seconds;
    this.nextTurn = nextTurn;
  }

  wait(seconds: number): Promise<void> {
    const ahead = (seconds - this.startVirtual) * 1000 - (performance.now() - this.startWall);
    return ahead > 1 ? new Promise((resolve) => setTimeout(resolve, Math.min(ahead, 50))) : this.nextTurn();
  }
}

/** Colours are for terminals, unless NO_COLOR or --no-color says otherwise. */
export function wantsColor(stream: { readonly isTTY?: boolean }, flag: boolean): boolean {
  return flag && Boolean(stream.isTTY) && !process.env['NO_COLOR'];
}
