/**
 * Projects outside of the repository, as a newcomer has them: the package as `npm pack` makes it, unpacked as npm unpacks it; its dependencies are
 * links to the repository's, so that no network is needed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** What a project needs beside imx-sim. */
const LINKED = ['vitest', 'commander', '@alexaltea/capstone-js', 'koffi', 'typescript', '@types/node'];

/** What came of a command. */
export interface Outcome {
  readonly status: number | null;
  /** Both streams, without colours. */
  readonly output: string;
}

/** Runs a script with Node. */
function run(cwd: string, script: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return new Promise((done, failed) => {
    const { CI: _ci, GITHUB_ACTIONS: _actions, VITEST: _vitest, ...own } = process.env;
    const child = spawn(process.execPath, [script, ...args], {
      cwd,
      env: { ...own, NO_COLOR: '1', FORCE_COLOR: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.on('error', failed);
    child.on('close', (status) => done({ status, output }));
  });
}

/** `npx vitest run`. */
export const vitest = (cwd: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Outcome> =>
  run(cwd, join(ROOT, 'node_modules/vitest/vitest.mjs'), ['run', ...args], env);

/** `npx tsc`. */
export const tsc = (cwd: string): Promise<Outcome> => run(cwd, join(ROOT, 'node_modules/typescript/bin/tsc'), ['-p', '.']);

/** `npx imx-sim` of the package that is installed in the project at `path`. */
export const imxSim = (path: string, cwd: string, args: readonly string[]): Promise<Outcome> =>
  run(join(path, cwd), join(path, 'node_modules/imx-sim/bin/imx-sim.js'), args);

/** The package with `dist` built at `build`, as `npm pack` makes it. */
function pack(build: string, work: string): string {
  const source = join(work, 'source');
  mkdirSync(source);
  for (const name of ['package.json', 'README.md', 'LICENSE', 'bin', 'docs', 'examples', 'images', 'test/clients'])
    cpSync(join(ROOT, name), join(source, name), { recursive: true });
  cpSync(build, join(source, 'dist'), { recursive: true });
  const packed = spawnSync('npm', ['pack', '--ignore-scripts', '--pack-destination', work], { cwd: source, encoding: 'utf8' });
  const file = readdirSync(work).find((name) => name.endsWith('.tgz'));
  if (packed.status !== 0 || !file) throw new Error(`npm pack: ${packed.stderr}`);
  rmSync(source, { recursive: true });
  return join(work, file);
}

/** A directory with the examples and `files`, and imx-sim installed; `dispose` removes it. */
export function project(build: string, files: Readonly<Record<string, string>>): { readonly path: string; dispose(): void } {
  const work = mkdtempSync(join(tmpdir(), 'imx-sim-project-'));
  const path = join(work, 'project');
  const modules = join(path, 'node_modules');
  mkdirSync(join(modules, 'imx-sim'), { recursive: true });
  const tarball = pack(build, work);
  const unpacked = spawnSync('tar', ['-xzf', tarball, '-C', join(modules, 'imx-sim'), '--strip-components=1'], { encoding: 'utf8' });
  if (unpacked.status !== 0) throw new Error(`tar: ${unpacked.stderr}`);
  for (const name of LINKED) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  }
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return { path, dispose: () => rmSync(work, { recursive: true, force: true }) };
}

/** Copies an example project to `directory` of a project. */
export function addExample(path: string, directory: string, name: string): void {
  cpSync(join(ROOT, 'examples', name), join(path, directory), { recursive: true });
}
