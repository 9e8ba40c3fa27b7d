/**
 * The session of a recording, as `replay` and `view` have it run again: options, engine, the snapshot with which it began, what came in from outside.
 */
import { capstoneDisassembler } from '../session/disassembler.ts';
import { type RecordedRun, replayOptions } from '../session/recorded-run.ts';
import type { Renderer } from '../session/renderer.ts';
import type { RunHost } from '../session/run-inputs.ts';
import { Session, type SessionOptions } from '../session/session.ts';
import type { RecordingParts } from '../snapshot/recording.ts';
import { ReplayedBridges } from './bridges/replayed.ts';
import { type ChosenEngine, chooseEngine, loadCapstone, namedEngine } from './engines.ts';
import type { RunOptions } from './options.ts';
import { snapshotIn } from './snapshot-file.ts';

/** Which recording, and how it is to run. */
export interface RecordedPlan extends Pick<RunOptions, 'cpu' | 'lockstep'> {
  readonly path: string;
  readonly parts: RecordingParts;
  /** `recordedRun` of the parts. */
  readonly run: RecordedRun;
  readonly renderer: Renderer;
  /** The options of the session, from those that were recorded; `restored`: it began with a snapshot. */
  configure(recorded: SessionOptions, restored: boolean): SessionOptions;
  /** Called between slices, after what bridges took is written. */
  pause(seconds: number): Promise<void>;
}

/** A session that has not begun. */
export interface RecordedSession {
  readonly session: Session;
  readonly recorded: SessionOptions;
  readonly figures: ChosenEngine['figures'];
  /** Puts it to where the recording begins; what inputs are for is in the host. */
  begin(): Promise<RunHost>;
}

/** @throws {ImxSimError} for what cannot run again here */
export async function recordedSession({ path, parts, run, renderer, cpu, lockstep, ...plan }: RecordedPlan): Promise<RecordedSession> {
  const recorded = replayOptions(parts, path, namedEngine('jit'));
  const { engine, figures } = await chooseEngine({ cpu, lockstep }, recorded.firmware);
  const start = run.start && (await snapshotIn(run.start, `the snapshot in ${path}`, {}));
  let bridges: ReplayedBridges | undefined;
  const session = new Session(
    {
      ...plan.configure(recorded, start !== undefined),
      engine,
      ...(recorded.machine ? { machine: { ...recorded.machine, engine } } : {}),
    },
    {
      renderer,
      disassemble: capstoneDisassembler(loadCapstone),
      now: () => performance.now(),
      pause: (seconds) => {
        bridges?.flush();
        return plan.pause(seconds);
      },
    },
  );
  const begin = async (): Promise<RunHost> => {
    if (start) await session.restore(start.state);
    const { machine } = session;
    const note = (text: string): void => renderer.note(text);
    if (run.bridges) bridges = new ReplayedBridges(run.bridges, { machine, findConsole: (name) => session.findConsole(name), note });
    return { session, bridge: (source, kind, bytes, count) => bridges?.enter(source, kind, bytes, count) };
  };
  return { session, recorded, figures, begin };
}
