/** What users make in the root: fs/namei.c and mm/shmem.c by their system calls. */
import { describe, expect, it } from 'vitest';
import { ERRNO } from '../../src/linux/errno.ts';
import { Tmpfs, type TmpfsFile } from '../../src/linux/fs/tmpfs.ts';
import { O, SymlinkNode } from '../../src/linux/fs/vfs.ts';
import { kernelFixture } from './kernel-fixture.ts';

const NEW = O.WRONLY | O.CREAT | O.TRUNC;

describe('files in the root', () => {
  it('are made, emptied and appended to as a shell redirects', () => {
    const { read, write } = kernelFixture();
    expect(write('/root/a', 'one\n', NEW)).toBe(4);
    expect(write('/root/a', '2\n', O.WRONLY | O.CREAT | O.APPEND)).toBe(2);
    expect(read('/root/a')).toBe('one\n2\n');
    expect(write('/root/a', 'xy', O.WRONLY)).toBe(2);
    expect(read('/root/a')).toBe('xye\n2\n');
    expect(write('/root/a', 'z', NEW)).toBe(1);
    expect(read('/root/a')).toBe('z');
  });

  it('have the mode that open gives them, less the umask', () => {
    const { process, write } = kernelFixture();
    write('/tmp/a', '', NEW);
    expect((process.stat('/tmp/a') as TmpfsFile).mode.toString(8)).toBe('644');
    process.mkdir('/tmp/d');
    expect((process.stat('/tmp/d') as TmpfsFile).mode.toString(8)).toBe('755');
    expect(process.chmod('/tmp/a', 0o4711)).toBe(0);
    expect((process.stat('/tmp/a') as TmpfsFile).mode.toString(8)).toBe('4711');
  });

  it('may be read and written anywhere: llseek', () => {
    const { process, run } = kernelFixture();
    const text = run(
      (function* () {
        const fd = yield* process.open('/tmp/a', O.RDWR | O.CREAT);
        yield* process.write(fd, Uint8Array.of(1, 2, 3));
        process.seek(fd, 6);
        yield* process.write(fd, Uint8Array.of(9));
        process.seek(fd, 1);
        return yield* process.read(fd, 100);
      })(),
    );
    expect(text).toEqual(Uint8Array.of(2, 3, 0, 0, 0, 9));
  });

  it('live on without a name while they are open', () => {
    const { process, run, kernel } = kernelFixture();
    const root = kernel.vfs.root as import('../../src/linux/fs/tmpfs.ts').TmpfsDirectory;
    const before = root.fs.usage;
    run(
      (function* () {
        const fd = yield* process.open('/tmp/a', O.RDWR | O.CREAT);
        yield* process.write(fd, new Uint8Array(10_000));
        expect(process.unlink('/tmp/a')).toBe(0);
        expect(process.stat('/tmp/a')).toBe(ERRNO.ENOENT);
        expect(root.fs.usage.free).toBe(before.free - 3);
        yield* process.close(fd);
      })(),
    );
    expect(root.fs.usage).toEqual(before);
  });

  it('are named twice by link', () => {
    const { process, read, write } = kernelFixture();
    write('/tmp/a', 'text', NEW);
    expect(process.link('/tmp/a', '/tmp/b')).toBe(0);
    expect((process.stat('/tmp/a') as TmpfsFile).links).toBe(2);
    process.unlink('/tmp/a');
    expect(read('/tmp/b')).toBe('text');
    expect(process.link('/tmp/b', '/dev/b')).toBe(ERRNO.EXDEV);
    expect(process.link('/tmp', '/t')).toBe(ERRNO.EPERM);
    expect(process.link('/tmp/b', '/tmp/b')).toBe(ERRNO.EEXIST);
  });
});

describe('open', () => {
  it.each<[path: string, flags: number, errno: number, how: string]>([
    ['/tmp/no/such', NEW, ERRNO.ENOENT, 'link_path_walk'],
    ['/tmp/a/b', NEW, ERRNO.ENOTDIR, 'link_path_walk'],
    ['/tmp/none', O.RDONLY, ERRNO.ENOENT, 'lookup_open'],
    ['/tmp/none/', NEW, ERRNO.EISDIR, 'open_last_lookups'],
    ['/tmp/a/', O.RDONLY, ERRNO.ENOTDIR, 'do_open'],
    ['/tmp', O.WRONLY, ERRNO.EISDIR, 'may_open'],
    ['/tmp', O.RDONLY | O.CREAT, ERRNO.EISDIR, 'do_open'],
    ['/tmp/a', O.WRONLY | O.CREAT | O.EXCL, ERRNO.EEXIST, 'do_open'],
    ['/tmp/dangling', O.WRONLY | O.CREAT | O.EXCL, ERRNO.EEXIST, 'do_open'],
    ['/tmp/a', O.RDONLY | O.DIRECTORY, ERRNO.ENOTDIR, 'do_open'],
    ['/tmp/loop', O.RDONLY, ERRNO.ELOOP, 'step_into'],
    ['', O.RDONLY, ERRNO.ENOENT, 'getname_flags'],
    [`/tmp/${'n'.repeat(256)}`, NEW, ERRNO.ENAMETOOLONG, 'simple_lookup'],
    [`/tmp/${'é'.repeat(128)}`, NEW, ERRNO.ENAMETOOLONG, 'simple_lookup'],
    [`/${'n/'.repeat(2048)}`, NEW, ERRNO.ENAMETOOLONG, 'getname_flags'],
    ['/sys/new', NEW, ERRNO.EACCES, 'lookup_open'],
  ])('of %s with flags %i gives %i (%s)', (path, flags, errno) => {
    const { process, write } = kernelFixture();
    write('/tmp/a', '', NEW);
    process.symlink('loop', '/tmp/loop');
    process.symlink('none', '/tmp/dangling');
    expect(write(path, 'x', flags)).toBe(errno);
  });

  it('takes no longer for hostile symlinks: 40 of them with 2000 names each', () => {
    const { process } = kernelFixture();
    const filler = './'.repeat(2000);
    for (let i = 0; i < 41; i++) process.symlink(`${filler}${i + 1}/${'x/../'.repeat(5)}`.slice(0, 4095), `/tmp/${i}`);
    expect(process.stat(`/tmp/0/${'y/'.repeat(2000)}`)).toBe(ERRNO.ELOOP);
    process.symlink('a/.', '/tmp/file-dot');
    process.symlink('a', '/tmp/b');
    expect([process.stat('/tmp/file-dot'), process.stat('/tmp/b/..')]).toEqual([ERRNO.ENOENT, ERRNO.ENOENT]);
  });

  it('makes the file that a dangling symlink names', () => {
    const { process, read, write } = kernelFixture();
    process.symlink('../home/there', '/tmp/link');
    expect(write('/tmp/link', 'text', NEW)).toBe(4);
    expect(read('/home/there')).toBe('text');
    expect(process.readlink('/tmp/link')).toBe('../home/there');
    expect(process.readlink('/home/there')).toBe(ERRNO.EINVAL);
  });
});

describe('names', () => {
  it.each<[call: 'mkdir' | 'rmdir' | 'unlink', path: string, errno: number, how: string]>([
    ['mkdir', '/tmp/d', ERRNO.EEXIST, 'filename_create'],
    ['mkdir', '/tmp/x/.', ERRNO.ENOENT, 'filename_parentat'],
    ['mkdir', '/tmp/d/..', ERRNO.EEXIST, 'filename_create'],
    ['mkdir', '/tmp/x/', 0, 'do_mkdirat'],
    ['mkdir', '/sys/x', ERRNO.EPERM, 'vfs_mkdir'],
    ['rmdir', '/tmp/full', ERRNO.ENOTEMPTY, 'simple_rmdir'],
    ['rmdir', '/tmp/a', ERRNO.ENOTDIR, 'may_delete'],
    ['rmdir', '/tmp/none', ERRNO.ENOENT, 'do_rmdir'],
    ['rmdir', '/tmp/d/.', ERRNO.EINVAL, 'do_rmdir'],
    ['rmdir', '/tmp/d/..', ERRNO.ENOTEMPTY, 'do_rmdir'],
    ['rmdir', '/', ERRNO.EBUSY, 'do_rmdir'],
    ['rmdir', '/sys', ERRNO.EBUSY, 'vfs_rmdir'],
    ['rmdir', '/tmp/d/', 0, 'do_rmdir'],
    ['rmdir', '/sys/class', ERRNO.EPERM, 'vfs_rmdir'],
    ['unlink', '/tmp/d', ERRNO.EISDIR, 'may_delete'],
    ['unlink', '/tmp/a/', ERRNO.ENOTDIR, 'do_unlinkat'],
    ['unlink', '/tmp/none', ERRNO.ENOENT, 'do_unlinkat'],
    ['unlink', '/tmp/..', ERRNO.EISDIR, 'do_unlinkat'],
    ['unlink', '/tmp/a', 0, 'do_unlinkat'],
    ['unlink', '/sys/module/firmware_class', ERRNO.ENOENT, 'do_unlinkat'],
  ])('%s %s gives %i (%s)', (call, path, errno) => {
    const { process, write } = kernelFixture();
    write('/tmp/a', '', NEW);
    process.mkdir('/tmp/d');
    process.mkdir('/tmp/full');
    write('/tmp/full/a', '', NEW);
    expect(process[call](path)).toBe(errno);
  });

  it.each<[from: string, to: string, errno: number, how: string]>([
    ['/tmp/a', '/tmp/b', 0, 'simple_rename'],
    ['/tmp/a', '/tmp/a', 0, 'vfs_rename'],
    ['/tmp/d', '/tmp/e', 0, 'simple_rename'],
    ['/tmp/d', '/tmp/d/x', ERRNO.EINVAL, 'do_renameat2'],
    ['/tmp/full/a', '/tmp/full', ERRNO.ENOTEMPTY, 'do_renameat2'],
    ['/tmp/d', '/tmp/full', ERRNO.ENOTEMPTY, 'simple_rename'],
    ['/tmp/full', '/tmp/d', 0, 'simple_rename'],
    ['/tmp/d', '/tmp/a', ERRNO.ENOTDIR, 'may_delete'],
    ['/tmp/a', '/tmp/d', ERRNO.EISDIR, 'may_delete'],
    ['/tmp/a', '/tmp/x/', ERRNO.ENOTDIR, 'do_renameat2'],
    ['/tmp/a', '/dev/a', ERRNO.EXDEV, 'do_renameat2'],
    ['/tmp/..', '/tmp/x', ERRNO.EBUSY, 'do_renameat2'],
    ['/sys', '/tmp/x', ERRNO.EBUSY, 'vfs_rename'],
    ['/sys/class', '/sys/x', ERRNO.EPERM, 'vfs_rename'],
    ['/tmp/none', '/tmp/x', ERRNO.ENOENT, 'do_renameat2'],
  ])('rename %s to %s gives %i (%s)', (from, to, errno) => {
    const { process, write, kernel } = kernelFixture();
    write('/tmp/a', '', NEW);
    process.mkdir('/tmp/d');
    process.mkdir('/tmp/full');
    write('/tmp/full/a', '', NEW);
    const source = kernel.vfs.find(from);
    expect(process.rename(from, to)).toBe(errno);
    if (errno === 0) expect(kernel.vfs.find(to)).toBe(source);
    else expect(kernel.vfs.find(from)).toBe(source);
  });

  it('are counted by links and sizes of directories', () => {
    const { process } = kernelFixture();
    process.mkdir('/tmp/d');
    process.mkdir('/tmp/d/e');
    const d = process.stat('/tmp/d') as TmpfsFile;
    expect([d.links, d.size]).toEqual([3, 60]);
    expect(process.stat('/tmp/d', false)).not.toBeInstanceOf(SymlinkNode);
  });
});

describe('limits', () => {
  it('end a file that grows: -ENOSPC of shmem_get_folio_gfp', () => {
    const fs = new Tmpfs(() => 0, { bytes: 16_384 });
    const { kernel, process, run } = kernelFixture();
    kernel.vfs.mount('/mnt', fs.root, { source: 'tmpfs', type: 'tmpfs' });
    const counts = run(
      (function* () {
        const fd = yield* process.open('/mnt/a', O.WRONLY | O.CREAT);
        const results: number[] = [];
        for (let i = 0; i < 4; i++) results.push(yield* process.write(fd, new Uint8Array(6000)));
        process.seek(fd, 2 ** 40);
        results.push(yield* process.write(fd, new Uint8Array(1)));
        yield* process.close(fd);
        return results;
      })(),
    );
    expect(counts).toEqual([6000, 6000, 4384, ERRNO.ENOSPC, ERRNO.ENOSPC]);
    expect(fs.usage.free).toBe(0);
    expect(process.truncate('/mnt/a', 4096)).toBe(0);
    expect(fs.usage.free).toBe(3);
    expect(process.truncate('/mnt/a', 1e9)).toBe(ERRNO.ENOSPC);
    expect(fs.usage.free).toBe(3);
    expect(process.truncate('/mnt', 0)).toBe(ERRNO.EISDIR);
    process.unlink('/mnt/a');
    expect(fs.usage.free).toBe(4);
  });

  it('end files without content: -ENOSPC of shmem_reserve_inode', () => {
    const fs = new Tmpfs(() => 0, { inodes: 3 });
    const { kernel, process, write } = kernelFixture();
    kernel.vfs.mount('/mnt', fs.root, { source: 'tmpfs', type: 'tmpfs' });
    expect([process.mkdir('/mnt/a'), process.symlink('a', '/mnt/b'), write('/mnt/c', '', NEW), write('/mnt/d', '', NEW)]).toEqual([
      0,
      0,
      0,
      ERRNO.ENOSPC,
    ]);
    for (const name of ['b', 'c']) process.unlink(`/mnt/${name}`);
    process.rmdir('/mnt/a');
    expect(fs.usage.freeInodes).toBe(3);
  });

  it('keep the bytes of a file that was shrunk and grown zero', () => {
    const { process, read, write } = kernelFixture();
    write('/tmp/a', 'abcdef', NEW);
    expect(process.truncate('/tmp/a', 2)).toBe(0);
    expect(process.truncate('/tmp/a', 4)).toBe(0);
    expect(read('/tmp/a')).toBe('ab\0\0');
    expect(process.truncate('/tmp/a', -1)).toBe(ERRNO.EINVAL);
  });
});

describe('mounts', () => {
  it('hide what they cover, and give it back', () => {
    const { kernel, process, read, write } = kernelFixture();
    write('/mnt/a', 'below', NEW);
    kernel.vfs.mount('/mnt', new Tmpfs(() => 0).root, { source: 'tmpfs', type: 'tmpfs' });
    expect(read('/mnt/a')).toBe(ERRNO.ENOENT);
    expect(kernel.vfs.mountOf('/mnt/x')?.target).toBe('/mnt');
    expect(process.rmdir('/mnt')).toBe(ERRNO.EBUSY);
    expect(kernel.vfs.unmount('/mnt')).toBe(true);
    expect(read('/mnt/a')).toBe('below');
    expect(kernel.vfs.unmount('/mnt')).toBe(false);
  });
});
