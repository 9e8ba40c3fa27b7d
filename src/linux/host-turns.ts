/**
 * Turns of the host's event loop, in Node and in browsers alike: a message that a channel sends to itself.
 *
 * Timers of the host have no place here, and in browsers they are slowed down. The channel keeps a Node process alive only while a turn is awaited.
 */

/** What a port of Node has beside those of browsers. */
interface ProcessPort {
  ref?(): void;
  unref?(): void;
}

/** A source of turns. */
export class Turns {
  private channel: MessageChannel | undefined;
  private waiting: (() => void)[] = [];

  /** Resolves in the next turn, after all that is ready to run now. */
  next(): Promise<void> {
    this.channel ??= this.open();
    const { port1, port2 } = this.channel;
    if (this.waiting.length === 0) (port1 as ProcessPort).ref?.();
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
    channel.port1.onmessage = () => {
      const resolve = this.waiting.shift();
      if (this.waiting.length === 0) (channel.port1 as ProcessPort).unref?.();
      resolve?.();
    };
    return channel;
  }
}
