/**
 * The boot stage of a machine: cards with the files of the run, and the lines that a board's documentation has its user type.
 */
import type { DeviceTree } from '../devicetree/tree.ts';
import { writeDtb } from '../devicetree/write-dtb.ts';
import { FirmwareError, UsageError } from '../errors.ts';
import { MiB } from '../memory/bits.ts';
import { type Firmware, parseFirmware } from '../remoteproc/elf-loader.ts';
import type { SocDescription } from '../soc/soc.ts';
import { findUBootBoard, type UBootBoard } from './boards.ts';
import { type BootFile, bytesFile, kernelFile, type MmcSlot, type Partition } from './media.ts';
import { type RawImages, rawImages } from './raw-images.ts';

/** What runs before the firmware and Linux. */
export type BootStage = 'linux' | 'uboot' | 'uboot-mainline';

/** All stages, the default first. */
export const BOOT_STAGES: readonly BootStage[] = ['linux', 'uboot', 'uboot-mainline'];

/** The U-Boot of a board. @throws {UsageError} when none is known. */
export function ubootBoard(soc: SocDescription, board: string, stage: BootStage): UBootBoard {
  const found = findUBootBoard(soc.name, board, stage === 'uboot-mainline');
  if (found) return found;
  const known = soc.boards.filter(({ name }) => findUBootBoard(soc.name, name, stage === 'uboot-mainline')).map(({ name }) => name);
  throw new UsageError(
    `no ${stage === 'uboot-mainline' ? 'mainline U-Boot' : 'U-Boot'} is known for board ${board}`,
    known.length > 0 ? `there is one for ${known.join(', ')}: --board` : 'leave out --boot',
    '--boot',
  );
}

/** Files of the run, for the boot partition and for /lib/firmware. */
export interface StageFiles {
  readonly firmware?: Firmware;
  readonly core: string;
  /** Further files by name. */
  readonly others?: ReadonlyMap<string, Uint8Array>;
  /** The tree in effect. */
  readonly tree: DeviceTree;
}

const SECTOR = 512;
const BOOT_START = 16_384;
const BOOT_SECTORS = 170_392;

/** The cards of a board, with the files of the run on the one that it boots from. */
export function cards(board: UBootBoard, soc: SocDescription, files: StageFiles): MmcSlot[] {
  return board.slots.map((number) => {
    const card = board.cards.find(({ slot }) => slot === number);
    if (!card) return { number };
    const { bytes, kind, manufacturer, oem, name, signature } = card;
    const full = number === board.bootSlot;
    const root = BOOT_START + BOOT_SECTORS + 8;
    const partitions: Partition[] = [
      { type: 'fat', start: BOOT_START, sectors: BOOT_SECTORS, files: full ? bootFiles(board, soc, files) : new Map() },
      { type: 'ext4', start: root, sectors: Math.floor(bytes / SECTOR) - root, files: full ? rootFiles(files) : new Map() },
    ];
    return { number, device: { kind, manufacturer, oem, name, bytes, signature, partitions } };
  });
}

/** `mmc x:1`: kernel, trees, firmware as ELF and raw. */
function bootFiles(board: UBootBoard, soc: SocDescription, { firmware, core, others, tree }: StageFiles): Map<string, BootFile> {
  const { kernel, trees } = board;
  const blob = writeDtb(tree, { padding: 0 });
  const files = new Map<string, BootFile>([[kernel.kind, kernelFile(kernel.kind, kernel.size)]]);
  for (const name of trees) files.set(name, bytesFile(blob));
  const given: [string, Uint8Array][] = [...(firmware ? [[firmware.name, firmware.bytes] as [string, Uint8Array]] : []), ...(others ?? [])];
  for (const [name, bytes] of given) {
    files.set(name, bytesFile(bytes));
    const parsed = name === firmware?.name ? firmware : asFirmware(name, bytes);
    for (const image of (parsed && rawImages(parsed, soc, core)?.images) ?? []) files.set(image.file, bytesFile(image.bytes));
  }
  return files;
}

/** The firmware that a file is, if it is one. */
function asFirmware(name: string, bytes: Uint8Array): Firmware | undefined {
  try {
    return parseFirmware(bytes, name);
  } catch (error) {
    if (error instanceof FirmwareError) return undefined;
    throw error;
  }
}

function rootFiles({ firmware, others }: StageFiles): Map<string, BootFile> {
  const files = new Map<string, BootFile>();
  if (firmware) files.set(`lib/firmware/${firmware.name}`, bytesFile(firmware.bytes));
  for (const [name, bytes] of others ?? []) files.set(`lib/firmware/${name}`, bytesFile(bytes));
  return files;
}

/** Where NXP's and Toradex' documents have firmware loaded before it is copied to TCM. */
const STAGING = 0x4800_0000;
const STAGING_32 = 0x8800_0000;
/** TCM is copied as a whole in those documents. */
const TCM_SIZE = 0x2_0000;

/**
 * What the board's documentation has its user type to start a firmware and then Linux: the kernel is told that the core runs, the firmware is
 * loaded and started, `boot`. @throws {UsageError} when U-Boot cannot load it.
 */
export function documentedSequence(board: UBootBoard, soc: SocDescription, firmware: Firmware, core: string): string[] {
  const lines: string[] = [];
  const card = `mmc ${board.bootSlot}:1`;
  const rpmsgTree = board.trees[0]!;
  if ('prepare_mcore' in board.environment) lines.push('run prepare_mcore');
  else if (board.bits === 64) lines.push(`setenv ${board.argumentsVariable ?? 'mcore_clk'} clk-${soc.name}.mcore_booted=1`);
  const treeVariable = 'fdt_file' in board.environment ? 'fdt_file' : 'fdtfile';
  if (board.environment[treeVariable] !== rpmsgTree) lines.push(`setenv ${treeVariable} ${rpmsgTree}`);
  const staging = `0x${(board.bits === 64 ? STAGING : STAGING_32).toString(16)}`;
  if (board.manualStarts === 'elf') lines.push(`fatload ${card} ${staging} ${firmware.name}`, `bootaux ${staging}`);
  else {
    const raw = rawImages(firmware, soc, core);
    if (!raw)
      throw new UsageError(
        `${firmware.name}: U-Boot cannot reach the memory that it is linked to`,
        'link it for the TCM or for DDR, or leave Linux out with --no-linux; imx-sim info shows its segments',
        '--boot',
      );
    lines.push(...rawSequence(board, raw, card, staging));
  }
  return [...lines, 'boot'];
}

function rawSequence(board: UBootBoard, { images, vectors }: RawImages, card: string, staging: string): string[] {
  const lines = images.flatMap(({ file, address, bytes }) => {
    const target = `0x${address.toString(16)}`;
    if (board.dram.some(({ base, size }) => address >= base && address < base + size)) return [`fatload ${card} ${target} ${file}`];
    // Memory that U-Boot's loader does not know; of the TCM its whole size is copied, as in the documents.
    const whole = board.bits === 64 && address === board.auxiliary.bootRom && bytes.length <= TCM_SIZE;
    return [`fatload ${card} ${staging} ${file}`, `cp.b ${staging} ${target} ${(whole ? TCM_SIZE : bytes.length).toString(16)}`];
  });
  if (vectors >= MiB * 16) lines.push('dcache flush');
  return [...lines, `bootaux 0x${vectors.toString(16)}`];
}
