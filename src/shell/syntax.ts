/**
 * The syntax tree of a shell line: what this project uses of just-bash's (its `dist/ast/types.d.ts`), under the same names.
 *
 * Stated here so that the published types need no package that users do not install. Nodes that are only passed on are left open.
 */

/** Any node; `line` counts from 1. */
export interface SyntaxNode {
  readonly type: string;
  readonly line?: number;
}

/** A part of a word; `value` of literals, `parts` of double quotes, `body` of substitutions. */
export interface WordPart extends SyntaxNode {
  readonly value?: string;
  readonly parts?: readonly WordPart[];
  readonly parameter?: string;
  readonly operation?: unknown;
  readonly body?: Script;
}

export interface Word extends SyntaxNode {
  readonly type: 'Word';
  readonly parts: readonly WordPart[];
}

export interface HereDoc extends SyntaxNode {
  readonly type: 'HereDoc';
  readonly content: Word;
  readonly quoted: boolean;
  readonly terminated?: boolean;
}

export interface Redirection extends SyntaxNode {
  readonly type: 'Redirection';
  readonly fd: number | null;
  readonly fdVariable?: string;
  readonly operator: '<' | '>' | '>>' | '>&' | '<&' | '<>' | '>|' | '&>' | '&>>' | '<<<' | '<<' | '<<-';
  readonly target: Word | HereDoc;
}

export interface Assignment extends SyntaxNode {
  readonly type: 'Assignment';
  readonly name: string;
  readonly value: Word | null;
  readonly append: boolean;
  readonly array: readonly Word[] | null;
}

export interface SimpleCommand extends SyntaxNode {
  readonly type: 'SimpleCommand';
  readonly assignments: readonly Assignment[];
  readonly name: Word | null;
  readonly args: readonly Word[];
  readonly redirections: readonly Redirection[];
}

/** if, for, while, case, (...), {...}, ((...)), [[...]] and functions. */
export interface CompoundCommand extends SyntaxNode {
  readonly type:
    | 'If'
    | 'For'
    | 'CStyleFor'
    | 'While'
    | 'Until'
    | 'Case'
    | 'Subshell'
    | 'Group'
    | 'ArithmeticCommand'
    | 'ConditionalCommand'
    | 'FunctionDef';
  readonly redirections: readonly Redirection[];
  readonly body?: readonly Statement[] | CompoundCommand;
  readonly condition?: readonly Statement[] | unknown;
  readonly clauses?: readonly { readonly condition: readonly Statement[]; readonly body: readonly Statement[] }[];
  readonly elseBody?: readonly Statement[] | null;
  readonly items?: readonly (SyntaxNode & { readonly body: readonly Statement[] })[];
  readonly name?: string;
}

export type Command = SimpleCommand | CompoundCommand;

export interface Pipeline extends SyntaxNode {
  readonly type: 'Pipeline';
  readonly commands: readonly Command[];
  readonly negated: boolean;
  readonly timed?: boolean;
  readonly pipeStderr?: readonly boolean[];
}

export interface Statement extends SyntaxNode {
  readonly type: 'Statement';
  readonly pipelines: readonly Pipeline[];
  readonly operators: readonly ('&&' | '||' | ';')[];
  readonly background: boolean;
  readonly deferredError?: { readonly message: string; readonly token: string };
  readonly sourceText?: string;
}

export interface Script extends SyntaxNode {
  readonly type: 'Script';
  readonly statements: Iterable<Statement>;
}

/** A word of one literal. */
export function literal(value: string): Word {
  return { type: 'Word', parts: [{ type: 'SingleQuoted', value }] };
}

/** `"$name"`. */
export function variable(parameter: string): Word {
  const part: WordPart = { type: 'ParameterExpansion', parameter, operation: null };
  return { type: 'Word', parts: [{ type: 'DoubleQuoted', parts: [part] }] };
}

/** A command of `name` and `args`, without assignments. */
export function command(name: string, args: readonly Word[] = [], redirections: readonly Redirection[] = [], line?: number): SimpleCommand {
  const node = { type: 'SimpleCommand', assignments: [], name: literalName(name), args, redirections } as const;
  return line === undefined ? node : { ...node, line };
}

/** An unquoted word, as the name of a command is written. */
function literalName(name: string): Word {
  return { type: 'Word', parts: [{ type: 'Literal', value: name }] };
}

export function pipeline(commands: readonly Command[], negated = false): Pipeline {
  return { type: 'Pipeline', commands, negated, timed: false };
}

export function statement(pipelines: readonly Pipeline[], operators: Statement['operators'] = []): Statement {
  return { type: 'Statement', pipelines, operators, background: false };
}

/** A statement of one command. */
export function single(node: Command): Statement {
  return statement([pipeline([node])]);
}

export function group(body: readonly Statement[]): CompoundCommand {
  return { type: 'Group', body, redirections: [] };
}

/** The text of a word that expands to itself, or undefined. */
export function staticText(word: Word | null): string | undefined {
  if (!word) return undefined;
  let text = '';
  for (const { type, value, parts } of word.parts) {
    if (type === 'Literal' || type === 'SingleQuoted' || type === 'Escaped') text += value ?? '';
    else if (type === 'DoubleQuoted') {
      const inner = staticText({ type: 'Word', parts: parts ?? [] });
      if (inner === undefined) return undefined;
      text += inner;
    } else return undefined;
  }
  return text;
}
