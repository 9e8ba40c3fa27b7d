/**
 * The language of filter and search: words that the event's line must contain, `field:value`, comparisons, not, or, parentheses.
 *
 * query := all ('or' all)*          all := one ('and'? one)*          one := ('-' | 'not') one | '(' query ')' | field | word | "words" | /pattern/
 * field := name (':' | '=' | '<' | '<=' | '>' | '>=') value           value := word | "words" | /pattern/ | number | from..to
 */
import type { ViewEvent } from '../../../../src/view/protocol.ts';
import { searchTextOf } from './describe.ts';
import { FIELDS, type Field } from './query-fields.ts';

/** Whether an event matches; `hz` is for times. */
export type Test = (event: ViewEvent, hz: number) => boolean;

/** A mistake in a query, with where it is. */
export class QueryError extends Error {
  readonly from: number;
  readonly to: number;

  constructor(message: string, from: number, to: number) {
    super(message);
    this.name = 'QueryError';
    this.from = from;
    this.to = Math.max(to, from + 1);
  }
}

/** What `parseQuery` makes of a text. */
export type Parsed =
  | { readonly test: Test | undefined; readonly error?: undefined }
  | { readonly test?: undefined; readonly error: QueryError };

/** A text as a test; undefined for an empty one, which means everything. */
export function parseQuery(text: string): Parsed {
  try {
    if (text.trim() === '') return { test: undefined };
    const parser = new Parser(text);
    return { test: parser.whole() };
  } catch (error) {
    if (error instanceof QueryError) return { error };
    throw error;
  }
}

interface Token {
  readonly kind: 'open' | 'close' | 'not' | 'and' | 'or' | 'word' | 'quoted' | 'pattern' | 'field' | 'end';
  readonly text: string;
  readonly from: number;
  readonly to: number;
  /** Of a field. */
  readonly operator?: Operator;
}

type Operator = ':' | '<' | '<=' | '>' | '>=';

const FIELD = /([a-z]+)(?::?(<=|>=|<|>)|[:=])/iy;
const WORD = /[^\s()"]+/y;
const MAX_LENGTH = 2000;
const MAX_DEPTH = 50;

class Parser {
  private readonly text: string;
  private position = 0;
  private token: Token;
  private depth = 0;

  constructor(text: string) {
    if (text.length > MAX_LENGTH) throw new QueryError(`longer than ${MAX_LENGTH} characters`, MAX_LENGTH, text.length);
    this.text = text;
    this.token = this.next();
  }

  whole(): Test {
    const test = this.any();
    if (this.token.kind === 'close') throw this.wrong('there is no ( for this )');
    if (this.token.kind !== 'end') throw this.wrong('something is missing before this');
    return test;
  }

  private any(): Test {
    const tests = [this.all()];
    while (this.token.kind === 'or') {
      this.advance();
      tests.push(this.all());
    }
    return tests.length === 1 ? tests[0]! : (event, hz) => tests.some((test) => test(event, hz));
  }

  private all(): Test {
    const tests = [this.one()];
    while (this.token.kind !== 'or' && this.token.kind !== 'close' && this.token.kind !== 'end') {
      if (this.token.kind === 'and') this.advance();
      tests.push(this.one());
    }
    return tests.length === 1 ? tests[0]! : (event, hz) => tests.every((test) => test(event, hz));
  }

  private one(): Test {
    if (++this.depth > MAX_DEPTH) throw this.wrong('too many parentheses');
    try {
      return this.inner();
    } finally {
      this.depth--;
    }
  }

  private inner(): Test {
    const { token } = this;
    switch (token.kind) {
      case 'not': {
        this.advance();
        const test = this.one();
        return (event, hz) => !test(event, hz);
      }
      case 'open': {
        this.advance();
        const test = this.any();
        if ((this.token.kind as Token['kind']) !== 'close') throw new QueryError('this ( is not closed', token.from, token.to);
        this.advance();
        return test;
      }
      case 'field':
        return this.field(token);
      case 'word':
      case 'quoted': {
        this.advance();
        const needle = token.text.toLowerCase();
        return (event) => searchTextOf(event).includes(needle);
      }
      case 'pattern': {
        this.advance();
        const pattern = this.pattern(token);
        return (event) => pattern.test(searchTextOf(event));
      }
      case 'end':
        throw this.wrong('the query ends here, but something is to follow');
      default:
        throw this.wrong(`${token.text} needs something before it`);
    }
  }

  private field(token: Token): Test {
    const name = token.text.toLowerCase();
    const field = FIELDS.get(name);
    if (!field) {
      const near = nearest(name, [...FIELDS.keys()]);
      throw new QueryError(`there is no field “${name}”${near ? `; did you mean ${near}?` : ''}`, token.from, token.to - 1);
    }
    // The value is what stands right after the operator.
    const value = this.value(token);
    const operator = token.operator!;
    this.advance();
    return compile(field, operator, value, this.pattern.bind(this));
  }

  private value(field: Token): Token {
    const value = this.next();
    const missing = value.kind === 'end' || value.from !== field.to;
    if (missing) throw new QueryError(`${field.text}${field.operator ?? ''} needs a value right after it`, field.from, field.to);
    if (value.kind === 'word' || value.kind === 'quoted' || value.kind === 'pattern') return value;
    // Words of the language, and what looks like a field, are plain values here: `text:or`, `text:a=b`.
    if (value.kind === 'open' || value.kind === 'close') throw new QueryError('a value was expected', value.from, value.to);
    return this.wordAt(field.to);
  }

  private pattern(token: Token): RegExp {
    try {
      return new RegExp(token.text, 'i');
    } catch {
      throw new QueryError('this is no regular expression', token.from, token.to);
    }
  }

  private wrong(message: string): QueryError {
    return new QueryError(message, this.token.from, this.token.to);
  }

  private advance(): void {
    this.token = this.next();
  }

  private wordAt(from: number): Token {
    WORD.lastIndex = from;
    const word = WORD.exec(this.text)![0];
    this.position = from + word.length;
    return { kind: 'word', text: word, from, to: this.position };
  }

  private next(): Token {
    const { text } = this;
    while (/\s/.test(text[this.position] ?? '')) this.position++;
    const from = this.position;
    const char = text[from];
    if (char === undefined) return { kind: 'end', text: '', from, to: from };
    if (char === '(' || char === ')') return this.make(char === '(' ? 'open' : 'close', char, from, from + 1);
    if (char === '-' && /\S/.test(text[from + 1] ?? ' ')) return this.make('not', '-', from, from + 1);
    if (char === '|') return this.make('or', '|', from, from + (text[from + 1] === '|' ? 2 : 1));
    if (char === '"') return this.delimited('quoted', '"', from);
    if (char === '/') return this.delimited('pattern', '/', from);
    FIELD.lastIndex = from;
    const field = FIELD.exec(text);
    if (field) {
      const operator = (field[2] as Operator | undefined) ?? ':';
      this.position = from + field[0].length;
      return { kind: 'field', text: field[1]!, from, to: this.position, operator };
    }
    const word = this.wordAt(from);
    const lower = word.text.toLowerCase();
    return lower === 'or' || lower === 'and' || lower === 'not' ? { ...word, kind: lower } : word;
  }

  private make(kind: Token['kind'], text: string, from: number, to: number): Token {
    this.position = to;
    return { kind, text, from, to };
  }

  /** Up to the next delimiter that has no backslash before it. */
  private delimited(kind: 'quoted' | 'pattern', delimiter: string, from: number): Token {
    let content = '';
    for (let index = from + 1; index < this.text.length; index++) {
      const char = this.text[index]!;
      if (char === '\\' && this.text[index + 1] === delimiter) content += this.text[++index];
      else if (char === delimiter) return this.make(kind, content, from, index + 1);
      else content += char;
    }
    throw new QueryError(`the closing ${delimiter} is missing`, from, this.text.length);
  }
}

function compile(field: Field, operator: Operator, value: Token, pattern: (token: Token) => RegExp): Test {
  if (field.kind === 'text') {
    if (operator !== ':') throw new QueryError(`${field.name} is a text: use ${field.name}:…`, value.from, value.to);
    if (value.kind === 'pattern') {
      const expression = pattern(value);
      return (event) => field.of(event).some((text) => expression.test(text));
    }
    const needle = value.text.toLowerCase();
    if (field.values && !field.values.some((each) => each.startsWith(needle))) {
      throw new QueryError(`${field.name} is one of ${field.values.join(', ')}`, value.from, value.to);
    }
    if (field.values) return (event) => field.of(event).some((text) => text.startsWith(needle));
    return (event) => field.of(event).some((text) => text.toLowerCase().includes(needle));
  }
  const range = /^(.*?)\.\.(.*)$/.exec(value.text);
  if (range && operator === ':') {
    const from = range[1] === '' ? undefined : number(field, value, range[1]!);
    const to = range[2] === '' ? undefined : number(field, value, range[2]!);
    return (event, hz) => field.of(event, hz).some((each) => (from === undefined || each >= from) && (to === undefined || each <= to));
  }
  const wanted = number(field, value, value.text);
  const compare: Record<Operator, (each: number) => boolean> = {
    ':': (each) => each === wanted,
    '<': (each) => each < wanted,
    '<=': (each) => each <= wanted,
    '>': (each) => each > wanted,
    '>=': (each) => each >= wanted,
  };
  const test = compare[operator];
  return (event, hz) => field.of(event, hz).some(test);
}

const UNITS: Readonly<Record<string, number>> = { s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, ns: 1e-9 };

function number(field: Extract<Field, { kind: 'number' }>, value: Token, text: string): number {
  const match = /^(-?(?:0x[0-9a-f]+|\d+(?:\.\d+)?(?:e-?\d+)?))(s|ms|us|µs|ns)?$/i.exec(text);
  const unit = match?.[2]?.toLowerCase();
  if (!match || (unit !== undefined && !field.time)) {
    const example = field.time ? `${field.name}:1.2s..1300ms` : `${field.name}:0x1e, ${field.name}:>10`;
    throw new QueryError(`“${text}” is no ${field.time ? 'time' : 'number'}, as in ${example}`, value.from, value.to);
  }
  const size = Number(match[1]) * (unit === undefined ? 1 : UNITS[unit]!);
  return field.time ? Math.round(size * 1e9) : size;
}

/** The word that has at most two letters different. */
function nearest(word: string, words: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = 3;
  for (const each of words) {
    const distance = editDistance(word, each);
    if (distance < least && distance < word.length) {
      least = distance;
      best = each;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length]!;
}
