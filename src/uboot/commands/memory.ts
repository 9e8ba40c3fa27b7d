/**
 * Commands on memory (cmd/mem.c): md, mw, mm, nm, cp, cmp, crc32, base.
 *
 * All numbers are hexadecimal, counts are of objects of the size that the letter behind the dot says.
 */
import type { KernelCode } from '../../linux/kernel.ts';
import { crc32 } from '../../memory/crc32.ts';
import { type Command, dataSize, FAILURE, type Invocation, SUCCESS, USAGE } from '../command.ts';
import { hexNumber, hexText, isPrintable, parseUnsigned } from '../numbers.ts';
import { TIMING } from '../timing.ts';
import type { UBoot } from '../uboot.ts';

/** Bytes on a line of `md`. */
const LINE = 16;
/** Bytes between two looks at Ctrl-C and the clock. */
const PIECE = 64 * 1024;

/** Size of the objects, or undefined where the letter is unknown or not for this board. */
function objectSize(uboot: UBoot, name: string): number | undefined {
  const size = dataSize(name, 4);
  return size === 's' || (size === 8 && uboot.board.bits === 32) ? undefined : size;
}

const address = (uboot: UBoot, text: string): number => hexNumber(text) + uboot.baseAddress;

function* display(uboot: UBoot, { argv, repeated }: Invocation): KernelCode<number> {
  if (argv.length < 2) return USAGE;
  const { display: last } = uboot;
  if (!repeated) {
    const size = objectSize(uboot, argv[0]!);
    if (size === undefined) return FAILURE;
    last.size = size;
    last.address = address(uboot, argv[1]!);
    if (argv[2] !== undefined) last.length = hexNumber(argv[2]);
  }
  const { size, address: start, length } = last;
  const perLine = LINE / size;
  for (let done = 0; done < length; done += perLine) {
    uboot.print(dumpLine(uboot, start + done * size, size, Math.min(perLine, length - done)));
    if (yield* uboot.settle()) break;
  }
  last.address = start + size * length;
  return SUCCESS;
}

/** `hexdump_line`. */
function dumpLine(uboot: UBoot, at: number, size: number, count: number): string {
  let line = `${hexText(at, 8)}:`;
  let text = '';
  for (let index = 0; index < count; index++) {
    const value = uboot.memory.read(at + index * size, size);
    line += ` ${hexText(value, 2 * size)}`;
    for (let byte = 0; byte < size; byte++) {
      const code = Number((value >> BigInt(8 * byte)) & 0xffn);
      text += isPrintable(code) ? String.fromCharCode(code) : '.';
    }
  }
  const missing = ' '.repeat((LINE / size - count) * (2 * size + 1));
  return `${line}${missing}${' '.repeat(uboot.board.text.dumpGap)}${text}\n`;
}

function* write(uboot: UBoot, { argv }: Invocation): KernelCode<number> {
  if (argv.length < 3) return USAGE;
  const size = objectSize(uboot, argv[0]!);
  if (size === undefined) return FAILURE;
  const value = BigInt.asUintN(8 * size, parseUnsigned(argv[2]!, 16).value);
  const count = argv[3] === undefined ? 1 : hexNumber(argv[3]);
  const at = address(uboot, argv[1]!);
  // One object is one access, as it may be a device's register.
  if (count === 1) uboot.memory.write(at, value, size);
  else yield* uboot.memory.fill(at, value, size, count);
  return SUCCESS;
}

function* modify(uboot: UBoot, { argv }: Invocation, step: boolean): KernelCode<number> {
  if (argv.length !== 2) return USAGE;
  const size = objectSize(uboot, argv[0]!);
  if (size === undefined) return FAILURE;
  for (let at = address(uboot, argv[1]!); ; ) {
    const digits = size === 8 ? 0 : 2 * size;
    const line = yield* uboot.readLine(`${hexText(at, 8)}: ${hexText(uboot.memory.read(at, size), digits)} ? `);
    if (line === undefined) return SUCCESS;
    if (line === '' || line === '-') {
      if (step) at += line === '-' ? -size : size;
      continue;
    }
    const { value, end } = parseUnsigned(line, 16);
    if (end === 0) return SUCCESS;
    uboot.memory.write(at, BigInt.asUintN(8 * size, value), size);
    if (step) at += size;
  }
}

function* copy(uboot: UBoot, { argv }: Invocation): KernelCode<number> {
  if (argv.length !== 4) return USAGE;
  const size = objectSize(uboot, argv[0]!);
  if (size === undefined) return FAILURE;
  const count = hexNumber(argv[3]!);
  if (count === 0) {
    uboot.print('Zero length ???\n');
    return FAILURE;
  }
  yield* uboot.memory.copy(address(uboot, argv[1]!), address(uboot, argv[2]!), count * size);
  return SUCCESS;
}

const OBJECTS: Readonly<Record<number, string>> = { 1: 'byte', 2: 'halfword', 4: 'word', 8: 'double word' };

function* compare(uboot: UBoot, { argv }: Invocation): KernelCode<number> {
  if (argv.length !== 4) return USAGE;
  const size = objectSize(uboot, argv[0]!);
  if (size === undefined) return FAILURE;
  const [first, second] = [address(uboot, argv[1]!), address(uboot, argv[2]!)];
  const count = hexNumber(argv[3]!);
  const type = OBJECTS[size]!;
  // printf's %#0*lx: no 0x in front of a zero, and the width is the size, not twice as much.
  const shown = (value: bigint): string => (value === 0n ? '0'.repeat(Math.max(1, size)) : `0x${hexText(value, size - 2)}`);
  let code = SUCCESS;
  let same = 0;
  while (same < count && code === SUCCESS) {
    const [a, b] = [first + same * size, second + same * size];
    const objects = Math.min(count - same, PIECE / size);
    const equal = equalObjects(uboot, a, b, size, objects);
    same += equal;
    if (equal < objects) {
      const place = (base: number): string => `${type} at 0x${hexText(base + same * size, 8)}`;
      const value = (base: number): string => shown(uboot.memory.read(base + same * size, size));
      uboot.print(`${place(first)} (${value(first)}) != ${place(second)} (${value(second)})\n`);
      code = FAILURE;
    }
    yield* uboot.spend(objects * size * TIMING.loopByte);
    if (uboot.interrupted) break;
  }
  uboot.print(`Total of ${same} ${type}(s) were the same\n`);
  return code;
}

/** How many of `count` objects are the same, from the first on. */
function equalObjects(uboot: UBoot, a: number, b: number, size: number, count: number): number {
  const { memory } = uboot;
  if (memory.isRam(a, count * size) && memory.isRam(b, count * size)) {
    const [left, right] = [memory.bytes(a, count * size), memory.bytes(b, count * size)];
    let at = 0;
    while (at < left.length && left[at] === right[at]) at++;
    return Math.floor(at / size);
  }
  let same = 0;
  while (same < count && memory.read(a + same * size, size) === memory.read(b + same * size, size)) same++;
  return same;
}

function* checksum(uboot: UBoot, { argv }: Invocation): KernelCode<number> {
  const verify = argv[1] === '-v';
  const [first, size, third] = argv.slice(verify ? 2 : 1);
  if (first === undefined || size === undefined || (verify && third === undefined)) return USAGE;
  const start = address(uboot, first);
  const length = hexNumber(size);
  let crc = 0;
  for (let done = 0; done < length; done += PIECE) {
    const piece = uboot.memory.bytes(start + done, Math.min(PIECE, length - done));
    crc = crc32(piece, crc);
    yield* uboot.spend(piece.length * TIMING.loopByte);
    if (uboot.interrupted) return FAILURE;
  }
  uboot.print(`crc32 for ${hexText(start, 8)} ... ${hexText(start + length - 1, 8)} ==> ${hexText(crc, 8)}`);
  if (verify) {
    const expected = third!.startsWith('*') ? bigEndian(uboot, hexNumber(third!.slice(1))) : hexNumber(third!) >>> 0;
    uboot.print(expected === crc ? '\n' : ` != ${hexText(expected, 8)} ** ERROR **\n`);
    return expected === crc ? SUCCESS : FAILURE;
  }
  uboot.print('\n');
  if (third?.startsWith('*')) uboot.environment.assign(third.slice(1), hexText(crc, 8));
  else if (third !== undefined) {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, crc);
    uboot.memory.put(address(uboot, third), bytes);
  }
  return SUCCESS;
}

function bigEndian(uboot: UBoot, at: number): number {
  const bytes = uboot.memory.bytes(at, 4);
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

function base(uboot: UBoot, { argv }: Invocation): number {
  if (argv[1] !== undefined) uboot.baseAddress = hexNumber(argv[1]);
  uboot.print(`Base Address: 0x${hexText(uboot.baseAddress, 8)}\n`);
  return SUCCESS;
}

const SIZES = '[.b, .w, .l, .q]';

/** The commands. */
export const MEMORY_COMMANDS: readonly Command[] = [
  {
    name: 'base',
    usage: 'print or set address offset',
    help: "\n    - print address offset for memory commands\nbase off\n    - set address offset for memory commands to 'off'",
    maxArgs: 2,
    repeatable: true,
    run: base,
  },
  { name: 'cmp', usage: 'memory compare', help: `${SIZES} addr1 addr2 count`, maxArgs: 4, repeatable: true, run: compare },
  { name: 'cp', usage: 'memory copy', help: `${SIZES} source target count`, maxArgs: 4, repeatable: true, run: copy },
  {
    name: 'crc32',
    usage: 'checksum calculation',
    help: 'address count [addr]\n    - compute CRC32 checksum [save at addr]\n-v address count crc\n    - verify crc of memory area',
    maxArgs: 5,
    repeatable: true,
    run: checksum,
  },
  { name: 'md', usage: 'memory display', help: `${SIZES} address [# of objects]`, maxArgs: 3, repeatable: true, run: display },
  {
    name: 'mm',
    usage: 'memory modify (auto-incrementing address)',
    help: `${SIZES} address`,
    maxArgs: 2,
    repeatable: true,
    run: (uboot, invocation) => modify(uboot, invocation, true),
  },
  { name: 'mw', usage: 'memory write (fill)', help: `${SIZES} address value [count]`, maxArgs: 4, repeatable: true, run: write },
  {
    name: 'nm',
    usage: 'memory modify (constant address)',
    help: `${SIZES} address`,
    maxArgs: 2,
    repeatable: true,
    run: (uboot, invocation) => modify(uboot, invocation, false),
  },
];
