/**
 * Jobs as bash keeps them (jobs.c): what runs in the background, what `jobs` shows, what is said when one ends.
 */
import type { KernelCode } from '../linux/kernel.ts';
import type { Process } from '../linux/process.ts';
import { signalText } from './execution.ts';
import { isTerminal } from './io.ts';
import type { CommandContext } from './just-bash.ts';
import { nullFile, put } from './redirect.ts';
import type { Shell } from './shell.ts';
import type { Kept } from './transform.ts';
import { LAST_BACKGROUND } from './transform.ts';

/** Characters of the column that says how a job is. */
const STATE_WIDTH = 24;

/** One background job. */
export interface Job {
  readonly number: number;
  /** Its shell, whose number the job's only command has. */
  readonly process: Process;
  readonly text: string;
  /** The user was told that it has ended, or waited for it. */
  reported: boolean;
}

/** The jobs of one shell. */
export class JobTable {
  private readonly shell: Shell;
  private jobs: Job[] = [];

  constructor(shell: Shell) {
    this.shell = shell;
  }

  get list(): readonly Job[] {
    return this.jobs;
  }

  /** For a subshell: `jobs | cat` shows those of its parent. */
  show(jobs: readonly Job[]): void {
    this.jobs = [...jobs];
  }

  /** `command &`: starts it and says so. */
  async start({ statements, text }: Kept, context: CommandContext, declarations?: string): Promise<number> {
    const { shell } = this;
    const state = shell.snapshot(context, declarations);
    const process = shell.fork('bash', context);
    const [only] = statements;
    const lendPid = statements.length === 1 && only!.pipelines.length === 1;
    const program = shell.execution.subshell(process, statements, state, { lendPid });
    await shell.call(
      'fork',
      (function* (): KernelCode {
        // Nothing in the background reads the terminal.
        if (yield* isTerminal(process, 0)) yield* put(process, nullFile(), 0);
        process.start(program, ['bash']);
      })(),
    );
    const job: Job = { number: Math.max(0, ...this.jobs.map(({ number }) => number)) + 1, process, text, reported: false };
    this.jobs.push(job);
    await context.assignShellVariable?.(LAST_BACKGROUND, String(process.pid));
    if (shell.interactive) await shell.write(2, `[${job.number}] ${process.pid}\n`);
    return 0;
  }

  /** `%1`, `%+`, `%%`, `%-`, `%cat`, `%?tty`, or nothing for the current one. */
  find(spec = '%+'): Job | undefined {
    const { jobs } = this;
    const name = spec.startsWith('%') ? spec.slice(1) : spec;
    if (name === '' || name === '+' || name === '%') return jobs.at(-1);
    if (name === '-') return jobs.at(-2) ?? jobs.at(-1);
    if (/^\d+$/.test(name)) return jobs.find(({ number }) => number === Number(name));
    if (name.startsWith('?')) return jobs.find(({ text }) => text.includes(name.slice(1)));
    return jobs.find(({ text }) => text.startsWith(name));
  }

  /** The job whose process has that number. */
  byPid(pid: number): Job | undefined {
    return this.jobs.find(({ process }) => process.pid === pid);
  }

  remove(job: Job): void {
    this.jobs = this.jobs.filter((other) => other !== job);
  }

  /** Ends a job, and what it runs. */
  kill({ process }: Job, signal: number): void {
    // The command that runs under the number of the job's shell, or the shell, which passes it on.
    (this.shell.land.kernel.processes.get(process.pid) ?? process).kill(signal);
  }

  /** A line of `jobs`. */
  line(job: Job, long = false): string {
    const mark = job === this.jobs.at(-1) ? '+' : job === this.jobs.at(-2) ? '-' : ' ';
    const { status, pid } = job.process;
    const pidText = long ? ` ${String(pid).padStart(5)} ` : '  ';
    const running = status === undefined;
    return `[${job.number}]${mark}${pidText}${stateText(status).padEnd(STATE_WIDTH)}${job.text}${running ? ' &' : ''}\n`;
  }

  /** What became of jobs since it was last asked, for the moment before a prompt. */
  report(): string {
    const over = this.jobs.filter(({ process, reported }) => process.status !== undefined && !reported);
    const text = over.map((job) => this.line(job)).join('');
    for (const job of over) this.remove(job);
    return text;
  }

  /** Waits for a job in the foreground of the shell; its status. */
  async wait(job: Job): Promise<number> {
    const status = await this.shell.execution.waitFor(job.process);
    this.remove(job);
    return status;
  }
}

function stateText(status: number | undefined): string {
  if (status === undefined) return 'Running';
  if (status === 0) return 'Done';
  return status > 128 && status <= 128 + 64 ? signalText(status - 128) : `Exit ${status}`;
}
