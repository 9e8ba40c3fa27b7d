/**
 * Redirections of bash (redir.c): files are opened, duplicated and closed in the process whose descriptors they are.
 */

import { ERRNO, strerror } from '../linux/errno.ts';
import { O, OpenableNode, OpenFile } from '../linux/fs/vfs.ts';
import type { KernelCode } from '../linux/kernel.ts';
import { type Process, release } from '../linux/process.ts';

/** One redirection after expansion: `words` is what its target expanded to. */
export interface RedirectionOp {
  readonly operator: string;
  /** Descriptor as written, `{name}`, or empty for the operator's own. */
  readonly at: string;
  readonly words: readonly string[];
}

/** What a redirection of `{name}>file` assigns. */
export type Assign = (name: string, value: string) => void;

const OPEN_FLAGS: Readonly<Record<string, number>> = {
  '<': O.RDONLY,
  '>': O.WRONLY | O.CREAT | O.TRUNC,
  '>|': O.WRONLY | O.CREAT | O.TRUNC,
  '>>': O.WRONLY | O.CREAT | O.APPEND,
  '<>': O.RDWR | O.CREAT,
  '&>': O.WRONLY | O.CREAT | O.TRUNC,
  '&>>': O.WRONLY | O.CREAT | O.APPEND,
};

/** `/dev/stdin`, `/dev/fd/3` and their like. */
const STANDARD = /^\/dev\/(?:fd\/)?(stdin|stdout|stderr|(?<=fd\/)\d+)$/;
const STANDARD_FDS: Readonly<Record<string, number>> = { stdin: 0, stdout: 1, stderr: 2 };

/** First descriptor that `{name}>file` takes. */
const FIRST_FREE = 10;

/** Performs `list` in order; what is wrong, as bash says it after its name, or undefined. */
export function* redirect(process: Process, list: readonly RedirectionOp[], assign: Assign = () => {}): KernelCode<string | undefined> {
  for (const each of list) {
    const wrong = yield* one(process, each, assign);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function* one(process: Process, { operator, at, words }: RedirectionOp, assign: Assign): KernelCode<string | undefined> {
  const here = operator === '<<' || operator === '<<<';
  if (!here && words.length !== 1) return `${words.join(' ')}: ambiguous redirect`;
  const target = words.join(' ');
  const own = operator.startsWith('<') ? 0 : 1;
  const fd = at === '' ? own : at.startsWith('{') ? FIRST_FREE : Number(at);
  if (here) {
    const text = operator === '<<<' ? `${target}\n` : target;
    return yield* put(process, memoryFile(new TextEncoder().encode(text)), fd);
  }
  const duplicates = operator === '>&' || operator === '<&';
  if (duplicates && /^(\d+-?|-)$/.test(target)) return yield* duplicate(process, fd, target);
  if (operator === '<&') return `${target}: ambiguous redirect`;
  // bash opens these itself, as what the descriptor is.
  const standard = STANDARD.exec(target)?.[1];
  if (standard !== undefined && !at.startsWith('{')) return yield* duplicate(process, fd, String(STANDARD_FDS[standard] ?? standard));
  const both = operator.startsWith('&') || (operator === '>&' && at === '');
  const opened = yield* process.open(target, OPEN_FLAGS[operator === '>&' ? '&>' : operator]!, 0o666);
  if (opened < 0) return `${target}: ${strerror(opened)}`;
  let to = fd;
  if (at.startsWith('{')) {
    while (process.file(to)) to++;
    assign(at.slice(1, -1), String(to));
  }
  if (opened !== to) {
    yield* process.dup2(opened, to);
    yield* process.close(opened);
  }
  if (both) yield* process.dup2(to, 2);
  return undefined;
}

function* duplicate(process: Process, fd: number, target: string): KernelCode<string | undefined> {
  if (target === '-') {
    if (process.file(fd)) yield* process.close(fd);
    return undefined;
  }
  const from = Number.parseInt(target, 10);
  if ((yield* process.dup2(from, fd)) < 0) return `${from}: Bad file descriptor`;
  if (target.endsWith('-') && from !== fd) yield* process.close(from);
  return undefined;
}

/** Gives `process` the open file as `fd`, in place of what that was. */
export function* put(process: Process, file: OpenFile, fd: number): KernelCode<undefined> {
  if (process.file(fd)) yield* process.close(fd);
  process.install(file, fd);
  return undefined;
}

/** The child of a fork: the same open files. */
export function shareFiles(from: Process, to: Process): void {
  for (const [fd, file] of from.descriptors()) {
    file.references++;
    to.install(file, fd);
  }
}

/** Descriptors of `process` that a scope of redirections may change, to be put back by `restore`. */
export type Saved = readonly (readonly [fd: number, file: OpenFile | undefined])[];

/** Remembers the descriptors that `list` will change. */
export function save(process: Process, list: readonly RedirectionOp[]): Saved {
  const fds = new Set<number>();
  for (const { operator, at } of list) {
    if (at.startsWith('{')) continue;
    fds.add(at === '' ? (operator.startsWith('<') ? 0 : 1) : Number(at));
    if (operator.startsWith('&') || (operator === '>&' && at === '')) for (const fd of [1, 2]) fds.add(fd);
  }
  return [...fds].map((fd) => {
    const file = process.file(fd);
    if (file) file.references++;
    return [fd, file] as const;
  });
}

/** Puts back what `save` remembered. */
export function* restore(process: Process, saved: Saved): KernelCode {
  for (const [fd, file] of saved) {
    if (process.file(fd)) yield* process.close(fd);
    if (file) process.install(file, fd);
  }
}

/** Forgets what `save` remembered: the change is for good. */
export function* forget(saved: Saved): KernelCode {
  for (const [, file] of saved) if (file) yield* release(file);
}

/** A file without name that holds `content`, as bash makes it for here documents. */
class MemoryNode extends OpenableNode {
  readonly type = 'fifo';

  *open(): KernelCode<number> {
    return 0;
  }
}

/** An open file for reading `content`. */
export function memoryFile(content: Uint8Array): OpenFile {
  const file = new OpenFile(new MemoryNode(0o600), O.RDONLY);
  file.ops = {
    seekable: true,
    *read(open, count) {
      const data = content.slice(open.pos, open.pos + count);
      open.pos += data.length;
      return data;
    },
  };
  return file;
}

/** An open file that takes what is written to it. */
export function sinkFile(take: (data: Uint8Array) => void, most = Number.POSITIVE_INFINITY): OpenFile {
  const file = new OpenFile(new MemoryNode(0o600), O.WRONLY);
  let taken = 0;
  file.ops = {
    *write(_open, data) {
      if (taken >= most) return ERRNO.ENOMEM;
      taken += data.length;
      take(data.slice());
      return data.length;
    },
  };
  return file;
}

/** An open file like /dev/null. */
export function nullFile(): OpenFile {
  const file = new OpenFile(new MemoryNode(0o666), O.RDWR);
  file.ops = {
    *read() {
      return new Uint8Array(0);
    },
    *write(_open, data) {
      return data.length;
    },
  };
  return file;
}
