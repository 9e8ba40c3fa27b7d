/** `fw_get_filesystem_firmware` of drivers/base/firmware_loader/main.c. */
import { describe, expect, it } from 'vitest';
import { ERRNO } from '../../src/linux/errno.ts';
import { FirmwareLoader } from '../../src/linux/firmware-loader.ts';
import { O } from '../../src/linux/fs/vfs.ts';
import { kernelFixture } from './kernel-fixture.ts';

const NEW = O.WRONLY | O.CREAT | O.TRUNC;
const PARAMETER = '/sys/module/firmware_class/parameters/path';

function fixture() {
  const board = kernelFixture();
  const loader = new FirmwareLoader(board.kernel);
  const load = (name: string): string | number => {
    const image = board.run(loader.request(name, 'remoteproc remoteproc0'));
    return typeof image === 'number' ? image : new TextDecoder().decode(image.data);
  };
  return { ...board, loader, load };
}

describe('request_firmware', () => {
  it('searches updates/<release>, updates, <release> and /lib/firmware in this order', () => {
    const { kernel, process, load, write } = fixture();
    const { release } = kernel.flavour;
    for (const directory of ['updates', `updates/${release}`, release]) process.mkdir(`/lib/firmware/${directory}`);
    const places = [`updates/${release}/`, 'updates/', `${release}/`, ''];
    for (const place of places) write(`/lib/firmware/${place}fw.elf`, place, NEW);
    write('/lib/firmware/fw.elf', 'root', NEW);
    for (const place of places.slice(0, 3)) {
      expect(load('fw.elf')).toBe(place);
      process.unlink(`/lib/firmware/${place}fw.elf`);
    }
    expect(load('fw.elf')).toBe('root');
  });

  it('takes names with directories', () => {
    const { loader, load } = fixture();
    loader.files.set('imx/m7/fw.elf', new TextEncoder().encode('nested'));
    expect(load('imx/m7/fw.elf')).toBe('nested');
    expect(loader.files.has('imx/m7/fw.elf')).toBe(true);
    expect(loader.files.delete('imx/m7/fw.elf')).toBe(true);
    expect(load('imx/m7/fw.elf')).toBe(ERRNO.ENOENT);
  });

  it('looks for an absolute name below /lib/firmware: `echo ~/zephyr.elf > firmware` fails', () => {
    const { load, write, process, log } = fixture();
    write('/root/zephyr.elf', 'elf', NEW);
    expect(load('/root/zephyr.elf')).toBe(ERRNO.ENOENT);
    expect(log()).toEqual(['remoteproc remoteproc0: Direct firmware load for /root/zephyr.elf failed with error -2']);
    process.mkdir('/lib/firmware/root');
    write('/lib/firmware/root/zephyr.elf', 'elf', NEW);
    expect(load('/root/zephyr.elf')).toBe('elf');
  });

  it('follows symlinks out of /lib/firmware', () => {
    const { load, write, process } = fixture();
    write('/root/zephyr.elf', 'elf', NEW);
    process.symlink('/root/zephyr.elf', '/lib/firmware/fw.elf');
    expect(load('fw.elf')).toBe('elf');
  });

  it('refuses names with .. (name_contains_dotdot)', () => {
    const { load, log, loader } = fixture();
    loader.files.set('a..b', Uint8Array.of(65));
    expect(load('../../root/zephyr.elf')).toBe(ERRNO.EINVAL);
    expect(log()).toEqual(["remoteproc remoteproc0: Firmware load for '../../root/zephyr.elf' refused, path contains '..' component"]);
    expect(load('a..b')).toBe('A');
    expect(load('')).toBe(ERRNO.EINVAL);
  });

  it('gives the errno of kernel_read_file: empty files and directories -22, files being written -26', () => {
    const { load, log, write, process, run, loader } = fixture();
    write('/lib/firmware/empty', '', NEW);
    expect(load('empty')).toBe(ERRNO.EINVAL);
    process.mkdir('/lib/firmware/directory');
    expect(load('directory')).toBe(ERRNO.EINVAL);
    process.symlink('/sys/module/firmware_class/parameters/path', '/lib/firmware/attribute');
    expect(load('attribute')).toBe(ERRNO.EIO);
    loader.files.set('copying', Uint8Array.of(1));
    const fd = run(process.open('/lib/firmware/copying', O.WRONLY));
    expect(load('copying')).toBe(ERRNO.ETXTBSY);
    run(process.close(fd));
    expect(load('copying')).toBe('\x01');
    expect(load('x'.repeat(4090))).toBe(ERRNO.ENAMETOOLONG);
    expect(log().slice(0, 2)).toEqual([
      'remoteproc remoteproc0: Direct firmware load for empty failed with error -22',
      'remoteproc remoteproc0: Direct firmware load for directory failed with error -22',
    ]);
  });

  it('gives an image that later writes to the file do not change', () => {
    const { run, loader, write } = fixture();
    const bytes = Uint8Array.of(1, 2, 3);
    loader.files.set('fw', bytes);
    const image = run(loader.request('fw', 'x'));
    expect(write('/lib/firmware/fw', Uint8Array.of(7), O.WRONLY)).toBe(1);
    expect(image).toMatchObject({ name: 'fw', data: Uint8Array.of(1, 2, 3) });
    expect(bytes).toEqual(Uint8Array.of(1, 2, 3));
    expect(loader.files.get('fw')).toEqual(Uint8Array.of(7, 2, 3));
  });
});

describe('firmware_class.path', () => {
  it('is searched first', () => {
    const { load, loader, read, write } = fixture();
    loader.files.set('fw', new TextEncoder().encode('lib'));
    write('/root/fw', 'root', NEW);
    expect(read(PARAMETER)).toBe('\n');
    expect(write(PARAMETER, '/root', O.WRONLY)).toBe(5);
    expect(read(PARAMETER)).toBe('/root\n');
    expect(load('fw')).toBe('root');
  });

  it('has the newline of an echo without -n in it (param_set_copystring), and is then of no use', () => {
    const { load, write } = fixture();
    write('/root/fw', 'root', NEW);
    write(PARAMETER, '/root\n', O.WRONLY);
    expect(load('fw')).toBe(ERRNO.ENOENT);
  });

  it('has room for 255 characters', () => {
    const { log, write } = fixture();
    expect(write(PARAMETER, 'x'.repeat(255), O.WRONLY)).toBe(255);
    expect(write(PARAMETER, 'x'.repeat(256), O.WRONLY)).toBe(ERRNO.ENOSPC);
    expect(log()).toEqual(["path: string doesn't fit in 255 chars."]);
  });
});

describe('FirmwareFiles', () => {
  it('is /lib/firmware as the host sees it', () => {
    const { loader, read, write } = fixture();
    loader.files.set('a', Uint8Array.of(65)).set('b', Uint8Array.of(66));
    loader.files.set('a', Uint8Array.of(67));
    expect(loader.files.keys()).toEqual(['a', 'b']);
    expect([read('/lib/firmware/a'), read('/lib/firmware/b')]).toEqual(['C', 'B']);
    write('/lib/firmware/c', 'guest', NEW);
    expect(loader.files.get('c')).toEqual(new TextEncoder().encode('guest'));
    loader.files.clear();
    expect(loader.files.keys()).toEqual([]);
    expect(() => loader.files.set('big', new Uint8Array(257 * 1024 * 1024))).toThrow(/no room for/);
  });
});
