/** The scene as it is now: what the signals and the size of the page make of it. */
import { computed, signal } from '@preact/signals';
import { state } from '../../store.ts';
import { theme } from '../../theme.ts';
import { exceptionName } from './exceptions.ts';
import type { Lane } from './lanes.ts';
import {
  chain,
  extentOf,
  foldedGroups,
  hz,
  laneKey,
  limit,
  log,
  markers,
  nowCycle,
  picked,
  search,
  selected,
  shownLanes,
  unfolded,
  unrecorded,
  view,
} from './model.ts';
import { readPalette } from './palette.ts';
import { type RowSizes, rowsOf } from './rows.ts';
import type { Scene } from './scene.ts';

/** Rises when the size of the window, and with it that of 1rem, may have changed. */
const resized = signal(0);
if (typeof addEventListener === 'function') addEventListener('resize', () => resized.value++);

/** Colours and sizes; another object when they have changed. */
export const palette = computed(() => {
  theme.value;
  resized.value;
  return readPalette();
});

export function rowSizes(rem: number): RowSizes {
  return { group: Math.round(rem * 1.7), lane: Math.round(rem * 1.9), part: Math.round(rem * 1.6), nested: Math.round(rem * 0.55) };
}

/** Interrupts by their sources as well, which may have become known after the row was made. */
function partName(part: Lane): string {
  const id = part.ids.length > 0 ? part.ids.id(0) : -1;
  const event = log.has(id) ? log.event(id) : undefined;
  return event?.type === 'interrupt' ? exceptionName(event) : part.label;
}

export function currentRows() {
  return rowsOf(shownLanes.peek().list, unfolded.peek(), foldedGroups.peek(), rowSizes(palette.peek().rem), partName);
}

export function currentScene(height: number, scrollTop: number): Scene {
  return {
    log,
    lanes: shownLanes.peek(),
    rows: currentRows(),
    view: view.peek(),
    extent: extentOf(),
    hz: hz.peek(),
    palette: palette.peek(),
    height,
    scrollTop,
    now: nowCycle(),
    present: state.peek()?.present?.cycle,
    limit: limit(),
    selected: selected.peek(),
    chain: chain.peek(),
    hits: search.lanes.peek(),
    picked: picked.peek()?.lanes,
    markers: markers.peek(),
    laneKey: laneKey.peek(),
    unrecorded: unrecorded(),
  };
}
