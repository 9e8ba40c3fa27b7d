/**
 * `imx-sim replay <file>`: the run of a recording once more, with the same output, trace and status.
 */
import { SnapshotError } from '../../errors.ts';
import { EXIT } from '../../session/exit.ts';
import { recordedRun } from '../../session/recorded-run.ts';
import { RunScript } from '../../session/run-inputs.ts';
import type { SessionOptions } from '../../session/session.ts';
import { decodeRecording, type RecordedEnd, type RecordingParts } from '../../snapshot/recording.ts';
import { findSoc } from '../../soc/index.ts';
import { figuresText } from '../engines.ts';
import type { ReplayOptions } from '../options.ts';
import { hostTurns } from '../pace.ts';
import { recordedSession } from '../recorded-session.ts';
import { HumanRenderer, JsonRenderer } from '../renderer.ts';
import { replayTest } from '../replay-test.ts';
import { watchRun } from '../run-instruments.ts';
import { standardStreams } from '../run-terminal.ts';
import { checkWritable, readFile, refuseBridged, writeSnapshot } from '../snapshot-file.ts';

/** Virtual time behind the recorded end, for a run that is to go on there, in ns. */
const MORE_NS = 10e9;

/** A recording that was read, and where its run is shown. */
interface Recorded {
  readonly path: string;
  readonly parts: RecordingParts;
  readonly renderer: HumanRenderer | JsonRenderer;
}

/** Runs the command and returns the recorded status. @throws {ImxSimError} for what is no recording, or does not lead where it led */
export async function replay(path: string, options: ReplayOptions): Promise<number> {
  const { json, color, saveSnapshot } = options;
  const file = readFile(path, 'file');
  const parts = await decodeRecording(file, path);
  if (saveSnapshot !== undefined) checkWritable(saveSnapshot, '--save-snapshot');
  const streams = standardStreams(color);
  const renderer = json ? new JsonRenderer(streams.out, findSoc(parts.recipe.soc).baseHz) : new HumanRenderer(streams);
  if (parts.by === 'session') return replayRun({ path, parts, renderer }, options);
  return replayTest({ path, file, parts, renderer }, options);
}

async function replayRun({ path, parts, renderer }: Recorded, options: ReplayOptions): Promise<number> {
  const { cpu, lockstep, until, timeout, json, stats, traceHash, saveSnapshot } = options;
  const run = recordedRun(parts, path);
  if (saveSnapshot !== undefined && run.bridges) refuseBridged(run.bridges);
  /** Where the user wants it to end, it need not be as it was. */
  const elsewhere = until !== undefined || timeout !== undefined;
  let interrupted = false;
  let verdict: SnapshotError | undefined;
  const onEnd = async (end: RecordedEnd): Promise<void> => {
    if (saveSnapshot !== undefined) await writeSnapshot(saveSnapshot, session, renderer);
    if (parts.end && !elsewhere && !interrupted) verdict = difference(path, parts.end, end);
  };
  const configure = (recorded: SessionOptions, restored: boolean): SessionOptions => ({
    ...recorded,
    ...(elsewhere ? endOf(recorded, parts.end, options) : {}),
    ...(stats ? { stats } : {}),
    ...(traceHash ? { traceHash } : {}),
    snapshots: saveSnapshot !== undefined || restored,
    onEnd,
  });
  const { finish } = renderer;
  renderer.finish = (facts, lines) => {
    const error = verdict && { code: verdict.code, message: verdict.message, place: verdict.place, remedy: verdict.remedy };
    const same = elsewhere || interrupted ? {} : { same: verdict === undefined };
    const status = verdict ? { status: EXIT.DIFFERENCE, error } : {};
    finish.call(renderer, { ...facts, ...status, recorded: parts.end, ...same }, lines);
  };
  const opened = await recordedSession({ path, parts, run, renderer, cpu, lockstep, configure, pause: hostTurns() });
  const { session, recorded, figures } = opened;
  const onSignal = (): void => {
    interrupted = true;
    session.stop(EXIT.INTERRUPTED, true);
  };
  process.on('SIGINT', onSignal);
  try {
    const host = await opened.begin();
    const note = (text: string) => renderer.note(text);
    // Without anything from outside, the run is bound to end as it did.
    if (parts.inputs.length > 0 || run.awaited !== undefined)
      session.follow(
        new RunScript(host, parts.inputs, elsewhere ? Number.POSITIVE_INFINITY : (parts.end?.cycle ?? Number.POSITIVE_INFINITY)),
      );
    const watched = watchRun(session.machine, recorded.firmware, undefined, options);
    const status = await session.run(run.awaited !== undefined, run.awaited);
    const { notes, profile } = watched.finish();
    if (json && profile) process.stdout.write(`${JSON.stringify({ type: 'profile', ...profile })}\n`);
    if (!json || !profile) for (const line of notes) note(line);
    if (figures && !json && status !== EXIT.DIFFERENCE) note(figuresText(figures));
    if (!verdict) {
      if (!json && !elsewhere && !interrupted && parts.end) note(`the same run as was recorded, trace ${parts.end.trace ?? 'unknown'}`);
      return status;
    }
    if (json) return EXIT.DIFFERENCE;
    throw verdict;
  } finally {
    process.off('SIGINT', onSignal);
    session.dispose();
  }
}

/** Where a run ends that the user wants to end elsewhere than it did; what is not given is as it was, but no run lasts for ever. */
function endOf(
  recorded: SessionOptions,
  end: RecordedEnd | undefined,
  { until, timeout }: ReplayOptions,
): Pick<SessionOptions, 'until' | 'timeout'> {
  const endless = recorded.timeout === Number.POSITIVE_INFINITY && end !== undefined && end.reason !== 'interrupted';
  const longest = endless ? { timeout: (end.cycle / recorded.target.soc.baseHz) * 1e9 + MORE_NS } : {};
  return { ...longest, ...(until ? { until } : {}), ...(timeout === undefined ? {} : { timeout }) };
}

/** What tells two ends apart; undefined when nothing does. */
function difference(path: string, was: RecordedEnd, is: RecordedEnd): SnapshotError | undefined {
  const differs = was.reason !== is.reason || was.status !== is.status || (was.trace !== undefined && was.trace !== is.trace);
  if (!differs) return undefined;
  const text = ({ reason, status, cycle, trace = 'unknown' }: RecordedEnd) =>
    `${reason} at cycle ${cycle}, status ${status}, trace ${trace}`;
  return new SnapshotError(
    'E_SNAPSHOT_DIVERGED',
    `this is not the run that was recorded: that ended with ${text(was)}; this one with ${text(is)}`,
    'the recording is of another version of imx-sim: replay it with that one, or record the run again',
    path,
  );
}
