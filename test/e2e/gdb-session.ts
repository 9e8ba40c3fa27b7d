/** Debian's gdb-multiarch on a run of the command line: each in a process of its own, connected over TCP. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { imagePath } from './session.ts';

/** What GDB is told before anything else. */
const SETTINGS = ['set confirm off', 'set pagination off', 'set width 0', 'set debuginfod enabled off', 'set remotetimeout 20'];

/** `imx-sim run --gdb 0`, as a process. */
export class DebuggedRun {
  stdout = '';
  stderr = '';
  private readonly child: ChildProcess;
  private readonly ended: Promise<number | null>;

  constructor(dist: string, image: string, options: readonly string[] = []) {
    const args = [join(dist, 'command/main.js'), 'run', image.includes('/') ? image : imagePath(image), '--gdb', '0', ...options];
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.ended = once(this.child, 'close').then(([code]) => code as number | null);
  }

  /** What matches in standard output or error, once it is there. */
  async shows(pattern: RegExp): Promise<RegExpExecArray> {
    let over = false;
    void this.ended.then(() => {
      over = true;
    });
    for (;;) {
      const found = pattern.exec(this.stdout) ?? pattern.exec(this.stderr);
      if (found) return found;
      if (over) throw new Error(`the run ended without ${pattern}\n${this.stdout}\n${this.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async port(): Promise<number> {
    return Number((await this.shows(/target remote localhost:(\d+)/))[1]);
  }

  /** The exit status. */
  status(): Promise<number | null> {
    return this.ended;
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}

/** What GDB printed, all of it. */
export async function gdb(port: number, commands: readonly string[], extended = false): Promise<string> {
  const connect = `target ${extended ? 'extended-remote' : 'remote'} localhost:${port}`;
  const args = [...SETTINGS, connect, ...commands].flatMap((command) => ['-ex', command]);
  // One pipe for both, which keeps what they say in order.
  const child = spawn('sh', ['-c', 'exec gdb-multiarch "$@" 2>&1', 'sh', '-nx', '-batch', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await once(child, 'close');
  return output;
}

/** Of a command that was announced with `echo <name>\n` what it printed. */
export function section(output: string, name: string): string {
  const begin = output.indexOf(`== ${name}\n`);
  if (begin < 0) throw new Error(`no section ${name} in\n${output}`);
  const from = begin + name.length + 4;
  const end = output.indexOf('\n== ', from);
  return output.slice(from, end < 0 ? undefined : end);
}

/** Announces what follows, for `section`. */
export const mark = (name: string): string => `echo \\n== ${name}\\n`;
