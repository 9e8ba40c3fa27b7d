/**
 * The simulator in a Web Worker: takes a firmware, runs it, reports what happens in batches, and ends when told to.
 *
 * A worker may compile WebAssembly at once, which the default engine does with hot code; and the page stays quick to answer.
 */
import wasm from '@alexaltea/capstone-js/dist/capstone.wasm?url';
import {
  capstoneDisassembler,
  chooseTarget,
  FirmwareError,
  findingLines,
  ImxSimError,
  interpreterFactory,
  jitFactory,
  parseDeviceInput,
  parseFirmware,
  parseLineCondition,
  type Renderer,
  Session,
} from 'imx-sim';
import type { Entry, Progress, Reply, Request, Result, RunSettings } from './protocol.ts';

/** Wall time in ms between two batches for the page, and for which the worker computes without looking at its messages. */
const BATCH_MS = 50;
const TURN_MS = 12;
/** Status of a run that the user ended, as on a command line. */
const INTERRUPTED = 130;

/** The worker's own side of `postMessage`; TypeScript's DOM library describes windows only. */
const page = globalThis as unknown as {
  postMessage(reply: Reply): void;
  onmessage: ((event: MessageEvent<Request>) => void) | null;
};

const ENGINES = { jit: jitFactory, interpreter: interpreterFactory } as const;

/** Instructions as text; loaded when the first report needs it. */
const disassemble = capstoneDisassembler(async () => {
  const { default: capstone } = await import('@alexaltea/capstone-js');
  return capstone({ locateFile: () => wasm });
});

let session: Session | undefined;

page.onmessage = ({ data }) => {
  if (data.type === 'run') void run(data.name, data.bytes, data.settings);
  else if (data.type === 'stop') session?.stop(INTERRUPTED);
  else session?.input.send(data.device, new TextEncoder().encode(data.text));
};

/** Lets messages of the page in; a timer would be held back by 4 ms. */
const channel = new MessageChannel();
function turn(): Promise<void> {
  return new Promise((resolve) => {
    channel.port1.onmessage = () => resolve();
    channel.port2.postMessage(undefined);
  });
}

async function run(name: string, bytes: Uint8Array, settings: RunSettings): Promise<void> {
  const outlet = new Outlet();
  try {
    session = start(name, bytes, settings, outlet);
    page.postMessage({ type: 'started', consoles: session.machine.consoles });
    await session.run(settings.live);
    outlet.flush(session);
    if (outlet.result) page.postMessage({ type: 'finished', result: outlet.result });
  } catch (error) {
    outlet.flush(session);
    page.postMessage({ type: 'failed', error: describe(error) });
  } finally {
    session?.dispose();
    session = undefined;
  }
}

function start(name: string, bytes: Uint8Array, settings: RunSettings, outlet: Outlet): Session {
  const { soc, engine, until, timeout, send, linux, semihosting, live } = settings;
  const firmware = parseFirmware(bytes, name);
  const started = performance.now();
  let lastTurn = started;
  const host = {
    renderer: outlet,
    disassemble,
    now: () => performance.now(),
    pause: async (seconds: number) => {
      if (session && outlet.due) outlet.flush(session);
      const now = performance.now();
      const ahead = live ? seconds * 1000 - (now - started) : 0;
      if (ahead > 1) await new Promise((resolve) => setTimeout(resolve, Math.min(ahead, BATCH_MS)));
      else if (now - lastTurn < TURN_MS) return;
      else await turn();
      lastTurn = performance.now();
    },
  };
  const options = {
    firmware,
    target: chooseTarget(firmware, soc === '' ? {} : { soc }),
    engine: ENGINES[engine],
    timeout: live ? Number.POSITIVE_INFINITY : timeout * 1e9,
    linux,
    semihosting,
    stats: true,
    traceHash: true,
    ...(until === '' ? {} : { until: parseLineCondition(until) }),
    ...(send === '' ? {} : { send: [parseDeviceInput(send)] }),
  };
  return new Session(options, host);
}

function describe(error: unknown): Extract<Reply, { type: 'failed' }>['error'] {
  if (error instanceof ImxSimError) {
    const { code, message, remedy } = error;
    return { code, message, remedy, linux: error instanceof FirmwareError ? error.linux : [] };
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'E_INTERNAL', message: `internal error: ${text}`, remedy: 'please report it with the firmware', linux: [] };
}

/** Collects what a run has to say and gives it to the page in batches. */
class Outlet implements Renderer {
  result: Result | undefined;
  private entries: Entry[] = [];
  private readonly started = performance.now();
  private sent = 0;
  private hz = 1;

  line: Renderer['line'] = ({ source, seconds, text, level = 6, complete }) => {
    this.entries.push({ type: 'line', source, seconds, text, level, complete });
  };

  event: Renderer['event'] = (event) => {
    if (event.type !== 'message') return;
    const { direction, src, dst, data, cycle } = event;
    this.hz = session?.machine.scheduler.hz ?? this.hz;
    this.entries.push({ type: 'message', seconds: cycle / this.hz, direction, src, dst, data: data.slice() });
  };

  note: Renderer['note'] = (text) => this.say('note', [text]);

  diagnostic: Renderer['diagnostic'] = ({ kind, block, register, text }) => this.say('warning', [`${kind}: ${block} ${register} ${text}`]);

  finding: Renderer['finding'] = (finding) => this.say(finding.severity, findingLines(finding));

  report: Renderer['report'] = (lines) => {
    this.entries.push({ type: 'report', lines });
  };

  finish: Renderer['finish'] = (result) => {
    this.result = result as unknown as Result;
  };

  /** Whether the page should hear something by now. */
  get due(): boolean {
    return performance.now() - this.sent >= BATCH_MS;
  }

  /** Sends what there is. */
  flush(of: Session | undefined): void {
    this.sent = performance.now();
    page.postMessage({ type: 'entries', entries: this.entries, progress: this.progress(of) });
    this.entries = [];
  }

  private progress(of: Session | undefined): Progress {
    const cores = of?.machine.cores ?? [];
    return {
      seconds: of?.machine.scheduler.seconds ?? 0,
      instructions: cores.reduce((sum, core) => sum + core.instructions, 0),
      skipped: cores.reduce((sum, core) => sum + core.skipped, 0),
      wall: (performance.now() - this.started) / 1000,
    };
  }

  private say(tone: 'note' | 'warning' | 'error', lines: readonly string[]): void {
    this.entries.push({ type: 'say', tone, lines });
  }
}
