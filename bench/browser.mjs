/**
 * How fast is the default engine in a headless Chromium, compared with Node on the same machine in the same minute?
 *
 * The page of examples/browser is built, served and driven; each program runs in it and as `imx-sim run`, in turns, so that both meet the same
 * load. A speed is that of the run alone (`--stats`), compiling included; the RPMsg image to `goodbye!` is timed from the ELF to the line, with
 * the simulator's own code as cold as a fresh process and a fresh worker have it. Without a Chromium the answer is `{"skipped": "..."}`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { image, imxSim, mustEndWith, spread } from './measure.mjs';

const RUNS = 5;
/** Programs without floating point, as in the other ratios. */
const PROGRAMS = ['alu', 'calls', 'chase', 'copy', 'crc', 'matrix', 'sieve', 'switch'];
const CONFIG = resolve(import.meta.dirname, '../examples/browser/vite.config.ts');
const manifest = JSON.parse(readFileSync(new URL('../images/manifest.json', import.meta.url), 'utf8'));

/** Path of an installed Chromium; IMX_SIM_CHROMIUM names another. */
function findChromium() {
  if (process.env.IMX_SIM_CHROMIUM) return process.env.IMX_SIM_CHROMIUM;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    const { status, stdout } = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' });
    if (status === 0) return stdout.trim();
  }
  return undefined;
}

function programs() {
  return PROGRAMS.map((name) => {
    const { soc } = manifest.images.find((candidate) => candidate.name === `bench_${name}`);
    return { name, path: image(`bench_${name}`), soc: soc.includes('cortex-m7') ? 'cortex-m7' : soc.at(-1) };
  });
}

/** The main job of the README. */
const RPMSG = { name: 'rpmsg', path: image('imx8mp_rpmsg'), soc: 'imx8mp', until: 'goodbye!', send: 'ttyRPMSG0=Hello' };

/** The figures of `--stats` and the trace's hash of a run in Node. */
function inNode({ path, soc, until, send }) {
  const ends = until ? ['--until', until, '--send', send] : ['--semihosting', '--timeout', '1h'];
  const { stdout } = mustEndWith(imxSim(['run', path, '--soc', soc, ...ends, '--stats', '--json', '--trace-hash']));
  const { stats, trace } = JSON.parse(stdout.trimEnd().split('\n').at(-1));
  return { ...stats, trace };
}

/** The same of a run on the page, which starts a worker for it. */
async function onPage(page, { path, soc, until = '', send = '' }) {
  await page.setInputFiles('#file', path);
  await page.selectOption('#soc', soc);
  await page.setChecked('#semihosting', until === '');
  await page.fill('#until', until);
  await page.fill('#send', send);
  await page.click('#run');
  await page.locator('#stop:disabled').waitFor({ timeout: 120_000 });
  const { reason, status, stats, trace } = JSON.parse((await page.getAttribute('#figures', 'data-result')) ?? '{}');
  if (reason !== (until ? 'until' : 'exit') || status !== 0)
    throw new Error(`${path} in the browser: ${await page.textContent('#problem')}`);
  return { ...stats, trace };
}

/** `runs` runs of `program` here and there, in turns: what `figure` names of each, as a spread; both must do the same. */
async function compare(page, program, runs, figure) {
  const node = [];
  const there = [];
  for (let i = 0; i < runs; i++) {
    const one = inNode(program);
    const other = await onPage(page, program);
    if (one.trace !== other.trace || one.instructions !== other.instructions) throw new Error(`${program.name}: the traces differ`);
    node.push(one[figure]);
    there.push(other[figure]);
  }
  return { node: spread(node), chromium: spread(there) };
}

const rounded = (value) => Math.round(value * 1000) / 1000;

/** The answer. */
export async function browser(runs = RUNS) {
  const executablePath = findChromium();
  if (!executablePath) return { question: 'browser', skipped: 'no Chromium found (IMX_SIM_CHROMIUM names one)' };
  const { build, preview } = await import('vite');
  const { chromium } = await import('playwright-core');
  const outDir = mkdtempSync(join(tmpdir(), 'imx-sim-page-'));
  let server;
  let opened;
  try {
    await build({ configFile: CONFIG, logLevel: 'error', build: { outDir } });
    server = await preview({ configFile: CONFIG, logLevel: 'error', build: { outDir }, preview: { port: 0, host: '127.0.0.1' } });
    opened = await chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
    const page = await opened.newPage();
    await page.goto(server.resolvedUrls.local[0]);
    await page.click('#more summary');
    await page.fill('#timeout', '3600');
    const rows = [];
    for (const program of programs()) {
      const perSecond = await compare(page, program, runs, 'instructionsPerSecond');
      rows.push({ program: program.name, perSecond, ratio: rounded(perSecond.chromium.median / perSecond.node.median) });
    }
    const mean = Math.exp(rows.reduce((sum, { ratio }) => sum + Math.log(ratio), 0) / rows.length);
    const seconds = await compare(page, RPMSG, runs, 'wallSeconds');
    const ratios = { 'chromium/node': rounded(mean), 'chromium/node rpmsg': rounded(seconds.node.median / seconds.chromium.median) };
    return { question: 'browser', chromium: opened.version(), runs, programs: rows, rpmsg: { seconds }, ratios };
  } finally {
    await opened?.close();
    await server?.close();
    rmSync(outDir, { recursive: true, force: true });
  }
}

// `--quick`: one round, for a look.
if (process.argv[1] && import.meta.url === pathToFileURL(resolve(process.argv[1])).href) {
  console.log(JSON.stringify(await browser(process.argv.includes('--quick') ? 1 : RUNS)));
}
