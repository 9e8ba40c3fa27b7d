/**
 * Characters of a device tree source: white space, comments, line markers of the C preprocessor, and where an error is.
 *
 * There is no separate list of tokens, since what a character means depends on where it stands (a name may be `1,2-3@4`, a byte `0a`):
 * the parser asks for what it expects. `/include/` is resolved here, if the caller has files.
 */
import { DeviceTreeError } from '../errors.ts';

/** One piece at a time: a repeated group takes the host's stack for each turn. */
const WHITE = /\s+|\/\*[\s\S]*?\*\/|\/\/[^\n]*(?:\n|$)/y;
const LINE_MARKER = /#(?:line)?[ \t]+(\d{1,9})[ \t]+"([^"\n]*)"[^\n]*/y;
const DIRECTIVE = /#[ \t]*(include|define|undef|if|ifdef|ifndef|else|elif|endif|error|pragma)\b[^\n]*/y;

const INCLUDE = /\/include\/[ \t]*"([^"\n]*)"/y;
/** Characters of a source with all that it includes, and how often it may include. */
const MOST_CHARACTERS = 4 * 1024 * 1024;
const MOST_INCLUDES = 200;

/** Gives the text of an included file and the name under which errors show it; undefined when there is no such file. */
export type IncludeFile = (name: string, from: string) => { readonly file: string; readonly text: string } | undefined;

interface LineMarker {
  at: number;
  readonly file: string;
  readonly line: number;
}

/** Reads one file and those that it includes. */
export class DtsScanner {
  private text: string;
  private readonly file: string;
  private readonly include: IncludeFile | undefined;
  private includes = 0;
  private at = 0;
  /** Lines behind the marker at `from`, where the last of them starts, and where the next would. */
  private counted = { from: -1, start: 0, lines: 0, next: 0 };
  /** Line markers in the order of their positions: from there on, lines count from another number in another file. */
  private readonly markers: LineMarker[] = [];

  constructor(text: string, file: string, include?: IncludeFile) {
    this.text = text;
    this.file = file;
    this.include = include;
    if (text.length > MOST_CHARACTERS)
      this.fail(`${text.length} characters are too many`, 'give the source of a device tree', 'E_DTB_LIMIT');
    this.skip();
  }

  /** True when nothing but white space is left. */
  get atEnd(): boolean {
    return this.at >= this.text.length;
  }

  /** `file:line.column`, as dtc counts. */
  get place(): string {
    return this.placeOf(this.at);
  }

  /** What stands here, for messages. */
  get here(): string {
    if (this.atEnd) return 'the end of the file';
    const found = /^(?:[\w&/@,.+?#-]+|.)/s.exec(this.text.slice(this.at, this.at + 40))![0];
    return JSON.stringify(found);
  }

  /** True when `text` stands here. */
  looksAt(text: string): boolean {
    return this.text.startsWith(text, this.at);
  }

  /** Takes `text` and the white space behind it, if it stands here. */
  take(text: string): boolean {
    if (!this.text.startsWith(text, this.at)) return false;
    this.at += text.length;
    this.skip();
    return true;
  }

  /** Takes what the sticky expression matches, with the white space behind it. */
  match(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.at;
    const found = expression.exec(this.text);
    if (!found) return undefined;
    this.at += found[0].length;
    this.skip();
    return found;
  }

  /** Takes a string, without its quotes and with its escapes as they are. */
  takeString(): string | undefined {
    if (this.text[this.at] !== '"') return undefined;
    for (let end = this.at + 1; end < this.text.length; end++) {
      const character = this.text[end];
      if (character === '\\') end++;
      else if (character === '"') {
        const found = this.text.slice(this.at + 1, end);
        this.at = end + 1;
        this.skip();
        return found;
      }
    }
    return this.fail('a string has no end');
  }

  /** Takes `text`. @throws {DeviceTreeError} when something else stands here */
  expect(text: string, after: string): void {
    if (!this.take(text)) this.fail(`${JSON.stringify(text)} is missing ${after}, before ${this.here}`);
  }

  /** @throws {DeviceTreeError} always: a syntax error here. */
  fail(text: string, remedy = 'mend the source; dtc refuses it, too', code: DeviceTreeError['code'] = 'E_DTS', place = this.place): never {
    throw new DeviceTreeError(code, `${place}: ${text}`, remedy, place);
  }

  /** Every reference asks for its place, most of them behind all markers: those are looked at from the last, lines counted on. */
  private placeOf(position: number): string {
    const marker = this.markers.findLast(({ at }) => at <= position) ?? { at: 0, file: this.file, line: 1 };
    if (this.counted.from !== marker.at || this.counted.start > position)
      this.counted = { from: marker.at, start: marker.at, lines: 0, next: this.lineAfter(marker.at) };
    const { counted } = this;
    while (counted.next <= position) {
      counted.start = counted.next;
      counted.lines++;
      counted.next = this.lineAfter(counted.start);
    }
    return `${marker.file}:${marker.line + counted.lines}.${position - counted.start + 1}`;
  }

  private lineAfter(position: number): number {
    const end = this.text.indexOf('\n', position);
    return end < 0 ? Number.POSITIVE_INFINITY : end + 1;
  }

  private mark(marker: LineMarker): void {
    const before = this.markers.findLastIndex(({ at }) => at <= marker.at);
    this.markers.splice(before + 1, 0, marker);
  }

  private skip(): void {
    for (;;) {
      for (WHITE.lastIndex = this.at; WHITE.test(this.text); ) this.at = WHITE.lastIndex;
      if (this.text.startsWith('/*', this.at)) this.fail('a comment has no end');
      if (this.splice()) continue;
      if (this.text[this.at] !== '#' || (this.at > 0 && this.text[this.at - 1] !== '\n')) return;
      LINE_MARKER.lastIndex = this.at;
      const marker = LINE_MARKER.exec(this.text);
      if (!marker) {
        this.refuseDirective();
        return;
      }
      this.at += marker[0].length;
      this.mark({ at: this.at + 1, file: marker[2]!, line: Number(marker[1]) });
    }
  }

  /** Puts the text of an included file where its directive stands. */
  private splice(): boolean {
    INCLUDE.lastIndex = this.at;
    const directive = INCLUDE.exec(this.text);
    if (!directive) return false;
    const [whole, name] = directive;
    const [file, line] = this.place.split(/:(?=[^:]*$)/);
    const found = this.include?.(name!, file!);
    if (!found) {
      const remedy = this.include ? 'put the file beside the source' : 'give one source without includes, or the .dtb that dtc made of it';
      this.fail(`/include/ "${name}": ${this.include ? 'no such file' : 'files are not included here'}`, remedy, 'E_DTS_INCLUDE');
    }
    if (++this.includes > MOST_INCLUDES || this.text.length + found.text.length > MOST_CHARACTERS)
      this.fail(`/include/ "${name}": too many files are included`, 'a file may include itself', 'E_DTS_INCLUDE');
    const after = this.at + whole.length;
    const grown = found.text.length + 2 - whole.length;
    for (const marker of this.markers) if (marker.at >= after) marker.at += grown;
    this.counted.from = -1;
    this.text = `${this.text.slice(0, this.at)}\n${found.text}\n${this.text.slice(after)}`;
    this.mark({ at: this.at + 1, file: found.file, line: 1 });
    this.mark({ at: after + grown, file: file!, line: Number.parseInt(line!, 10) });
    return true;
  }

  private refuseDirective(): void {
    DIRECTIVE.lastIndex = this.at;
    const directive = DIRECTIVE.exec(this.text);
    if (!directive) return;
    this.fail(
      `${directive[0].slice(0, 60)}: this is for the C preprocessor`,
      'run it first, as the kernel does: cpp -nostdinc -undef -D__DTS__ -x assembler-with-cpp -I include file.dts > file.pp.dts',
      'E_DTS_INCLUDE',
    );
  }
}
