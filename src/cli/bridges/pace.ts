/**
 * Virtual time for a machine that clients talk to: as fast as it can while something they sent has no answer, at the host's pace otherwise.
 */
import type { HostInput } from './host-input.ts';

/** Virtual time in which an answer is waited for at full speed, in ns. */
const ANSWER_NS = 20e6;
/** Host time that a client has to say the next thing before the machine goes on, in ms. */
const REPLY_MS = 1;
/** Longest time without a look at signals and keys, in ms. */
const LONGEST_MS = 50;

/** What `SessionHost.pause` does in a run with bridges. */
export class BridgePace {
  private readonly input: HostInput;
  private readonly nextTurn: () => Promise<void>;
  private startWall = performance.now();
  private startVirtual = 0;
  private answered = true;

  /** `nextTurn` lets the host serve its sockets. */
  constructor(input: HostInput, nextTurn: () => Promise<void>) {
    this.input = input;
    this.nextTurn = nextTurn;
  }

  /** Hands over the output of the slice that ended at `seconds` of virtual time, and waits as long as it should. */
  async wait(seconds: number): Promise<void> {
    const { input } = this;
    const flushed = input.flush();
    if (input.outstanding(ANSWER_NS)) {
      this.startWall = performance.now();
      this.startVirtual = seconds;
      this.answered = false;
      return this.nextTurn();
    }
    if (flushed && !this.answered) {
      this.answered = true;
      return input.next(REPLY_MS);
    }
    const ahead = (seconds - this.startVirtual) * 1000 - (performance.now() - this.startWall);
    if (ahead > 1) return input.next(Math.min(ahead, LONGEST_MS));
    if (ahead < -LONGEST_MS) {
      // A host that is too slow does not have to catch up.
      this.startWall = performance.now();
      this.startVirtual = seconds;
    }
    return this.nextTurn();
  }
}
