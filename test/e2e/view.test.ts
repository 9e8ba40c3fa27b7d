/**
 * The page of `--view` in a real browser, served by the real command, driven as a user would.
 *
 * IMX_SIM_SCREENSHOTS=<directory> also writes the pictures of docs/images.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { findChromium, launchOptions } from '../support/page-server.ts';
import { imagePath } from './session.ts';

/** Wall time for which anything on the page is waited for; a busy machine of two cores needs seconds. */
const WAIT_MS = 60_000;
const executable = findChromium();
// CI has one; elsewhere its absence is no failure, but is said.
const absent = executable === undefined && process.env['CI'] !== 'true';
if (absent) console.warn('skipped: no Chromium found (install one, or name it with IMX_SIM_CHROMIUM)');
const SCREENSHOTS = process.env['IMX_SIM_SCREENSHOTS'];

/** A run with a view, and the address that it has printed. */
interface ViewedRun {
  readonly url: string;
  readonly child: ChildProcess;
}

const runs: ViewedRun[] = [];

/** Starts `imx-sim run` on an image with `--view` on a free port. */
function start(image: string, ...options: string[]): Promise<ViewedRun> {
  const args = [join(inject('dist'), 'command/main.js'), 'run', imagePath(image), '--view', '0', ...options];
  const child = spawn(process.execPath, args, { env: { ...process.env, NODE_V8_COVERAGE: '' }, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (status) => reject(new Error(`imx-sim ended with ${status}:\n${said}`)));
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const [, url] = /view: (http:\S+\/)\n/.exec(said) ?? [];
      if (!url) return;
      const run = { url, child };
      runs.push(run);
      resolve(run);
    });
  });
}

/** Ends it as Ctrl-C does; its exit status. */
async function end({ child }: ViewedRun): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const gone = new Promise<number | null>((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  return gone;
}

describe.skipIf(absent)('the view in Chromium', { timeout: 2 * WAIT_MS }, () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let run: ViewedRun;
  let trouble: string[];

  beforeAll(async () => {
    if (!executable) throw new Error('CI=true, but there is no Chromium: .ci/run installs it');
    browser = await chromium.launch(launchOptions(executable));
  }, 2 * WAIT_MS);

  afterAll(async () => {
    await browser?.close();
  });

  beforeEach(async () => {
    trouble = [];
    context = await browser.newContext({ viewport: { width: 1280, height: 720 }, acceptDownloads: true });
    page = await context.newPage();
    page.setDefaultTimeout(WAIT_MS);
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') trouble.push(message.text());
    });
    page.on('pageerror', ({ message }) => trouble.push(message));
    page.on('request', (request) => {
      if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(new URL(run.url).origin))
        trouble.push(`asked for ${request.url()}`);
    });
  });

  afterEach(async () => {
    await context.close();
    await Promise.all(runs.splice(0).map(end));
    expect(trouble).toEqual([]);
  });

  const open = async (image: string, ...options: string[]): Promise<void> => {
    run = await start(image, ...options);
    await page.goto(run.url);
  };
  const pane = async (name: string): Promise<void> => {
    await page.getByRole('navigation', { name: 'Panes' }).getByText(name, { exact: true }).click();
    await page.locator(`section.pane[aria-label="${name}"]`).waitFor();
  };
  const control = (id: string) => page.locator(`.control-${id}`);
  const halted = () => page.locator('.head-time', { hasText: 'stands still' }).waitFor();
  const pause = async (): Promise<void> => {
    await control('run').click();
    await halted();
  };
  const register = async (name: string): Promise<string> => {
    const text = await page
      .locator('.cpu-register-group button, .cpu-register-group [aria-label]')
      .evaluateAll(
        (all, wanted) => all.map((each) => each.getAttribute('aria-label') ?? '').find((label) => label.startsWith(`${wanted} `)) ?? '',
        name,
      );
    return /^\S+ (\w+)/.exec(text)?.[1] ?? '';
  };

  it('shows the dialogue, takes text for a tty, and the firmware answers', async () => {
    await open('imx8mp_rpmsg');
    await page.getByText('rpmsg-tty').first().waitFor();
    await page.getByText('incoming msg 100').first().waitFor();
    await pane('Consoles');
    await page.getByRole('tab', { name: /UART4/ }).click();
    await page.locator('.xterm-rows', { hasText: 'OpenAMP Linux sample client responder ended' }).waitFor();
    await page.getByRole('tab', { name: /ttyRPMSG0/ }).click();
    await page.locator('.xterm').click();
    await page.keyboard.press('H');
    await page.locator('.xterm-rows', { hasText: 'TTY 0x0401: H' }).waitFor();
    const line = page.getByRole('textbox', { name: /^Line for .*ttyRPMSG0/ });
    await line.fill('Hello Zephyr');
    await line.press('Enter');
    await page.locator('.xterm-rows', { hasText: 'TTY 0x0401: Hello Zephyr' }).waitFor();
    await page.getByRole('tab', { name: 'Linux shell' }).click();
    await page.getByRole('button', { name: 'Open a Linux shell' }).click();
    await page.locator('.xterm-rows', { hasText: 'root@imx8mp-evk' }).waitFor();
    await page.keyboard.type('cat /sys/class/remoteproc/remoteproc0/state\r');
    await page.locator('.xterm-rows', { hasText: /running/ }).waitFor();
  });

  it('stops the core, steps it, and goes back', async () => {
    await open('imx8mp_rpmsg', '--wait');
    await halted();
    await pane('CPU');
    await page.getByRole('combobox', { name: 'Steps go by' }).selectOption('instruction');
    await page.getByRole('tab', { name: 'Breakpoints' }).click();
    await page.getByRole('combobox', { name: 'Place' }).fill('mu_send');
    await page.getByRole('combobox', { name: 'Place' }).press('Enter');
    await page
      .getByRole('row', { name: /mu_send/ })
      .first()
      .waitFor();
    await control('run').click();
    await page.locator('.head', { hasText: /[Bb]reakpoint/ }).waitFor();
    await halted();
    const at = await expectRegister('pc', (value) => value !== '');
    await control('step').click();
    const after = await expectRegister('pc', (value) => value !== at);
    expect(Number.parseInt(after, 16) - Number.parseInt(at, 16)).toBeGreaterThan(0);
    await control('back').click();
    await expectRegister('pc', (value) => value === at);
  });

  /** Waits until a register is as `wanted` says; its value. */
  async function expectRegister(name: string, wanted: (value: string) => boolean): Promise<string> {
    const until = Date.now() + WAIT_MS;
    for (;;) {
      const value = await register(name);
      if (value !== '' && wanted(value)) return value;
      if (Date.now() > until) throw new Error(`${name} stays ${value}`);
      await page.waitForTimeout(50);
    }
  }

  it('explains a spoiled ring, and finds who spoiled it', async () => {
    await open('imx8mp_bad_ring');
    await pane('Vrings');
    const problem = page.getByRole('region', { name: 'Violations' });
    await problem
      .getByText(/descriptor \d+ points to 0x[0-9a-f]+/)
      .first()
      .waitFor();
    await problem.getByText('descriptor-unmapped').waitFor();
    await pause();
    await problem.getByRole('button', { name: 'Who wrote this?' }).first().click();
    await problem
      .getByText(/main\.c:\d+/)
      .first()
      .waitFor();
    expect(await problem.textContent()).toMatch(/m7/);
  });

  it('shows a crash from before anybody came', async () => {
    await open('imx8mp_fault');
    await page.locator('.head', { hasText: /fault/i }).waitFor();
    await halted();
    await pane('CPU');
    await page.getByRole('tab', { name: 'Faults' }).click();
    await page
      .getByText(/BusFault|UsageFault|MemManage|HardFault/)
      .first()
      .waitFor();
    expect(await end(run)).toBe(1);
    trouble = trouble.filter((text) => !/WebSocket|ERR_CONNECTION_REFUSED/.test(text));
  });

  it('exports a trace for Perfetto', async () => {
    await open('imx8mp_rpmsg');
    await page.getByText('incoming msg 100').first().waitFor();
    await pane('Timeline');
    await page.getByRole('button', { name: 'Export' }).click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Chrome trace' }).click()]);
    expect(download.suggestedFilename()).toMatch(/^imx8mp_rpmsg.*\.trace\.json$/);
    const trace = JSON.parse(readFileSync(await download.path(), 'utf8')) as { traceEvents: { ph: string; ts?: number; name?: string }[] };
    const phases = new Set(trace.traceEvents.map(({ ph }) => ph));
    expect(trace.traceEvents.length).toBeGreaterThan(1000);
    for (const phase of ['M', 's', 'f', 'C']) expect(phases).toContain(phase);
  });

  it('is used by keyboard alone', async () => {
    await open('imx8mp_hello');
    await page.getByRole('heading', { name: 'imx8mp' }).waitFor();
    const names = ['System', 'Timeline', 'Vrings', 'Consoles', 'CPU', 'Memory', 'Peripherals', 'Tables'];
    for (const [index, name] of names.entries()) {
      // The terminal takes keys; the rail's keys work outside of it.
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
      await page.keyboard.press(String(index + 1));
      await page.locator(`section.pane[aria-label="${name}"]`).waitFor();
    }
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const nameless = await page
      .locator('button')
      .evaluateAll((all) =>
        all
          .filter((each) => !(each.getAttribute('aria-label') || each.textContent?.trim() || each.getAttribute('title')))
          .map((each) => each.outerHTML),
      );
    expect(nameless).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollHeight <= innerHeight)).toBe(true);
  });

  it('says so when the run is over', async () => {
    await open('imx8mp_hello');
    await page.getByRole('heading', { name: 'imx8mp' }).waitFor();
    await end(run);
    await page.getByText('The run is over.').waitFor();
    trouble = trouble.filter((text) => !/WebSocket|ERR_CONNECTION_REFUSED/.test(text));
  });

  it('lets in nobody without the token, and no page of somebody else', async () => {
    await open('imx8mp_hello');
    const { origin } = new URL(run.url);
    const other = await context.newPage();
    const answer = await other.goto(`${origin}/${'A'.repeat(32)}/`);
    expect(answer?.status()).toBe(404);
    expect(await other.content()).not.toContain('<script');
    // A page of another origin, which has learnt the whole address.
    await other.route('http://elsewhere.test/**', (route) => route.fulfill({ contentType: 'text/html', body: '<title>elsewhere</title>' }));
    await other.goto('http://elsewhere.test/');
    const outcome = await other.evaluate(
      (url) =>
        new Promise((resolve) => {
          const socket = new WebSocket(url);
          socket.onopen = () => resolve('open');
          socket.onerror = () => resolve('refused');
        }),
      `${run.url.replace('http', 'ws')}ws`,
    );
    expect(outcome).toBe('refused');
  });

  it.runIf(SCREENSHOTS)('has its picture taken', { timeout: 10 * WAIT_MS }, async () => {
    mkdirSync(SCREENSHOTS!, { recursive: true });
    const scenes: readonly (readonly [name: string, pane: string, image: string, hash: string])[] = [
      ['system', 'System', 'imx8mp_rpmsg', '#/system'],
      ['timeline', 'Timeline', 'imx8mp_rpmsg', '#/timeline'],
      ['cpu', 'CPU', 'imx8mp_rpmsg', '#/cpu'],
      ['vrings', 'Vrings', 'imx8mp_bad_ring', '#/vrings?device=virtio0&queue=0'],
    ];
    for (const [name, , image, hash] of scenes) {
      run = await start(image);
      for (const [width, height] of [
        [1280, 720],
        [3840, 2160],
      ] as const)
        for (const colorScheme of ['light', 'dark'] as const) {
          const shown = await browser.newContext({ viewport: { width, height }, colorScheme });
          const picture = await shown.newPage();
          await picture.goto(`${run.url}${hash}`);
          await picture.waitForTimeout(2500);
          await picture.screenshot({ path: join(SCREENSHOTS!, `${name}-${width}-${colorScheme}.png`) });
          await shown.close();
        }
      await end(run);
    }
  });
});
