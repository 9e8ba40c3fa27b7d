/**
 * `request_firmware` (drivers/base/firmware_loader/main.c of 6.1): searches the directories of the kernel, in its order, for a file.
 *
 * The module parameter `path` is searched first. A name is put behind a directory and a slash as it is, so that an absolute name looks below
 * /lib/firmware, too. Not modelled: compressed files, the user-space fallback, the cache across suspend.
 */
import { UsageError } from '../errors.ts';
import type { FirmwareImage } from '../remoteproc/remoteproc-elf-loader.ts';
import { makeDirectory, tmpfsDirectory } from './fs/rootfs.ts';
import { AttributeNode, sysfsDirectory } from './fs/sysfs.ts';
import { TmpfsFile } from './fs/tmpfs.ts';
import { OpenableNode } from './fs/vfs.ts';
import { ERRNO, type Kernel, type KernelCode, sleep } from './kernel.ts';
import { LATENCY } from './latencies.ts';

const DIRECTORY = '/lib/firmware';
/** `sizeof(fw_path_para)`. */
const PARAMETER_SIZE = 256;
const PATH_MAX = 4096;

/** /lib/firmware as the host sees it: files by their names below it. */
export class FirmwareFiles {
  private readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** Puts a file there, in place of one of that name; `bytes` are not copied. @throws {UsageError} when it does not fit */
  set(name: string, bytes: Uint8Array): this {
    const path = `${DIRECTORY}/${name}`;
    const at = path.lastIndexOf('/');
    makeDirectory(this.kernel.vfs, path.slice(0, at));
    const file = tmpfsDirectory(this.kernel.vfs, path.slice(0, at))?.file(path.slice(at + 1));
    if (!file?.fill(bytes))
      throw new UsageError(`${path}: no room for ${bytes.length} bytes`, 'give a smaller file; strip its debug information');
    return this;
  }

  get(name: string): Uint8Array | undefined {
    const node = this.kernel.vfs.find(`${DIRECTORY}/${name}`);
    return node instanceof TmpfsFile ? node.bytes : undefined;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  delete(name: string): boolean {
    const at = this.kernel.vfs.parent(`${DIRECTORY}/${name}`);
    return typeof at !== 'number' && at.directory.lookup(at.name) instanceof TmpfsFile && at.directory.remove(at.name) === 0;
  }

  /** Removes the files directly in /lib/firmware. */
  clear(): void {
    for (const name of this.keys()) this.delete(name);
  }

  /** Names of the files directly in /lib/firmware. */
  keys(): string[] {
    return (tmpfsDirectory(this.kernel.vfs, DIRECTORY)?.names() ?? []).filter((name) => this.has(name));
  }
}

/** The firmware loader of one kernel. */
export class FirmwareLoader {
  readonly files: FirmwareFiles;
  private readonly kernel: Kernel;
  /** `fw_path_para`. */
  private parameter = '';

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.files = new FirmwareFiles(kernel);
    kernel.vfs.directory('/sys/module/firmware_class/parameters', sysfsDirectory).add('path', this.pathParameter());
  }

  /** The file, or a negative errno after the loader's own message for `device`. */
  *request(name: string, device: string): KernelCode<FirmwareImage | number> {
    if (name === '') return ERRNO.EINVAL;
    if (name.split('/').includes('..')) {
      this.kernel.dev(4, device, `Firmware load for '${name}' refused, path contains '..' component`);
      return ERRNO.EINVAL;
    }
    yield* sleep(LATENCY.firmware);
    const data = this.find(name);
    if (typeof data !== 'number') return { name, data };
    this.kernel.dev(4, device, `Direct firmware load for ${name} failed with error ${data}`);
    return data;
  }

  /** `fw_get_filesystem_firmware`: what the last directory gave, when none has it. */
  private find(name: string): Uint8Array | number {
    const { release } = this.kernel.flavour;
    const places = [this.parameter, `${DIRECTORY}/updates/${release}`, `${DIRECTORY}/updates`, `${DIRECTORY}/${release}`, DIRECTORY];
    let result: Uint8Array | number = ERRNO.ENOENT;
    for (const place of places) {
      if (place === '') continue;
      const path = `${place}/${name}`;
      if (path.length >= PATH_MAX) return ERRNO.ENAMETOOLONG;
      result = this.read(path);
      if (typeof result !== 'number') break;
    }
    return result;
  }

  /** `kernel_read_file`: -EINVAL of what is no file and of an empty one, -ETXTBSY while it is written, -EIO of one that is shorter than it says. */
  private read(path: string): Uint8Array | number {
    const node = this.kernel.vfs.find(path);
    if (typeof node === 'number') return node;
    if (node instanceof TmpfsFile && node.beingWritten) return ERRNO.ETXTBSY;
    // A core that was started keeps its image when the file is written again.
    if (node instanceof TmpfsFile && node.size > 0) return node.share();
    return node instanceof OpenableNode && node.type === 'file' && node.size > 0 ? ERRNO.EIO : ERRNO.EINVAL;
  }

  /** `module_param_string`: a newline that was written is part of the path. */
  private pathParameter(): AttributeNode {
    const loader = this;
    return new AttributeNode({
      name: 'path',
      *show() {
        return `${loader.parameter}\n`;
      },
      *store(text) {
        if (text.length + 1 > PARAMETER_SIZE) {
          loader.kernel.printk(3, `path: string doesn't fit in ${PARAMETER_SIZE - 1} chars.`);
          return ERRNO.ENOSPC;
        }
        loader.parameter = text;
        return text.length;
      },
    });
  }
}
