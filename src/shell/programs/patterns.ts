/**
 * Regular expressions of grep: POSIX's with GNU's additions, executed by RE2 in time that is linear in the line, and leftmost-longest.
 *
 * What RE2 cannot do, back references and the lookaround of -P, is JavaScript's, and may take as long as it does with grep.
 */
import { latin1 } from '../io.ts';
import type { Re2 } from '../just-bash.ts';

/** What a pattern finds in a line, one character per byte. */
export interface LinePattern {
  test(line: string): boolean;
  /** Its matches from left to right, without empty ones. */
  matches(line: string): Iterable<string>;
}

const WORD = '[A-Za-z0-9_]';
const NO_WORD = '[^A-Za-z0-9_]';
const BACK_REFERENCE = /(?:^|[^\\])(?:\\\\)*\\[1-9]/;
const LOOKAROUND = /\(\?<?[=!]|\\k/;

/** Compiles patterns, one a line, under the options of grep. @throws what RE2 or JavaScript say of one that is wrong */
export function compilePattern(re2: Re2, text: string, flags: ReadonlyMap<string, string>, name: string): LinePattern {
  const perl = flags.has('P');
  const extended = flags.has('E') || name === 'egrep';
  const fixed = flags.has('F') || name === 'fgrep';
  const lines = latin1(new TextEncoder().encode(text)).split('\n');
  const sources = lines.map((line) => {
    if (fixed) return line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return perl ? line : translate(line, extended);
  });
  const source = sources.map((each) => `(?:${each})`).join('|');
  const whole = flags.has('x');
  const words = flags.has('w') && !whole;
  if (!fixed && (BACK_REFERENCE.test(text) || (perl && LOOKAROUND.test(text)))) {
    const bounded = whole ? `^(?:${source})$` : words ? `(?<!${WORD})(?:${source})(?!${WORD})` : source;
    return backtracking(new RegExp(bounded, flags.has('i') ? 'gi' : 'g'));
  }
  const options = (flags.has('i') ? re2.CASE_INSENSITIVE : 0) | (perl ? 0 : re2.LONGEST_MATCH);
  const compile = (each: string) => re2.compile(each, options);
  if (whole) return linear(compile(`^(?:${source})$`));
  if (!words) return linear(compile(source));
  // A match takes the characters beside the word; the next one may begin with the last of these, and not at the start of the line.
  return linear(compile(`(?:^|${NO_WORD})(${source})(?:$|${NO_WORD})`), compile(`${NO_WORD}(${source})(?:$|${NO_WORD})`));
}

type Compiled = ReturnType<Re2['compile']>;

/** `next`: what finds further matches, when the match is group 1 of both. */
function linear(first: Compiled, next?: Compiled): LinePattern {
  const group = next ? 1 : 0;
  return {
    test: (line) => first.matcher(line).find(),
    *matches(line) {
      const further = (next ?? first).matcher(line);
      let matcher = first.matcher(line);
      for (let from = 0; from <= line.length && matcher.find(from); matcher = further) {
        const [start, end] = [matcher.start(group), matcher.end(group)];
        if (end > start) yield line.slice(start, end);
        from = !next && end === start ? end + 1 : end;
      }
    },
  };
}

function backtracking(pattern: RegExp): LinePattern {
  return {
    test: (line) => line.search(pattern) >= 0,
    *matches(line) {
      for (const [part] of line.matchAll(pattern)) if (part !== '') yield part;
    },
  };
}

/** Translates a basic regular expression of POSIX, with GNU's additions, to JavaScript's; extended ones differ less. */
function translate(pattern: string, extended: boolean): string {
  let result = '';
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!;
    if (character === '[') {
      const match = /^\[\^?\]?(?:\[:\w+:\]|[^\]])*\]/.exec(pattern.slice(at));
      if (match) {
        result += bracket(match[0]);
        at += match[0].length - 1;
      } else result += '\\[';
    } else if (character === '\\' && at + 1 < pattern.length) {
      const next = pattern[++at]!;
      if ('<>'.includes(next)) result += '\\b';
      else if (!extended && '(){}|+?'.includes(next)) result += next;
      else if (/[\dwWsSbB]/.test(next)) result += `\\${next}`;
      else result += `\\${next}`.replace(/\\([^\\^$.*+?()[\]{}|/-])/, '$1');
    } else if (!extended && '(){}|+?'.includes(character)) result += `\\${character}`;
    else if (character === '*' && (result === '' || result.endsWith('(') || result === '^')) result += '\\*';
    else result += character;
  }
  return result;
}

const CLASSES: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: 'A-Za-z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: '\\s',
  blank: ' \\t',
  punct: '!-\\/:-@\\[-`{-~',
  xdigit: '0-9A-Fa-f',
  print: '\\x20-\\x7e',
  cntrl: '\\x00-\\x1f',
  graph: '\\x21-\\x7e',
};

function bracket(text: string): string {
  const negated = text[1] === '^';
  const inside = text
    .slice(negated ? 2 : 1, -1)
    .replace(/\[:(\w+):\]|[\\[\]]/g, (found, name: string | undefined) => (name ? (CLASSES[name] ?? '') : `\\${found}`));
  return `[${negated ? '^' : ''}${inside}]`;
}
