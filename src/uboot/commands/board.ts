/**
 * Commands about the board: bdinfo, dcache, icache, and those of networks, which are not modelled and say so.
 */
import { type Command, FAILURE, type Invocation, MAX_ARGS, SUCCESS, USAGE } from '../command.ts';
import { hexText } from '../numbers.ts';
import type { UBoot } from '../uboot.ts';

function bdinfo(uboot: UBoot): number {
  const { board, environment } = uboot;
  const digits = board.bits / 4;
  const row = (name: string, value: string): string => `${name.padEnd(12)}= ${value}\n`;
  const number = (name: string, value: number): string => row(name, `0x${hexText(value, digits)}`);
  const banks = board.dram.map(({ base, size }, index) => number('DRAM bank', index) + number('-> start', base) + number('-> size', size));
  const memory = board.dram.map(
    ({ base, size }, index) =>
      ` memory[${index}]\t[0x${hexText(base)}-0x${hexText(base + size - 1)}], 0x${hexText(size, 8)} bytes flags: 0\n`,
  );
  const bank = board.dram.find(({ base, size }) => board.reservedFrom >= base && board.reservedFrom < base + size)!;
  const reserved = bank.base + bank.size - board.reservedFrom;
  uboot.print(
    [
      number('boot_params', 0),
      ...banks,
      number('flashstart', 0),
      number('flashsize', 0),
      number('flashoffset', 0),
      `baudrate    = ${environment.get('baudrate') ?? 115200} bps\n`,
      number('relocaddr', board.relocation.address),
      number('reloc off', board.relocation.offset),
      row('Build', `${board.bits}-bit`),
      row('current eth', environment.get('ethprime') ?? 'eth0'),
      row('ethaddr', environment.get('ethaddr') ?? '(not set)'),
      row('IP addr', environment.get('ipaddr') ?? '<NULL>'),
      number('fdt_blob', board.reservedFrom),
      number('new_fdt', board.reservedFrom),
      number('fdt_size', 0xd3e0),
      'lmb_dump_all:\n',
      ` memory.cnt  = 0x${hexText(board.dram.length)}\n`,
      ...memory,
      ' reserved.cnt  = 0x1\n',
      ` reserved[0]\t[0x${hexText(board.reservedFrom)}-0x${hexText(bank.base + bank.size - 1)}], 0x${hexText(reserved, 8)} bytes flags: 0\n`,
      row('devicetree', 'separate'),
    ].join(''),
  );
  return SUCCESS;
}

/** Memory here has no caches: commands keep what they would switch, and flushing has nothing to do. */
function cache(name: string): Command['run'] {
  return (uboot: UBoot, { argv }: Invocation) => {
    const [, what] = argv;
    if (what === undefined) uboot.print(`${name} Cache is ${uboot.cachesOff.has(name) ? 'OFF' : 'ON'}\n`);
    else if (what === 'off') uboot.cachesOff.add(name);
    else if (what === 'on') uboot.cachesOff.delete(name);
    else if (what !== 'flush') return USAGE;
    return SUCCESS;
  };
}

function notModelled(what: string): Command['run'] {
  return (uboot: UBoot) => {
    uboot.print(`imx-sim: ${what}: files come from mmc\n`);
    return FAILURE;
  };
}

const NETWORK = 'networks are not modelled';

const network = (name: string, usage: string, help: string): Command => ({
  name,
  usage,
  help,
  maxArgs: MAX_ARGS,
  repeatable: true,
  run: notModelled(NETWORK),
});

/** The commands. */
export const BOARD_COMMANDS: readonly Command[] = [
  { name: 'bdinfo', usage: 'print Board Info structure', help: '', maxArgs: 1, repeatable: true, run: bdinfo },
  {
    name: 'dcache',
    usage: 'enable or disable data cache',
    help: '[on, off, flush]\n    - enable, disable, or flush data (writethrough) cache',
    maxArgs: 2,
    repeatable: true,
    run: cache('Data (writethrough)'),
  },
  {
    name: 'icache',
    usage: 'enable or disable instruction cache',
    help: '[on, off, flush]\n    - enable, disable, or flush instruction cache',
    maxArgs: 2,
    repeatable: true,
    run: cache('Instruction'),
  },
  network('dhcp', 'boot image via network using DHCP/TFTP protocol', '[loadAddress] [[hostIPaddr:]bootfilename]'),
  network('nfs', 'boot image via network using NFS protocol', '[loadAddress] [[hostIPaddr:]bootfilename]'),
  network('ping', 'send ICMP ECHO_REQUEST to network host', 'pingAddress'),
  network('tftpboot', 'boot image via network using TFTP protocol', '[loadAddress] [[hostIPaddr:]bootfilename]'),
  {
    name: 'usb',
    usage: 'USB sub-system',
    help: 'start - start (scan) USB controller',
    maxArgs: 6,
    repeatable: true,
    run: notModelled('USB is not modelled'),
  },
];
