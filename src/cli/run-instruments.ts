/**
 * What `imx-sim run` watches besides: coverage (--coverage, --coverage-html), the flame graph (--flame) and tables of a profile (--profile).
 */
import { extname } from 'node:path';
import { CoverageCollector, percent } from '../coverage/index.ts';
import type { Machine } from '../machine.ts';
import { Profiler } from '../profile/index.ts';
import type { Firmware } from '../remoteproc/elf-loader.ts';
import { writeOutput, writePages } from './output-files.ts';
import { profileLines } from './profile-text.ts';
import { type SourceMapping, sourceFiles } from './source-files.ts';

/** The options; times are nanoseconds. */
export interface InstrumentOptions {
  coverage?: string;
  coverageHtml?: string;
  coverageExclude: string[];
  sourceMap: SourceMapping[];
  flame?: string;
  profile?: boolean;
}

/** What was watched of a run. */
export interface RunInstruments {
  /** Writes the files; returns what is worth a line, and a profile as data. Called while the machine is there. */
  finish(): { readonly notes: readonly string[]; readonly profile: Readonly<Record<string, unknown>> | undefined };
}

/** Begins to watch `machine`. @throws {CoverageError} when the ELF has no line information */
export function watchRun(machine: Machine, firmware: Firmware, path: string | undefined, options: InstrumentOptions): RunInstruments {
  const { coverage, coverageHtml, coverageExclude, sourceMap, flame, profile } = options;
  const covers = coverage !== undefined || coverageHtml !== undefined;
  const source = sourceFiles(sourceMap, path);
  const collector = new CoverageCollector({ source });
  if (covers) {
    collector.check(firmware);
    machine.core.count(true);
  }
  const profiler = flame !== undefined || profile ? new Profiler(machine, firmware, flame === undefined ? { period: 0 } : {}) : undefined;
  profiler?.start();
  const writeCoverage = (): string[] => {
    collector.addCore(firmware, machine.core);
    const report = collector.report().filter({ exclude: coverageExclude }).relativeTo(process.cwd());
    if (coverage !== undefined) writeOutput(coverage, report.toLcov(), '--coverage');
    if (coverageHtml !== undefined) writePages(coverageHtml, report.toHtml({ title: `Coverage of ${firmware.name}` }), '--coverage-html');
    const { lines, functions, branches } = report.totals;
    const where = [coverage, coverageHtml && `${coverageHtml}/index.html`].filter(Boolean).join(', ');
    return [`coverage: lines ${percent(lines)}, functions ${percent(functions)}, branches ${percent(branches)} (${where})`];
  };
  return {
    finish() {
      const notes: string[] = [];
      if (covers) notes.push(...writeCoverage());
      if (profiler && flame !== undefined) {
        writeOutput(flame, flameText(profiler, flame), '--flame');
        notes.push(`flame graph: ${flame}`);
      }
      if (!profiler || !profile) return { notes, profile: undefined };
      const data = { load: profiler.load(), interrupts: profiler.interrupts(), stacks: profiler.stacks() };
      return { notes: [...notes, ...profileLines(data)], profile: data };
    },
  };
}

/** By the name of the file: a page, a picture, or folded stacks. */
function flameText(profiler: Profiler, path: string): string {
  const kind = extname(path).toLowerCase();
  if (kind === '.html' || kind === '.htm') return profiler.flameHtml();
  return kind === '.svg' ? profiler.flameSvg() : profiler.folded();
}
