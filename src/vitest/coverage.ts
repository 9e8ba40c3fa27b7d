/**
 * Coverage of the firmware by its tests: with IMX_SIM_COVERAGE=directory every machine counts what its core executes, and each test file leaves one
 * tracefile (lcov) there. `imx-sim coverage merge` adds those of all files, workers and shards.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vitest from 'vitest';
import { sourceFiles } from '../cli/source-files.ts';
import { CoverageCollector } from '../coverage/index.ts';
import type { Simulation } from '../kit/simulation.ts';
import { fileName } from './file-name.ts';

/** A test file, as vitest knows it. */
export type TestFile = vitest.RunnerTestFile;

/** Hooks of a suite, to which others can be added while its tests run. */
type HooksOf = (suite: TestFile) => { readonly afterAll: (() => void)[] };

/** From vitest 4.1 on they are with its runner, before with its suites. */
async function hooksOf(): Promise<HooksOf> {
  const { TestRunner } = vitest as unknown as { readonly TestRunner?: { readonly getSuiteHooks?: HooksOf } };
  return TestRunner?.getSuiteHooks ?? ((await import('vitest/suite')).getHooks as unknown as HooksOf);
}

/** The file's name, behind that of its project if there are several. */
export function fileTitle({ name, projectName }: Pick<TestFile, 'name' | 'projectName'>): string {
  return projectName ? `${projectName} ${name}` : name;
}

/** Of the file whose tests run. */
let current: { readonly file: TestFile; readonly collector: CoverageCollector } | undefined;

/** Where tracefiles go; undefined: nobody wants any. */
const directory = (): string | undefined => process.env['IMX_SIM_COVERAGE'] || undefined;

function write(collector: CoverageCollector, file: TestFile, place: string): void {
  if (collector.empty) return;
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, `${fileName(fileTitle(file))}.info`), collector.report().relativeTo(process.cwd()).toLcov());
}

/** Tests of `file` run from now on: what machines count is theirs, and written when they are over. */
export async function coverageOfFile(file: TestFile): Promise<void> {
  const place = directory();
  if (place === undefined || current?.file === file) return;
  const collector = new CoverageCollector({ source: sourceFiles([]) });
  current = { file, collector };
  (await hooksOf())(file).afterAll.push(() => write(collector, file, place));
}

/** Begins to count what the core of `m` executes. @throws {CoverageError} when its ELF has no line information */
export function count(m: Simulation): void {
  const { firmware } = m.configuration;
  if (!current || !firmware || directory() === undefined) return;
  current.collector.check(firmware);
  const { core } = m.machine;
  // With `coverage: true` it counts already.
  core.count(false);
  core.count(true);
}

/** Adds what `m` has counted, for a test or a set-up. */
export function counted(m: Simulation, test: string): void {
  const { firmware } = m.configuration;
  if (!current || !firmware || directory() === undefined) return;
  current.collector.addCore(firmware, m.machine.core, { test });
  m.machine.core.count(false);
}
