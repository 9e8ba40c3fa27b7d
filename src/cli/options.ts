/**
 * The options of `imx-sim run` as one typed table: it yields parsing, `--help` and the README's section.
 */
import { InvalidArgumentError, Option } from 'commander';
import { UsageError } from '../errors.ts';
import { faultText, parseFaults } from '../faults/grammar.ts';
import { KERNEL_FLAVOURS, type KernelFlavour } from '../linux/kernel-flavour.ts';
import { type DeviceInput, parseDeviceInput } from '../session/input.ts';
import { type LineCondition, parseLineCondition } from '../session/until.ts';
import { durationNs } from '../time/duration.ts';
import { BOOT_STAGES, type BootStage } from '../uboot/stage.ts';
import { checkSocketPath, parseTty, type TtySpec } from './bridges/where.ts';
import type { InstrumentOptions } from './run-instruments.ts';
import { parseMapping } from './source-files.ts';

/** Engines of `--cpu`, those that `--lockstep` can pair; the first is the default. */
const ENGINES = ['jit', 'interpreter', 'unicorn'] as const;

/** One of them. */
export type EngineName = (typeof ENGINES)[number];

/** One option: `flags` and `text` as `--help` shows them. */
export interface OptionRow {
  readonly flags: string;
  readonly text: string;
  readonly fallback?: unknown;
  readonly fallbackText?: string;
  readonly choices?: readonly string[];
  readonly parse?: (value: string, previous: unknown) => unknown;
  /** Values of other options that it sets unless they are given. */
  readonly implies?: Readonly<Record<string, unknown>>;
  readonly group: 'What runs' | 'What goes wrong' | 'Linux, and what boots it' | 'When it ends' | 'Input' | 'Looking inside' | 'Output';
}

/** What `run` receives after parsing. Times are nanoseconds of virtual time. */
export interface RunOptions extends InstrumentOptions {
  soc?: string;
  board?: string;
  core?: string;
  cpu: EngineName | 'auto' | 'lockstep';
  /** The engines of `--cpu lockstep`. */
  lockstep: readonly [EngineName, EngineName];
  linux: boolean;
  modules?: string[];
  /** Paths of `--dtb` and `--overlay`. */
  dtb?: string;
  overlay: string[];
  boot?: BootStage;
  /** Path of `--uboot-script`. */
  ubootScript?: string;
  /** Lines of `--uboot-cmd`. */
  ubootCmd: string[];
  recover?: boolean;
  kernel?: KernelFlavour['name'];
  fastForward: boolean;
  semihosting?: boolean;
  hostMemory?: number;
  until?: LineCondition;
  timeout?: number;
  /** `--send device=text`, with the escapes resolved. */
  send: DeviceInput[];
  console?: string;
  tty: TtySpec[];
  rpmsgSock?: string;
  /** What goes wrong on purpose, and the seed that decides what that leaves open. */
  faults?: string[];
  seed?: number;
  /** Paths of `--restore` and `--save-snapshot`. */
  restore?: string;
  saveSnapshot?: string;
  /** Path of `--record`. */
  record?: string;
  json?: boolean;
  stats?: boolean;
  traceHash?: boolean;
  color: boolean;
  /** False: no status line. */
  status: boolean;
  /** Port of `--gdb`; true: the usual one. */
  gdb?: number | true;
  /** The core stands before its first instruction until a debugger lets it go. */
  wait?: boolean;
  /** Port of `--view`; true: the usual one. */
  view?: number | true;
  /** Address of the host that the view listens on. */
  viewHost?: string;
}

/** Parses a port, for an option with `flag` whose value may be left out. @throws {InvalidArgumentError} */
function parsePort(flag: string, text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65535) return Number(text);
  throw new InvalidArgumentError(
    `It is a port from 0 (any that is free) to 65535; without one, put ${flag} behind the ELF: imx-sim run fw.elf ${flag}.`,
  );
}

/** Parses `500ms`, `10s`, `2m`, `1h` to nanoseconds. @throws {InvalidArgumentError} */
export function parseTime(text: string): number {
  const ns = durationNs(text);
  if (ns === undefined) throw new InvalidArgumentError('A time is a number and a unit: 500ms, 10s, 2m.');
  return ns;
}

/** As `parseTime`, for a time that must pass. @throws {InvalidArgumentError} */
export function parseTimeout(text: string): number {
  const ns = parseTime(text);
  if (ns === 0) throw new InvalidArgumentError('The run would end before it begins: a timeout is more than 0.');
  return ns;
}

/** Parses `64M`, `1G` to bytes. @throws {InvalidArgumentError} */
export function parseSize(text: string): number {
  const match = /^(\d+)([KMG])(?:iB|B)?$/i.exec(text.trim());
  if (!match) throw new InvalidArgumentError('A size is a number and a unit: 256M, 1G.');
  const bytes = Number(match[1]) * 1024 ** ('KMG'.indexOf(match[2]!.toUpperCase()) + 1);
  if (bytes < 16 * 1024 ** 2 || bytes > 2 * 1024 ** 3) throw new InvalidArgumentError('It must lie between 16M and 2G.');
  return bytes;
}

/** `parse` with its errors in commander's form. @throws {InvalidArgumentError} */
export function parsed<T>(parse: (value: string) => T, value: string): T {
  try {
    return parse(value);
  } catch (error) {
    throw new InvalidArgumentError(sentence((error as Error).message));
  }
}

/** `parse` with the remedy of its error in the message: commander prints nothing else of it. @throws {Error} */
export function withRemedy<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof UsageError) throw new Error(`${error.message}: ${error.remedy}`);
    throw error;
  }
}

/** With a capital letter and a full stop, unless it ends with what the user may type. */
function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}${/[.!]$/.test(text) ? '' : '.'}`;
}

/** Parses a seed. @throws {InvalidArgumentError} */
function parseSeed(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 0 on.');
  return Number(text);
}

/** Parses `jit,unicorn`. @throws {InvalidArgumentError} */
function parsePair(value: string): [EngineName, EngineName] {
  const [first, second, ...rest] = value.split(',');
  const names: readonly string[] = ENGINES;
  if (!names.includes(first!) || !names.includes(second!) || first === second || rest.length > 0) {
    throw new InvalidArgumentError(`It is two of ${names.join(', ')}, with a comma between them.`);
  }
  return [first as EngineName, second as EngineName];
}

/** Options that choose the device tree, as several commands have them. */
export const TREE_OPTIONS: readonly OptionRow[] = [
  {
    group: 'Linux, and what boots it',
    flags: '--dtb <file>',
    text: 'device tree that Linux boots with, .dtb or .dts; imx-sim dts shows the one that is built in',
  },
  {
    group: 'Linux, and what boots it',
    flags: '--overlay <file>',
    text: 'overlay for the device tree, .dtbo or .dts; repeatable',
    parse: (value, previous) => [...((previous as string[] | undefined) ?? []), value],
    fallback: [],
    fallbackText: 'none',
  },
];

/** Patterns or mappings that may be given several times. */
const several = (parse: (value: string) => unknown) => ({
  parse: (value: string, previous: unknown) => [...(previous as unknown[]), parse(value)],
  fallback: [],
  fallbackText: 'none',
});

/** Where sources are, for commands that show them. */
export const SOURCE_MAP_OPTION: OptionRow = {
  group: 'Output',
  flags: '--source-map <from=to>',
  text: 'where sources are now that the debug information has elsewhere: /workdir=..; repeatable',
  ...several(parseMapping),
};

/** Coverage and profile of a run. */
const INSTRUMENT_OPTIONS: readonly OptionRow[] = [
  {
    group: 'Output',
    flags: '--coverage <file>',
    text: 'lines, branches and functions that were executed, as an lcov tracefile (docs/coverage.md)',
  },
  { group: 'Output', flags: '--coverage-html <directory>', text: 'the same as pages to read' },
  {
    group: 'Output',
    flags: '--coverage-exclude <glob>',
    text: "sources to leave out: 'zephyr/**', '*_test.c'; repeatable",
    ...several((value) => value),
  },
  SOURCE_MAP_OPTION,
  { group: 'Output', flags: '--flame <file>', text: 'flame graph of the call stacks, sampled each 10 us: .html, .svg, or folded stacks' },
  { group: 'Output', flags: '--profile', text: 'tables at the end: CPU load, interrupt latency, stack use' },
];

/** All options of `run`, in the order in which help shows them. */
export const RUN_OPTIONS: readonly OptionRow[] = [
  { group: 'What runs', flags: '--soc <name>', text: 'SoC or bare core; found from the ELF when absent (imx-sim socs lists them)' },
  { group: 'What runs', flags: '--board <name>', text: 'board whose reserved memory Linux uses' },
  { group: 'What runs', flags: '--core <name>', text: 'core that runs the firmware, on SoCs with several' },
  {
    group: 'What runs',
    flags: '--cpu <engine>',
    text: 'engine that executes instructions: jit (auto means the same), interpreter, unicorn where libunicorn 2 is installed, or lockstep',
    choices: [...ENGINES, 'lockstep', 'auto'],
    fallback: ENGINES[0],
  },
  {
    group: 'What runs',
    flags: '--lockstep <first,second>',
    text: 'engines that run side by side until one differs: two of jit, interpreter, unicorn; means --cpu lockstep',
    implies: { cpu: 'lockstep' },
    parse: parsePair,
    fallback: ['jit', 'interpreter'],
    fallbackText: 'jit,interpreter',
  },
  { group: 'Linux, and what boots it', flags: '--no-linux', text: 'bare: load the firmware directly and run only its core' },
  ...TREE_OPTIONS,
  {
    group: 'Linux, and what boots it',
    flags: '--boot <stage>',
    text: "what runs first: linux, or the board's U-Boot (uboot; uboot-mainline: 2024.04, which knows ELF), which starts firmware and Linux as the board's manual says (default: linux, but uboot with --kernel nxp for firmware without a resource table on boards with imx_rpmsg)",
    choices: BOOT_STAGES,
  },
  {
    group: 'Linux, and what boots it',
    flags: '--uboot-script <file>',
    text: "lines to type at U-Boot's prompt, instead of the manual's",
  },
  {
    group: 'Linux, and what boots it',
    flags: '--uboot-cmd <line>',
    text: "a line to type at U-Boot's prompt, after those of --uboot-script; repeatable",
    parse: (value, previous) => [...(previous as string[]), value],
    fallback: [],
    fallbackText: 'nothing',
  },
  {
    group: 'Linux, and what boots it',
    flags: '--kernel <name>',
    text: "whose kernel Linux is: mainline (Debian's 6.1) or nxp (lf-6.1.55), where they behave differently (default: mainline)",
    choices: KERNEL_FLAVOURS.map(({ name }) => name),
  },
  {
    group: 'Linux, and what boots it',
    flags: '--modules <list>',
    text: 'kernel modules that are loaded, comma separated (default: all the samples talk to)',
    parse: (value) => value.split(',').filter(Boolean),
  },
  {
    group: 'Linux, and what boots it',
    flags: '--recover',
    text: "tell Linux when the core crashes (lockup, endless fault handler, its watchdog), as the SCU does on 8QM and 8QXP; Linux's recovery follows",
  },
  {
    group: 'What runs',
    flags: '--no-fast-forward',
    text: 'execute every round of polling and delay loops instead of taking them in one step (same trace)',
  },
  { group: 'What runs', flags: '--semihosting', text: 'serve BKPT 0xAB; the exit status becomes ours' },
  { group: 'What runs', flags: '--host-memory <size>', text: 'host memory for guest RAM: 16M to 2G (default: 256M)', parse: parseSize },
  {
    group: 'When it ends',
    flags: '--until <regex>',
    text: 'stop with success when a line of any console or of dmesg matches; device=regex looks at one alone: uart4, ttyRPMSG30, console, linux (dmesg)',
    parse: (value) => parsed(parseLineCondition, value),
  },
  { group: 'When it ends', flags: '--timeout <time>', text: 'stop after this much virtual time (default: 10s)', parse: parseTimeout },
  {
    group: 'Input',
    flags: '--send <device=text>',
    text: 'send text once the device is there and ready; repeatable; devices: uart4, ttyRPMSG30, console; \\n and \\xNN are understood',
    parse: (value, previous) => [...((previous as DeviceInput[] | undefined) ?? []), parsed(parseDeviceInput, value)],
    fallback: [],
    fallbackText: 'nothing',
  },
  {
    group: 'Input',
    flags: '--console <device>',
    text: 'console that the keyboard (or piped input) goes to: uart4, ttyRPMSG0, uboot (default: console, the UART of the core)',
  },
  {
    group: 'Input',
    flags: '--tty <device=where>',
    text: 'have a tty or UART on the host: ttyRPMSG30=pty, pty:LINK, tcp:PORT (loopback) or unix:PATH; ,cooked leaves its termios; repeatable (docs/bridges.md)',
    parse: (value, previous) => [...((previous as TtySpec[] | undefined) ?? []), parsed(parseTty, value)],
    fallback: [],
    fallbackText: 'none',
  },
  {
    group: 'Input',
    flags: '--rpmsg-sock <path>',
    text: 'Unix socket at which programs of the host get rpmsg_char endpoints (docs/bridges.md)',
    parse: (value) => parsed(checkSocketPath, value),
  },
  {
    group: 'What runs',
    flags: '--restore <file>',
    text: 'go on where the snapshot in the file was made, on any engine, instead of an ELF from power-on; --timeout counts from there',
  },
  {
    group: 'Output',
    flags: '--save-snapshot <file>',
    text: 'write the whole machine to the file when the run ends: --restore goes on from there',
  },
  {
    group: 'Output',
    flags: '--record <file>',
    text: 'write all that comes in from outside (keys, clients of bridges, Ctrl-C) to the file when the run ends, however it ends: imx-sim replay runs it again (docs/snapshots.md)',
  },
  {
    group: 'What goes wrong',
    flags: '--faults <list>',
    text: 'faults to inject, comma separated: doorbell-drop@doorbell#3,core-pause:for=2ms@20ms; docs/faults.md has them all; repeatable',
    parse: (value, previous) =>
      [...((previous as string[] | undefined) ?? []), parsed((text) => withRemedy(() => parseFaults(text)).map(faultText), value)].flat(),
  },
  {
    group: 'What goes wrong',
    flags: '--seed <n>',
    text: 'decides what faults leave open: @random, values, addresses (default: 1)',
    parse: parseSeed,
  },
  { group: 'Output', flags: '--json', text: 'one JSON event per line on standard output' },
  { group: 'Output', flags: '--stats', text: 'instructions, speed, messages and interrupts at the end' },
  { group: 'Output', flags: '--trace-hash', text: 'last line: trace <sha256> of consoles, dmesg, MU and vring events with their cycles' },
  ...INSTRUMENT_OPTIONS,
  {
    group: 'Looking inside',
    flags: '--gdb [port]',
    text: 'GDB can connect (docs/gdb.md), on port 3333 of this host unless another is given',
    parse: (value) => parsePort('--gdb', value),
  },
  {
    group: 'Looking inside',
    flags: '--view [port]',
    text: 'a page that shows the whole system (docs/view.md), on port 8420 of this host unless another is given; its address is printed',
    parse: (value) => parsePort('--view', value),
  },
  {
    group: 'Looking inside',
    flags: '--view-host <address>',
    text: 'address of this host that the page is served at: 0.0.0.0 lets others in who know its token (default: this host alone)',
  },
  {
    group: 'Looking inside',
    flags: '--wait',
    text: 'nothing runs before GDB or the page lets it',
  },
  { group: 'Output', flags: '--no-status', text: 'no status line (there is none when output is not a terminal)' },
  { group: 'Output', flags: '--no-color', text: 'no colours (none are used when output is not a terminal, or NO_COLOR is set)' },
];

/** What `shell` receives after parsing. */
export interface ShellOptions
  extends Pick<
      RunOptions,
      | 'soc'
      | 'board'
      | 'core'
      | 'cpu'
      | 'lockstep'
      | 'modules'
      | 'dtb'
      | 'overlay'
      | 'tty'
      | 'rpmsgSock'
      | 'boot'
      | 'ubootScript'
      | 'ubootCmd'
      | 'kernel'
      | 'recover'
      | 'fastForward'
      | 'hostMemory'
    >,
    Pick<RunOptions, 'until' | 'timeout' | 'json' | 'stats' | 'traceHash' | 'color'> {
  /** Path of a script; `-` is standard input. */
  script?: string;
  /** Text of `-c`. */
  command?: string;
  /** False: lines that are typed are not kept. */
  history: boolean;
}

/** Options of `run` that `shell` has, too. */
const SHARED =
  /^--(?:soc|board|core|cpu|lockstep|dtb|overlay|boot|uboot-script|uboot-cmd|kernel|recover|no-fast-forward|host-memory|until|tty|rpmsg-sock|json|stats|trace-hash|no-color)\b/;

/** All options of `shell`, in the order in which help shows them. */
export const SHELL_OPTIONS: readonly OptionRow[] = [
  {
    group: 'Input',
    flags: '--script <file>',
    text: 'lines to execute as if they were typed; - is standard input, which is read to its end first',
  },
  {
    group: 'Input',
    flags: '-c, --command <commands>',
    text: 'commands to execute without a terminal, as sh -c; their status is the exit status',
  },
  { group: 'Input', flags: '--no-history', text: 'do not keep the lines that are typed (in $XDG_STATE_HOME/imx-sim/shell_history)' },
  ...RUN_OPTIONS.filter(({ flags }) => SHARED.test(flags)),
  {
    group: 'Linux, and what boots it',
    flags: '--modules <list>',
    text: 'kernel modules that are loaded at boot, comma separated, and none by itself later (default: rpmsg_ns,virtio_rpmsg_bus,rpmsg_char,rpmsg_ctrl, and others as their devices appear)',
    parse: (value) => value.split(',').filter(Boolean),
  },
  {
    group: 'When it ends',
    flags: '--timeout <time>',
    text: 'stop after this much virtual time (default: 10m for scripts, none for somebody who types)',
    parse: parseTimeout,
  },
];

/** What `replay` receives after parsing. */
export type ReplayOptions = InstrumentOptions &
  Pick<RunOptions, 'cpu' | 'lockstep' | 'until' | 'timeout' | 'saveSnapshot' | 'json' | 'stats' | 'traceHash' | 'color'>;

/** Options of `run` that `replay` has, too. */
const REPLAYED = /^--(?:cpu|lockstep|save-snapshot|json|stats|trace-hash|no-color)\b/;

/** All options of `replay`, in the order in which help shows them. */
export const REPLAY_OPTIONS: readonly OptionRow[] = [
  {
    group: 'When it ends',
    flags: '--until <regex>',
    text: 'stop at this line instead of that of the recorded run, as with run; then nothing is compared',
    parse: (value) => parsed(parseLineCondition, value),
  },
  {
    group: 'When it ends',
    flags: '--timeout <time>',
    text: 'stop after this much virtual time instead of that of the recorded run; then nothing is compared',
    parse: parseTimeout,
  },
  ...RUN_OPTIONS.filter((row) => REPLAYED.test(row.flags) || INSTRUMENT_OPTIONS.includes(row)),
];

/** All options of `view`. */
export const VIEW_OPTIONS: readonly OptionRow[] = [
  {
    group: 'Looking inside',
    flags: '--port <port>',
    text: 'port of this host that the page is served at; 0: any that is free (default: 8420)',
    parse: (value) => parsePort('--port', value),
  },
  {
    group: 'Looking inside',
    flags: '--at <time>',
    text: 'virtual time at which a recorded run is to stand: 480ms; its end unless given',
    parse: parseTime,
  },
  ...RUN_OPTIONS.filter((row) => /^--(?:view-host|source-map|no-color)\b/.test(row.flags)),
];

/** Makes a commander option of a row. */
export function commanderOption(row: OptionRow): Option {
  const option = new Option(row.flags, row.text).helpGroup(`${row.group}:`);
  if (row.choices) option.choices(row.choices);
  if (row.implies) option.implies(row.implies);
  if (row.parse) option.argParser(row.parse as (value: string, previous: unknown) => unknown);
  if (row.fallback !== undefined) option.default(row.fallback, row.fallbackText);
  return option;
}

/** The README's section on options, made from the table. */
export function optionsMarkdown(): string {
  const rows = RUN_OPTIONS.map(({ flags, text, fallback }) => {
    const standard = [fallback ?? []].flat().join(',');
    return `| \`${flags}\` | ${text.replaceAll('|', '\\|')}${standard === '' ? '' : ` (default: ${standard})`} |`;
  });
  return ['| option | meaning |', '| --- | --- |', ...rows].join('\n');
}
