/**
 * proc (fs/proc/root.c) as a whole, and how it is mounted.
 */
import { ERRNO } from '../errno.ts';
import { KernelFile, ProcDirectory, procFile } from '../fs/kernel-files.ts';
import { SymlinkNode } from '../fs/vfs.ts';
import type { Kernel, KernelCode } from '../kernel.ts';
import { interruptChip, type SystemFacts } from './facts.ts';
import { interruptsText } from './interrupts.ts';
import { ProcRoot } from './processes.ts';
import { sysctlDirectory } from './sysctl.ts';
import * as system from './system.ts';

/** Root of proc for one kernel. Nothing in it is made before somebody looks. */
function procRoot(kernel: Kernel, facts: SystemFacts): ProcRoot {
  return new ProcRoot(kernel, (root) => {
    const cores = (): number => system.coresOf(facts).length;
    const files: Readonly<Record<string, () => string>> = {
      cmdline: () => `${facts.deviceTree()?.node('/chosen')?.string('bootargs') ?? ''}\n`,
      cpuinfo: () => system.cpuinfoText(system.coresOf(facts), facts.machineName ?? 'Generic DT based system'),
      devices: () => system.devicesText(kernel, facts.majors()),
      filesystems: () => system.filesystemsText(),
      interrupts: () => interruptsText(kernel, cores(), interruptChip(facts.deviceTree())),
      iomem: () => system.iomemText(facts),
      loadavg: () => system.loadavgText(kernel),
      meminfo: () => system.meminfoText(kernel, facts),
      modules: () => system.modulesText(facts.modules(), kernel.machine),
      uptime: () => system.uptimeText(kernel, cores()),
      version: () => system.versionText(kernel),
    };
    for (const [name, show] of Object.entries(files)) root.add(name, procFile(show));
    root.add('device-tree', new SymlinkNode('/sys/firmware/devicetree/base'));
    root.add('mounts', new SymlinkNode('self/mounts'));
    root.add('kmsg', kmsgFile(kernel));
    root.add('sys', sysctlDirectory(kernel));
    root.add('tty', ttyDirectory(facts));
  });
}

function ttyDirectory(facts: SystemFacts): ProcDirectory {
  return new ProcDirectory((directory) => {
    directory.add(
      'drivers',
      procFile(() => system.ttyDriversText(facts.ttyDrivers())),
    );
    directory.add(
      'ldiscs',
      procFile(() => 'n_tty       0\n'),
    );
  });
}

/** `kmsg_read`: the lines that nobody has read there yet; it sleeps for the next. */
function kmsgFile(kernel: Kernel): KernelFile {
  let seq = 0;
  return new KernelFile({
    mode: 0o400,
    *show(): KernelCode<string | number> {
      const { syslog } = kernel;
      while (seq >= syslog.nextSeq) if ((yield { queue: syslog.wait, interruptible: true }) === 'signal') return ERRNO.ERESTARTSYS;
      const { lines, lost } = syslog.buffer;
      const text = lines
        .slice(Math.max(0, seq - lost))
        .map(
          ({ cycle, since = 0, level, text: line }) =>
            `<${level}>[${((cycle - since) / kernel.scheduler.hz).toFixed(6).padStart(12)}] ${line}\n`,
        )
        .join('');
      seq = syslog.nextSeq;
      return text;
    },
  });
}

/** Mounts proc at /proc. */
export function mountProc(kernel: Kernel, facts: SystemFacts): void {
  kernel.vfs.mount('/proc', procRoot(kernel, facts), { source: 'proc', type: 'proc', options: 'rw,nosuid,nodev,noexec,relatime' });
}
