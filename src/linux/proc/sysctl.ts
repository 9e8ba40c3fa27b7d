/**
 * /proc/sys (fs/proc/proc_sysctl.c, kernel/sysctl.c): the log levels, the names of the machine, and limits that programs ask for.
 */
import { ERRNO } from '../errno.ts';
import { KernelFile, ProcDirectory } from '../fs/kernel-files.ts';
import type { Kernel } from '../kernel.ts';
import { UTS_VERSION } from './system.ts';

/** `__NEW_UTS_LEN`. */
const UTS_LEN = 64;
const INT_MAX = 0x7fff_ffff;

const decoder = new TextDecoder();

/** A name of uname(2) (`proc_do_uts_string`); read-only without `store`. */
function utsFile(show: () => string, store?: (text: string) => void): KernelFile {
  return new KernelFile({
    mode: store ? 0o644 : 0o444,
    strict: true,
    show: () => `${show()}\n`,
    ...(store
      ? {
          store: (data) => {
            store(decoder.decode(data).split('\n', 1)[0]!.split('\0', 1)[0]!.slice(0, UTS_LEN));
            return 0;
          },
        }
      : {}),
  });
}

/** `proc_dointvec` over `values`. */
function intsFile(values: number[], mode = 0o644): KernelFile {
  return new KernelFile({
    mode,
    strict: true,
    show: () => `${values.join('\t')}\n`,
    store: (data) => storeInts(decoder.decode(data), values),
  });
}

/** As many numbers as there are, from the first on; -EINVAL for what is none, with those before it stored. */
function storeInts(text: string, values: number[]): number {
  const words = text.split('\0', 1)[0]!.trim().split(/\s+/).filter(Boolean);
  if (words.length === 0) return ERRNO.EINVAL;
  for (const [index, word] of words.slice(0, values.length).entries()) {
    if (!/^[+-]?(0x[0-9a-f]+|\d+)$/i.test(word)) return index === 0 ? ERRNO.EINVAL : 0;
    const magnitude = Number(word.replace(/^[+-]/, ''));
    if (magnitude > INT_MAX) return ERRNO.EINVAL;
    values[index] = word.startsWith('-') ? -magnitude : magnitude;
  }
  return 0;
}

/** The directory. */
export function sysctlDirectory(kernel: Kernel): ProcDirectory {
  const uuid = bootId();
  return new ProcDirectory((root) => {
    root.add(
      'kernel',
      new ProcDirectory((directory) => {
        directory.add('printk', intsFile(kernel.syslog.levels));
        directory.add(
          'hostname',
          utsFile(
            () => kernel.hostname,
            (text) => {
              kernel.hostname = text;
            },
          ),
        );
        directory.add(
          'ostype',
          utsFile(() => 'Linux'),
        );
        directory.add(
          'osrelease',
          utsFile(() => kernel.flavour.release),
        );
        directory.add(
          'version',
          utsFile(() => UTS_VERSION),
        );
        directory.add('pid_max', intsFile([4_194_304]));
        directory.add('panic', intsFile([0]));
        directory.add(
          'random',
          new ProcDirectory((random) => {
            random.add(
              'boot_id',
              utsFile(() => uuid),
            );
            random.add(
              'entropy_avail',
              utsFile(() => '256'),
            );
          }),
        );
      }),
    );
    root.add(
      'vm',
      new ProcDirectory((directory) => {
        directory.add('overcommit_memory', intsFile([0]));
        directory.add('drop_caches', intsFile([0], 0o200));
      }),
    );
  });
}

/** The same in every run, for runs repeat. */
function bootId(): string {
  return '1d08a24e-6c1b-4f00-8000-696d782d7369';
}
