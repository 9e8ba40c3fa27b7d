/**
 * just-bash as this project uses it: the constructor, `exec`, `transform`, transform plugins, commands; and re2js; loaded when the first shell starts.
 *
 * The bundle is dist/vendor/just-bash.js (`#just-bash` of package.json). `state` is private there and seeded here when a shell is forked, so the
 * version is pinned and test/shell/just-bash.test.ts holds what is relied on.
 */
import type { Script, Statement } from './syntax.ts';

/** What a command gives back; `stdoutKind` 'bytes': one character per byte. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
  readonly stdoutKind?: 'text' | 'bytes';
  /** All variables, after `exec`. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What a command is given. */
export interface CommandContext {
  readonly cwd: string;
  /** All variables, positional ones and `?` among them. */
  readonly env: Map<string, string>;
  readonly exportedEnv?: Readonly<Record<string, string>>;
  /** One character per byte. */
  readonly stdin: string;
  readonly assignShellVariable?: (name: string, value: string, subscript?: string) => void | Promise<void>;
  readonly origCommand?: (args: string[]) => Promise<CommandResult>;
  readonly exec?: (
    script: string,
    options: { cwd: string; stdin?: string; stdinKind?: 'bytes'; env?: Record<string, string> },
  ) => Promise<CommandResult>;
}

/** A command that scripts can name. */
export interface CustomCommand {
  readonly name: string;
  readonly trusted?: boolean;
  execute(args: string[], context: CommandContext): Promise<CommandResult>;
}

export interface BashOptions {
  readonly fs: unknown;
  readonly cwd: string;
  readonly env: Record<string, string>;
  readonly customCommands: readonly CustomCommand[];
  readonly commands?: readonly string[];
  readonly executionLimits: Record<string, number>;
  readonly defenseInDepth: false;
  readonly processInfo: { pid: number; ppid: number; uid: number; gid: number };
  readonly sleep: (ms: number) => Promise<void>;
}

/** The parts of the interpreter's state that a fork copies. */
export interface BashState {
  readonly env: Map<string, string>;
  readonly exportedVars: Set<string>;
  readonly functions: Map<string, unknown>;
  readonly options: Record<string, boolean>;
  readonly shoptOptions: Record<string, boolean>;
  lastExitCode: number;
  cwd: string;
  previousDir: string;
}

export interface Bash {
  readonly state: BashState;
  exec(text: string, options?: { rawScript?: boolean; signal?: AbortSignal; args?: string[] }): Promise<CommandResult>;
  transform(text: string): { readonly ast: Script };
  registerTransformPlugin(plugin: { name: string; transform(context: { ast: Script }): { ast: Script } }): void;
}

/** re2js: regular expressions in linear time. */
export interface Re2 {
  readonly CASE_INSENSITIVE: number;
  readonly LONGEST_MATCH: number;
  compile(source: string, flags: number): { matcher(text: string): Re2Matcher };
}

interface Re2Matcher {
  /** Looks for a match from a place on. */
  find(from?: number): boolean;
  start(group: number): number;
  end(group: number): number;
}

export interface JustBash {
  readonly RE2JS: Re2;
  readonly Bash: new (options: BashOptions) => Bash;
  getCommandNames(): readonly string[];
}

let loading: Promise<JustBash> | undefined;

/** The language, loaded once. */
export function loadJustBash(): Promise<JustBash> {
  loading ??= import('#just-bash').then((module) => module as unknown as JustBash);
  return loading;
}

/** A parser of lines: text to statements, or what is wrong with it. */
export type ParseResult =
  | { readonly kind: 'ok'; readonly statements: readonly Statement[] }
  /** More lines may complete it. */
  | { readonly kind: 'incomplete'; readonly message: string }
  /** `message` as bash words it, without its name; `line` counts from 1. */
  | { readonly kind: 'error'; readonly message: string; readonly line: number };
