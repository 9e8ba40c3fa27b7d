/**
 * `imx-sim explore <elf>`: many seeded plans of faults on all processors, and the smallest plan for each way in which the firmware fails.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../../errors.ts';
import { type Exploration, explore as exploreFaults, type Found, type Progress } from '../../faults/explore.ts';
import type { TrialResult } from '../../faults/trial.ts';
import { EXIT } from '../../session/exit.ts';
import { encodeRun } from '../../session/recorded-run.ts';
import { briefReasons } from '../../session/target.ts';
import type { ExploreCommandOptions } from '../explore-options.ts';
import { TrialPool } from '../explore-pool.ts';
import { trialOptions } from '../trial-options.ts';

/** Lines of the explanation of a failure. */
const MOST_LINES = 40;
/** Virtual time beyond twice that of the run without faults, in ns. */
const MORE_NS = 1e9;
const MOST_WORKERS = 8;

/** The error of a run without faults that does not come to the line of `--until`. */
function unreached(result: TrialResult): UsageError {
  const remedy = 'mind how the line is written, and imx-sim run with the same options; if it only takes longer, give more --timeout';
  return new UsageError(`the line of --until does not come without faults either: ${endText(result)}`, remedy, '--until');
}

/** Runs the command and returns the exit status. @throws {ImxSimError} for bad usage or input */
export async function explore(path: string, options: ExploreCommandOptions): Promise<number> {
  const { faults, seeds, firstSeed, maxFaults, failOn, json, workers = Math.min(availableParallelism(), MOST_WORKERS) } = options;
  const trial = await trialOptions({ path, options });
  const say = (text: string): void => void (json || process.stdout.write(`${text}\n`));
  const progress = new ProgressLine(Boolean(process.stderr.isTTY && !json));
  const pool = new TrialPool({ path, options }, workers);
  let limit = options.timeout;
  try {
    const { soc, core, reasons } = trial.target;
    say(`imx-sim: ${soc.name} ${core} (${briefReasons(reasons)}), ${seeds} seeds from ${firstSeed} on, ${workers} workers`);
    const run = async (plan: readonly string[], seed: number): Promise<TrialResult> => {
      const result = await pool.run(plan, seed, limit);
      if (plan.length > 0) return result;
      // Whatever hangs would pass for a run that was not to end.
      if (options.until && result.status !== 0) throw unreached(result);
      limit ??= Math.round(2 * result.ns + MORE_NS);
      say(`without faults: ${endText(result)}, ${result.doorbells} doorbells, ${result.messages} messages`);
      return result;
    };
    const exploration = await exploreFaults({
      faults,
      seeds,
      firstSeed,
      maxFaults,
      failOn,
      trial: run,
      onProgress: (each) => progress.show(each),
    });
    progress.clear();
    const files = new Map<Found, string>();
    for (const found of exploration.found) {
      const file = await keep(found, trial, limit, options.replayDir);
      files.set(found, file);
      for (const line of foundLines(found, file, exploration)) say(line);
    }
    say(summary(exploration));
    if (json) process.stdout.write(`${JSON.stringify(jsonOf(exploration, files))}\n`);
    return exploration.found.length > 0 ? EXIT.FIRMWARE : EXIT.OK;
  } finally {
    progress.clear();
    await pool.close();
  }
}

/** Writes the recording of a failure, and returns its path. */
async function keep(
  { kind, seeds, seed, plan, result }: Found,
  trial: Awaited<ReturnType<typeof trialOptions>>,
  limit: number | undefined,
  directory: string,
): Promise<string> {
  const cycle = Math.round((result.ns / 1e9) * trial.target.soc.baseHz);
  const end = { cycle, reason: result.reason, status: result.status, trace: result.trace };
  const bytes = await encodeRun({ ...trial, faults: plan, seed, ...(limit === undefined ? {} : { timeout: limit }) }, end);
  const file = join(directory, `${kind}-${seeds[0]}.imxrec`);
  try {
    mkdirSync(directory, { recursive: true });
    writeFileSync(file, bytes);
  } catch (error) {
    throw new UsageError(`cannot write ${file}: ${(error as Error).message}`, 'name another directory', '--replay-dir');
  }
  return file;
}

function endText({ reason, ns }: TrialResult): string {
  const words: Readonly<Record<string, string>> = {
    until: 'the line of --until came',
    timeout: 'the time ran out',
    deadlock: 'nothing could happen any more',
  };
  return `${words[reason] ?? reason} at ${(ns / 1e6).toFixed(3)} ms`;
}

function foundLines(
  { kind, text, seeds, original, seed, plan, result, runs }: Found,
  file: string,
  { seeds: tried }: Exploration,
): string[] {
  const report = result.report.length > 0 ? result.report : [endText(result)];
  const more = report.length - MOST_LINES;
  return [
    '',
    `FAILURE ${kind}: ${text}`,
    `  with ${plan.join(', ')}`,
    `  found by ${seeds.length} of ${tried} seeds: ${seeds.join(' ')}; seed ${seed} had ${original.join(', ')} (${runs} runs to make it smaller)`,
    ...result.injections.slice(0, 6).map(({ fault, text: what }) => `  fault: ${fault}: ${what}`),
    ...report.slice(0, MOST_LINES).map((line) => `    ${line}`),
    ...(more > 0 ? [`    ... ${more} more lines`] : []),
    ...(result.report.length > 0 ? [] : result.findings.slice(0, 4).map((finding) => `    ${finding}`)),
    `  again: imx-sim replay ${file}`,
  ];
}

function summary({ seeds, found }: Exploration): string {
  const failed = new Set(found.flatMap((each) => each.seeds)).size;
  if (found.length === 0) return `${seeds} runs, none failed`;
  return `\n${seeds} runs, ${failed} failed, in ${found.length} ${found.length === 1 ? 'way' : 'ways'}`;
}

function jsonOf({ seeds, baseline, found }: Exploration, files: ReadonlyMap<Found, string>): unknown {
  const facts = ({ status, reason, ns, trace, report, findings, injections }: TrialResult) => ({
    status,
    reason,
    time: ns / 1e9,
    trace,
    report,
    findings,
    injections,
  });
  return {
    type: 'exploration',
    seeds,
    baseline: facts(baseline),
    failures: found.map((each) => ({
      kind: each.kind,
      text: each.text,
      seeds: each.seeds,
      faults: each.plan,
      seed: each.seed,
      original: each.original,
      runs: each.runs,
      replay: files.get(each),
      result: facts(each.result),
    })),
  };
}

/** One line on a terminal that is written over. */
class ProgressLine {
  private readonly on: boolean;
  private shown = false;

  constructor(on: boolean) {
    this.on = on;
  }

  show({ phase, done, of, failed }: Progress): void {
    if (!this.on) return;
    this.shown = true;
    process.stderr.write(`\r\x1b[K${phase} ${done}/${of}${failed > 0 ? `, ${failed} failed` : ''}`);
  }

  clear(): void {
    if (this.shown) process.stderr.write('\r\x1b[K');
    this.shown = false;
  }
}
