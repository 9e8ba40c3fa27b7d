/** The page: takes a firmware, starts a worker for it, and shows what the worker tells. */
import { SOCS } from 'imx-sim';
import { IMAGES } from './images.ts';
import { byId, make, Panes } from './panes.ts';
import type { Progress, Reply, Request, Result, RunSettings } from './protocol.ts';

/** Wall time in ms for which a worker may go on after Stop before it is ended by force. */
const PATIENCE_MS = 1500;
/** Largest file taken: TCM and DDR images with debug information stay far below. */
const LARGEST_FILE = 256 * 1024 * 1024;

const input = (id: string) => byId<HTMLInputElement>(id);
const select = (id: string) => byId<HTMLSelectElement>(id);

let worker: Worker | undefined;
let ownFile: File | undefined;

const panes = new Panes((device, text) => tell({ type: 'input', device, text }));

function tell(request: Request): void {
  worker?.postMessage(request);
}

function settings(): RunSettings {
  return {
    soc: select('soc').value,
    engine: select('engine').value as RunSettings['engine'],
    until: input('until').value,
    timeout: input('timeout').valueAsNumber || 10,
    send: input('send').value,
    linux: input('linux').checked,
    semihosting: input('semihosting').checked,
    live: input('live').checked,
  };
}

async function firmware(): Promise<{ name: string; bytes: Uint8Array }> {
  if (ownFile) {
    if (ownFile.size > LARGEST_FILE) throw new Error(`${ownFile.name}: ${ownFile.size} bytes are no firmware`);
    return { name: ownFile.name, bytes: new Uint8Array(await ownFile.arrayBuffer()) };
  }
  const image = IMAGES[select('image').selectedIndex]!;
  const response = await fetch(image.url);
  if (!response.ok) throw new Error(`${image.name}: the server answers ${response.status} ${response.statusText}`);
  return { name: image.name, bytes: new Uint8Array(await response.arrayBuffer()) };
}

async function run(): Promise<void> {
  end();
  panes.clear();
  problem();
  state('loading');
  byId('trace').textContent = '–';
  showProgress({ seconds: 0, instructions: 0, skipped: 0, wall: 0 });
  const started = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  worker = started;
  running(true);
  started.onmessage = ({ data }: MessageEvent<Reply>) => reply(data);
  started.onerror = (event) => {
    fail(`the worker failed: ${event.message}`, 'reload the page; the browser must have module workers and WebAssembly');
  };
  try {
    const { name, bytes } = await firmware();
    if (worker !== started) return;
    started.postMessage({ type: 'run', name, bytes, settings: settings() } satisfies Request, [bytes.buffer]);
  } catch (error) {
    if (worker === started) fail((error as Error).message, 'choose the file again; the page must come from a web server, not from a file');
  }
}

function reply(data: Reply): void {
  switch (data.type) {
    case 'started':
      state('running');
      return;
    case 'entries':
      panes.show(data.entries);
      showProgress(data.progress);
      for (const entry of data.entries) if (entry.type === 'report') problem(entry.lines);
      return;
    case 'finished':
      finished(data.result);
      return;
    case 'failed': {
      const { code, message, remedy, linux } = data.error;
      fail(
        `${code}: ${message}`,
        remedy,
        linux.map((line) => `Linux would print: ${line}`),
      );
    }
  }
}

function finished(result: Result): void {
  const { reason, status, time, trace, stats } = result;
  // For whoever drives the page with a program: what `imx-sim run --json` ends with.
  byId('figures').dataset['result'] = JSON.stringify(result);
  showProgress({
    seconds: time,
    instructions: stats['instructions']!,
    skipped: stats['instructionsSkipped']!,
    wall: stats['wallSeconds']!,
  });
  byId('trace').textContent = trace;
  byId('trace').title = trace;
  const words: Readonly<Record<string, string>> = { until: 'the line came', interrupted: 'stopped', exit: `exit ${status}` };
  state(words[reason] ?? reason, status === 0 ? 'good' : reason === 'interrupted' ? '' : 'error');
  end();
}

function fail(message: string, remedy: string, more: readonly string[] = []): void {
  problem([message, ...more], remedy);
  state('failed', 'error');
  end();
}

/** Shows a report, or takes it away. */
function problem(lines: readonly string[] = [], remedy = ''): void {
  const text = byId('problem-text');
  text.replaceChildren();
  if (lines.length > 0) text.append(make('pre', lines.join('\n')));
  if (remedy) text.append(make('p', `Remedy: ${remedy}`, 'remedy'));
  byId('problem').hidden = lines.length === 0;
}

function showProgress({ seconds, instructions, skipped, wall }: Progress): void {
  const millions = (value: number) => `${(value / 1e6).toFixed(1)} M`;
  byId('time').textContent = `${seconds.toFixed(6)} s`;
  byId('wall').textContent = `${wall.toFixed(2)} s`;
  byId('instructions').textContent =
    skipped > 0 ? `${millions(instructions)} (${millions(skipped)} in polling loops)` : millions(instructions);
  byId('speed').textContent = wall > 0 ? `${millions(instructions / wall)}` : '–';
}

function state(text: string, mood = ''): void {
  const element = byId('state');
  element.textContent = text;
  element.dataset['tone'] = mood;
}

function running(on: boolean): void {
  byId<HTMLButtonElement>('stop').disabled = !on;
  byId<HTMLButtonElement>('run').disabled = on;
}

/** Ends the worker; what it has said stays. */
function end(): void {
  worker?.terminate();
  worker = undefined;
  running(false);
}

function stop(): void {
  const stopping = worker;
  if (!stopping) return;
  state('stopping');
  tell({ type: 'stop' });
  setTimeout(() => {
    if (worker !== stopping) return;
    state('stopped by force', 'error');
    end();
  }, PATIENCE_MS);
}

function choose(file: File | undefined): void {
  ownFile = file;
  if (!file) return;
  input('until').value = '';
  input('send').value = '';
  state(`${file.name} is ready`);
}

function chooseShipped(): void {
  const image = IMAGES[select('image').selectedIndex]!;
  ownFile = undefined;
  input('file').value = '';
  input('until').value = image.until;
  input('send').value = image.send;
}

select('image').append(...IMAGES.map(({ name, text }) => make('option', `${name}: ${text}`)));
const fromFile = make('option', 'found from the ELF');
fromFile.value = '';
select('soc').append(fromFile, ...SOCS.map(({ name }) => make('option', name)));
chooseShipped();

select('image').addEventListener('change', chooseShipped);
input('file').addEventListener('change', () => choose(input('file').files?.[0]));
byId('settings').addEventListener('submit', (event) => {
  event.preventDefault();
  void run();
});
byId('stop').addEventListener('click', stop);
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') stop();
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !worker) void run();
});

const drop = byId('drop');
document.addEventListener('dragover', (event) => {
  event.preventDefault();
  drop.classList.add('over');
});
document.addEventListener('dragleave', () => drop.classList.remove('over'));
document.addEventListener('drop', (event) => {
  event.preventDefault();
  drop.classList.remove('over');
  const file = event.dataTransfer?.files[0];
  if (!file) return;
  input('file').files = event.dataTransfer.files;
  choose(file);
});
