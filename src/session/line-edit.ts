/**
 * A line as it is edited on a terminal: keys in, escape sequences out. What readline does for bash, for shells that nobody's Node reads the keys of.
 *
 * Of readline's keys: arrows, Home, End, Delete, Ctrl-A/B/D/E/F/H/K/L/N/P/R/T/U/W, Alt-B/D/F, Tab. Not: undo, the kill ring, vi's keys.
 */
import { HistorySearch } from './history-search.ts';

/** What surrounds it. */
export interface LineEditHost {
  write(text: string): void;
  columns(): number;
  /** Completions of the end of a line, and the part of it that they replace. */
  complete(line: string): readonly [completions: readonly string[], word: string];
  /** Earlier lines, oldest first. */
  history(): readonly string[];
  /** The line is complete. */
  accept(line: string): void;
  /** Ctrl-C. */
  cancel(): void;
  /** Ctrl-D where there is no text. */
  end(): void;
}

/** Characters of the longest line. */
const LONGEST = 4096;
/** Completions that are shown. */
const MOST_SHOWN = 200;
const ESC = '\u001b';
const DELETE = '\u007f';
const control = (letter: string): string => String.fromCharCode(letter.charCodeAt(0) - 64);

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const narrow = /\p{M}|\u200d/u;

function widthOf(characters: readonly string[]): number {
  let width = 0;
  for (const each of characters) width += narrow.test(each) ? 0 : wide.test(each) ? 2 : 1;
  return width;
}

/** The editor of one terminal. */
export class LineEdit {
  private readonly host: LineEditHost;
  private prompt = '';
  private text: string[] = [];
  private cursor = 0;
  /** Columns of prompt and text. */
  private width = 0;
  /** Row of the terminal's cursor, from that of the prompt. */
  private row = 0;
  /** How far back in the history it is; 0: the line that is new. */
  private back = 0;
  private fresh = '';
  /** What has come of an escape sequence, without the escape. */
  private sequence: string | undefined;
  private search: HistorySearch | undefined;
  private readonly decoder = new TextDecoder();
  /** A line is asked for. */
  asking = false;

  constructor(host: LineEditHost) {
    this.host = host;
  }

  /** Asks for a line. */
  ask(prompt: string): void {
    this.prompt = prompt;
    this.width = widthOf([...prompt]);
    this.text = [];
    this.cursor = 0;
    this.row = 0;
    this.back = 0;
    this.asking = true;
    this.host.write(prompt);
  }

  /** Takes keys until the line is complete; those behind it are given back. */
  keys(bytes: Uint8Array): Uint8Array {
    for (let at = 0; at < bytes.length; at++) {
      if (!this.asking) return bytes.subarray(at);
      for (const character of this.decoder.decode(bytes.subarray(at, at + 1), { stream: true })) this.key(character);
    }
    return new Uint8Array(0);
  }

  private key(key: string): void {
    if (this.search) this.searching(this.search, key);
    else if (this.sequence !== undefined) this.escape(this.sequence + key);
    else if (key === ESC) this.sequence = '';
    else if (key >= ' ' && key !== DELETE) this.insert([key]);
    else this.controls[key]?.();
  }

  /** Keys that come as several characters; `sequence` is what has come behind the first. */
  private escape(sequence: string): void {
    this.sequence = undefined;
    const unfinished = sequence === '[' || sequence === 'O' || /^\[[\d;]{1,12}$/.test(sequence);
    if (unfinished) this.sequence = sequence;
    else this.sequences[sequence.length > 1 ? sequence.slice(1) : `alt ${sequence}`]?.();
  }

  /** What control characters do. */
  private readonly controls: Readonly<Record<string, () => void>> = {
    '\r': () => this.accept(),
    '\n': () => this.accept(),
    [control('C')]: () => {
      this.leave('^C\r\n');
      this.host.cancel();
    },
    [control('D')]: () => {
      if (this.text.length > 0) this.remove(this.cursor, this.cursor + 1);
      else {
        this.leave('');
        this.host.end();
      }
    },
    '\b': () => this.remove(this.cursor - 1, this.cursor),
    [DELETE]: () => this.remove(this.cursor - 1, this.cursor),
    [control('A')]: () => this.move(0),
    [control('E')]: () => this.move(this.text.length),
    [control('B')]: () => this.move(this.cursor - 1),
    [control('F')]: () => this.move(this.cursor + 1),
    [control('K')]: () => this.remove(this.cursor, this.text.length),
    [control('U')]: () => this.remove(0, this.cursor),
    [control('W')]: () => this.remove(this.wordBefore(/\S/), this.cursor),
    [control('L')]: () => {
      this.host.write(`${ESC}[H${ESC}[2J`);
      this.row = 0;
      this.draw();
    },
    [control('T')]: () => this.transpose(),
    [control('P')]: () => this.recall(this.back + 1),
    [control('N')]: () => this.recall(this.back - 1),
    [control('R')]: () => {
      this.search = new HistorySearch([...this.host.history()].reverse(), this.text.join(''));
      this.drawSearch(this.search);
    },
    '\t': () => this.complete(),
  };

  /** What escape sequences do, without their first two characters. */
  private readonly sequences: Readonly<Record<string, () => void>> = {
    'alt b': () => this.move(this.wordBefore(/\w/)),
    'alt f': () => this.move(this.wordAfter()),
    'alt d': () => this.remove(this.cursor, this.wordAfter()),
    [`alt ${DELETE}`]: () => this.remove(this.wordBefore(/\w/), this.cursor),
    A: () => this.recall(this.back + 1),
    B: () => this.recall(this.back - 1),
    C: () => this.move(this.cursor + 1),
    D: () => this.move(this.cursor - 1),
    '1;5C': () => this.move(this.wordAfter()),
    '1;5D': () => this.move(this.wordBefore(/\w/)),
    H: () => this.move(0),
    '1~': () => this.move(0),
    '7~': () => this.move(0),
    F: () => this.move(this.text.length),
    '4~': () => this.move(this.text.length),
    '8~': () => this.move(this.text.length),
    '3~': () => this.remove(this.cursor, this.cursor + 1),
  };

  private remove(from: number, to: number): void {
    const begin = Math.max(0, from);
    const end = Math.min(to, this.text.length);
    if (end > begin) this.replace(begin, end, []);
  }

  private insert(characters: readonly string[]): void {
    if (this.text.length + characters.length > LONGEST) return;
    this.replace(this.cursor, this.cursor, characters);
  }

  /** Puts characters in the place of others; the cursor comes to stand behind them. */
  private replace(from: number, to: number, characters: readonly string[]): void {
    const before = this.position(this.text.length);
    const atEnd = from === this.text.length && this.cursor === from;
    const removed = this.text.splice(from, to - from, ...characters);
    this.width += widthOf(characters) - widthOf(removed);
    this.cursor = from + characters.length;
    const { row, column } = this.position(this.text.length);
    // What is typed at the end of a line that does not wrap needs no more than itself.
    if (atEnd && row === before.row && column > 0) this.host.write(characters.join(''));
    else this.draw();
  }

  private move(to: number): void {
    this.cursor = Math.max(0, Math.min(this.text.length, to));
    const { row, column } = this.position(this.cursor);
    this.go(row, column);
  }

  private transpose(): void {
    if (this.cursor === 0 || this.text.length < 2) return;
    const at = Math.min(this.cursor, this.text.length - 1);
    const [before, after] = [this.text[at - 1]!, this.text[at]!];
    this.replace(at - 1, at + 1, [after, before]);
  }

  /** Beginning of the word before the cursor; `part`: what words are made of. */
  private wordBefore(part: RegExp): number {
    let at = this.cursor;
    while (at > 0 && !part.test(this.text[at - 1]!)) at--;
    while (at > 0 && part.test(this.text[at - 1]!)) at--;
    return at;
  }

  private wordAfter(): number {
    let at = this.cursor;
    while (at < this.text.length && !/\w/.test(this.text[at]!)) at++;
    while (at < this.text.length && /\w/.test(this.text[at]!)) at++;
    return at;
  }

  /** Shows a line of the history; 0 is the new one. */
  private recall(back: number): void {
    const history = this.host.history();
    if (back < 0 || back > history.length) return;
    if (this.back === 0) this.fresh = this.text.join('');
    this.back = back;
    this.set(back === 0 ? this.fresh : history[history.length - back]!);
  }

  private set(line: string): void {
    this.text = [...line].slice(0, LONGEST);
    this.width = widthOf([...this.prompt]) + widthOf(this.text);
    this.cursor = this.text.length;
    this.draw();
  }

  private complete(): void {
    const line = this.text.slice(0, this.cursor).join('');
    const [completions, word] = this.host.complete(line);
    if (completions.length === 0) return;
    let common = completions[0]!;
    for (const each of completions) while (!each.startsWith(common)) common = common.slice(0, -1);
    const length = [...word].length;
    if (common.length > word.length) {
      this.replace(this.cursor - length, this.cursor, [...common]);
      return;
    }
    if (completions.length > 1) this.list(completions);
  }

  /** Shows completions below the line, in columns, and the line again below them. */
  private list(completions: readonly string[]): void {
    const shown = completions.slice(0, MOST_SHOWN).map((each) => each.trimEnd().replace(/^.*\/(?=.)/, ''));
    const width = Math.max(...shown.map((each) => widthOf([...each]))) + 2;
    const columns = Math.max(1, Math.floor(this.host.columns() / width));
    const lines: string[] = [];
    for (let at = 0; at < shown.length; at += columns)
      lines.push(
        shown
          .slice(at, at + columns)
          .map((each) => each + ' '.repeat(width - widthOf([...each])))
          .join('')
          .trimEnd(),
      );
    if (completions.length > shown.length) lines.push(`and ${completions.length - shown.length} more`);
    const end = this.position(this.text.length);
    this.go(end.row, end.column);
    this.host.write(`\r\n${lines.join('\r\n')}\r\n`);
    this.row = 0;
    this.draw();
  }

  private searching(search: HistorySearch, key: string): void {
    const end = search.keys(key);
    if (!end) {
      this.drawSearch(search);
      return;
    }
    this.search = undefined;
    this.set(end.line);
    for (const each of end.rest) this.key(each);
  }

  private drawSearch(search: HistorySearch): void {
    const up = this.row > 0 ? `${ESC}[${this.row}A` : '';
    this.row = 0;
    const shown = [...search.shown].slice(0, Math.max(1, this.host.columns() - 1)).join('');
    this.host.write(`\r${up}${ESC}[J${shown}`);
  }

  private accept(): void {
    const line = this.text.join('');
    this.leave('\r\n');
    this.host.accept(line);
  }

  /** The line is left as it stands. */
  private leave(after: string): void {
    if (this.cursor < this.text.length) this.move(this.text.length);
    this.asking = false;
    this.host.write(after);
  }

  /** Where the terminal's cursor stands before a character. */
  private position(index: number): { readonly row: number; readonly column: number } {
    const columns = Math.max(1, this.host.columns());
    const at = index === this.text.length ? this.width : widthOf([...this.prompt]) + widthOf(this.text.slice(0, index));
    return { row: Math.floor(at / columns), column: at % columns };
  }

  private go(row: number, column: number): void {
    const rows = row - this.row;
    const vertical = rows < 0 ? `${ESC}[${-rows}A` : rows > 0 ? `${ESC}[${rows}B` : '';
    this.row = row;
    this.host.write(`\r${vertical}${column > 0 ? `${ESC}[${column}C` : ''}`);
  }

  /** Draws prompt and line anew. */
  private draw(): void {
    const up = this.row > 0 ? `${ESC}[${this.row}A` : '';
    const end = this.position(this.text.length);
    // A terminal wraps when the next character comes.
    const wrap = end.column === 0 && end.row > 0 ? ' \r' : '';
    this.host.write(`\r${up}${ESC}[J${this.prompt}${this.text.join('')}${wrap}`);
    this.row = end.row;
    if (this.cursor < this.text.length) this.move(this.cursor);
  }
}
