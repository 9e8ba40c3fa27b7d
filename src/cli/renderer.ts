/**
 * Where a run's output goes: one stream of prefixed lines for people, or one JSON object per line for programs.
 *
 * Standard output carries what the machine says; what imx-sim itself has to say (choices made, findings, reports) goes to standard
 * error, or into the same JSON stream with `--json`.
 */
import { styleText } from 'node:util';
import type { Diagnostic } from '../diagnostics.ts';
import type { MachineEvent } from '../events.ts';
import type { LintFinding } from '../linux/firmware-lint.ts';
import { hex32 } from '../memory/bits.ts';
import { dmesgTimestamp, type OutputLine } from '../session/lines.ts';
import { type CoreFault, findingLines, type Renderer } from '../session/renderer.ts';
import { terminalText } from '../session/terminal-text.ts';

type Style = Parameters<typeof styleText>[0];

/** Somewhere to write text. */
export type Sink = (text: string) => void;

const SOURCE_STYLES: readonly Style[] = ['cyan', 'green', 'magenta', 'blue', 'yellow'];

/** To the start of the line, and all of it away. */
const REWRITE = '\r\u001b[K';

/** Where colours are wanted. */
export interface Colors {
  readonly out: boolean;
  readonly err: boolean;
}

function styled(wanted: boolean, style: Style, text: string): string {
  // Whether to colour was decided by the caller; Node would ask standard output again, also for standard error.
  return wanted ? styleText(style, text, { validateStream: false }) : text;
}

/** Prefixed lines, coloured where `colors` says so. */
export class HumanRenderer implements Renderer {
  private readonly out: Sink;
  private readonly err: Sink;
  private readonly colors: Colors;
  private readonly columns: (() => number) | undefined;
  private readonly styles = new Map<string, Style>();
  /** The console whose unfinished line the terminal's cursor stands behind. */
  private open: string | undefined;

  /** With `columns`, `out` is a terminal of that width, on which an unfinished line is written over when it goes on. */
  constructor(options: { out: Sink; err: Sink; colors: Colors; columns?: () => number }) {
    this.out = options.out;
    this.err = (text) => {
      this.leave();
      options.err(text);
    };
    this.colors = options.colors;
    this.columns = options.columns;
  }

  line(line: OutputLine): void {
    const { source, complete } = line;
    const prefix = this.paint(this.styleOf(source), `[${source}]`);
    if (this.open === source) this.out(REWRITE);
    else this.leave();
    this.open = undefined;
    if (source === 'linux') {
      const stamp = this.paint('dim', dmesgTimestamp(line.seconds));
      const level = line.level ?? 6;
      const text = level <= 3 ? this.paint('red', line.text) : level === 4 ? this.paint('yellow', line.text) : line.text;
      this.out(`${prefix} ${stamp}${text}\n`);
      return;
    }
    const text = terminalText(line.text, this.colors.out);
    const shown = text === '' ? prefix : `${prefix} ${text}`;
    const fits = !complete && this.columns && source.length + 3 + terminalText(line.text).length < this.columns();
    if (fits) this.open = source;
    this.out(fits ? shown : `${shown}\n`);
  }

  event(event: MachineEvent, seconds: number): void {
    if (event.type !== 'fault') return;
    this.err(
      `${this.mark('dim', 'imx-sim:')} ${this.mark('yellow', `fault: ${event.fault}`)}: ${event.text} at ${(seconds * 1e3).toFixed(3)} ms\n`,
    );
  }

  note(text: string): void {
    this.err(`${this.mark('dim', 'imx-sim:')} ${text}\n`);
  }

  diagnostic({ kind, block, register, text, pc }: Diagnostic): void {
    const where = pc === undefined ? '' : ` (pc ${hex32(pc)})`;
    this.err(`${this.mark('dim', 'imx-sim:')} ${this.mark('yellow', kind)}: ${block} ${register} ${text}${where}\n`);
  }

  finding(finding: LintFinding): void {
    const [first, ...rest] = findingLines(finding);
    this.err(`${this.mark('dim', 'imx-sim:')} ${this.mark(finding.severity === 'error' ? 'red' : 'yellow', first!)}\n`);
    for (const text of rest) this.err(`${text}\n`);
  }

  report(lines: readonly string[]): void {
    for (const [index, text] of lines.entries()) this.err(`${index === 0 ? this.mark('red', text) : text}\n`);
  }

  finish(_result: Readonly<Record<string, unknown>>, lines: readonly string[]): void {
    this.leave();
    for (const text of lines) this.out(`${text}\n`);
  }

  /** Lets an unfinished line stand; what goes on of it is written below. */
  private leave(): void {
    if (this.open !== undefined) this.out('\n');
    this.open = undefined;
  }

  private styleOf(source: string): Style {
    let style = this.styles.get(source);
    if (!style) {
      style = SOURCE_STYLES[this.styles.size % SOURCE_STYLES.length]!;
      this.styles.set(source, style);
    }
    return style;
  }

  /** `text` in colour on standard output. */
  private paint(style: Style, text: string): string {
    return styled(this.colors.out, style, text);
  }

  /** `text` in colour on standard error. */
  private mark(style: Style, text: string): string {
    return styled(this.colors.err, style, text);
  }
}

/** One JSON object per line: `{"type":..., "cycle":..., "time":...}`; times are seconds of virtual time. */
export class JsonRenderer implements Renderer {
  private readonly out: Sink;
  private readonly hz: number;

  constructor(out: Sink, hz: number) {
    this.out = out;
    this.hz = hz;
  }

  line({ source, cycle, seconds, text, level, complete }: OutputLine): void {
    if (source === 'linux') this.put({ type: 'dmesg', cycle, time: seconds, level, text });
    else this.put({ type: 'console', cycle, time: seconds, device: source, text, complete });
  }

  event(event: MachineEvent): void {
    if (event.type === 'console' || event.type === 'dmesg') return;
    const { type, cycle, ...rest } = event;
    const data = 'data' in rest ? { data: Buffer.from(rest.data).toString('hex') } : {};
    this.put({ type, cycle, time: cycle / this.hz, ...rest, ...data });
  }

  note(text: string): void {
    this.put({ type: 'note', text });
  }

  diagnostic(diagnostic: Diagnostic): void {
    const { kind, ...rest } = diagnostic;
    this.put({ type: 'diagnostic', kind, time: diagnostic.cycle / this.hz, ...rest });
  }

  finding(finding: LintFinding): void {
    this.put({ type: 'finding', ...finding });
  }

  report(lines: readonly string[], faults: readonly CoreFault[]): void {
    const timed = faults.map((fault) => ({ ...fault, time: fault.cycle / this.hz }));
    this.put({ type: 'report', lines, faults: timed });
  }

  finish(result: Readonly<Record<string, unknown>>): void {
    this.put({ type: 'result', ...result });
  }

  private put(value: Readonly<Record<string, unknown>>): void {
    this.out(`${JSON.stringify(value)}\n`);
  }
}
