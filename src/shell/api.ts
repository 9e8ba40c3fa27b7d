/**
 * Shells for host code: `machine.linux.exec('echo start > .../state')`, and shells that keep their state between commands.
 */
import { LinuxTimeout } from '../errors.ts';
import { ERRNO } from '../linux/errno.ts';
import type { OpenFile } from '../linux/fs/vfs.ts';
import { type KernelCode, WaitQueue } from '../linux/kernel.ts';
import type { Linux } from '../linux/linux.ts';
import { SIGNAL } from '../linux/process.ts';
import { DEFAULT_CALL_TIMEOUT_NS } from '../linux/user-space.ts';
import { createUserLand, endShell, startShell } from './create.ts';
import { nullFile, sinkFile } from './redirect.ts';
import type { Shell } from './shell.ts';
import type { Statement } from './syntax.ts';
import type { UserLand } from './user-land.ts';

/** What a command line left behind. */
export interface ShellResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit status: 0 is success, 127 no such command, 128 + signal when one ended it. */
  readonly status: number;
}

/** What command lines may take. */
export interface ExecOptions {
  /** Virtual time after which they are killed and the promise is rejected; 10 s unless given, may be infinite. */
  readonly timeoutNs?: number;
  /** Standard output and error; whoever writes more waits for ever, as nobody takes it. 64 MiB unless given. */
  readonly maxBytes?: number;
}

const MOST_OUTPUT = 64 * 1024 * 1024;
/** Virtual time in which what was killed has to end. */
const GRACE_NS = 1e9;

/** What a shell printed and nobody has taken. */
class Output {
  most = MOST_OUTPUT;
  readonly room = new WaitQueue('room in the output of exec');
  private readonly parts: { 1: Uint8Array[]; 2: Uint8Array[] } = { 1: [], 2: [] };
  private size = 0;

  get full(): boolean {
    return this.size >= this.most;
  }

  file(fd: 1 | 2): OpenFile {
    const file = sinkFile(() => {});
    const output = this;
    file.ops = {
      *write(_open, data) {
        while (output.full) if ((yield { queue: output.room, interruptible: true }) === 'signal') return ERRNO.EINTR;
        const taken = data.slice(0, output.most - output.size);
        output.size += taken.length;
        output.parts[fd].push(taken);
        return taken.length;
      },
    };
    return file;
  }

  /** All of both streams, which are empty then. */
  take(): { readonly stdout: string; readonly stderr: string } {
    const text = (parts: Uint8Array[]): string => {
      const decoder = new TextDecoder();
      const decoded = parts.splice(0).map((part) => decoder.decode(part, { stream: true }));
      return decoded.join('') + decoder.decode();
    };
    this.size = 0;
    this.room.wakeAll();
    return { stdout: text(this.parts[1]), stderr: text(this.parts[2]) };
  }
}

/** What shells for host code are given. */
export interface LinuxShellHost {
  readonly linux: Linux;
  readonly hostName: string;
  readonly requestStop: () => void;
}

const lands = new WeakMap<Linux, Promise<UserLand>>();

/** The user space of a Linux, made when it is first needed. */
function userLandOf(host: LinuxShellHost): Promise<UserLand> {
  let land = lands.get(host.linux);
  if (!land) {
    land = createUserLand(host);
    lands.set(host.linux, land);
  }
  return land;
}

/** A shell that keeps variables, functions, directory and jobs from one command line to the next. */
export class LinuxShell {
  private readonly shell: Shell;
  private readonly output: Output;
  private readonly over: Promise<number>;
  private answer: ((result: ShellResult) => void) | undefined;
  private refuse: (error: unknown) => void = () => {};
  /** Resolves when the shell wants its next statements. */
  private asks: Promise<(statements: readonly Statement[]) => void>;
  private asking: (ask: (statements: readonly Statement[]) => void) => void = () => {};
  private timedOut: LinuxTimeout | undefined;
  private ended = false;
  private busy = false;

  /** @internal Made by `openShell`. */
  constructor(shell: Shell, output: Output) {
    this.shell = shell;
    this.output = output;
    this.asks = this.nextAsk();
    this.over = shell
      .run(() => this.next())
      .then(
        (status) => this.finish(status),
        (error: unknown) => this.fail(error),
      );
  }

  /**
   * Executes command lines, in virtual time, while nobody else runs the machine: resolves when the last command has ended. One call at a time.
   * After `exit` every call gives the exit status at once. Rejects with `MachineEnded` when the machine ends, or nothing can happen any more, before;
   * with `LinuxTimeout` when it takes too long, which ends the shell.
   */
  async exec(text: string, { timeoutNs = DEFAULT_CALL_TIMEOUT_NS, maxBytes = MOST_OUTPUT }: ExecOptions = {}): Promise<ShellResult> {
    if (this.busy) throw new Error('the shell still executes the previous command line');
    if (this.ended) return { stdout: '', stderr: '', status: this.shell.status };
    const { shell } = this;
    const parsed = shell.land.parse(text);
    if (parsed.kind !== 'ok') {
      const line = parsed.kind === 'error' ? parsed.line : text.split('\n').length;
      return { stdout: '', stderr: `${shell.name}: line ${line}: ${parsed.message}\n`, status: 2 };
    }
    this.busy = true;
    const ask = await this.asks;
    const result = new Promise<ShellResult>((resolve, reject) => {
      this.answer = resolve;
      this.refuse = reject;
    });
    shell.flow = shell.land.userSpace.enter(shell.name);
    this.output.most = maxBytes;
    const stopTimer = this.limit(text, timeoutNs);
    ask(parsed.statements);
    return result.finally(() => {
      stopTimer();
      this.busy = false;
    });
  }

  /** Kills what runs after `timeoutNs`; gives what calls this off. */
  private limit(text: string, timeoutNs: number): () => void {
    if (!Number.isFinite(timeoutNs)) return () => {};
    const { shell, output } = this;
    const { scheduler } = shell.land.kernel;
    const timer = scheduler.timer('timeout of exec', () => {
      if (this.timedOut) return void this.fail(this.timedOut);
      const running = output.full ? `room in the output: ${output.most} bytes (maxBytes)` : shell.execution.running.join(', ');
      this.timedOut = new LinuxTimeout(`exec ${text.length > 80 ? `${text.slice(0, 80)}...` : text}`, timeoutNs, running || undefined, []);
      shell.interrupt(SIGNAL.KILL);
      timer.armIn(scheduler.cyclesFromNs(GRACE_NS));
    });
    timer.armIn(scheduler.cyclesFromNs(timeoutNs));
    return () => timer.cancel();
  }

  /** Ends the shell; its status. */
  async close(): Promise<number> {
    if (!this.ended) await this.exec('exit');
    return this.over;
  }

  private next(): Promise<readonly Statement[] | undefined> {
    // Virtual time goes on without this shell until it is told to do something.
    this.shell.flow.leave();
    const statements = new Promise<readonly Statement[]>((resolve) => {
      const { asking } = this;
      asking((given) => {
        this.asks = this.nextAsk();
        resolve(given);
      });
    });
    this.respond(this.shell.status);
    return statements;
  }

  private nextAsk(): Promise<(statements: readonly Statement[]) => void> {
    return new Promise((resolve) => {
      this.asking = resolve;
    });
  }

  private async finish(status: number): Promise<number> {
    this.ended = true;
    await endShell(this.shell);
    this.respond(status);
    return status;
  }

  /** The machine ended under the shell. */
  private fail(error: unknown): number {
    this.ended = true;
    this.shell.status = 1;
    this.shell.flow.leave();
    this.answer = undefined;
    this.refuse(error);
    return 1;
  }

  private respond(status: number): void {
    const { answer, timedOut } = this;
    this.answer = undefined;
    if (!answer) return;
    const printed = this.output.take();
    if (timedOut) this.refuse(timedOut);
    else answer({ ...printed, status });
  }
}

/** Seconds of a kernel's life from which on somebody can log in: drivers have probed by then. */
const LOGIN_S = 0.02;
/** A boot loader that has not started Linux by then waits for somebody. */
const BOOT_LIMIT = { timeoutNs: 60e9 };
const BOOT_LOOK_NS = 1e6;

/** Nobody has a shell before the system is up. @throws {LinuxTimeout} when a boot loader does not start it */
async function login(linux: Linux): Promise<void> {
  const up = (): boolean => linux.booted && linux.kernel.uptime >= LOGIN_S;
  if (up()) return;
  const flow = linux.userSpace.enter('login');
  const wait = function* (): KernelCode {
    while (!up()) yield { timeoutNs: BOOT_LOOK_NS };
  };
  try {
    await flow.call('login', wait(), BOOT_LIMIT);
  } finally {
    flow.leave();
  }
}

/** Starts a shell. */
export async function openShell(host: LinuxShellHost): Promise<LinuxShell> {
  await login(host.linux);
  const land = await userLandOf(host);
  const output = new Output();
  const shell = await startShell(land, { stdin: nullFile(), stdout: output.file(1), stderr: output.file(2) });
  return new LinuxShell(shell, output);
}

/** Executes command lines in a shell of their own. */
export async function execute(host: LinuxShellHost, text: string, options?: ExecOptions): Promise<ShellResult> {
  const shell = await openShell(host);
  const result = await shell.exec(text, options);
  await shell.close();
  return result;
}
