/**
 * `imx-sim replay` of a recording that a test made: what its consoles and Linux print, as `imx-sim run` shows it, and whether it is the same run.
 */
import { SnapshotError, UsageError } from '../errors.ts';
import { replayMachine } from '../kit/index.ts';
import type { Machine } from '../machine.ts';
import { EXIT } from '../session/exit.ts';
import { LineAssembler } from '../session/lines.ts';
import type { Renderer } from '../session/renderer.ts';
import { Statistics } from '../session/statistics.ts';
import type { RecordingParts } from '../snapshot/recording.ts';
import { namedEngine } from './engines.ts';
import type { ReplayOptions } from './options.ts';
import { type RunInstruments, watchRun } from './run-instruments.ts';
import { writeFile } from './snapshot-file.ts';

/** The recording, and where its run is shown. */
export interface RecordedTest {
  readonly path: string;
  readonly file: Uint8Array;
  readonly parts: RecordingParts;
  readonly renderer: Renderer;
}

/** Plays it and returns the recorded status. @throws {SnapshotError} when it does not lead where it led */
export async function replayTest({ path, file, parts, renderer }: RecordedTest, options: ReplayOptions): Promise<number> {
  const { json, stats, traceHash, saveSnapshot, cpu, until, timeout } = options;
  const given = until ? '--until' : timeout === undefined ? undefined : '--timeout';
  if (given) throw new UsageError(`${given} with ${path}, which a test recorded`, `leave out ${given}`, given);
  if (cpu === 'lockstep') throw new UsageError(`--cpu lockstep with ${path}, which a test recorded`, 'name one engine', '--cpu');
  const statistics = new Statistics(() => performance.now());
  let lines: LineAssembler | undefined;
  let watched: RunInstruments | undefined;
  const watch = (machine: Machine): void => {
    const { hz } = machine.scheduler;
    const assembler = new LineAssembler(hz, (line) => renderer.line(line));
    lines = assembler;
    machine.diagnostics.onFirst = (diagnostic) => renderer.diagnostic(diagnostic);
    machine.events.subscribe((event) => {
      statistics.add(event);
      renderer.event(event, event.cycle / hz);
      assembler.add(event);
    });
    const { firmware } = machine.options;
    if (firmware) watched = watchRun(machine, firmware, undefined, options);
  };
  renderer.note(`${path} was recorded by a test; engine ${cpu}`);
  const engine = namedEngine(cpu === 'auto' ? 'jit' : cpu);
  const { simulation, end, same } = await replayMachine(file, { engine, watch }, path);
  try {
    const { machine } = simulation;
    lines?.flushQuiet(Number.POSITIVE_INFINITY);
    if (saveSnapshot !== undefined) writeFile(saveSnapshot, await simulation.save(), '--save-snapshot');
    const status = end?.status ?? EXIT.OK;
    if (status !== EXIT.OK) renderer.report(simulation.situation.lines, []);
    const { notes = [], profile } = watched?.finish() ?? {};
    if (json && profile) process.stdout.write(`${JSON.stringify({ type: 'profile', ...profile })}\n`);
    if (!json || !profile) for (const line of notes) renderer.note(line);
    const trace = simulation.traceHash();
    const error = same === false ? diverged(path, parts.end?.trace, trace) : undefined;
    const facts = {
      reason: end?.reason ?? 'recorded',
      status: error ? EXIT.DIFFERENCE : status,
      cycle: simulation.cycle,
      time: machine.scheduler.seconds,
      ...(stats ? { stats: statistics.figures(machine) } : {}),
      ...(traceHash ? { trace } : {}),
      ...(error ? { error: { code: error.code, message: error.message, place: error.place, remedy: error.remedy } } : {}),
      ...(end ? { recorded: end } : {}),
      ...(same === undefined ? {} : { same }),
    };
    renderer.finish(facts, [...(stats ? statistics.lines(machine) : []), ...(traceHash ? [`trace ${trace}`] : [])]);
    if (error && json) return EXIT.DIFFERENCE;
    if (error) throw error;
    if (same && !json) renderer.note(`the same run as was recorded, up to ${machine.scheduler.seconds.toFixed(6)} s, trace ${trace}`);
    return status;
  } finally {
    simulation.dispose();
  }
}

function diverged(path: string, was: string | undefined, is: string): SnapshotError {
  return new SnapshotError(
    'E_SNAPSHOT_DIVERGED',
    `this is not the run that was recorded: its trace was ${was}, and this one is ${is}`,
    'the recording is of another version of imx-sim: replay it with that one, or record the run again',
    path,
  );
}
