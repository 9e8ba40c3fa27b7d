/**
 * Runs what hush-parser.ts read, as U-Boot's hush does: values of variables are split into words and their quotation marks mean something,
 * && and || of one line share one fate, results are 0 or 1.
 *
 * Every command takes virtual time, so a loop without end only ends the patience of whoever waits, never the host's.
 */
import type { KernelCode } from '../linux/kernel.ts';
import { type HushCommand, type HushList, literal, parseExpanded, parseHush, type Word } from './hush-parser.ts';

/** What the shell needs of the boot loader. */
export interface HushHost {
  /** Value in the environment. */
  lookup(name: string): string | undefined;
  /** `cmd_process`: the command's return code. */
  command(words: readonly string[]): KernelCode<number>;
  print(text: string): void;
  /** True once Ctrl-C was seen, or the boot loader has gone: everything ends. */
  readonly interrupted: boolean;
  /** Time for work that is none of the commands'. */
  spend(characters: number): KernelCode;
}

/** `exit` was executed. */
export const EXIT_HUSH = -2;
/** Characters of one command after its variables were replaced; U-Boot's malloc would fail at about as many. */
const LONGEST_COMMAND = 1 << 20;
/** Scripts within scripts (`run`); U-Boot's stack ends later, but it ends. */
const DEEPEST_RUN = 100;

/** One shell with its own variables and `$?`. */
export class Hush {
  /** Result of the last command, 0 or 1, or what `exit` was given. */
  lastCode = 0;
  private readonly host: HushHost;
  private readonly variables = new Map<string, string>([['HUSH_VERSION', '0.01']]);
  private depth = 0;

  constructor(host: HushHost) {
    this.host = host;
  }

  /** True while a text like this one could be completed by further lines. */
  incomplete(source: string): boolean {
    return parseHush(source).kind === 'incomplete';
  }

  /** Names of the variables that belong to the shell alone. */
  get localNames(): readonly string[] {
    return [...this.variables.keys()];
  }

  /** `run_command`: 0, or 1 when its last command failed; syntax errors are said. */
  *run(source: string): KernelCode<number> {
    const parsed = parseHush(source);
    yield* this.host.spend(source.length);
    if (parsed.kind !== 'list') {
      this.host.print('syntax error\n');
      this.lastCode = 1;
      return 1;
    }
    if (this.depth >= DEEPEST_RUN) return this.overflow();
    this.depth++;
    const code = yield* this.list(parsed.list);
    this.depth--;
    return code === EXIT_HUSH ? this.lastCode : code === 0 ? 0 : 1;
  }

  /** A script that runs itself: on a board, the stack runs into the heap and U-Boot dies. */
  private overflow(): number {
    this.host.print('imx-sim: scripts run each other more than 100 deep; a board would overwrite its memory here\n');
    return 1;
  }

  private *list(list: HushList): KernelCode<number> {
    let code = 0;
    let skipping = false;
    for (const { command, follow } of list) {
      if (this.host.interrupted) return 1;
      if (skipping) {
        // What hush once skips, it skips up to the next semicolon: `false && a || b` does not run b.
        if (follow === ';') skipping = false;
        continue;
      }
      code = yield* this.execute(command);
      if (code <= EXIT_HUSH) return EXIT_HUSH;
      this.lastCode = code === 0 ? 0 : 1;
      skipping = code === 0 ? follow === '||' : follow === '&&';
    }
    return code;
  }

  private *execute(command: HushCommand): KernelCode<number> {
    switch (command.kind) {
      case 'simple':
        return yield* this.simple(command.words);
      case 'if': {
        let code = 0;
        for (const { condition, body } of command.branches) {
          code = yield* this.list(condition);
          if (code <= EXIT_HUSH) return code;
          if (code === 0) return yield* this.list(body);
        }
        return command.otherwise ? yield* this.list(command.otherwise) : code;
      }
      case 'for':
        return yield* this.loopOver(command.variable, command.words, command.body);
      case 'while': {
        for (;;) {
          yield* this.host.spend(1);
          if (this.host.interrupted) return 1;
          const condition = yield* this.list(command.condition);
          // The result is the condition's, as it ran last.
          if (condition <= EXIT_HUSH || (condition === 0) === command.until) return condition;
          const code = yield* this.list(command.body);
          if (code <= EXIT_HUSH) return code;
        }
      }
    }
  }

  private *loopOver(variable: string, words: readonly Word[], body: HushList): KernelCode<number> {
    let code = 0;
    const values = words.flatMap((word) => this.expand(word).split(' ').filter(Boolean));
    for (const value of values) {
      yield* this.host.spend(1);
      if (this.host.interrupted) return 1;
      this.setLocal(variable, value);
      code = yield* this.list(body);
      if (code <= EXIT_HUSH) return code;
    }
    return code;
  }

  private *simple(words: readonly Word[]): KernelCode<number> {
    const assignments = words.findIndex((word) => !isAssignment(word));
    const count = assignments < 0 ? words.length : assignments;
    for (const word of words.slice(0, count)) this.assign(this.expand(word));
    const rest = words.slice(count);
    if (rest.length === 0) return 0;
    if (!rest.some(({ parts }) => parts.some((part) => 'variable' in part))) return yield* this.command(rest.map(literal));
    const text = rest.map((word) => (word.quoted ? `'${this.expand(word)}'` : this.expand(word))).join(' ');
    yield* this.host.spend(text.length);
    if (text.length > LONGEST_COMMAND) {
      this.host.print(`## Can't malloc ${text.length} bytes\n`);
      return 1;
    }
    const again = parseExpanded(text);
    if (!again) {
      this.host.print('syntax error\n');
      return this.lastCode;
    }
    const texts = again.map(literal);
    while (texts.length > 0 && ASSIGNMENT.test(texts[0]!)) this.assign(texts.shift()!);
    if (texts.length === 0) return 0;
    return yield* this.command(texts);
  }

  private *command(words: readonly string[]): KernelCode<number> {
    if (words[0]!.includes(';')) {
      this.host.print(`Unknown command '${words[0]}' - try 'help' or use 'run' command\n`);
      return -1;
    }
    const code = yield* this.host.command(words);
    if (code <= EXIT_HUSH) this.lastCode = -code - 2;
    return code;
  }

  /** The word with its variables replaced; newlines become blanks. */
  private expand({ parts }: Word): string {
    if (!parts.some((part) => 'variable' in part)) return parts.map((part) => ('text' in part ? part.text : '')).join('');
    let text = '';
    for (const part of parts) {
      text += 'text' in part ? part.text : (this.value(part.variable) ?? '');
      if (text.length > LONGEST_COMMAND) break;
    }
    return text.replaceAll('\n', ' ');
  }

  /** `lookup_param`: the environment first, then the shell's own; `:-`, `:=` and `:+` as in sh. */
  private value(inside: string): string | undefined {
    if (inside === '$?') return String(this.lastCode);
    const match = /^([^:]*):(.)?(.*)$/s.exec(inside);
    const name = match ? match[1]! : inside;
    const value = this.host.lookup(name) ?? this.variables.get(name);
    const [operator, word] = match ? [match[2], match[3]!] : [];
    if (!value) {
      if (operator === '=') this.setLocal(name, word!);
      return operator === '-' || operator === '=' ? word : undefined;
    }
    return operator === '+' ? '' : value;
  }

  private assign(text: string): void {
    const at = text.indexOf('=');
    this.setLocal(text.slice(0, at), text.slice(at + 1));
  }

  /** `set_local_var`: an empty value, or a name that does not begin with a letter, is not taken. */
  private setLocal(name: string, value: string): void {
    if (!/^[A-Za-z]/.test(name) || value === '') return;
    if (name === 'HUSH_VERSION') this.host.print(`${name}: readonly variable`);
    else this.variables.set(name, value);
  }
}

const ASSIGNMENT = /^[A-Za-z][A-Za-z0-9_]*=/;

function isAssignment({ parts }: Word): boolean {
  const [first] = parts;
  return first !== undefined && 'text' in first && ASSIGNMENT.test(first.text);
}
