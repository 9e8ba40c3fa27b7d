/**
 * The same suite of firmware tests gives the same results and traces in one process on the translating engine as in eight at once on Unicorn.
 * `node bench/repeat.mjs` does that fifty times over, with all combinations, under load.
 */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { unicornAvailable } from '../../src/cpu/unicorn/index.ts';

interface Seen {
  readonly name: string;
  readonly cycle: number;
  readonly hash: string;
}

interface Run {
  readonly status: number;
  readonly output: string;
  readonly tests: readonly Seen[];
}

interface Project {
  dispose(): void;
}

interface Script {
  makeProject(options: { root: string; dist: string; files: number }): Project;
  runProject(project: Project, options: { workers: number; engine: string; every: number; isolate?: boolean }): Promise<Run>;
}

const ROOT = resolve(import.meta.dirname, '../..');
/** Of the 220 tests of bench/forks. */
const EVERY = 10;
const OTHER = unicornAvailable() ? 'unicorn' : 'interpreter';

describe('a suite of firmware tests', () => {
  let project: Project | undefined;

  afterAll(() => project?.dispose());

  it(`gives the same in one process on jit and in eight on ${OTHER}`, async () => {
    const { makeProject, runProject } = (await import(/* @vite-ignore */ pathToFileURL(`${ROOT}/bench/forks/project.mjs`).href)) as Script;
    project = makeProject({ root: ROOT, dist: inject('dist'), files: 7 });
    const first = await runProject(project, { workers: 1, engine: 'jit', every: EVERY, isolate: false });
    expect(first.output).toMatch(/Tests +22 passed \(22\)/);
    expect(first.status).toBe(0);
    expect(first.tests).toHaveLength(22);
    expect(new Set(first.tests.map(({ name }) => name)).size).toBe(22);
    for (const { hash, cycle } of first.tests) {
      expect(hash).toMatch(/^[0-9a-f]{64}$/);
      expect(cycle).toBeGreaterThan(0);
    }
    // Half of the tests do something that reaches the trace and that no other does.
    expect(new Set(first.tests.map(({ hash }) => hash)).size).toBeGreaterThan(10);

    const second = await runProject(project, { workers: 8, engine: OTHER, every: EVERY });
    expect(second.status).toBe(0);
    expect(second.tests).toEqual(first.tests);
  });
});
