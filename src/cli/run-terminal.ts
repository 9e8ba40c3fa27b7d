/**
 * Where a run is shown: standard output and error, as lines or JSON, and on a terminal the status line below them.
 */
import type { Machine } from '../machine.ts';
import { wantsColor } from './pace.ts';
import { HumanRenderer, JsonRenderer, type Sink } from './renderer.ts';
import { StatusLine, stateText } from './status-line.ts';

/** Host time between two looks at whether the status line is to be drawn while nobody calls for it, in ms. */
const TICK_MS = 100;

/** What decides how it looks. */
export interface TerminalOptions {
  readonly json?: boolean;
  readonly color: boolean;
  /** False: no status line, on terminals neither. */
  readonly status?: boolean;
}

/** Standard output and error of this process, and whether they have colours; `color`: the user wants some where there can be any. */
export function standardStreams(color: boolean): {
  readonly out: Sink;
  readonly err: Sink;
  readonly colors: { readonly out: boolean; readonly err: boolean };
} {
  const { stdout, stderr } = process;
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    colors: { out: wantsColor(stdout, color), err: wantsColor(stderr, color) },
  };
}

/** The outputs of one run. */
export class RunTerminal {
  readonly renderer: HumanRenderer | JsonRenderer;
  /** Standard output. */
  readonly out: Sink;
  /** What somebody else makes the machine wait for, in a few words. */
  waitsFor: (() => string | undefined) | undefined;
  private readonly status: StatusLine | undefined;
  private machine: Machine | undefined;
  private ticking: NodeJS.Timeout | undefined;
  private readonly messages = { tx: 0, rx: 0 };

  constructor({ json, color, status }: TerminalOptions, hz: number) {
    const { stdout, stderr, env } = process;
    const { out: write, err: error, colors } = standardStreams(color);
    // One that can write over a line.
    const capable = Boolean(stdout.isTTY) && env['TERM'] !== 'dumb' && !json;
    const columns = () => stdout.columns || 80;
    this.status =
      capable && status !== false
        ? new StatusLine({
            write,
            columns,
            facts: () => this.facts(),
            now: () => performance.now(),
            paint: (text) => (colors.out ? `\x1b[2m${text}\x1b[22m` : text),
          })
        : undefined;
    this.out = this.status?.around(write) ?? write;
    const err = (stderr.isTTY && this.status?.around(error)) || error;
    this.renderer = json
      ? new JsonRenderer(this.out, hz)
      : new HumanRenderer({ out: this.out, err, colors, ...(capable ? { columns } : {}) });
  }

  /** The status line is about this machine. */
  attach(machine: Machine): void {
    this.machine = machine;
    if (!this.status) return;
    // The machine may stand still, or run for long between two looks at the host.
    this.ticking = setInterval(() => this.tick(), TICK_MS).unref();
    machine.events.subscribe((event) => {
      if (event.type === 'message') this.messages[event.direction]++;
    });
  }

  /** To be called between slices, and now and then while the machine stands still. */
  tick(): void {
    if (this.machine) this.status?.tick();
  }

  /** The run is over: the terminal is left as it is without a status line. */
  close(): void {
    clearInterval(this.ticking);
    this.status?.close();
  }

  private facts() {
    const machine = this.machine!;
    return {
      seconds: machine.scheduler.seconds,
      state: this.waitsFor?.() ?? stateText(machine),
      ...(machine.linux ? { messages: this.messages } : {}),
      findings: machine.diagnostics.all.length,
    };
  }
}
