/**
 * The `imx-sim` command as a function: what main.ts runs for the process, and tests run without one.
 */
import { styleText } from 'node:util';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { ImxSimError, UsageError } from '../errors.ts';
import { EXIT } from '../session/exit.ts';
import type { AddrOptions } from './commands/addr.ts';
import type { CoverageOptions } from './commands/coverage.ts';
import type { DtsOptions } from './commands/dts.ts';
import type { InfoOptions } from './commands/info.ts';
import type { SocsOptions } from './commands/socs.ts';
import type { ViewOptions } from './commands/view.ts';
import { EXPLORE_OPTIONS, type ExploreCommandOptions } from './explore-options.ts';
import { version } from './facts.ts';
import {
  commanderOption,
  type OptionRow,
  REPLAY_OPTIONS,
  type ReplayOptions,
  RUN_OPTIONS,
  type RunOptions,
  SHELL_OPTIONS,
  type ShellOptions,
  SOURCE_MAP_OPTION,
  TREE_OPTIONS,
  VIEW_OPTIONS,
} from './options.ts';

const STATUS = `
Exit status: 0 the --until line came, or the firmware exited with 0; 1 the firmware failed (fault, lockup, exit code);
2 bad usage or input; 3 a bug of imx-sim; 4 the virtual time ran out; 5 with --cpu lockstep, the engines differ, or a
snapshot does not lead where it led; 130 Ctrl-C. A reader that closes the pipe (| head) ends the run with 0.`;

const EXAMPLES = `
Examples:
  imx-sim run images/imx8mp_rpmsg.elf --until 'linux=goodbye!'
  imx-sim run images/imx8mp_rpmsg.elf --view
  imx-sim shell images/imx8mp_rpmsg.elf
  imx-sim info fw.elf --board verdin-hmp
  imx-sim dts --board verdin-hmp`;

const RUN_EXAMPLES = `
Examples:
  imx-sim run images/imx8mp_rpmsg.elf --until 'linux=goodbye!'
  imx-sim run zephyr.elf --send 'ttyRPMSG0=Hello Zephyr\\n' --until 'ttyRPMSG0=Hello Zephyr'
  imx-sim run str_echo.elf --send ttyRPMSG30=Toradex! --until ttyRPMSG30=Toradex
  imx-sim run str_echo.elf --tty ttyRPMSG30=pty
  imx-sim run hello_world.elf --until 'console=hello world'
  imx-sim run hello_world.elf --boot uboot --until 'console=hello world'
  imx-sim run zephyr.elf --gdb --wait
  printf 'demo ping\\n' | imx-sim run shell.elf --until console=pong`;

const SHELL_EXAMPLES = `
Examples:
  imx-sim shell str_echo.elf
  imx-sim shell zephyr.elf --script session.sh --until 'linux=goodbye!'
  imx-sim shell zephyr.elf -c 'ls -la /sys/class/remoteproc/; uname -a'
  imx-sim shell hello_world.elf --boot uboot
  printf 'dmesg | grep -i rpmsg\\n' | imx-sim shell --soc imx8mp

Exit status: that of the last command, or of exit; 0 also when the --until line came, or after Ctrl-]; 1 the SoC was reset; 2 bad usage, input or
script; 4 the virtual time ran out, or nothing can happen any more; 3 and 5 as for run.`;

const EXPLORE_EXAMPLES = `
Examples:
  imx-sim explore fw.elf --until 'linux=goodbye!'
  imx-sim explore fw.elf --until 'linux=goodbye!' --faults core-pause,doorbell-drop:from=core --seeds 200
  imx-sim explore echo.elf --send 'ttyRPMSG30=Hello\\n' --until ttyRPMSG30=Hello --fail-on crash,hang
  imx-sim replay hang-7.imxrec

Exit status: 0 nothing failed; 1 something did; 2 bad usage or input, or the run fails without faults; 3 a bug of imx-sim.`;

const REPLAY_EXAMPLES = `
Examples:
  imx-sim run str_echo.elf --tty ttyRPMSG30=pty --record session.imxrec
  imx-sim replay session.imxrec
  imx-sim replay session.imxrec --cpu interpreter --trace-hash
  imx-sim replay session.imxrec --until 'linux=Failed' --save-snapshot before.imxsnap

Exit status: that of the recorded run when this one is the same; 5 when it is not (E_SNAPSHOT_DIVERGED); 2 for what is no recording; with --until
or --timeout, as for run.`;

const ADDR_EXAMPLES = `
Examples:
  imx-sim addr 0x1ffe0000 --soc imx8mm
  imx-sim addr UART4.UCR2 0x4027 --soc imx8mp
  imx-sim addr 0x20001f40 --elf fw.elf`;

const VIEW_EXAMPLES = `
Examples:
  imx-sim run fw.elf --record session.imxrec; imx-sim view session.imxrec --at 480ms
  imx-sim run fw.elf --json --timeout 1s > trace.jsonl; imx-sim view trace.jsonl

Exit status: 0 after Ctrl-C; 2 for what is neither a recording nor a trace; 5 when a recording does not lead where it led.`;

function buildProgram(done: (status: number) => void): Command {
  const command = new Command('imx-sim')
    .description('Runs Cortex-M firmware of NXP i.MX SoCs, unmodified, against a modelled Linux: remoteproc, RPMsg, Messaging Unit.')
    .version(version())
    .addHelpText('after', `${EXAMPLES}\n${STATUS}`)
    .showHelpAfterError('  remedy: imx-sim --help shows what there is')
    .configureOutput({ outputError: (text, write) => write(`${text.replace(/^error: /, 'imx-sim: ').trimEnd()}${codeText('E_USAGE')}\n`) })
    .exitOverride();
  const runCommand = addCommand(command, {
    name: 'run',
    description: 'run an ELF; Linux loads it, drivers bind, all consoles come out as one stream',
    argument: ['[elf]', 'firmware as the linker made it (not a .bin)'],
    help: `${RUN_EXAMPLES}\n${STATUS}`,
    options: RUN_OPTIONS,
  });
  // Each command is loaded when it is given: the simulator is most of the time that a start takes.
  runCommand.action(async (path: string | undefined, options: RunOptions) => {
    checkLockstep(runCommand, options);
    const { run } = await import('./commands/run.ts');
    done(await run(path, options));
  });
  const shellCommand = addCommand(command, {
    name: 'shell',
    description: 'log in to the modelled Linux: each ELF is in /lib/firmware, nothing is started; type help there',
    argument: ['[elf...]', 'firmware as the linker made it'],
    help: SHELL_EXAMPLES,
    options: SHELL_OPTIONS,
  });
  shellCommand.action(async (paths: string[], options: ShellOptions) => {
    const { shell } = await import('./commands/shell.ts');
    done(await shell(paths, options));
  });
  addFaultCommands(command, done);
  addViewCommand(command, done);
  const infoCommand = command
    .command('info')
    .description('show segments against the memory map, the resource table, and the problems found, without running anything')
    .argument('<elf>', 'firmware as the linker made it')
    .option('--soc <name>', 'SoC or bare core; found from the ELF when absent')
    .option('--board <name>', 'board whose reserved memory it is checked against')
    .option('--json', 'one JSON object')
    .action(async (path: string, options: InfoOptions) => {
      const { info } = await import('./commands/info.ts');
      done(info(path, options));
    });
  const dtsCommand = command
    .command('dts')
    .description('print the device tree with which Linux boots, and what is wrong with it')
    .option('--soc <name>', 'SoC (default: the first of imx-sim socs)')
    .option('--board <name>', 'board whose tree it is')
    .addOption(new Option('-O, --out-format <format>', 'source text or blob').choices(['dts', 'dtb']).default('dts'))
    .option('-o, --output <file>', 'file to write instead of standard output')
    .action(async (options: DtsOptions) => {
      const { dts } = await import('./commands/dts.ts');
      done(dts(options));
    });
  for (const row of TREE_OPTIONS) for (const each of [infoCommand, dtsCommand]) each.addOption(commanderOption(row));
  addCoverageCommand(command, done);
  command
    .command('addr')
    .description('explain an address of a SoC: who sees what there, aliases, register and fields')
    .argument('<address>', 'in hexadecimal, or a name: UART4, UART4.UCR2, TCML')
    .argument('[value]', 'a value of the register, to see its fields')
    .option('--soc <name>', 'SoC or bare core')
    .option('--core <name>', 'core whose view names are looked up in, on SoCs with several')
    .option('--elf <file>', 'firmware whose symbols are named, and from which the SoC is found when --soc is absent')
    .option('--json', 'one JSON object')
    .addHelpText('after', ADDR_EXAMPLES)
    .action(async (place: string, value: string | undefined, options: AddrOptions) => {
      const { addr } = await import('./commands/addr.ts');
      done(addr(place, value, options));
    });
  command
    .command('socs')
    .description('list the SoCs, boards and bare cores that are modelled; of one that is named, every block and how well it is modelled')
    .argument('[name...]', 'SoCs to show in full')
    .option('--json', 'one JSON array')
    .option('--no-color', 'no colours (none are used when output is not a terminal, or NO_COLOR is set)')
    .action(async (names: string[], options: SocsOptions) => {
      const { socs } = await import('./commands/socs.ts');
      done(socs(names, options));
    });
  for (const sub of command.commands) sub.exitOverride();
  return command;
}

/** What a command with a table of options says of itself. */
interface CommandText {
  readonly name: string;
  readonly description: string;
  readonly argument: readonly [name: string, description: string];
  /** Below its options. */
  readonly help: string;
  readonly options: readonly OptionRow[];
}

function addCommand(program: Command, { name, description, argument, help, options }: CommandText): Command {
  const command = program
    .command(name)
    .description(description)
    .argument(...argument)
    .showHelpAfterError(`  remedy: imx-sim ${name} --help shows the options, with examples`)
    .addHelpText('after', help);
  for (const row of options) command.addOption(commanderOption(row));
  return command;
}

/** @throws {UsageError} for engines to compare, beside one that runs alone */
function checkLockstep(command: Command, { cpu }: Pick<RunOptions, 'cpu'>): void {
  if (command.getOptionValueSource('lockstep') === 'cli' && cpu !== 'lockstep') {
    throw new UsageError(`--lockstep with --cpu ${cpu}`, 'leave --cpu out, or say --cpu lockstep', '--lockstep');
  }
}

/** Parses `80`. @throws {InvalidArgumentError} */
function parsePercent(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 100)) throw new InvalidArgumentError('It is a number from 0 to 100.');
  return value;
}

/** `explore` and `replay`. */
function addFaultCommands(command: Command, done: (status: number) => void): void {
  const exploreCommand = addCommand(command, {
    name: 'explore',
    description: 'run an ELF with many seeded plans of faults, and show the smallest with which it fails (docs/faults.md)',
    argument: ['<elf>', 'firmware as the linker made it'],
    help: EXPLORE_EXAMPLES,
    options: EXPLORE_OPTIONS,
  });
  exploreCommand.action(async (path: string, options: ExploreCommandOptions) => {
    const { explore } = await import('./commands/explore.ts');
    done(await explore(path, options));
  });
  const replayCommand = addCommand(command, {
    name: 'replay',
    description: 'run a recording again, on any engine, and compare (docs/snapshots.md)',
    argument: ['<file>', 'what run --record, explore or a test wrote'],
    help: REPLAY_EXAMPLES,
    options: REPLAY_OPTIONS,
  });
  replayCommand.action(async (path: string, options: ReplayOptions) => {
    checkLockstep(replayCommand, options);
    const { replay } = await import('./commands/replay.ts');
    done(await replay(path, options));
  });
}

/** `view`. */
function addViewCommand(command: Command, done: (status: number) => void): void {
  const viewCommand = addCommand(command, {
    name: 'view',
    description: 'serve the page of run --view for a recorded run, or for what run --json printed (docs/view.md)',
    argument: ['<file>', 'what run --record wrote, or JSON lines of run --json'],
    help: VIEW_EXAMPLES,
    options: VIEW_OPTIONS,
  });
  viewCommand.action(async (path: string, options: ViewOptions) => {
    const { view } = await import('./commands/view.ts');
    done(await view(path, options));
  });
}

/** `coverage merge` and `coverage report`. */
function addCoverageCommand(command: Command, done: (status: number) => void): void {
  const coverage = command.command('coverage').description('merge and show the coverage of several runs (docs/coverage.md)');
  const several = (value: string, previous: string[]) => [...previous, value];
  const add = (name: string, description: string): Command =>
    coverage
      .command(name)
      .description(description)
      .argument('<info...>', 'tracefiles, as --coverage and lcov write them')
      .option('-o, --output <file>', 'tracefile to write')
      .option('--html <directory>', 'pages to write')
      .option('--data <file>', 'JSON file to write')
      .option('--title <text>', 'title of the pages')
      .option('--exclude <glob>', "sources to leave out: 'zephyr/**'; repeatable", several, [])
      .option('--include <glob>', 'sources to leave in, and no others; repeatable', several, [])
      .addOption(commanderOption(SOURCE_MAP_OPTION))
      .option('--fail-under <percent>', 'status 1 when fewer lines are covered', parsePercent)
      .exitOverride();
  add('merge', 'add tracefiles of tests and shards; builds that differ are refused').action(
    async (paths: string[], options: CoverageOptions) => {
      const { coverageMerge } = await import('./commands/coverage.ts');
      done(coverageMerge(paths, options));
    },
  );
  add('report', 'show what is covered, by source')
    .option('--missing', 'with the lines that were not executed')
    .action(async (paths: string[], options: CoverageOptions) => {
      const { coverageReport } = await import('./commands/coverage.ts');
      done(coverageReport(paths, options));
    });
}

/** One line for what the user can mend, the whole stack for what is ours; `json`: a result object, as every run ends with one. */
function report(error: unknown, json: boolean): number {
  if (error instanceof CommanderError) {
    // commander has said it on standard error.
    if (error.exitCode === 0) return EXIT.OK;
    const place = /'(-[^' ]+)/.exec(error.message)?.[1] ?? '';
    const message = error.message.replace(/^error: /, '');
    return result(json, EXIT.USAGE, 'bad-input', { code: 'E_USAGE', message, place, remedy: 'imx-sim --help shows what there is' });
  }
  if (error instanceof ImxSimError) {
    const { code, message, place, remedy } = error;
    const status = code === 'E_SNAPSHOT_DIVERGED' ? EXIT.DIFFERENCE : EXIT.USAGE;
    const linux: readonly string[] = 'linux' in error && Array.isArray(error.linux) ? error.linux : [];
    const reason = status === EXIT.DIFFERENCE ? 'diverged' : 'bad-input';
    if (json) return result(json, status, reason, { code, message, place, remedy, ...(linux.length > 0 ? { linux } : {}) });
    process.stderr.write(`imx-sim: ${message}${codeText(code)}\n`);
    if (remedy) process.stderr.write(`  remedy: ${remedy}\n`);
    for (const line of linux) process.stderr.write(`  Linux would print: ${line}\n`);
    return status;
  }
  const remedy = 'please report it with the command line and the firmware';
  process.stderr.write(`imx-sim: internal error, ${remedy}:\n${(error as Error)?.stack ?? error}\n`);
  const message = error instanceof Error ? error.message : String(error);
  return result(json, EXIT.INTERNAL, 'internal-error', { code: 'INTERNAL', message, place: '', remedy });
}

/** The code under which docs/errors.md lists an error, for the end of its line. */
function codeText(code: string): string {
  const colors = process.stderr.isTTY && !process.env['NO_COLOR'] && !process.argv.includes('--no-color');
  return colors ? styleText('dim', ` [${code}]`, { validateStream: false }) : ` [${code}]`;
}

/** Ends standard output with a result object when `json`; returns `status`. */
function result(json: boolean, status: number, reason: string, error: Readonly<Record<string, unknown>>): number {
  if (json) process.stdout.write(`${JSON.stringify({ type: 'result', reason, status, error })}\n`);
  return status;
}

/** Runs `imx-sim` with `args` (without node and script) and returns its exit status. */
export async function program(args: readonly string[]): Promise<number> {
  let status: number = EXIT.OK;
  try {
    await buildProgram((result) => {
      status = result;
    }).parseAsync(args, { from: 'user' });
  } catch (error) {
    status = report(error, args.includes('--json'));
  }
  return status;
}
