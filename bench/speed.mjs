/**
 * How many instructions per second does each engine execute, on which kind of program, and how do the engines compare?
 *
 * The programs are images/bench_*.elf on a bare core, and a loop of two instructions that waits (imx8mp_hang, with fast-forward off).
 * Times are those of the run itself, without the start of the process. Where qemu-system-arm is installed, it runs the same ELFs.
 */
import { readFileSync } from 'node:fs';
import { engines, image, imxSim, mustEndWith, timed, whenRunAlone } from './measure.mjs';

const RUNS = 3;
const manifest = JSON.parse(readFileSync(new URL('../images/manifest.json', import.meta.url), 'utf8'));
const BOARDS = { 'cortex-m4': 'mps2-an386', 'cortex-m7': 'mps2-an500' };

const programs = manifest.images
  .filter(({ name }) => name.startsWith('bench_'))
  .map(({ name, soc, until }) => ({ name: name.replace('bench_', ''), file: image(name), soc: soc.at(-1), until: until[0] }));

function statistics(args, status) {
  const { stdout } = mustEndWith(imxSim(['run', ...args, '--stats', '--json']), status);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)).stats;
}

/** The run with the median speed. */
function medianRun(run) {
  const runs = Array.from({ length: RUNS }, run);
  return runs.toSorted((a, b) => a.instructionsPerSecond - b.instructionsPerSecond)[RUNS >> 1];
}

function measure(engine, { file, soc }) {
  return medianRun(() => statistics([file, '--soc', soc, '--semihosting', '--cpu', engine, '--timeout', '1h']));
}

function loop(engine) {
  const TIMED_OUT = 4;
  return medianRun(() => statistics([image('imx8mp_hang'), '--no-fast-forward', '--cpu', engine, '--timeout', '300ms'], TIMED_OUT));
}

/** Shortest time, in seconds, that says something about a program rather than about the start of the process. */
const SHORTEST = 0.02;

/** Seconds that QEMU takes for an ELF, the best of five; undefined without QEMU. */
function qemuSeconds(kernel, soc, line) {
  const args = ['-M', BOARDS[soc], '-display', 'none', '-monitor', 'none', '-serial', 'none', '-semihosting', '-kernel', kernel];
  const runs = [];
  for (let i = 0; i < 5; i++) {
    const run = timed('qemu-system-arm', args);
    if (run.error) return undefined;
    if (!new RegExp(line, 'm').test(run.stdout + run.stderr)) throw new Error(`qemu-system-arm on ${kernel}: no line ${line}`);
    runs.push(run.seconds);
  }
  return Math.min(...runs);
}

/** Instructions per second of QEMU, without its start; undefined when it is not there, or too quick for the program. */
function qemu({ file, soc, until }, instructions) {
  const bench = qemuSeconds(file, soc, until);
  if (bench === undefined) return undefined;
  const seconds = bench - qemuSeconds(image('semihosting'), soc, '^hello from semihosting');
  return seconds < SHORTEST ? undefined : Math.round(instructions / seconds);
}

const ratio = (a, b) => (a === undefined || b === undefined ? {} : { interpreterToUnicorn: Math.round((a / b) * 100) / 100 });

export function speed() {
  const available = engines();
  const rows = programs.map((program) => {
    const runs = Object.fromEntries(available.map((engine) => [engine, measure(engine, program)]));
    const counts = new Set(Object.values(runs).map(({ instructions }) => instructions));
    if (counts.size > 1) throw new Error(`${program.name}: the engines count ${[...counts].join(' and ')} instructions`);
    const [instructions] = counts;
    const perSecond = Object.fromEntries(available.map((engine) => [engine, runs[engine].instructionsPerSecond]));
    const other = qemu(program, instructions);
    if (other !== undefined) perSecond.qemu = other;
    return { program: program.name, instructions, perSecond, ...ratio(perSecond.interpreter, perSecond.unicorn) };
  });
  const perSecond = Object.fromEntries(available.map((engine) => [engine, loop(engine).instructionsPerSecond]));
  rows.push({
    program: 'waiting loop',
    instructions: loop(available[0]).instructions,
    perSecond,
    ...ratio(perSecond.interpreter, perSecond.unicorn),
  });
  return { question: 'speed', runs: RUNS, programs: rows };
}

whenRunAlone(import.meta.url, speed);
