/**
 * The line that a user types at U-Boot (common/cli_readline.c): echo, editing keys, history, completion by Tab, Ctrl-C.
 */

/** What became of a key. */
export type KeyResult = { readonly kind: 'more' } | { readonly kind: 'line'; readonly text: string } | { readonly kind: 'interrupt' };

/** CONFIG_SYS_CBSIZE. */
const LONGEST_LINE = 2048;
const HISTORY = 20;
const MORE: KeyResult = { kind: 'more' };

/** What it needs of the console. */
export interface EditorHost {
  /** Characters for the terminal, as they are. */
  echo(text: string): void;
  /** Words that could stand where the last of `words` stands. */
  complete(words: readonly string[]): readonly string[];
  /** The prompt, which is written again behind a list of completions. */
  readonly prompt: string;
}

/** One line at a time. */
export class LineEditor {
  private readonly host: EditorHost;
  private readonly history: string[] = [];
  private browsing = 0;
  private line = '';
  private cursor = 0;
  private escape = '';

  constructor(host: EditorHost) {
    this.host = host;
  }

  /** Begins a line with text that is there already. */
  start(text = ''): void {
    this.line = text;
    this.cursor = text.length;
    this.escape = '';
    this.browsing = this.history.length;
    this.host.echo(text);
  }

  /** Takes a byte from the keyboard. */
  key(byte: number): KeyResult {
    if (this.escape !== '' || byte === 0x1b) return this.sequence(byte);
    switch (byte) {
      case 0x0d:
      case 0x0a:
        return this.enter();
      case 0x03:
        this.host.echo('\r\n');
        return { kind: 'interrupt' };
      case 0x01:
        this.move(0);
        break;
      case 0x05:
        this.move(this.line.length);
        break;
      case 0x02:
        this.move(this.cursor - 1);
        break;
      case 0x06:
        this.move(this.cursor + 1);
        break;
      case 0x04:
        if (this.cursor < this.line.length) this.replace(this.line.slice(0, this.cursor) + this.line.slice(this.cursor + 1), this.cursor);
        break;
      case 0x0b:
        this.replace(this.line.slice(0, this.cursor), this.cursor);
        break;
      case 0x15:
      case 0x18:
        this.replace('', 0);
        break;
      case 0x17:
        this.eraseWord();
        break;
      case 0x10:
        this.browse(-1);
        break;
      case 0x0e:
        this.browse(1);
        break;
      case 0x08:
      case 0x7f:
        if (this.cursor > 0) this.replace(this.line.slice(0, this.cursor - 1) + this.line.slice(this.cursor), this.cursor - 1);
        break;
      case 0x09:
        this.tab();
        break;
      default:
        this.insert(byte);
    }
    return MORE;
  }

  private enter(): KeyResult {
    const text = this.line;
    this.host.echo('\r\n');
    if (text !== '' && this.history.at(-1) !== text) this.history.push(text);
    if (this.history.length > HISTORY) this.history.shift();
    return { kind: 'line', text };
  }

  private insert(byte: number): void {
    if (byte < 0x20 || byte > 0x7e || this.line.length >= LONGEST_LINE - 1) {
      this.host.echo('\x07');
      return;
    }
    const character = String.fromCharCode(byte);
    if (this.cursor === this.line.length) {
      this.line += character;
      this.cursor++;
      this.host.echo(character);
    } else this.replace(this.line.slice(0, this.cursor) + character + this.line.slice(this.cursor), this.cursor + 1);
  }

  /** Arrow keys, Home, End, Delete; other sequences are dropped. */
  private sequence(byte: number): KeyResult {
    this.escape += String.fromCharCode(byte);
    const keys: Readonly<Record<string, number>> = {
      A: 0x10,
      B: 0x0e,
      C: 0x06,
      D: 0x02,
      H: 0x01,
      F: 0x05,
      '3~': 0x04,
      '1~': 0x01,
      '4~': 0x05,
    };
    const typed = this.escape.slice(1);
    const match = /^[[O](\d*[A-Za-z~])$/.exec(typed);
    if (!match && /^([[O]\d{0,2})?$/.test(typed)) return MORE;
    this.escape = '';
    const meaning = match ? keys[match[1]!] : undefined;
    return meaning === undefined ? MORE : this.key(meaning);
  }

  private eraseWord(): void {
    const before = this.line.slice(0, this.cursor).replace(/\S*\s*$/, '');
    this.replace(before + this.line.slice(this.cursor), before.length);
  }

  private browse(step: number): void {
    const next = this.browsing + step;
    if (next < 0 || next > this.history.length) {
      this.host.echo('\x07');
      return;
    }
    this.browsing = next;
    const text = this.history[next] ?? '';
    this.replace(text, text.length);
  }

  private tab(): void {
    const before = this.line.slice(0, this.cursor);
    const words = before.split(/\s+/);
    const last = words.at(-1)!;
    const found = [...new Set(this.host.complete(words))].filter((word) => word.startsWith(last)).sort();
    if (found.length === 0) {
      this.host.echo('\x07');
      return;
    }
    const common = found.length === 1 ? `${found[0]} ` : sharedBeginning(found);
    if (common.length > last.length) {
      const text = before + common.slice(last.length);
      this.replace(text + this.line.slice(this.cursor), text.length);
    } else {
      this.host.echo(`\r\n  ${found.join(' ')}\r\n${this.host.prompt}${this.line}`);
      this.host.echo('\b'.repeat(this.line.length - this.cursor));
    }
  }

  /** Writes the line anew from where it begins to differ. */
  private replace(text: string, cursor: number): void {
    const out = '\b'.repeat(this.cursor) + text + ' '.repeat(Math.max(0, this.line.length - text.length));
    this.host.echo(out + '\b'.repeat(Math.max(text.length, this.line.length) - cursor));
    this.line = text;
    this.cursor = cursor;
  }

  private move(to: number): void {
    const target = Math.max(0, Math.min(this.line.length, to));
    this.host.echo(target < this.cursor ? '\b'.repeat(this.cursor - target) : this.line.slice(this.cursor, target));
    this.cursor = target;
  }
}

function sharedBeginning(words: readonly string[]): string {
  let length = words[0]!.length;
  for (const word of words) while (!word.startsWith(words[0]!.slice(0, length))) length--;
  return words[0]!.slice(0, length);
}
