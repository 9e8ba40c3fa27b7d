/**
 * Files on cards (fs/fs.c, cmd/{fs,fat,ext4}.c, disk/part.c): ls, load, size, and the same of FAT and ext4 alone.
 *
 * A file is loaded into memory that lmb (lib/lmb.c) knows and that U-Boot does not use itself; TCM is none, which is why firmware is copied
 * there with `cp.b`. Not modelled: writing.
 */
import { type KernelCode, sleep } from '../../linux/kernel.ts';
import { type Command, FAILURE, type Invocation, SUCCESS, USAGE } from '../command.ts';
import { findFile, listDirectory, type MmcSlot, type Partition } from '../media.ts';
import { hexNumber, hexText, parseUnsigned, sizeText } from '../numbers.ts';
import { TIMING } from '../timing.ts';
import type { UBoot } from '../uboot.ts';

type FileSystem = Partition['type'] | 'any';

/** `blk_get_device_part_str`: the partition, or undefined when the reason was said. */
function findPartition(uboot: UBoot, kind: string, named: string | undefined): Partition | undefined {
  const fail = (text: string): undefined => {
    uboot.print(`** ${text} **\n`);
    return undefined;
  };
  const text = !named || named === '-' ? uboot.environment.get('bootdevice') : named;
  if (text === undefined) return fail('No device specified');
  const [deviceText, part] = text.includes(':') ? [text.slice(0, text.indexOf(':')), text.slice(text.indexOf(':') + 1)] : [text, ''];
  const [number, hardware] = deviceText.split('.', 2) as [string, string?];
  const device = parseUnsigned(number, 16);
  if (device.end < number.length) return fail(`Bad device specification ${kind} ${number}`);
  if (hardware !== undefined && parseUnsigned(hardware, 16).end < hardware.length)
    return fail(`Bad HW partition specification ${kind} ${hardware}`);
  const found = card(uboot, kind, Number(device.value));
  if (!found) return undefined;
  const { device: block } = found;
  if (part === '' || part === 'auto') return block!.partitions[0] ?? fail(`Invalid partition 1`);
  const index = parseUnsigned(part, 16);
  if (index.end < part.length || index.value === 0n) return fail(`Bad partition specification ${kind} ${text}`);
  return block!.partitions[Number(index.value) - 1] ?? fail(`Invalid partition ${Number(index.value)}`);
}

/** The slot of that number when there is a card in it; without one, what the driver says. */
export function card(uboot: UBoot, kind: string, number: number): MmcSlot | undefined {
  if (kind !== 'mmc') return undefined;
  const slot = uboot.slots.find((candidate) => candidate.number === number);
  if (!slot) return undefined;
  if (!slot.device) {
    uboot.print('MMC: no card present\n');
    return undefined;
  }
  uboot.knownCards.add(number);
  return slot;
}

/** `fs_set_blk_dev`. */
function open(uboot: UBoot, kind: string, named: string | undefined, wanted: FileSystem): Partition | undefined {
  const partition = findPartition(uboot, kind, named);
  if (!partition || wanted === 'any' || partition.type === wanted) return partition;
  if (wanted === 'ext4') uboot.print('Failed to mount ext2 filesystem...\n');
  return undefined;
}

/** `file_exists`, for `test -e`. */
export function fileExists(uboot: UBoot, kind: string, device: string, path: string): boolean {
  const partition = open(uboot, kind, device, 'any');
  return partition !== undefined && findFile(partition, path) !== undefined;
}

/** `fs_read_lmb_check`: is the memory there, and not U-Boot's own? */
function lmbAllows(uboot: UBoot, address: number, length: number): boolean {
  const { dram, reservedFrom } = uboot.board;
  const end = address + length;
  const inBank = dram.some(({ base, size }) => address >= base && end <= base + size);
  const bank = dram.find(({ base, size }) => reservedFrom >= base && reservedFrom < base + size)!;
  return inBank && !(end > reservedFrom && address < bank.base + bank.size);
}

function* list(uboot: UBoot, { argv }: Invocation, wanted: FileSystem): KernelCode<number> {
  const [, kind, device, directory = '/'] = argv;
  if (kind === undefined) return USAGE;
  yield* sleep(TIMING.device);
  const partition = open(uboot, kind, device, wanted);
  if (!partition) return FAILURE;
  const entries = listDirectory(partition, directory);
  if (!entries) return FAILURE;
  let files = 0;
  for (const { name, size } of entries) {
    if (size !== undefined) files++;
    uboot.print(size === undefined ? `            ${name}/\n` : ` ${String(size).padStart(8)}   ${name}\n`);
    if (yield* uboot.settle()) return FAILURE;
  }
  uboot.print(`\n${files} file(s), ${entries.length - files} dir(s)\n\n`);
  return SUCCESS;
}

function* size(uboot: UBoot, { argv }: Invocation, wanted: FileSystem): KernelCode<number> {
  const [, kind, device, path] = argv;
  if (kind === undefined || device === undefined || path === undefined) return USAGE;
  yield* sleep(TIMING.device);
  const partition = open(uboot, kind, device, wanted);
  const file = partition && findFile(partition, path);
  if (partition?.type === 'ext4' && !file) uboot.print(`** File not found ${path} **\n`);
  if (!file) return FAILURE;
  uboot.environment.assign('filesize', hexText(file.size));
  return SUCCESS;
}

function* load(uboot: UBoot, { argv }: Invocation, wanted: FileSystem): KernelCode<number> {
  const [, kind, device, addressText, path, bytesText, positionText] = argv;
  if (kind === undefined) return USAGE;
  yield* sleep(TIMING.device);
  const partition = open(uboot, kind, device, wanted);
  if (!partition) {
    uboot.print("Can't set block device\n");
    return FAILURE;
  }
  if (addressText !== undefined && (addressText === '' || parseUnsigned(addressText, 16).end < addressText.length)) return USAGE;
  const address = addressText === undefined ? (uboot.environment.hex('loadaddr') ?? uboot.board.loadAddress) : hexNumber(addressText);
  const name = path ?? uboot.environment.get('bootfile');
  if (name === undefined) {
    uboot.print('** No boot file defined **\n');
    return FAILURE;
  }
  const limit = bytesText === undefined ? 0 : hexNumber(bytesText);
  const position = positionText === undefined ? 0 : hexNumber(positionText);
  const begin = uboot.kernel.scheduler.now;
  const length = yield* readFile(uboot, partition, name, address, position, limit);
  if (length === undefined) {
    uboot.print(`Failed to load '${name}'\n`);
    return FAILURE;
  }
  const ms = Math.floor(uboot.kernel.scheduler.nsFromCycles(uboot.kernel.scheduler.now - begin) / 1e6);
  const rate = ms > 0 ? ` (${sizeText(Math.floor(length / ms) * 1000)}/s)` : '';
  uboot.print(`${length} bytes read in ${ms} ms${rate}\n`);
  uboot.environment.assign('fileaddr', hexText(address));
  uboot.environment.assign('filesize', hexText(length));
  return SUCCESS;
}

/** `_fs_read`: bytes read, or undefined when the reason was said. */
function* readFile(
  uboot: UBoot,
  partition: Partition,
  name: string,
  address: number,
  position: number,
  limit: number,
): KernelCode<number | undefined> {
  yield* sleep(TIMING.fileOpen);
  const file = findFile(partition, name);
  if (!file) {
    if (partition.type === 'ext4') uboot.print(`** File not found ${name} **\n`);
    // FAT's size is asked first by the check for reserved memory, which fails without a word.
    return undefined;
  }
  const rest = Math.max(0, file.size - position);
  const length = limit > 0 ? Math.min(limit, rest) : rest;
  if (length > 0 && !lmbAllows(uboot, address, length)) {
    uboot.print('** Reading file would overwrite reserved memory **\n');
    return undefined;
  }
  uboot.memory.put(address, file.contents().subarray(position, position + length));
  yield* sleep(length * TIMING.fileByte);
  return length;
}

/** Names of files, for Tab behind the device and the address. */
function completeFile(uboot: UBoot, words: readonly string[]): readonly string[] {
  const device = /^(\d+):(\d+)$/.exec(words[2] ?? '');
  const slot = device && uboot.slots.find(({ number }) => number === Number(device[1]));
  return [...(slot?.device?.partitions[Number(device?.[2]) - 1]?.files.keys() ?? [])];
}

const SIZE_HELP =
  "<interface> <dev[:part]> <filename>\n    - Find file 'filename' from 'dev' on 'interface'\n      and determine its size.";
const LOAD_HELP =
  "<interface> [<dev[:part]> [<addr> [<filename> [bytes [pos]]]]]\n    - Load binary file 'filename' from partition 'part' on device\n       type 'interface' instance 'dev' to address 'addr' in memory.\n      'bytes' gives the size to load in bytes.\n      If 'bytes' is 0 or omitted, the file is read until the end.\n      'pos' gives the file byte position to start reading from.\n      If 'pos' is 0 or omitted, the file is read from the start.";
const FATLOAD_HELP =
  "<interface> [<dev[:part]> [<addr> [<filename> [bytes [pos]]]]]\n    - Load binary file 'filename' from 'dev' on 'interface'\n      to address 'addr' from dos filesystem.\n      'pos' gives the file position to start loading from.\n      If 'pos' is omitted, 0 is used. 'pos' requires 'bytes'.\n      'bytes' gives the size to load. If 'bytes' is 0 or omitted,\n      the load stops on end of file.\n      If either 'pos' or 'bytes' are not aligned to\n      ARCH_DMA_MINALIGN then a misaligned buffer warning will\n      be printed and performance will suffer for the load.";
const EXT4LOAD_HELP =
  "<interface> [<dev[:part]> [addr [filename [bytes [pos]]]]]\n    - load binary file 'filename' from 'dev' on 'interface'\n      to address 'addr' from ext4 filesystem";

const listing = (name: string, wanted: FileSystem, help: string): Command => ({
  name,
  usage: 'list files in a directory (default /)',
  help,
  maxArgs: 4,
  repeatable: true,
  run: (uboot, invocation) => list(uboot, invocation, wanted),
});
const sizing = (name: string, wanted: FileSystem): Command => ({
  name,
  usage: "determine a file's size",
  help: SIZE_HELP,
  maxArgs: 4,
  run: (uboot, invocation) => size(uboot, invocation, wanted),
  complete: completeFile,
});
const loading = (name: string, wanted: FileSystem, usage: string, help: string): Command => ({
  name,
  usage,
  help,
  maxArgs: 7,
  run: (uboot, invocation) => load(uboot, invocation, wanted),
  complete: completeFile,
});

/** The commands. */
export const FILESYSTEM_COMMANDS: readonly Command[] = [
  loading('ext4load', 'ext4', 'load binary file from a Ext4 filesystem', EXT4LOAD_HELP),
  listing('ext4ls', 'ext4', "<interface> <dev[:part]> [directory]\n    - list files from 'dev' on 'interface' in a 'directory'"),
  sizing('ext4size', 'ext4'),
  loading('fatload', 'fat', 'load binary file from a dos filesystem', FATLOAD_HELP),
  listing('fatls', 'fat', "<interface> [<dev[:part]>] [directory]\n    - list files from 'dev' on 'interface' in a 'directory'"),
  sizing('fatsize', 'fat'),
  loading('load', 'any', 'load binary file from a filesystem', LOAD_HELP),
  listing(
    'ls',
    'any',
    "<interface> [<dev[:part]> [directory]]\n    - List files in directory 'directory' of partition 'part' on\n      device type 'interface' instance 'dev'.",
  ),
  sizing('size', 'any'),
];
