/**
 * Shells for host code: `machine.linux.exec('echo start > .../state')`, and shells that keep their state between commands.
 */
import type { KernelCode } from '../linux/kernel.ts';
import type { Linux } from '../linux/linux.ts';
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
  private readonly streams: { 1: Uint8Array[]; 2: Uint8Array[] };
  private readonly over: Promise<number>;
  private answer: ((result: ShellResult) => void) | undefined;
  private refuse: (error: unknown) => void = () => {};
  /** Resolves when the shell wants its next statements. */
  private asks: Promise<(statements: readonly Statement[]) => void>;
  private asking: (ask: (statements: readonly Statement[]) => void) => void = () => {};
  private ended = false;
  private busy = false;

  /** @internal Made by `openShell`. */
  constructor(shell: Shell, streams: { 1: Uint8Array[]; 2: Uint8Array[] }) {
    this.shell = shell;
    this.streams = streams;
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
   * After `exit` every call gives the exit status at once. Rejects with `MachineEnded` when the machine ends, or nothing can happen any more, before.
   */
  async exec(text: string): Promise<ShellResult> {
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
    ask(parsed.statements);
    return result.finally(() => {
      this.busy = false;
    });
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
    const { answer, streams } = this;
    this.answer = undefined;
    const text = (parts: Uint8Array[]): string => {
      const decoder = new TextDecoder();
      return (
        parts
          .splice(0)
          .map((part) => decoder.decode(part, { stream: true }))
          .join('') + decoder.decode()
      );
    };
    if (answer) answer({ stdout: text(streams[1]), stderr: text(streams[2]), status });
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
  const streams = { 1: [] as Uint8Array[], 2: [] as Uint8Array[] };
  const file = (fd: 1 | 2) => sinkFile((data) => void streams[fd].push(data));
  const shell = await startShell(land, { stdin: nullFile(), stdout: file(1), stderr: file(2) });
  return new LinuxShell(shell, streams);
}

/** Executes command lines in a shell of their own. */
export async function execute(host: LinuxShellHost, text: string): Promise<ShellResult> {
  const shell = await openShell(host);
  const result = await shell.exec(text);
  await shell.close();
  return result;
}
