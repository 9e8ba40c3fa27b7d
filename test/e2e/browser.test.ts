/**
 * examples/browser in a real browser: built, served, and driven as a user would; every run gives what Node gives.
 */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type * as library from '../../src/index.ts';
import { findChromium, launchOptions, type PageServer, servePage } from '../support/page-server.ts';
import { linesOf, runCli } from '../support/run-cli.ts';

const IMAGES = resolve(import.meta.dirname, '../../images');
/** Wall time for which anything on the page is waited for; a busy machine of two cores needs seconds. */
const WAIT_MS = 120_000;
const executable = findChromium();
// CI has one; elsewhere its absence is no failure, but is said.
const absent = executable === undefined && process.env['CI'] !== 'true';
if (absent) console.warn('skipped: no Chromium found (install one, or name it with IMX_SIM_CHROMIUM)');

/** The result that `imx-sim run --json` ends with. */
async function inNode(image: string, ...options: string[]): Promise<Record<string, unknown>> {
  const { stdout } = await runCli(['run', join(IMAGES, image), '--json', '--trace-hash', ...options]);
  return JSON.parse(linesOf(stdout).at(-1)!) as Record<string, unknown>;
}

describe.skipIf(absent)('examples/browser in Chromium', { timeout: 2 * WAIT_MS }, () => {
  let directory: string;
  let server: PageServer;
  let browser: Browser;
  let page: Page;
  let trouble: string[];

  beforeAll(async () => {
    if (!executable) throw new Error('CI=true, but there is no Chromium: .ci/run installs it');
    directory = mkdtempSync(join(tmpdir(), 'imx-sim-page-'));
    await build({ configFile: 'examples/browser/vite.config.ts', logLevel: 'error', build: { outDir: directory } });
    server = await servePage(directory);
    browser = await chromium.launch(launchOptions(executable));
  }, 240_000);

  afterAll(async () => {
    await browser?.close();
    await server?.close();
    if (directory) rmSync(directory, { recursive: true, force: true });
  });

  beforeEach(async () => {
    trouble = [];
    page = await browser.newPage();
    page.setDefaultTimeout(WAIT_MS);
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') trouble.push(message.text());
    });
    page.on('pageerror', ({ message }) => trouble.push(message));
    page.on('request', (request) => {
      if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(server.url)) trouble.push(`asked for ${request.url()}`);
    });
    await page.goto(server.url);
  });

  afterEach(async () => {
    await page.close();
    expect([...trouble, ...server.missing]).toEqual([]);
  });

  const text = async (selector: string): Promise<string> => (await page.textContent(selector)) ?? '';
  const lines = (selector: string): Promise<string[]> => page.locator(`${selector} li`).allTextContents();
  /** Waits for the end of a run; the state as the page words it. */
  const ended = async (): Promise<string> => {
    await page.locator('#stop:disabled').waitFor();
    return text('#state');
  };
  const chooseImage = async (name: string): Promise<void> => {
    await page.selectOption('#image', {
      label: (await page.locator('#image option').allTextContents()).find((label) => label.startsWith(name))!,
    });
  };
  const run = async (): Promise<string> => {
    await page.click('#run');
    return ended();
  };

  it.each(['jit', 'interpreter'])('runs the RPMsg image to goodbye! on %s, with the trace that Node gives', async (engine) => {
    await page.click('#more summary');
    await page.selectOption('#engine', engine);
    await page.fill('#send', 'ttyRPMSG0=Hello\\n');
    expect(await run()).toBe('the line came');
    const expected = await inNode('imx8mp_rpmsg.elf', '--send', 'ttyRPMSG0=Hello\\n', '--until', 'goodbye!');
    expect(expected['reason']).toBe('until');
    expect(await text('#trace')).toBe(expected['trace']);
    expect(await text('#time')).toBe(`${(expected['time'] as number).toFixed(6)} s`);
    expect((await lines('#dmesg')).at(-1)).toMatch(/^\[ +\d\.\d{6}\] rpmsg_client_sample .*: goodbye!$/);
    expect(await lines('[data-device=uart4]')).toContain('[Linux sample client] incoming msg 100: hello world!');
    expect(await lines('[data-device=ttyRPMSG0]')).toEqual(['TTY 0x0401: Hello']);
    expect(Number(await text('#message-count'))).toBeGreaterThan(200);
    expect((await page.locator('#messages tr').last().textContent())!).toContain('hello world!');
    expect((await lines('#says'))[0]).toMatch(new RegExp(`^imx8mp m7 .* engine ${engine}$`));
    expect(await page.isVisible('#problem')).toBe(false);
    // Every pane shows its end, also the one that had to make room for another.
    for (const pane of ['#dmesg', '[data-device=uart4]']) {
      const distance = () => page.locator(pane).evaluate((node) => node.scrollHeight - node.scrollTop - node.clientHeight);
      await expect.poll(distance, { timeout: WAIT_MS }).toBeLessThan(2);
    }
  });

  it('takes an ELF of the user by the file dialogue and by drag and drop, and shows why a firmware failed', async () => {
    await page.setInputFiles('#file', join(IMAGES, 'imx8mp_fault.elf'));
    expect(await run()).toBe('fault');
    const report = await text('#problem');
    expect(report).toContain('firmware failed: m7 took a fault and its handler loops at HardFault_Handler');
    expect(report).toMatch(/FORCED PRECISERR/);
    expect(report).toMatch(/code at read_sensor:\n +=> 0x/);
    expect(await text('#trace')).toBe((await inNode('imx8mp_fault.elf'))['trace']);

    const data = await page.evaluateHandle(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array([0x27, 5, 0x19, 0x56, 1, 2, 3, 4])], 'zImage.bin'));
      return transfer;
    });
    await page.dispatchEvent('#drop', 'drop', { dataTransfer: data });
    expect(await text('#state')).toBe('zImage.bin is ready');
    expect(await run()).toBe('failed');
    expect(await text('#problem')).toContain('E_NOT_ELF: zImage.bin: is not an ELF file: it is a U-Boot image (uImage)');
    expect(await text('#problem')).toContain('Remedy: give the .elf that the build made beside it');
    expect(await text('#problem')).toContain('Linux would print: remoteproc remoteproc0: Image is too small');
  });

  it('runs a bare core with semihosting, whose exit status it shows', async () => {
    await page.setInputFiles('#file', join(IMAGES, 'semihosting_exit7.elf'));
    await page.click('#more summary');
    await page.selectOption('#soc', 'cortex-m7');
    await page.check('#semihosting');
    expect(await run()).toBe('exit 7');
    expect((await lines('[data-device=semihosting]'))[0]).toMatch(/^hello from semihosting/);
    expect(await page.locator('#soc option').allTextContents()).toContain('imx8mp');
  });

  it('names a regular expression that is none, and a device that is not there, with the remedy', async () => {
    await page.fill('#until', 'goodbye(');
    expect(await run()).toBe('failed');
    expect(await text('#problem')).toMatch(/E_USAGE: .*Invalid regular expression.*Remedy: write \\ before/s);
    await page.fill('#until', 'goodbye!');
    await page.fill('#send', 'uart9=x');
    expect(await run()).toBe('failed');
    expect(await text('#problem')).toMatch(/no device uart9 to send to.*Remedy: this machine has .*uart4/s);
  });

  it('is driven by the keyboard alone: Ctrl+Enter runs, Esc stops, text goes to a console', async () => {
    await page.locator('body').press('Control+Enter');
    expect(await ended()).toBe('the line came');
    await chooseImage('imx8mp_hello');
    await page.fill('#until', 'never');
    await page.check('#live');
    await page.locator('#live').press('Control+Enter');
    await page.locator('[data-device=uart4] li').first().waitFor();
    await page.locator('[aria-label="Text for uart4"]').fill('typed here');
    await page.keyboard.press('Enter');
    await page.locator('[data-device=uart4] li', { hasText: 'typed here' }).waitFor();
    await page.keyboard.press('Escape');
    expect(await ended()).toBe('stopped');
    expect(await text('#trace')).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([390, 1400])('fits a window %d px wide, light and dark, without scrolling sideways', async (width) => {
    await page.setViewportSize({ width, height: 900 });
    await page.click('#more summary');
    const colours: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      colours.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
    }
    expect(new Set(colours).size).toBe(2);
  });

  it('says what to allow where the policy forbids WebAssembly, and runs the interpreter there', async () => {
    const strict = await servePage(directory, { 'content-security-policy': "script-src 'self'" });
    try {
      await page.goto(strict.url);
      expect(await run()).toBe('failed');
      expect(await text('#problem')).toMatch(
        /E_ENGINE: jit: .*WebAssembly.*Remedy: allow 'wasm-unsafe-eval' in script-src of the page's policy/s,
      );
      await page.click('#more summary');
      await page.selectOption('#engine', 'interpreter');
      expect(await run()).toBe('the line came');
    } finally {
      await strict.close();
    }
    // Another origin, and the browser's own words about the policy.
    trouble = trouble.filter((words) => !words.startsWith(`asked for ${strict.url}`) && !words.includes('Content Security Policy'));
  });

  it.each([
    ['imx8mp_rpmsg.elf', 'imx8mp', ['--until', 'goodbye!']],
    ['bench_dsp.elf', 'cortex-m7', ['--semihosting', '--timeout', '1h']],
  ])('needs no worker: the main thread of a page runs %s, translated', async (name, soc, options) => {
    const site = mkdtempSync(join(tmpdir(), 'imx-sim-main-thread-'));
    const lib = { entry: resolve('src/index.ts'), formats: ['iife' as const], name: 'ImxSim', fileName: () => 'lib.js' };
    await build({ configFile: false, logLevel: 'error', build: { outDir: site, target: 'es2022', lib } });
    writeFileSync(join(site, 'index.html'), '<!doctype html><link rel="icon" href="data:,"><script src="lib.js"></script>');
    copyFileSync(join(IMAGES, name), join(site, name));
    const own = await servePage(site);
    try {
      await page.goto(own.url);
      const until = options[1] === 'goodbye!' ? 'goodbye!' : '';
      const { result, modules } = await page.evaluate(onMainThread, { name, soc, until });
      const expected = await inNode(name, '--soc', soc, ...options);
      expect(result).toEqual(expected);
      // The runtime is one of them; Chromium would refuse one of more than 8 MiB here.
      expect(modules).toBeGreaterThan(1);
    } finally {
      await own.close();
      rmSync(site, { recursive: true, force: true });
    }
    trouble = trouble.filter((words) => !words.startsWith(`asked for ${own.url}`));
  });
});

/** Runs in the page: a whole session without a worker; its result, and how many modules were compiled. */
async function onMainThread({ name, soc, until }: { name: string; soc: string; until: string }) {
  const { ImxSim: lib } = globalThis as unknown as { ImxSim: typeof library };
  let modules = 0;
  WebAssembly.Module = class extends WebAssembly.Module {
    constructor(bytes: BufferSource) {
      super(bytes);
      modules++;
    }
  };
  const firmware = lib.parseFirmware(new Uint8Array(await (await fetch(name)).arrayBuffer()), name);
  let result: Readonly<Record<string, unknown>> = {};
  const silent = () => {};
  const renderer: library.Renderer = {
    line: silent,
    event: silent,
    note: silent,
    diagnostic: silent,
    finding: silent,
    report: silent,
    finish: (facts) => {
      result = { type: 'result', ...facts };
    },
  };
  const target = lib.chooseTarget(firmware, { soc });
  const ends = until ? { until: new RegExp(until) } : { semihosting: true, timeout: 3600e9 };
  const options = { firmware, target, engine: lib.jitFactory, traceHash: true, ...ends };
  const session = new lib.Session(options, { renderer, disassemble: async () => [], now: () => 0, pause: async () => {} });
  await session.run();
  session.dispose();
  return { result, modules };
}
