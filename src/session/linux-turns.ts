/**
 * The turns of host code that waits for things in a machine's Linux (a shell, above all): it gets on before virtual time does, whichever Linux there is.
 */
import type { UserSpace } from '../linux/user-space.ts';
import type { Machine } from '../machine.ts';

/** Who runs a machine for its Linux's user space. */
export class LinuxTurns {
  private readonly machine: Machine;
  private driven: { readonly userSpace: UserSpace; readonly release: () => void } | undefined;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  /** To be awaited before the machine runs. */
  settled(): Promise<void> | undefined {
    const userSpace = this.machine.linux?.userSpace;
    if (userSpace !== this.driven?.userSpace) {
      this.abandon();
      if (userSpace) this.driven = { userSpace, release: userSpace.takeOver() };
    }
    return userSpace?.busy ? userSpace.settled() : undefined;
  }

  /** To be awaited after it has run: whoever was waiting has got on before anything comes from outside. */
  quiet(): Promise<void> | undefined {
    const userSpace = this.machine.linux?.userSpace;
    return userSpace?.busy ? userSpace.quiet() : undefined;
  }

  /** Nobody runs that Linux any more: it is going to be another one. */
  abandon(): void {
    this.driven?.userSpace.standStill();
    this.release();
  }

  /** The run is over: whoever waits for something in Linux hears of it. */
  ended(reason: string): void {
    this.driven?.userSpace.ended({ kind: reason });
  }

  /** Somebody else may run the machine. */
  release(): void {
    const { driven } = this;
    this.driven = undefined;
    driven?.release();
  }
}
