/**
 * One shell: a process of the modelled Linux whose language is just-bash and whose input, output, programs, pipes and jobs are the kernel's.
 *
 * All statements of a shell are one execution of just-bash over a list that grows as lines are read, so that its state (variables,
 * functions, options) stays. Subshells, substitutions and background jobs are shells of their own, forked with that state, each in a
 * flow of its own (linux/user-space.ts): virtual time goes on only while every one of them waits.
 */
import type { Kernel, KernelCode } from '../linux/kernel.ts';
import { Process, SIGNAL } from '../linux/process.ts';
import type { Flow } from '../linux/user-space.ts';
import { type Builtin, OWN_BUILTINS } from './builtins.ts';
import { dateAt } from './clock.ts';
import { Execution } from './execution.ts';
import { ShellFileSystem } from './file-system.ts';
import { JobTable } from './jobs.ts';
import type { Bash, CommandContext, CommandResult, CustomCommand } from './just-bash.ts';
import { KeptTrees } from './kept-trees.ts';
import { type RedirectionOp, redirect, restore, type Saved, save, shareFiles } from './redirect.ts';
import { type CompoundCommand, command, type SimpleCommand, type Statement, single, variable } from './syntax.ts';
import { DECLARATIONS, type Kept, type Names, SHELL_STREAM, Transformer } from './transform.ts';
import { FOR_EVER, type UserLand } from './user-land.ts';

/** What a fork copies. */
export interface ShellState {
  readonly variables: ReadonlyMap<string, string>;
  readonly exported: ReadonlySet<string>;
  readonly functions: ReadonlyMap<string, CompoundCommand>;
  readonly status: number;
  /** `declare -a` and `declare -A` lines. */
  readonly arrays: string;
}

/** What a shell is made of. */
export interface ShellOptions {
  readonly land: UserLand;
  readonly process: Process;
  readonly flow: Flow;
  /** Before the text of an error: `-bash` of a login shell, `bash` or a script's name of others. */
  readonly name: string;
  readonly state?: ShellState;
  /** Keeps jobs and says what becomes of them, survives errors, expands aliases. */
  readonly interactive?: boolean;
}

/** Gives the statements of the next command line; undefined at the end of the input. */
export type NextLine = () => Promise<readonly Statement[] | undefined>;

/** just-bash ends nothing on its own: limits of virtual and host time are the machine's. */
const LIMITS: Record<string, number> = Object.fromEntries(
  [
    'maxCommandCount',
    'maxLoopIterations',
    'maxWorkUnits',
    'maxTraversalWork',
    'maxOutputSize',
    'maxInputBytes',
    'maxLiveBytes',
    'maxGlobOperations',
  ].map((name) => [name, Number.MAX_SAFE_INTEGER]),
);
/** Loops of awk, sed and jq give the host no turn, so that nobody could end them. */
const LOOP_LIMITS = { maxAwkIterations: 1e7, maxSedIterations: 1e7, maxJqIterations: 1e7 };
/** Functions that call themselves without end take the host's memory. */
const DEPTH_LIMITS = { maxCallDepth: 1000 };
/** No timers of the host. */
const TIME_LIMITS = { maxExecutionTimeMs: Number.POSITIVE_INFINITY, maxExtensionCleanupTimeMs: Number.POSITIVE_INFINITY };

/** The text that is executed to execute the list of statements. */
const MAIN = '__main';
const NEXT = single(command('__next', [variable('?')]));
const SAVE = single(command('__save', [variable('?')]));
const SAVE_ARRAYS = single(command('__save', [variable('?'), DECLARATIONS]));
const EMPTY: CommandResult = { stdout: '', stderr: '', exitCode: 0 };

export class Shell implements Names {
  readonly land: UserLand;
  readonly process: Process;
  /** Changes when host code lets virtual time go on without the shell for a while. */
  flow: Flow;
  readonly name: string;
  readonly interactive: boolean;
  readonly jobs: JobTable;
  readonly execution: Execution;
  /** Lines that `history` shows. */
  history: readonly string[] = [];
  /** Of the last command. */
  status = 0;
  /** Ended by `exit`, or by the end of its input. */
  exiting = false;
  /** Why no call works any more: the machine has ended. */
  failure: unknown;
  /** Code of `trap ... EXIT`. */
  readonly traps = new Map<string, string>();
  arraysInUse: boolean;
  private readonly bash: Bash;
  private readonly functions = new Map<string, CompoundCommand>();
  private readonly aliases = new Map<string, string>();
  private readonly trees: KeptTrees;
  private readonly scopes: Saved[] = [];
  private readonly queue: Statement[] = [];
  private next: NextLine = async () => undefined;
  private variables: ReadonlyMap<string, string>;
  private exported: ReadonlySet<string>;
  private arrays: string;
  private abort = new AbortController();
  private interruptedBy: number | undefined;
  private timeStart = 0;
  private readonly started: number;
  /** `$?` is that of the arrays' declarations, not that of the last command. */
  private statusLost = false;
  /** `__save` was executed. */
  private saved = false;
  /** `__next` was executed. */
  private asked = false;

  constructor(options: ShellOptions) {
    const { land, process, flow, name, state, interactive = false } = options;
    this.land = land;
    this.process = process;
    this.flow = flow;
    this.name = name;
    this.interactive = interactive;
    this.started = land.kernel.now;
    this.trees = new KeptTrees(land);
    this.jobs = new JobTable(this);
    this.execution = new Execution(this);
    this.variables = state?.variables ?? initialVariables(land.hostName, land.kernel.machine);
    this.exported = state?.exported ?? new Set(['HOME', 'PATH', 'PWD', 'SHELL', 'TERM', 'USER', 'LOGNAME', 'HOSTNAME', 'LANG']);
    this.arrays = state?.arrays ?? '';
    this.arraysInUse = this.arrays !== '';
    this.status = state?.status ?? 0;
    for (const [key, node] of state?.functions ?? []) this.functions.set(key, node);
    for (const [key, value] of this.variables) if (key.startsWith('BASH_ALIAS_')) this.aliases.set(key.slice('BASH_ALIAS_'.length), value);
    this.bash = this.createBash();
    // What just-bash would make when it is first needed, and forget at the end of a line.
    Object.assign(this.bash.state, {
      directoryStack: [],
      integerVars: new Set(),
      lowercaseVars: new Set(),
      uppercaseVars: new Set(),
      namerefs: new Set(),
    });
  }

  /** Virtual time goes on until `code` has run in the shell's process. */
  call<T>(name: string, code: KernelCode<T>): Promise<T> {
    if (this.land.closed) return new Promise(() => {});
    const call = this.flow.call(name, code, { ...FOR_EVER, process: this.process });
    // The machine has ended: nothing that the shell could still do would happen.
    call.catch((error: unknown) => {
      this.failure ??= error;
      this.abort.abort();
    });
    return call;
  }

  date(ns: number): Date {
    return dateAt(ns);
  }

  /** Writes to a descriptor of the shell. */
  async write(fd: number, text: string): Promise<void> {
    if (text === '') return;
    const { process } = this;
    await this.call(
      'write',
      (function* (): KernelCode {
        yield* process.write(fd, new TextEncoder().encode(text));
      })(),
    );
  }

  /** Makes a file. */
  writeFile(path: string, content: Uint8Array): Promise<void> {
    return new ShellFileSystem(this).writeFile(path, content);
  }

  /** Says what is wrong, as bash does. */
  complain(text: string): Promise<void> {
    return this.write(2, `${this.name}: ${text}\n`);
  }

  /** What just-bash's builtins print, with this shell's name before errors. */
  streamText(fd: number, text: string): string {
    if (fd !== 2) return text;
    return withoutOwnTrace(text)
      .replace(/: command not available in browser environments.*$/gm, ': command not found')
      .replace(/: maximum recursion depth \((\d+)\) exceeded.*$/gm, ': maximum function nesting level exceeded ($1)')
      .replace(/^bash: /gm, `${this.name}: `);
  }

  isProgram(name: string): boolean {
    return this.land.isProgram(name);
  }

  isOwnBuiltin(name: string): boolean {
    return OWN_BUILTINS.has(name);
  }

  ownBuiltin(name: string): Builtin | undefined {
    return OWN_BUILTINS.get(name);
  }

  isFunction(name: string): boolean {
    return this.functions.has(name);
  }

  keep(tree: Kept, lasting: boolean): string {
    return this.trees.keep(tree, lasting);
  }

  alias(name: string): SimpleCommand | undefined {
    const text = this.interactive ? this.aliases.get(name) : undefined;
    if (text === undefined) return undefined;
    const parsed = this.land.parse(text);
    const only = parsed.kind === 'ok' && parsed.statements.length === 1 ? parsed.statements[0]!.pipelines : [];
    const node = only.length === 1 && only[0]!.commands.length === 1 ? only[0]!.commands[0]! : undefined;
    return node?.type === 'SimpleCommand' && node.name ? node : undefined;
  }

  /** Executes lines until there are no more, or the shell exits; its status. */
  async run(next: NextLine): Promise<number> {
    this.next = next;
    try {
      do {
        await this.executeMain();
      } while (!this.exiting && this.interactive && this.failure === undefined);
      if (this.failure !== undefined) throw this.failure;
      await this.runTrap('EXIT');
      this.execution.removeSubstitutions();
    } finally {
      this.trees.end();
    }
    return this.status;
  }

  /** Executes statements and ends. */
  runStatements(statements: readonly Statement[]): Promise<number> {
    let given = false;
    return this.run(async () => {
      if (given) return undefined;
      given = true;
      return statements;
    });
  }

  /** Executes one of just-bash's commands as it is, with `stdin`, one character per byte. */
  async runFilter(argv: readonly string[], stdin: string): Promise<number> {
    const redirections = [1, 2].map(
      (fd) =>
        ({
          type: 'Redirection',
          fd,
          operator: '>|',
          target: { type: 'Word', parts: [{ type: 'SingleQuoted', value: SHELL_STREAM + fd }] },
        }) as const,
    );
    const args = argv.slice(1).map((value) => ({ type: 'Word', parts: [{ type: 'SingleQuoted', value }] }) as const);
    this.queue.push(single({ ...command(argv[0]!, args), redirections }));
    this.exiting = true;
    const result = await this.bash.exec(MAIN, { rawScript: true, signal: this.abort.signal, stdin, stdinKind: 'bytes' } as never);
    await this.write(1, result.stdout);
    await this.write(2, this.streamText(2, result.stderr));
    return result.exitCode;
  }

  /** SIGINT or SIGTERM to what runs in the foreground; the rest of the line is not executed. */
  interrupt(signal: number = SIGNAL.INT): void {
    this.interruptedBy = signal;
    this.execution.kill(signal);
    this.execution.interruptChild(signal);
  }

  /** Before and after a command: was it ended by `interrupt`? */
  checkInterrupt(): boolean {
    if (this.interruptedBy === undefined) return false;
    this.abort.abort();
    return true;
  }

  /** The signal of `interrupt`, for what is only about to start. */
  get interrupted(): number | undefined {
    return this.interruptedBy;
  }

  /** Copies the state for a fork. */
  snapshot(context: CommandContext, declarations = ''): ShellState {
    return {
      variables: copyVariables(context),
      exported: new Set([...this.exported, ...Object.keys(context.exportedEnv ?? {})]),
      functions: this.functions,
      status: Number(context.env.get('?') ?? this.status),
      arrays: arrayLines(declarations),
    };
  }

  /** A shell on `process`, which was forked from this one. */
  child(options: { process: Process; flow: Flow; state: ShellState; name?: string }): Shell {
    const child = new Shell({ land: this.land, name: this.name, ...options });
    child.history = this.history;
    child.jobs.show(this.jobs.list);
    return child;
  }

  /** A process of this shell, with its files; `pid` where it takes over the number of another. */
  fork(name: string, context: Pick<CommandContext, 'cwd' | 'exportedEnv'>, pid?: number): Process {
    const env = new Map(Object.entries(context.exportedEnv ?? {}));
    const child = new Process(this.land.kernel, { name, cwd: context.cwd, env, ...(pid === undefined ? {} : { pid }) });
    child.umask = this.process.umask;
    shareFiles(this.process, child);
    return child;
  }

  /** Code that is read while it is executed: `eval`, `source`. */
  transform(statements: readonly Statement[]): Statement[] {
    return new Transformer(this).statements(statements);
  }

  private async executeMain(): Promise<void> {
    this.abort = new AbortController();
    this.asked = false;
    this.seed();
    const result = await this.bash.exec(MAIN, { rawScript: true, signal: this.abort.signal });
    if (this.failure !== undefined) return;
    await this.unwind(this.scopes.length);
    await this.write(1, result.stdout);
    if (this.interruptedBy !== undefined) this.status = 128 + (this.interruptedBy as number);
    else if (!this.saved) this.status = result.exitCode;
    if (this.interruptedBy === undefined) await this.write(2, this.streamText(2, result.stderr));
    this.queue.length = 0;
    // With `set -e`, an execution that was not saved has ended the shell.
    if (!this.interactive || (!this.saved && result.env?.['SHELLOPTS']?.includes('errexit') && this.status !== 0)) this.exiting = true;
    this.saved = false;
  }

  private async runTrap(name: string): Promise<void> {
    const code = this.traps.get(name);
    if (code === undefined) return;
    this.traps.delete(name);
    const parsed = this.land.parse(code);
    const { status } = this;
    if (parsed.kind === 'ok') {
      this.queue.push(...this.transform(parsed.statements));
      this.exiting = true;
      await this.executeMain();
    }
    this.status = status;
  }

  private *program(): Generator<Statement> {
    for (;;) {
      const statement = this.queue.shift();
      if (statement) yield statement;
      else if (this.exiting) return;
      else if (this.interactive && this.asked) {
        // One execution for each line: what just-bash has to say of errors in expansions, it says at the end of an execution.
        yield this.arraysInUse ? SAVE_ARRAYS : SAVE;
        return;
      } else {
        this.asked = false;
        yield NEXT;
        if (!this.asked) throw new Error('just-bash did not execute __next');
      }
    }
  }

  private createBash(): Bash {
    const { land, process } = this;
    const bash = new land.justBash.Bash({
      fs: new ShellFileSystem(this),
      cwd: process.cwd,
      env: {},
      // Beside the filters, what changes the shell's state; all else is ours or not there.
      commands: [...land.filters, 'alias', 'unalias', 'printf'],
      customCommands: this.commands(),
      executionLimits: { ...LIMITS, ...LOOP_LIMITS, ...DEPTH_LIMITS, ...TIME_LIMITS },
      defenseInDepth: false,
      processInfo: { pid: process.pid, ppid: 1, uid: 0, gid: 0 },
      sleep: async () => {},
    });
    bash.registerTransformPlugin({
      name: 'imx-sim',
      transform: ({ ast }) => {
        const statements = [...ast.statements];
        const main = statements.length === 1 && statements[0]!.sourceText === MAIN;
        return { ast: { type: 'Script', statements: main ? { [Symbol.iterator]: () => this.program() } : this.transform(statements) } };
      },
    });
    return bash;
  }

  /** Gives just-bash the state that the last execution left, or that of the shell which forked this one. */
  private seed(): void {
    const { state } = this.bash;
    for (const [name, value] of this.variables) state.env.set(name, value);
    state.env.set('PWD', this.process.cwd);
    state.cwd = this.process.cwd;
    state.previousDir = this.variables.get('OLDPWD') ?? this.process.cwd;
    state.lastExitCode = this.status;
    state.exportedVars.clear();
    for (const name of this.exported) state.exportedVars.add(name);
    for (const [name, node] of this.functions) state.functions.set(name, node);
    for (const [variableName, options] of [
      ['SHELLOPTS', state.options],
      ['BASHOPTS', state.shoptOptions],
    ] as const) {
      const on = new Set((this.variables.get(variableName) ?? '').split(':'));
      if (this.variables.has(variableName)) for (const name of Object.keys(options)) options[name] = on.has(name);
    }
    state.shoptOptions['expand_aliases'] = this.interactive;
    if (this.arrays !== '') {
      const parsed = this.land.parse(this.arrays);
      if (parsed.kind === 'ok') this.queue.unshift(...parsed.statements);
      this.statusLost = parsed.kind === 'ok';
    }
  }

  /** The commands that the transformed tree names. */
  private commands(): CustomCommand[] {
    const make = (name: string, execute: CustomCommand['execute']): CustomCommand => ({ name, trusted: true, execute });
    const status =
      (code: (args: string[], context: CommandContext) => Promise<number> | number) => async (args: string[], context: CommandContext) => ({
        ...EMPTY,
        exitCode: await code(args, context),
      });
    const value = (of: () => number) => async () => ({ ...EMPTY, stdout: String(of()) });
    const own: Record<string, (args: string[], context: CommandContext) => Promise<number> | number> = {
      __next: (args, context) => this.readNext(Number(args[0] ?? 0), context),
      __save: (args, context) => this.save(args, context),
      __run: (args, context) => this.execution.run(args, context),
      __push: (args, context) => this.push(args, context),
      __pop: (args) => this.pop(args),
      __tick: () => this.tick(),
      __background: (args, context) => this.jobs.start(this.land.fetch(args[0]!), context, args[1]),
      __function: ([name, id]) => this.define(name!, id!),
      __is_program: ([name]) => (this.isKnown(name ?? '') ? 0 : 1),
      __read_code: (args, context) => this.readCode(args, context),
      __time: (args) => this.time(args),
    };
    return [
      ...Object.entries(own).map(([name, code]) => make(name, status(code))),
      make('__substitute', (args, context) => this.execution.substitute(args, context)),
      make('__process_substitution', (args, context) => this.execution.processSubstitution(args, context)),
      make(
        '__random',
        value(() => this.land.random()),
      ),
      make(
        '__seconds',
        value(() => Math.floor((this.land.kernel.now - this.started) / 1e9)),
      ),
      make(
        '__epoch',
        value(() => Math.floor(dateAt(this.land.kernel.now).getTime() / 1000)),
      ),
      ...[...this.land.programs.keys()].map((name) => make(name, (args, context) => this.execution.runCaptured([name, ...args], context))),
    ];
  }

  private isKnown(name: string): boolean {
    return !this.functions.has(name) && (name.includes('/') || this.isProgram(name) || this.isOwnBuiltin(name));
  }

  /** Remembers the state, for the next execution and for forks. */
  private save([status, declarations]: readonly string[], context: CommandContext): number {
    this.saved = true;
    this.status = Number(status);
    this.variables = copyVariables(context);
    this.exported = new Set(Object.keys(context.exportedEnv ?? {}));
    this.process.cwd = context.cwd;
    if (declarations !== undefined) this.arrays = arrayLines(declarations);
    this.aliases.clear();
    for (const [key, value] of this.variables) if (key.startsWith('BASH_ALIAS_')) this.aliases.set(key.slice('BASH_ALIAS_'.length), value);
    // With `set -e`, a status that did not end the shell must not do so now.
    return this.variables.get('SHELLOPTS')?.includes('errexit') ? 0 : this.status;
  }

  private async readNext(status: number, context: CommandContext): Promise<number> {
    this.asked = true;
    const kept = this.save([String(this.statusLost ? this.status : status)], context);
    this.statusLost = false;
    this.saved = false;
    if (this.scopes.length > 0) await this.unwind(this.scopes.length);
    this.interruptedBy = undefined;
    this.trees.endLine();
    this.execution.removeSubstitutions();
    const before = this.status;
    const statements = await this.next();
    if (statements) this.queue.push(...this.transform(statements));
    else this.exiting = true;
    // Ctrl-C at the prompt and syntax errors have a status, too.
    return this.status === before || this.variables.get('SHELLOPTS')?.includes('errexit') ? kept : this.status;
  }

  private async push(args: readonly string[], context: CommandContext): Promise<number> {
    const { ops } = this.execution.redirections(args);
    const saved = save(this.process, ops);
    this.process.cwd = context.cwd;
    const wrong = await this.call(
      'redirect',
      redirect(this.process, ops, (name, value) => void context.assignShellVariable?.(name, value)),
    );
    if (wrong !== undefined) {
      await this.call('redirect', restore(this.process, saved));
      await this.complain(wrong);
      return 1;
    }
    this.scopes.push(saved);
    return 0;
  }

  private async pop([count, status, reason]: readonly string[]): Promise<number> {
    if (reason === 'exit') this.exiting = true;
    await this.unwind(Number(count));
    return Number(status ?? 0);
  }

  private async unwind(count: number): Promise<void> {
    for (let left = Math.min(count, this.scopes.length); left > 0; left--)
      await this.call('redirect', restore(this.process, this.scopes.pop()!));
  }

  private async tick(): Promise<number> {
    await this.call('loop', (function* (): KernelCode {})());
    this.checkInterrupt();
    return 0;
  }

  private define(name: string, id: string): number {
    const definition = this.land.fetch(id).statements[0]!.pipelines[0]!.commands[0] as CompoundCommand;
    this.functions.set(name, definition);
    return 0;
  }

  /** `eval` and `source`: parses the text and puts it into the group that is executed next. */
  private async readCode([kind, id, depth, ...args]: readonly string[], context: CommandContext): Promise<number> {
    let text = args.join(' ');
    if (kind !== 'eval') {
      const path = args[0];
      if (path === undefined) {
        await this.complain(`${kind}: filename argument required`);
        await this.write(2, `${kind}: usage: ${kind} filename [arguments]\n`);
        return 2;
      }
      this.process.cwd = context.cwd;
      try {
        text = await new ShellFileSystem(this).readFile(path);
      } catch (error) {
        const said = /^E\w+: ([^,]*)/.exec((error as Error).message)?.[1] ?? String(error);
        await this.complain(`${path}: ${said[0]!.toUpperCase()}${said.slice(1)}`);
        return 1;
      }
    }
    const parsed = this.land.parse(text);
    const holder = this.land.fetch(id!).statements[0]!.pipelines[0]!.commands[0] as { body?: readonly Statement[] };
    if (parsed.kind !== 'ok') {
      holder.body = [];
      await this.complain(
        `${kind === 'eval' ? 'eval' : args[0]}: line ${parsed.kind === 'error' ? parsed.line : text.split('\n').length}: ${parsed.message}`,
      );
      return 2;
    }
    const body = this.trees.refill(id!, Number(depth), () => this.transform(parsed.statements));
    holder.body = body.length > 0 ? body : [single(command('true'))];
    return 0;
  }

  private async time([which, status]: readonly string[]): Promise<number> {
    const { now } = this.land.kernel;
    if (which === 'start') {
      this.timeStart = now;
      return 0;
    }
    const seconds = (now - this.timeStart) / 1e9;
    const text = `${Math.floor(seconds / 60)}m${(seconds % 60).toFixed(3)}s`;
    await this.write(2, `\nreal\t${text}\nuser\t0m0.000s\nsys\t0m0.000s\n`);
    return Number(status ?? 0);
  }

  /** Redirections for good: `exec 3<>/dev/ttyRPMSG0`. */
  async redirectSelf(ops: readonly RedirectionOp[], context: CommandContext): Promise<number> {
    this.process.cwd = context.cwd;
    const wrong = await this.call(
      'redirect',
      redirect(this.process, ops, (name, value) => void context.assignShellVariable?.(name, value)),
    );
    if (wrong === undefined) return 0;
    await this.complain(wrong);
    if (!this.interactive) this.exiting = true;
    return 1;
  }

  /** Names of the variables as they were at the last prompt. */
  get variableNames(): Iterable<string> {
    return this.variables.keys();
  }

  /** Names of the functions that are defined. */
  get functionNames(): readonly string[] {
    return [...this.functions.keys()];
  }
}

function copyVariables({ env }: CommandContext): Map<string, string> {
  const copy = new Map<string, string>();
  env.forEach((value, name) => {
    copy.set(name, value);
  });
  return copy;
}

/** `set -x` in the user's words: without the commands that the transformation put in. */
function withoutOwnTrace(text: string): string {
  if (!text.includes('+ __')) return text;
  return text.replace(/^\++ __(?!run )\w+.*\n/gm, '').replace(/^(\++) __run (.*)$/gm, (_line, pluses: string, rest: string) => {
    const plain = rest.replace(/\$'\\x01[<>&][^']*' (?:'[^']*'|\S+) ?/g, '').replace(/\$'\\x01(\|&?)'/g, '$1');
    return `${pluses} ${plain.trimEnd()}`;
  });
}

/** The lines of `declare -p` that make arrays. */
function arrayLines(declarations: string): string {
  return declarations
    .split(/\n(?=declare )/)
    .filter((line) => /^declare -\w*[aA]/.test(line) && !/^declare -\w+ (?:BASH_\w+|DIRSTACK|FUNCNAME|GROUPS|PIPESTATUS)=/.test(line))
    .join('\n');
}

function initialVariables(hostName: string, hardware: Kernel['machine']): Map<string, string> {
  return new Map([
    ['HOME', '/root'],
    ['PATH', '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin'],
    ['SHELL', '/bin/bash'],
    ['TERM', 'linux'],
    ['USER', 'root'],
    ['LOGNAME', 'root'],
    ['LANG', 'C'],
    ['HOSTNAME', hostName],
    ...(hardware === 'aarch64'
      ? ([
          ['HOSTTYPE', 'aarch64'],
          ['MACHTYPE', 'aarch64-poky-linux-gnu'],
          ['OSTYPE', 'linux-gnu'],
        ] as const)
      : ([
          ['HOSTTYPE', 'arm'],
          ['MACHTYPE', 'arm-poky-linux-gnueabi'],
          ['OSTYPE', 'linux-gnueabi'],
        ] as const)),
    ['IFS', ' \t\n'],
    ['OPTIND', '1'],
  ]);
}
