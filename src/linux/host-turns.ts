/**
 * Turns of the host's event loop, in Node and in browsers alike: a message that a channel sends to itself.
 *
 * Timers of the host have no place here, and in browsers they are slowed down. The channel is there only while it is needed, since an open one
 * keeps a Node process alive.
 */

/** A source of turns. */
export class Turns {
  private channel: MessageChannel | undefined;
  private waiting: (() => void)[] = [];

  /** Resolves in the next turn, after all that is ready to run now. */
  next(): Promise<void> {
    this.channel ??= this.open();
    const { port2 } = this.channel;
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      port2.postMessage(0);
    });
  }

  /** Nobody waits any more. */
  close(): void {
    if (this.waiting.length > 0) return;
    this.channel?.port1.close();
    this.channel = undefined;
  }

  private open(): MessageChannel {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => this.waiting.shift()?.();
    return channel;
  }
}
