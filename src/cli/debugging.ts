/**
 * `--gdb` and `--view`: the debugger of a run, and who comes to it over sockets.
 */
import { Debugger } from '../debug/debugger.ts';
import type { HaltReason } from '../debug/types.ts';
import { UsageError } from '../errors.ts';
import type { InputLog } from '../history/inputs.ts';
import type { RunHost } from '../session/run-inputs.ts';
import type { Session } from '../session/session.ts';
import { ViewPace } from '../view/pace.ts';
import { instructionReader } from './engines.ts';
import { GDB_PORT, VIEW_PORT, version } from './facts.ts';
import { type SourceMapping, sourceFiles } from './source-files.ts';

/** What of the command line is about looking inside. */
export interface DebuggingOptions {
  readonly gdb?: number | true;
  readonly view?: number | true;
  readonly viewHost?: string;
  readonly wait?: boolean;
  readonly sourceMap?: readonly SourceMapping[];
}

/** The run that is looked at. */
export interface DebuggedRun {
  readonly session: Session;
  readonly inputs: InputLog<RunHost>;
  /** Path of the ELF, if it came from one. */
  readonly path?: string;
  /** For people: what runs. */
  readonly title: string;
  readonly note: (text: string) => void;
  readonly nextTurn: () => Promise<void>;
  /** Why nobody can go back in it. */
  readonly noWayBack?: string;
  /** True: the user has said when the run ends, so it goes as fast as it can until somebody wants it otherwise. */
  readonly bounded: boolean;
  readonly mode?: 'live' | 'recording';
  /** Called before somebody at the page changes something. */
  readonly beforeChange?: () => void;
}

/** The debugger of a run, with its servers. */
export interface Debugging {
  readonly debugger: Debugger;
  /** Keeps virtual time to the host's, as somebody at the page wants it. */
  readonly pace: ViewPace;
  /** What the machine waits for while it stands still, in a few words. */
  waitsFor(): string | undefined;
  /** Tells those who are connected that the run is over, and ends the servers. */
  close(): Promise<void>;
}

/** @throws {UsageError} for options that need others */
export function checkDebugging({ gdb, view, viewHost, wait }: DebuggingOptions): void {
  if (wait && gdb === undefined && view === undefined) throw new UsageError('--wait, but nobody can come', 'add --gdb or --view', '--wait');
  if (viewHost !== undefined && view === undefined) throw new UsageError('--view-host without --view', 'add --view', '--view-host');
}

/** Starts what the options ask for; undefined when that is nothing. @throws {UsageError} for ports that cannot be had */
export async function openDebugging(options: DebuggingOptions, run: DebuggedRun): Promise<Debugging | undefined> {
  const { gdb, view, wait } = options;
  if (gdb === undefined && view === undefined) return undefined;
  const { session, inputs, nextTurn, noWayBack, bounded } = run;
  const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  const paceOf = (factor: number) => new ViewPace({ now: () => performance.now(), sleep, turn: nextTurn }, factor);
  const debug = new Debugger({
    session,
    inputs,
    ...(wait ? { wait } : {}),
    ...(noWayBack === undefined ? {} : { noWayBack }),
    pace: () => paceOf(1),
    // A page that comes too late to see a crash is of no use; GDB leaves, and scripts wait for the end.
    keepEnds: !bounded && view !== undefined,
  });
  debug.subscribe((event) => {
    if (event.type === 'halted') told(event.reason, run.note);
  });
  const pace = paceOf(bounded ? 0 : 1);
  const closers: (() => Promise<void> | void)[] = [];
  try {
    if (gdb !== undefined) closers.push(await openGdb(gdb === true ? GDB_PORT : gdb, debug, run));
    if (view !== undefined) closers.push(await openView(view === true ? VIEW_PORT : view, options, run, debug, pace));
  } catch (error) {
    for (const close of closers) await close();
    throw error;
  }
  return {
    debugger: debug,
    pace,
    waitsFor: () =>
      debug.halted ? `halted${wait && debug.halted.kind === 'start' ? ' before the first instruction (--wait)' : ''}` : undefined,
    close: async () => {
      for (const close of closers) await close();
    },
  };
}

/** Tells whoever sits at the terminal that the run is over, and why it does not end. */
function told(reason: HaltReason, note: (text: string) => void): void {
  const what =
    reason.kind === 'crashed'
      ? `firmware failed: ${reason.core}: ${reason.reason}`
      : reason.kind === 'ended'
        ? 'the run is over'
        : undefined;
  if (what !== undefined) note(`${what}; it can still be looked at, and Ctrl-C ends it`);
}

async function openGdb(port: number, debug: Debugger, { session, inputs, note }: DebuggedRun): Promise<() => Promise<void> | void> {
  const { openGdbListener } = await import('./gdb-listener.ts');
  const type = (device: string, bytes: Uint8Array): void => void inputs.perform('console.send', device, bytes);
  const listener = await openGdbListener({ debugger: debug, session, port, note, type });
  note(`gdb: target remote localhost:${listener.port}`);
  return () => listener.close();
}

async function openView(
  port: number,
  { viewHost, sourceMap = [] }: DebuggingOptions,
  { session, inputs, path, title, note, mode, beforeChange }: DebuggedRun,
  debug: Debugger,
  pace: ViewPace,
): Promise<() => Promise<void>> {
  const [{ serveView }, { viewOfRun }] = await Promise.all([import('./view-listener.ts'), import('../view/run-view.ts')]);
  const { machine } = session;
  const read = sourceFiles(sourceMap, path);
  const hub = viewOfRun({
    machine,
    inputs,
    debugger: debug,
    pace,
    title,
    version: version(),
    ...(mode ? { mode } : {}),
    ...(beforeChange ? { beforeChange } : {}),
    semihosting: machine.options.semihosting !== undefined,
    readSource: async (file) => read(file),
    disassemble: instructionReader(),
    host: {
      now: () => performance.now(),
      internal: (error, method) => note(`internal error in ${method}: ${(error as Error)?.stack ?? error}`),
    },
  });
  const close = await serveView(hub, { port, viewHost, note, ...(mode === 'recording' ? { portOption: '--port' } : {}) });
  return () => close('the run is over');
}
