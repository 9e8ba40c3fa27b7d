/** drivers/char/mem.c and /dev/kmsg of kernel/printk/printk.c. */
import { describe, expect, it } from 'vitest';
import { addMemoryDevices } from '../../src/linux/char-mem.ts';
import { ERRNO } from '../../src/linux/errno.ts';
import { type ChrdevNode, type MemoryMapping, O, POLL } from '../../src/linux/fs/vfs.ts';
import type { KernelCode } from '../../src/linux/kernel.ts';
import { SYSLOG_ACTION } from '../../src/linux/printk.ts';
import { makePipe } from '../../src/linux/process.ts';
import { kernelFixture, RAM_BASE, RAM_SIZE } from './kernel-fixture.ts';

const RESERVED = RAM_BASE + 0x1_0000;
const DEVICE = 0x30aa_0000;

function fixture() {
  const board = kernelFixture();
  const { kernel, memory } = board;
  const accesses: string[] = [];
  memory.mapDevice(
    DEVICE,
    0x1000,
    {
      read: (offset, size) => {
        accesses.push(`read ${offset} ${size}`);
        return 0x1234_5678;
      },
      write: (offset, value, size) => {
        accesses.push(`write ${offset} ${value} ${size}`);
        return true;
      },
      peek: () => 0,
    },
    'MU1_A',
  );
  addMemoryDevices(kernel, () => ({
    banks: [{ base: RAM_BASE, size: RAM_SIZE }],
    reserved: [
      { base: RESERVED, size: 0x8000, noMap: true },
      { base: RAM_BASE + 0x4_0000, size: 0x1000, noMap: false },
    ],
  }));
  return { ...board, accesses };
}

describe('/dev', () => {
  it('null, zero, full', () => {
    const { kernel, process, read, run, write } = fixture();
    expect(read('/dev/null')).toBe('');
    expect(write('/dev/null', 'gone', O.WRONLY | O.CREAT | O.TRUNC)).toBe(4);
    expect(write('/dev/full', 'x', O.WRONLY)).toBe(ERRNO.ENOSPC);
    const zeros = run(
      (function* () {
        return yield* process.read(yield* process.open('/dev/zero'), 5);
      })(),
    );
    expect(zeros).toEqual(new Uint8Array(5));
    const node = kernel.vfs.find('/dev/null') as ChrdevNode;
    expect([node.major, node.minor, node.mode]).toEqual([1, 3, 0o666]);
    expect(process.readlink('/sys/class/mem/null')).toBe('../../devices/virtual/mem/null');
    expect(read('/sys/class/mem/null/dev')).toBe('1:3\n');
  });

  it('random is endless, and the same in every run', () => {
    const bytes = (): unknown => {
      const { process, run } = fixture();
      return run(
        (function* () {
          const fd = yield* process.open('/dev/urandom');
          return [yield* process.read(fd, 1000), yield* process.read(fd, 1 << 30)];
        })(),
      );
    };
    const [first, second] = bytes() as [Uint8Array, Uint8Array];
    expect([first.length, second.length]).toEqual([1000, 1 << 20]);
    expect(new Set(first).size).toBeGreaterThan(200);
    expect(second.subarray(0, 1000)).not.toEqual(first);
    expect((bytes() as [Uint8Array])[0]).toEqual(first);
  });

  it('tty is the terminal of the process (tty_open_current_tty), console that of the kernel', () => {
    const { kernel, process, run, write } = fixture();
    expect(write('/dev/console', 'x', O.WRONLY)).toBe(ERRNO.ENODEV);
    const [reader, writer] = makePipe();
    kernel.console = writer;
    expect(write('/dev/console', 'hello', O.WRONLY)).toBe(5);
    expect(write('/dev/console', ' again', O.WRONLY)).toBe(6);
    const fd = process.install(reader);
    expect(run(process.read(fd, 100))).toEqual(new TextEncoder().encode('hello again'));
    expect(write('/dev/tty', 'x', O.WRONLY)).toBe(ERRNO.ENXIO);
  });
});

describe('/dev/mem', () => {
  const open = function* (process: ReturnType<typeof fixture>['process']): KernelCode<number> {
    return yield* process.open('/dev/mem', O.RDWR);
  };

  it('maps registers and reserved memory (mmap_mem)', () => {
    const { accesses, kernel, memory, process, run } = fixture();
    const fd = run(open(process));
    const registers = process.mmap(fd, 4096, DEVICE) as MemoryMapping;
    expect(registers.read(0x24, 4)).toBe(0x1234_5678);
    expect(registers.write(0x20, -1, 4)).toBe(0);
    expect(accesses).toEqual(['read 36 4', 'write 32 4294967295 4']);
    const vring = process.mmap(fd, 0x8000, RESERVED) as MemoryMapping;
    vring.write(0x7ffc, 0xabcd, 2);
    expect(memory.read(RESERVED + 0x7ffc, 4)).toBe(0xabcd);
    // Outside of the window: SIGSEGV; where nothing answers: SIGBUS.
    expect(vring.read(0x8000, 4)).toBe(ERRNO.EFAULT);
    const hole = process.mmap(fd, 4096, 0x1000_0000) as MemoryMapping;
    expect([hole.read(0, 4), hole.write(0, 1, 4)]).toEqual([ERRNO.EFAULT, ERRNO.EFAULT]);
    expect(kernel.tasks.size).toBe(0);
  });

  it('refuses the RAM of the kernel (range_is_allowed)', () => {
    const { process, run } = fixture();
    const fd = run(open(process));
    expect(process.mmap(fd, 4096, RAM_BASE)).toBe(ERRNO.EPERM);
    expect(process.mmap(fd, 0x9000, RESERVED)).toBe(ERRNO.EPERM);
    expect(process.mmap(fd, 0x2_0000, RAM_BASE - 0x1000)).toBe(ERRNO.EPERM);
    expect(process.mmap(fd, 4096, DEVICE + 4)).toBe(ERRNO.EINVAL);
    expect(process.mmap(fd, 4096, 2 ** 48)).toBe(ERRNO.EINVAL);
    expect(process.mmap(99, 4096, DEVICE)).toBe(ERRNO.EBADF);
    expect(process.mmap(run(process.open('/dev/null')), 4096, 0)).toBe(ERRNO.ENODEV);
    expect(process.mmap(run(process.open('/dev/mem', O.WRONLY)), 4096, DEVICE)).toBe(ERRNO.EACCES);
  });

  it('gives nothing to read and write: -EPERM of RAM, -EFAULT of the rest (valid_phys_addr_range of arm64)', () => {
    const { process, run } = fixture();
    const at = (position: number): readonly unknown[] =>
      run(
        (function* () {
          const fd = yield* process.open('/dev/mem', O.RDWR);
          process.seek(fd, position);
          return [yield* process.read(fd, 4), yield* process.write(fd, new Uint8Array(4))];
        })(),
      );
    expect(at(RAM_BASE)).toEqual([ERRNO.EPERM, ERRNO.EPERM]);
    expect(at(RESERVED)).toEqual([ERRNO.EFAULT, ERRNO.EFAULT]);
    expect(at(DEVICE)).toEqual([ERRNO.EFAULT, ERRNO.EFAULT]);
  });
});

describe('/dev/kmsg', () => {
  it('gives a record for each read (devkmsg_read), and sleeps for the next', () => {
    const { kernel, pass, process, run, scheduler } = fixture();
    scheduler.advanceTo(1_234_567);
    kernel.printk(3, 'first \\ é');
    kernel.printk(6, 'second');
    const records: unknown[] = [];
    kernel.spawn(
      'reader',
      (function* () {
        const fd = yield* process.open('/dev/kmsg');
        for (let i = 0; i < 3; i++) records.push(new TextDecoder().decode((yield* process.read(fd, 8192)) as Uint8Array));
      })(),
    );
    pass(1e6);
    expect(records).toEqual(['3,0,1234,-;first \\x5c \\xc3\\xa9\n', '6,1,1234,-;second\n']);
    kernel.printk(4, 'third');
    pass(1e6);
    expect(records).toHaveLength(3);
    const fd = run(process.open('/dev/kmsg', O.RDONLY | O.NONBLOCK));
    expect(run(process.read(fd, 10))).toBe(ERRNO.EINVAL);
    run(process.read(fd, 100));
    run(process.read(fd, 100));
    expect(run(process.read(fd, 100))).toBe(ERRNO.EAGAIN);
    expect(run(process.poll([{ fd, events: POLL.IN }], 0))).toEqual([0]);
    process.seek(fd, 0);
    expect(run(process.poll([{ fd, events: POLL.IN }], 0))).toEqual([0]);
    expect(new TextDecoder().decode(run(process.read(fd, 100)) as Uint8Array)).toMatch(/^3,0,/);
  });

  it('says once that records were lost: -EPIPE', () => {
    const { kernel, process, run } = fixture();
    const fd = run(process.open('/dev/kmsg'));
    for (let i = 0; i < 5000; i++) kernel.printk(6, `line ${i}`);
    expect(run(process.read(fd, 1000))).toBe(ERRNO.EPIPE);
    expect(new TextDecoder().decode(run(process.read(fd, 1000)) as Uint8Array)).toMatch(/^6,904,\d+,-;line 904\n$/);
  });

  it('takes lines of user space with and without level (devkmsg_write)', () => {
    const { kernel, read, write } = fixture();
    expect(write('/dev/kmsg', 'plain\n', O.WRONLY)).toBe(6);
    expect(write('/dev/kmsg', '<3>an error', O.WRONLY)).toBe(11);
    expect(write('/dev/kmsg', '<30>daemon', O.WRONLY)).toBe(10);
    expect(write('/dev/kmsg', 'x'.repeat(1000), O.WRONLY)).toBe(ERRNO.EINVAL);
    expect(kernel.log.map(({ level, text, facility }) => [level, text, facility])).toEqual([
      [4, 'plain', 1],
      [3, 'an error', 1],
      [6, 'daemon', 3],
    ]);
    expect(read('/dev/null')).toBe('');
  });
});

describe('syslog(2), do_syslog', () => {
  it('reads, clears and counts', () => {
    const { kernel, scheduler } = fixture();
    const { syslog } = kernel;
    scheduler.advanceTo(1_500_000_000);
    kernel.printk(6, 'one');
    kernel.printk(3, 'two\nlines');
    expect(syslog.syslog(SYSLOG_ACTION.READ_ALL)).toBe('<6>[    1.500000] one\n<3>[    1.500000] two\n<3>[    1.500000] lines\n');
    expect(syslog.syslog(SYSLOG_ACTION.READ_ALL, 30)).toBe('<3>[    1.500000] lines\n');
    expect(syslog.syslog(SYSLOG_ACTION.READ_ALL, -1)).toBe(ERRNO.EINVAL);
    expect(syslog.syslog(SYSLOG_ACTION.SIZE_BUFFER)).toBe(131_072);
    expect(syslog.syslog(SYSLOG_ACTION.READ_CLEAR)).toMatch(/one/);
    expect(syslog.syslog(SYSLOG_ACTION.READ_ALL)).toBe('');
    kernel.printk(6, 'three');
    expect(syslog.lines.map(({ text }) => text)).toEqual(['three']);
    expect(kernel.log).toHaveLength(3);
    syslog.syslog(SYSLOG_ACTION.CLEAR);
    expect(syslog.lines).toEqual([]);
    expect(syslog.syslog(99)).toBe(ERRNO.EINVAL);
  });

  it('sets the level of the console', () => {
    const { syslog } = fixture().kernel;
    expect(syslog.syslog(SYSLOG_ACTION.CONSOLE_LEVEL, 0)).toBe(ERRNO.EINVAL);
    expect(syslog.syslog(SYSLOG_ACTION.CONSOLE_LEVEL, 9)).toBe(ERRNO.EINVAL);
    expect(syslog.syslog(SYSLOG_ACTION.CONSOLE_LEVEL, 4)).toBe(0);
    expect(syslog.consoleLoglevel).toBe(4);
    syslog.syslog(SYSLOG_ACTION.CONSOLE_OFF);
    expect(syslog.consoleLoglevel).toBe(1);
    syslog.syslog(SYSLOG_ACTION.CONSOLE_OFF);
    syslog.syslog(SYSLOG_ACTION.CONSOLE_ON);
    expect(syslog.consoleLoglevel).toBe(4);
  });
});
