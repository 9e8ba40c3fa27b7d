/**
 * Turns what just-bash parsed into what it shall execute: it keeps the language (expansion, conditions, loops, functions, variables), and
 * everything that reads, writes, runs programs or forks becomes a call of the shell's own commands.
 *
 * A pipeline becomes one `__run` whose arguments are the original words, so that just-bash expands them, with marks between them for pipes
 * and redirections. Subshells, substitutions and background jobs become references (`ids`) to the original tree, which another shell
 * transforms and executes. Redirections of loops and groups become `__push` ... `__pop` around them.
 */
import {
  type Assignment,
  type Command,
  type CompoundCommand,
  command,
  group,
  type HereDoc,
  literal,
  type Pipeline,
  pipeline,
  type Redirection,
  type Script,
  type SimpleCommand,
  type Statement,
  type SyntaxNode,
  single,
  statement,
  staticText,
  variable,
  type Word,
  type WordPart,
} from './syntax.ts';

/** First character of a mark between the words of `__run` and `__push`; what follows says which. */
export const MARK = '\u0001';
/** Name of the variable that stands for `$!`. */
export const LAST_BACKGROUND = '__last_background';
/** Files to which just-bash writes what its own builtins print. */
export const SHELL_STREAM = `/${MARK}/`;

/** What the shell knows about names. */
export interface Names {
  /** Runs as a process of its own. */
  isProgram(name: string): boolean;
  /** Is a builtin of the shell that `__run` executes. */
  isOwnBuiltin(name: string): boolean;
  isFunction(name: string): boolean;
  /** The text of an alias, where aliases are expanded. */
  alias(name: string): SimpleCommand | undefined;
  /** A variable of the shell is an array: forks are given them all. */
  arraysInUse: boolean;
  /** Keeps a tree for a shell that shall execute it later; `lasting` where a function's body names it. */
  keep(tree: Kept, lasting: boolean): string;
}

/** A tree that another shell executes, with its text for `jobs`. */
export interface Kept {
  readonly statements: readonly Statement[];
  readonly text: string;
}

/** just-bash's builtins that print nothing when all is well and are called often. */
const SILENT = new Set([':', 'true', 'false']);
const CONTROL = new Set(['break', 'continue', 'return', 'exit']);

/** Where in the tree the transformation is. */
interface Place {
  /** Redirections of compound commands that are in force since the function or shell began. */
  readonly scopes: number;
  /** `scopes` at each enclosing loop, innermost last. */
  readonly loops: readonly number[];
}

const TOP: Place = { scopes: 0, loops: [] };

/** One transformation of one piece of text; functions that it defines are known throughout. */
export class Transformer {
  private readonly names: Names;
  private readonly defined = new Set<string>();
  private functionDepth = 0;

  constructor(names: Names) {
    this.names = names;
  }

  statements(list: readonly Statement[]): Statement[] {
    this.collectFunctions(list);
    return list.map((each) => this.statement(each, TOP));
  }

  private collectFunctions(node: unknown): void {
    if (Array.isArray(node)) for (const each of node) this.collectFunctions(each);
    else if (node !== null && typeof node === 'object' && makesArray(node as SyntaxNode)) {
      this.names.arraysInUse = true;
      this.collectFunctions(Object.values(node));
    } else if (node !== null && typeof node === 'object') {
      const { type, name } = node as CompoundCommand;
      if (type === 'FunctionDef' && name !== undefined) this.defined.add(name);
      this.collectFunctions(Object.values(node));
    }
  }

  private isFunction(name: string): boolean {
    return this.defined.has(name) || this.names.isFunction(name);
  }

  private body(list: readonly Statement[], place: Place): Statement[] {
    return list.map((each) => this.statement(each, place));
  }

  private statement(node: Statement, place: Place): Statement {
    if (node.background) {
      const text = (node.sourceText ?? '').replace(/\s*&\s*$/, '');
      const id = this.keep([{ ...node, background: false }], text);
      return single(command('__background', [literal(id), ...this.arrays()]));
    }
    return { ...node, pipelines: node.pipelines.map((each) => this.pipeline(each, place)) };
  }

  private pipeline(node: Pipeline, place: Place): Pipeline {
    const { commands, negated, timed } = node;
    const inner = commands.length === 1 ? this.command(commands[0]!, place) : this.run(node);
    if (!timed) return { type: 'Pipeline', commands: [inner], negated, timed: false };
    const timedGroup = group([
      single(command('__time', [literal('start')])),
      single(inner),
      single(command('__time', [literal('end'), variable('?')])),
    ]);
    return pipeline([timedGroup], negated);
  }

  /** A pipeline as one command; what is no program in it runs in a shell of its own. */
  private run({ commands, pipeStderr }: Pipeline): SimpleCommand {
    const words: Word[] = [];
    for (const [index, node] of commands.entries()) {
      if (index > 0) words.push(mark(pipeStderr?.[index - 1] ? '|&' : '|'));
      const unaliased = node.type === 'SimpleCommand' ? this.unalias(node) : node;
      if (unaliased.type === 'SimpleCommand' && this.isPlainProgram(unaliased)) words.push(...this.programWords(unaliased, true));
      else words.push(mark('('), literal(this.keep([single(unaliased)])));
    }
    return command('__run', [...words, ...this.arrayWords()], [], commands[0]?.line);
  }

  /** What a fork is told of arrays, which commands of ours cannot see: the output of `declare -p`. */
  private arrays(): Word[] {
    return this.names.arraysInUse ? [DECLARATIONS] : [];
  }

  private arrayWords(): Word[] {
    return this.names.arraysInUse ? [mark('['), DECLARATIONS] : [];
  }

  private keep(statements: readonly Statement[], text = ''): string {
    return this.names.keep({ statements, text }, this.functionDepth > 0);
  }

  private isPlainProgram({ name }: SimpleCommand): boolean {
    const text = staticText(name);
    return text !== undefined && !this.isFunction(text) && (text.includes('/') || this.names.isProgram(text));
  }

  private programWords(node: SimpleCommand, withAssignments: boolean): Word[] {
    const assignments = withAssignments ? node.assignments.flatMap((each) => this.assignmentWords(each)) : [];
    return [...assignments, this.word(node.name!), ...node.args.map((arg) => this.word(arg)), ...this.redirectionWords(node.redirections)];
  }

  private assignmentWords({ name, value }: Assignment): Word[] {
    const parts = value ? this.word(value).parts : [];
    return [mark('='), { type: 'Word', parts: [{ type: 'SingleQuoted', value: `${name}=` }, ...parts] }];
  }

  /** Redirections as marks, each followed by its target. */
  private redirectionWords(list: readonly Redirection[]): Word[] {
    return list.flatMap(({ fd, fdVariable, operator, target }) => {
      const at = fdVariable === undefined ? String(fd ?? '') : `{${fdVariable}}`;
      const word = target.type === 'HereDoc' ? this.hereDoc(target) : this.word(target);
      return [mark(`${operator === '<<-' ? '<<' : operator},${at}`), word];
    });
  }

  private hereDoc({ content, quoted, ...rest }: HereDoc): Word {
    const parts = quoted ? content.parts : this.word(content).parts;
    const strip = (rest as { stripTabs?: boolean }).stripTabs === true;
    const stripped = strip ? parts.map((part, index) => stripTabs(part, index === 0)) : parts;
    return { type: 'Word', parts: [{ type: 'DoubleQuoted', parts: stripped }] };
  }

  private command(node: Command, place: Place): Command {
    return node.type === 'SimpleCommand' ? this.simple(this.unalias(node), place) : this.compound(node, place);
  }

  private unalias(node: SimpleCommand, seen: readonly string[] = []): SimpleCommand {
    const part = node.name?.parts[0];
    if (node.name?.parts.length !== 1 || part?.type !== 'Literal' || seen.includes(part.value!)) return node;
    const alias = this.names.alias(part.value!);
    if (!alias) return node;
    return this.unalias(
      {
        ...node,
        assignments: [...node.assignments, ...alias.assignments],
        name: alias.name,
        args: [...alias.args, ...node.args],
        redirections: [...alias.redirections, ...node.redirections],
      },
      [...seen, part.value!],
    );
  }

  private simple(node: SimpleCommand, place: Place): Command {
    const { name, redirections } = node;
    if (!name) {
      const assignments = { ...node, assignments: node.assignments.map((each) => this.words(each)), redirections: [] };
      return redirections.length > 0 ? this.scoped(assignments, redirections) : assignments;
    }
    const text = staticText(name);
    if (text === undefined) return this.dynamic(node);
    if (this.isFunction(text)) return this.scoped(this.plainWords(node), redirections);
    if (CONTROL.has(text)) return this.control(this.plainWords(node), text, place);
    // They read what just-bash gives them; `__random` and its like come from arithmetic.
    if (text === 'mapfile' || text === 'readarray')
      return { ...this.plainWords(node), redirections: node.redirections.map((each) => this.words(each)) };
    if (HOST_VALUES.has(text)) return node;
    if (text === 'printf' && staticText(node.args[0] ?? null) === '-v') return this.builtin(node, text);
    if (text === 'eval' || text === 'source' || text === '.') return this.evaluated(node, text);
    if (text === 'exec' && node.args.length > 0) {
      const run = this.runOne({ ...node, name: node.args[0]!, args: node.args.slice(1) });
      return group([single(run), single(command('exit', [variable('?')]))]);
    }
    if ((text === 'command' || text === 'builtin') && node.args.length > 0 && !staticText(node.args[0]!)?.startsWith('-')) {
      const inner = staticText(node.args[0]!);
      if (inner === undefined || this.names.isProgram(inner) || this.names.isOwnBuiltin(inner))
        return this.runOne({ ...node, name: node.args[0]!, args: node.args.slice(1) });
    }
    if (text.includes('/') || this.names.isOwnBuiltin(text) || this.names.isProgram(text)) return this.runOne(node);
    return this.builtin(node, text);
  }

  private plainWords(node: SimpleCommand): SimpleCommand {
    const { assignments, args } = node;
    return { ...node, assignments: assignments.map((each) => this.words(each)), args: args.map((arg) => this.word(arg)), redirections: [] };
  }

  /** One program or own builtin, with its assignments left to just-bash. */
  private runOne(node: SimpleCommand): SimpleCommand {
    const run = command('__run', this.programWords(node, false), [], node.line);
    return { ...run, assignments: node.assignments.map((each) => this.words(each)) };
  }

  /** A builtin of just-bash, or a name that nobody knows: what it prints goes to the shell's own streams. */
  private builtin(node: SimpleCommand, name: string): Command {
    const plain = this.plainWords(node);
    const printing = SILENT.has(name) ? plain : { ...plain, redirections: STREAMS };
    return this.scoped(printing, node.redirections);
  }

  /** The name is known only when it is expanded. */
  private dynamic(node: SimpleCommand): Command {
    const program: CompoundCommand = {
      type: 'If',
      clauses: [
        {
          condition: [single(command('__is_program', [this.word(node.name!)]))],
          body: [single(this.runOne(node))],
        },
      ],
      elseBody: [single(this.scoped({ ...this.plainWords(node), name: this.word(node.name!), redirections: STREAMS }, node.redirections))],
      redirections: [],
    };
    return program;
  }

  private control(node: SimpleCommand, name: string, { scopes, loops }: Place): Command {
    const count = name === 'break' || name === 'continue' ? Number(staticText(node.args[0] ?? literal('1')) ?? 1) : undefined;
    const kept = count === undefined ? 0 : (loops.at(-Math.max(1, Math.min(count || 1, loops.length))) ?? scopes);
    const left = scopes - kept;
    const bare = node.args.length === 0 && count === undefined;
    const leave = { ...node, args: bare ? [variable('?')] : node.args, redirections: STREAMS.slice(1) };
    if (left === 0 && name !== 'exit') return { ...node, redirections: STREAMS.slice(1) };
    // Whatever the status is, which `__pop` passes on: `set -e` has no say here.
    const pop = command('__pop', [literal(String(left)), variable('?'), literal(name)]);
    return group([statement([pipeline([pop]), pipeline([leave]), pipeline([leave])], ['&&', '||'])]);
  }

  /** `eval` and `source`: `__read_code` puts the tree of the text into an empty group, which is then executed. */
  private evaluated(node: SimpleCommand, name: string): Command {
    const holder: { -readonly [K in keyof CompoundCommand]: CompoundCommand[K] } = { type: 'Group', body: [], redirections: [] };
    const id = this.keep([single(holder)], name);
    const prepare = command(
      '__read_code',
      [literal(name), literal(id), CALL_DEPTH, ...node.args.map((arg) => this.word(arg))],
      [],
      node.line,
    );
    const code = group([statement([pipeline([prepare]), pipeline([holder])], ['&&'])]);
    return this.scoped(code, node.redirections);
  }

  /** `node` with redirections in force while it runs. */
  private scoped(node: Command, redirections: readonly Redirection[]): Command {
    if (redirections.length === 0) return node;
    const push = command('__push', this.redirectionWords(redirections), [], node.line);
    const inside = group([single(node), single(command('__pop', [literal('1'), variable('?')]))]);
    return group([statement([pipeline([push]), pipeline([inside])], ['&&'])]);
  }

  private compound(node: CompoundCommand, place: Place): Command {
    const { redirections } = node;
    if (node.type === 'Subshell') {
      const id = this.keep(node.body as readonly Statement[]);
      return command('__run', [mark('('), literal(id), ...this.redirectionWords(redirections), ...this.arrayWords()], [], node.line);
    }
    if (node.type === 'FunctionDef') {
      this.functionDepth++;
      const body = this.compound(node.body as CompoundCommand, TOP);
      this.functionDepth--;
      const wrapped = body.type === 'Group' ? body : group([single(body)]);
      const definition = { ...node, body: wrapped } as CompoundCommand;
      const id = this.keep([single(node)], node.name);
      return group([single(definition), single(command('__function', [literal(node.name!), literal(id)]))]);
    }
    const inside = redirections.length > 0 ? { ...place, scopes: place.scopes + 1 } : place;
    return this.scoped(this.plainCompound(node, inside), redirections);
  }

  private plainCompound(node: CompoundCommand, place: Place): CompoundCommand {
    const bare = { ...node, redirections: [] };
    const inLoop = { ...place, loops: [...place.loops, place.scopes] };
    const list = (statements: unknown, at = place) => this.body(statements as readonly Statement[], at);
    const looped = () => [TICK, ...list(node.body, inLoop)];
    switch (node.type) {
      case 'If': {
        const clauses = node.clauses!.map(({ condition, body }) => ({ condition: list(condition), body: list(body) }));
        return { ...bare, clauses, elseBody: node.elseBody ? list(node.elseBody) : null };
      }
      case 'While':
      case 'Until':
        return { ...bare, condition: list(node.condition, inLoop), body: looped() };
      case 'For':
        return { ...this.words({ ...bare, body: [] }), body: looped() };
      case 'CStyleFor':
        return { ...this.words({ ...bare, body: [] }), body: looped() };
      case 'Case': {
        const items = node.items!.map((item) => ({ ...this.words({ ...item, body: [] }), body: list(item.body) }));
        return { ...this.words({ ...bare, items: [] }), items };
      }
      case 'Group':
        return { ...bare, body: list(node.body) };
      default:
        return { ...this.words(bare), redirections: STREAMS };
    }
  }

  private word(word: Word): Word {
    return this.words(word);
  }

  /** A copy in which substitutions are the shell's own and `$!` is its variable. */
  private words<T>(node: T): T {
    if (Array.isArray(node)) return node.map((each) => this.words(each)) as T;
    if (node === null || typeof node !== 'object') return node;
    const { type } = node as unknown as SyntaxNode;
    if (type === 'CommandSubstitution') return this.substitution(node as unknown as WordPart, '__substitute') as T;
    if (type === 'ProcessSubstitution' && (node as { direction?: string }).direction === 'input')
      return this.substitution(node as unknown as WordPart, '__process_substitution') as T;
    const value = hostValue(node as unknown as HostNode);
    if (value) return value as T;
    const copy = Object.fromEntries(
      Object.entries(node).map(([key, value]) => [key, typeof value === 'object' ? this.words(value) : value]),
    );
    if (type === 'ParameterExpansion' && copy['parameter'] === '!') copy['parameter'] = LAST_BACKGROUND;
    return copy as T;
  }

  private substitution(part: WordPart, name: string): WordPart {
    const id = this.keep(contents([...part.body!.statements]));
    const body: Script = { type: 'Script', statements: [single(command(name, [literal(id), ...this.arrays()]))] };
    return { type: 'CommandSubstitution', legacy: false, body } as WordPart;
  }
}

/** `$(< file)` is what `cat` would print. */
function contents(statements: readonly Statement[]): readonly Statement[] {
  const [only] = statements.length === 1 ? statements[0]!.pipelines : [];
  const node = only?.commands.length === 1 && statements[0]!.pipelines.length === 1 ? only.commands[0] : undefined;
  if (node?.type !== 'SimpleCommand' || node.name || node.assignments.length > 0 || node.redirections.length !== 1) return statements;
  const [redirection] = node.redirections;
  return redirection!.operator === '<' ? [single({ ...command('cat'), redirections: [redirection!] })] : statements;
}

/** An array is assigned, or made by a builtin. */
function makesArray(node: SyntaxNode): boolean {
  if (node.type === 'Assignment') return (node as Assignment).array !== null || (node as Assignment).name.includes('[');
  if (node.type !== 'SimpleCommand') return false;
  const { name, args } = node as SimpleCommand;
  const text = staticText(name) ?? '';
  if (text === 'mapfile' || text === 'readarray') return true;
  return ['declare', 'typeset', 'local', 'read'].includes(text) && args.some((arg) => /^-\w*[aA]/.test(staticText(arg) ?? ''));
}

/** Variables that just-bash takes from the host's clock and chance, and the commands of ours that give their values. */
const HOST_VARIABLES: Readonly<Record<string, string>> = {
  RANDOM: '__random',
  SRANDOM: '__random',
  SECONDS: '__seconds',
  EPOCHSECONDS: '__epoch',
};
const HOST_VALUES = new Set(Object.values(HOST_VARIABLES));

type HostNode = SyntaxNode & { readonly parameter?: string; readonly name?: string; readonly operation?: unknown };

/** What stands for such a variable in a word or in arithmetic. */
function hostValue({ type, parameter, name, operation }: HostNode): unknown {
  if (type === 'ArithVariable' && HOST_VARIABLES[name ?? '']) return { type: 'ArithCommandSubst', command: HOST_VARIABLES[name!] };
  const value = type === 'ParameterExpansion' && !operation ? HOST_VARIABLES[parameter ?? ''] : undefined;
  return value && { type: 'CommandSubstitution', legacy: false, body: { type: 'Script', statements: [single(command(value))] } };
}

function mark(text: string): Word {
  return literal(MARK + text);
}

function stripTabs(part: WordPart, first: boolean): WordPart {
  if (part.type !== 'Literal' || part.value === undefined) return part;
  return { ...part, value: part.value.replace(first ? /^\t+|(?<=\n)\t+/g : /(?<=\n)\t+/g, '') };
}

/** `"$(declare -p)"`, executed by just-bash itself. */
export const DECLARATIONS: Word = {
  type: 'Word',
  parts: [
    {
      type: 'DoubleQuoted',
      parts: [
        {
          type: 'CommandSubstitution',
          legacy: false,
          body: { type: 'Script', statements: [single(command('declare', [literal('-p')]))] },
        } as WordPart,
      ],
    },
  ],
};

/** Calls of functions that are under way. */
const CALL_DEPTH: Word = {
  type: 'Word',
  parts: [{ type: 'ParameterExpansion', parameter: 'FUNCNAME[@]', operation: { type: 'Length' } } as unknown as WordPart],
};

/** Lets time pass in a loop that does nothing else, and lets Ctrl-C end it. */
const TICK = single(command('__tick'));

/** What just-bash's own builtins print goes to the shell's standard output and error. */
const STREAMS: readonly Redirection[] = [1, 2].map((fd) => ({
  type: 'Redirection',
  fd,
  operator: '>|',
  target: literal(`${SHELL_STREAM}${fd}`),
}));
