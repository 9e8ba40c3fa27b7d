/** fs/kernfs/file.c, fs/sysfs/file.c, drivers/base/core.c and devtmpfs.c. */
import { describe, expect, it } from 'vitest';
import { ERRNO } from '../../src/linux/errno.ts';
import type { Attribute, Device } from '../../src/linux/fs/device-model.ts';
import { type DirectoryNode, O } from '../../src/linux/fs/vfs.ts';
import { kernelFixture } from './kernel-fixture.ts';

const NEW = O.WRONLY | O.CREAT | O.TRUNC;

function fixture() {
  const board = kernelFixture();
  const stored: string[] = [];
  let shows = 0;
  const attributes: Attribute[] = [
    {
      name: 'both',
      *show() {
        return `${++shows}\n`;
      },
      *store(text) {
        stored.push(text);
        return text.length;
      },
    },
    {
      name: 'read-only',
      *show() {
        return 'x'.repeat(5000);
      },
    },
    {
      name: 'write-only',
      *store(text) {
        return text === 'bad' ? ERRNO.EINVAL : 1;
      },
    },
    {
      name: 'failing',
      *show() {
        return ERRNO.EIO;
      },
    },
  ];
  const parent: Device = { name: 'imx8mp-cm7', bus: 'platform' };
  const device: Device = {
    name: 'remoteproc0',
    parent,
    class: 'remoteproc',
    attributes,
    node: {
      name: 'remoteproc0',
      major: 243,
      minor: 0,
      *open() {
        return ERRNO.EBUSY;
      },
    },
    uevent: () => ['EXTRA=1'],
  };
  board.kernel.devices.add(parent);
  board.kernel.devices.add(device);
  return { ...board, device, parent, stored, at: (name: string) => `/sys/class/remoteproc/remoteproc0/${name}` };
}

describe('attributes', () => {
  it('are shown at the start of a file, and stored at each write', () => {
    const { at, process, read, run, stored, write } = fixture();
    expect([read(at('both')), read(at('both'))]).toEqual(['1\n', '2\n']);
    expect(write(at('both'), 'start\n', NEW)).toBe(6);
    expect(write(at('both'), '', NEW)).toBe(0);
    expect(stored).toEqual(['start\n']);
    const parts = run(
      (function* () {
        const fd = yield* process.open(at('both'), O.RDWR);
        const first = yield* process.read(fd, 1);
        const second = yield* process.read(fd, 1);
        process.seek(fd, 0);
        return [first, second, yield* process.read(fd, 10)];
      })(),
    );
    expect(parts.map((part) => new TextDecoder().decode(part as Uint8Array))).toEqual(['3', '\n', '4\n']);
  });

  it.each<[name: string, flags: number, errno: number]>([
    ['read-only', O.WRONLY, ERRNO.EACCES],
    ['read-only', O.RDWR, ERRNO.EACCES],
    ['write-only', O.RDONLY, ERRNO.EACCES],
    ['write-only', O.RDWR, ERRNO.EACCES],
    ['none', NEW, ERRNO.EACCES],
    ['none', O.RDONLY, ERRNO.ENOENT],
  ])('%s opened with %i: %i (kernfs_fop_open, lookup_open)', (name, flags, errno) => {
    const { at, process, run } = fixture();
    expect(run(process.open(at(name), flags))).toBe(errno);
  });

  it('show less than a page (sysfs_kf_seq_show), and give the errno of their driver', () => {
    const { at, read, write } = fixture();
    expect(read(at('read-only'))).toBe('x'.repeat(4095));
    expect(read(at('failing'))).toBe(ERRNO.EIO);
    expect(write(at('write-only'), 'bad', O.WRONLY)).toBe(ERRNO.EINVAL);
    expect(write(at('write-only'), 'abc', O.WRONLY)).toBe(1);
  });

  it('take at most a page at a time, in bytes (kernfs_fop_write_iter)', () => {
    const { at, stored, write } = fixture();
    expect(write(at('both'), 'ü\n', O.WRONLY)).toBe(3);
    expect(write(at('both'), new Uint8Array(5000).fill(65), O.WRONLY)).toBe(4096);
    expect(stored.map(({ length }) => length)).toEqual([2, 4096]);
    expect(write(at('both'), Uint8Array.of(0xff, 0xfe), O.WRONLY)).toBe(2);
  });

  it('of a device that is gone: -ENODEV (kernfs_get_active)', () => {
    const { at, device, kernel, process, run } = fixture();
    const [reader, writer] = [run(process.open(at('both'))), run(process.open(at('both'), O.WRONLY))];
    kernel.devices.remove(device);
    expect(run(process.read(reader, 10))).toBe(ERRNO.ENODEV);
    expect(run(process.write(writer, Uint8Array.of(65)))).toBe(ERRNO.ENODEV);
    expect(run(process.open(at('both')))).toBe(ERRNO.ENOENT);
  });
});

describe('the driver model', () => {
  it('makes directories, links, dev and uevent', () => {
    const { at, process, read } = fixture();
    expect(process.readlink('/sys/class/remoteproc/remoteproc0')).toBe('../../devices/platform/imx8mp-cm7/remoteproc/remoteproc0');
    expect(process.readlink(at('device'))).toBe('../../../imx8mp-cm7');
    expect(process.readlink(at('subsystem'))).toBe('../../../../../class/remoteproc');
    expect(read(at('dev'))).toBe('243:0\n');
    expect(read(at('uevent'))).toBe('MAJOR=243\nMINOR=0\nDEVNAME=remoteproc0\nEXTRA=1\n');
    expect(read('/dev/remoteproc0')).toBe(ERRNO.EBUSY);
  });

  it('takes all of it away, with the directory of the class (cleanup_glue_dir)', () => {
    const { kernel, device, parent } = fixture();
    kernel.devices.remove(device);
    expect(kernel.vfs.find('/sys/devices/platform/imx8mp-cm7/remoteproc')).toBe(ERRNO.ENOENT);
    expect(kernel.vfs.find('/sys/class/remoteproc/remoteproc0')).toBe(ERRNO.ENOENT);
    expect(kernel.vfs.find('/dev/remoteproc0')).toBe(ERRNO.ENOENT);
    kernel.devices.add(device);
    kernel.devices.remove(parent);
    expect(kernel.vfs.find('/sys/devices/platform/imx8mp-cm7')).toBe(ERRNO.ENOENT);
    expect((kernel.vfs.find('/sys/class/remoteproc') as DirectoryNode).names()).toEqual([]);
  });

  it('leaves to users what is theirs in /dev (devtmpfs_create_node, devtmpfs_delete_node)', () => {
    const { kernel, device, process, read, write } = fixture();
    expect(process.unlink('/dev/remoteproc0')).toBe(0);
    // The classic: the device is gone, and echo makes a file.
    expect(write('/dev/remoteproc0', 'hello', NEW)).toBe(5);
    kernel.devices.remove(device);
    expect(read('/dev/remoteproc0')).toBe('hello');
    kernel.devices.add(device);
    expect(read('/dev/remoteproc0')).toBe('hello');
    process.unlink('/dev/remoteproc0');
    kernel.devices.remove(device);
    kernel.devices.add(device);
    expect(read('/dev/remoteproc0')).toBe(ERRNO.EBUSY);
  });
});

describe('statfs and utimensat', () => {
  it('tell what is mounted, its room, and set a time', () => {
    const { process, write } = fixture();
    write('/tmp/a', 'x'.repeat(5000), NEW);
    expect(process.statfs('/tmp/a')).toMatchObject({
      target: '/',
      type: 'tmpfs',
      usage: { blockSize: 4096, blocks: 65_536, free: 65_534 },
    });
    expect(process.statfs('/sys/class')).toMatchObject({ target: '/sys', type: 'sysfs', usage: { blocks: 0 } });
    expect(process.statfs('/none')).toBe(ERRNO.ENOENT);
    expect(process.utimes('/tmp/a', 42)).toBe(0);
    expect(process.stat('/tmp/a')).toMatchObject({ mtimeNs: 42 });
  });
});
