/**
 * What a failed test of firmware says beside its assertion: where the firmware was, how it came there, the last events, what both sides wait
 * for; and, where somebody wants them, files with all that the machine said and a recording that repeats it.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ImxSimError, type Situation, WaitError } from '../errors.ts';
import type { Simulation } from '../kit/simulation.ts';
import { fileName } from './file-name.ts';
import { traceSource } from './simulations.ts';
import { wasTold } from './told.ts';
import { traceOf } from './trace-lines.ts';

/** What the reporter gets to know of a failed test, through `task.meta`. */
export interface FirmwareFailure {
  /** Place in the firmware's sources, as its debug information has it: `src/main.c:42`. */
  readonly source?: string;
  /** `main+0x12`. */
  readonly symbol?: string;
  /** One line. */
  readonly text: string;
  /** What the machine told: pc, callers, last events, waits. */
  readonly explanation: readonly string[];
  /** Directory of what was kept. */
  readonly artifacts?: string;
}

/** An error as vitest keeps it in a test's result. */
export interface KeptError {
  message: string;
  stack?: string;
  [property: string]: unknown;
}

/** What is said of a test, as far as it is needed here. */
export interface FailedTask {
  readonly name: string;
  /** `suite > test`. */
  readonly fullName: string;
  /** Path of the test file, relative to the project, and the project's name before it if there are several. */
  readonly file: string;
  readonly errors: KeptError[];
  readonly meta: { imxSim?: FirmwareFailure };
}

/** Data of the kit's errors that vitest would print again below the message. */
const IN_MESSAGE = ['situation', 'awaited', 'remedy', 'place', 'faults', 'waits', 'waitingFor'];

/** Codes of errors that are about the test: names that there are not, arguments that are wrong. */
const MISTAKE = /^E_(USAGE|SYMBOL_(UNKNOWN|AMBIGUOUS|FIELD|VALUE))$/;

/** The file that `imx-sim replay` takes. */
const RECORDING = 'recording.imxrec';

/** The first place in the backtrace whose source line is known. */
export function firmwarePlace({ pc, backtrace }: Pick<Situation, 'pc' | 'backtrace'>): { source?: string; symbol?: string } {
  const { source, symbol } = [pc, ...backtrace].find((place) => place.source) ?? pc;
  return { ...(source ? { source } : {}), ...(symbol ? { symbol } : {}) };
}

/** Adds `text` to an error: behind its diff if there is one, else to its message, and where its stack repeats that. */
function append(error: KeptError, text: string): void {
  if (typeof error['diff'] === 'string') {
    error['diff'] = `${error['diff'].trimEnd()}\n\n${text}`;
    return;
  }
  const message = `${error.message}\n\n${text}`;
  if (error.stack?.includes(error.message)) error.stack = error.stack.replace(error.message, () => message);
  error.message = message;
}

function firstLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of vitest's messages
  return (text.split('\n').find((line) => line.trim() !== '') ?? '').replace(/\u001b\[\d+m/g, '').trim();
}

/** Leaves an error as vitest should print it: all that there is to say stands in its message. */
export function tidy(error: KeptError): void {
  const { remedy } = error;
  if (typeof remedy === 'string' && remedy !== '' && !error.message.includes(remedy)) append(error, `remedy: ${remedy}`);
  for (const name of IN_MESSAGE) Reflect.deleteProperty(error, name);
}

/** Writes consoles, dmesg, trace and recording of `m`; the directory. */
async function keep(m: Simulation, situation: Situation, task: FailedTask, directory: string): Promise<string> {
  const place = join(directory, fileName(task.file), fileName(task.fullName));
  mkdirSync(place, { recursive: true });
  const write = (name: string, content: string | Uint8Array): void => writeFileSync(join(place, name), content);
  write('explanation.txt', `${task.fullName}\n\n${[...task.errors.map(({ message }) => message), ...situation.lines].join('\n')}\n`);
  write(
    'trace.txt',
    `${traceOf(traceSource(m), { times: true, events: true })
      .map(({ text }) => text)
      .join('\n')}\n`,
  );
  for (const [console, bytes] of m.log.output) write(`${fileName(console)}.txt`, Uint8Array.from(bytes));
  if (m.machine.linux) write('dmesg.txt', `${String(m.linux.dmesg)}\n`);
  write(RECORDING, await m.record(`failed: ${task.fullName}`));
  return place;
}

/**
 * Adds to the errors of a failed test what its machine tells, and keeps files in `directory` if there is one. Nothing that goes wrong in it hides
 * the failure of the test.
 */
export async function explainFailure(m: Simulation, task: FailedTask, directory: string | undefined): Promise<void> {
  const [error] = task.errors;
  if (!error) return;
  // A mistake in the test is one wherever the firmware is.
  const mistake = task.errors.every(({ code }) => typeof code === 'string' && MISTAKE.test(code));
  const told = mistake || wasTold(m) || task.errors.some((each) => each['situation'] !== undefined);
  const { situation } = m;
  const summary = firstLine(error.message);
  for (const each of task.errors) tidy(each);
  const parts = told ? [] : ['the firmware:', ...situation.lines.map((line) => `  ${line}`)];
  let artifacts: string | undefined;
  if (directory !== undefined) {
    try {
      artifacts = await keep(m, situation, task, directory);
      const shown = relative(process.cwd(), artifacts) || artifacts;
      parts.push(`kept in ${shown}; to run it again: npx imx-sim replay ${join(shown, RECORDING)}`);
    } catch (problem) {
      parts.push(`could not keep files in ${directory}: ${problem instanceof Error ? problem.message : String(problem)}`);
    }
  }
  if (parts.length > 0) append(error, parts.join('\n'));
  task.meta.imxSim = { ...firmwarePlace(situation), text: summary, explanation: situation.lines, ...(artifacts ? { artifacts } : {}) };
}

/** What the reporter gets of errors of set-ups, of which each of the tests behind it has the same. */
const setupFailures = new WeakMap<WaitError, FirmwareFailure>();

/** An error of a set-up as vitest should print it; the reporter gets its data. */
export function explainedError(error: unknown, meta: FailedTask['meta']): unknown {
  if (error instanceof WaitError) {
    let failure = setupFailures.get(error);
    if (!failure) {
      const { situation, message } = error;
      failure = { ...firmwarePlace(situation), text: firstLine(message), explanation: situation.lines };
      setupFailures.set(error, failure);
    }
    meta.imxSim = failure;
  }
  if (error instanceof ImxSimError) tidy(error as unknown as KeptError);
  return error;
}
