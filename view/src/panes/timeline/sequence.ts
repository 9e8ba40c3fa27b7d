/**
 * The events as a sequence diagram: lifelines from Linux's endpoints over the messaging unit to those of the core, one line of the diagram for each event
 * that goes between two of them or says something on one. A lifeline group that is folded is one lifeline.
 */
import type { ViewEvent } from '../../../../src/view/protocol.ts';
import type { LinuxSide } from './correlate.ts';
import { hex, type Tone, toneOf } from './describe.ts';
import type { LogListener } from './event-log.ts';
import { LINUX_CONSOLE } from './lanes.ts';
import { OrderedIds } from './ordered-ids.ts';

/** Number of the exception that is interrupt 0. */
const FIRST_EXTERNAL = 16;
/** RPMSG_NS_ADDR */
const NAME_SERVICE = 0x35;

export type Group = 'linux' | 'mu' | 'core';

export interface Lifeline {
  readonly key: string;
  readonly label: string;
  readonly group: Group;
  /** The group itself: the kernel, the unit, the core. */
  readonly main: boolean;
}

/** What of the run the diagram has. */
export interface SequenceOptions {
  readonly doorbells: boolean;
  readonly rings: boolean;
  readonly interrupts: boolean;
  readonly lines: boolean;
  readonly folded: ReadonlySet<Group>;
  readonly linuxSide: LinuxSide;
  /** Name of the core that a vdev belongs to. */
  readonly coreOf: (device: string) => string;
}

/** How an event is drawn: an arrow from one lifeline to another (or to itself), or a note at one. */
export interface Row {
  readonly from: string;
  readonly to: string;
  readonly thin: boolean;
  readonly tone: Tone;
}

/** Lifelines, by where they begin and end; Linux's to the left. */
export class LifelineSet {
  private readonly byKey = new Map<string, Lifeline>();

  add(line: Lifeline): void {
    if (!this.byKey.has(line.key)) this.byKey.set(line.key, line);
  }

  get list(): readonly Lifeline[] {
    const order: Record<Group, number> = { linux: 0, mu: 1, core: 2 };
    // Endpoints outside, kernel and core next to the messaging unit.
    const inner = (line: Lifeline): number => (line.group === 'core' ? (line.main ? 0 : 1) : line.main ? 1 : 0);
    return [...this.byKey.values()].sort(
      (a, b) => order[a.group] - order[b.group] || inner(a) - inner(b) || a.label.localeCompare(b.label, 'en', { numeric: true }),
    );
  }
}

/** Whether the event is in the diagram at all. */
export function inSequence(event: ViewEvent, options: SequenceOptions): boolean {
  switch (event.type) {
    case 'message':
    case 'core':
    case 'fault':
    case 'finding':
      return true;
    case 'mu':
      return options.doorbells;
    case 'vring':
      return options.rings;
    case 'interrupt':
      // Those of the core itself (SysTick, PendSV) are too many, and no part of a dialogue.
      return options.interrupts && event.phase === 'enter' && event.number >= FIRST_EXTERNAL;
    case 'console':
    case 'dmesg':
      return options.lines;
    default:
      return false;
  }
}

/** Where an event goes from and to; adds the lifelines to `lines`. */
export function rowOf(event: ViewEvent, options: SequenceOptions, lines: LifelineSet): Row {
  const tone = toneOf(event);
  const linux = (): string => put(lines, { key: 'linux', label: 'Linux', group: 'linux', main: true });
  const core = (name: string): string => put(lines, { key: `core/${name}`, label: name, group: 'core', main: true });
  const unit = (name: string): string => put(lines, { key: `mu/${name}`, label: name, group: 'mu', main: true });
  switch (event.type) {
    case 'message': {
      const tx = event.direction === 'tx';
      const near = endpoint(lines, options, 'linux', 'linux', tx ? event.src : event.dst, linux);
      const name = options.coreOf(event.device);
      const far = endpoint(lines, options, 'core', `core/${name}`, tx ? event.dst : event.src, () => core(name));
      return { from: tx ? near : far, to: tx ? far : near, thin: false, tone };
    }
    case 'mu': {
      const owner = event.side === options.linuxSide(event.mu) ? linux() : core(options.coreOf(event.mu));
      if (options.folded.has('mu')) {
        const other = owner === 'linux' ? core(options.coreOf(event.mu)) : linux();
        const outwards = event.action !== 'receive' && event.action !== 'acknowledge';
        return outwards ? { from: owner, to: other, thin: true, tone } : { from: owner, to: owner, thin: true, tone };
      }
      const inwards = event.action === 'receive' || event.action === 'acknowledge';
      return inwards ? { from: unit(event.mu), to: owner, thin: true, tone } : { from: owner, to: unit(event.mu), thin: true, tone };
    }
    case 'vring':
      return note(linux(), tone, true);
    case 'core':
      return note(core(event.core), tone);
    case 'interrupt':
      return note(core(event.core), tone, true);
    case 'thread':
      return note(core(event.core), tone, true);
    case 'console':
      return note(LINUX_CONSOLE.test(event.device) ? linux() : core(options.coreOf(event.device)), tone, true);
    default:
      return note(linux(), tone, event.type === 'dmesg');
  }
}

const note = (at: string, tone: Tone, thin = false): Row => ({ from: at, to: at, thin, tone });

function put(lines: LifelineSet, line: Lifeline): string {
  lines.add(line);
  return line.key;
}

function endpoint(lines: LifelineSet, options: SequenceOptions, group: Group, main: string, address: number, whole: () => string): string {
  whole();
  if (options.folded.has(group)) return main;
  return put(lines, {
    key: `${main}/${address}`,
    label: address === NAME_SERVICE ? `NS ${hex(address)}` : hex(address),
    group,
    main: false,
  });
}

/** The events of the diagram, kept up to date with a log. */
export class SequenceIndex implements LogListener {
  readonly ids = new OrderedIds();
  readonly lines = new LifelineSet();
  readonly options: SequenceOptions;
  private readonly accepts: (event: ViewEvent) => boolean;

  constructor(options: SequenceOptions, accepts: (event: ViewEvent) => boolean = () => true) {
    this.options = options;
    this.accepts = accepts;
  }

  added(id: number, event: ViewEvent): void {
    if (!inSequence(event, this.options) || !this.accepts(event)) return;
    this.ids.push(id, event.cycle);
    rowOf(event, this.options, this.lines);
  }

  gap(): void {}

  kept(first: number, end: number): void {
    this.ids.keep(first, end);
  }
}
