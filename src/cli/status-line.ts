/**
 * The last line of a terminal while a run lasts: virtual time, speed, state, messages. The log goes on above it and is what it would be without.
 *
 * The line stands below the cursor, which stays where the log's next character belongs: at the start of a line, or behind a prompt that somebody types
 * at. Before anything is written all below the cursor is erased, so nothing of it is ever left in the scroll-back.
 */
import type { Machine } from '../machine.ts';
import type { Sink } from './renderer.ts';

/** Host time between two drawings, in ms. */
const PERIOD_MS = 100;
/** A run that is over by then shows none, in ms. */
const FIRST_MS = 400;
/** Host time over which the speed is measured, in ms. */
const SPEED_MS = 1000;

/** Erases from the cursor to the end of the screen. */
const ERASE = '\x1b[J';
/** A line below the cursor, scrolled in if need be, without the cursor's column being lost; there the text, and back. */
const BELOW = (text: string): string => `\x1bD\x1b[A\x1b7\x1b[B\r\x1b[K${text}\x1b8`;

/** What the line says. */
export interface StatusFacts {
  /** Virtual time, in s. */
  readonly seconds: number;
  /** Virtual per host time; undefined before it is known. */
  readonly speed?: number;
  readonly state: string;
  /** Messages to the core, and to Linux. */
  readonly messages?: { readonly tx: number; readonly rx: number };
  readonly findings: number;
}

/** The line as text of at most `columns` characters; what is less important is left out first. */
export function statusText({ seconds, speed, state, messages, findings }: StatusFacts, columns: number): string {
  const parts = [
    `${seconds.toFixed(3)} s`,
    state,
    ...(messages ? [`messages ${messages.tx} out, ${messages.rx} in`] : []),
    ...(speed === undefined ? [] : [`${speed >= 100 ? speed.toFixed(0) : speed.toPrecision(2)}x real time`]),
    ...(findings > 0 ? [`${findings} ${findings === 1 ? 'finding' : 'findings'}`] : []),
  ];
  let text = parts[0]!;
  for (const part of parts.slice(1)) if (text.length + part.length + 3 <= columns) text += ` | ${part}`;
  return text.slice(0, Math.max(0, columns));
}

/** What the machine does, in few words. */
export function stateText(machine: Machine): string {
  const { core, linux, uboot } = machine;
  const who = uboot && !linux?.booted ? 'U-Boot, ' : '';
  return `${who}${core.name} ${core.halted ? 'in reset' : core.asleep ? 'asleep' : 'running'}`;
}

/** What it needs of its surroundings. */
export interface StatusHost {
  /** Writes to the terminal. */
  readonly write: Sink;
  readonly columns: () => number;
  readonly facts: () => Omit<StatusFacts, 'speed'>;
  /** The host's time in ms. */
  readonly now: () => number;
  /** `text` as it is to look. */
  readonly paint: (text: string) => string;
}

/** The line of one run. */
export class StatusLine {
  private readonly host: StatusHost;
  private readonly begun: number;
  private shown = false;
  private drawn = 0;
  private speedSince: { readonly host: number; readonly seconds: number };
  private speed: number | undefined;
  private closed = false;

  constructor(host: StatusHost) {
    this.host = host;
    this.begun = host.now();
    this.speedSince = { host: this.begun, seconds: 0 };
  }

  /** `sink` for text of the log on the same terminal. */
  around(sink: Sink): Sink {
    return (text) => {
      this.hide();
      sink(text);
    };
  }

  /** Draws it when it is time to; to be called often, between writes. */
  tick(): void {
    const { host } = this;
    const now = host.now();
    if (this.closed || now - this.begun < FIRST_MS || (this.shown && now - this.drawn < PERIOD_MS)) return;
    const facts = host.facts();
    if (now - this.speedSince.host >= SPEED_MS) {
      this.speed = ((facts.seconds - this.speedSince.seconds) * 1000) / (now - this.speedSince.host);
      this.speedSince = { host: now, seconds: facts.seconds };
    }
    this.drawn = now;
    this.shown = true;
    // The last column stays free: a terminal that is full to it may wrap.
    const text = statusText({ ...facts, ...(this.speed === undefined ? {} : { speed: this.speed }) }, host.columns() - 1);
    host.write(BELOW(host.paint(text)));
  }

  /** Takes it away for good. */
  close(): void {
    this.hide();
    this.closed = true;
  }

  private hide(): void {
    if (!this.shown) return;
    this.shown = false;
    this.host.write(ERASE);
  }
}
