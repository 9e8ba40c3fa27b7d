/**
 * What the timeline shows and how: one for the page, so that a visit to another pane loses nothing. Signals; the painters are told by them what to paint anew.
 */
import { batch, computed, effect, signal } from '@preact/signals';
import { control } from '../../controls.ts';
import { load, save } from '../../settings.ts';
import { description, events, mode as serverMode, state } from '../../store.ts';
import { CatchUp } from './catch-up.ts';
import { chainOf } from './correlate.ts';
import { EventLog, type Gap } from './event-log.ts';
import { Lanes, placeOf } from './lanes.ts';
import { Latencies } from './latency.ts';
import { parseQuery, type QueryError, type Test } from './query.ts';
import { busyOf, clamp, type Extent, followed, reveal, show, spanOf, type View, wholeOf, zoomAt } from './viewport.ts';

export type Mode = 'lanes' | 'sequence' | 'table';

export const log = new EventLog();
export const lanes = new Lanes(log);
export const latencies = new Latencies(log);
log.listen(lanes);
log.listen(latencies);

/** Rises whenever the log has changed. */
export const version = signal(0);
/** Rises whenever a filter or search has got further. */
export const progress = signal(0);

export const mode = signal<Mode>('lanes');
export const view = signal<View>({ start: 0, perPixel: 1e6, width: 0 });
/** The end of the run stays in sight. */
export const following = signal(true);
/** All that happened is in sight and stays so, or the whole run with its idle end: until somebody zooms. */
const fitted = signal<'busy' | 'whole' | undefined>('busy');
/** The end is followed at a scale that somebody has chosen. */
export const tailing = computed(() => following.value && !fitted.value);
/** The display stands still at this cycle, whatever the machine does. */
export const frozenAt = signal<number | undefined>(undefined);
export const selected = signal<number | undefined>(undefined);
export const laneKey = signal<string | undefined>(undefined);
export const markers = signal<readonly [number | undefined, number | undefined]>([undefined, undefined]);
/** Where the pointer is, as a cycle. */
export const cursor = signal<number | undefined>(undefined);
export const unfolded = signal<ReadonlySet<string>>(new Set());
export const foldedGroups = signal<ReadonlySet<string>>(new Set());
/** Events that a bar of the histogram stands for. */
export const picked = signal<{ readonly ids: ReadonlySet<number>; readonly lanes: Lanes } | undefined>(undefined);
export const bottom = signal<'rates' | 'latency' | undefined>(toBottom(load('timeline.bottom')));
export const detailShown = signal(load('timeline.detail') !== 'no');

function toBottom(text: string | undefined): 'rates' | 'latency' | undefined {
  return text === 'latency' || text === 'rates' ? text : undefined;
}

effect(() => save('timeline.bottom', bottom.value));
effect(() => save('timeline.detail', detailShown.value ? undefined : 'no'));

/** A trace has no machine to ask: its clock is told by where it stands. */
const traceHz = computed(() => {
  const now = state.value;
  return now && now.seconds > 0 ? Math.round(now.cycle / now.seconds) : 1e9;
});

export const hz = computed(() => description.value?.hz ?? traceHz.value);

/** A filter or a search: its text, what is wrong with it, and the events that it lets pass, by rows. */
export class Query {
  readonly text = signal('');
  readonly error = signal<QueryError | undefined>(undefined);
  readonly lanes = signal<Lanes | undefined>(undefined);
  test: Test | undefined;
  private catching: CatchUp | undefined;

  set(text: string): void {
    if (text === this.text.peek()) return;
    batch(() => {
      this.text.value = text;
      const parsed = parseQuery(text);
      this.error.value = parsed.error;
      if (parsed.error) return;
      this.test = parsed.test;
      this.restart();
    });
  }

  /** Goes through the events again; `also` is another condition. */
  restart(): void {
    this.catching?.dispose();
    this.catching = undefined;
    const { test } = this;
    if (!test) {
      this.lanes.value = undefined;
      return;
    }
    const found = new Lanes(log, (_id, event) => test(event, hz.peek()));
    this.catching = new CatchUp(log, found);
    this.lanes.value = found;
  }

  /** 0 to 1. */
  get fraction(): number {
    return this.catching?.fraction ?? 1;
  }

  /** Looks at some more events; true if there was something to do. */
  pump(expired: () => boolean): boolean {
    if (!this.catching || this.catching.done) return false;
    this.catching.step(expired);
    return true;
  }
}

export const filter = new Query();
export const search = new Query();

/** The rows that are shown: all, or those of the filter. */
export const shownLanes = computed(() => filter.lanes.value ?? lanes);

/** Which side of a messaging unit Linux has. */
export function linuxSide(mu: string): 'A' | 'B' {
  return description.peek()?.mus.find((each) => each.name === mu)?.linux ?? 'A';
}

/** Name of the core that runs the firmware. */
export function mainCore(): string {
  const cores = description.peek()?.cores ?? [];
  return (cores.find((core) => core.main) ?? cores[0])?.name ?? 'core';
}

/** What belongs to what is selected. */
export const chain = computed(() => {
  version.value;
  return selected.value === undefined ? undefined : chainOf(log, selected.value, linuxSide);
});

// ---- time ----

let stateCycle = 0;
let stateAt = 0;

/** Where the machine is: between two notices of it, where it will have got to. */
export function nowCycle(smooth = true): number {
  const now = state.peek();
  if (!now) return log.lastCycle;
  if (now.cycle !== stateCycle) {
    stateCycle = now.cycle;
    stateAt = performance.now();
  }
  const ahead = smooth && now.running && now.speed > 0 ? Math.min((performance.now() - stateAt) / 1000, 0.15) * now.speed * hz.peek() : 0;
  const cycle = now.cycle + ahead;
  return now.present ? cycle : Math.max(cycle, log.lastCycle);
}

/** From the first event that is kept to the end of what is known. */
export function extentOf(): Extent {
  const lost = log.gaps[0];
  const atStart = lost && (lost.kind === 'before' || lost.kind === 'trimmed');
  const last = Math.max(log.lastCycle, nowCycle(), state.peek()?.present?.cycle ?? 0, 1);
  const first = atStart ? Math.max(0, log.firstCycle - (last - log.firstCycle) * 0.03) : 0;
  return { first, last };
}

/** In the past of the machine the present is in sight, too. */
function fittedExtent(): Extent {
  const extent = extentOf();
  return fitted.peek() === 'busy' && !state.peek()?.present ? busyOf(extent, log.lastCycle) : extent;
}

/** Cycles at the end of the run in which nothing happened and that are not in sight because of that. */
export function idleOut(): number {
  return fitted.peek() === 'busy' && frozenAt.peek() === undefined && !state.peek()?.present ? extentOf().last - fittedExtent().last : 0;
}

/** No later event is shown. */
export function limit(): number {
  return frozenAt.peek() ?? Number.POSITIVE_INFINITY;
}

/** Brings the view up to now; before each painting. */
export function settle(): void {
  const { width } = view.peek();
  if (width === 0 || frozenAt.peek() !== undefined) return;
  if (fitted.peek()) {
    const next = wholeOf(fittedExtent(), width);
    if (next.start !== view.peek().start || next.perPixel !== view.peek().perPixel) view.value = next;
  } else if (following.peek()) {
    const next = followed(view.peek(), state.peek()?.present ? nowCycle() : extentOf().last);
    if (next.start !== view.peek().start) view.value = next;
  }
}

export function resize(width: number): void {
  if (width <= 0 || width === view.peek().width) return;
  view.value = view.peek().width === 0 ? wholeOf(fittedExtent(), width) : { ...view.peek(), width };
}

/** A view that the user has chosen: the end is no longer followed. */
export function look(next: View): void {
  batch(() => {
    fitted.value = undefined;
    following.value = false;
    view.value = next;
  });
}

export function fitAll(): void {
  batch(() => {
    fitted.value = 'whole';
    following.value = true;
    view.value = wholeOf(extentOf(), view.peek().width);
  });
}

export function follow(on: boolean): void {
  batch(() => {
    following.value = on;
    fitted.value = undefined;
    if (on) frozenAt.value = undefined;
    // The whole of a long run, followed, would only creep.
    const span = spanOf(view.peek());
    const most = hz.peek() * 2;
    if (on && span > most) view.value = zoomAt(view.peek(), view.peek().width, most / span, extentOf());
    settle();
  });
}

export function freeze(on: boolean): void {
  frozenAt.value = on ? Math.max(nowCycle(), log.lastCycle) : undefined;
}

export function zoom(x: number, factor: number): void {
  const stay = following.peek() && !fitted.peek();
  // While the end is followed it is what stays in its place.
  const next = zoomAt(view.peek(), stay ? view.peek().width : x, factor, extentOf());
  look(next);
  if (stay) following.value = true;
}

export function panBy(pixels: number): void {
  look(clamp({ ...view.peek(), start: view.peek().start + pixels * view.peek().perPixel }, extentOf()));
}

export function lookAt(from: number, to: number): void {
  look(show(from, to, view.peek().width, extentOf()));
}

// ---- selection ----

export function select(id: number | undefined, into: 'sight' | 'stay' = 'sight'): void {
  batch(() => {
    selected.value = id;
    if (id === undefined || !log.has(id)) return;
    const event = log.event(id);
    const place = placeOf(event);
    const part = place.part === undefined ? undefined : `${place.key}#${place.part}`;
    laneKey.value = unfolded.peek().has(place.key) && part ? part : place.key;
    if (into === 'stay') return;
    const { width } = view.peek();
    if (width === 0) return;
    const next = reveal(view.peek(), event.cycle, extentOf());
    if (next !== view.peek()) look(next);
    else if (following.peek() && state.peek()?.running) following.value = false;
  });
}

/** The event of the selected row that comes next to the selected one, or to the middle of the view. */
export function stepEvent(direction: 1 | -1): void {
  const lane = laneKey.peek() === undefined ? undefined : shownLanes.peek().lane(laneKey.peek()!);
  stepIn(lane?.ids ?? shownLanes.peek().all, direction);
}

/** The next hit of the search. */
export function stepHit(direction: 1 | -1): void {
  const found = search.lanes.peek()?.all;
  if (!found || found.length === 0) return;
  if (!stepIn(found, direction)) select(found.id(direction === 1 ? 0 : found.length - 1));
}

function stepIn(ids: Lanes['all'], direction: 1 | -1): boolean {
  const id = selected.peek();
  const from = id !== undefined && log.has(id) ? log.cycle(id) : view.peek().start + spanOf(view.peek()) / 2;
  let index = id === undefined ? -1 : ids.indexOf(id, from);
  if (index >= 0) index += direction;
  else index = ids.lowerBound(from) + (direction === 1 ? 0 : -1);
  if (index < 0 || index >= ids.length) return false;
  select(ids.id(index));
  return true;
}

export function pick(ids: Iterable<number> | undefined): void {
  if (!ids) {
    picked.value = undefined;
    return;
  }
  const set = new Set(ids);
  const found = new Lanes(log);
  for (const id of [...set].sort((a, b) => a - b)) if (log.has(id)) found.added(id, log.event(id));
  picked.value = { ids: set, lanes: found };
}

export function setMarker(cycle: number): void {
  const [a, b] = markers.peek();
  markers.value = a === undefined ? [cycle, undefined] : b === undefined ? [a, cycle] : [cycle, undefined];
}

export function clearMarkers(): void {
  markers.value = [undefined, undefined];
}

export function toggle(set: typeof unfolded, key: string): void {
  const next = new Set(set.peek());
  if (!next.delete(key)) next.add(key);
  set.value = next;
}

/** Puts the machine into the moment of an event. */
export function goToCycle(cycle: number): void {
  void control('control.goTo', { cycle });
}

// ---- what is recorded ----

/** When this pane was open: interrupts and threads are recorded only while somebody wants them. */
const recordings: { from: number; to: number }[] = [];

/** From now on; the function ends it. */
export function record(): () => void {
  // The machine may not have been heard of yet: then from when it is.
  const recording = { from: state.peek() ? nowCycle(false) : Number.NaN, to: Number.POSITIVE_INFINITY };
  const before = recordings.at(-1)?.to;
  if (before !== undefined && Number.isFinite(before)) {
    // What went on when nobody looked any more has ended who knows when.
    const gap: Gap = { from: before, to: before, count: 0, kind: 'dropped', next: log.end };
    for (const each of [lanes, filter.lanes.peek(), search.lanes.peek()]) each?.gap(gap);
    latencies.gap();
  }
  recordings.push(recording);
  return () => {
    recording.to = nowCycle(false);
  };
}

/** Stretches in which interrupts and threads were probably not recorded: nobody wanted them here. */
export function unrecorded(): readonly { readonly from: number; readonly to: number }[] {
  if (serverMode.peek() === 'trace') return [];
  const stretches: { from: number; to: number }[] = [];
  let from = 0;
  for (const recording of recordings) {
    if (Number.isNaN(recording.from)) recording.from = state.peek() ? nowCycle(false) : 0;
    if (recording.from > from) stretches.push({ from, to: recording.from });
    from = Math.max(from, recording.to);
  }
  return stretches;
}

// ---- from the store ----

/** That of the store's list at the last look. */
let generation = 0;

/** Takes over what has come; called before each painting, and at once when the pane appears. */
export function ingest(): void {
  const before = log.end;
  const first = log.first;
  let changed = log.follow(events.list);
  if (events.generation !== generation) {
    generation = events.generation;
    const id = selected.peek();
    const seq = id !== undefined && log.has(id) ? log.event(id).seq : undefined;
    if (log.absorb(events.list)) {
      changed = true;
      // All have other numbers now.
      selected.value = seq === undefined ? undefined : log.bySeq(seq);
      picked.value = undefined;
    }
  }
  if (!changed && before === log.end && first === log.first) return;
  const id = selected.peek();
  batch(() => {
    if (id !== undefined && !log.has(id)) selected.value = undefined;
    if (picked.peek() && (log.first !== first || log.end < before)) picked.value = undefined;
    version.value++;
  });
}

/** Milliseconds of a frame that filter and search may take. */
const BUDGET = 7;

/** Lets filter and search get on; true while there is more to do. */
export function pump(): boolean {
  const until = performance.now() + BUDGET;
  const expired = (): boolean => performance.now() > until;
  const worked = [filter.pump(expired), search.pump(expired)].includes(true);
  if (worked) progress.value++;
  return worked;
}
