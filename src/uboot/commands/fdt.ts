/**
 * `fdt` (cmd/fdt.c): shows and changes the tree that Linux will get, in memory, with libfdt's errors.
 *
 * Subcommands are known by their first letters, as there. Not modelled: signatures.
 */
import { applyOverlay } from '../../devicetree/overlay.ts';
import type { DeviceTreeNode } from '../../devicetree/tree.ts';
import { DeviceTreeError } from '../../errors.ts';
import type { KernelCode } from '../../linux/kernel.ts';
import { type Command, FAILURE, type Invocation, SUCCESS, USAGE } from '../command.ts';
import { FDT_MEMBERS, type FdtError, fdtErrorOf, fdtNode, type WorkingTree } from '../fdt-memory.ts';
import { cellsOf, isText, latin, parseValue, swapped, valueText } from '../fdt-values.ts';
import { fixChosen, fixMemory } from '../fix-ups.ts';
import { hexNumber, hexText, parseUnsigned } from '../numbers.ts';
import type { UBoot } from '../uboot.ts';
import { auxiliaryUp } from './auxiliary.ts';

/** Bytes of a value that `fdt set` can make. */
const SCRATCHPAD = 1024;
/** Levels that `fdt print` shows. */
const MAX_LEVEL = 32;
type Handler = (uboot: UBoot, working: WorkingTree, argv: readonly string[]) => KernelCode<number> | number;

function isError(value: unknown): value is FdtError {
  return typeof value === 'string';
}

/** `fdt_valid`, with its words. */
function valid(uboot: UBoot, address: number): boolean {
  if (address === 0) {
    uboot.print('The address of the fdt is invalid (NULL).\n');
    return false;
  }
  const problem = uboot.fdt.check(address);
  if (problem) uboot.print(`libfdt fdt_check_header(): ${problem}${versionNote(uboot, address, problem)}\n`);
  return !problem;
}

function versionNote(uboot: UBoot, address: number, problem: FdtError): string {
  if (problem !== 'FDT_ERR_BADVERSION') return '';
  const [version, compatible] = [uboot.fdt.member(address, 5), uboot.fdt.member(address, 6)];
  return `${version < 2 ? ` - too old, fdt ${version} < 2` : ''}${compatible > 17 ? ` - too new, fdt ${compatible} > 17` : ''}`;
}

function addr(uboot: UBoot, argv: readonly string[]): number {
  const control = argv[2] === '-c';
  const [text, length] = argv.slice(control ? 3 : 2);
  if (control) {
    uboot.print("imx-sim: U-Boot's own device tree (-c) is not modelled\n");
    return FAILURE;
  }
  if (text === undefined) {
    if (uboot.fdt.address === undefined || !valid(uboot, uboot.fdt.address)) {
      if (uboot.fdt.address === undefined) valid(uboot, 0);
      return FAILURE;
    }
    uboot.print(`Working fdt: ${hexText(uboot.fdt.address, 8)}\n`);
    return SUCCESS;
  }
  const address = hexNumber(text);
  if (!valid(uboot, address)) return FAILURE;
  uboot.fdt.use(address);
  if (uboot.board.text.workingFdt) uboot.print(`Working FDT set to ${hexText(address)}\n`);
  if (length === undefined) return SUCCESS;
  const wanted = hexNumber(length);
  const working = uboot.fdt.read(address);
  const total = uboot.fdt.member(address, 1);
  if (wanted < total) uboot.print(`New length ${wanted} < existing length ${total}, ignoring\n`);
  else {
    const problem = isError(working) ? working : uboot.fdt.write(working, wanted);
    if (problem) uboot.print(`libfdt fdt_open_into(): ${problem}\n`);
  }
  return SUCCESS;
}

function move(uboot: UBoot, argv: readonly string[]): number {
  if (argv.length < 4) return USAGE;
  const from = hexNumber(argv[2]!);
  if (!valid(uboot, from)) return FAILURE;
  const to = hexNumber(argv[3]!);
  const total = uboot.fdt.member(from, 1);
  const length = argv[4] === undefined ? total : hexNumber(argv[4]);
  if (length < total) {
    uboot.print(`New length 0x${hexText(length).toUpperCase()} < existing length 0x${hexText(total).toUpperCase()}, aborting.\n`);
    return FAILURE;
  }
  const working = uboot.fdt.read(from);
  const problem = isError(working) ? working : uboot.fdt.write({ ...working, address: to }, length);
  if (problem) {
    uboot.print(`libfdt fdt_open_into(): ${problem}\n`);
    return FAILURE;
  }
  uboot.fdt.use(to);
  return SUCCESS;
}

/** The node of a path; where there is none, libfdt's word for it. */
function nodeOf(uboot: UBoot, { tree }: WorkingTree, path: string): DeviceTreeNode | undefined {
  const node = fdtNode(tree, path);
  if (!isError(node)) return node;
  uboot.print(`libfdt fdt_path_offset() returned ${node}\n`);
  return undefined;
}

function makeNode(uboot: UBoot, working: WorkingTree, argv: readonly string[]): number {
  if (argv.length < 4) return USAGE;
  const node = nodeOf(uboot, working, argv[2]!);
  if (!node) return FAILURE;
  const name = argv[3]!;
  const exists = node.childByName(name) !== undefined;
  if (!exists) node.addFirst([name]);
  return stored(uboot, working, 'fdt_add_subnode', exists ? 'FDT_ERR_EXISTS' : undefined);
}

/** Writes the tree back, unless there is a problem already. */
function stored(uboot: UBoot, working: WorkingTree, call: string, problem?: FdtError): number {
  const found = problem ?? uboot.fdt.write(working);
  if (found) uboot.print(`libfdt ${call}(): ${found}\n`);
  return found ? FAILURE : SUCCESS;
}

function setProperty(uboot: UBoot, working: WorkingTree, argv: readonly string[]): number {
  if (argv.length < 4) return USAGE;
  const node = nodeOf(uboot, working, argv[2]!);
  if (!node) return FAILURE;
  const name = argv[3]!;
  const old = node.bytes(name);
  if (argv.length > 4 && old && old.length > SCRATCHPAD) {
    uboot.print(`prop (${old.length}) doesn't fit in scratchpad!\n`);
    return FAILURE;
  }
  const value = argv.length === 4 ? new Uint8Array() : parseValue(argv.slice(4), old ?? new Uint8Array());
  if (typeof value === 'string') {
    uboot.print(value);
    return FAILURE;
  }
  if (value.length > SCRATCHPAD) {
    uboot.print(`prop (${value.length}) doesn't fit in scratchpad!\n`);
    return FAILURE;
  }
  node.setFirst([[name, value]]);
  return stored(uboot, working, 'fdt_setprop');
}

function getProperty(uboot: UBoot, working: WorkingTree, argv: readonly string[]): number {
  const [, , kind = '', variable, path, property] = argv;
  if (argv.length < 5 || (argv.length < 6 && kind[0] !== 's')) return USAGE;
  const node = nodeOf(uboot, working, path!);
  if (!node) return FAILURE;
  const { environment } = uboot;
  if (kind[0] === 'n' || (kind[0] === 's' && property === undefined)) {
    const children = [...node.children.keys()];
    if (kind[0] === 's') environment.assign(variable!, String(children.length));
    else {
      const name = children[hexNumber(property!)];
      if (name === undefined) {
        uboot.print('libfdt node not found\n');
        return FAILURE;
      }
      environment.assign(variable!, name);
    }
    return SUCCESS;
  }
  const value = node.bytes(property!);
  if (!value) {
    uboot.print('libfdt fdt_getprop(): FDT_ERR_NOTFOUND\n');
    return FAILURE;
  }
  if (value.length === 0) environment.assign(variable!, '');
  else if (kind[0] === 's') environment.assign(variable!, `0x${hexText(value.length, 8).toUpperCase()}`);
  else if (kind[0] === 'v') return assignValue(uboot, variable!, value);
  else if (kind[0] === 'a') {
    uboot.print('imx-sim: fdt get addr is not modelled: the tree is laid out anew by each change\n');
    return FAILURE;
  } else return USAGE;
  return SUCCESS;
}

/** `fdt_value_env_set`. */
function assignValue(uboot: UBoot, variable: string, value: Uint8Array): number {
  if (isText(value)) {
    uboot.environment.assign(variable, latin(value.subarray(0, value.indexOf(0))));
    return SUCCESS;
  }
  const cells = cellsOf(value);
  if (value.length === 4) uboot.environment.assign(variable, `0x${hexText(cells[0]!, 8).toUpperCase()}`);
  else if (value.length % 4 === 0 && value.length <= 20) {
    // Several cells come in the processor's byte order.
    uboot.environment.assign(variable, cells.map((cell) => hexText(swapped(cell), 8)).join(''));
  } else {
    uboot.print('error: unprintable value\n');
    return FAILURE;
  }
  return SUCCESS;
}

function shown(uboot: UBoot, value: Uint8Array): string {
  const limit = uboot.environment.hex('fdt_max_dump');
  return valueText(value, limit === undefined ? undefined : { limit, address: uboot.fdt.address ?? 0 });
}

function* print(uboot: UBoot, working: WorkingTree, argv: readonly string[]): KernelCode<number> {
  const depth = argv[1]![0] === 'l' ? 1 : MAX_LEVEL;
  const [, , path = '/', property] = argv;
  const node = nodeOf(uboot, working, path);
  if (!node) return FAILURE;
  if (property === undefined) return yield* printNode(uboot, node, 0, depth);
  const value = node.bytes(property);
  if (!value) {
    uboot.print('libfdt fdt_getprop(): FDT_ERR_NOTFOUND\n');
    return FAILURE;
  }
  uboot.print(value.length === 0 ? `${path} ${property}\n` : `${property} = ${shown(uboot, value)}\n`);
  return SUCCESS;
}

function* printNode(uboot: UBoot, node: DeviceTreeNode, level: number, depth: number): KernelCode<number> {
  if (level >= MAX_LEVEL) {
    uboot.print('Nested too deep, aborting.\n');
    return FAILURE;
  }
  const tabs = '\t'.repeat(level);
  uboot.print(`${tabs}${node.name === '' ? '/' : node.name} {\n`);
  if (level < depth) {
    for (const [name, value] of node.properties) {
      uboot.print(`${tabs}\t${name}${value.length === 0 ? '' : ` = ${shown(uboot, value)}`};\n`);
      if (yield* uboot.settle()) return FAILURE;
    }
    for (const child of node.children.values()) {
      const code = yield* printNode(uboot, child, level + 1, depth);
      if (code !== SUCCESS) return code;
    }
  }
  uboot.print(`${tabs}};\n`);
  return (yield* uboot.settle()) ? FAILURE : SUCCESS;
}

function remove(uboot: UBoot, working: WorkingTree, argv: readonly string[]): number {
  if (argv[2] === undefined) return USAGE;
  const node = nodeOf(uboot, working, argv[2]);
  if (!node) return FAILURE;
  const property = argv[3];
  const call = property === undefined ? 'fdt_del_node' : 'fdt_delprop';
  const done = property === undefined ? (node.parent?.remove(node.name) ?? false) : node.delete(property);
  if (done) return stored(uboot, working, call);
  // Two blanks, as there.
  uboot.print(`libfdt ${call}():  FDT_ERR_NOTFOUND\n`);
  return FAILURE;
}

function header(uboot: UBoot, working: WorkingTree, argv: readonly string[]): number {
  const value = (name: (typeof FDT_MEMBERS)[number]): number => uboot.fdt.member(working.address, FDT_MEMBERS.indexOf(name));
  if (argv.length === 5) {
    const member = FDT_MEMBERS.find((name) => name === argv[4]);
    if (argv[2]![0] !== 'g' || !member) return FAILURE;
    uboot.environment.assign(argv[3]!, hexText(value(member)));
    return SUCCESS;
  }
  const hex = (name: (typeof FDT_MEMBERS)[number]): string => `0x${hexText(value(name))}`;
  const lines = [
    `magic:\t\t\t${hex('magic')}`,
    `totalsize:\t\t${hex('totalsize')} (${value('totalsize')})`,
    `off_dt_struct:\t\t${hex('off_dt_struct')}`,
    `off_dt_strings:\t\t${hex('off_dt_strings')}`,
    `off_mem_rsvmap:\t\t${hex('off_mem_rsvmap')}`,
    `version:\t\t${value('version')}`,
    `last_comp_version:\t${value('last_comp_version')}`,
    `boot_cpuid_phys:\t${hex('boot_cpuid_phys')}`,
    `size_dt_strings:\t${hex('size_dt_strings')}`,
    ...(value('version') >= 17 ? [`size_dt_struct:\t\t${hex('size_dt_struct')}`] : []),
    `number mem_rsv:\t\t0x${hexText(working.tree.reservations.length)}`,
  ];
  uboot.print(`${lines.join('\n')}\n\n`);
  return SUCCESS;
}

function reserve(uboot: UBoot, working: WorkingTree, argv: readonly string[]): number {
  const { reservations } = working.tree;
  const [, , kind = '', first = '', second = ''] = argv;
  if (kind[0] === 'p') {
    uboot.print('index\t\t   start\t\t    size\n------------------------------------------------\n');
    for (const [index, { address, size }] of reservations.entries())
      uboot.print(`    ${hexText(index)}\t${hexText(address, 16)}\t${hexText(size, 16)}\n`);
    return SUCCESS;
  }
  if (kind[0] === 'a') {
    reservations.push({ address: parseUnsigned(first, 16).value, size: parseUnsigned(second, 16).value });
    return stored(uboot, working, 'fdt_add_mem_rsv');
  }
  if (kind[0] !== 'd') return USAGE;
  const index = hexNumber(first);
  if (index < reservations.length) reservations.splice(index, 1);
  else {
    uboot.print('libfdt fdt_del_mem_rsv():  FDT_ERR_NOTFOUND\n');
    return FAILURE;
  }
  return stored(uboot, working, 'fdt_del_mem_rsv');
}

function apply(uboot: UBoot, working: WorkingTree, argv: readonly string[]): number {
  if (argv.length !== 3) return USAGE;
  const address = hexNumber(argv[2]!);
  if (!valid(uboot, address)) return FAILURE;
  const overlay = uboot.fdt.read(address);
  let problem: FdtError | undefined;
  if (isError(overlay)) problem = overlay;
  else {
    try {
      problem = uboot.fdt.write({ ...working, tree: applyOverlay(working.tree, overlay.tree) });
    } catch (error) {
      if (!(error instanceof DeviceTreeError)) throw error;
      problem = fdtErrorOf(error);
    }
    // libfdt works on the overlay in place, and leaves it unusable.
    uboot.fdt.damage(address);
  }
  if (!problem) return SUCCESS;
  uboot.fdt.damage(working.address);
  uboot.print(`failed on fdt_overlay_apply(): ${problem}\n`);
  if (!working.tree.find('/__symbols__'))
    uboot.print("base fdt does did not have a /__symbols__ node\nmake sure you've compiled with -@\n");
  return FAILURE;
}

function chosen(uboot: UBoot, working: WorkingTree, argv: readonly string[]): number {
  if (argv.length !== 2 && argv.length !== 4) return USAGE;
  fixChosen(working.tree, uboot.environment.get('bootargs'));
  return stored(uboot, working, 'fdt_setprop');
}

function memory(uboot: UBoot, working: WorkingTree, argv: readonly string[]): number {
  fixMemory(working.tree, [{ base: hexNumber(argv[2] ?? ''), size: hexNumber(argv[3] ?? '') }]);
  return stored(uboot, working, 'fdt_setprop');
}

function boardSetup(uboot: UBoot, working: WorkingTree): number {
  const { setup, dram } = uboot.board;
  const refused = setup?.(working.tree, { auxiliaryUp: auxiliaryUp(uboot), dram });
  if (refused) uboot.print(refused);
  return stored(uboot, working, 'fdt_setprop');
}

function resize(uboot: UBoot, working: WorkingTree, argv: readonly string[]): number {
  const problem = uboot.fdt.resize(working, Math.min(hexNumber(argv[2] ?? ''), 0x40_0000));
  return problem ? FAILURE : SUCCESS;
}

function bootCpu(uboot: UBoot, working: WorkingTree, argv: readonly string[]): number {
  working.tree.bootCpu = hexNumber(argv[2] ?? '') >>> 0;
  return stored(uboot, working, 'fdt_setprop');
}

/** By the first letters, in the order in which they are looked for. */
const HANDLERS: readonly (readonly [string, Handler])[] = [
  ['mk', makeNode],
  ['se', setProperty],
  ['g', getProperty],
  ['p', print],
  ['l', print],
  ['rm', remove],
  ['h', header],
  ['boo', bootCpu],
  ['me', memory],
  ['rs', reserve],
  ['boa', boardSetup],
  ['cho', chosen],
  ['ap', apply],
  ['re', resize],
];

function fdt(uboot: UBoot, { argv }: Invocation): KernelCode<number> | number {
  const [, subcommand] = argv;
  if (subcommand === undefined) return USAGE;
  if (subcommand.startsWith('ad')) return addr(uboot, argv);
  if (uboot.fdt.address === undefined) {
    uboot.print('No FDT memory address configured. Please configure\nthe FDT address via "fdt addr <address>" command.\nAborting!\n');
    return FAILURE;
  }
  if (subcommand.startsWith('mo')) return move(uboot, argv);
  if (subcommand.startsWith('sys')) return SUCCESS;
  const handler = HANDLERS.find(([letters]) => subcommand.startsWith(letters))?.[1];
  if (!handler) return USAGE;
  const working = uboot.fdt.read(uboot.fdt.address);
  if (isError(working)) {
    uboot.print(`libfdt fdt_path_offset() returned ${working}\n`);
    return FAILURE;
  }
  return handler(uboot, working, argv);
}

const HELP = `addr [-c]  <addr> [<length>]   - Set the [control] fdt location to <addr>
fdt apply <addr>                    - Apply overlay to the DT
fdt boardsetup                      - Do board-specific set up
fdt systemsetup                     - Do system-specific set up
fdt move   <fdt> <newaddr> <length> - Copy the fdt to <addr> and make it active
fdt resize [<extrasize>]            - Resize fdt to size + padding to 4k addr + some optional <extrasize> if needed
fdt print  <path> [<prop>]          - Recursive print starting at <path>
fdt list   <path> [<prop>]          - Print one level starting at <path>
fdt get value <var> <path> <prop>   - Get <property> and store in <var>
fdt get name <var> <path> <index>   - Get name of node <index> and store in <var>
fdt get addr <var> <path> <prop>    - Get start address of <property> and store in <var>
fdt get size <var> <path> [<prop>]  - Get size of [<property>] or num nodes and store in <var>
fdt set    <path> <prop> [<val>]    - Set <property> [to <val>]
fdt mknode <path> <node>            - Create a new node after <path>
fdt rm     <path> [<prop>]          - Delete the node or <property>
fdt header [get <var> <member>]     - Display header info
                                      get - get header member <member> and store it in <var>
fdt bootcpu <id>                    - Set boot cpuid
fdt memory <addr> <size>            - Add/Update memory node
fdt rsvmem print                    - Show current mem reserves
fdt rsvmem add <addr> <size>        - Add a mem reserve
fdt rsvmem delete <index>           - Delete a mem reserves
fdt chosen [<start> <end>]          - Add/update the /chosen branch in the tree
                                        <start>/<end> - initrd start/end addr
NOTE: Dereference aliases by omitting the leading '/', e.g. fdt print ethernet0.`;

const NAMES = [
  'addr',
  'apply',
  'boardsetup',
  'chosen',
  'get',
  'header',
  'list',
  'memory',
  'mknode',
  'move',
  'print',
  'resize',
  'rm',
  'rsvmem',
  'set',
];

/** The command. */
export const FDT_COMMANDS: readonly Command[] = [
  {
    name: 'fdt',
    usage: 'flattened device tree utility commands',
    help: HELP,
    maxArgs: 255,
    run: fdt,
    complete: (_uboot, words) => (words.length === 2 ? NAMES : []),
  },
];
