/**
 * The tree with which user space begins: a root that users write in, the directories that a distribution has, and the kernel's file systems
 * mounted as systemd mounts them.
 *
 * Not modelled: the image of a distribution. /usr/bin, /etc and so on hold what is put there.
 */
import { DirectoryNode } from './nodes.ts';
import { Tmpfs, TmpfsDirectory } from './tmpfs.ts';
import { Vfs } from './vfs.ts';

/** Directories of the root with their modes. */
const DIRECTORIES: readonly (readonly [path: string, mode: number])[] = [
  ['/bin', 0o755],
  ['/boot', 0o755],
  ['/dev', 0o755],
  ['/etc', 0o755],
  ['/home', 0o755],
  ['/lib', 0o755],
  ['/lib/firmware', 0o755],
  ['/lib/modules', 0o755],
  ['/media', 0o755],
  ['/mnt', 0o755],
  ['/opt', 0o755],
  ['/proc', 0o555],
  ['/root', 0o700],
  ['/run', 0o755],
  ['/sbin', 0o755],
  ['/sys', 0o555],
  ['/tmp', 0o1777],
  ['/usr', 0o755],
  ['/usr/bin', 0o755],
  ['/usr/lib', 0o755],
  ['/usr/sbin', 0o755],
  ['/var', 0o755],
  ['/var/log', 0o755],
];

/** Bytes that device nodes and what users put beside them may take. */
const DEV_BYTES = 16 * 1024 * 1024;

/** A VFS with its root, /dev (devtmpfs) and /sys; `now` is virtual time in ns. */
export function createVfs(now: () => number): Vfs {
  const root = new Tmpfs(now);
  const vfs = new Vfs(root.root);
  vfs.mount('/', root.root, { source: 'tmpfs', type: 'tmpfs' });
  for (const [path, mode] of DIRECTORIES) makeDirectory(vfs, path, mode);
  const dev = new Tmpfs(now, { bytes: DEV_BYTES });
  vfs.mount('/dev', dev.root, { source: 'devtmpfs', type: 'devtmpfs', options: `rw,relatime,size=${DEV_BYTES / 1024}k,mode=755` });
  vfs.mount('/sys', new DirectoryNode(0o555), { source: 'sysfs', type: 'sysfs', options: 'rw,nosuid,nodev,noexec,relatime' });
  vfs.directory('/sys/kernel/debug');
  vfs.mount('/sys/kernel/debug', new DirectoryNode(0o700), {
    source: 'debugfs',
    type: 'debugfs',
    options: 'rw,nosuid,nodev,noexec,relatime',
  });
  return vfs;
}

/** A directory, made with those above it where they are missing; undefined where something else is in the way, or no room. */
export function makeDirectory(vfs: Vfs, path: string, mode = 0o755): DirectoryNode | undefined {
  let directory = vfs.root;
  for (const name of path.split('/').filter(Boolean)) {
    const next = directory.lookup(name) ?? directory.create(name, 'directory', mode);
    if (!(next instanceof DirectoryNode)) return undefined;
    directory = next;
  }
  return directory;
}

/** The tmpfs directory at `path`, if there is one. */
export function tmpfsDirectory(vfs: Vfs, path: string): TmpfsDirectory | undefined {
  const node = vfs.find(path);
  return node instanceof TmpfsDirectory ? node : undefined;
}
