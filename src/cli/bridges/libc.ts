/**
 * The functions of the C library that make and watch a pseudo terminal, through koffi. Linux only, with glibc or musl.
 */
import { createRequire } from 'node:module';
import { getSystemErrorName } from 'node:util';
import { UsageError } from '../../errors.ts';

type Koffi = typeof import('koffi').default;

/** Bits of `poll(2)`. */
export const POLLIN = 1;
export const POLLHUP = 0x10;

const O_RDWR = 2;
const O_NOCTTY = 0o400;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const TCIOFLUSH = 2;
const TCSANOW = 0;
const F_DUPFD_CLOEXEC = 1030;
/** Room for a `struct termios` of any libc. */
const TERMIOS_SIZE = 256;
const NAME_SIZE = 128;
const LIBRARIES = ['libc.so.6', `libc.musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`, 'libc.so'];
const REMEDY = 'take unix:PATH or tcp:PORT instead, to which socat can connect a terminal';

/** A pseudo terminal without anybody at its slave. */
export interface PtyMaster {
  readonly fd: number;
  /** Of the slave: `/dev/pts/7`. */
  readonly path: string;
}

/** What is used of libc; failures are errors with the errno's name in `code`. */
export interface Libc {
  /** A new pseudo terminal, raw; its master does not block. */
  openPty(): PtyMaster;
  /** A further descriptor. */
  duplicate(fd: number): number;
  /** What `poll` says of the descriptor at once. */
  poll(fd: number): number;
  /** Drops what was written and not read, in both directions. */
  discard(path: string): void;
}

let loaded: Libc | undefined;

/** Loads it once. @throws {UsageError} where there are no pseudo terminals to be had */
export function loadLibc(): Libc {
  loaded ??= bind(openLibrary());
  return loaded;
}

function openLibrary(): { koffi: Koffi; library: ReturnType<Koffi['load']> } {
  if (process.platform !== 'linux')
    throw new UsageError(`a pseudo terminal can be had on Linux only, not on ${process.platform}`, REMEDY, '--tty');
  let koffi: Koffi;
  try {
    koffi = createRequire(import.meta.url)('koffi') as Koffi;
  } catch {
    throw new UsageError(
      'a pseudo terminal needs the optional package koffi, which is not installed',
      `npm install koffi, or ${REMEDY}`,
      '--tty',
    );
  }
  for (const name of LIBRARIES) {
    try {
      return { koffi, library: koffi.load(name) };
    } catch {
      // The next name.
    }
  }
  throw new UsageError('the C library cannot be loaded, which makes pseudo terminals', REMEDY, '--tty');
}

function bind({ koffi, library }: ReturnType<typeof openLibrary>): Libc {
  const posixOpenpt = library.func('int posix_openpt(int)');
  const grantpt = library.func('int grantpt(int)');
  const unlockpt = library.func('int unlockpt(int)');
  const ptsname = library.func('int ptsname_r(int, _Out_ uint8_t *, size_t)');
  const open = library.func('int open(const char *, int, ...)');
  const close = library.func('int close(int)');
  const fcntl = library.func('int fcntl(int, int, ...)');
  const poll = library.func('int poll(_Inout_ uint8_t *, unsigned long, int)');
  const tcgetattr = library.func('int tcgetattr(int, _Out_ uint8_t *)');
  const tcsetattr = library.func('int tcsetattr(int, int, _In_ uint8_t *)');
  const cfmakeraw = library.func('void cfmakeraw(_Inout_ uint8_t *)');
  const tcflush = library.func('int tcflush(int, int)');
  const checked = (what: string, result: number): number => {
    if (result >= 0) return result;
    const code = getSystemErrorName(-koffi.errno());
    throw Object.assign(new Error(`${what}: ${code}`), { code });
  };
  /** With the slave open for a moment. */
  const withSlave = (path: string, use: (fd: number) => void): void => {
    const fd = checked(`open ${path}`, open(path, O_RDWR | O_NOCTTY | O_CLOEXEC));
    try {
      use(fd);
    } finally {
      close(fd);
    }
  };
  return {
    openPty() {
      // A write to a full terminal must not stop the machine, and libuv leaves a master as it is.
      const fd = checked('posix_openpt', posixOpenpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
      checked('grantpt', grantpt(fd));
      checked('unlockpt', unlockpt(fd));
      const name = Buffer.alloc(NAME_SIZE);
      if (ptsname(fd, name, NAME_SIZE) !== 0) throw new Error('ptsname_r failed');
      const path = name.toString('latin1').split('\0')[0]!;
      // From the first close of the slave on, `poll` tells whether it is open.
      withSlave(path, (slave) => {
        const termios = Buffer.alloc(TERMIOS_SIZE);
        checked('tcgetattr', tcgetattr(slave, termios));
        cfmakeraw(termios);
        checked('tcsetattr', tcsetattr(slave, TCSANOW, termios));
      });
      return { fd, path };
    },
    duplicate: (fd) => checked('dup', fcntl(fd, F_DUPFD_CLOEXEC, 'int', 0)),
    poll(fd) {
      const request = Buffer.alloc(8);
      request.writeInt32LE(fd, 0);
      request.writeInt16LE(POLLIN, 4);
      return poll(request, 1, 0) > 0 ? request.readInt16LE(6) : 0;
    },
    discard(path) {
      withSlave(path, (slave) => void tcflush(slave, TCIOFLUSH));
    },
  };
}
