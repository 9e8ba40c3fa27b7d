/**
 * `imx-sim shell [elf...]`: a root shell on the modelled Linux, for somebody who types, for a script, or for one line of commands.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { UsageError } from '../../errors.ts';
import { findKernelFlavour } from '../../linux/kernel-flavour.ts';
import { Machine, type MachineOptions } from '../../machine.ts';
import type { Firmware } from '../../remoteproc/elf-loader.ts';
import { capstoneDisassembler } from '../../session/disassembler.ts';
import { EXIT } from '../../session/exit.ts';
import { LineAssembler } from '../../session/lines.ts';
import type { Renderer } from '../../session/renderer.ts';
import { SHELL_MODULES, type ShellHost, ShellSession } from '../../session/shell-session.ts';
import { briefReasons, chooseTarget, type Target } from '../../session/target.ts';
import { complete } from '../../shell/complete.ts';
import { checkSyntax } from '../../shell/create.ts';
import { findSoc } from '../../soc/index.ts';
import { documentedSequence, ubootBoard } from '../../uboot/stage.ts';
import { openBridges } from '../bridges/index.ts';
import { chooseEngine, loadCapstone } from '../engines.ts';
import { readFirmware } from '../firmware-file.ts';
import { LineEditor } from '../line-editor.ts';
import type { ShellOptions } from '../options.ts';
import { hostTurns, Pace } from '../pace.ts';
import { HumanRenderer, JsonRenderer } from '../renderer.ts';
import { standardStreams } from '../run-terminal.ts';
import { readTrees } from '../tree-file.ts';
import { ubootLines } from '../uboot-script.ts';

/** Virtual time that a script may take when no limit is given, in ns. */
const SCRIPT_TIMEOUT_NS = 600e9;
/** Standard input that goes on for so long has somebody behind it, in ms. */
const INPUT_NOTE_MS = 1000;
/** SoC without an ELF that says. */
const STANDARD_SOC = 'imx8mp';

/** Runs the command and returns the exit status. @throws {ImxSimError} for bad usage or input. */
export async function shell(paths: readonly string[], options: ShellOptions): Promise<number> {
  const firmwares = paths.map(readFirmware);
  const repeated = firmwares.find(({ name }, index) => firmwares.findIndex((other) => other.name === name) !== index);
  if (repeated) throw new UsageError(`two files ${repeated.name}: /lib/firmware has room for one`, 'rename one of them', repeated.name);
  if (options.script !== undefined && options.command !== undefined)
    throw new UsageError('--script and -c', 'give one of them', '--script');
  const target = targetOf(firmwares, options);
  const { json, color } = options;
  const script = options.command ?? scriptText(options.script);
  const interactive = script === undefined && process.stdin.isTTY === true;
  if (interactive && (json || !process.stdout.isTTY))
    throw new UsageError(
      'an interactive shell needs a terminal for its output',
      'give --script, -c, or commands on standard input',
      'shell',
    );
  const streams = standardStreams(color);
  let editor: LineEditor | undefined;
  // At a terminal, above the line that is being typed.
  const err = (line: string) => (editor ? editor.line(line.replace(/\n$/, '')) : streams.err(line));
  const renderer: Renderer = json ? new JsonRenderer(streams.out, target.soc.baseHz) : new HumanRenderer({ ...streams, err });
  const text = interactive ? undefined : (script ?? (await standardInput((line) => renderer.note(line))));
  const machine = await makeMachine(firmwares, target, options, interactive);
  if (text !== undefined && options.command === undefined)
    await checkScript(text, options.script === undefined ? 'standard input' : basename(options.script));
  const hostName = `${target.soc.name}-${machine.board!.name}`;
  if (interactive)
    renderer.note(
      `${target.soc.name} (${briefReasons(target.reasons)}), board ${machine.board!.name}; type help for what there is, exit or Ctrl-] to leave`,
    );
  else if (target.reasons.length > 0 && firmwares.length === 0 && options.soc === undefined)
    renderer.note(`${target.soc.name}: ${target.reasons[0]}`);
  const nextTurn = hostTurns();
  const bridges = await openBridges(options, {
    machine,
    findConsole: (name) => findConsole(machine, name),
    // As on a board: who has a tty open sees it, the shell does not.
    silent: true,
    note: (line) => renderer.note(line),
    nextTurn,
  });
  let session: ShellSession | undefined;
  const onSignal = () => session?.stop(EXIT.INTERRUPTED);
  try {
    const pace = bridges ?? (interactive ? new Pace(0, nextTurn) : undefined);
    const host: ShellHost = {
      renderer,
      disassemble: capstoneDisassembler(loadCapstone),
      now: () => performance.now(),
      pause: (seconds) => (pace ? pace.wait(seconds) : nextTurn()),
      ...outputs(options, renderer, target.soc.baseHz, () => machine.scheduler.now),
    };
    session = new ShellSession(
      {
        machine,
        hostName,
        interactive,
        quiet: options.command !== undefined,
        timeout: options.timeout ?? (interactive ? Number.POSITIVE_INFINITY : SCRIPT_TIMEOUT_NS),
        ...(text === undefined ? {} : { script: text }),
        ...(options.dtb === undefined && options.overlay.length === 0 ? {} : { userTree: true }),
        ...(options.until ? { until: options.until } : {}),
        ...(options.stats ? { stats: true } : {}),
        ...(options.traceHash ? { traceHash: true } : {}),
      },
      host,
    );
    process.on('SIGINT', onSignal);
    if (bridges) process.on('SIGTERM', onSignal).on('SIGHUP', onSignal);
    if (interactive) editor = connect(session, host, options.history);
    return await session.run();
  } finally {
    editor?.close();
    bridges?.close();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onSignal);
    machine.dispose();
  }
}

/** The device that `name` means; `console` is the core's UART. */
function findConsole(machine: Machine, name: string): string | undefined {
  const device = name === 'console' ? machine.consoleName : name;
  return device !== undefined && machine.hasConsole(device) ? device : undefined;
}

function targetOf(firmwares: readonly Firmware[], options: ShellOptions): Target {
  const [first] = firmwares;
  if (first) return chooseTarget(first, options);
  const soc = findSoc(options.soc ?? STANDARD_SOC);
  if (soc.remoteprocs.length === 0) throw new UsageError(`${soc.name} has no Linux to log in to`, 'imx-sim socs lists the SoCs', '--soc');
  return {
    soc,
    core: options.core ?? soc.cores[0]!.name,
    reasons: options.soc === undefined ? ['the default; --soc names another'] : [],
    ...(options.board === undefined ? {} : { board: options.board }),
  };
}

async function makeMachine(firmwares: readonly Firmware[], target: Target, options: ShellOptions, interactive: boolean): Promise<Machine> {
  const { cpu, lockstep, modules, fastForward, hostMemory, kernel, dtb, overlay, recover } = options;
  const { soc, board, core } = target;
  const nothing = { symbols: [] } as unknown as Firmware;
  const { engine } = await chooseEngine({ cpu, lockstep }, firmwares[0] ?? nothing);
  const machine = new Machine({
    soc,
    core,
    engine,
    modules: modules ?? SHELL_MODULES,
    udev: modules === undefined,
    ttyReader: 'none',
    ...bootLoader(firmwares, target, options, interactive),
    ...readTrees({ overlay, ...(dtb === undefined ? {} : { dtb }) }),
    ...(board ? { board } : {}),
    ...(fastForward === undefined ? {} : { fastForward }),
    ...(hostMemory ? { hostMemory } : {}),
    ...(kernel ? { kernelFlavour: findKernelFlavour(kernel) } : {}),
    ...(recover ? { crashDetection: 'report' as const } : {}),
  });
  for (const { name, bytes } of firmwares) machine.linux!.firmwareFiles.set(name, bytes);
  return machine;
}

/** The stage before Linux: with somebody at the keyboard it boots by itself unless a key comes, else it starts the first firmware. */
function bootLoader(
  firmwares: readonly Firmware[],
  { soc, core, board }: Target,
  { boot = 'linux', ubootScript, ubootCmd }: ShellOptions,
  interactive: boolean,
): Pick<MachineOptions, 'boot' | 'ubootScript' | 'firmware' | 'bootFiles'> {
  const lines = ubootLines(ubootScript, ubootCmd);
  if (boot === 'linux') {
    if (lines) throw new UsageError('a script for U-Boot, but no U-Boot', 'add --boot uboot', '--uboot-script');
    return {};
  }
  const [firmware, ...others] = firmwares;
  const loader = ubootBoard(soc, board ?? soc.boards[0]!.name, boot);
  const script = lines ?? (firmware && !interactive ? documentedSequence(loader, soc, firmware, core) : undefined);
  const bootFiles = new Map(others.map(({ name, bytes }) => [name, bytes]));
  return { boot, bootFiles, ...(script ? { ubootScript: script } : {}), ...(firmware ? { firmware } : {}) };
}

function scriptText(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`${path}: ${code === 'ENOENT' ? 'no such file' : message}`, 'give the path of a shell script', '--script');
  }
}

/** All of it, before anything runs: so a run does not depend on when its lines come. Who waits for an answer before the end is told. */
async function standardInput(note: (line: string) => void): Promise<string> {
  const parts: Buffer[] = [];
  const waiting = setTimeout(
    () => note('standard input is read to its end before anything runs; a dialogue needs a terminal, as script(1) or expect make one'),
    INPUT_NOTE_MS,
  );
  try {
    for await (const part of process.stdin) parts.push(part as Buffer);
  } finally {
    clearTimeout(waiting);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** Refused before anything runs, as a typing mistake in the last line of a long script would be a pity. @throws {UsageError} */
async function checkScript(text: string, name: string): Promise<void> {
  const wrong = await checkSyntax(text);
  if (!wrong) return;
  const line = text.split('\n')[wrong.line - 1]?.trim();
  throw new UsageError(
    `${name}: line ${wrong.line}: ${wrong.message}`,
    `mend the line${line ? `: ${line}` : ''}`,
    `${name}: line ${wrong.line}`,
  );
}

/** Where output goes that no line editor shows. */
function outputs(
  { json, command }: ShellOptions,
  renderer: Renderer,
  hz: number,
  now: () => number,
): { output(text: string): void; error(text: string): void; line(text: string): void } {
  if (json) {
    const lines = new LineAssembler(hz, (line) => renderer.line(line));
    const output = (text: string): void => {
      for (const byte of new TextEncoder().encode(text)) lines.add({ type: 'console', cycle: now(), device: 'shell', byte });
    };
    return { output, error: output, line: () => {} };
  }
  let midLine = false;
  return {
    output: (text) => {
      process.stdout.write(text);
      midLine = !text.endsWith('\n');
    },
    error: (text) => void process.stderr.write(text),
    line: (text) => {
      // With -c, standard output is the commands' alone.
      if (command !== undefined) return;
      process.stdout.write(`${midLine ? '\n' : ''}${text}\n`);
      midLine = false;
    },
  };
}

/** Connects keyboard and screen. */
function connect(session: ShellSession, host: ShellHost, history: boolean): LineEditor {
  const editor = new LineEditor(
    {
      line: (text) => session.type(text),
      cancel: () => session.cancelLine(),
      end: () => session.endOfInput(),
      leave: () => session.stop(EXIT.OK, 'left'),
      keys: (bytes) => session.keys(bytes),
      complete: (line) => (session.shell ? complete(session.shell, line, session.machine.linux!.modules.available) : [[], line]),
    },
    { history },
  );
  const { stdout } = process;
  session.terminal.columns = stdout.columns || 80;
  session.terminal.rows = stdout.rows || 24;
  host.output = (text) => editor.output(text);
  host.error = (text) => editor.output(text);
  host.line = (text) => editor.line(text);
  host.prompt = (text, typed) => editor.prompt(text, typed);
  return editor;
}
