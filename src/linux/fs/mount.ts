/**
 * mount(2) and umount(2) (fs/namespace.c) for the file systems that need no block device.
 *
 * sysfs, proc, debugfs and devtmpfs are the same wherever they are mounted; each tmpfs is a new one. Not modelled: flags, remounting, moving,
 * binding, lazy and forced unmounting.
 */
import { ERRNO } from '../errno.ts';
import type { Kernel } from '../kernel.ts';
import { DirectoryNode } from './nodes.ts';
import { Tmpfs } from './tmpfs.ts';

/** Bytes of a tmpfs without a `size=` that can be understood. */
const TMPFS_BYTES = 64 * 1024 * 1024;
/** Mounts that there may be (far below `sysctl_mount_max`, as each may hold memory). */
const MOUNT_MAX = 64;

/** What the processes of boot, which are not modelled, have open. */
const HELD: readonly string[] = ['/', '/dev', '/proc', '/sys'];

/** `size=` of the options of a tmpfs in bytes, -EINVAL for one that makes no sense. */
function tmpfsBytes(options: string): number {
  const size = options.split(',').find((option) => option.startsWith('size='));
  if (size === undefined) return TMPFS_BYTES;
  const match = /^size=(\d+)([kmg]?)$/i.exec(size);
  if (!match) return ERRNO.EINVAL;
  const bytes = Number(match[1]) * 1024 ** ['', 'k', 'm', 'g'].indexOf(match[2]!.toLowerCase());
  return Math.min(bytes, TMPFS_BYTES);
}

/** The root of a file system of `type`; -ENODEV for a type that is not registered. */
function rootOf(kernel: Kernel, type: string, options: string): DirectoryNode | number {
  if (type === 'tmpfs') {
    const bytes = tmpfsBytes(options);
    return bytes < 0 ? bytes : new Tmpfs(() => kernel.now, { bytes, mode: 0o1777 }).root;
  }
  if (type === 'debugfs') return kernel.debugfs;
  // Mounted at boot and never to be lost, whatever was unmounted since.
  return kernel.fileSystems.get(type) ?? ERRNO.ENODEV;
}

/** `do_new_mount`: 0 or a negative errno. */
export function mount(kernel: Kernel, source: string, target: string, type: string, options = '', cwd = '/'): number {
  const { vfs } = kernel;
  const found = vfs.resolve(target, cwd);
  if (typeof found === 'number') return found;
  if (!found.node) return ERRNO.ENOENT;
  if (!(found.node instanceof DirectoryNode)) return ERRNO.ENOTDIR;
  const root = rootOf(kernel, type, options);
  if (typeof root === 'number') return root;
  // `do_add_mount`: the same file system again at the same place.
  if (vfs.mounts.findLast((each) => each.target === found.path)?.root === root || found.path === '/') return ERRNO.EBUSY;
  if (vfs.mounts.length >= MOUNT_MAX) return ERRNO.ENOSPC;
  vfs.mount(found.path, root, { source: source || 'none', type, options: options ? `rw,relatime,${options}` : 'rw,relatime' });
  return 0;
}

/** `path_umount`: 0, -EINVAL of what is no mount point, -EBUSY of one with mounts or open files below it. */
export function umount(kernel: Kernel, target: string, cwd = '/'): number {
  const { vfs } = kernel;
  const found = vfs.resolve(target, cwd);
  if (typeof found === 'number') return found;
  if (!found.node) return ERRNO.ENOENT;
  const { path } = found;
  if (!vfs.mounts.some((each) => each.target === path)) return ERRNO.EINVAL;
  const below = (other: string | undefined): boolean =>
    other !== undefined && (other === path || other.startsWith(path === '/' ? '/' : `${path}/`));
  if (HELD.includes(path) || vfs.mounts.some((each) => each.target !== path && below(each.target))) return ERRNO.EBUSY;
  for (const process of kernel.processes.values()) {
    if (below(process.cwd) || [...process.descriptors()].some(([, file]) => below(file.path))) return ERRNO.EBUSY;
  }
  return vfs.unmount(path) ? 0 : ERRNO.EINVAL;
}
