/**
 * Does a suite of firmware tests give the same results and the same traces however and wherever it runs? All tests of bench/forks over and over, with one and
 * eight workers, on the translating engine and on Unicorn, on a machine left alone and one that others keep busy. One JSON line; status 1 when anything differs.
 *
 *   node bench/repeat.mjs [--runs 50] [--every 1] [--verbose]
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { makeProject, runProject } from './forks/project.mjs';
import { dist, root, rounded, spread } from './measure.mjs';

const CASES = ['jit', 'unicorn'].flatMap((engine) => [1, 8].map((workers) => ({ engine, workers })));
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '50' },
    every: { type: 'string', default: '1' },
    verbose: { type: 'boolean' },
  },
});

/** Two busy processes for each CPU, until `stop`. */
function makeLoad() {
  const busy = Array.from({ length: 2 * cpus().length }, () => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
  return { stop: () => busy.map((child) => child.kill('SIGKILL')) };
}

const project = makeProject({ root, dist, files: 7 });
const runs = [];
const different = [];
let expected;
try {
  for (let i = 0; i < Number(values.runs); i++) {
    const { engine, workers } = CASES[i % CASES.length];
    // Every combination is there with load and without.
    const loaded = Math.floor(i / CASES.length) % 2 === 1;
    const load = loaded ? makeLoad() : undefined;
    const { status, output, wall, tests } = await runProject(project, { engine, workers, every: Number(values.every) });
    load?.stop();
    if (status !== 0) throw new Error(`run ${i}, ${engine}, ${workers} workers: status ${status}\n${output.slice(-10000)}`);
    const text = JSON.stringify(tests);
    expected ??= { text, tests };
    if (text !== expected.text) {
      const names = tests.filter((test, at) => JSON.stringify(test) !== JSON.stringify(expected.tests[at])).map(({ name }) => name);
      different.push({ run: i, engine, workers, loaded, names });
    }
    runs.push({ engine, workers, loaded, wall });
    if (values.verbose)
      console.error(
        `${i} ${engine} ${workers} ${loaded ? 'loaded' : ''} ${wall.toFixed(1)} s ${text === expected.text ? 'same' : 'DIFFERENT'}`,
      );
  }
} finally {
  project.dispose();
}
const hash = createHash('sha256').update(expected.text).digest('hex');
const seconds = Object.fromEntries(
  CASES.flatMap(({ engine, workers }) =>
    [false, true].map((loaded) => {
      const walls = runs.filter((run) => run.engine === engine && run.workers === workers && run.loaded === loaded).map(({ wall }) => wall);
      return [`${engine}, ${workers} workers${loaded ? ', loaded' : ''}`, spread(walls)];
    }),
  ),
);
console.log(JSON.stringify(rounded({ question: 'repeat', runs: runs.length, tests: expected.tests.length, hash, different, seconds })));
if (different.length > 0) process.exitCode = 1;
