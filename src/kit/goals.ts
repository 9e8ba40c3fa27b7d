/**
 * What a test can wait for: a line, a condition, an event, a time, a call into Linux, the end. The driver runs the machine until they are reached.
 */
import type { MachineEvent } from '../events.ts';
import type { OutputLine } from '../session/lines.ts';
import { terminalText } from '../session/terminal-text.ts';
import type { Cursor, SimulationLog } from './log.ts';

/** Something that is waited for. */
export interface Goal<T = unknown> {
  /** For errors: `a line of uart4 that matches /ready/`. */
  readonly awaited: string;
  /** Cycle at which the wait is over; may be infinite. */
  readonly deadline: number;
  /** `time`: reached at its deadline, whatever happens. `linux`: goes on when a core fails, as Linux does; `end` is that of the machine. */
  readonly kind: 'firmware' | 'time' | 'linux' | 'end';
  /** Looks again, while nothing runs. A value in an object once it is reached. @throws what the wait then ends with */
  check(): { readonly value: T } | undefined;
  /** Hears an event, in the middle of a run: true ends the run, so that `check` is asked. */
  event?(event: MachineEvent): boolean;
  /** The same for lines. */
  line?(line: OutputLine): boolean;
  /** Virtual time between two looks, in cycles; 5 ms unless given. */
  readonly every?: number;
  /** What there is to say about why it was not reached. */
  hint?(): readonly string[];
}

/** A line that was waited for. */
export interface FoundLine {
  /** `uart4`, `linux`, `ttyRPMSG30` ... */
  readonly source: string;
  /** Without line end. */
  readonly text: string;
  readonly match: RegExpMatchArray;
  /** Cycle of its last byte. */
  readonly cycle: number;
  /** The same in ns of virtual time. */
  readonly time: number;
  /** False for a prompt, which has no line end. */
  readonly complete: boolean;
}

/** Any source. */
export const ANY = 'any';

/** The expression for a text or another expression: always from the start, in no state. */
export function expression(pattern: RegExp | string): RegExp {
  if (typeof pattern === 'string') return new RegExp(pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
}

/** How the condition of a wait is written in errors. */
export function patternText(pattern: RegExp | string): string {
  return typeof pattern === 'string' ? `has ${JSON.stringify(pattern)}` : `matches ${String(pattern)}`;
}

/** Control characters as C writes them, for reports: a NUL makes a log binary for those who look for something in it. */
function visible(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) =>
    character === '\t' ? character : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** A line of a source that matches, from behind the last one that was awaited there. */
export class LineGoal implements Goal<FoundLine> {
  readonly awaited: string;
  readonly deadline: number;
  readonly kind = 'firmware';
  private readonly source: string;
  private readonly pattern: RegExp;
  private readonly log: SimulationLog;
  private readonly hz: number;
  /** Next line to look at. */
  private at: Cursor;
  private found: FoundLine | undefined;

  constructor(options: {
    readonly log: SimulationLog;
    readonly hz: number;
    readonly source: string;
    readonly pattern: RegExp | string;
    readonly deadline: number;
    readonly from: 'cursor' | 'now' | 'start';
  }) {
    const { log, hz, source, pattern, deadline, from } = options;
    this.log = log;
    this.hz = hz;
    this.source = source;
    this.pattern = expression(pattern);
    this.deadline = deadline;
    this.awaited = `${source === ANY ? 'a line' : `a line of ${source}`} that ${patternText(pattern)}`;
    this.at = beginning(log, source, from);
  }

  line(): boolean {
    return this.look();
  }

  check(): { value: FoundLine } | undefined {
    this.look();
    return this.found && { value: this.found };
  }

  /** What came instead. */
  hint(): string[] {
    const lines = linesOf(this.log, this.source);
    if (lines.length === 0) return [`nothing was printed${this.source === ANY ? '' : ` on ${this.source}`}`];
    const skipped = lines.slice(0, -6).length;
    const shown = lines.slice(-6).map(({ source, text }) => `  ${this.source === ANY ? `[${source}] ` : ''}${visible(text)}`);
    return [`last lines${this.source === ANY ? '' : ` of ${this.source}`}${skipped > 0 ? ` (of ${lines.length})` : ''}:`, ...shown];
  }

  private look(): boolean {
    const { log, source } = this;
    while (!this.found && this.at.index < log.lines.length) {
      const line = log.lines.at(this.at.index)!;
      const own = source === ANY || line.source === source;
      const column = own && line.source === this.at.source ? this.at.column : 0;
      const match = own ? this.matches(line, column) : null;
      if (match) this.take(line, match);
      const passed = own && line.complete && line.source === this.at.source;
      if (!match) this.at = { ...this.at, index: this.at.index + 1, ...(passed ? { column: 0 } : {}) };
    }
    return this.found !== undefined;
  }

  private matches({ text, complete }: OutputLine, column: number): RegExpMatchArray | null {
    // Of a line that was matched unfinished and then ended, nothing is new.
    if (column > 0 && complete && text.length <= column) return null;
    const rest = text.slice(column);
    return rest.match(this.pattern) ?? terminalText(rest).match(this.pattern);
  }

  private take(line: OutputLine, match: RegExpMatchArray): void {
    const { source, text, cycle, complete } = line;
    const next = { index: this.at.index + 1, column: complete ? 0 : text.length, source };
    this.at = next;
    this.found = { source, text, match, cycle, time: Math.round((cycle / this.hz) * 1e9), complete };
    const cursor = this.log.cursors.get(this.source);
    if (!cursor || cursor.index < next.index) this.log.cursors.set(this.source, next);
  }
}

/** Where a wait begins to look. */
function beginning(log: SimulationLog, source: string, from: 'cursor' | 'now' | 'start'): Cursor {
  if (from === 'now') {
    // Of a line that a console has begun, only what is still to come.
    const begun = Uint8Array.from(log.partials.get(source)?.bytes ?? []);
    return { index: log.lines.length, column: new TextDecoder().decode(begun).replace(/^\r+/, '').length, source };
  }
  const start = { index: 0, column: 0, source };
  return from === 'start' ? start : (log.cursors.get(source) ?? start);
}

/** Lines of a source, each once: what an unfinished one became stands in its place. */
function linesOf(log: SimulationLog, source: string): OutputLine[] {
  const lines: OutputLine[] = [];
  const open = new Map<string, number>();
  for (const line of log.lines) {
    if (source !== ANY && line.source !== source) continue;
    const earlier = open.get(line.source);
    if (earlier === undefined) lines.push(line);
    else lines[earlier] = line;
    if (line.complete) open.delete(line.source);
    else if (earlier === undefined) open.set(line.source, lines.length - 1);
  }
  return lines;
}

/** A condition of the caller's, looked at after each event and now and then. */
export function conditionGoal(options: {
  readonly name: string;
  readonly condition: () => unknown;
  readonly deadline: number;
  readonly every?: number;
}): Goal<unknown> {
  const { name, condition, deadline, every } = options;
  return {
    awaited: name,
    deadline,
    kind: 'firmware',
    ...(every === undefined ? {} : { every }),
    check: () => {
      const value = condition();
      return value ? { value } : undefined;
    },
    event: () => true,
  };
}

/** The first event from now on that `filter` accepts. */
export function eventGoal(name: string, filter: (event: MachineEvent) => boolean, deadline: number): Goal<MachineEvent> {
  let found: MachineEvent | undefined;
  return {
    awaited: name,
    deadline,
    kind: 'firmware',
    check: () => found && { value: found },
    event: (event) => {
      if (!found && filter(event)) found = event;
      return found !== undefined;
    },
  };
}

/** A promise that is kept while the machine runs: a call into Linux. */
export function callGoal<T>(awaited: string, promise: Promise<T>): Goal<T> {
  let settled: { readonly value: T } | { readonly error: unknown } | undefined;
  promise.then(
    (value) => {
      settled = { value };
    },
    (error: unknown) => {
      settled = { error };
    },
  );
  return {
    awaited,
    deadline: Number.POSITIVE_INFINITY,
    kind: 'linux',
    check: () => {
      if (settled && 'error' in settled) throw settled.error;
      return settled;
    },
  };
}
