/**
 * A console's line as a terminal would show it.
 *
 * Firmware with line editing (Zephyr's shell) writes over what it wrote: backspace, return, cursor left and right, erase and insert are followed
 * within the line. Anything that a single line cannot show (absolute positions, clearing the screen, scrolling) is left out.
 */

const ESC = '\u001b';
/** Control sequences with their parameters and final letter; other escapes; control characters but tab; anything else, by code point. */
const TOKEN = new RegExp(`${ESC}\\[([0-?]*)[ -/]*([@-~])|${ESC}([0-Z\\\\-_])|[^]`, 'gu');
/** What makes a line other than its characters one after the other. */
const CONTROL = /[^\t\n\u0020-\u007e\u0080-\u{10ffff}]/u;
/** Cells of the longest line shown. */
const LONGEST = 8192;
/** Characters of colour settings in force at once; more are taken for rubbish. */
const LONGEST_STYLE = 64;

interface Cell {
  readonly text: string;
  readonly style: string;
}

/** The cells of a line, with a cursor in it. */
class Line {
  cells: Cell[] = [];
  /** Colours in force, as the sequences that made them. */
  style = '';
  private at = 0;
  private saved = 0;

  put(text: string): void {
    if (this.at >= LONGEST) return;
    this.fill();
    this.cells[this.at++] = { text, style: this.style };
  }

  move(to: number): void {
    this.at = Math.max(0, Math.min(to, LONGEST));
  }

  /** A control sequence; `count` is its first parameter, 0 when that is absent. */
  control(final: string, count: number): void {
    const { cells, at } = this;
    const times = Math.max(1, count);
    if (final === 'D') this.move(at - times);
    else if (final === 'C') this.move(at + times);
    else if (final === 'G') this.move(times - 1);
    else if (final === 'P') cells.splice(at, times);
    else if (final === '@') this.insert(times);
    else if (final === 's') this.saved = at;
    else if (final === 'u') this.move(this.saved);
    else if (final === 'H' || final === 'f') this.move(cells.length);
    else if (final === 'K' || final === 'J') this.erase(final, count);
  }

  /** ESC and a single character. */
  escape(letter: string): void {
    if (letter === '7') this.saved = this.at;
    else if (letter === '8') this.move(this.saved);
  }

  color(sequence: string, parameters: string): void {
    const all = /^0*$/.test(parameters) ? '' : this.style + sequence;
    this.style = all.length > LONGEST_STYLE ? sequence.slice(0, LONGEST_STYLE) : all;
  }

  private insert(count: number): void {
    this.fill();
    const room = Math.max(0, Math.min(count, LONGEST - this.cells.length));
    this.cells.splice(this.at, 0, ...Array.from({ length: room }, () => ({ text: ' ', style: this.style })));
  }

  /** K erases in the line: after the cursor, before it, all of it. J does so on the screen, of which only the first can be shown. */
  private erase(final: string, which: number): void {
    if (which === 0) this.cells.length = Math.min(this.cells.length, this.at);
    else if (final === 'K' && which === 1)
      for (let i = 0; i <= this.at && i < this.cells.length; i++) this.cells[i] = { text: ' ', style: '' };
    else if (final === 'K') this.cells.length = 0;
  }

  /** Makes the cells up to the cursor exist. */
  private fill(): void {
    while (this.cells.length < this.at) this.cells.push({ text: ' ', style: '' });
  }
}

/** `text` as a terminal shows it; with `keepColors`, with the sequences that set colours, which are off again at its end. */
export function terminalText(text: string, keepColors = false): string {
  if (!CONTROL.test(text)) return text;
  const line = new Line();
  for (const [token, parameters, final, letter] of text.matchAll(TOKEN)) {
    if (final === 'm') line.color(token, parameters!);
    else if (final !== undefined) line.control(final, Math.min(Number.parseInt(parameters!, 10) || 0, LONGEST));
    else if (letter !== undefined) line.escape(letter);
    else if (token === '\r') line.move(0);
    else if (token === '\b') line.control('D', 1);
    else if (token === '\t' || (token >= ' ' && token !== '\u007f')) line.put(token);
  }
  if (!keepColors) return line.cells.map((cell) => cell.text).join('');
  let shown = '';
  let style = '';
  for (const cell of line.cells) {
    if (cell.style !== style) shown += `${style === '' ? '' : `${ESC}[m`}${cell.style}`;
    ({ style } = cell);
    shown += cell.text;
  }
  return style === '' ? shown : `${shown}${ESC}[m`;
}
