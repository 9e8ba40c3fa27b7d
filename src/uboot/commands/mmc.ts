/**
 * `mmc` and `mmcinfo` (cmd/mmc.c, drivers/mmc): the cards, which of them is current, and their partitions.
 *
 * Not modelled: blocks (read, write, erase), boot partitions, RPMB.
 */
import { type KernelCode, sleep } from '../../linux/kernel.ts';
import { type Command, FAILURE, findCommand, type Invocation, SUCCESS, USAGE } from '../command.ts';
import type { BlockDevice } from '../media.ts';
import { decimalNumber, hexText, sizeText } from '../numbers.ts';
import { TIMING } from '../timing.ts';
import type { UBoot } from '../uboot.ts';
import { card } from './filesystem.ts';

/** `init_mmc_device`. */
function* initialise(uboot: UBoot, number: number): KernelCode<BlockDevice | undefined> {
  yield* sleep(TIMING.device);
  if (!uboot.slots.some((slot) => slot.number === number)) {
    uboot.print(`no mmc device at slot ${hexText(number)}\n`);
    return undefined;
  }
  return card(uboot, 'mmc', number)?.device;
}

function* info(uboot: UBoot): KernelCode<number> {
  const device = yield* initialise(uboot, uboot.mmcDevice);
  if (!device) return FAILURE;
  const sd = device.kind === 'SD';
  const lines = [
    'Device: FSL_SDHC',
    `Manufacturer ID: ${hexText(device.manufacturer)}`,
    `OEM: ${hexText(device.oem)}`,
    `Name: ${device.name} `,
    `Bus Speed: ${sd ? 200_000_000 : 200_000_000}`,
    `Mode: ${sd ? 'UHS SDR104 (208MHz)' : 'HS400 (200MHz)'}`,
    'Rd Block Len: 512',
    sd ? 'SD version 3.0' : 'MMC version 5.1',
    'High Capacity: Yes',
    `Capacity: ${sizeText(device.bytes)}`,
    sd ? 'Bus Width: 4-bit' : 'Bus Width: 8-bit DDR',
    `Erase Group Size: ${sd ? '512 Bytes' : '512 KiB'}`,
  ];
  uboot.print(`${lines.join('\n')}\n`);
  return SUCCESS;
}

function list(uboot: UBoot): number {
  for (const { number, device } of uboot.slots) {
    const kind = device && uboot.knownCards.has(number) ? ` (${device.kind})` : '';
    uboot.print(`FSL_SDHC: ${number}${kind}\n`);
  }
  return SUCCESS;
}

/** PART_ACCESS_MASK. */
const LAST_HARDWARE_PARTITION = 7;

function* choose(uboot: UBoot, { argv }: Invocation): KernelCode<number> {
  const number = argv[1] === undefined ? uboot.mmcDevice : decimalNumber(argv[1]);
  const part = argv[2] === undefined ? 0 : decimalNumber(argv[2]);
  if (part > LAST_HARDWARE_PARTITION) {
    uboot.print(`#part_num shouldn't be larger than ${LAST_HARDWARE_PARTITION}\n`);
    return FAILURE;
  }
  const device = yield* initialise(uboot, number);
  if (!device) return FAILURE;
  const works = part === 0 || (device.kind === 'eMMC' && part <= 2);
  uboot.print(`switch to partitions #${part}, ${works ? 'OK' : 'ERROR'}\n`);
  if (!works) return FAILURE;
  uboot.mmcDevice = number;
  uboot.print(device.kind === 'SD' ? `mmc${number} is current device\n` : `mmc${number}(part ${part}) is current device\n`);
  return SUCCESS;
}

function* partitions(uboot: UBoot): KernelCode<number> {
  const device = yield* initialise(uboot, uboot.mmcDevice);
  if (!device) return FAILURE;
  uboot.print(`\nPartition Map for MMC device ${uboot.mmcDevice}  --   Partition Type: DOS\n\n`);
  uboot.print('Part\tStart Sector\tNum Sectors\tUUID\t\tType\n');
  for (const [index, { start, sectors, type }] of device.partitions.entries()) {
    const number = index + 1;
    const uuid = `${hexText(device.signature, 8)}-${hexText(number, 2)}`;
    const kind = type === 'fat' ? '0c Boot' : '83';
    uboot.print(`${String(number).padStart(3)}\t${String(start).padEnd(10)}\t${String(sectors).padEnd(10)}\t${uuid}\t${kind}\n`);
  }
  return SUCCESS;
}

function* rescan(uboot: UBoot): KernelCode<number> {
  return (yield* initialise(uboot, uboot.mmcDevice)) ? SUCCESS : FAILURE;
}

function notModelled(uboot: UBoot, { argv }: Invocation): number {
  uboot.print(`imx-sim: mmc ${argv[0]} is not modelled: the cards have files, but no blocks\n`);
  return FAILURE;
}

const SUBCOMMANDS = [
  { name: 'dev', maxArgs: 4, run: choose },
  { name: 'erase', maxArgs: 3, run: notModelled },
  { name: 'info', maxArgs: 1, run: info },
  { name: 'list', maxArgs: 1, run: list },
  { name: 'part', maxArgs: 1, run: partitions },
  { name: 'read', maxArgs: 4, run: notModelled },
  { name: 'rescan', maxArgs: 2, run: rescan },
  { name: 'write', maxArgs: 4, run: notModelled },
] as const;

function mmc(uboot: UBoot, { argv, repeated }: Invocation): ReturnType<Command['run']> {
  const found = argv[1] === undefined ? undefined : findCommand(argv[1], SUBCOMMANDS);
  if (!found || argv.length - 1 > found.maxArgs) return USAGE;
  return found.run(uboot, { argv: argv.slice(1), repeated });
}

const HELP = `info - display info of the current MMC device
mmc read addr blk# cnt
mmc write addr blk# cnt
mmc erase blk# cnt
mmc rescan [mode]
mmc part - lists available partition on current mmc device
mmc dev [dev] [part] [mode] - show or set current mmc device [partition] and set mode
  - the required speed mode is passed as the index from the following list
    [MMC_LEGACY, MMC_HS, SD_HS, MMC_HS_52, MMC_DDR_52, UHS_SDR12, UHS_SDR25,
    UHS_SDR50, UHS_DDR50, UHS_SDR104, MMC_HS_200, MMC_HS_400, MMC_HS_400_ES]
mmc list - lists available devices
`;

/** The commands. */
export const MMC_COMMANDS: readonly Command[] = [
  {
    name: 'mmc',
    usage: 'MMC sub system',
    help: HELP,
    maxArgs: 29,
    repeatable: true,
    run: mmc,
    complete: (_uboot, words) => (words.length === 2 ? SUBCOMMANDS.map(({ name }) => name) : []),
  },
  { name: 'mmcinfo', usage: 'display MMC info', help: '- display info of the current MMC device', maxArgs: 1, run: info },
];
