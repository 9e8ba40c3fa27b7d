/**
 * Whatever a user does with files, nothing is thrown and nothing hangs: random system calls with random paths and bytes on a board whose core is a
 * script. The seed is in the name of the test.
 */
import { describe, expect, it } from 'vitest';
import { DirectoryNode, O, POLL } from '../../src/linux/fs/vfs.ts';
import type { Kernel, KernelCode } from '../../src/linux/kernel.ts';
import { Process, SIGNAL } from '../../src/linux/process.ts';
import { createBoard, rpmsgElf } from './board-fixture.ts';

const SEEDS = [1, 2, 3, 4];
const OPERATIONS = 25_000;
/** Operations on one board. */
const BOARD = 2500;
/** Operations of one process before the next begins. */
const LIFE = 500;
/** Virtual time after which a process that still sleeps is killed, in ns. */
const PATIENCE_NS = 50e6;

function random(seed: number) {
  let state = seed * 0x9e37_79b9;
  const next = (below: number): number => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b_3c6d) + 0x6d2b_79f5) | 0;
    return ((state ^ (state >>> 12)) >>> 0) % below;
  };
  return { next, pick: <T>(list: readonly T[]): T => list[next(list.length)]! };
}

/** Every path of the tree, without going through symlinks. */
function pathsOf(kernel: Kernel): string[] {
  const paths: string[] = [];
  const walk = (directory: DirectoryNode, path: string): void => {
    for (const name of directory.names()) {
      const below = `${path}/${name}`;
      paths.push(below);
      const node = directory.lookup(name);
      if (node instanceof DirectoryNode && paths.length < 5000) walk(node, below);
    }
  };
  walk(kernel.vfs.root, '');
  return paths;
}

const WORDS = [
  'start',
  'stop',
  'detach',
  'enabled',
  'disabled',
  'fw.elf',
  'bad.elf',
  'recover',
  'imx-rproc',
  '30aa0000.mailbox',
  'imx8mp-cm7',
  '0',
  '-1',
  '4294967296',
];

function* misuse(
  process: Process,
  paths: readonly string[],
  { next, pick }: ReturnType<typeof random>,
  count: () => boolean,
): KernelCode<number> {
  const name = (): string => pick(['a', 'b', 'c', '..', '.', '', 'ü', 'x'.repeat(300), 'a/b', ' ', '\0', '%s', '\n']);
  const path = (): string => {
    const base = pick(paths);
    return pick([
      base,
      base,
      base,
      `${base}/${name()}`,
      `/tmp/${name()}`,
      name(),
      `${base}/../${name()}`,
      `//${base}//`,
      '/proc/self/fd/0',
    ]);
  };
  const bytes = (): Uint8Array =>
    next(2)
      ? new TextEncoder().encode(`${pick(WORDS)}${pick(['', '\n', '\0', ' '])}`)
      : Uint8Array.from({ length: next(next(10) ? 64 : 10_000) }, () => next(256));
  const fd = (): number => next(12);
  /** What `cat` and `echo` do. */
  const use = function* (flags: number, action: (fd: number) => KernelCode<unknown>): KernelCode {
    const opened = yield* process.open(path(), flags | O.NONBLOCK);
    if (opened < 0) return;
    yield* action(opened);
    yield* process.close(opened);
  };
  const calls: readonly (() => KernelCode<unknown>)[] = [
    () =>
      process.open(
        path(),
        pick([
          O.RDONLY,
          O.WRONLY,
          O.RDWR,
          O.WRONLY | O.CREAT | O.TRUNC,
          O.RDWR | O.CREAT | O.EXCL,
          O.RDWR | O.NONBLOCK,
          O.APPEND | O.WRONLY,
          next(1 << 20),
        ]),
      ),
    () => process.read(fd(), pick([0, 1, 100, 4096, 1 << 30])),
    () => process.write(fd(), bytes()),
    () => process.close(fd()),
    () => process.dup2(fd(), fd()),
    () =>
      process.ioctl(
        fd(),
        pick([0x5401, 0x5402, 0x541b, next(2 ** 32), 0x4028_b501, 0xb502]),
        pick([0, next(2 ** 32), new Uint8Array(next(100))]),
      ),
    () =>
      process.poll(
        [
          { fd: fd(), events: next(64) },
          { fd: fd(), events: POLL.IN },
        ],
        pick([0, 1000, 1e6]),
      ),
    () => process.sleep(next(100_000)),
    () => process.pipe(),
    () => use(O.RDONLY, (file) => process.read(file, 8192)),
    () => use(O.WRONLY, (file) => process.write(file, bytes())),
    () => use(O.RDWR, (file) => process.write(file, bytes())),
    () => use(O.WRONLY | O.TRUNC | O.CREAT, (file) => process.write(file, bytes())),
  ];
  const names: readonly (() => unknown)[] = [
    () => process.mkdir(path(), next(0o10000)),
    () => process.rmdir(path()),
    () => process.mkfifo(path()),
    () => process.unlink(path()),
    () => process.rename(path(), path()),
    () => process.symlink(path(), path()),
    () => process.link(path(), path()),
    () => process.readlink(path()),
    () => process.truncate(path(), pick([0, 1, 10_000, 2 ** 40, -1, 0.5])),
    () => process.chmod(path(), next(0o10000)),
    () => process.chdir(path()),
    () => process.stat(path(), next(2) === 0),
    () => process.seek(fd(), pick([0, 1, 4096, 2 ** 45, -1])),
    () =>
      process.mount(pick(['none', path()]), path(), pick(['tmpfs', 'proc', 'sysfs', 'debugfs', 'ext4']), pick(['', 'size=64k', 'size='])),
    () => process.umount(path()),
    () => process.mmap(fd(), next(100_000), next(2) * 4096 * next(1 << 20)),
  ];
  for (let life = 0; life < LIFE && !process.dying && count(); life++) {
    if (next(2)) yield* pick(calls)();
    else pick(names)();
  }
  return 0;
}

/** Runs programs that make at most `operations` calls on a board of their own; the errors that they threw. */
function misuseBoard(chance: ReturnType<typeof random>, operations: number): unknown[] {
  const { kernel, linux, scheduler, settle } = createBoard({
    autostart: rpmsgElf(),
    services: [
      ['rpmsg-tty', 0x400],
      ['rpmsg-raw', 0x401],
      ['rpmsg-client-sample', 0x402],
    ],
  });
  linux.firmwareFiles.set('bad.elf', Uint8Array.of(0x7f, 0x45, 0x4c, 0x46));
  settle(1);
  const paths = pathsOf(kernel);
  for (const path of ['/dev/ttyRPMSG0', '/dev/rpmsg_ctrl0', '/dev/remoteproc0', '/sys/class/remoteproc/remoteproc0'])
    expect(paths.join(' ')).toContain(path.slice(path.lastIndexOf('/') + 1));
  const errors: unknown[] = [];
  let left = operations;
  while (left > 0) {
    const process = new Process(kernel, { name: 'fuzz' });
    process.start(
      function* (): KernelCode<number> {
        try {
          return yield* misuse(process, paths, chance, () => left-- > 0);
        } catch (error) {
          errors.push(error);
          return 1;
        }
      },
      ['fuzz'],
    );
    for (let waited = 0; process.status === undefined; waited++) {
      if (waited === 10) process.kill(SIGNAL.KILL);
      // Uninterruptible sleeps of drivers have an end, too.
      if (waited > 3000)
        throw new Error(`process ${process.pid} does not end; it waits for ${[...kernel.tasks].map((task) => task.waitingFor)}`);
      settle(PATIENCE_NS / 1e9);
    }
  }
  // The system can still be used.
  expect(kernel.vfs.resolve('/')).toMatchObject({ path: '/' });
  expect([...kernel.processes.values()].filter(({ name }) => name === 'fuzz')).toEqual([]);
  expect(scheduler.seconds).toBeLessThan(1000);
  return errors;
}

describe('100,000 random operations', () => {
  it.each(SEEDS)(
    'throw nothing and hang nothing: seed %i',
    (seed) => {
      const chance = random(seed);
      for (let done = 0; done < OPERATIONS; done += BOARD) expect(misuseBoard(chance, BOARD)).toEqual([]);
    },
    60_000,
  );
});
