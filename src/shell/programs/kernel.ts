/**
 * Programs that look at the kernel and change it: dmesg (util-linux), kmod's, uname, uptime and their like, with those programs' words.
 */
import { ERRNO, strerror } from '../../linux/errno.ts';
import type { KernelCode } from '../../linux/kernel.ts';
import { WaitQueue } from '../../linux/kernel.ts';
import type { LogLine } from '../../linux/log-buffer.ts';
import { SYSLOG_ACTION } from '../../linux/printk.ts';
import type { Process, Program } from '../../linux/process.ts';
import { BUILTIN_MODULES } from '../../virtio/modules.ts';
import { dateAt } from '../clock.ts';
import { complain, finish, getopt, print, usage } from '../io.ts';
import { cTime, strftime } from './date.ts';
import { consoleTty } from './identity.ts';
import type { System } from './system.ts';

const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'];

const DMESG_LONG = {
  clear: 'C',
  'read-clear': 'c',
  'console-level=': 'n',
  'console-off': 'D',
  'console-on': 'E',
  human: 'H',
  kernel: 'k',
  'level=': 'l',
  notime: 't',
  ctime: 'T',
  follow: 'w',
  'follow-new': 'W',
  decode: 'x',
  raw: 'r',
  nopager: 'P',
  'color=': 'L',
  color: 'L',
  'show-delta': 'd',
  reltime: 'e',
  syslog: 'S',
  'time-format=': 'z',
  userspace: 'u',
  'facility=': 'f',
};

function dmesg({ linux: { kernel } }: System): Program {
  const { syslog } = kernel;
  const grown = new WaitQueue('a kernel message');
  const queue: LogLine[][] = [];
  kernel.events.subscribeInside((event) => {
    if (event.type !== 'dmesg') return;
    for (const each of queue) each.push(event);
    grown.wakeAll();
  });
  return function* (process, argv) {
    const { flags, operands, error } = getopt(argv, 'CcDEHkl:n:tTwWxrPLdeSz:uf:', DMESG_LONG);
    if (error) return yield* usage(process, 'dmesg', error);
    if (operands.length > 0) return yield* usage(process, 'dmesg', 'bad usage');
    if (flags.has('C')) {
      syslog.syslog(SYSLOG_ACTION.CLEAR);
      return 0;
    }
    if (flags.has('n')) {
      const text = flags.get('n')!;
      const level = /^\d+$/.test(text) ? Number(text) : LEVELS.indexOf(text) + 1;
      if (level < 1 || level > 8) return yield* complain(process, 'dmesg', `unknown level '${text}'`);
      syslog.syslog(SYSLOG_ACTION.CONSOLE_LEVEL, level);
      return 0;
    }
    if (flags.has('D') || flags.has('E')) {
      syslog.syslog(flags.has('D') ? SYSLOG_ACTION.CONSOLE_OFF : SYSLOG_ACTION.CONSOLE_ON);
      return 0;
    }
    const levels = flags.get('l')?.split(',');
    const bad = levels?.find((name) => !LEVELS.includes(name.replace(/\+$/, '')) && !/^[0-7]$/.test(name));
    if (bad !== undefined) return yield* complain(process, 'dmesg', `unknown level '${bad}'`);
    const wanted = (level: number): boolean =>
      !flags.has('u') &&
      (!levels ||
        levels.some(
          (name) => name === LEVELS[level] || name === String(level) || (name.endsWith('+') && level <= LEVELS.indexOf(name.slice(0, -1))),
        ));
    const style = { flags, hz: kernel.scheduler.hz, last: 0 };
    const news: LogLine[] = [];
    const following = flags.has('w') || flags.has('W');
    if (following) queue.push(news);
    let text = '';
    if (!flags.has('W')) for (const line of syslog.lines) if (wanted(line.level)) text += lineText(line, style);
    if (flags.has('c')) syslog.syslog(SYSLOG_ACTION.CLEAR);
    let status = yield* finish(process, 'dmesg', text);
    while (following && status === 0) {
      if (news.length === 0) {
        if (process.dying || (yield { queue: grown, interruptible: true }) === 'signal') break;
        continue;
      }
      const shown = news
        .splice(0)
        .filter(({ level }) => wanted(level))
        .map((line) => lineText(line, style));
      status = yield* finish(process, 'dmesg', shown.join(''));
    }
    if (following) queue.splice(queue.indexOf(news), 1);
    return status;
  };
}

function lineText(
  { cycle, since = 0, level, text }: LogLine,
  style: { readonly flags: ReadonlyMap<string, string>; readonly hz: number; last: number },
): string {
  const { flags, hz } = style;
  const seconds = (cycle - since) / hz;
  const delta = style.last === 0 ? 0 : seconds - style.last;
  style.last = seconds;
  let time = `[${seconds.toFixed(6).padStart(12)}] `;
  const format = flags.get('z');
  if (flags.has('t') || format === 'notime') time = '';
  else if (flags.has('T') || format === 'ctime') time = `[${cTime(dateAt(seconds * 1e9))}] `;
  else if (format === 'iso')
    time = `${dateAt(seconds * 1e9)
      .toISOString()
      .replace('Z', '')},000+00:00 `;
  else if (flags.has('d') || format === 'delta') time = `[${seconds.toFixed(6).padStart(12)} <${delta.toFixed(6).padStart(12)}>] `;
  else if (flags.has('e') || flags.has('H')) {
    const date = dateAt(seconds * 1e9);
    time =
      delta > 60 || (style.last === seconds && delta === 0)
        ? `[${strftime('%b%e %H:%M', date)}] `
        : `[${`+${delta.toFixed(6)}`.padStart(11)}] `;
  }
  const prefix = flags.has('r') ? `<${level}>` : flags.has('x') ? `kern  :${LEVELS[level]!.padEnd(6)}: ` : '';
  return text
    .split('\n')
    .map((line) => `${prefix}${time}${line}\n`)
    .join('');
}

/** `imx-rpmsg-tty.ko` and its like to a module's name. */
function moduleName(word: string): string {
  return word
    .replace(/^.*\//, '')
    .replace(/\.ko(?:\.\w+)?$/, '')
    .replaceAll('-', '_');
}

function isBuiltin(name: string): boolean {
  return (BUILTIN_MODULES as readonly string[]).includes(name);
}

function modprobe({ linux: { modules, kernel } }: System): Program {
  const release = kernel.flavour.release;
  return function* (process, argv) {
    const { flags, operands, error } = getopt(argv, 'rfvqnabiD', {
      remove: 'r',
      verbose: 'v',
      quiet: 'q',
      all: 'a',
      'dry-run': 'n',
      force: 'f',
      'show-depends': 'D',
      'first-time': 'F',
    });
    if (error) return yield* complain(process, 'modprobe', error);
    if (operands.length === 0) return yield* complain(process, 'modprobe', 'ERROR: missing parameters. See -h.');
    const names = flags.has('a') || flags.has('r') ? operands : [operands[0]!];
    const parameters = flags.has('a') || flags.has('r') ? '' : operands.slice(1).join(' ');
    for (const word of names) {
      const name = moduleName(word);
      const known = modules.available.includes(name);
      if (flags.has('r')) {
        const status = yield* probeRemove(process, modules, name, word);
        if (status !== 0) return status;
        continue;
      }
      if (!known && !isBuiltin(name)) {
        if (flags.has('q')) return 1;
        return yield* complain(process, 'modprobe', `FATAL: Module ${word} not found in directory /lib/modules/${release}`);
      }
      const needed = known ? [...modules.dependencies(name), name].filter((each) => !modules.loaded.includes(each)) : [];
      if (flags.has('v') || flags.has('D'))
        yield* print(
          process,
          needed
            .map((each) => `insmod /lib/modules/${release}/kernel/drivers/rpmsg/${each}.ko ${each === name ? parameters : ''}\n`)
            .join(''),
        );
      if (flags.has('n') || flags.has('D') || !known) continue;
      const err = yield* modules.insert(name, parameters);
      if (err < 0 && err !== ERRNO.EEXIST)
        return yield* complain(process, 'modprobe', `ERROR: could not insert '${name}': ${insertError(err)}`);
    }
    return 0;
  };
}

function* probeRemove(process: Process, modules: System['linux']['modules'], name: string, word: string): KernelCode<number> {
  if (isBuiltin(name)) return yield* complain(process, 'modprobe', `FATAL: Module ${name} is builtin.`);
  if (!modules.available.includes(name)) return yield* complain(process, 'modprobe', `FATAL: Module ${word} not found.`);
  if (!modules.loaded.includes(name)) return 0;
  const err = yield* modules.remove(name);
  if (err === ERRNO.EAGAIN || err === ERRNO.EBUSY) return yield* complain(process, 'modprobe', `FATAL: Module ${name} is in use.`);
  if (err < 0) return yield* complain(process, 'modprobe', `ERROR: could not remove '${name}': ${strerror(err)}`);
  // What only this module used goes with it.
  for (const needed of [...modules.dependencies(name)].reverse()) {
    const info = modules.info().find((each) => each.name === needed);
    if (info?.refcount === 0 && needed !== 'rpmsg_ns') yield* modules.remove(needed);
  }
  return 0;
}

/** kmod's words for errors of init_module. */
function insertError(err: number): string {
  if (err === ERRNO.ENOENT) return 'Unknown symbol in module, or unknown parameter (see dmesg)';
  return strerror(err);
}

function insmod({ linux: { modules } }: System): Program {
  return function* (process, argv) {
    const [file, ...parameters] = argv.slice(1).filter((word) => !/^-[fsv]$/.test(word));
    if (file === undefined) return yield* complain(process, 'insmod', 'ERROR: missing filename.');
    const name = moduleName(file);
    if (!modules.available.includes(name))
      return yield* complain(process, 'insmod', `ERROR: could not load module ${file}: No such file or directory`);
    const missing = modules.dependencies(name).some((each) => !modules.loaded.includes(each));
    const err = missing ? ERRNO.ENOENT : yield* modules.insert(name, parameters.join(' '));
    if (err < 0)
      return yield* complain(
        process,
        'insmod',
        `ERROR: could not insert module ${file}: ${err === ERRNO.ENOENT ? 'Unknown symbol in module' : strerror(err)}`,
      );
    return 0;
  };
}

function rmmod({ linux: { modules } }: System): Program {
  return function* (process, argv) {
    const names = argv.slice(1).filter((word) => !/^-[fsvw]+$/.test(word));
    if (names.length === 0) return yield* complain(process, 'rmmod', 'ERROR: missing module name.');
    let status = 0;
    for (const word of names) {
      const name = moduleName(word);
      if (isBuiltin(name)) status = yield* complain(process, 'rmmod', `ERROR: Module ${name} is builtin.`);
      else if (!modules.loaded.includes(name)) status = yield* complain(process, 'rmmod', `ERROR: Module ${name} is not currently loaded`);
      else {
        const users = modules.info().find((each) => each.name === name)?.usedBy ?? [];
        const err = users.length > 0 ? ERRNO.EAGAIN : yield* modules.remove(name);
        if (users.length > 0) status = yield* complain(process, 'rmmod', `ERROR: Module ${name} is in use by: ${users.join(' ')}`);
        else if (err === ERRNO.EAGAIN || err === ERRNO.EBUSY) status = yield* complain(process, 'rmmod', `ERROR: Module ${name} is in use`);
        else if (err < 0) status = yield* complain(process, 'rmmod', `ERROR: could not remove module ${name}: ${strerror(err)}`);
      }
    }
    return status;
  };
}

function lsmod({ linux: { modules } }: System): Program {
  return function* (process) {
    const rows = modules
      .info()
      .map(({ name, size, refcount, usedBy }) =>
        `${name.padEnd(19)} ${String(size).padStart(8)}  ${refcount} ${usedBy.join(',')}`.trimEnd(),
      );
    return yield* finish(process, 'lsmod', ['Module                  Size  Used by', ...rows, ''].join('\n'));
  };
}

/** `MODULE_ARCH_VERMAGIC`. */
const MAGIC = { aarch64: 'aarch64', armv7l: 'ARMv7 p2v8' } as const;

function modinfo({ linux }: System): Program {
  const { modules, kernel } = linux;
  const release = kernel.flavour.release;
  return function* (process, argv) {
    const { flags, operands } = getopt(argv, 'F:adlpn0', { 'field=': 'F', description: 'd', filename: 'n', parameters: 'p' });
    if (operands.length === 0) return yield* complain(process, 'modinfo', 'ERROR: missing module or filename.');
    let status = 0;
    for (const word of operands) {
      const name = moduleName(word);
      if (!modules.available.includes(name) && !isBuiltin(name)) {
        status = yield* complain(process, 'modinfo', `ERROR: Module ${word} not found.`);
        continue;
      }
      const rows: readonly (readonly [string, string])[] = [
        ['filename', isBuiltin(name) ? '(builtin)' : `/lib/modules/${release}/kernel/drivers/rpmsg/${name}.ko`],
        ['license', 'GPL v2'],
        ['depends', modules.dependencies(name).join(',')],
        ['intree', 'Y'],
        ['name', name],
        ['vermagic', `${release} SMP preempt mod_unload modversions ${MAGIC[kernel.machine]}`],
        ...(name === 'rpmsg_client_sample' ? ([['parm', 'count:int']] as const) : []),
      ];
      const field = flags.get('F') ?? (flags.has('n') ? 'filename' : flags.has('p') ? 'parm' : flags.has('d') ? 'description' : undefined);
      const shown =
        field === undefined
          ? rows.map(([key, value]) => `${`${key}:`.padEnd(16)}${value}\n`)
          : rows.filter(([key]) => key === field).map(([, value]) => `${value}\n`);
      yield* print(process, shown.join(''));
    }
    return status;
  };
}

const uptime: Program = function* (process, argv) {
  const { now } = process.kernel;
  const minutes = Math.floor(now / 60e9);
  const long =
    minutes >= 60 ? `${String(Math.floor(minutes / 60)).padStart(2)}:${String(minutes % 60).padStart(2, '0')}` : `${minutes} min`;
  const text =
    argv[1] === '-p'
      ? `up ${minutes} minute${minutes === 1 ? '' : 's'}`
      : ` ${strftime('%H:%M:%S', dateAt(now))} up ${long},  1 user,  load average: 0.00, 0.00, 0.00`;
  return yield* finish(process, 'uptime', `${text}\n`);
};

const date: Program = function* (process, argv) {
  const { flags, operands, error } = getopt(argv, 'uRId:s:', {
    utc: 'u',
    universal: 'u',
    'iso-8601': 'I',
    'date=': 'd',
    'set=': 's',
    'rfc-email': 'R',
  });
  if (error) return yield* usage(process, 'date', error);
  const format = operands.find((word) => word.startsWith('+'))?.slice(1);
  if (flags.has('s')) return yield* complain(process, 'date', 'cannot set date: Operation not permitted');
  let when = dateAt(process.kernel.now);
  const given = flags.get('d');
  if (given !== undefined && given !== 'now') {
    const parsed = given.startsWith('@') ? Number(given.slice(1)) * 1000 : Date.parse(`${given} UTC`);
    if (Number.isNaN(parsed)) return yield* complain(process, 'date', `invalid date '${given}'`);
    when = new Date(parsed);
  }
  const pattern = format ?? (flags.has('R') ? '%a, %d %b %Y %H:%M:%S +0000' : flags.has('I') ? '%Y-%m-%d' : '%a %b %e %H:%M:%S UTC %Y');
  const nanoseconds = process.kernel.now % 1e9;
  return yield* finish(process, 'date', `${strftime(pattern, when, nanoseconds)}\n`);
};

const ps = ({ linux }: System): Program =>
  function* (process) {
    const terminal = consoleTty(linux);
    const rows = [...process.kernel.processes.values()]
      .sort((a, b) => a.pid - b.pid)
      .map(({ pid, name, argv }) => `${String(pid).padStart(7)} ${terminal}  00:00:00 ${argv.length > 0 ? argv.join(' ') : name}`);
    return yield* finish(process, 'ps', ['    PID TTY          TIME CMD', ...rows, ''].join('\n'));
  };

function mount({ linux: { kernel } }: System): Program {
  return function* (process, argv) {
    const { flags, operands, error } = getopt(argv, 't:o:anrwv', { 'types=': 't', 'options=': 'o' });
    if (error) return yield* usage(process, 'mount', error);
    if (operands.length === 0) {
      const list = kernel.vfs.mounts.filter(({ type }) => !flags.has('t') || type === flags.get('t'));
      return yield* finish(
        process,
        'mount',
        list.map(({ source, target, type, options }) => `${source} on ${target} type ${type} (${options})\n`).join(''),
      );
    }
    const [source, target] = operands;
    if (target === undefined) return yield* complain(process, 'mount', `${source}: can't find in /etc/fstab.`);
    const type = flags.get('t');
    if (type === undefined) return yield* complain(process, 'mount', `${target}: special device ${source} does not exist.`, 32);
    const err = process.mount(source!, target, type, flags.get('o') ?? '');
    if (err >= 0) return 0;
    const words: Readonly<Record<number, string>> = {
      [ERRNO.ENOENT]: 'mount point does not exist.',
      [ERRNO.ENOTDIR]: 'mount point is not a directory.',
      [ERRNO.EBUSY]: `${source} already mounted on ${target}.`,
      [ERRNO.ENODEV]: `unknown filesystem type '${type}'.`,
    };
    return yield* complain(process, 'mount', `${target}: ${words[err] ?? `mount(2) system call failed: ${strerror(err)}.`}`, 32);
  };
}

const umount: Program = function* (process, argv) {
  const { operands, error } = getopt(argv, 'flrdv');
  if (error) return yield* usage(process, 'umount', error);
  if (operands.length === 0) return yield* usage(process, 'umount', 'bad usage');
  let status = 0;
  for (const target of operands) {
    const err = process.umount(target);
    if (err === ERRNO.EINVAL) status = yield* complain(process, 'umount', `${target}: not mounted.`, 32);
    else if (err === ERRNO.ENOENT) status = yield* complain(process, 'umount', `${target}: no mount point specified.`, 32);
    else if (err === ERRNO.EBUSY) status = yield* complain(process, 'umount', `${target}: target is busy.`, 32);
    else if (err < 0) status = yield* complain(process, 'umount', `${target}: umount failed: ${strerror(err)}.`, 32);
  }
  return status;
};

function power(system: System, reboot: boolean): Program {
  return function* (process) {
    system.powerOff(reboot);
    // The machine ends here.
    while (!process.dying) if ((yield* process.sleep(3600e9)) < 0) break;
    return 0;
  };
}

/** By name. */
export function kernelPrograms(system: System): Readonly<Record<string, Program>> {
  const nothing: Program = function* () {
    return 0;
  };
  return {
    dmesg: dmesg(system),
    modprobe: modprobe(system),
    insmod: insmod(system),
    rmmod: rmmod(system),
    lsmod: lsmod(system),
    modinfo: modinfo(system),
    depmod: nothing,
    udevadm: nothing,
    uptime,
    date,
    ps: ps(system),
    mount: mount(system),
    umount,
    reboot: power(system, true),
    poweroff: power(system, false),
    halt: power(system, false),
  };
}
