/**
 * Servers on the loopback interface or on a Unix socket that only its owner may open: bound, checked, and removed at the end.
 */
import { existsSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { UsageError } from '../../errors.ts';
import type { Where } from './where.ts';

/** A server that listens. */
export interface Listener {
  /** `127.0.0.1:5000` or the path. */
  readonly address: string;
  /** Ends it with all its connections. */
  close(): void;
}

const LOOPBACK = '127.0.0.1';
/** Nobody but the owner. */
const UMASK = 0o177;

/** Listens; connections stay open for writing when the client ends its half. @throws {UsageError} when it cannot, with `place` as its place */
export async function listen(
  where: Exclude<Where, { kind: 'pty' }>,
  place: string,
  onConnection: (socket: Socket) => void,
): Promise<Listener> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    // A reset ends the connection: 'close' follows.
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    onConnection(socket);
  });
  if (where.kind === 'unix') await removeStale(where.path, place);
  try {
    await bind(server, where);
  } catch (error) {
    throw refusal(where, error as NodeJS.ErrnoException, place);
  }
  // Out of descriptors, for example: those that are connected stay.
  server.on('error', () => {});
  const inode = where.kind === 'unix' ? inodeOf(where.path) : undefined;
  const bound = server.address();
  return {
    address: where.kind === 'unix' ? where.path : `${LOOPBACK}:${typeof bound === 'object' && bound ? bound.port : where.port}`,
    close() {
      for (const socket of sockets) socket.destroy();
      // A close removes the path, whoever has it now.
      if (where.kind === 'unix' && inodeOf(where.path) !== inode) server.unref();
      else server.close();
    },
  };
}

function bind(server: Server, where: Exclude<Where, { kind: 'pty' }>): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const done = (): void => {
      server.off('error', reject);
      resolve();
    };
    if (where.kind === 'tcp') {
      server.listen({ host: LOOPBACK, port: where.port }, done);
      return;
    }
    // The path is bound inside of this call.
    const umask = process.umask(UMASK);
    try {
      server.listen({ path: where.path }, done);
    } finally {
      process.umask(umask);
    }
  });
}

/** Removes a socket that nobody listens on; a live one, or something else, is refused. */
async function removeStale(path: string, place: string): Promise<void> {
  let socket: boolean;
  try {
    socket = lstatSync(path).isSocket();
  } catch {
    // It is not there, or binding says why it cannot be.
    return;
  }
  if (!socket) throw new UsageError(`${path} exists and is no socket`, 'remove it or take another path', place);
  const state = await probe(path);
  if (state === 'live') throw new UsageError(`somebody listens on ${path} already`, 'take another path, or end the other program', place);
  if (state === 'denied') throw new UsageError(`${path} is a socket of somebody else`, 'take another path', place);
  try {
    unlinkSync(path);
  } catch (error) {
    throw new UsageError(
      `${path}: an old socket is in the way and cannot be removed (${(error as NodeJS.ErrnoException).code})`,
      'take another path',
      place,
    );
  }
}

function probe(path: string): Promise<'live' | 'stale' | 'denied'> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve('live');
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) => {
      resolve(code === 'ECONNREFUSED' || code === 'ENOENT' ? 'stale' : code === 'EACCES' || code === 'EPERM' ? 'denied' : 'live');
    });
  });
}

function refusal(where: Exclude<Where, { kind: 'pty' }>, { code, message }: NodeJS.ErrnoException, place: string): UsageError {
  const subject = where.kind === 'tcp' ? `port ${where.port}` : where.path;
  const other = where.kind === 'tcp' ? 'take another, or 0 for any that is free' : 'take another path';
  // libuv says EACCES when a directory is missing.
  const missing = where.kind === 'unix' && !existsSync(dirname(where.path));
  const texts: Readonly<Record<string, string>> = {
    EADDRINUSE: 'it is in use',
    EACCES: where.kind === 'tcp' ? 'ports below 1024 are for root' : 'no permission',
    EPERM: 'no permission',
    ENOENT: 'there is no such directory',
    ENOTDIR: 'a part of the path is no directory',
    EROFS: 'the file system is read-only',
    EINVAL: 'the path is too long for a socket, or no path',
  };
  return new UsageError(`${subject}: ${texts[missing ? 'ENOENT' : (code ?? '')] ?? message}`, other, place);
}

function inodeOf(path: string): number | undefined {
  try {
    return lstatSync(path).ino;
  } catch {
    return undefined;
  }
}
