/**
 * Commands that start something: boot, bootd, booti, bootz, bootm, go, source, reset (cmd/{booti,bootz,bootm,source}.c, boot/image-fdt.c).
 *
 * The kernel is there by name and header alone; what is handed to Linux is the tree, after U-Boot's and the board's fix-ups. Not modelled:
 * ramdisks, uImage and FIT, applications for the A core.
 */
import type { DeviceTree } from '../../devicetree/tree.ts';
import { type KernelCode, sleep } from '../../linux/kernel.ts';
import { MiB } from '../../memory/bits.ts';
import { type Command, FAILURE, type Invocation, MAX_ARGS, SUCCESS, USAGE } from '../command.ts';
import type { WorkingTree } from '../fdt-memory.ts';
import { type Bank, FDT_PAD, fixChosen, fixMemory } from '../fix-ups.ts';
import { hexNumber, hexText } from '../numbers.ts';
import { TIMING } from '../timing.ts';
import type { UBoot } from '../uboot.ts';
import { auxiliaryUp } from './auxiliary.ts';

const ARM64_MAGIC = 0x644d_5241;
const ZIMAGE_MAGIC = 0x016f_2818;
const FDT_MAGIC = 0xd00d_feed;
const MUST_RESET = ' - must RESET the board to recover.\n';

interface Kernel {
  readonly start: number;
  readonly size: number;
}

/** `booti_setup`, and the move that follows from it. */
function arm64Image(uboot: UBoot, address: number): Kernel | undefined {
  const { memory } = uboot;
  if (memory.word(address + 56) !== ARM64_MAGIC) {
    uboot.print('Bad Linux ARM64 Image magic!\n');
    return undefined;
  }
  let size = Number(memory.read(address + 16, 8));
  let offset = Number(memory.read(address + 8, 8));
  if (size === 0) {
    uboot.print('Image lacks image_size field, assuming 16MiB\n');
    size = 16 * MiB;
    offset = 0x8_0000;
  }
  const anywhere = (memory.read(address + 24, 8) & 8n) !== 0n;
  const base = anywhere ? address - offset : uboot.board.dram[0]!.base;
  const start = Math.ceil(base / (2 * MiB)) * 2 * MiB + offset;
  if (start !== address) uboot.print(`Moving Image from 0x${hexText(address)} to 0x${hexText(start)}, end=${hexText(start + size)}\n`);
  return { start, size };
}

/** `bootz_setup`. */
function zImage(uboot: UBoot, address: number): Kernel | undefined {
  const { memory } = uboot;
  if (memory.word(address + 0x24) !== ZIMAGE_MAGIC) {
    uboot.print('zimage: Bad magic!\n');
    return undefined;
  }
  const [start, end] = [memory.word(address + 0x28), memory.word(address + 0x2c)];
  const alternate = (value: number): string => (value === 0 ? '00000000' : `0x${hexText(value, 6)}`);
  uboot.print(`Kernel image @ ${alternate(address)} [ ${alternate(start)} - ${alternate(end)} ]\n`);
  return { start: address, size: end - start };
}

/** `boot_get_fdt` for a blob: its tree, or undefined when the reason was said. */
function findTree(uboot: UBoot, address: number, kernel: Kernel): WorkingTree | undefined {
  if (uboot.fdt.member(address, 0) !== FDT_MAGIC) {
    uboot.print('ERROR: Did not find a cmdline Flattened Device Tree\nCould not find a valid device tree\n');
    return undefined;
  }
  uboot.print(`## Flattened Device Tree blob at ${hexText(address, 8)}\n   Booting using the fdt blob at 0x${hexText(address, 6)}\n`);
  const working = uboot.fdt.read(address);
  if (typeof working === 'string') {
    uboot.finding(`the device tree at 0x${hexText(address)} is damaged: ${working}`);
    uboot.print('ERROR: image is not a fdt - must RESET the board to recover.\nCould not find a valid device tree\n');
    return undefined;
  }
  const end = kernel.start + kernel.size;
  const inside = (at: number): boolean => at >= kernel.start && at <= end;
  if (inside(address) || inside(address + working.room)) {
    uboot.print(`ERROR: FDT image overlaps OS image (OS=0x${hexText(kernel.start)}..0x${hexText(end)})\n`);
    return undefined;
  }
  uboot.fdt.use(address);
  if (uboot.board.text.workingFdt) uboot.print(`Working FDT set to ${hexText(address)}\n`);
  return working;
}

/** `boot_relocate_fdt`. */
function relocate(uboot: UBoot, working: WorkingTree): WorkingTree | undefined {
  const { bits, reservedFrom, dram } = uboot.board;
  const length = working.room + FDT_PAD;
  const high = uboot.environment.hex('fdt_high');
  const pointer = (value: number): string => hexText(value, bits / 4);
  if (high !== undefined && high >= 2 ** bits - 1) {
    const place = { ...working, room: length };
    uboot.print(`   Using Device Tree in place at ${pointer(working.address)}, end ${pointer(working.address + length - 1)}\n`);
    return place;
  }
  const limit = Math.min(high || Number.POSITIVE_INFINITY, reservedFrom, ...mapLimit(uboot));
  const address = highestFree(limit, length, reservedRegions(working.tree));
  if (address < dram[0]!.base) {
    uboot.print('device tree - allocation error\n');
    return undefined;
  }
  uboot.print(`   Loading Device Tree to ${pointer(address)}, end ${pointer(address + length - 1)} ... OK\n`);
  return { ...working, address, room: length };
}

/** `lmb_alloc_base`: the highest page below `limit` from which `length` bytes touch none of `taken`. */
function highestFree(limit: number, length: number, taken: readonly Bank[]): number {
  const below = (end: number): number => Math.floor((end - length) / 4096) * 4096;
  let address = below(limit);
  for (let hit = find(address); hit; hit = find(address)) address = below(hit.base);
  return address;

  function find(at: number): Bank | undefined {
    return at < 0 ? undefined : taken.find(({ base, size }) => size > 0 && at < base + size && base < at + length);
  }
}

/** `boot_fdt_add_mem_rsv_regions`: /memreserve/ and the nodes of /reserved-memory that have a place. */
function reservedRegions(tree: DeviceTree): Bank[] {
  const regions = tree.reservations.map(({ address, size }) => ({ base: Number(address), size: Number(size) }));
  const nodes = tree.root.childByName('reserved-memory');
  const [addressCells, sizeCells] = [nodes?.cell('#address-cells') ?? 2, nodes?.cell('#size-cells') ?? 1];
  for (const node of nodes?.children.values() ?? []) {
    const cells = node.cells('reg');
    const number = (from: number, count: number): number =>
      cells.slice(from, from + count).reduce((value, cell) => value * 2 ** 32 + cell, 0);
    if (node.available && cells.length >= addressCells + sizeCells && addressCells <= 2 && sizeCells <= 2)
      regions.push({ base: number(0, addressCells), size: number(addressCells, sizeCells) });
  }
  return regions;
}

/** `env_get_bootm_mapsize`: memory that the kernel can reach before it has its own map. */
function mapLimit(uboot: UBoot): number[] {
  const size = uboot.environment.hex('bootm_mapsize') ?? uboot.environment.hex('bootm_size');
  return size === undefined ? [] : [uboot.board.dram[0]!.base + size];
}

/** `image_setup_libfdt`: what U-Boot and the board do to the tree; false when it has to end in a reset. */
function setUp(uboot: UBoot, working: WorkingTree): boolean {
  const { tree } = working;
  const { environment, board } = uboot;
  const serial = environment.get('serial#');
  if (serial !== undefined) tree.root.set('serial-number', serial);
  fixChosen(tree, environment.get('bootargs'));
  fixMemory(tree, board.dram);
  if (board.setup) {
    if (Number.parseInt(environment.get('skip_board_fixup') ?? '0', 10) === 1) uboot.print('skip board fdt fixup\n');
    else {
      const refused = board.setup(tree, { auxiliaryUp: auxiliaryUp(uboot), dram: board.dram });
      if (refused) uboot.print(refused);
    }
  }
  const problem = uboot.fdt.write(working) ?? uboot.fdt.resize(working, 0);
  if (!problem) return true;
  uboot.print(`ERROR: board-specific fdt fixup failed: ${problem}\n${MUST_RESET}\n`);
  return false;
}

function* start(uboot: UBoot, { argv }: Invocation, image: (uboot: UBoot, address: number) => Kernel | undefined): KernelCode<number> {
  const [, addressText, ramdisk, fdtText] = argv;
  const address = addressText === undefined ? (uboot.environment.hex('loadaddr') ?? uboot.board.loadAddress) : hexNumber(addressText);
  const kernel = image(uboot, address);
  if (!kernel) return FAILURE;
  if (kernel.start !== address) yield* sleep(kernel.size * TIMING.memoryByte);
  if (ramdisk !== undefined && ramdisk !== '-') {
    uboot.print('imx-sim: ramdisks are not modelled\nRamdisk image is corrupt or invalid\n');
    return FAILURE;
  }
  if (fdtText === undefined) {
    uboot.print('FDT and ATAGS support not compiled in\n\n');
    uboot.reset('U-Boot panicked: a kernel was started without a device tree');
    return FAILURE;
  }
  const found = findTree(uboot, hexNumber(fdtText), kernel);
  const working = found && relocate(uboot, found);
  if (!working) return FAILURE;
  if (!setUp(uboot, working)) {
    uboot.reset('U-Boot could not prepare the device tree');
    return FAILURE;
  }
  const bootargs = uboot.environment.get('bootargs') ?? '';
  const [name = ''] = uboot.board.boards;
  if (uboot.board.bits === 64 && auxiliaryUp(uboot) && !bootargs.includes('mcore_booted')) {
    const how = `${'prepare_mcore' in uboot.board.environment ? 'run prepare_mcore, or ' : ''}add clk-${name.split('/')[0]}.mcore_booted`;
    uboot.finding(`the M core runs, but bootargs do not say so: the kernel of a board would switch off its clocks; ${how}`);
  }
  uboot.print('\nStarting kernel ...\n\n');
  yield* uboot.leave(working.tree);
  return SUCCESS;
}

function bootm(uboot: UBoot, { argv }: Invocation): number {
  const address = argv[1] === undefined ? (uboot.environment.hex('loadaddr') ?? uboot.board.loadAddress) : hexNumber(argv[1]);
  const magic = uboot.fdt.member(address, 0);
  if (magic === FDT_MAGIC || magic === UIMAGE_MAGIC) uboot.print('imx-sim: bootm of uImage and FIT is not modelled; booti and bootz are\n');
  else uboot.print("Wrong Image Format for bootm command\nERROR: can't get kernel image!\n");
  return FAILURE;
}

function go(uboot: UBoot, { argv }: Invocation): number {
  if (argv.length < 2) return USAGE;
  const address = hexNumber(argv[1]!);
  uboot.print(`## Starting application at 0x${hexText(address, 8).toUpperCase()} ...\n`);
  uboot.print('imx-sim: programs for the A core are not modelled\n');
  return FAILURE;
}

const UIMAGE_MAGIC = 0x2705_1956;
const UIMAGE_HEADER = 64;
const IH_TYPE_SCRIPT = 6;
/** A script that is larger is damaged. */
const LARGEST_SCRIPT = MiB;

/** `source`: a script that mkimage packed; its checksums are not looked at. */
function* source(uboot: UBoot, { argv }: Invocation): KernelCode<number> {
  const address = argv[1] === undefined ? (uboot.environment.hex('loadaddr') ?? uboot.board.loadAddress) : hexNumber(argv[1]);
  uboot.print(`## Executing script at ${hexText(address, 8)}\n`);
  if (uboot.fdt.member(address, 0) !== UIMAGE_MAGIC) {
    uboot.print('Wrong image format for "source" command\n');
    return FAILURE;
  }
  if (uboot.memory.read(address + 30, 1) !== BigInt(IH_TYPE_SCRIPT)) {
    uboot.print('Bad image type\n');
    return FAILURE;
  }
  // Behind the header: the length of the text, then a 0 that ends the list of lengths.
  const length = uboot.fdt.member(address, UIMAGE_HEADER / 4);
  if (length === 0 || length > LARGEST_SCRIPT) {
    uboot.print('Empty Script\n');
    return FAILURE;
  }
  return yield* uboot.hush.run(uboot.memory.text(address + UIMAGE_HEADER + 8, length));
}

const KERNEL_HELP = (kind: string): string =>
  `[addr [initrd[:size]] [fdt]]\n    - boot Linux ${kind === 'Image' ? "flat or compressed 'Image' stored at 'addr'" : 'zImage stored in memory'}\n\tThe argument 'initrd' is optional and specifies the address\n\tof an initrd in memory. To boot a kernel with a device-tree blob but\n\twithout an initrd image, use a '-' for the initrd argument.\n`;

/** The commands; booti is for 64-bit boards, bootz for others. */
export const BOOT_COMMANDS: readonly Command[] = [
  { name: 'boot', usage: "boot default, i.e., run 'bootcmd'", help: '', maxArgs: 1, repeatable: true, run: (uboot) => uboot.boot() },
  { name: 'bootd', usage: "boot default, i.e., run 'bootcmd'", help: '', maxArgs: 1, repeatable: true, run: (uboot) => uboot.boot() },
  {
    name: 'booti',
    usage: "boot Linux kernel 'Image' format from memory",
    help: KERNEL_HELP('Image'),
    maxArgs: MAX_ARGS,
    repeatable: true,
    run: (uboot, invocation) => start(uboot, invocation, arm64Image),
  },
  {
    name: 'bootm',
    usage: 'boot application image from memory',
    help: '[addr [arg ...]]\n    - boot application image stored in memory\n',
    maxArgs: MAX_ARGS,
    repeatable: true,
    run: bootm,
  },
  {
    name: 'bootz',
    usage: 'boot Linux zImage image from memory',
    help: KERNEL_HELP('zImage'),
    maxArgs: MAX_ARGS,
    repeatable: true,
    run: (uboot, invocation) => start(uboot, invocation, zImage),
  },
  {
    name: 'go',
    usage: "start application at address 'addr'",
    help: "addr [arg ...]\n    - start application at address 'addr'\n      passing 'arg' as arguments",
    maxArgs: MAX_ARGS,
    repeatable: true,
    run: go,
  },
  {
    name: 'reset',
    usage: 'Perform RESET of the CPU',
    help: '- cold boot without level specifier\nreset -w - warm reset if implemented',
    maxArgs: 2,
    run: (uboot) => {
      uboot.reset("U-Boot's reset command");
      return SUCCESS;
    },
  },
  {
    name: 'source',
    usage: 'run script from memory',
    help: '[addr]\n\t- run script starting at addr\n\t- A valid image header must be present',
    maxArgs: 2,
    run: source,
  },
];
