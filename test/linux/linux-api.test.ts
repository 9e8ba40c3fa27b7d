/** `linux.open`, `linux.api` and `linux.dmesg`, on a board without core. */
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { O, POLL } from '../../src/linux/fs/vfs.ts';
import { type KernelCode, sleep } from '../../src/linux/kernel.ts';
import { makePipe, type Process, SIGNAL } from '../../src/linux/process.ts';
import { createBoard } from './board-fixture.ts';

describe('files', () => {
  it('are written, read and closed', async () => {
    const { linux } = createBoard();
    const file = await linux.open('/tmp/a', 'w+');
    expect(await file.write('Hello ')).toBe(6);
    expect(await file.write(Uint8Array.of(0x69))).toBe(1);
    expect(await file.seek(0)).toBe(0);
    expect(await file.read(4)).toEqual(new TextEncoder().encode('Hell'));
    expect(await file.text()).toBe('o i');
    expect(await file.poll(POLL.IN | POLL.OUT)).toBe(POLL.IN | POLL.OUT);
    await file.close();
    await expect(file.read()).rejects.toMatchObject({ name: 'EBADF', message: 'read /tmp/a: Bad file descriptor' });
  });

  it('do not show the whole machine when they are logged', async () => {
    const { linux } = createBoard();
    expect(inspect(await linux.open('/tmp/a', 'w'), { depth: 10 })).toBe("LinuxFile { path: '/tmp/a', fd: 0 }");
  });

  it('are read and written whole', async () => {
    const { linux } = createBoard();
    await linux.api.writeFile('/root/a', 'one\n');
    await linux.api.writeFile('/root/a', 'two\n', 'a');
    expect(await linux.api.readText('/root/a')).toBe('one\ntwo\n');
    expect(await linux.api.readText('a')).toBe('one\ntwo\n');
    expect(await linux.api.exists('/root/b')).toBe(false);
    expect(await linux.api.readdir('/root')).toEqual(['a']);
    expect(await linux.api.stat('/root/a')).toMatchObject({ type: 'file', mode: 0o644, size: 8, links: 1 });
  });

  it('fail as the system call does', async () => {
    const { linux } = createBoard();
    await expect(linux.open('/dev/rpmsg0')).rejects.toMatchObject({
      code: 'E_ERRNO',
      errno: -2,
      name: 'ENOENT',
      message: 'open /dev/rpmsg0: No such file or directory',
    });
    await expect(linux.open('/tmp', O.RDWR)).rejects.toMatchObject({ name: 'EISDIR' });
    await expect(linux.api.readdir('/sys/none')).rejects.toMatchObject({
      name: 'ENOENT',
      message: 'opendir /sys/none: No such file or directory',
    });
    await expect(linux.open('/tmp', 'zz' as 'r')).rejects.toMatchObject({
      code: 'E_USAGE',
      message: 'no mode zz to open a file',
      remedy: 'give flags (O), or one of r, r+, w, w+, a, a+',
    });
    await linux.api.writeFile('/tmp/a', '');
    await expect(linux.api.readdir('/tmp/a')).rejects.toMatchObject({ name: 'ENOTDIR' });
    const file = await linux.open('/tmp/a');
    await expect(file.ioctl(0x5401)).rejects.toMatchObject({ name: 'ENOTTY', message: 'ioctl /tmp/a: Inappropriate ioctl for device' });
    await expect(file.write('x')).rejects.toMatchObject({ name: 'EBADF' });
  });

  it('are waited for', async () => {
    const { linux, scheduler } = createBoard();
    const made = linux.userSpace.call(
      'later',
      (function* (): KernelCode {
        yield* sleep(5e6);
        linux.api.process.mkdir('/tmp/d');
      })(),
    );
    await linux.api.waitFor('/tmp/d');
    expect(scheduler.seconds).toBeGreaterThan(0.005);
    expect(scheduler.seconds).toBeLessThan(0.0075);
    await made;
    await expect(linux.api.waitFor('/tmp/none', { timeoutNs: 1e7 })).rejects.toMatchObject({ code: 'E_LINUX_TIMEOUT' });
  });
});

describe('programs', () => {
  const echo = function* (process: Process, argv: readonly string[]): KernelCode<number> {
    for (;;) {
      const data = yield* process.read(0, 100);
      if (typeof data === 'number') return 1;
      if (data.length === 0) return argv.length;
      yield* process.write(1, data);
    }
  };

  it('run with the files that they are given', async () => {
    const { linux } = createBoard();
    const [inputEnd, input] = makePipe();
    const [output, outputEnd] = makePipe();
    const program = linux.spawn(echo, ['cat', '-u'], { fds: [inputEnd, outputEnd], cwd: '/tmp' });
    expect(linux.kernel.processes.get(program.pid)).toBe(program.process);
    for (const end of [inputEnd, outputEnd]) end.references--;
    const { api } = linux;
    const [toProgram, fromProgram] = [api.process.install(input), api.process.install(output)];
    const text = await linux.userSpace.call(
      'talk',
      (function* (): KernelCode<string> {
        yield* api.process.write(toProgram, new TextEncoder().encode('ping'));
        const data = yield* api.process.read(fromProgram, 100);
        yield* api.process.close(toProgram);
        return typeof data === 'number' ? `${data}` : new TextDecoder().decode(data);
      })(),
    );
    expect(text).toBe('ping');
    expect(await program.wait()).toBe(2);
    expect(linux.kernel.processes.has(program.pid)).toBe(false);
  });

  it('are ended by signals', async () => {
    const { linux } = createBoard();
    const [input] = makePipe();
    const program = linux.spawn(echo, ['cat'], { fds: [input] });
    const waiting = program.wait();
    await linux.api.exists('/');
    program.kill(SIGNAL.TERM);
    expect(await waiting).toBe(128 + SIGNAL.TERM);
  });
});

describe('dmesg', () => {
  it('has lines with level and time, and prints as the command does', async () => {
    const { kernel, linux, scheduler } = createBoard();
    scheduler.advanceTo(scheduler.cyclesFromNs(1_234_560));
    kernel.printk(3, 'one\ntwo');
    const { lines } = linux.dmesg;
    expect(lines.slice(-2)).toEqual([
      { level: 3, time: 0.00123456, text: 'one' },
      { level: 3, time: 0.00123456, text: 'two' },
    ]);
    expect(linux.dmesg.toString()).toBe('[    0.001235] one\n[    0.001235] two\n');
    expect([...linux.dmesg]).toEqual(lines);
  });
});
