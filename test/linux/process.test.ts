/** Processes: descriptors, pipes, poll, signals (fs/file.c, fs/pipe.c, fs/select.c, kernel/signal.c). */
import { describe, expect, it } from 'vitest';
import { addMemoryDevices } from '../../src/linux/char-mem.ts';
import { ERRNO } from '../../src/linux/errno.ts';
import { O, POLL } from '../../src/linux/fs/vfs.ts';
import type { KernelCode } from '../../src/linux/kernel.ts';
import { Process, type Program, SIGNAL } from '../../src/linux/process.ts';
import { kernelFixture } from './kernel-fixture.ts';

const text = (data: Uint8Array | number): string | number => (typeof data === 'number' ? data : new TextDecoder().decode(data));
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

describe('descriptors', () => {
  it('are the lowest that are free, and share a position after dup2', () => {
    const { process, run } = kernelFixture();
    const seen = run(
      (function* (): KernelCode<unknown> {
        const [a, b] = [yield* process.open('/tmp/a', O.RDWR | O.CREAT), yield* process.open('/dev', O.RDONLY)];
        yield* process.write(a, bytes('abcdef'));
        process.seek(a, 0);
        const copy = yield* process.dup2(a, 7);
        const first = text(yield* process.read(a, 2));
        yield* process.close(a);
        const second = text(yield* process.read(copy, 2));
        const reused = yield* process.open('/tmp/a');
        return [a, b, copy, first, second, reused];
      })(),
    );
    expect(seen).toEqual([0, 1, 7, 'ab', 'cd', 0]);
  });

  it.each<[string, (process: Process) => KernelCode<unknown>, number]>([
    ['read of none (ksys_read)', (process) => process.read(5, 1), ERRNO.EBADF],
    ['write to one for reading (vfs_write)', (process) => process.write(0, bytes('x')), ERRNO.EBADF],
    ['read of a negative count (rw_verify_area)', (process) => process.read(0, -1), ERRNO.EINVAL],
    ['read of a directory (generic_read_dir)', (process) => process.read(1, 1), ERRNO.EISDIR],
    ['ioctl of a file (vfs_ioctl)', (process) => process.ioctl(0, 0x5401), ERRNO.ENOTTY],
    ['close of none (close_fd)', (process) => process.close(9), ERRNO.EBADF],
    ['dup2 of none (ksys_dup3)', (process) => process.dup2(9, 3), ERRNO.EBADF],
    ['dup2 beyond RLIMIT_NOFILE (ksys_dup3)', (process) => process.dup2(0, 1024), ERRNO.EBADF],
    ['dup2 to a negative one (ksys_dup3)', (process) => process.dup2(0, -1), ERRNO.EBADF],
  ])('%s', (_what, call, errno) => {
    const { process, run, write } = kernelFixture();
    write('/tmp/a', 'text', O.WRONLY | O.CREAT);
    run(process.open('/tmp/a'));
    run(process.open('/tmp'));
    expect(run(call(process))).toBe(errno);
    expect([process.seek(0, -1), process.seek(0, 0.5), process.seek(9, 0)]).toEqual([ERRNO.EINVAL, ERRNO.EINVAL, ERRNO.EBADF]);
  });

  it('end at RLIMIT_NOFILE: -EMFILE of alloc_fd, and nothing stays open', () => {
    const { process, run } = kernelFixture();
    const results = run(
      (function* (): KernelCode<number[]> {
        const fds: number[] = [];
        for (let i = 0; i < 1030; i++) fds.push(yield* process.open('/tmp'));
        return fds;
      })(),
    );
    expect(results.slice(1022, 1026)).toEqual([1022, 1023, ERRNO.EMFILE, ERRNO.EMFILE]);
    expect(run(process.pipe())).toBe(ERRNO.EMFILE);
    run(process.close(3));
    expect(run(process.pipe())).toBe(ERRNO.EMFILE);
    run(process.close(4));
    expect(run(process.pipe())).toEqual([3, 4]);
  });
});

describe('pipes', () => {
  it('keep bytes in order, and end with their writers', () => {
    const { process, run } = kernelFixture();
    const seen = run(
      (function* (): KernelCode<unknown> {
        const [reader, writer] = (yield* process.pipe()) as readonly [number, number];
        yield* process.write(writer, bytes('abc'));
        yield* process.write(writer, bytes('defg'));
        const parts = [text(yield* process.read(reader, 2)), text(yield* process.read(reader, 3))];
        yield* process.close(writer);
        return [...parts, text(yield* process.read(reader, 100)), text(yield* process.read(reader, 100)), process.seek(reader, 0)];
      })(),
    );
    expect(seen).toEqual(['ab', 'cde', 'fg', '', ERRNO.ESPIPE]);
  });

  it('hold 64 KiB: the writer sleeps until there is room, poll tells (pipe_poll)', () => {
    const { kernel, pass, process, run } = kernelFixture();
    const [reader, writer] = run(process.pipe()) as readonly [number, number];
    const log: unknown[] = [];
    kernel.spawn(
      'writer',
      (function* (): KernelCode {
        log.push(yield* process.write(writer, new Uint8Array(100_000)));
      })(),
    );
    pass(1e6);
    expect(log).toEqual([]);
    const events = [
      { fd: reader, events: POLL.IN },
      { fd: writer, events: POLL.OUT },
    ];
    expect(run(process.poll(events, 0))).toEqual([POLL.IN, 0]);
    expect((run(process.read(reader, 1 << 20)) as Uint8Array).length).toBe(65_536);
    pass(1e6);
    expect(log).toEqual([100_000]);
    expect((run(process.read(reader, 1 << 20)) as Uint8Array).length).toBe(34_464);
    expect(run(process.poll(events, 0))).toEqual([0, POLL.OUT]);
    run(process.close(reader));
    expect(
      run(
        process.poll(
          [
            { fd: writer, events: POLL.OUT },
            { fd: 77, events: POLL.IN },
          ],
          0,
        ),
      ),
    ).toEqual([POLL.OUT | POLL.ERR, POLL.NVAL]);
  });

  it('take up to PIPE_BUF in one piece: two writers do not mix, -EAGAIN without waiting (pipe_write)', () => {
    const { kernel, pass, process, run } = kernelFixture();
    const [reader, writer] = run(process.pipe()) as readonly [number, number];
    run(process.write(writer, new Uint8Array(65_536 - 100)));
    const results: unknown[] = [];
    for (const letter of ['a', 'b']) {
      kernel.spawn(
        letter,
        (function* (): KernelCode {
          results.push(yield* process.write(writer, bytes(letter.repeat(300))));
        })(),
      );
    }
    pass(1e6);
    expect(results).toEqual([]);
    process.file(writer)!.flags |= O.NONBLOCK;
    expect(run(process.write(writer, new Uint8Array(300)))).toBe(ERRNO.EAGAIN);
    expect(run(process.poll([{ fd: writer, events: POLL.OUT }], 0))).toEqual([0]);
    expect((run(process.read(reader, 65_436)) as Uint8Array).length).toBe(65_436);
    pass(1e6);
    expect(results).toEqual([300, 300]);
    expect(text(run(process.read(reader, 1000)))).toBe('a'.repeat(300) + 'b'.repeat(300));
  });

  it('without reader: -EPIPE and SIGPIPE (pipe_write)', () => {
    const { kernel, pass } = kernelFixture();
    const other = new Process(kernel, { name: 'yes' });
    const results: unknown[] = [];
    other.start(
      function* (self) {
        const [reader, writer] = (yield* self.pipe()) as readonly [number, number];
        yield* self.close(reader);
        results.push(yield* self.write(writer, bytes('y\n')));
        results.push(yield* self.write(writer, bytes('y\n')));
        return 0;
      },
      ['yes'],
    );
    pass(1e6);
    expect(results).toEqual([ERRNO.EPIPE, ERRNO.EINTR]);
    expect(other.status).toBe(128 + SIGNAL.PIPE);
  });

  it('without waiting: -EAGAIN with O_NONBLOCK', () => {
    const { process, run } = kernelFixture();
    const [reader, writer] = run(process.pipe()) as readonly [number, number];
    process.file(reader)!.flags |= O.NONBLOCK;
    process.file(writer)!.flags |= O.NONBLOCK;
    expect(run(process.read(reader, 1))).toBe(ERRNO.EAGAIN);
    expect(run(process.write(writer, new Uint8Array(70_000)))).toBe(65_536);
    expect(run(process.write(writer, new Uint8Array(1)))).toBe(ERRNO.EAGAIN);
  });
});

describe('FIFOs', () => {
  function fixture() {
    const board = kernelFixture();
    const { kernel, process } = board;
    process.mkfifo('/tmp/f');
    const log: unknown[] = [];
    const spawn = (code: () => KernelCode<unknown>) =>
      kernel.spawn(
        'task',
        (function* () {
          log.push(yield* code());
        })(),
      );
    return { ...board, log, spawn };
  }

  it('open when both ends are there (fifo_open), and carry bytes', () => {
    const { log, pass, process, spawn } = fixture();
    spawn(function* () {
      const fd = yield* process.open('/tmp/f');
      const data = [text(yield* process.read(fd, 10)), text(yield* process.read(fd, 10))];
      yield* process.close(fd);
      return data;
    });
    pass(1e6);
    expect(log).toEqual([]);
    spawn(function* () {
      const fd = yield* process.open('/tmp/f', O.WRONLY);
      yield* process.write(fd, bytes('hello'));
      return yield* process.close(fd);
    });
    pass(1e6);
    expect(log).toEqual([0, ['hello', '']]);
  });

  it('see an end that has come and gone', () => {
    const { log, pass, process, spawn } = fixture();
    spawn(() => process.open('/tmp/f'));
    pass(1e6);
    spawn(function* () {
      return yield* process.close(yield* process.open('/tmp/f', O.WRONLY));
    });
    pass(1e6);
    expect(log).toEqual([0, expect.any(Number)]);
  });

  it('do not wait with O_NONBLOCK: readers open, writers get -ENXIO', () => {
    const { process, run } = fixture();
    expect(run(process.open('/tmp/f', O.WRONLY | O.NONBLOCK))).toBe(ERRNO.ENXIO);
    const reader = run(process.open('/tmp/f', O.RDONLY | O.NONBLOCK));
    expect(run(process.read(reader, 1))).toEqual(new Uint8Array(0));
    const writer = run(process.open('/tmp/f', O.WRONLY | O.NONBLOCK));
    expect(run(process.read(reader, 1))).toBe(ERRNO.EAGAIN);
    run(process.write(writer, bytes('x')));
    expect(text(run(process.read(reader, 5)))).toBe('x');
  });

  it('open at once for both directions; a signal ends the waiting for another', () => {
    const { kernel, pass, process, run } = fixture();
    const both = run(process.open('/tmp/f', O.RDWR));
    run(process.write(both, bytes('self')));
    expect(text(run(process.read(both, 10)))).toBe('self');
    run(process.close(both));
    const waiting = new Process(kernel, { name: 'cat' });
    const results: unknown[] = [];
    waiting.start(
      function* (self) {
        results.push(yield* self.open('/tmp/f'));
        return 0;
      },
      ['cat'],
    );
    pass(1e6);
    waiting.kill(SIGNAL.INT);
    pass(1e6);
    expect([results, waiting.status]).toEqual([[ERRNO.EINTR], 130]);
    expect(run(process.open('/tmp/f', O.WRONLY | O.NONBLOCK))).toBe(ERRNO.ENXIO);
  });
});

describe('signals', () => {
  it.each<[string, (process: Process) => KernelCode<unknown>]>([
    ['read', (process) => process.read(0, 1)],
    ['poll', (process) => process.poll([{ fd: 0, events: POLL.IN }])],
    ['nanosleep', (process) => process.sleep(1e9)],
    [
      'wait',
      function* (process) {
        return yield* process.wait(new Process(process.kernel, { name: 'child' }));
      },
    ],
  ])('interrupt %s: -EINTR, and the process ends with its files closed', (_name, call) => {
    const { kernel, pass } = kernelFixture();
    const process = new Process(kernel, { name: 'sleeper' });
    const results: unknown[] = [];
    process.start(
      function* (self) {
        yield* self.pipe();
        results.push(yield* call(self));
        results.push(yield* self.sleep(1e9));
        return 0;
      },
      ['sleeper'],
    );
    pass(1e6);
    expect(results).toEqual([]);
    process.kill(SIGNAL.TERM);
    process.kill(SIGNAL.KILL);
    pass(1e6);
    expect(results).toEqual([ERRNO.EINTR, ERRNO.EINTR]);
    expect(process.status).toBe(128 + SIGNAL.TERM);
    expect([...process.descriptors()]).toEqual([]);
    expect(kernel.processes.has(process.pid)).toBe(false);
  });

  it('do not interrupt the close of its files (do_exit), nor does one that comes then', () => {
    const { kernel, pass } = kernelFixture();
    const process = new Process(kernel, { name: 'closing' });
    const wakes: string[] = [];
    process.start(
      function* (self) {
        const fd = yield* self.open('/tmp/file', O.WRONLY | O.CREAT);
        self.file(fd)!.ops = {
          *release() {
            for (let i = 0; i < 2; i++) wakes.push(yield { timeoutNs: 1e6, interruptible: true });
          },
        };
        yield* self.sleep(1e9);
        return 0;
      },
      ['closing'],
    );
    pass(1e6);
    process.kill(SIGNAL.TERM);
    pass(1.5e6);
    expect([wakes, process.status]).toEqual([['timeout'], undefined]);
    process.kill(SIGNAL.KILL);
    pass(2e6);
    expect([wakes, process.status]).toEqual([['timeout', 'timeout'], 128 + SIGNAL.TERM]);
  });

  it('before the first instruction: the program does not run', () => {
    const { kernel, pass } = kernelFixture();
    const process = new Process(kernel, { name: 'late' });
    let ran = false;
    process.start(
      function* () {
        ran = true;
        return 0;
      },
      ['late'],
    );
    process.kill(SIGNAL.KILL);
    pass(1e6);
    expect([ran, process.status]).toEqual([false, 137]);
  });

  it('end a program that throws: SIGABRT, and nobody else', () => {
    const { kernel, pass } = kernelFixture();
    const process = new Process(kernel, { name: 'broken' });
    const mistake = new TypeError('mistake');
    process.start(
      function* () {
        throw mistake;
      },
      ['broken'],
    );
    pass(1e6);
    expect([process.status, process.failure]).toEqual([134, mistake]);
  });
});

describe('time', () => {
  it('passes in a loop of calls that never sleep, so that the host and signals get their turn', () => {
    const { kernel, pass } = kernelFixture();
    addMemoryDevices(kernel, () => ({ banks: [], reserved: [] }));
    const loops: Readonly<Record<string, Program>> = {
      *copy(self) {
        const [from, to] = [yield* self.open('/dev/zero'), yield* self.open('/dev/null', O.WRONLY)];
        for (;;) {
          const data = yield* self.read(from, 1 << 20);
          if (typeof data === 'number' || (yield* self.write(to, data)) < 0) return 1;
        }
      },
      *reopen(self) {
        while (!self.dying) yield* self.close(yield* self.open('/dev/null'));
        return 1;
      },
      *spin(self) {
        while (!self.dying) yield* self.poll([{ fd: 0, events: POLL.IN }], 0);
        return 1;
      },
    };
    const processes = Object.entries(loops).map(([name, program]) => {
      const process = new Process(kernel, { name });
      process.start(program, [name]);
      return process;
    });
    pass(10e6);
    expect(processes.map(({ status }) => status)).toEqual([undefined, undefined, undefined]);
    for (const process of processes) process.kill(SIGNAL.INT);
    pass(10e6);
    expect(processes.map(({ status }) => status)).toEqual([130, 130, 130]);
  });
});

describe('poll', () => {
  it('sleeps for at most its time, and wakes for what comes', () => {
    const { kernel, pass, process, run, scheduler } = kernelFixture();
    const [reader, writer] = run(process.pipe()) as readonly [number, number];
    const results: unknown[] = [];
    const wait = function* (timeoutNs?: number): KernelCode {
      const begun = scheduler.now;
      results.push(yield* process.poll([{ fd: reader, events: POLL.IN }], timeoutNs), scheduler.now - begun);
    };
    kernel.spawn('poll', wait(5e6));
    pass(1e8);
    expect(results).toEqual([[0], 5_000_000 + 5000]);
    kernel.spawn('poll', wait());
    pass(1e8);
    run(process.write(writer, bytes('x')));
    expect(results[2]).toEqual([POLL.IN]);
  });
});
