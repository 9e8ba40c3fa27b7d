/**
 * Bridges of a recorded run: the machine's side is that of any run, the clients are what the recording says of them. There are no sockets and no
 * terminals; what the machine sends is taken when the recorded client took it, and goes nowhere.
 */
import { SnapshotError, UsageError } from '../../errors.ts';
import type { BridgedDevices } from '../../session/recorded-run.ts';
import { HostInput } from './host-input.ts';
import { type HostLink, HostPort } from './host-port.ts';
import { type BridgeHost, connectDevice } from './index.ts';
import { serveRpmsg } from './rpmsg-socket.ts';

/** A client that does what it did. */
class RecordedClient implements HostLink {
  private readonly unsent: { readonly length: number; readonly sent: () => void }[] = [];

  write({ length }: Uint8Array, sent: () => void): void {
    this.unsent.push({ length, sent });
  }

  /** It takes the next `count` bytes; false when it was not given them. */
  take(count: number): boolean {
    if (this.unsent[0]?.length !== count) return false;
    this.unsent.shift()!.sent();
    return true;
  }

  pause(): void {}

  resume(): void {}

  end(): void {}
}

/** Name of a client of `--rpmsg-sock`, as its port has it. */
const RPMSG_CLIENT = /^rpmsg-sock \d{1,9}$/;

/** The bridges of one machine, to be made before it first runs. */
export class ReplayedBridges {
  private readonly input: HostInput;
  private readonly ports = new Map<string, HostPort>();
  private readonly clients = new Map<string, RecordedClient>();
  private readonly serve: ((port: HostPort) => void) | undefined;

  /** @throws {UsageError} when the machine has no such device */
  constructor({ tty, rpmsgSock }: BridgedDevices, host: Omit<BridgeHost, 'nextTurn' | 'times'>) {
    const { machine, findConsole } = host;
    this.input = new HostInput(machine);
    for (const { device, cooked } of tty) {
      if (findConsole(device) !== device || this.ports.has(device))
        throw new UsageError(`no device ${device} to bridge`, 'the recording is of another version of imx-sim; record it again', device);
      const port = new HostPort(device, this.input);
      this.ports.set(device, port);
      connectDevice(device, cooked === true, port, host);
    }
    if (rpmsgSock && machine.linux) this.serve = serveRpmsg(machine);
  }

  /** A client does something. @throws {SnapshotError} when it cannot, as things are */
  enter(source: string, kind: string, bytes: Uint8Array | undefined, count: number | undefined): void {
    if (kind === 'open') {
      this.open(source);
      return;
    }
    const port = this.ports.get(source);
    const client = this.clients.get(source);
    if (!port || !client) throw lost(source, kind);
    if (kind === 'data' && bytes) port.received(bytes.slice());
    else if (kind === 'end') port.ended();
    else if (kind === 'close') {
      port.detached(client);
      this.clients.delete(source);
      if (RPMSG_CLIENT.test(source)) this.ports.delete(source);
    } else if (kind !== 'room' || !client.take(count ?? -1)) throw lost(source, kind);
  }

  /** Hands over what the machine has sent; to be called between slices. */
  flush(): void {
    this.input.flush();
  }

  private open(source: string): void {
    const serve = RPMSG_CLIENT.test(source) && !this.ports.has(source) ? this.serve : undefined;
    const port = serve ? new HostPort(source, this.input, true) : this.ports.get(source);
    const client = new RecordedClient();
    if (!port?.attach(client)) throw lost(source, 'open');
    this.ports.set(source, port);
    this.clients.set(source, client);
    serve?.(port);
  }
}

function lost(source: string, kind: string): SnapshotError {
  return new SnapshotError(
    'E_SNAPSHOT_DIVERGED',
    `this is not the run that was recorded: there was a client at ${source} (${kind}) that does not fit here`,
    'the recording is of another version of imx-sim: replay it with that one, or record the run again',
    'the recording',
  );
}
