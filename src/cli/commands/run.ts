/**
 * `imx-sim run <elf>`: a session (session/session.ts) with a terminal or a program on the other side.
 */
import { basename } from 'node:path';
import { ImxSimError, UsageError } from '../../errors.ts';
import { capstoneDisassembler } from '../../session/disassembler.ts';
import { EXIT } from '../../session/exit.ts';
import { runInputs } from '../../session/run-inputs.ts';
import { Session, type SessionOptions } from '../../session/session.ts';
import { chooseTarget } from '../../session/target.ts';
import type { RecordedEnd } from '../../snapshot/recording.ts';
import { type Bridges, openBridges } from '../bridges/index.ts';
import { checkDebugging, type Debugging, openDebugging } from '../debugging.ts';
import { chooseEngine, figuresText, loadCapstone } from '../engines.ts';
import { readFirmware } from '../firmware-file.ts';
import { Keyboard, PipedInput } from '../keyboard.ts';
import type { RunOptions } from '../options.ts';
import { hostTurns, Pace } from '../pace.ts';
import { watchRun } from '../run-instruments.ts';
import { RunRecording } from '../run-recording.ts';
import { RunTerminal } from '../run-terminal.ts';
import { checkWritable, type Restored, readSnapshot, refuseBridged, refuseMachineOptions, writeSnapshot } from '../snapshot-file.ts';
import { readTrees } from '../tree-file.ts';
import { ubootLines } from '../uboot-script.ts';

/** Runs the command and returns the exit status. @throws {ImxSimError} for bad usage or input. */
export async function run(path: string | undefined, options: RunOptions): Promise<number> {
  const {
    json,
    cpu,
    lockstep,
    color,
    status,
    dtb,
    overlay,
    ubootScript: scriptPath,
    ubootCmd,
    tty,
    rpmsgSock,
    saveSnapshot,
    record,
    gdb,
    view,
    viewHost,
    wait,
    ...rest
  } = options;
  checkDebugging(options);
  const bridged = tty.length > 0 || rpmsgSock !== undefined;
  const debugged = gdb !== undefined || view !== undefined;
  const ubootScript = ubootLines(scriptPath, ubootCmd);
  const restored = options.restore === undefined ? undefined : await snapshotFor(options.restore, path, options);
  if (saveSnapshot !== undefined) checkWritable(saveSnapshot, '--save-snapshot');
  const recording = record === undefined ? undefined : new RunRecording(record, restored?.file);
  const firmware = restored?.firmware ?? readFirmware(elf(path));
  const target = restored?.target ?? chooseTarget(firmware, options);
  const trees = readTrees({ overlay, ...(dtb === undefined ? {} : { dtb }) });
  const terminal = new RunTerminal({ color, status, ...(json ? { json } : {}) }, target.soc.baseHz);
  const { renderer, out } = terminal;
  let keyboard: Keyboard | undefined;
  let piped: PipedInput | undefined;
  let pace: { wait(seconds: number): Promise<void> } | undefined;
  let debugging: Debugging | undefined;
  let bridges: Bridges | undefined;
  const nextTurn = hostTurns();
  /** While nothing happens but what somebody may type: time does not run out faster than they can. */
  let patience: Pace | undefined;
  const pause = async (seconds: number, idle: boolean): Promise<void> => {
    patience = idle && keyboard ? (patience ?? new Pace(seconds, nextTurn)) : undefined;
    terminal.tick();
    const keeper = pace ?? patience;
    await (keeper ? keeper.wait(seconds) : nextTurn());
  };
  const host = { renderer, disassemble: capstoneDisassembler(loadCapstone), now: () => performance.now(), pause };
  const { engine, figures } = await chooseEngine({ cpu, lockstep }, firmware);
  // Clients come when they come.
  const endless = bridged || debugged ? { timeout: Number.POSITIVE_INFINITY } : {};
  const onEnd = async (end: RecordedEnd): Promise<void> => {
    if (saveSnapshot !== undefined) await writeSnapshot(saveSnapshot, session, renderer);
    if (recording) renderer.note(await recording.write(configuration, end));
  };
  const configuration: SessionOptions = {
    ...endless,
    ...rest,
    ...trees,
    ...(ubootScript ? { ubootScript } : {}),
    firmware,
    target,
    engine,
    snapshots: restored !== undefined || saveSnapshot !== undefined,
    ...(restored ? { machine: { ...restored.machine, engine }, semihosting: restored.parts.recipe.semihosting ?? false } : {}),
    ...(saveSnapshot !== undefined || recording ? { onEnd } : {}),
  };
  const session = new Session(configuration, host);
  const inputs = runInputs({ session });
  const onSignal = () => void inputs.perform('stop', EXIT.INTERRUPTED, true);
  try {
    if (restored) await session.restore(restored.state);
    const device = session.keyboardDevice;
    bridges = await openBridges(
      { tty, ...(rpmsgSock === undefined ? {} : { rpmsgSock }) },
      { machine: session.machine, findConsole: (name) => session.findConsole(name), note: (text) => renderer.note(text), nextTurn },
    );
    if (bridges && saveSnapshot !== undefined) refuseBridged(bridges.devices);
    const bounded = rest.until !== undefined || rest.timeout !== undefined;
    debugging = await openDebugging(options, {
      session,
      inputs,
      title: titleOf(path ?? options.restore ?? '', target.soc.name, session.machine.core.name),
      note: (text) => renderer.note(text),
      nextTurn,
      bounded,
      ...(path === undefined ? {} : { path }),
      ...noWayBack(bridges !== undefined, options),
    });
    if (debugging) terminal.waitsFor = () => debugging?.waitsFor();
    pace = bridges ?? debugging?.pace;
    recording?.connect(inputs, bridges);
    const interactive = Boolean(process.stdin.isTTY && process.stdout.isTTY && !json) && device !== undefined;
    if (!process.stdin.isTTY && device) {
      piped = new PipedInput((text) => renderer.note(text));
      const bytes = await piped.read(rest.console !== undefined);
      if (bytes.length > 0) {
        renderer.note(`standard input (${bytes.length} ${bytes.length === 1 ? 'byte' : 'bytes'}) goes to ${device}`);
        inputs.perform('console.queue', device, bytes);
      }
    }
    if (interactive && device) {
      keyboard = Keyboard.interactive(
        (bytes) => void inputs.perform('console.send', device, bytes),
        () => void inputs.perform('stop', EXIT.OK, false),
      );
      renderer.note(`keys go to ${device}; Ctrl-] ends the run, as does Ctrl-C twice`);
      if (session.endless && !pace) pace = new Pace(session.machine.scheduler.seconds, nextTurn);
    }
    process.on('SIGINT', onSignal);
    if (bridged || debugged || recording) process.on('SIGTERM', onSignal).on('SIGHUP', onSignal);
    terminal.attach(session.machine);
    const watched = watchRun(session.machine, firmware, path, options);
    const awaited = awaitedBy({ bridged, debugged, interactive });
    if (awaited !== undefined) recording?.interactive(awaited);
    const result = await session.run(awaited !== undefined, awaited);
    const { notes, profile } = watched.finish();
    if (json && profile) out(`${JSON.stringify({ type: 'profile', ...profile })}\n`);
    if (!json || !profile) for (const line of notes) renderer.note(line);
    if (figures && !json && result !== EXIT.DIFFERENCE) renderer.note(figuresText(figures));
    if (result === EXIT.TIMEOUT && !json) piped?.reportMissing();
    return result;
  } catch (error) {
    const rescued = error instanceof ImxSimError ? undefined : await recording?.rescue(configuration, session);
    if (rescued !== undefined) renderer.note(rescued);
    throw error;
  } finally {
    await debugging?.close();
    terminal.close();
    bridges?.close();
    keyboard?.close();
    piped?.close();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onSignal);
    session.dispose();
  }
}

/** Who can make something happen when nothing does by itself, in words. */
function awaitedBy({
  bridged,
  debugged,
  interactive,
}: Readonly<Record<'bridged' | 'debugged' | 'interactive', boolean>>): string | undefined {
  if (bridged) return 'a client sends something';
  if (debugged) return 'somebody at the debugger or a console does something';
  return interactive ? 'a key is typed' : undefined;
}

/** Why nobody can go back in a run with such options. */
function noWayBack(bridged: boolean, { coverage, coverageHtml, flame, profile }: RunOptions): { noWayBack?: string } {
  if (bridged) return { noWayBack: 'clients of --tty and --rpmsg-sock cannot do again what they did' };
  const counted = coverage ?? coverageHtml ?? flame ?? profile;
  return counted === undefined
    ? {}
    : { noWayBack: 'what --coverage, --flame and --profile count would be counted twice; run without them' };
}

function titleOf(path: string, soc: string, core: string): string {
  return `${basename(path)} on ${soc} ${core}`;
}

/** The firmware that is to run. @throws {UsageError} without one */
function elf(path: string | undefined): string {
  if (path !== undefined) return path;
  throw new UsageError('no ELF to run', 'give its path, or --restore with a snapshot', 'elf');
}

async function snapshotFor(file: string, path: string | undefined, options: RunOptions): Promise<Restored> {
  refuseMachineOptions(path, options);
  return readSnapshot(file, options.hostMemory === undefined ? {} : { hostMemory: options.hostMemory });
}
