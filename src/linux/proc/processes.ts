/**
 * /proc/<pid> and /proc/self (fs/proc/base.c, array.c, fd.c).
 *
 * Not modelled: memory maps, credentials, limits, namespaces, threads.
 */
import { KernelFile, ProcDirectory, procFile } from '../fs/kernel-files.ts';
import { DirectoryNode, type FsNode, SymlinkNode } from '../fs/vfs.ts';
import type { Kernel } from '../kernel.ts';
import type { Process } from '../process.ts';
import { mountsText } from './system.ts';

const encoder = new TextEncoder();

/** `TASK_COMM_LEN` less its NUL. */
const COMM_LENGTH = 15;

/** `comm`: the name of the program without its directory. */
function commOf({ name }: Process): string {
  return name.slice(name.lastIndexOf('/') + 1).slice(0, COMM_LENGTH);
}

/** State of a process as `status` shows it. */
function stateOf(process: Process): string {
  if (process.status !== undefined) return 'Z (zombie)';
  return process.kernel.current?.process === process ? 'R (running)' : 'S (sleeping)';
}

/** `proc_pid_status`, the part that has a meaning here. */
function statusText(process: Process): string {
  const files = [...process.descriptors()].length;
  const rows: readonly (readonly [string, string])[] = [
    ['Name', commOf(process)],
    ['Umask', process.umask.toString(8).padStart(4, '0')],
    ['State', stateOf(process)],
    ['Tgid', String(process.pid)],
    ['Pid', String(process.pid)],
    ['PPid', '1'],
    ['Uid', '0\t0\t0\t0'],
    ['Gid', '0\t0\t0\t0'],
    ['FDSize', String(Math.max(64, files))],
    ['Threads', '1'],
  ];
  return rows.map(([name, value]) => `${name}:\t${value}\n`).join('');
}

/** `do_task_stat`, with zeros for what is not counted. */
function statText(process: Process): string {
  const state = stateOf(process)[0]!;
  return `${process.pid} (${commOf(process)}) ${state} 1 ${process.pid} ${process.pid}${' 0'.repeat(46)}\n`;
}

/** `fd`: links to the open files, by number. */
class FdDirectory extends DirectoryNode {
  private readonly process: Process;

  constructor(process: Process) {
    super(0o500);
    this.process = process;
  }

  override lookup(name: string): FsNode | undefined {
    const file = /^(0|[1-9]\d*)$/.test(name) ? this.process.file(Number(name)) : undefined;
    return file && new SymlinkNode(file.path ?? `pipe:[${this.process.kernel.vfs.inode(file.node)}]`);
  }

  override names(): readonly string[] {
    return [...this.process.descriptors()].map(([fd]) => String(fd));
  }
}

/** The directory of one process. */
function processDirectory(process: Process): ProcDirectory {
  return new ProcDirectory((directory) => {
    directory.add('comm', new KernelFile({ mode: 0o644, show: () => `${commOf(process)}\n` }));
    directory.add(
      'cmdline',
      procFile(() => encoder.encode(process.argv.map((argument) => `${argument}\0`).join(''))),
    );
    directory.add(
      'environ',
      procFile(() => [...process.env].map(([name, value]) => `${name}=${value}\0`).join(''), 0o400),
    );
    directory.add(
      'status',
      procFile(() => statusText(process)),
    );
    directory.add(
      'stat',
      procFile(() => statText(process)),
    );
    directory.add('cwd', new SymlinkNode(() => process.cwd));
    directory.add('root', new SymlinkNode('/'));
    directory.add(
      'mounts',
      procFile(() => mountsText(process.kernel)),
    );
    directory.add('fd', new FdDirectory(process));
  });
}

/** The root of proc: its files, and a directory for each process. */
export class ProcRoot extends ProcDirectory {
  private readonly kernel: Kernel;
  private readonly directories = new WeakMap<Process, ProcDirectory>();

  constructor(kernel: Kernel, populate: (directory: DirectoryNode) => void) {
    super((directory) => {
      populate(directory);
      directory.add('self', new SymlinkNode(() => String(kernel.current?.process?.pid ?? '')));
    });
    this.kernel = kernel;
  }

  override lookup(name: string): FsNode | undefined {
    const process = /^[1-9]\d*$/.test(name) ? this.kernel.processes.get(Number(name)) : undefined;
    if (!process) return super.lookup(name);
    let directory = this.directories.get(process);
    if (!directory) {
      directory = processDirectory(process);
      this.directories.set(process, directory);
    }
    return directory;
  }

  override names(): readonly string[] {
    return [...super.names(), ...[...this.kernel.processes.keys()].map(String)];
  }
}
