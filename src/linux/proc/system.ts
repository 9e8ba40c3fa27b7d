/**
 * Files of /proc about the system (fs/proc/*.c, kernel/resource.c, kernel/module/procfs.c, arch/arm64/kernel/cpuinfo.c,
 * arch/arm/kernel/setup.c, fs/proc/proc_tty.c).
 *
 * Approximate where the real kernel counts what is not modelled: memory in use, load, idle time.
 */
import type { Kernel } from '../kernel.ts';
import { type CpuFacts, cpus, type ModuleFacts, physicalMemory, type SystemFacts, type TtyDriverFacts } from './facts.ts';

/** File systems that are registered, without a device each. */
const FILE_SYSTEMS = ['sysfs', 'tmpfs', 'proc', 'devtmpfs', 'debugfs'] as const;
/** Character devices whose majors never change. */
const FIXED_MAJORS: readonly (readonly [number, string])[] = [
  [1, 'mem'],
  [5, '/dev/tty'],
  [5, '/dev/console'],
];
/** `hwcap_str` of cores of ARMv8.0, and those of ARMv8.2. */
const FEATURES = 'fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid';
const FEATURES_V82 = 'fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp';
const CORTEX_A55 = 0xd05;
/** Where modules are loaded (`MODULES_VADDR`), for the address that lsmod does not show; on 32-bit ARM below the kernel. */
const MODULES_BASE = 0xffff_8000_0100_0000n;
const MODULES_BASE_32 = 0xbf00_0000n;
/** What the kernel itself takes of RAM, in KiB. */
const KERNEL_KB = 65_536;

/** `uname -v`. */
export const UTS_VERSION = '#1 SMP PREEMPT';

/** `linux_proc_banner`. */
export function versionText(kernel: Kernel): string {
  return `Linux version ${kernel.flavour.release} (imx-sim) (${kernel.flavour.title}) ${UTS_VERSION}\n`;
}

/** `c_show`; 32-bit Linux has the machine below its cores. */
export function cpuinfoText(cores: readonly CpuFacts[], machine: string): string {
  if (cores[0]?.armv7) return `${cores.map(armv7Text).join('')}Hardware\t: ${machine}\nRevision\t: 0000\nSerial\t\t: 0000000000000000\n`;
  return cores
    .map(({ part, variant, revision }, index) =>
      [
        `processor\t: ${index}`,
        'BogoMIPS\t: 16.00',
        `Features\t: ${part === CORTEX_A55 ? FEATURES_V82 : FEATURES}`,
        'CPU implementer\t: 0x41',
        'CPU architecture: 8',
        `CPU variant\t: 0x${variant.toString(16)}`,
        `CPU part\t: 0x${part.toString(16).padStart(3, '0')}`,
        `CPU revision\t: ${revision}\n\n`,
      ].join('\n'),
    )
    .join('');
}

function armv7Text({ part, variant, revision, armv7 }: CpuFacts, index: number): string {
  return [
    `processor\t: ${index}`,
    `model name\t: ARMv7 Processor rev ${revision} (v7l)`,
    `BogoMIPS\t: ${armv7?.bogoMips}`,
    `Features\t: ${armv7?.features} `,
    'CPU implementer\t: 0x41',
    'CPU architecture: 7',
    `CPU variant\t: 0x${variant.toString(16)}`,
    `CPU part\t: 0x${part.toString(16)}`,
    `CPU revision\t: ${revision}\n\n`,
  ].join('\n');
}

/** `uptime_proc_show`: time since the kernel began, and that of all cores idle. */
export function uptimeText(kernel: Kernel, cores: number): string {
  const seconds = kernel.uptime;
  const hundredths = (value: number): string => (Math.floor(value * 100) / 100).toFixed(2);
  return `${hundredths(seconds)} ${hundredths(seconds * cores)}\n`;
}

/** `loadavg_proc_show`. */
export function loadavgText(kernel: Kernel): string {
  const pids = [...kernel.processes.keys()];
  return `0.00 0.00 0.00 ${kernel.current ? 1 : 0}/${pids.length} ${Math.max(0, ...pids)}\n`;
}

/** `meminfo_proc_show`, its first lines and those that have a meaning here. */
export function meminfoText(kernel: Kernel, { deviceTree }: SystemFacts): string {
  const { banks, reserved } = physicalMemory(deviceTree());
  const bytes = (ranges: readonly { readonly size: number }[]): number => ranges.reduce((sum, { size }) => sum + size, 0);
  const total = Math.max(KERNEL_KB, Math.floor((bytes(banks) - bytes(reserved.filter(({ noMap }) => noMap))) / 1024));
  const files = [...new Set(kernel.vfs.mounts.map(({ root }) => root))].reduce((sum, root) => sum + usedKb(root), 0);
  const free = Math.max(0, total - KERNEL_KB - files);
  const rows: readonly (readonly [string, number])[] = [
    ['MemTotal', total],
    ['MemFree', free],
    ['MemAvailable', free],
    ['Buffers', 0],
    ['Cached', files],
    ['SwapCached', 0],
    ['SwapTotal', 0],
    ['SwapFree', 0],
    ['Shmem', files],
  ];
  return rows.map(([name, kb]) => `${`${name}:`.padEnd(16)}${String(kb).padStart(8)} kB\n`).join('');
}

function usedKb(root: object): number {
  const { fs } = root as { readonly fs?: { readonly usage: { readonly blocks: number; readonly free: number } } };
  return fs ? (fs.usage.blocks - fs.usage.free) * 4 : 0;
}

/** `r_show` of kernel/resource.c: RAM, reserved memory, windows of drivers. */
export function iomemText({ deviceTree, claimed }: SystemFacts): string {
  const { banks, reserved } = physicalMemory(deviceTree());
  const rows: { readonly base: number; readonly size: number; readonly name: string; readonly depth: number }[] = [];
  const away = reserved.filter(({ noMap }) => noMap);
  for (const bank of banks) {
    let at = bank.base;
    const end = bank.base + bank.size;
    const ram = (to: number): void => {
      if (to > at) rows.push({ base: at, size: to - at, name: 'System RAM', depth: 0 });
    };
    for (const { base, size } of away) {
      if (base < at || base + size > end) continue;
      ram(base);
      at = base + size;
    }
    ram(end);
  }
  for (const { base, size, noMap } of reserved) rows.push({ base, size, name: 'reserved', depth: noMap ? 0 : 1 });
  for (const { base, size, name } of claimed()) rows.push({ base, size, name, depth: 0 });
  const hex = (value: number): string => value.toString(16).padStart(8, '0');
  return rows
    .sort((a, b) => a.base - b.base || a.depth - b.depth)
    .map(({ base, size, name, depth }) => `${'  '.repeat(depth)}${hex(base)}-${hex(base + size - 1)} : ${name}\n`)
    .join('');
}

/** `m_show`. */
export function modulesText(modules: readonly ModuleFacts[], machine: string): string {
  let address = machine === 'aarch64' ? MODULES_BASE : MODULES_BASE_32;
  return modules
    .map(({ name, size, refcount, usedBy, state }) => {
      address += BigInt(size) + 0x8000n;
      return `${name} ${size} ${refcount} ${usedBy.length > 0 ? `${usedBy.join(',')},` : '-'} ${state} 0x${address.toString(16)}\n`;
    })
    .join('');
}

/** `filesystems_proc_show`. */
export function filesystemsText(): string {
  return FILE_SYSTEMS.map((name) => `nodev\t${name}\n`).join('');
}

/** `show_vfsmnt`. */
export function mountsText(kernel: Kernel): string {
  const escaped = (text: string): string => text.replace(/[ \t\n\\]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return kernel.vfs.mounts
    .map(({ source, target, type, options }) => `${escaped(source)} ${escaped(target)} ${type} ${options} 0 0\n`)
    .join('');
}

/** `devinfo_show`. */
export function devicesText(kernel: Kernel, dynamic: readonly { readonly major: number; readonly name: string }[]): string {
  const rows = [...FIXED_MAJORS, ...dynamic.map(({ major, name }) => [major, name] as const)];
  const named = new Set(rows.map(([major]) => major));
  for (const { major, owner } of kernel.devices.majors) {
    if (named.has(major)) continue;
    named.add(major);
    rows.push([major, owner]);
  }
  const lines = rows.sort((a, b) => a[0] - b[0]).map(([major, name]) => `${String(major).padStart(3)} ${name}\n`);
  return `Character devices:\n${lines.join('')}\nBlock devices:\n`;
}

/** `show_tty_driver`, behind the pseudo-drivers. */
export function ttyDriversText(drivers: readonly TtyDriverFacts[]): string {
  const row = (driver: string, name: string, major: number, minors: string, type: string): string =>
    `${driver.padEnd(20)} /dev/${name.padEnd(8)} ${String(major).padStart(3)} ${minors} ${type}\n`;
  const lines = [row('/dev/tty', 'tty', 5, '      0', 'system:/dev/tty'), row('/dev/console', 'console', 5, '      1', 'system:console')];
  for (const { driver, name, major, firstMinor, count } of drivers) {
    const minors = count > 1 ? `${firstMinor}-${firstMinor + count - 1}` : String(firstMinor).padStart(7);
    lines.push(row(driver, name, major, minors, 'console'));
  }
  return lines.join('');
}

/** The cores that the tree names. */
export function coresOf({ deviceTree }: SystemFacts): CpuFacts[] {
  return cpus(deviceTree());
}
