/**
 * Linux 6.1 drivers/remoteproc/remoteproc_debugfs.c: /sys/kernel/debug/remoteproc/remoteprocN with name, recovery, crash, resource_table,
 * carveout_memories, coredump, and a file for each trace buffer.
 *
 * Addresses that the kernel prints with %pK are hashed there with a secret of each boot; here with none, so that runs repeat.
 */
import { removeFiles } from '../linux/fs/sysfs.ts';
import { DirectoryNode, type FileOperations, OpenableNode, type OpenFile } from '../linux/fs/vfs.ts';
import { ERRNO, type KernelCode } from '../linux/kernel.ts';
import { hex } from '../memory/bits.ts';
import { RPROC_CRASH_TYPES, type RprocTrace } from './remoteproc.ts';
import type { Rproc } from './remoteproc-core.ts';
import { recoveryText, setCoredump, storeRecovery } from './remoteproc-sysfs.ts';
import {
  RSC_CARVEOUT,
  RSC_DEVMEM,
  RSC_HEADER_SIZE,
  RSC_TRACE,
  RSC_VDEV,
  type TableMemory,
  tableName,
  VDEV,
  VDEV_SIZE,
  VRING,
  VRING_SIZE,
} from './resource-table.ts';
import { rprocDaToVa } from './rproc-resources.ts';

/** Directory of all of them in debugfs. */
const ROOT = 'remoteproc';

/** The directory of one remote processor. */
export interface DebugDir {
  /** `rproc_create_trace_file` and `rproc_remove_trace_file`. */
  addTrace(trace: RprocTrace): void;
  removeTrace(trace: RprocTrace): void;
  /** `rproc_delete_debug_dir`. */
  remove(): void;
}

/** A file of debugfs; directions that it does not have fail with -EINVAL when they are used, not when it is opened. */
class DebugfsFile extends OpenableNode {
  readonly type = 'file';
  private readonly operations: FileOperations;

  /** Once it is removed, what it has fails with -EIO (`debugfs_file_get`). */
  constructor(mode: number, read?: () => Uint8Array | string, write?: (data: Uint8Array) => KernelCode<number>) {
    super(mode);
    const gone = (): boolean => this.removed;
    this.operations = {
      seekable: true,
      ...(read
        ? {
            // simple_read_from_buffer: the contents of the moment, from where the file stands.
            *read(file: OpenFile, count: number) {
              if (gone()) return ERRNO.EIO;
              const contents = read();
              const bytes = typeof contents === 'string' ? new TextEncoder().encode(contents) : contents;
              const part = bytes.slice(file.pos, file.pos + count);
              file.pos += part.length;
              return part;
            },
          }
        : {}),
      ...(write
        ? {
            *write(_file: OpenFile, data: Uint8Array) {
              if (gone()) return ERRNO.EIO;
              return (yield* write(data)) || data.length;
            },
          }
        : {}),
    };
  }

  *open(file: OpenFile): KernelCode<number> {
    file.ops = this.operations;
    return 0;
  }
}

/** `rproc_create_debug_dir`. */
export function createDebugDir(rproc: Rproc): DebugDir {
  const { debugfs } = rproc.kernel;
  const known = debugfs.lookup(ROOT);
  const root = known instanceof DirectoryNode ? known : debugfs.add(ROOT, new DirectoryNode());
  const directory = root.add(rproc.device, new DirectoryNode());
  const add = (name: string, file: DebugfsFile): void => void directory.add(name, file);
  add('name', new DebugfsFile(0o400, () => `${rproc.name.slice(0, 98)}\n`));
  add(
    'recovery',
    new DebugfsFile(
      0o600,
      () => `${recoveryText(rproc)}\n`,
      (data) => writeWord(data, 10, ['enabled', 'disabled', 'recover'], (word) => storeRecovery(rproc, word)),
    ),
  );
  add('crash', new DebugfsFile(0o200, undefined, (data) => writeCrash(rproc, data)));
  add('resource_table', new DebugfsFile(0o400, () => resourceTableText(rproc.table.inEffect)));
  add('carveout_memories', new DebugfsFile(0o400, () => carveoutsText(rproc)));
  add(
    'coredump',
    new DebugfsFile(
      0o600,
      () => `${rproc.dumpConf}\n`,
      (data) => writeWord(data, 20, ['disabled', 'enabled', 'inline'], (word) => coredump(rproc, word)),
    ),
  );
  return {
    addTrace: (trace) => add(trace.name, new DebugfsFile(0o400, () => traceBytes(rproc, trace))),
    removeTrace({ name }) {
      const file = directory.lookup(name);
      if (file instanceof DebugfsFile) file.remove();
      directory.drop(name);
    },
    remove() {
      removeFiles(directory);
      root.drop(rproc.device);
    },
  };
}

/** What `rproc_trace_read` gives: up to the first NUL. The name in its message is one that the kernel never sets. */
function traceBytes(rproc: Rproc, trace: RprocTrace): Uint8Array {
  const va = rprocDaToVa(rproc, trace.da, trace.len);
  const bytes = va === undefined ? undefined : rproc.kernel.memory.readBytes(va, trace.len);
  if (!bytes) return new TextEncoder().encode('Trace  not available\n');
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

function* coredump(rproc: Rproc, word: string): KernelCode<number> {
  return setCoredump(rproc, word);
}

/**
 * `rproc_recovery_write` and `rproc_coredump_write`: at most `size` bytes; a newline at the end is cut off. As many bytes as were written are
 * compared with each word in turn, so that a beginning of a word is taken for it.
 */
function* writeWord(
  data: Uint8Array,
  size: number,
  words: readonly string[],
  store: (word: string) => KernelCode<number>,
): KernelCode<number> {
  if (data.length < 1 || data.length > size) return ERRNO.EINVAL;
  const newline = data.at(-1) === 0x0a;
  const text = String.fromCharCode(...data.subarray(0, data.length - Number(newline))).split('\0', 1)[0]!;
  const whole = newline || text.length < data.length;
  const word = words.find((candidate) => (whole ? candidate === text : candidate.startsWith(text)));
  return yield* store(word ?? text);
}

/** `rproc_crash_write`: `kstrtouint` in any base, and the crash of that type. */
function* writeCrash(rproc: Rproc, data: Uint8Array): KernelCode<number> {
  const text = String.fromCharCode(...data.subarray(0, 64)).split('\0', 1)[0]!;
  const match = /^\+?(0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*)\n?$/i.exec(text);
  if (!match) return ERRNO.EINVAL;
  const digits = match[1]!;
  const octal = /^0[0-7]+$/.test(digits);
  const type = octal ? Number.parseInt(digits, 8) : Number(digits);
  if (type > 0xffff_ffff) return ERRNO.ERANGE;
  rproc.reportCrash(RPROC_CRASH_TYPES[type] ?? 'unknown');
  return 0;
}

/** `rproc_carveouts_show`. */
function carveoutsText(rproc: Rproc): string {
  return rproc.carveouts
    .map(({ name, va, dma, da, len }) =>
      [
        'Carveout memory entry:',
        `\tName: ${name}`,
        `\tVirtual address: ${hashed(va)}`,
        `\tDMA address: 0x${dma.toString(16).padStart(16, '0')}`,
        `\tDevice address: ${hex(da)}`,
        `\tLength: ${hex(len)} Bytes\n\n`,
      ].join('\n'),
    )
    .join('');
}

/** A kernel pointer as %pK shows it: 32 bits of a hash, or zeros for NULL. */
function hashed(pointer: number | undefined): string {
  if (pointer === undefined) return '0'.repeat(16);
  let hash = 0x811c_9dc5;
  for (let shift = 0; shift < 32; shift += 8) hash = Math.imul(hash ^ ((pointer >>> shift) & 0xff), 0x0100_0193);
  return (hash >>> 0).toString(16).padStart(16, '0');
}

/** More entries than any table here has room for end the listing, where the kernel would read on. */
const MOST_ENTRIES = 64;

/** `rproc_rsc_table_show`. */
function resourceTableText(table: TableMemory | undefined): string {
  if (!table) return 'No resource table found\n';
  const lines: string[] = [];
  for (let i = 0; i < Math.min(table.get32(4), MOST_ENTRIES); i++) {
    const header = table.get32(16 + 4 * i);
    const type = table.get32(header);
    const at = header + RSC_HEADER_SIZE;
    const names = ['carveout', 'devmem', 'trace', 'vdev'];
    if (type < names.length) lines.push(`Entry ${i} is of type ${names[type]}`);
    if (type === RSC_CARVEOUT || type === RSC_DEVMEM) lines.push(...memoryLines(table, at));
    else if (type === RSC_TRACE) lines.push(...traceLines(table, at));
    else if (type === RSC_VDEV) lines.push(...vdevLines(table, at));
    else lines.push(`Unknown resource type found: ${type | 0} [hdr: ${hashed(header)}]`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

function memoryLines(table: TableMemory, at: number): string[] {
  return [
    `  Device Address ${hex(table.get32(at))}`,
    `  Physical Address ${hex(table.get32(at + 4))}`,
    `  Length ${hex(table.get32(at + 8))} Bytes`,
    `  Flags ${hex(table.get32(at + 12))}`,
    `  Reserved (should be zero) [${table.get32(at + 16) | 0}]`,
    `  Name ${tableName(table, at + 20)}\n`,
  ];
}

function traceLines(table: TableMemory, at: number): string[] {
  return [
    `  Device Address ${hex(table.get32(at))}`,
    `  Length ${hex(table.get32(at + 4))} Bytes`,
    `  Reserved (should be zero) [${table.get32(at + 8) | 0}]`,
    `  Name ${tableName(table, at + 12)}\n`,
  ];
}

function vdevLines(table: TableMemory, at: number): string[] {
  const vrings = table.get8(at + VDEV.numOfVrings);
  const lines = [
    `  ID ${table.get32(at + VDEV.id) | 0}`,
    `  Notify ID ${table.get32(at + VDEV.notifyid) | 0}`,
    `  Device features ${hex(table.get32(at + VDEV.dfeatures))}`,
    `  Guest features ${hex(table.get32(at + VDEV.gfeatures))}`,
    `  Config length ${hex(table.get32(at + VDEV.configLen))}`,
    `  Status ${hex(table.get8(at + VDEV.status))}`,
    `  Number of vrings ${vrings}`,
    `  Reserved (should be zero) [${table.get8(at + VDEV.reserved)}][${table.get8(at + VDEV.reserved + 1)}]\n`,
  ];
  for (let j = 0; j < vrings; j++) {
    const vring = at + VDEV_SIZE + VRING_SIZE * j;
    lines.push(
      `  Vring ${j}`,
      `    Device Address ${hex(table.get32(vring + VRING.da))}`,
      `    Alignment ${table.get32(vring + VRING.align) | 0}`,
      `    Number of buffers ${table.get32(vring + VRING.num) | 0}`,
      `    Notify ID ${table.get32(vring + VRING.notifyid) | 0}`,
      `    Physical Address ${hex(table.get32(vring + VRING.pa))}\n`,
    );
  }
  return lines;
}
