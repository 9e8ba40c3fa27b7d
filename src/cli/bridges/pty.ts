/**
 * A pseudo terminal of the host as the client of a port. Who opens its slave (minicom, socat, screen) is connected until the last one closes it.
 *
 * The kernel tells of an open and a close by POLLHUP at the master alone, so that is looked at while nobody is there; a stream on a duplicate of the
 * master reads then, ends with EIO at the last close, and the master stays.
 */
import { closeSync, lstatSync, readlinkSync, statSync, symlinkSync, unlinkSync, writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { UsageError } from '../../errors.ts';
import type { HostLink, HostPort } from './host-port.ts';
import { type Libc, loadLibc, POLLHUP, POLLIN, type PtyMaster } from './libc.ts';

/** Time between two looks whether somebody has opened the terminal, in ms. */
const LOOK_MS = 20;
/** Before a full terminal is written again, in ms. */
const RETRY_MS = 2;

interface Output {
  bytes: Uint8Array;
  readonly sent: () => void;
}

/** A terminal for one port. */
export class PtyTransport implements HostLink {
  private readonly port: HostPort;
  private readonly libc: Libc;
  private readonly master: PtyMaster;
  private readonly link: string | undefined;
  private stream: ReadStream | undefined;
  private readonly looking: NodeJS.Timeout;
  private retry: NodeJS.Timeout | undefined;
  private readonly output: Output[] = [];
  private closed = false;

  /** Makes the terminal. @throws {UsageError} when it cannot be had, or `link` cannot be made */
  constructor(port: HostPort, link: string | undefined, place: string) {
    this.port = port;
    this.libc = loadLibc();
    try {
      this.master = this.libc.openPty();
    } catch (error) {
      throw new UsageError(`no pseudo terminal: ${(error as Error).message}`, 'is /dev/pts mounted, and are there terminals left?', place);
    }
    if (link !== undefined) {
      try {
        this.makeLink(link, place);
      } catch (error) {
        closeSync(this.master.fd);
        throw error;
      }
    }
    this.link = link;
    this.looking = setInterval(() => this.look(), LOOK_MS);
  }

  /** Where it is: `/dev/pts/7`. */
  get path(): string {
    return this.master.path;
  }

  /** Ends it; the symlink goes, too. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.looking);
    clearTimeout(this.retry);
    this.stream?.destroy();
    if (this.link !== undefined && targetOf(this.link) === this.path) unlinkSync(this.link);
    closeSync(this.master.fd);
  }

  // --- HostLink

  write(bytes: Uint8Array, sent: () => void): void {
    this.output.push({ bytes, sent });
    if (!this.retry) this.writeOn();
  }

  pause(): void {
    this.stream?.pause();
  }

  resume(): void {
    this.stream?.resume();
  }

  /** A terminal is never hung up by us. */
  end(): void {}

  private look(): void {
    if (this.stream) return;
    const events = this.libc.poll(this.master.fd);
    // Somebody has it open, or had it and left something.
    if (events & POLLHUP && !(events & POLLIN)) return;
    const stream = new ReadStream(this.libc.duplicate(this.master.fd));
    this.stream = stream;
    this.port.attach(this);
    stream.on('data', (data: Buffer) => this.port.received(new Uint8Array(data)));
    // EIO: the last one has closed it.
    stream.on('error', () => {});
    stream.on('close', () => this.left());
  }

  private left(): void {
    this.stream = undefined;
    clearTimeout(this.retry);
    this.retry = undefined;
    this.output.length = 0;
    this.port.detached(this);
    if (this.closed) return;
    try {
      this.libc.discard(this.path);
    } catch {
      // Whoever opens it next may find what the last one did not read.
    }
  }

  /** A full terminal gives EAGAIN. */
  private writeOn(): void {
    this.retry = undefined;
    for (let first = this.output[0]; first; first = this.output[0]) {
      let written = 0;
      try {
        written = writeSync(this.master.fd, first.bytes);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') written = first.bytes.length;
      }
      if (written < first.bytes.length) {
        first.bytes = first.bytes.subarray(written);
        this.retry = setTimeout(() => this.writeOn(), RETRY_MS);
        return;
      }
      this.output.shift();
      first.sent();
    }
  }

  private makeLink(link: string, place: string): void {
    const old = targetOf(link);
    if (old !== undefined && (old.startsWith('/dev/pts/') ? !inUse(link) : false)) unlinkSync(link);
    try {
      symlinkSync(this.path, link);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const texts: Readonly<Record<string, string>> = {
        EEXIST: old === undefined ? 'it exists and is no symlink' : `it exists and leads to ${old}`,
        ENOENT: 'there is no such directory',
        EACCES: 'no permission',
        EPERM: 'no permission',
        EROFS: 'the file system is read-only',
        ENOTDIR: 'a part of the path is no directory',
      };
      throw new UsageError(`${link}: ${texts[code ?? ''] ?? message}`, 'remove it or take another path', place);
    }
  }
}

/** Where a symlink leads; undefined when it is none. */
function targetOf(path: string): string | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch {
    return undefined;
  }
}

/** A link to a terminal that is still there belongs to somebody. */
function inUse(link: string): boolean {
  try {
    statSync(link);
    return true;
  } catch {
    return false;
  }
}
