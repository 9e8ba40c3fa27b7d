/**
 * Global set-up of the projects that run `imx-sim` as a process: compiles src once into a temporary directory, outside the checkout.
 *
 * IMX_SIM_DIST names a build to test instead (a directory with command/main.js), such as an installed package's.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The built dist directory. */
    dist: string;
  }
}

const root = resolve(import.meta.dirname, '../..');

/** Builds on the first call in this process; later projects share the result. */
export default function setup(project: TestProject): (() => void) | undefined {
  const given = process.env['IMX_SIM_DIST'];
  if (given) {
    project.provide('dist', resolve(given));
    return undefined;
  }
  const directory = mkdtempSync(join(tmpdir(), 'imx-sim-'));
  const dist = join(directory, 'dist');
  const tsc = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json', '--outDir', dist], {
    cwd: root,
    encoding: 'utf8',
  });
  // Type errors are the type check's business; a build that wrote nothing is ours.
  if (!existsSync(join(dist, 'cli/main.js'))) throw new Error(`the build wrote no dist/cli/main.js\n${tsc.stdout}${tsc.stderr}`);
  const bundle = spawnSync(process.execPath, [join(root, 'node_modules/rolldown/bin/cli.mjs'), '-c'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, IMX_SIM_DIST: dist },
  });
  if (bundle.status !== 0) throw new Error(`the build wrote no dist/command/main.js\n${bundle.stdout}${bundle.stderr}`);
  const page = spawnSync(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), 'build', 'view', '--logLevel', 'warn'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NODE_ENV: 'production', IMX_SIM_DIST: dist },
  });
  if (page.status !== 0) throw new Error(`the build wrote no dist/view-page\n${page.stdout}${page.stderr}`);
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  copyFileSync(join(root, 'package.json'), join(directory, 'package.json'));
  process.env['IMX_SIM_DIST'] = dist;
  project.provide('dist', dist);
  return () => {
    delete process.env['IMX_SIM_DIST'];
    rmSync(directory, { recursive: true, force: true });
  };
}
