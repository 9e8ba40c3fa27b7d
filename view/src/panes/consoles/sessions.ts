/**
 * The terminals of the page, one for each console that was looked at. They outlive the pane, so that going elsewhere and back loses neither what was scrolled away nor
 * a selection.
 */
import { effect, signal } from '@preact/signals';
import { FitAddon } from '@xterm/addon-fit';
import { type ITheme, Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import { fromBase64, textToBase64, toBase64 } from '../../format.ts';
import { connection, consoleList, onConsole, request, tell } from '../../store.ts';
import { color, theme } from '../../theme.ts';
import { toast } from '../../toast-store.ts';
import { noInput, tidy } from './input-words.ts';

/** Lines that can be scrolled back to. */
const SCROLLBACK = 10_000;

/** One console's terminal. */
export class ConsoleSession {
  readonly device: string;
  readonly terminal: Terminal;
  /** What holds it; moved to where it is shown. */
  readonly element = document.createElement('div');
  /** Nothing has come yet. */
  readonly blank = signal(true);
  readonly #fit = new FitAddon();
  #opened = false;
  #known = false;
  #refused = 0;

  constructor(device: string, kind: string | undefined) {
    this.device = device;
    this.element.className = 'consoles-terminal';
    this.terminal = new Terminal({
      scrollback: SCROLLBACK,
      // A host's console shows semihosting with its own line ends.
      convertEol: kind === 'semihosting',
      minimumContrastRatio: 4.5,
      cursorBlink: false,
      fontFamily: 'ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
    });
    this.terminal.loadAddon(this.#fit);
    this.terminal.onData((text) => this.#send(textToBase64(text)));
    this.terminal.onBinary((text) => this.#send(toBase64(Uint8Array.from(text, (character) => character.charCodeAt(0)))));
    this.terminal.onResize(({ cols, rows }) => {
      if (connection.peek() === 'open') request('consoles.resize', { device, columns: cols, rows }).catch(() => {});
    });
    this.terminal.attachCustomKeyEventHandler((event) => this.#key(event));
    effect(() => {
      theme.value;
      this.terminal.options.theme = colors();
    });
    void this.load();
  }

  /** Shows what the console has shown so far; what comes later follows by itself. */
  async load(): Promise<void> {
    this.#known = false;
    try {
      const { data, dropped } = await request('consoles.history', { device: this.device });
      this.#known = true;
      this.terminal.reset();
      this.write(fromBase64(data), dropped);
    } catch (error) {
      tell(error);
    }
  }

  /** Output; what comes before the history is in the history. */
  output(bytes: Uint8Array, what: { readonly dropped: number; readonly reset: boolean }): void {
    if (!this.#known) return;
    if (what.reset) this.terminal.reset();
    this.write(bytes, what.dropped);
  }

  private write(bytes: Uint8Array, dropped: number): void {
    if (dropped > 0) this.terminal.write(`\x1b[2m[${dropped.toLocaleString('en-US')} bytes are not shown]\x1b[22m\r\n`);
    if (bytes.length === 0) return;
    this.blank.value = false;
    this.terminal.write(bytes);
  }

  /** Puts the terminal into its place on the page. */
  show(parent: HTMLElement): void {
    parent.append(this.element);
    if (!this.#opened) {
      this.#opened = true;
      this.terminal.open(this.element);
    }
    this.fit();
  }

  /** Takes the size of its place. */
  fit(): void {
    if (!this.element.isConnected || this.element.clientWidth === 0) return;
    const size = Math.round(Number.parseFloat(getComputedStyle(document.documentElement).fontSize) * 0.96);
    if (this.terminal.options.fontSize !== size) this.terminal.options.fontSize = size;
    this.#fit.fit();
  }

  /** All its lines. */
  text(): string {
    const { buffer } = this.terminal;
    return tidy(Array.from({ length: buffer.active.length }, (_, line) => buffer.active.getLine(line)?.translateToString(true) ?? ''));
  }

  /** Sends keys as if they were typed. */
  type(text: string): void {
    this.#send(textToBase64(text));
  }

  #send(data: string): void {
    const now = consoleList.peek().find(({ device }) => device === this.device);
    const why = now && noInput(now);
    if (why) {
      this.#refuse(why);
      return;
    }
    request('consoles.input', { device: this.device, data }).then((taken) => {
      if (!taken) this.#refuse(`${this.device} takes no input now.`);
    }, tell);
  }

  /** Says so once for a burst of keys. */
  #refuse(why: string): void {
    if (performance.now() - this.#refused > 3000) toast('warning', why);
    this.#refused = performance.now();
  }

  /** Keys that are the page's: out of the terminal, and copying. */
  #key(event: KeyboardEvent): boolean {
    if (event.key === 'F6') return false;
    if (event.type === 'keydown' && event.ctrlKey && event.shiftKey && event.key.toLowerCase() === 'c' && this.terminal.hasSelection()) {
      void navigator.clipboard?.writeText(this.terminal.getSelection());
      event.preventDefault();
      return false;
    }
    return true;
  }
}

const sessions = new Map<string, ConsoleSession>();

/** The terminal of a console. */
export function sessionOf(device: string): ConsoleSession {
  let session = sessions.get(device);
  if (!session) {
    session = new ConsoleSession(device, consoleList.peek().find((each) => each.device === device)?.kind);
    sessions.set(device, session);
  }
  return session;
}

onConsole((device, bytes, what) => {
  sessions.get(device)?.output(bytes, what);
});

let wasOpen = false;
effect(() => {
  const open = connection.value === 'open';
  // Back again: what came meanwhile is in the history.
  if (open && !wasOpen) for (const session of sessions.values()) void session.load();
  wasOpen = open;
});

/** The colours of the page as those of a terminal. */
function colors(): ITheme {
  const red = color('--error');
  const green = color('--message');
  const yellow = color('--warning');
  const blue = color('--accent');
  const magenta = color('--doorbell');
  const cyan = color('--linux');
  return {
    background: color('--sunken'),
    foreground: color('--text'),
    cursor: color('--text'),
    cursorAccent: color('--sunken'),
    selectionBackground: color('--selection'),
    black: color('--line-strong'),
    red,
    green,
    yellow,
    blue,
    magenta,
    cyan,
    white: color('--text-2'),
    brightBlack: color('--text-3'),
    brightRed: red,
    brightGreen: green,
    brightYellow: yellow,
    brightBlue: blue,
    brightMagenta: magenta,
    brightCyan: cyan,
    brightWhite: color('--text'),
  };
}
