/**
 * A vitest project outside of the repository with the tests of kinds.mjs, as a user has one: imx-sim is a built package in node_modules, vitest and the rest
 * are links to the repository's. And runs of it.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childrenCpu } from '../measure.mjs';

const IMAGES = ['imx8mp_echo.elf', 'imx8mp_rpmsg.elf'];

/** A directory with `files` files of tests over the echo and one over the demo, and imx-sim as built at `dist`. */
export function makeProject({ root, dist, files }) {
  const path = mkdtempSync(join(tmpdir(), 'imx-sim-forks-'));
  const modules = join(path, 'node_modules');
  mkdirSync(join(modules, 'imx-sim'), { recursive: true });
  cpSync(dist, join(modules, 'imx-sim/dist'), { recursive: true });
  cpSync(join(root, 'package.json'), join(modules, 'imx-sim/package.json'));
  for (const name of readdirSync(join(root, 'node_modules')))
    if (!name.startsWith('.') && name !== 'imx-sim') symlinkSync(join(root, 'node_modules', name), join(modules, name));
  mkdirSync(join(path, 'images'));
  for (const name of IMAGES) cpSync(join(root, 'images', name), join(path, 'images', name));
  cpSync(join(root, 'bench/forks/kinds.mjs'), join(path, 'kinds.mjs'));
  writeFileSync(join(path, 'package.json'), '{ "type": "module" }\n');
  for (let i = 0; i < files; i++)
    writeFileSync(join(path, `echo-${i}.test.mjs`), `import { echoTests } from './kinds.mjs';\nechoTests(${i}, ${files});\n`);
  writeFileSync(join(path, 'rpmsg.test.mjs'), "import { rpmsgTests } from './kinds.mjs';\nrpmsgTests();\n");
  return { path, root, dispose: () => rmSync(path, { recursive: true, force: true }) };
}

/**
 * `vitest run` of the files whose names have `filter` in them, with so many workers and that engine; `every`: only each n-th test;
 * without `isolate`, a process for all files. Gives its status, its
 * output, the seconds from start to end and those of CPUs, and what came of each test, in the order of their names.
 */
export async function runProject({ path, root }, { workers, engine = 'jit', every = 1, filter = '', isolate = true }) {
  const results = mkdtempSync(join(tmpdir(), 'imx-sim-results-'));
  const { VITEST: _, GITHUB_ACTIONS: __, ...own } = process.env;
  const env = { ...own, NO_COLOR: '1', FORCE_COLOR: '0', FORKS_RESULTS: results, FORKS_EVERY: String(every), IMX_SIM_ENGINE: engine };
  const args = [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    `--maxWorkers=${workers}`,
    ...(isolate ? [] : ['--no-isolate']),
    ...(filter ? [filter] : []),
  ];
  const [start, before] = [performance.now(), childrenCpu()];
  const child = spawn(process.execPath, args, { cwd: path, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const status = await new Promise((done, failed) => child.on('error', failed).on('close', done));
  const wall = (performance.now() - start) / 1000;
  const cpu = before === undefined ? undefined : childrenCpu() - before;
  const lines = readdirSync(results).flatMap((file) => readFileSync(join(results, file), 'utf8').trim().split('\n'));
  rmSync(results, { recursive: true, force: true });
  const tests = lines.map((line) => JSON.parse(line)).sort((a, b) => (a.name < b.name ? -1 : 1));
  return { status, output, wall, cpu, tests };
}
