/**
 * `imx-sim view <file>`: the page on a run that was: a recording runs again, under a debugger, to where it ended; a trace has its events and consoles only.
 */
import { basename } from 'node:path';
import { SnapshotError } from '../../errors.ts';
import type { StopReason } from '../../machine.ts';
import { EXIT } from '../../session/exit.ts';
import { recordedRun } from '../../session/recorded-run.ts';
import type { RunControl, RunEnd } from '../../session/run-control.ts';
import { RunScript, runInputs } from '../../session/run-inputs.ts';
import { decodeRecording, type RecordingParts } from '../../snapshot/recording.ts';
import { readTrace, viewOfTrace } from '../../view/trace.ts';
import { openDebugging } from '../debugging.ts';
import { VIEW_PORT, version } from '../facts.ts';
import { hostTurns } from '../pace.ts';
import { recordedSession } from '../recorded-session.ts';
import { HumanRenderer } from '../renderer.ts';
import { standardStreams } from '../run-terminal.ts';
import { readFile } from '../snapshot-file.ts';
import type { SourceMapping } from '../source-files.ts';
import { serveView } from '../view-listener.ts';

/** What `view` receives after parsing. */
export interface ViewOptions {
  /** 0: any that is free. */
  port?: number;
  viewHost?: string;
  /** Virtual time at which the machine is to stand, in ns; the end of the recording unless given. */
  at?: number;
  sourceMap?: readonly SourceMapping[];
  color: boolean;
}

/** Who holds a recording at its end when nobody looks at it yet. */
const HOLDER = 'imx-sim view';

/** Serves until it is interrupted; the exit status. @throws {ImxSimError} for what is neither a recording nor a trace */
export async function view(path: string, options: ViewOptions): Promise<number> {
  const bytes = readFile(path, 'file');
  const renderer = new HumanRenderer({ ...standardStreams(options.color), out: () => {} });
  if (isText(bytes)) return viewTrace(path, bytes, renderer, options);
  const parts = await decodeRecording(bytes, path);
  if (parts.by !== 'session')
    throw new SnapshotError(
      'E_SNAPSHOT_FORMAT',
      `${path} is of a test, which has no session to look at`,
      'imx-sim replay runs it again; imx-sim run --record makes recordings for the view',
      path,
    );
  return viewRecording(path, parts, renderer, options);
}

/** A trace begins with an object of JSON, a recording with its magic number. */
function isText(bytes: Uint8Array): boolean {
  const first = bytes.find((byte) => byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09);
  return first === 0x7b;
}

async function viewTrace(
  path: string,
  bytes: Uint8Array,
  renderer: HumanRenderer,
  { port = VIEW_PORT, viewHost }: ViewOptions,
): Promise<number> {
  const trace = readTrace(new TextDecoder().decode(bytes), path);
  const host = {
    now: () => performance.now(),
    internal: (error: unknown) => renderer.note(`internal error: ${(error as Error)?.stack ?? error}`),
  };
  const hub = viewOfTrace(trace, { title: basename(path), version: version() }, host);
  const note = (text: string) => renderer.note(text);
  const close = await serveView(hub, { port, viewHost, note, portOption: '--port' });
  await interrupted();
  await close('imx-sim view has ended');
  return EXIT.OK;
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
}

async function viewRecording(path: string, parts: RecordingParts, renderer: HumanRenderer, options: ViewOptions): Promise<number> {
  const { port = VIEW_PORT, viewHost, at, sourceMap } = options;
  const run = recordedRun(parts, path);
  const nextTurn = hostTurns();
  const note = (text: string) => renderer.note(text);
  const end = parts.end?.cycle ?? Number.POSITIVE_INFINITY;
  let arrived = false;
  const pause = async (seconds: number): Promise<void> => {
    if (!arrived && session.machine.scheduler.now >= end) void debug.halt();
    await (arrived ? debugging?.pace.wait(seconds) : nextTurn());
  };
  const opened = await recordedSession({
    path,
    parts,
    run,
    renderer,
    cpu: 'jit',
    lockstep: ['interpreter', 'jit'],
    // It stands where it ended, instead of ending there.
    configure: ({ until: _until, ...recorded }, restored) => ({ ...recorded, timeout: Number.POSITIVE_INFINITY, snapshots: restored }),
    pause,
  });
  const { session } = opened;
  const { machine } = session;
  const host = await opened.begin();
  const script = new RunScript(
    host,
    parts.inputs.filter(({ kind }) => kind !== 'stop'),
    Number.POSITIVE_INFINITY,
  );
  session.follow(script);
  const debugging = await openDebugging(
    { view: port, ...(viewHost === undefined ? {} : { viewHost }), ...(sourceMap ? { sourceMap } : {}) },
    {
      session,
      inputs: runInputs(host),
      title: basename(path),
      note,
      nextTurn,
      bounded: true,
      mode: 'recording',
      beforeChange: () => script.cut(),
      ...(run.bridges ? { noWayBack: 'clients of --tty and --rpmsg-sock took part in it, who cannot be put back' } : {}),
    },
  );
  const debug = debugging!.debugger;
  debug.attach(HOLDER);
  const unsubscribe = debug.subscribe((event) => {
    if (event.type !== 'halted') return;
    unsubscribe();
    arrived = true;
    // From here on somebody looks.
    debugging!.pace.pace = 1;
    if (at === undefined) return;
    const cycle = machine.scheduler.cyclesFromNs(at);
    queueMicrotask(() => debug.goTo({ cycle }).catch((error: unknown) => note(`--at: ${(error as Error).message}`)));
  });
  // Exactly there, and no further by itself.
  session.control = new BoundedControl(debug, () => (arrived ? Number.POSITIVE_INFINITY : end));
  const onSignal = (): void => session.stop(EXIT.OK);
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onSignal);
  try {
    await session.run(true, 'somebody at the page does something');
    return EXIT.OK;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onSignal);
    await debugging?.close();
    session.dispose();
  }
}

/** A control that lets the machine go no further than `limit`. */
class BoundedControl implements RunControl {
  private readonly control: RunControl;
  private readonly limit: () => number;

  constructor(control: RunControl, limit: () => number) {
    this.control = control;
    this.limit = limit;
  }

  ready(): Promise<void> | undefined {
    return this.control.ready();
  }

  due(): number {
    return Math.min(this.control.due(), this.limit());
  }

  run(limit: number): StopReason {
    return this.control.run(limit);
  }

  keeps(end: RunEnd): boolean {
    return this.control.keeps(end);
  }

  calm(): Promise<void> | undefined {
    return this.control.calm();
  }

  over(stop: StopReason): void {
    this.control.over(stop);
  }
}
