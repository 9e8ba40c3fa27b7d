/**
 * docs/performance.md from the JSON of a run: tables between its markers, plots beside it. test/docs holds the three together.
 *
 *   npm run -s bench -- --json > run.json && node bench/report.mjs run.json
 *   node bench/report.mjs              makes page and plots again from docs/performance.json
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ECHOES_WANTED } from './conditions.mjs';
import { forkRows } from './forks.mjs';
import { ratio } from './ratios.mjs';
import { bars, COLOURS, dots, short } from './svg.mjs';
import { VIEW_HEADING, viewRows } from './view.mjs';

const DOCS = fileURLToPath(new URL('../docs/', import.meta.url));
const SERIES = { jit: COLOURS.orange, unicorn: COLOURS.blue, 'unicorn-raw': COLOURS.sky, interpreter: COLOURS.green, qemu: COLOURS.grey };
const ENGINES = Object.keys(SERIES);
/** In the tables only. */
const FREE = 'unicorn-free';

const scaled = (spread, factor) => spread && { min: spread.min * factor, median: spread.median * factor, max: spread.max * factor };
const coloured = (names) => Object.fromEntries(names.map((name) => [name, SERIES[name]]));
const present = (results, names = ENGINES) => names.filter((name) => results.some(({ engines }) => engines[name]));

function speedPlot(title, results, label = ({ name }) => name) {
  const series = present(results);
  const of = ({ engines }) => Object.fromEntries(series.map((name) => [name, scaled(engines[name]?.perSecond, 1e-6)]));
  return dots({
    title,
    unit: 'million instructions per second, logarithmic',
    series: coloured(series),
    rows: results.map((result) => ({ label: label(result), values: of(result) })),
    note: 'dots: medians; strokes: from the slowest to the fastest round',
  });
}

function ratioPlot({ programs, ratios }, peer) {
  const rows = programs
    .map((program) => ({ label: program.name, value: ratio(program, 'jit', peer) }))
    .filter(({ value }) => value !== undefined);
  return bars({
    title: `jit / ${peer}, instructions per second`,
    rows: [...rows, { label: 'integer programs', value: ratios[`jit/${peer}`], colour: COLOURS.orange }],
    marks: peer === 'unicorn' ? [1, 2] : [0.6, 1],
    note: 'medians of the rounds; the last bar is the geometric mean of the integer programs',
  });
}

function costPlot(costs) {
  const series = ENGINES.filter((name) => Object.values(costs).some(({ nanoseconds }) => nanoseconds[name]));
  return dots({
    title: 'Cost of one',
    unit: 'nanoseconds of the host, logarithmic',
    series: coloured(series),
    rows: Object.entries(costs).map(([, { program, nanoseconds, label }]) => ({ label: label ?? program, values: nanoseconds })),
  });
}

function echoPlot(echo) {
  const rows = Object.entries(echo).map(([label, { jit }]) => ({
    label,
    value: jit.perSecond.median,
    low: jit.perSecond.min,
    high: jit.perSecond.max,
    colour: COLOURS.orange,
  }));
  return bars({
    title: 'Messages to the firmware and back, jit',
    unit: 'in a second',
    rows,
    marks: [ECHOES_WANTED],
    note: 'bars: medians; strokes: from the fewest to the most; the mark is what is demanded',
  });
}

function secondsPlot(title, answers) {
  const rows = Object.entries(answers).map(([label, { wall }]) => ({ label, value: wall.median, low: wall.min, high: wall.max }));
  return bars({ title, unit: 'seconds', rows, note: 'bars: medians; strokes: from the shortest to the longest' });
}

function memoryPlot(memory) {
  const rows = Object.entries(memory).map(([name, bytes]) => ({ label: name === 'none' ? 'nothing runs' : name, value: bytes / 2 ** 20 }));
  return bars({ title: 'Largest resident set of a process with one machine', unit: 'MiB', rows });
}

/** SVG text of every plot, by file name. */
export function plotsOf(answers) {
  const { programs, costs, mainJob, coldStart, memory, cores, echo } = answers;
  const of = (group) => programs.filter((program) => program.group === group);
  const peers = ['unicorn', 'qemu'].filter((peer) => answers.ratios[`jit/${peer}`] !== undefined);
  return {
    'speed.svg': speedPlot('Integer programs', of('integer')),
    ...Object.fromEntries(peers.map((peer) => [`jit-to-${peer}.svg`, ratioPlot(answers, peer)])),
    'float.svg': speedPlot('Floating point', of('float')),
    'cores.svg': speedPlot('blend on every core', cores, ({ soc }) => soc),
    'costs.svg': costPlot(costs),
    'echo.svg': echoPlot(echo),
    'main-job.svg': secondsPlot('From the start of the process to goodbye!', mainJob),
    'cold-start.svg': secondsPlot('Cold start', coldStart),
    'memory.svg': memoryPlot(memory),
  };
}

function table(heading, rows) {
  const align = heading.map((_, column) => (column === 0 ? '---' : '---:'));
  return [heading, align, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

const millions = (spread) => (spread ? short(spread.median / 1e6) : '');

/** A title inside a sentence: `Arithmetic` gets a small letter, `CRC-32` does not. */
const described = ({ name, title }) => `\`${name}\`, ${title.replace(/^[A-Z](?![A-Z])/, (letter) => letter.toLowerCase())}`;

function speedTable(results, label = described) {
  const names = present(results, [...ENGINES, FREE]);
  return table(
    ['', ...names],
    results.map((result) => [label(result), ...names.map((name) => millions(result.engines[name]?.perSecond))]),
  );
}

function ratioTable({ ratios, ratiosByCpuTime, ratiosSteady }) {
  const pairs = ['jit/unicorn', 'jit/unicorn-raw', `jit/${FREE}`, 'jit/qemu', 'jit/interpreter', 'interpreter/unicorn'];
  const cell = (value) => (value === undefined ? '' : value.toFixed(2));
  return table(
    ['geometric mean', 'by wall time', 'by CPU time', 'second half, by wall time'],
    pairs
      .filter((pair) => ratios[pair] !== undefined)
      .map((pair) => [pair, cell(ratios[pair]), cell(ratiosByCpuTime[pair]), cell(ratiosSteady[pair])]),
  );
}

function conditionTable(conditions) {
  const cell = (value) => (value === undefined ? '' : value >= 1000 ? short(value) : value.toFixed(2));
  const rows = conditions.map(({ text, program, wanted, wall, cpu, holds }) => [
    program ? `${text}: \`${program}\`` : text,
    wanted,
    cell(wall),
    cell(cpu),
    holds === null ? 'not measured' : holds ? 'yes' : '**no**',
  ]);
  return table(['', 'wanted', 'by wall time', 'by CPU time', 'holds by wall time'], rows);
}

function costTable(costs) {
  const names = ENGINES.filter((name) => Object.values(costs).some(({ nanoseconds }) => nanoseconds[name]));
  return table(
    ['ns', ...names],
    Object.entries(costs).map(([question, { nanoseconds }]) => [
      question,
      ...names.map((name) => (nanoseconds[name] ? short(nanoseconds[name].median) : '')),
    ]),
  );
}

function echoTable(echo) {
  const names = ENGINES.filter((name) => Object.values(echo).some((engines) => engines[name]));
  return table(
    ['in a second', ...names, 'instructions each', 'us of virtual time each'],
    Object.entries(echo).map(([question, engines]) => [
      question,
      ...names.map((name) => (engines[name] ? short(engines[name].perSecond.median) : '')),
      short(engines.jit.instructions),
      short(engines.jit.virtualMicroseconds),
    ]),
  );
}

function secondsTable(answers) {
  const cell = (value) => (value === undefined ? '' : value.toFixed(3));
  return table(
    ['s', 'min', 'median', 'max', 'CPU'],
    Object.entries(answers).map(([name, { wall, cpu }]) => [name, cell(wall.min), cell(wall.median), cell(wall.max), cell(cpu?.median)]),
  );
}

function translationTable(programs) {
  const translated = programs.filter(({ engines }) => engines.jit?.translation);
  const cells = ({ name, engines: { jit } }) => {
    const { modules, bytes, milliseconds, moduleMilliseconds, instructions, executed } = jit.translation;
    const share = `${((executed / jit.instructions) * 100).toFixed(2)} %`;
    const speeds = [jit.perSecond, jit.steadyPerSecond].map(millions);
    return [`\`${name}\``, modules, short(bytes / 1024), instructions, short(milliseconds), short(moduleMilliseconds), share, ...speeds];
  };
  const heading = ['', 'modules', 'KiB', 'instructions', 'ms in all', 'ms of V8', 'executed there', 'M/s, whole run', 'M/s, second half'];
  return table(heading, translated.map(cells));
}

function hostText({ host, note, seconds, roundsWanted, instructionsPerRun }) {
  const qemu = host.qemu ? `, QEMU ${host.qemu}` : '';
  const how = `${roundsWanted} rounds, ${short(instructionsPerRun / 1e6)} million instructions each, ${Math.round(seconds / 60)} minutes`;
  const load = `load average ${host.loadAverage.toFixed(1)} at the start`;
  return `${host.cpu}, ${host.cores} cores, ${host.system}, Node ${host.node} (V8 ${host.v8})${qemu}; ${load}; ${how}.${note ? ` ${note}.` : ''}`;
}

function viewText({ eventsPerRoundTrip, client, situations }) {
  const { perSecond, runs } = situations.nothing;
  const made = short(perSecond.median * eventsPerRoundTrip);
  const figures = `${short(client.events)} events in a second, was told of ${short(client.dropped)} more that were left out, and got ${short(client.bytes / 1024)} KiB`;
  return `${runs} rounds; each round trip makes ${short(eventsPerRoundTrip)} events, ${made} in a second. The client got ${figures}.`;
}

/** The parts of the page that are made of figures, by the name in their markers. */
export function partsOf(answers) {
  const of = (group) => answers.programs.filter((program) => program.group === group);
  return {
    machine: hostText(answers),
    ratios: ratioTable(answers),
    conditions: conditionTable(answers.conditions),
    integer: speedTable(of('integer')),
    float: speedTable(of('float')),
    cores: speedTable(answers.cores, ({ soc }) => soc),
    translation: translationTable(answers.programs),
    costs: costTable(answers.costs),
    echo: echoTable(answers.echo),
    'main-job': secondsTable(answers.mainJob),
    'cold-start': secondsTable(answers.coldStart),
    forks: table(['', 'median', 'p99, or the longest', 'CPU'], forkRows(answers.forks)),
    view: table(VIEW_HEADING, viewRows(answers.view)),
    'view-events': viewText(answers.view),
    memory: table(
      ['', 'MiB'],
      Object.entries(answers.memory).map(([name, bytes]) => [name === 'none' ? 'nothing runs' : name, short(bytes / 2 ** 20)]),
    ),
  };
}

/** `page` with every part between its markers. */
export function filled(page, parts) {
  return page.replace(
    /(<!-- figures: ([a-z-]+) -->\n)[\s\S]*?(<!-- \/figures -->)/g,
    (_, open, name, close) => `${open}${parts[name]}\n${close}`,
  );
}

function main(run) {
  const stored = join(DOCS, 'performance.json');
  if (run) writeFileSync(stored, `${JSON.stringify(JSON.parse(readFileSync(run, 'utf8')), null, 1)}\n`);
  const answers = JSON.parse(readFileSync(stored, 'utf8'));
  mkdirSync(join(DOCS, 'plots'), { recursive: true });
  for (const [name, svg] of Object.entries(plotsOf(answers))) writeFileSync(join(DOCS, 'plots', name), svg);
  const page = join(DOCS, 'performance.md');
  writeFileSync(page, filled(readFileSync(page, 'utf8'), partsOf(answers)));
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) main(process.argv[2]);
