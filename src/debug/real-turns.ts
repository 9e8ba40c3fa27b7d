/**
 * Turns of the host's event loop in which everything else gets its turn, too: sockets, keys, signals, with which a long way through the past is cancelled.
 *
 * Node hands out what is sent to a port while it is being emptied without looking at anything else, a thousand messages long; with two ports in turn it looks.
 */
import { Turns } from '../linux/host-turns.ts';

export class RealTurns {
  private readonly sources = [new Turns(), new Turns()] as const;
  private other: 0 | 1 = 0;

  /** Resolves in the next turn. */
  next(): Promise<void> {
    this.other = this.other === 0 ? 1 : 0;
    return this.sources[this.other].next();
  }

  /** Nobody waits any more. */
  close(): void {
    for (const source of this.sources) source.close();
  }
}
