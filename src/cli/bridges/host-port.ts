/**
 * A byte stream between a client of the host and code of the machine: what came in and is not taken, and how much the client is behind.
 *
 * Both directions are bounded: a machine that does not take makes the client's transport pause, a client that does not take leaves no room
 * (`room`), so that whoever reads a device for it stops reading.
 */
import { O, OpenableNode, OpenFile, POLL } from '../../linux/fs/vfs.ts';
import { ERRNO, type KernelCode, WaitQueue } from '../../linux/kernel.ts';
import type { HostInput } from './host-input.ts';

/** Bytes that wait in either direction before the other side has to. */
export const PORT_LIMIT = 65_536;

/** The client's end of a port: a socket or a pseudo terminal. */
export interface HostLink {
  /** Sends; `sent` is called when the host has taken it. */
  write(bytes: Uint8Array, sent: () => void): void;
  /** Stops and resumes the delivery of what the client sends. */
  pause(): void;
  resume(): void;
  /** Ends the connection once all is sent. */
  end(): void;
  /** True when the client only waits for what may still come, so that another may have its place; it is ended then. */
  displace?(): boolean;
}

/** One port. */
export class HostPort {
  readonly name: string;
  /** Woken when anything changes. */
  readonly changed: WaitQueue;
  /** Called then, too, for those that are no tasks. */
  onChange: (() => void) | undefined;
  private readonly input: HostInput;
  private link: HostLink | undefined;
  private readonly inbound: Uint8Array[] = [];
  private held = 0;
  private paused = false;
  private half = false;
  private readonly eofEnds: boolean;
  private tookAt = 0;
  private outbound: Uint8Array[] = [];
  private unsent = 0;
  private readonly send = (): void => this.flush();

  /** `eofEnds`: a client that will send no more is gone once all it sent is taken. */
  constructor(name: string, input: HostInput, eofEnds = false) {
    this.name = name;
    this.eofEnds = eofEnds;
    this.input = input;
    this.changed = new WaitQueue(`the client of ${name}`);
  }

  /** A client is there. */
  get connected(): boolean {
    return this.link !== undefined;
  }

  /** Bytes from the client that nobody has taken. */
  get available(): number {
    return this.held;
  }

  /** A client is there, or was and has left something. */
  get active(): boolean {
    return this.connected || this.held > 0;
  }

  private get over(): boolean {
    return !this.active || (this.eofEnds && this.half && this.held === 0);
  }

  /** Bytes that may be put now; what is put without a client is lost. */
  get room(): number {
    return this.link ? Math.max(0, PORT_LIMIT - this.unsent) : PORT_LIMIT;
  }

  /** Bytes that the client has not taken yet. */
  get behind(): number {
    return this.unsent;
  }

  /** Host's time (ms) at which the machine took the last bytes. */
  get takenAt(): number {
    return this.tookAt;
  }

  // --- the machine's side

  /** The next bytes as they came, at most `count`; they stay until `consume`. */
  peek(count: number): Uint8Array {
    return this.inbound[0]?.subarray(0, count) ?? new Uint8Array(0);
  }

  /** The first `count` bytes are taken. */
  consume(count: number): void {
    const chunk = this.inbound[0];
    if (!chunk || count === 0) return;
    if (count < chunk.length) this.inbound[0] = chunk.subarray(count);
    else this.inbound.shift();
    this.held -= count;
    this.tookAt = performance.now();
    this.input.progress();
    if (this.paused && this.held <= PORT_LIMIT / 2) {
      this.paused = false;
      this.link?.resume();
    }
  }

  /** Gives bytes to the client; `later`: it is no answer, and may wait for one to go with. */
  put(bytes: Uint8Array, later = false): void {
    if (!this.link || bytes.length === 0) return;
    this.outbound.push(bytes);
    this.unsent += bytes.length;
    this.input.output(this.send, later);
  }

  /** Ends the client's connection once all is sent. */
  hangUp(): void {
    this.flush();
    this.link?.end();
  }

  /**
   * The port as a file of a process: what is read comes from the client, what is written goes there. POLLHUP: the client is gone, or `finish` was
   * called.
   */
  open(): { readonly file: OpenFile; finish(): void } {
    const port = this;
    let finished = false;
    const file = new OpenFile(new PortNode(), O.RDWR);
    file.ops = {
      *read(_file, count): KernelCode<Uint8Array | number> {
        while (port.held === 0) {
          if (!port.connected) return new Uint8Array(0);
          if ((yield { queue: port.changed, interruptible: true }) === 'signal') return ERRNO.ERESTARTSYS;
        }
        const data = port.peek(count).slice();
        port.consume(data.length);
        return data;
      },
      *write(_file, data): KernelCode<number> {
        port.put(data.slice());
        return data.length;
      },
      poll: () => ({
        mask: (port.held > 0 ? POLL.IN : 0) | (port.room > 0 ? POLL.OUT : 0) | (finished || port.over ? POLL.HUP : 0),
        queues: [port.changed],
      }),
    };
    const finish = (): void => {
      finished = true;
      port.changed.wakeAll();
    };
    return { file, finish };
  }

  // --- the client's side

  /** A client comes; false when one is there. */
  attach(link: HostLink): boolean {
    if (this.link && !this.link.displace?.()) return false;
    if (this.link) this.detached(this.link);
    this.input.enter(this.name, 'open', () => {
      this.link = link;
      this.unsent = 0;
      // What earlier clients left counts, too: who comes again and again must not fill the host's memory.
      this.paused = this.held >= PORT_LIMIT;
      if (this.paused) link.pause();
      this.half = false;
      this.outbound = [];
      this.wake();
    });
    return true;
  }

  /** The client sent something. */
  received(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.input.enter(
      this.name,
      'data',
      () => {
        this.inbound.push(bytes);
        this.held += bytes.length;
        this.wake();
      },
      { bytes },
    );
    if (!this.paused && this.held >= PORT_LIMIT) {
      this.paused = true;
      this.link?.pause();
    }
  }

  /** The client will send no more. */
  ended(): void {
    this.input.enter(this.name, 'end', () => {
      this.half = true;
      this.wake();
    });
  }

  /** The client left; what it sent before is still there. */
  detached(link: HostLink): void {
    if (this.link !== link) return;
    this.input.enter(this.name, 'close', () => {
      this.link = undefined;
      this.outbound = [];
      this.unsent = 0;
      this.wake();
    });
  }

  /** Hands over what was put. */
  private flush(): void {
    const { link, outbound } = this;
    if (!link || outbound.length === 0) return;
    this.outbound = [];
    const bytes = outbound.length === 1 ? outbound[0]! : new Uint8Array(Buffer.concat(outbound));
    link.write(bytes, () => {
      if (this.link !== link) return;
      this.input.enter(
        this.name,
        'room',
        () => {
          const full = this.room === 0;
          this.unsent -= bytes.length;
          if (full) this.wake();
        },
        { count: bytes.length },
      );
    });
  }

  private wake(): void {
    this.changed.wakeAll();
    this.onChange?.();
  }
}

class PortNode extends OpenableNode {
  readonly type = 'fifo';

  constructor() {
    super(0o600);
  }

  *open(): KernelCode<number> {
    return ERRNO.ENXIO;
  }
}
