/**
 * The keyboard of an interactive shell: Node's readline while the shell waits for a line, with history and completion; the terminal of the
 * program that runs otherwise.
 */
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { HistorySearch } from '../session/history-search.ts';

/** Lines of history that are kept. */
const HISTORY_SIZE = 1000;
/** Ctrl-], which leaves. */
const LEAVE = 0x1d;
const CTRL_Z = 0x1a;
const CTRL_R = '\x12';

/** What the keys are for. */
export interface LineEditorHost {
  /** A line is complete. */
  line(text: string): void;
  /** Ctrl-C at a prompt. */
  cancel(): void;
  /** Ctrl-D at an empty prompt. */
  end(): void;
  /** Ctrl-]. */
  leave(): void;
  /** Keys while a program runs. */
  keys(bytes: Uint8Array): void;
  complete(line: string): readonly [readonly string[], string];
}

/** Where the history of lines is kept: `$XDG_STATE_HOME/imx-sim/shell_history`. */
function historyFile(): string {
  const state = process.env['XDG_STATE_HOME'] || join(homedir(), '.local/state');
  return join(state, 'imx-sim/shell_history');
}

/** Reads keys until `close`. */
export class LineEditor {
  private readonly host: LineEditorHost;
  private readonly input = new PassThrough();
  private readonly editor: Interface;
  private readonly file: string | undefined;
  /** The shell waits for a line. */
  private asking = false;
  /** What is written ends in the middle of a line. */
  private midLine = false;
  /** Newest line first. */
  private history: readonly string[];
  private search: HistorySearch | undefined;
  private readonly onData = (data: Buffer): void => this.data(data);

  constructor(host: LineEditorHost, options: { readonly history: boolean }) {
    this.host = host;
    this.file = options.history ? historyFile() : undefined;
    this.history = this.readHistory();
    this.editor = createInterface({
      input: this.input,
      output: process.stdout,
      terminal: true,
      historySize: HISTORY_SIZE,
      history: [...this.history],
      removeHistoryDuplicates: true,
      completer: (line: string) => {
        const [completions, word] = host.complete(line);
        return [[...completions], word];
      },
    });
    this.editor.on('history', (lines) => {
      this.history = lines;
    });
    this.editor.on('line', (line) => this.accepted(line));
    this.editor.on('close', () => {
      if (!this.asking) return;
      // What is printed now stands behind the prompt, which is not drawn again.
      this.asking = false;
      host.end();
    });
    this.editor.on('SIGINT', () => {
      process.stdout.write('^C\n');
      this.editor.write(null, { ctrl: true, name: 'e' });
      this.editor.write(null, { ctrl: true, name: 'u' });
      this.asking = false;
      host.cancel();
    });
    this.editor.on('SIGTSTP', () => this.refuse());
    process.stdin.setRawMode(true);
    process.stdin.on('data', this.onData);
  }

  /** Asks for a line, which begins with what was `typed` already. */
  prompt(text: string, typed: Uint8Array): void {
    if (this.midLine) process.stdout.write('\n');
    this.midLine = false;
    this.asking = true;
    this.editor.setPrompt(text);
    this.editor.prompt();
    if (typed.length > 0) this.input.write(typed);
  }

  /** Writes what a program printed. */
  output(text: string): void {
    this.around(() => {
      process.stdout.write(text);
      this.midLine = !text.endsWith('\n');
    });
  }

  /** Writes a line of the kernel or of a core. */
  line(text: string): void {
    this.around(() => {
      process.stdout.write(`${this.midLine ? '\n' : ''}${text}\n`);
      this.midLine = false;
    });
  }

  /** Gives the terminal back. */
  close(): void {
    this.asking = false;
    process.stdin.off('data', this.onData);
    process.stdin.setRawMode(false);
    process.stdin.pause();
    this.editor.close();
    this.input.destroy();
  }

  /** Text that comes while somebody types stands above the prompt. */
  private around(write: () => void): void {
    if (!this.asking) {
      write();
      return;
    }
    process.stdout.write('\r\x1b[J');
    write();
    if (this.midLine) process.stdout.write('\n');
    this.midLine = false;
    if (this.search) process.stdout.write(this.search.shown);
    else this.editor.prompt(true);
  }

  private data(data: Buffer): void {
    if (data.includes(LEAVE)) {
      this.host.leave();
      return;
    }
    if (this.asking) this.edit(data);
    else if (data.includes(CTRL_Z)) this.refuse();
    else this.host.keys(new Uint8Array(data));
  }

  /** Keys for readline, which takes a Tab for text when more comes with it: right for lines that are pasted, but not for a quick typist. */
  private edit(data: Buffer): void {
    const text = data.toString('utf8');
    const begin = this.search ? 0 : text.indexOf(CTRL_R);
    if (begin >= 0) {
      if (begin > 0) this.edit(Buffer.from(text.slice(0, begin)));
      this.searching(this.search ? text : text.slice(begin + 1));
      return;
    }
    const parts = data.includes('\r') || data.includes('\n') ? [data] : data.toString('latin1').split(/(?<=\t)/);
    for (const part of parts) this.input.write(part, 'latin1');
  }

  /** Keys from Ctrl-R on; those behind the search are the editor's again. */
  private searching(keys: string): void {
    this.search ??= new HistorySearch(this.history, this.editor.line);
    const end = this.search.keys(keys);
    process.stdout.write(`\r\x1b[J${end ? '' : this.search.shown}`);
    if (!end) return;
    this.search = undefined;
    this.editor.write(null, { ctrl: true, name: 'e' });
    this.editor.write(null, { ctrl: true, name: 'u' });
    this.editor.write(end.line);
    this.editor.prompt(true);
    if (end.rest !== '') this.edit(Buffer.from(end.rest));
  }

  private refuse(): void {
    this.line('imx-sim: nothing can be stopped and continued here; begin it with & at the end of its line, or end it with Ctrl-C');
  }

  private accepted(line: string): void {
    this.asking = false;
    this.midLine = false;
    if (line.trim() !== '' && this.file !== undefined) {
      try {
        mkdirSync(dirname(this.file), { recursive: true, mode: 0o700 });
        appendFileSync(this.file, `${line}\n`, { mode: 0o600 });
      } catch {
        // A history that cannot be kept is no reason to complain at every line.
      }
    }
    this.host.line(line);
  }

  private readHistory(): string[] {
    if (this.file === undefined) return [];
    try {
      return readFileSync(this.file, 'utf8').split('\n').filter(Boolean).slice(-HISTORY_SIZE).reverse();
    } catch {
      return [];
    }
  }
}
