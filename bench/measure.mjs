/**
 * What the benches share: processes timed from start to end, medians, and which engines there are.
 *
 * Figures of one run can be compared with each other; those of two machines, or of a busy and an idle one, cannot.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = resolve(import.meta.dirname, '..');
const dist = resolve(process.env.IMX_SIM_DIST ?? join(root, 'dist'));
const main = join(dist, 'cli/main.js');

/** Path of an image. */
export const image = (name) => join(root, 'images', `${name}.elf`);

/** Runs `imx-sim` with `args`; wall time in seconds from the start of the process to its end. */
export function imxSim(args) {
  if (!existsSync(main)) throw new Error(`${main} is missing: run \`npm run build\` first, or name a build with IMX_SIM_DIST`);
  return timed(process.execPath, [main, ...args]);
}

/** Runs a program; wall time in seconds from start to end. */
export function timed(program, args) {
  const start = performance.now();
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  return { seconds: (performance.now() - start) / 1000, status, stdout, stderr, error };
}

/** Throws unless a run ended well. */
export function mustEndWith(result, status = 0) {
  if (result.status !== status) throw new Error(`ended with ${result.status}: ${result.stderr || result.error}`);
  return result;
}

/** `{ min, median, max }` of some numbers. */
export function spread(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return { min: sorted[0], median: sorted[sorted.length >> 1], max: sorted.at(-1) };
}

/** Engines that work here. */
export function engines() {
  return ['interpreter', 'unicorn'].filter((engine) => {
    const { status } = imxSim(['run', image('imx8mp_hello'), '--cpu', engine, '--until', 'hello world']);
    return status === 0;
  });
}

/** Prints one JSON line when `url` is the script that node was started with. */
export function whenRunAlone(url, question) {
  if (process.argv[1] && url === pathToFileURL(resolve(process.argv[1])).href) console.log(JSON.stringify(question()));
}
