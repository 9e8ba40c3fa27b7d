/**
 * The grammar of U-Boot's shell, the hush of 2020 to 2024 (common/cli_hush.c): what it takes, and what it makes of quotes.
 *
 * Lists of commands with ; && ||, if/elif/else, for, while, until, variables; no pipes, no redirections, no substitution of commands.
 * Quirks are kept: a ' also opens a quotation within ", a backslash within " stays, and reserved words are reserved in quotes, too.
 */

/** Text of a word, or the inside of a ${} that is looked up when the command runs. */
export type WordPart = { readonly text: string } | { readonly variable: string };

/** A word; `quoted` when any quotation mark stood in it. */
export interface Word {
  readonly parts: readonly WordPart[];
  readonly quoted: boolean;
}

/** What joins a command to the next one. */
export type Follow = ';' | '&&' | '||';

/** A command of words, or a compound one. */
export type HushCommand =
  | { readonly kind: 'simple'; readonly words: readonly Word[] }
  | {
      readonly kind: 'if';
      readonly branches: readonly { readonly condition: HushList; readonly body: HushList }[];
      readonly otherwise?: HushList;
    }
  | { readonly kind: 'for'; readonly variable: string; readonly words: readonly Word[]; readonly body: HushList }
  | { readonly kind: 'while'; readonly until: boolean; readonly condition: HushList; readonly body: HushList };

/** Commands in their order. */
export type HushList = readonly { readonly command: HushCommand; readonly follow: Follow }[];

/** What came of parsing: `incomplete` when more lines could complete it. */
export type ParseResult =
  | { readonly kind: 'list'; readonly list: HushList }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'syntax' };

/** Compound commands within each other; far deeper than scripts are, and far from what the host's stack takes. */
const DEEPEST = 64;

type Token = { readonly kind: 'word'; readonly word: Word } | { readonly kind: Follow | '\n' };

class SyntaxProblem extends Error {
  readonly incomplete: boolean;
  constructor(incomplete: boolean) {
    super(incomplete ? 'incomplete' : 'syntax error');
    this.incomplete = incomplete;
  }
}

/** Parses a whole text, as `run_command` gives it to hush. */
export function parseHush(source: string): ParseResult {
  return attempt(() => new Parser(tokens(source, false)).program());
}

/** Parses a command whose variables were replaced: words and quotation marks alone mean something. Undefined is a syntax error. */
export function parseExpanded(source: string): Word[] | undefined {
  try {
    return tokens(source, true).flatMap((token) => (token.kind === 'word' ? [token.word] : []));
  } catch (error) {
    if (error instanceof SyntaxProblem) return undefined;
    throw error;
  }
}

/** The text of a word without variables. */
export function literal(word: Word): string {
  return word.parts.map((part) => ('text' in part ? part.text : '')).join('');
}

function attempt(parse: () => HushList): ParseResult {
  try {
    return { kind: 'list', list: parse() };
  } catch (error) {
    if (error instanceof SyntaxProblem) return { kind: error.incomplete ? 'incomplete' : 'syntax' };
    throw error;
  }
}

/** Gathers one word. */
class WordBuilder {
  private readonly parts: WordPart[] = [];
  private text = '';
  quoted = false;

  get empty(): boolean {
    return this.text === '' && this.parts.length === 0;
  }

  add(text: string): void {
    this.text += text;
  }

  variable(name: string): void {
    if (this.text !== '') this.parts.push({ text: this.text });
    this.text = '';
    this.parts.push({ variable: name });
  }

  take(): Word | undefined {
    if (this.empty && !this.quoted) return undefined;
    if (this.text !== '') this.parts.push({ text: this.text });
    const word = { parts: this.parts.splice(0), quoted: this.quoted };
    this.text = '';
    this.quoted = false;
    return word;
  }
}

/** Splits `source`; with `expanded`, the characters ; & | $ are plain ones. */
function tokens(source: string, expanded: boolean): Token[] {
  const found: Token[] = [];
  const word = new WordBuilder();
  const endWord = (): void => {
    const done = word.take();
    if (done) found.push({ kind: 'word', word: done });
  };
  let inQuotes = false;
  for (let at = 0; at < source.length; at++) {
    const character = source[at]!;
    const special = !expanded && (character === ';' || character === '&' || character === '|');
    if (character === '\\') {
      if (at + 1 >= source.length) throw new SyntaxProblem(false);
      const next = source[++at]!;
      // A backslash before the end of the line joins it to the next.
      if (inQuotes) word.add(`\\${next}`);
      else if (next !== '\n') word.add(next);
    } else if (character === "'") {
      word.quoted = true;
      const end = source.indexOf("'", at + 1);
      if (end < 0) throw new SyntaxProblem(true);
      word.add(source.slice(at + 1, end));
      at = end;
    } else if (character === '"') {
      word.quoted = true;
      inQuotes = !inQuotes;
    } else if (character === '$' && !expanded) at = dollar(source, at, word);
    else if (inQuotes) word.add(character);
    else if (character === ' ' || character === '\t' || character === '\n') {
      endWord();
      if (character === '\n') found.push({ kind: '\n' });
    } else if (character === '#' && word.empty) {
      const end = source.indexOf('\n', at);
      at = (end < 0 ? source.length : end) - 1;
    } else if (special) {
      endWord();
      const twice = source[at + 1] === character;
      if (character !== ';' && !twice) throw new SyntaxProblem(false);
      if (character !== ';') at++;
      found.push({ kind: character === ';' ? ';' : character === '&' ? '&&' : '||' });
    } else word.add(character);
  }
  // Hush takes the end of its input for the end of a quotation, the console asks for more.
  if (inQuotes && !expanded) throw new SyntaxProblem(true);
  endWord();
  return found;
}

/** `$name`, `${...}`, `$?`; gives the index of the last character taken. */
function dollar(source: string, at: number, word: WordBuilder): number {
  const rest = source.slice(at + 1, at + 2);
  if (/[A-Za-z]/.test(rest)) {
    let end = at + 2;
    while (end < source.length && /[A-Za-z0-9_]/.test(source[end]!)) end++;
    word.variable(source.slice(at + 1, end));
    return end - 1;
  }
  if (rest === '?') {
    word.variable('$?');
    return at + 1;
  }
  if (rest !== '{') {
    word.add('$');
    return at;
  }
  const end = source.indexOf('}', at);
  if (end < 0) throw new SyntaxProblem(true);
  word.variable(source.slice(at + 2, end));
  return end;
}

const STARTS = new Set(['if', 'for', 'while', 'until']);
const OTHERS = new Set(['then', 'elif', 'else', 'fi', 'in', 'do', 'done']);

class Parser {
  private readonly tokens: readonly Token[];
  private at = 0;
  private depth = 0;

  constructor(list: readonly Token[]) {
    this.tokens = list;
  }

  program(): HushList {
    const list = this.list([]);
    if (this.at < this.tokens.length) throw new SyntaxProblem(false);
    return list;
  }

  /** Commands up to one of the reserved words `ends`, which is taken, or up to the end when there are none. */
  private list(ends: readonly string[]): HushList {
    const list: { command: HushCommand; follow: Follow }[] = [];
    for (;;) {
      const token = this.tokens[this.at];
      if (!token) {
        if (ends.length > 0) throw new SyntaxProblem(true);
        return list;
      }
      if (token.kind !== 'word') {
        // An empty command changes how the one before it is followed, as in `false && ; echo`.
        this.at++;
        continue;
      }
      const text = literal(token.word);
      if (ends.includes(text)) return list;
      if (OTHERS.has(text)) throw new SyntaxProblem(false);
      list.push({ command: this.command(), follow: this.follow() });
    }
  }

  private follow(): Follow {
    const token = this.tokens[this.at];
    if (!token || token.kind === 'word') return ';';
    this.at++;
    return token.kind === '\n' ? ';' : token.kind;
  }

  private command(): HushCommand {
    const start = this.word();
    const text = start && literal(start);
    if (!start || !text || !STARTS.has(text)) return { kind: 'simple', words: [start!, ...this.words()] };
    if (++this.depth > DEEPEST) throw new SyntaxProblem(false);
    const command = text === 'if' ? this.conditional() : text === 'for' ? this.loopOver() : this.loop(text === 'until');
    this.depth--;
    // A compound command takes no further words.
    if (this.tokens[this.at]?.kind === 'word' && !this.reservedNext()) throw new SyntaxProblem(false);
    return command;
  }

  private reservedNext(): boolean {
    const token = this.tokens[this.at];
    return token?.kind === 'word' && OTHERS.has(literal(token.word));
  }

  private conditional(): HushCommand {
    const branches: { condition: HushList; body: HushList }[] = [];
    for (;;) {
      const condition = this.upTo('then');
      const body = this.list(['elif', 'else', 'fi']);
      branches.push({ condition, body });
      const next = literal(this.word()!);
      if (next === 'fi') return { kind: 'if', branches };
      if (next === 'else') return { kind: 'if', branches, otherwise: this.upTo('fi') };
    }
  }

  private loop(until: boolean): HushCommand {
    const condition = this.upTo('do');
    return { kind: 'while', until, condition, body: this.upTo('done') };
  }

  private loopOver(): HushCommand {
    const variable = this.word();
    this.skipEnds();
    const keyword = this.word();
    if (!variable || !keyword || literal(keyword) !== 'in') throw new SyntaxProblem(this.at >= this.tokens.length);
    const words = this.words();
    this.skipEnds();
    const begin = this.word();
    if (!begin || literal(begin) !== 'do') throw new SyntaxProblem(this.at >= this.tokens.length);
    return { kind: 'for', variable: literal(variable), words, body: this.upTo('done') };
  }

  private upTo(end: string): HushList {
    const list = this.list([end]);
    this.at++;
    return list;
  }

  private skipEnds(): void {
    for (let token = this.tokens[this.at]; token && (token.kind === '\n' || token.kind === ';'); token = this.tokens[this.at]) this.at++;
  }

  private word(): Word | undefined {
    const token = this.tokens[this.at];
    if (token?.kind !== 'word') return undefined;
    this.at++;
    return token.word;
  }

  private words(): Word[] {
    const list: Word[] = [];
    for (let word = this.word(); word; word = this.word()) list.push(word);
    return list;
  }
}
