/**
 * Runs the `imx-sim` command for tests: in this process, which is quick and counts for coverage, or as a process of its own.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { vi } from 'vitest';
import { program } from '../../src/cli/program.ts';

/** Wall time after which a process is killed; its status is then null. */
const LONGEST_MS = 110_000;

/** What a command left behind. */
export interface CliResult {
  /** Exit status; null when a signal ended the process. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What surrounds a command. */
export interface CliSurroundings {
  /** All of standard input, which is a pipe; empty unless given. */
  readonly stdin?: string;
  /** Variables beside those of the tests. */
  readonly env?: Readonly<Record<string, string>>;
  /** In this process only: standard output claims to be a terminal. */
  readonly tty?: boolean;
}

/** Lines of a text that ends with a line end. */
export function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

let running = false;

/** Runs `imx-sim` in this process; one after the other, as they share the process's streams. */
export async function runCli(args: readonly string[], { stdin = '', env = {}, tty = false }: CliSurroundings = {}): Promise<CliResult> {
  if (running) throw new Error('await the run before');
  running = true;
  const captured = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      captured[name] += String(text);
      return true;
    }),
  );
  const wasTty = process.stdout.isTTY;
  process.stdout.isTTY = tty;
  const input = vi.spyOn(process, 'stdin', 'get').mockReturnValue(Readable.from(stdin === '' ? [] : [Buffer.from(stdin)]) as never);
  for (const [name, value] of Object.entries({ NO_COLOR: '', ...env })) vi.stubEnv(name, value);
  try {
    return { status: await program(args), ...captured };
  } finally {
    running = false;
    for (const spy of [...spies, input]) spy.mockRestore();
    process.stdout.isTTY = wasTty;
    vi.unstubAllEnvs();
  }
}

/** Runs the built command in `dist` (see build-once.ts) as a process. */
export function spawnCli(dist: string, args: readonly string[], { stdin = '', env = {} }: CliSurroundings = {}): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(dist, 'command/main.js'), ...args], {
      env: { ...process.env, NODE_V8_COVERAGE: '', ...env },
      timeout: LONGEST_MS,
      killSignal: 'SIGKILL',
    });
    const captured = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      captured.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      captured.stderr += text;
    });
    child.on('error', reject).on('close', (status) => resolve({ status, ...captured }));
    child.stdin.on('error', () => {}).end(stdin);
  });
}
