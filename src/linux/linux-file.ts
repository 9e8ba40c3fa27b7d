/**
 * A file of the modelled Linux in the hands of host code: system calls as promises that are kept in virtual time.
 */
import { LinuxError } from '../errors.ts';
import { ERRNO, errnoName, strerror } from './errno.ts';
import type { IoctlArgument } from './fs/vfs.ts';
import type { KernelCode } from './kernel.ts';
import type { Process } from './process.ts';
import type { CallOptions, UserSpace } from './user-space.ts';

/** Bytes asked for at once where nothing else is said. */
const CHUNK = 65_536;
/** Bytes that `bytes` and `text` read at most: what never ends is not read to its end. */
const LARGEST = 256 * 1024 * 1024;

/** The error of a system call. */
export function linuxError(what: string, errno: number): LinuxError {
  return new LinuxError(what, errno, errnoName(errno), strerror(errno));
}

/** Gives `result`, unless it is a negative errno. @throws {LinuxError} */
export function check<T>(what: string, result: T | number): T {
  if (typeof result === 'number' && result < 0) throw linuxError(what, result);
  return result as T;
}

/**
 * One open file. Each method is the system call of its name; it rejects with `LinuxError` when that fails, with `LinuxTimeout` when it
 * takes more virtual time than `timeoutNs` (10 s unless given), with `MachineEnded` when the machine ends.
 */
export class LinuxFile {
  readonly path: string;
  /** Descriptor in the process that stands for the host. */
  readonly fd: number;
  // Truly private, so that a file that is logged does not show the whole machine.
  readonly #userSpace: UserSpace;
  readonly #process: Process;

  /** @internal Files come from `linux.open`. */
  constructor(userSpace: UserSpace, process: Process, path: string, fd: number) {
    this.#userSpace = userSpace;
    this.#process = process;
    this.path = path;
    this.fd = fd;
  }

  /** At most `count` bytes, as soon as there are any; none at the end of the file. */
  read(count = CHUNK, options?: CallOptions): Promise<Uint8Array> {
    return this.call<Uint8Array>('read', this.#process.read(this.fd, count), options);
  }

  /** Bytes taken of `data`; text is UTF-8. */
  write(data: Uint8Array | string, options?: CallOptions): Promise<number> {
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
    return this.call<number>('write', this.#process.write(this.fd, bytes), options);
  }

  /** All of `data`, in as many writes as it takes. */
  writeAll(data: Uint8Array | string, options?: CallOptions): Promise<void> {
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
    return this.call('write', writeAll(this.#process, this.fd, bytes), options).then(() => {});
  }

  /** The events of `events` (`POLL`) that hold, and errors; 0 when `waitNs` is over. */
  async poll(events: number, waitNs?: number, options?: CallOptions): Promise<number> {
    const masks = await this.call<readonly number[]>('poll', this.#process.poll([{ fd: this.fd, events }], waitNs), {
      ...(waitNs === undefined ? {} : { timeoutNs: Number.POSITIVE_INFINITY }),
      ...options,
    });
    return masks[0]!;
  }

  /** `argument` is the caller's struct, read and filled in place, or a number. */
  ioctl(command: number, argument?: IoctlArgument, options?: CallOptions): Promise<number> {
    return this.call<number>('ioctl', this.#process.ioctl(this.fd, command, argument), options);
  }

  /** Sets the position. */
  seek(position: number, options?: CallOptions): Promise<number> {
    const { fd } = this;
    const process = this.#process;
    return this.call<number>(
      'lseek',
      (function* () {
        return process.seek(fd, position);
      })(),
      options,
    );
  }

  /** All that there is up to the end of the file. */
  async bytes(options?: CallOptions): Promise<Uint8Array> {
    return this.call<Uint8Array>('read', readAll(this.#process, this.fd), options);
  }

  /** As `bytes`, as UTF-8 text. */
  async text(options?: CallOptions): Promise<string> {
    return new TextDecoder().decode(await this.bytes(options));
  }

  /** Closes it. */
  close(options?: CallOptions): Promise<void> {
    return this.call('close', this.#process.close(this.fd), options).then(() => {});
  }

  private async call<T>(name: string, code: KernelCode<T | number>, options: CallOptions = {}): Promise<T> {
    const what = `${name} ${this.path}`;
    return check(what, await this.#userSpace.call<T | number>(what, code, { process: this.#process, ...options }));
  }
}

/** Reads to the end of the file: all bytes, or a negative errno. */
export function* readAll(process: Process, fd: number): KernelCode<Uint8Array | number> {
  const parts: Uint8Array[] = [];
  let length = 0;
  while (length < LARGEST) {
    const data = yield* process.read(fd, CHUNK);
    if (typeof data === 'number') return data;
    if (data.length === 0) break;
    parts.push(data);
    length += data.length;
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Writes until all is taken: 0, or a negative errno. A write that takes nothing is -EIO. */
export function* writeAll(process: Process, fd: number, bytes: Uint8Array): KernelCode<number> {
  let at = 0;
  // A file takes an empty write, too: `echo -n > state`.
  do {
    const count = yield* process.write(fd, bytes.subarray(at));
    if (count < 0) return count;
    if (count === 0 && bytes.length > 0) return ERRNO.EIO;
    at += count;
  } while (at < bytes.length);
  return 0;
}
