/**
 * Ctrl-R of bash: an incremental search backwards through the history, which Node's readline lacks. Keys in, the line to show and what ends it out.
 */

const CTRL_C = '\x03';
const CTRL_G = '\x07';
const CTRL_R = '\x12';
const BACKSPACES = '\b\x7f';

/** How a search ended: the line to edit on, and the keys that were not for the search. */
export interface SearchEnd {
  readonly line: string;
  readonly rest: string;
}

/** One search, from Ctrl-R to a key that ends it. */
export class HistorySearch {
  private readonly history: readonly string[];
  private readonly before: string;
  private query = '';
  private at = -1;
  private failed = false;

  /** `history` has the newest line first; `before` is what was typed when it began. */
  constructor(history: readonly string[], before: string) {
    this.history = history;
    this.before = before;
  }

  /** What stands in place of prompt and line. */
  get shown(): string {
    return `(${this.failed ? 'failed ' : ''}reverse-i-search)\`${this.query}': ${this.line}`;
  }

  /** Takes keys; undefined while the search goes on. */
  keys(text: string): SearchEnd | undefined {
    const characters = [...text];
    for (const [index, key] of characters.entries()) {
      const rest = characters.slice(index).join('');
      if (key === CTRL_R) this.find(this.at + 1);
      else if (BACKSPACES.includes(key)) {
        this.query = [...this.query].slice(0, -1).join('');
        this.find(0);
      } else if (key === CTRL_G) return { line: this.before, rest: rest.slice(1) };
      else if (key === CTRL_C) return { line: this.before, rest };
      else if (key < ' ') return { line: this.line, rest };
      else {
        this.query += key;
        this.find(Math.max(this.at, 0));
      }
    }
    return undefined;
  }

  private get line(): string {
    return this.history[this.at] ?? this.before;
  }

  private find(from: number): void {
    const found = this.query === '' ? -1 : this.history.findIndex((line, index) => index >= from && line.includes(this.query));
    this.failed = this.query !== '' && found < 0;
    if (found >= 0 || this.query === '') this.at = found;
  }
}
