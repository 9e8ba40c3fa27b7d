/**
 * What the benches share: clocks, processes timed from start to end, medians, the programs of the manifest, and time that is left.
 *
 * Figures of one run can be compared with each other; those of two machines, or of a busy and an idle one, cannot. So every figure comes
 * twice: by wall time, and by the CPU time of the process, which a busy machine disturbs less.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

export const root = resolve(import.meta.dirname, '..');
export const dist = resolve(process.env.IMX_SIM_DIST ?? join(root, 'dist'));
const main = join(dist, 'command/main.js');

/** Path of an image. */
export const image = (name) => join(root, 'images', `${name}.elf`);

/** The bench programs, in the manifest's order. */
export const programs = JSON.parse(readFileSync(join(root, 'images/manifest.json'), 'utf8'))
  .images.filter(({ group }) => group !== undefined)
  .map(({ name, title, group, millions, virtualTime, soc, until }) => ({
    name: name.replace('bench_', ''),
    title: title.replace('Bench: ', ''),
    group,
    each: millions * 1e6,
    virtualTime: virtualTime ?? false,
    file: image(name),
    socs: soc,
    until: new RegExp(until[0], 'm'),
  }));

/** The program called `name`. */
export const program = (name) => programs.find((candidate) => candidate.name === name);

/** Wall and CPU seconds of this process since `since`, an earlier result of this function without argument. */
export function clock(since = { wall: 0, cpu: 0 }) {
  const { user, system } = process.cpuUsage();
  return { wall: performance.now() / 1000 - since.wall, cpu: (user + system) / 1e6 - since.cpu };
}

/** CPU seconds of the children that ended, to 10 ms; undefined where the host does not tell. */
export function childrenCpu() {
  if (!existsSync('/proc/self/stat')) return undefined;
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ');
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

/** Runs a program; `wall` and `cpu` in seconds from start to end. */
export function timed(command, args, options = {}) {
  const before = childrenCpu();
  const start = performance.now();
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  const wall = (performance.now() - start) / 1000;
  return { wall, cpu: before === undefined ? undefined : childrenCpu() - before, status, stdout, stderr, error };
}

/** Runs `imx-sim` with `args`. */
export function imxSim(args) {
  return timed(process.execPath, [main, ...args]);
}

/** Throws unless a run ended well. */
export function mustEndWith(result, status = 0) {
  if (result.status !== status) throw new Error(`ended with ${result.status}: ${result.stderr || result.error}`);
  return result;
}

/** `{ min, median, max }` of some numbers; undefined of none. */
export function spread(values) {
  if (values.length === 0 || values.includes(undefined)) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { min: sorted[0], median, max: sorted.at(-1) };
}

/** Spreads of the wall and the CPU time of some runs. */
export function spreads(runs) {
  return { runs: runs.length, wall: spread(runs.map(({ wall }) => wall)), cpu: spread(runs.map(({ cpu }) => cpu)) };
}

export function geometricMean(values) {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** Rounds to `digits` significant ones, everywhere in a structure: the rest is noise. */
export function rounded(value, digits = 4) {
  if (typeof value === 'number') return Number.isInteger(value) ? value : Number(value.toPrecision(digits));
  if (Array.isArray(value)) return value.map((item) => rounded(item, digits));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rounded(item, digits)]));
  }
  return value;
}

/** The time a run may take. */
export class Deadline {
  constructor(seconds) {
    this.end = performance.now() / 1000 + seconds;
  }

  get left() {
    return this.end - performance.now() / 1000;
  }
}

/** Prints one JSON line when `url` is the script that node was started with. */
export async function whenRunAlone(url, question) {
  if (process.argv[1] && url === pathToFileURL(resolve(process.argv[1])).href) console.log(JSON.stringify(rounded(await question())));
}
