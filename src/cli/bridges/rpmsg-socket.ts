/**
 * The server of `--rpmsg-sock`: a Unix socket, a program of the modelled Linux for each client (rpmsg-program.ts).
 */
import type { Socket } from 'node:net';
import { invariant } from '../../errors.ts';
import { Mutex } from '../../linux/kernel.ts';
import type { Machine } from '../../machine.ts';
import type { HostInput } from './host-input.ts';
import { HostPort } from './host-port.ts';
import { type Listener, listen } from './listen.ts';
import { errorFrame } from './rpmsg-frames.ts';
import { startRpmsgProgram } from './rpmsg-program.ts';
import { attachSocket, lastWords, type SocketTimes } from './socket-link.ts';

/** Clients at a time. */
export const MAX_CLIENTS = 16;
/** Host time in which a client has to send its first byte, in ms. */
const HELLO_MS = 10_000;
const EUSERS = -87;
const ETIMEDOUT = -110;

/** Listens on `path`. @throws {UsageError} */
export function openRpmsgSocket(
  path: string,
  machine: Machine,
  input: HostInput,
  times: SocketTimes & { readonly helloMs?: number } = {},
): Promise<Listener> {
  const start = serveRpmsg(machine);
  let clients = 0;
  let count = 0;
  const serve = (socket: Socket): void => {
    if (clients >= MAX_CLIENTS) {
      lastWords(socket, errorFrame(EUSERS, `there are ${MAX_CLIENTS} clients already`));
      return;
    }
    clients++;
    const port = new HostPort(`rpmsg-sock ${++count}`, input, true);
    const hello = setTimeout(() => lastWords(socket, errorFrame(ETIMEDOUT, 'no HELLO')), times.helloMs ?? HELLO_MS);
    socket.once('data', () => clearTimeout(hello));
    socket.once('close', () => {
      clearTimeout(hello);
      clients--;
    });
    attachSocket(socket, port, { ...times, lingerMs: Number.POSITIVE_INFINITY }, () =>
      socket.write(errorFrame(ETIMEDOUT, 'nothing was sent for too long')),
    );
    start(port);
  };
  return listen({ kind: 'unix', path }, `--rpmsg-sock ${path}`, serve);
}

/** What starts the program of a client at its port. */
export function serveRpmsg({ kernel }: Machine): (port: HostPort) => void {
  invariant(kernel, 'endpoints need a kernel');
  const shared = { kernel, creating: new Mutex('creation of endpoints') };
  return (port) => void startRpmsgProgram(shared, port);
}
