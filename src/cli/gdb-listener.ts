/**
 * GDB over TCP (`imx-sim run --gdb`): a port on the loopback interface for the server of src/debug/gdb. Whoever can connect can do anything to the modelled
 * machine, and nothing beyond it.
 */
import { createServer, type Socket } from 'node:net';
import { GdbServer } from '../debug/gdb/server.ts';
import type { DebuggerApi } from '../debug/types.ts';
import { UsageError } from '../errors.ts';
import type { Machine } from '../machine.ts';

/** What GDB connects to. */
export interface GdbListenerOptions {
  readonly debugger: DebuggerApi;
  readonly session: { readonly machine: Machine };
  /** 0: any that is free. */
  readonly port: number;
  /** An address of the loopback interface, `127.0.0.1` unless given. */
  readonly host?: string;
  /** Tells the user something. */
  readonly note: (text: string) => void;
  /** Types text on a console of the machine, as an input of the run (`monitor console`). */
  readonly type?: (device: string, bytes: Uint8Array) => void;
}

/** A port that GDB can connect to. */
export interface GdbListener {
  readonly port: number;
  /** Ends it, and the connection if there is one. */
  close(): void;
  /** Fulfilled when a client comes for the first time. */
  readonly firstConnection: Promise<void>;
}

const LOOPBACK = '127.0.0.1';
/** Connections at a time; one is served, the others are told why not. */
const MOST_CONNECTIONS = 8;
/** A client that was refused and says nothing is closed after this, in ms. */
const REFUSED_FOR = 5000;

/** Listens. @throws {UsageError} when it cannot */
export async function openGdbListener(options: GdbListenerOptions): Promise<GdbListener> {
  const { debugger: api, session, port, host = LOOPBACK, note, type } = options;
  const server = new GdbServer({ debugger: api, machine: session.machine, note, ...(type ? { type } : {}) });
  const sockets = new Set<Socket>();
  let arrived = (): void => {};
  const firstConnection = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const listener = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A reset ends the connection: 'close' follows.
    socket.on('error', () => {});
    arrived();
    serve(server, socket);
  });
  listener.maxConnections = MOST_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    listener.once('error', (error: NodeJS.ErrnoException) => reject(refusal(error, port)));
    listener.listen({ host, port }, resolve);
  });
  // Out of descriptors, for example: who is connected stays.
  listener.removeAllListeners('error').on('error', () => {});
  const bound = listener.address();
  return {
    port: typeof bound === 'object' && bound ? bound.port : port,
    firstConnection,
    close() {
      server.close();
      listener.close();
      for (const socket of sockets) socket.destroySoon();
    },
  };
}

function serve(server: GdbServer, socket: Socket): void {
  const refused = server.connected;
  const connection = server.connect((bytes) => void (socket.writable && socket.write(bytes)), {
    close: () => socket.destroySoon(),
    get buffered() {
      return socket.writableLength;
    },
  });
  socket.on('data', (bytes: Uint8Array) => connection.receive(bytes));
  socket.on('close', () => connection.closed());
  if (refused) socket.setTimeout(REFUSED_FOR, () => socket.destroy());
}

function refusal(error: NodeJS.ErrnoException, port: number): UsageError {
  const taken = error.code === 'EADDRINUSE';
  const why = taken ? 'somebody listens on it already' : error.code === 'EACCES' ? 'that needs more rights' : error.message;
  return new UsageError(`GDB's port ${port} cannot be opened: ${why}`, 'give another: --gdb <port>, 0 for any that is free', '--gdb');
}
