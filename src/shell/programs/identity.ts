/**
 * uname, arch, hostname, nproc, tty: what the machine says it is (coreutils), from the device tree with which it was booted.
 */
import type { Linux } from '../../linux/linux.ts';
import { cpus } from '../../linux/proc/facts.ts';
import type { Process, Program } from '../../linux/process.ts';
import { finish, getopt, usage } from '../io.ts';
import type { System } from './system.ts';

const VERSION = '#1 SMP PREEMPT Tue Oct  7 06:40:11 UTC 2025';

function uname({ hostName, linux }: System): Program {
  const { kernel } = linux;
  const release = kernel.flavour.release;
  return function* (process, argv) {
    const { flags, operands, error } = getopt(argv, 'asnrvmpio', {
      all: 'a',
      'kernel-name': 's',
      nodename: 'n',
      'kernel-release': 'r',
      'kernel-version': 'v',
      machine: 'm',
      'operating-system': 'o',
    });
    if (error) return yield* usage(process, 'uname', error);
    if (operands.length > 0) return yield* usage(process, 'uname', `extra operand '${operands[0]}'`);
    const has = (letter: string): boolean => flags.has(letter) || flags.has('a');
    const words = [
      ...(has('s') || flags.size === 0 ? ['Linux'] : []),
      ...(has('n') ? [hostName] : []),
      ...(has('r') ? [release] : []),
      ...(has('v') ? [VERSION] : []),
      ...(has('m') || flags.has('p') || flags.has('i') ? [linux.kernel.machine] : []),
      ...(has('o') ? ['GNU/Linux'] : []),
    ];
    return yield* finish(process, 'uname', `${words.join(' ')}\n`);
  };
}

function hostname({ hostName }: System): Program {
  return function* (process) {
    return yield* finish(process, 'hostname', `${hostName}\n`);
  };
}

/** Name of the terminal that the command line makes Linux's console; the last one that it names is /dev/console. */
export function consoleTty({ deviceTree }: Linux): string {
  const words = [...(deviceTree.node('/chosen')?.string('bootargs') ?? '').matchAll(/\bconsole=(ttymxc\d+)/g)];
  return words.at(-1)?.[1] ?? 'ttymxc1';
}

/** By name. */
export function identityPrograms(system: System): Readonly<Record<string, Program>> {
  const { linux } = system;
  const line = (name: string, make: () => string | number): Program =>
    function* (process: Process) {
      return yield* finish(process, name, `${make()}\n`);
    };
  return {
    uname: uname(system),
    hostname: hostname(system),
    arch: line('arch', () => linux.kernel.machine),
    nproc: line('nproc', () => cpus(linux.deviceTree).length),
    tty: line('tty', () => `/dev/${consoleTty(linux)}`),
  };
}
