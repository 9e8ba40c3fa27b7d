/**
 * The files of the modelled Linux as just-bash's builtins see them (`IFileSystem`): each access is system calls of the shell's process, in
 * virtual time. Reading a device gives what one read(2) gives.
 */
import { ERRNO, errnoName, strerror } from '../linux/errno.ts';
import { DirectoryNode, type FsNode, O, SymlinkNode } from '../linux/fs/vfs.ts';
import type { KernelCode } from '../linux/kernel.ts';
import type { Process } from '../linux/process.ts';
import { readAll } from './io.ts';
import { SHELL_STREAM } from './transform.ts';

/** Bytes of one read(2). */
const CHUNK = 65_536;

/** What the adapter needs of its shell. */
export interface FileSystemHost {
  readonly process: Process;
  call<T>(name: string, code: KernelCode<T>): Promise<T>;
  /** What just-bash's builtins print, as the shell words it. */
  streamText(fd: number, text: string): string;
  /** The wall clock of the modelled Linux at virtual time `ns`. */
  date(ns: number): Date;
}

interface Stat {
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  readonly isSymbolicLink: boolean;
  readonly mode: number;
  readonly size: number;
  readonly mtime: Date;
}

function fail(errno: number, call: string, path: string): never {
  throw new Error(`${errnoName(errno)}: ${strerror(errno).toLowerCase()}, ${call} '${path}'`);
}

function bytesOf(content: string | Uint8Array, options?: unknown): Uint8Array {
  if (typeof content !== 'string') return content;
  const encoding = typeof options === 'string' ? options : (options as { encoding?: string } | undefined)?.encoding;
  if (encoding === 'binary' || encoding === 'latin1') return Uint8Array.from(content, (character) => character.charCodeAt(0));
  return new TextEncoder().encode(content);
}

/** One shell's view. */
export class ShellFileSystem {
  private readonly host: FileSystemHost;

  constructor(host: FileSystemHost) {
    this.host = host;
  }

  async readFile(path: string, options?: unknown): Promise<string> {
    const encoding = typeof options === 'string' ? options : (options as { encoding?: string } | undefined)?.encoding;
    if (encoding === 'binary' || encoding === 'latin1') return this.readFileBytes(path);
    return new TextDecoder().decode(await this.readFileBuffer(path));
  }

  async readFileBytes(path: string): Promise<string> {
    let text = '';
    for (const byte of await this.readFileBuffer(path)) text += String.fromCharCode(byte);
    return text;
  }

  async readFileBuffer(path: string): Promise<Uint8Array> {
    const result = await this.host.call(`read ${path}`, this.readAll(path));
    return typeof result === 'number' ? fail(result, 'open', path) : result;
  }

  async writeFile(path: string, content: string | Uint8Array, options?: unknown): Promise<void> {
    await this.write(path, bytesOf(content, options), O.WRONLY | O.CREAT | O.TRUNC);
  }

  async appendFile(path: string, content: string | Uint8Array, options?: unknown): Promise<void> {
    await this.write(path, bytesOf(content, options), O.WRONLY | O.CREAT | O.APPEND);
  }

  async exists(path: string): Promise<boolean> {
    // just-bash looks its commands up in its registry, whatever PATH is, when there is no /usr/bin; it asks for that nowhere else.
    if (path === '/usr/bin') return false;
    return typeof this.node(path) !== 'number';
  }

  async stat(path: string): Promise<Stat> {
    return this.statOf(path, true);
  }

  async lstat(path: string): Promise<Stat> {
    return this.statOf(path, false);
  }

  async mkdir(path: string, options?: { recursive?: boolean }): Promise<void> {
    const { process } = this.host;
    if (options?.recursive) {
      const parts = path.split('/').filter(Boolean);
      for (let count = 1; count < parts.length; count++) process.mkdir(`/${parts.slice(0, count).join('/')}`);
    }
    const err = process.mkdir(path);
    if (err < 0 && !(options?.recursive && err === ERRNO.EEXIST)) fail(err, 'mkdir', path);
  }

  async readdir(path: string): Promise<string[]> {
    const node = this.node(path);
    if (typeof node === 'number') fail(node, 'scandir', path);
    if (!(node instanceof DirectoryNode)) fail(ERRNO.ENOTDIR, 'scandir', path);
    return [...(node as DirectoryNode).names()].sort();
  }

  async rm(path: string, options?: { recursive?: boolean; force?: boolean }): Promise<void> {
    const node = this.node(path, false);
    if (typeof node === 'number') {
      if (!options?.force) fail(node, 'rm', path);
      return;
    }
    if (node instanceof DirectoryNode && options?.recursive)
      for (const name of [...node.names()]) await this.rm(`${path.replace(/\/$/, '')}/${name}`, options);
    const { process } = this.host;
    const err = node instanceof DirectoryNode ? process.rmdir(path) : process.unlink(path);
    if (err < 0) fail(err, 'rm', path);
  }

  async cp(from: string, to: string): Promise<void> {
    await this.writeFile(to, await this.readFileBuffer(from));
  }

  async mv(from: string, to: string): Promise<void> {
    const err = this.host.process.rename(from, to);
    if (err < 0) fail(err, 'mv', from);
  }

  resolvePath(base: string, path: string): string {
    const parts: string[] = [];
    for (const part of (path.startsWith('/') ? path : `${base}/${path}`).split('/')) {
      if (part === '..') parts.pop();
      else if (part !== '' && part !== '.') parts.push(part);
    }
    return `/${parts.join('/')}`;
  }

  getAllPaths(): string[] {
    return [];
  }

  async chmod(path: string, mode: number): Promise<void> {
    const err = this.host.process.chmod(path, mode);
    if (err < 0) fail(err, 'chmod', path);
  }

  async symlink(target: string, path: string): Promise<void> {
    const err = this.host.process.symlink(target, path);
    if (err < 0) fail(err, 'symlink', path);
  }

  async link(from: string, to: string): Promise<void> {
    const err = this.host.process.link(from, to);
    if (err < 0) fail(err, 'link', from);
  }

  async readlink(path: string): Promise<string> {
    const target = this.host.process.readlink(path);
    return typeof target === 'number' ? fail(target, 'readlink', path) : target;
  }

  async realpath(path: string): Promise<string> {
    const found = this.host.process.kernel.vfs.resolve(path, this.host.process.cwd);
    if (typeof found === 'number') return fail(found, 'realpath', path);
    return found.node ? found.path : fail(ERRNO.ENOENT, 'realpath', path);
  }

  async utimes(path: string): Promise<void> {
    const node = this.node(path);
    if (typeof node === 'number') fail(node, 'utimes', path);
  }

  private node(path: string, follow = true): FsNode | number {
    if (path.startsWith(SHELL_STREAM)) return ERRNO.ENOENT;
    return this.host.process.stat(path, follow);
  }

  private statOf(path: string, follow: boolean): Stat {
    const node = this.node(path, follow);
    if (typeof node === 'number') return fail(node, 'stat', path);
    const { type, mode, size, mtimeNs } = node;
    return {
      isFile: type !== 'directory' && type !== 'symlink',
      isDirectory: node instanceof DirectoryNode,
      isSymbolicLink: node instanceof SymlinkNode,
      mode,
      size,
      mtime: this.host.date(mtimeNs),
    };
  }

  private *readAll(path: string): KernelCode<Uint8Array | number> {
    const { process } = this.host;
    const fd = yield* process.open(path, O.RDONLY);
    if (fd < 0) return fd;
    const once = process.file(fd)!.node.type !== 'file';
    const result = yield* once ? process.read(fd, CHUNK) : readAll(process, fd);
    yield* process.close(fd);
    return result;
  }

  private async write(path: string, data: Uint8Array, flags: number): Promise<void> {
    const stream = path.startsWith(SHELL_STREAM) ? Number(path.slice(SHELL_STREAM.length)) : undefined;
    if (stream !== undefined && data.length === 0) return;
    const shown = stream === 2 ? new TextEncoder().encode(this.host.streamText(2, new TextDecoder().decode(data))) : data;
    const err = await this.host.call(`write ${path}`, this.writeAll(path, stream, shown, flags));
    if (err < 0) fail(err, 'open', path);
  }

  private *writeAll(path: string, stream: number | undefined, data: Uint8Array, flags: number): KernelCode<number> {
    const { process } = this.host;
    const fd = stream ?? (yield* process.open(path, flags));
    if (fd < 0) return fd;
    let result = 0;
    for (let at = 0; at < data.length && result >= 0; ) {
      result = yield* process.write(fd, data.subarray(at));
      if (result === 0) break;
      at += Math.max(result, 0);
    }
    if (stream === undefined) yield* process.close(fd);
    return Math.min(result, 0);
  }
}
