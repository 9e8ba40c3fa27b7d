/**
 * `--tty ttyRPMSG30=pty:/tmp/m7,cooked`: which device is to be had on the host, and where.
 */
import { UsageError } from '../../errors.ts';

/** Where a device is to be had. */
export type Where =
  /** A pseudo terminal, perhaps with a symlink to it. */
  | { readonly kind: 'pty'; readonly link?: string }
  /** A port of the loopback interface; 0 is any that is free. */
  | { readonly kind: 'tcp'; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** One `--tty`. */
export interface TtySpec {
  /** As the user wrote it, for messages. */
  readonly text: string;
  /** `ttyRPMSG30`, `uart4`, `console`. */
  readonly device: string;
  readonly where: Where;
  /** The tty of Linux keeps the settings of its driver. */
  readonly cooked: boolean;
}

/** Bytes that a path of a Unix socket has room for (`sun_path` with its NUL). */
const SUN_PATH = 108;

/** Parses a value of `--tty`. @throws {UsageError} */
export function parseTty(text: string): TtySpec {
  const at = text.indexOf('=');
  if (at <= 0) throw new UsageError('it is <device>=<where>, for example ttyRPMSG30=pty, uart4=tcp:5000, ttyRPMSG0=unix:/tmp/m7');
  const device = text.slice(0, at);
  const all = text.slice(at + 1);
  const cooked = all.endsWith(',cooked');
  const place = cooked ? all.slice(0, -',cooked'.length) : all;
  if (cooked && !device.startsWith('tty'))
    throw new UsageError(`${device} has no settings that could stay: cooked is for the ttys of Linux`);
  return { text, device, where: parseWhere(place), cooked };
}

function parseWhere(place: string): Where {
  if (place === 'pty') return { kind: 'pty' };
  const [, kind, rest = ''] = /^(\w+):(.*)$/s.exec(place) ?? [];
  if (kind === 'pty') {
    if (rest === '') throw new UsageError('after pty: comes the path of a symlink, as in pty:/tmp/m7');
    return { kind, link: rest };
  }
  if (kind === 'tcp') return { kind, port: parsePort(rest) };
  if (kind === 'unix') return { kind, path: checkSocketPath(rest) };
  throw new UsageError(`there is no place "${place}": it is one of pty, pty:LINK, tcp:PORT and unix:PATH`);
}

function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  const address = /^(?:\[?[\da-f:.]+\]?|localhost):\d+$/i.test(text);
  throw new UsageError(
    `${text === '' ? 'nothing' : text} is no port: 0 (any that is free) to 65535${address ? '; it is on the loopback interface alone' : ''}`,
  );
}

/** The path, if a socket can have it. @throws {UsageError} */
export function checkSocketPath(path: string): string {
  if (path === '') throw new UsageError('a socket needs a path');
  if (path.includes('\0')) throw new UsageError('a path has no NUL byte');
  const length = Buffer.byteLength(path);
  if (length >= SUN_PATH) throw new UsageError(`the path has ${length} bytes, a socket's at most ${SUN_PATH - 1}: take a shorter one`);
  return path;
}
