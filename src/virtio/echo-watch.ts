/**
 * Notices a tty and a core that send each other the same bytes for ever: the line discipline echoes what the core sends, as NXP's imx_rpmsg_tty
 * leaves it on, and firmware like str_echo_rtos sends back what it gets.
 *
 * A board does the same, so nothing is stopped; who sees it is told why.
 */

/** An echoed byte that has not come back by then does not come, in ns: firmware that prints each message takes ms for every byte on its way. */
const WINDOW_NS = 2e9;
/** Echoed bytes that came back one after the other before it is called endless. */
const ENOUGH = 32;
/** Bytes on their way that are remembered. */
const MOST = 1024;

/** Compares the echoes of one tty with what its core sends. */
export class EchoWatch {
  private readonly now: () => number;
  private readonly onEndless: () => void;
  /** Echoed bytes that have not come back, oldest first. */
  private readonly away: { readonly byte: number; readonly at: number }[] = [];
  private returned = 0;

  /** `now` is in ns. */
  constructor(now: () => number, onEndless: () => void) {
    this.now = now;
    this.onEndless = onEndless;
  }

  /** The tty has echoed `data` to the core. */
  echoed(data: Uint8Array): void {
    const at = this.now();
    for (const byte of data) if (this.away.length < MOST) this.away.push({ byte, at });
  }

  /** The core has sent `data`: echoes that come back, or something else, such as what a program has written before. */
  received(data: Uint8Array): void {
    const [first] = this.away;
    if (!first) return;
    if (this.now() - first.at > WINDOW_NS) {
      this.away.length = 0;
      this.returned = 0;
      return;
    }
    for (const byte of data) {
      if (this.away[0]?.byte !== byte) {
        this.returned = 0;
        continue;
      }
      this.away.shift();
      if (++this.returned === ENOUGH) this.onEndless();
    }
  }
}
