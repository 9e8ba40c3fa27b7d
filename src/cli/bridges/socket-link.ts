/**
 * A connected socket as the client of a port: back-pressure both ways, half-closed and idle connections.
 */
import type { Socket } from 'node:net';
import type { HostLink, HostPort } from './host-port.ts';

/** A connection on which nothing was sent either way for so long is ended, in ms. */
const IDLE_MS = 600_000;
/** A client that has closed its half, and got nothing for so long, has its answer, in ms. */
const LINGER_MS = 1000;
/** Time that a connection which is ended has to take what it was sent, in ms. */
const LAST_WORDS_MS = 1000;

/** What tests make shorter. */
export interface SocketTimes {
  readonly idleMs?: number;
  /** Infinite: the machine ends such a connection. */
  readonly lingerMs?: number;
}

/** Makes `socket` the client of `port`; false when that has one. `onIdle` may say a last word. */
export function attachSocket(socket: Socket, port: HostPort, times: SocketTimes = {}, onIdle?: () => void): boolean {
  const { idleMs = IDLE_MS, lingerMs = LINGER_MS } = times;
  let lastOutput = performance.now();
  let lingering: NodeJS.Timeout | undefined;
  const link: HostLink = {
    write(bytes, sent) {
      lastOutput = performance.now();
      // Behind its last words a connection takes no more, and an attempt would end it before they are read.
      if (!socket.writable) return;
      socket.write(bytes, (error) => {
        if (!error) sent();
      });
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => lastWords(socket),
    displace() {
      if (lingering === undefined || port.available > 0) return false;
      lastWords(socket);
      return true;
    },
  };
  if (!port.attach(link)) return false;
  socket.setTimeout(idleMs, () => {
    onIdle?.();
    lastWords(socket);
  });
  socket.on('data', (data: Buffer) => port.received(new Uint8Array(data)));
  socket.on('end', () => {
    port.ended();
    if (!Number.isFinite(lingerMs)) return;
    const look = (): void => {
      const quiet = performance.now() - Math.max(lastOutput, port.takenAt);
      if (port.available === 0 && port.behind === 0 && quiet >= lingerMs) lastWords(socket);
      else lingering = setTimeout(look, Math.max(10, Math.min(lingerMs, lingerMs - quiet)));
    };
    look();
  });
  socket.on('close', () => {
    clearTimeout(lingering);
    port.detached(link);
  });
  return true;
}

/** Sends `text`, if any, and ends the connection, however little the client reads. */
export function lastWords(socket: Socket, text?: string | Uint8Array): void {
  if (socket.destroyed) return;
  if (text !== undefined && socket.writable) socket.write(text);
  socket.end();
  // What the client still sends must not turn the end into a reset before it has read.
  socket.removeAllListeners('data');
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LAST_WORDS_MS);
  socket.once('end', () => socket.destroySoon());
  if (socket.readableEnded) socket.destroySoon();
  socket.once('close', () => clearTimeout(timer));
}
