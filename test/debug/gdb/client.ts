/** A GDB in memory: the client's side of the remote serial protocol, byte for byte, on a server of src/debug/gdb. */
import { GdbServer, type GdbServerOptions } from '../../../src/debug/gdb/server.ts';

const latin = ({ buffer, byteOffset, length }: Uint8Array): string => Buffer.from(buffer, byteOffset, length).toString('latin1');
export const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

/** A packet with its checksum, as GDB sends it; `payload` has its escapes already. */
export function frame(payload: string): string {
  let sum = 0;
  for (let at = 0; at < payload.length; at++) sum = (sum + payload.charCodeAt(at)) & 0xff;
  return `$${payload}#${sum.toString(16).padStart(2, '0')}`;
}

/** What a payload says without runs and escapes. @throws {Error} for what no server may send */
export function decode(payload: string): string {
  let out = '';
  for (let at = 0; at < payload.length; at++) {
    const character = payload[at]!;
    if (character === '#' || character === '$') throw new Error(`a bare ${character} in ${JSON.stringify(payload)}`);
    if (character === '}') out += String.fromCharCode(payload.charCodeAt(++at) ^ 0x20);
    else if (character === '*') {
      const count = payload.charCodeAt(++at) - 29;
      if (out === '' || !(count >= 3 && count <= 97)) throw new Error(`a run of ${count} in ${JSON.stringify(payload)}`);
      out += out.at(-1)!.repeat(count);
    } else out += character;
  }
  return out;
}

/** What a server has sent, taken apart. */
export class Wire {
  readonly packets: string[] = [];
  acks = 0;
  rejects = 0;
  bytes = 0;
  private rest = '';
  private readonly waiting: (() => void)[] = [];

  readonly take = (sent: Uint8Array): void => {
    this.bytes += sent.length;
    this.rest += latin(sent);
    for (;;) {
      const first = this.rest[0];
      if (first === '+') this.acks++;
      else if (first === '-') this.rejects++;
      else {
        const whole = /^\$([^#]*)#([0-9a-f]{2})/.exec(this.rest);
        if (!whole) break;
        if (frame(whole[1]!) !== whole[0]) throw new Error(`wrong checksum: ${whole[0]}`);
        this.rest = this.rest.slice(whole[0].length);
        this.packets.push(decode(whole[1]!));
        for (const wake of this.waiting.splice(0)) wake();
        continue;
      }
      this.rest = this.rest.slice(1);
    }
    if (this.rest !== '' && !this.rest.startsWith('$')) throw new Error(`not a packet: ${JSON.stringify(this.rest.slice(0, 40))}`);
  };

  /** The packet at `index`, once it is there. */
  async packet(index: number): Promise<string> {
    while (this.packets.length <= index) await new Promise<void>((resolve) => this.waiting.push(resolve));
    return this.packets[index]!;
  }
}

/** A client that is connected. */
export class Client {
  readonly wire = new Wire();
  readonly server: GdbServer;
  dropped = false;
  /** Bytes that the transport says it has not got rid of. */
  buffered = 0;
  private readonly connection: ReturnType<GdbServer['connect']>;
  private next = 0;

  constructor(server: GdbServer | GdbServerOptions) {
    this.server = server instanceof GdbServer ? server : new GdbServer(server);
    const own = this;
    this.connection = this.server.connect(this.wire.take, {
      close: () => {
        own.dropped = true;
      },
      get buffered() {
        return own.buffered;
      },
    });
  }

  raw(text: string | Uint8Array): void {
    this.connection.receive(typeof text === 'string' ? bytesOf(text) : text);
  }

  /** Sends a packet. */
  send(payload: string): void {
    this.raw(frame(payload));
  }

  /** The next packet that has not been looked at. */
  answer(): Promise<string> {
    return this.wire.packet(this.next++);
  }

  /** The answer to a packet, without output for the user before it. */
  async ask(payload: string): Promise<string> {
    this.send(payload);
    for (;;) {
      const answer = await this.answer();
      if (!/^O(?!K$)/.test(answer)) return answer;
    }
  }

  /** What a monitor command prints. */
  async monitor(command: string): Promise<string> {
    this.send(`qRcmd,${Buffer.from(command).toString('hex')}`);
    let text = '';
    for (;;) {
      const answer = await this.answer();
      if (answer === 'OK') return text;
      if (!answer.startsWith('O')) throw new Error(`answer to monitor ${command}: ${answer}`);
      text += Buffer.from(answer.slice(1), 'hex').toString();
    }
  }

  /** A register, by its number. */
  async register(number: number): Promise<number> {
    const hex = await this.ask(`p${number.toString(16)}`);
    return Buffer.from(hex, 'hex').readUInt32LE(0);
  }

  /** All of an object that is read in windows. */
  async object(name: string, annex = ''): Promise<string> {
    let text = '';
    for (;;) {
      const part = await this.ask(`qXfer:${name}:read:${annex}:${text.length.toString(16)},200`);
      if (!/^[ml]/.test(part)) return part;
      text += part.slice(1);
      if (part.startsWith('l')) return text;
    }
  }

  leave(): void {
    this.connection.closed();
  }
}
