/**
 * Pipelines: the words that just-bash expanded become processes with pipes and redirections, all of which run at the same time.
 */
import { ERRNO, strerror } from '../linux/errno.ts';
import { DirectoryNode } from '../linux/fs/vfs.ts';
import type { KernelCode } from '../linux/kernel.ts';
import { makePipe, type Process, type Program } from '../linux/process.ts';
import type { Flow } from '../linux/user-space.ts';
import { complain, fromLatin1, isTerminal, latin1, MOST_INPUT, readAll, readFile, shellNames, writeAll } from './io.ts';
import type { CommandContext, CommandResult } from './just-bash.ts';
import { memoryFile, put, type RedirectionOp, redirect, sinkFile } from './redirect.ts';
import type { Shell, ShellState } from './shell.ts';
import type { Statement } from './syntax.ts';
import { MARK } from './transform.ts';
import { hostProgram } from './user-land.ts';

/** One command of a pipeline after expansion. */
interface Element {
  readonly argv: string[];
  readonly ops: RedirectionOp[];
  readonly assignments: [name: string, value: string][];
  /** A tree for a subshell, instead of a program. */
  tree?: string;
  /** Output of `declare -p` for forks. */
  declarations?: string;
  /** Its standard error goes into the pipe, too. */
  stderrToo: boolean;
}

/** Directories whose entries are programs by their names alone. */
const PROGRAM_PATH = /^\/(?:usr\/)?s?bin\/([^/]+)$/;
const SIGNAL_TEXTS: Readonly<Record<number, string>> = { 1: 'Hangup', 9: 'Killed', 15: 'Terminated', 3: 'Quit' };

/** Words of a signal that ended a job, as bash prints them. */
export function signalText(signal: number): string {
  return SIGNAL_TEXTS[signal] ?? (signal === 2 ? 'Interrupt' : `Signal ${signal}`);
}

/** What one shell executes in the foreground. */
export class Execution {
  /** A background job's only command has the job's process number. */
  lendPid = false;
  private readonly shell: Shell;
  private foreground: readonly Process[] = [];
  private readonly substitutions: string[] = [];

  constructor(shell: Shell) {
    this.shell = shell;
  }

  /** Names of what runs in the foreground. */
  get running(): readonly string[] {
    return this.foreground.filter(({ status }) => status === undefined).map(({ argv, name }) => (argv.length > 0 ? argv.join(' ') : name));
  }

  /** Sends a signal to what runs in the foreground. */
  kill(signal: number): void {
    for (const process of this.foreground) process.kill(signal);
  }

  /** `__run`: executes a pipeline or one of the shell's own builtins; the status. */
  async run(args: readonly string[], context: CommandContext): Promise<number> {
    if (this.shell.checkInterrupt()) return 130;
    const elements = parse(args);
    const [only] = elements;
    if (elements.length === 1 && only && only.tree === undefined) {
      const builtin = this.shell.ownBuiltin(only.argv[0] ?? '');
      if (builtin) return this.runBuiltin(only, context);
      if (only.argv.length === 0) return this.shell.redirectSelf([], context);
    }
    return this.spawn(elements, context);
  }

  /** Redirections of `__push`. */
  redirections(args: readonly string[]): { readonly ops: readonly RedirectionOp[] } {
    return { ops: parse(args)[0]?.ops ?? [] };
  }

  /** Runs a program in just-bash's own pipelines of strings. */
  async runCaptured(argv: readonly string[], context: CommandContext): Promise<CommandResult> {
    if (argv[0] === 'printf' && argv[1] === '-v' && context.origCommand) return context.origCommand(argv.slice(1));
    const out: string[] = [];
    const err: string[] = [];
    const { shell } = this;
    const code = function* (): KernelCode<number> {
      const process = shell.fork(argv[0]!, context);
      if (context.stdin.length > 0) yield* put(process, memoryFile(fromLatin1(context.stdin)), 0);
      yield* put(
        process,
        sinkFile((data) => out.push(latin1(data))),
        1,
      );
      yield* put(
        process,
        sinkFile((data) => err.push(new TextDecoder().decode(data))),
        2,
      );
      process.start(shell.execution.programFor({ argv: [...argv], ops: [], assignments: [], stderrToo: false }, undefined), argv);
      shell.execution.foreground = [process];
      return yield* ended(process);
    };
    const exitCode = await shell.call(argv[0]!, code());
    shell.checkInterrupt();
    return { stdout: out.join(''), stderr: err.join(''), exitCode, stdoutKind: 'bytes' };
  }

  /** `$(...)`: a shell of its own whose standard output is the value. */
  async substitute([id, declarations]: readonly string[], context: CommandContext): Promise<CommandResult> {
    const { shell } = this;
    const out: string[] = [];
    const process = shell.fork('bash', context);
    await shell.call(
      'fork',
      put(
        process,
        sinkFile((data) => out.push(latin1(data)), MOST_INPUT),
        1,
      ),
    );
    const child = shell.child({ process, flow: shell.flow, state: shell.snapshot(context, declarations) });
    this.foreground = [];
    const previous = this.child;
    this.child = child;
    const exitCode = await child.runStatements(shell.land.fetch(id!).statements);
    this.child = previous;
    await shell.call('exit', process.exit(exitCode));
    shell.checkInterrupt();
    return { stdout: out.join(''), stderr: '', exitCode, stdoutKind: 'bytes' };
  }

  /** `<(...)`: what the commands print, in a file whose name is the value. They have ended before the file is read. */
  async processSubstitution(args: readonly string[], context: CommandContext): Promise<CommandResult> {
    const { stdout } = await this.substitute(args, context);
    const path = `/tmp/.substitution-${this.shell.land.kernel.allocatePid()}`;
    this.substitutions.push(path);
    await this.shell.writeFile(path, fromLatin1(stdout));
    return { stdout: path, stderr: '', exitCode: 0 };
  }

  /** The line that was given files of `<(...)` is done. */
  removeSubstitutions(): void {
    for (const path of this.substitutions.splice(0)) this.shell.process.unlink(path);
  }

  private child: Shell | undefined;

  /** The subshell of a substitution that is under way, for signals. */
  interruptChild(signal: number): void {
    this.child?.interrupt(signal);
  }

  /** Starts a shell with `state` on `process`; used for subshells and jobs. */
  subshell(process: Process, statements: readonly Statement[], state: ShellState, options: { readonly lendPid?: boolean } = {}): Program {
    const { shell } = this;
    return () => {
      let child: Shell | undefined;
      return hostProgram(
        shell.land,
        process,
        (flow) => {
          child = shell.child({ process, flow, state });
          child.execution.lendPid = options.lendPid ?? false;
          return child.runStatements(statements);
        },
        (signal) => child?.interrupt(signal),
      );
    };
  }

  /** Waits for a process that was started before, as `fg` and `wait` do. */
  async waitFor(process: Process): Promise<number> {
    this.foreground = [process];
    const status = await this.shell.call('wait', ended(process));
    this.foreground = [];
    return status;
  }

  /** The first of `jobs` that has ended. */
  async firstToEnd<T extends { readonly process: Process }>(jobs: readonly T[]): Promise<T> {
    const queues = jobs.map(({ process }) => process.ended);
    const over = (): T | undefined => jobs.find(({ process }) => process.status !== undefined);
    await this.shell.call(
      'wait',
      (function* (): KernelCode {
        while (!over()) yield { queues };
      })(),
    );
    return over()!;
  }

  /** Runs `code` as the program of `process`, which a signal may interrupt. */
  async inForeground<T>(process: Process, code: KernelCode<T>): Promise<T> {
    let result: T | undefined;
    this.foreground = [process];
    await this.shell.call(
      process.name,
      (function* (): KernelCode<number> {
        process.start(
          function* () {
            result = yield* code;
            return 0;
          },
          [process.name],
        );
        return yield* ended(process);
      })(),
    );
    return result!;
  }

  private async runBuiltin(element: Element, context: CommandContext): Promise<number> {
    const { shell } = this;
    const { argv, ops } = element;
    if (argv[0] === 'exec') return shell.redirectSelf(ops, context);
    const process = shell.fork(argv[0]!, context);
    shellNames.set(process, shell.name);
    const wrong = await shell.call('redirect', redirect(process, ops));
    let status = 1;
    if (wrong !== undefined) await shell.call('write', complainShell(shell.process, shell.name, wrong));
    else {
      this.foreground = [process];
      status = await shell.ownBuiltin(argv[0]!)!({ shell, process, argv, context });
    }
    this.foreground = [];
    if (process.status === undefined) await shell.call('close', process.exit(status));
    shell.checkInterrupt();
    return status;
  }

  private async spawn(elements: readonly Element[], context: CommandContext): Promise<number> {
    const { shell } = this;
    const state = elements.some(({ tree }) => tree !== undefined) ? shell.snapshot(context, elements[0]!.declarations) : undefined;
    const statuses = await shell.call(elements[0]!.argv[0] ?? 'subshell', this.pipeline(elements, context, state));
    this.foreground = [];
    shell.checkInterrupt();
    const pipefail = context.env.get('SHELLOPTS')?.includes('pipefail');
    const failed = pipefail ? statuses.findLast((status) => status !== 0) : undefined;
    return failed ?? statuses.at(-1)!;
  }

  private *pipeline(elements: readonly Element[], context: CommandContext, state: ShellState | undefined): KernelCode<readonly number[]> {
    const { shell } = this;
    const processes: Process[] = [];
    let input: ReturnType<typeof makePipe>[0] | undefined;
    for (const [index, element] of elements.entries()) {
      const last = index === elements.length - 1;
      const process = this.process(element, context, last && this.lendPid);
      if (input) yield* put(process, input, 0);
      input = undefined;
      if (!last) {
        const [reader, writer] = makePipe();
        input = reader;
        yield* put(process, writer, 1);
        if (element.stderrToo) yield* process.dup2(1, 2);
      }
      processes.push(process);
      const argv = element.tree === undefined ? element.argv : ['bash'];
      process.start(withRedirections(element.ops, shell.name, this.programFor(element, state, process)), argv);
    }
    this.foreground = processes;
    const { interrupted } = shell;
    if (interrupted !== undefined) this.kill(interrupted);
    const statuses: number[] = [];
    for (const process of processes) statuses.push(yield* ended(process));
    const { killedBy } = processes.at(-1)!;
    if (shell.interactive && killedBy !== undefined && SIGNAL_TEXTS[killedBy])
      yield* writeAll(shell.process, 2, new TextEncoder().encode(`${signalText(killedBy)}\n`));
    return statuses;
  }

  private process({ argv, assignments }: Element, context: CommandContext, lendPid: boolean): Process {
    const { shell } = this;
    const name = argv[0] ?? 'bash';
    const process = shell.fork(name, context, lendPid ? shell.process.pid : undefined);
    for (const [key, value] of assignments) process.env.set(key, value);
    shellNames.set(process, shell.name);
    return process;
  }

  /** The program that `element` names; one that says what is wrong when there is none. */
  private programFor(element: Element, state: ShellState | undefined, process?: Process): Program {
    if (element.tree !== undefined) return this.subshell(process!, this.shell.land.fetch(element.tree).statements, state!);
    return this.lookUp(element.argv[0] ?? '');
  }

  /** Finds what a name or a path runs. */
  lookUp(name: string): Program {
    const { land } = this.shell;
    const known = land.programs.get(name) ?? (land.filters.has(name) ? this.filter() : undefined);
    if (known) return known;
    const complain = (text: string, status: number): Program =>
      function* (process) {
        yield* complainShell(process, shellNames.get(process) ?? 'bash', `${name}: ${text}`);
        return status;
      };
    if (!name.includes('/')) return complain('command not found', 127);
    return (process, argv) => {
      const standard = PROGRAM_PATH.exec(name)?.[1];
      const program =
        standard === undefined ? undefined : (land.programs.get(standard) ?? (land.filters.has(standard) ? this.filter() : undefined));
      if (program) return program(process, [standard!, ...argv.slice(1)]);
      const node = process.stat(name);
      if (typeof node === 'number') return complain(strerror(node), 127)(process, argv);
      if (node instanceof DirectoryNode) return complain('Is a directory', 126)(process, argv);
      if ((node.mode & 0o111) === 0) return complain('Permission denied', 126)(process, argv);
      return this.script(process, argv, complain);
    };
  }

  private *script(process: Process, argv: readonly string[], complain: (text: string, status: number) => Program): KernelCode<number> {
    const content = yield* readFile(process, argv[0]!);
    if (typeof content === 'number') return yield* complain(strerror(content), 126)(process, argv);
    if (content[0] === 0x7f || content.subarray(0, 80).includes(0))
      return yield* complain('cannot execute binary file: Exec format error', 126)(process, argv);
    return yield* this.shell.land.programs.get('bash')!(process, ['bash', ...argv]);
  }

  /** A command of just-bash's: all of its input first, unless that is a terminal; then its output. */
  private filter(): Program {
    const { shell } = this;
    return function* (process, argv) {
      let stdin = '';
      if (!(yield* isTerminal(process, 0))) {
        const input = yield* readAll(process, 0);
        if (typeof input === 'number')
          return yield* complain(process, argv[0]!, input === ERRNO.ENOMEM ? 'memory exhausted' : strerror(input), 2);
        stdin = latin1(input);
      }
      const run = (flow: Flow): Promise<number> => {
        const variables = new Map([...process.env, ['IFS', ' \t\n']]);
        const state = { variables, exported: new Set(process.env.keys()), functions: new Map(), status: 0, arrays: '' };
        return shell.child({ process, flow, state, name: argv[0]! }).runFilter(argv, stdin);
      };
      return yield* hostProgram(shell.land, process, run);
    };
  }
}

/** Runs `program` once the redirections are made; bash's words and status 1 when one fails. */
function withRedirections(ops: readonly RedirectionOp[], shellName: string, program: Program): Program {
  if (ops.length === 0) return program;
  return function* (process, argv) {
    const wrong = yield* redirect(process, ops);
    if (wrong !== undefined) {
      yield* complainShell(process, shellName, wrong);
      return 1;
    }
    return yield* program(process, argv);
  };
}

function* complainShell(process: Process, name: string, text: string): KernelCode {
  yield* writeAll(process, 2, new TextEncoder().encode(`${name}: ${text}\n`));
}

/** Sleeps until `process` has ended; its status. A signal does not end this wait: it goes to the process. */
export function* ended(process: Process): KernelCode<number> {
  while (process.status === undefined) yield { queue: process.ended };
  return process.status;
}

/** Words with marks between them. */
function parse(args: readonly string[]): Element[] {
  const fresh = (): Element => ({ argv: [], ops: [], assignments: [], stderrToo: false });
  const elements = [fresh()];
  let redirection: { operator: string; at: string; words: string[] } | undefined;
  let expected: 'tree' | 'assignment' | 'declarations' | undefined;
  for (const word of args) {
    const element = elements.at(-1)!;
    if (!word.startsWith(MARK)) {
      if (redirection) redirection.words.push(word);
      else if (expected === 'tree') element.tree = word;
      else if (expected === 'declarations') elements[0]!.declarations = word;
      else if (expected === 'assignment') {
        const at = word.indexOf('=');
        element.assignments.push([word.slice(0, at), word.slice(at + 1)]);
      } else element.argv.push(word);
      expected = undefined;
      continue;
    }
    redirection = undefined;
    const text = word.slice(1);
    if (text === '|' || text === '|&') {
      element.stderrToo = text === '|&';
      elements.push(fresh());
    } else if (text === '(') expected = 'tree';
    else if (text === '=') expected = 'assignment';
    else if (text === '[') expected = 'declarations';
    else if (text !== ';') {
      const comma = text.indexOf(',');
      redirection = { operator: text.slice(0, comma), at: text.slice(comma + 1), words: [] };
      element.ops.push(redirection);
    }
  }
  return elements;
}
