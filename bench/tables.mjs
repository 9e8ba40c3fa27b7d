/** The answers of a run as tables for people. */
import { forkRows } from './forks.mjs';
import { VIEW_HEADING, viewRows } from './view.mjs';

/** Prints a line. */
export const say = (text = '') => console.log(text);

/** Rows of cells as aligned lines: the first column to the left, the others to the right. */
function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  const pad = (cell, column) => (column === 0 ? String(cell).padEnd(widths[column]) : String(cell).padStart(widths[column]));
  return rows.map((row) => `  ${row.map(pad).join('  ')}`);
}

const number = (value) => (value >= 1000 ? Math.round(value).toLocaleString('en-US') : value.toFixed(2));
const seconds = (value) => (value === undefined ? '-' : `${value.toFixed(3)} s`);
const millions = (value) => (value === undefined ? '-' : (value / 1e6).toFixed(value < 10e6 ? 1 : 0));
const range = ({ min, median, max }, text) => (min === max ? text(median) : `${text(min)} ${text(median)} ${text(max)}`);

/** Engines that occur in some results, in the order in which they were measured. */
export const enginesOf = (results) => [...new Set(results.flatMap(({ engines }) => Object.keys(engines)))];

function speeds(title, results, label = ({ name }) => name) {
  if (results.length === 0) return [];
  const names = enginesOf(results);
  const rows = results.map((result) => [
    label(result),
    ...names.map((name) => (result.engines[name]?.perSecond ? range(result.engines[name].perSecond, millions) : '-')),
  ]);
  const runs = Math.max(...results.flatMap(({ engines }) => Object.values(engines).map((engine) => engine.runs)));
  const what = runs === 1 ? 'one run each' : `min median max of ${runs}`;
  return ['', `${title}: M instructions/s, ${what}`, ...table([['program', ...names], ...rows])];
}

function ratios({ ratios: byWall, ratiosByCpuTime: byCpu, ratiosSteady: steady }) {
  const cell = (value) => value?.toFixed(3) ?? '-';
  const pairs = Object.keys(byWall).filter((pair) => pair.startsWith('jit/') || pair === 'interpreter/unicorn');
  const rows = pairs.map((pair) => [pair, cell(byWall[pair]), cell(byCpu[pair]), cell(steady[pair])]);
  return ['', 'Ratios: geometric means of the integer programs', ...table([['', 'wall', 'CPU', 'second half, wall'], ...rows])];
}

const VERDICTS = new Map([
  [true, 'holds'],
  [false, 'MISSED'],
  [null, 'not measured'],
]);

function conditions(list) {
  const cell = (value) => (value === undefined ? '-' : number(value));
  const rows = list.map(({ text, program, wanted, wall, cpu, holds }) => [
    program ? `${text}: ${program}` : text,
    wanted,
    cell(wall),
    cell(cpu),
    VERDICTS.get(holds),
  ]);
  return ['', 'Demands: wall time decides', ...table([['', 'wanted', 'wall', 'CPU', 'by wall time'], ...rows])];
}

function times(title, answers) {
  const rows = Object.entries(answers).map(([name, { wall, cpu }]) => [
    name,
    seconds(wall.min),
    seconds(wall.median),
    seconds(wall.max),
    seconds(cpu?.median),
  ]);
  return ['', title, ...table([['', 'min', 'median', 'max', 'CPU'], ...rows])];
}

function costs(answers) {
  const names = [...new Set(Object.values(answers).flatMap(({ nanoseconds }) => Object.keys(nanoseconds)))];
  const rows = Object.entries(answers).map(([question, { nanoseconds }]) => [
    question,
    ...names.map((name) => nanoseconds[name]?.median.toFixed(0) ?? '-'),
  ]);
  return ['', 'Cost of one, in ns (median)', ...table([['', ...names], ...rows])];
}

function echoes(answers) {
  const names = [...new Set(Object.values(answers).flatMap((engines) => Object.keys(engines)))];
  const rows = Object.entries(answers).map(([question, engines]) => [
    question,
    ...names.map((name) => (engines[name] ? range(engines[name].perSecond, number) : '-')),
  ]);
  return ['', 'Messages to the firmware and back, in a second: min median max', ...table([['', ...names], ...rows])];
}

/** What the engine says of itself, by the heading of its column. */
const TRANSLATION = {
  modules: ({ modules }) => modules,
  'in use': ({ live }) => live,
  KiB: ({ bytes }) => (bytes / 1024).toFixed(0),
  'KiB in use': ({ liveBytes }) => (liveBytes / 1024).toFixed(0),
  instructions: ({ instructions }) => instructions,
  'M executed there': ({ executed }) => (executed / 1e6).toFixed(0),
  'ms in all': ({ milliseconds }) => milliseconds.toFixed(0),
  'ms of V8': ({ moduleMilliseconds }) => moduleMilliseconds.toFixed(0),
};

function translation(programs) {
  const translated = programs.filter(({ engines }) => engines.jit?.translation);
  if (translated.length === 0) return [];
  const rows = translated.map(({ name, engines }) => [name, ...Object.values(TRANSLATION).map((of) => of(engines.jit.translation))]);
  return ['', 'What jit translated to WebAssembly in its last run', ...table([['program', ...Object.keys(TRANSLATION)], ...rows])];
}

function memory(answers) {
  const rows = Object.entries(answers).map(([name, bytes]) => [
    name === 'none' ? 'nothing runs' : name,
    `${(bytes / 2 ** 20).toFixed(0)} MiB`,
  ]);
  return ['', 'Largest resident set of a process with one machine', ...table(rows)];
}

function forks(figures) {
  return ['', 'Forks of a booted system: median, p99 or the longest, CPU', ...table(forkRows(figures))];
}

function views(figures) {
  return [
    '',
    'Looked at: messages to the firmware and back in a second, and what that costs',
    ...table([VIEW_HEADING, ...viewRows(figures)]),
  ];
}

/** What a quick run may leave out, in words. */
const QUESTIONS = { mainJob: 'start to goodbye!', echo: 'messages', coldStart: 'cold start', memory: 'memory', costs: 'cost of one' };

/** All lines. */
export function tables(answers) {
  const { host, programs, cores = [] } = answers;
  return [
    `${host.cpu}, ${host.cores} cores, ${host.system}, Node ${host.node}, load ${host.loadAverage.toFixed(1)}`,
    ...speeds(
      'Integer programs',
      programs.filter(({ group }) => group === 'integer'),
    ),
    ...ratios(answers),
    ...conditions(answers.conditions),
    ...speeds(
      'Floating point',
      programs.filter(({ group }) => group === 'float'),
    ),
    ...speeds('One program on every core', cores, ({ name, soc }) => `${name} on ${soc}`),
    ...translation(programs),
    ...(answers.costs ? costs(answers.costs) : []),
    ...(answers.echo ? echoes(answers.echo) : []),
    ...(answers.mainJob ? times('From the start of the process to goodbye! of images/imx8mp_rpmsg.elf', answers.mainJob) : []),
    ...(answers.coldStart ? times('Cold start', answers.coldStart) : []),
    ...(answers.memory ? memory(answers.memory) : []),
    ...(answers.forks ? forks(answers.forks) : []),
    ...(answers.view ? views(answers.view) : []),
    ...(answers.skipped?.length > 0 ? ['', `No time was left for: ${answers.skipped.map((name) => QUESTIONS[name]).join(', ')}`] : []),
    '',
    `${answers.seconds.toFixed(0)} s`,
  ];
}
