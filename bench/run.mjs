/**
 * All benches: a table for people, or with `--json` one object with every figure. Needs a build (`npm run build`).
 *
 * Each question is a file that can also be run alone and then prints its answer as one JSON line.
 */
import { cpus } from 'node:os';
import { coldStart } from './cold-start.mjs';
import { mainJob } from './main-job.mjs';
import { speed } from './speed.mjs';

const json = process.argv.includes('--json');
const say = (text = '') => json || console.log(text);
const table = (rows) => {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  for (const row of rows)
    say(`  ${row.map((cell, i) => (i === 0 ? String(cell).padEnd(widths[i]) : String(cell).padStart(widths[i]))).join('  ')}`);
};
const seconds = (value) => `${value.toFixed(3)} s`;
const millions = (value) => (value === undefined ? '-' : `${(value / 1e6).toFixed(1)} M/s`);

const host = { node: process.version, cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length };
say(`${host.cpu}, ${host.cores} cores, Node ${host.node}`);

const answers = { host };
say('\nFrom the start of the process to goodbye! of images/imx8mp_rpmsg.elf');
answers.mainJob = mainJob();
table([
  ['engine', 'min', 'median', 'max'],
  ...Object.entries(answers.mainJob.seconds).map(([engine, { min, median, max }]) => [engine, seconds(min), seconds(median), seconds(max)]),
]);

say('\nCold start');
answers.coldStart = coldStart();
table([['', 'median'], ...Object.entries(answers.coldStart.seconds).map(([what, value]) => [what, seconds(value)])]);

say('\nInstructions per second');
answers.speed = speed();
const columns = [...new Set(answers.speed.programs.flatMap(({ perSecond }) => Object.keys(perSecond)))];
table([
  ['program', 'instructions', ...columns, 'interpreter/unicorn'],
  ...answers.speed.programs.map(({ program, instructions, perSecond, interpreterToUnicorn }) => [
    program,
    `${(instructions / 1e6).toFixed(1)} M`,
    ...columns.map((column) => millions(perSecond[column])),
    interpreterToUnicorn?.toFixed(2) ?? '-',
  ]),
]);

if (json) console.log(JSON.stringify(answers));
