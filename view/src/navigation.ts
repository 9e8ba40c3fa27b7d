/** The route of the page and its hash. */
import { computed, signal } from '@preact/signals';
import { formatRoute, open, type Place, parseRoute, type Route, widen } from './route.ts';
import { load, save } from './settings.ts';

/** Names of the panes, set by the page at its start: the panes themselves import this file. */
let known: readonly string[] = ['system'];

export const route = signal<Route>({ panes: [{ pane: 'system', detail: {} }], focus: 0 });
/** Two panes fit beside each other. */
export const roomForTwo = signal(false);
/** The user wants two where they fit. */
export const wantsTwo = signal(load('two') !== 'no');
/** Two panes are shown. */
export const two = computed(() => roomForTwo.value && wantsTwo.value);

/** What is shown, from left to right. */
export const shown = computed<readonly Place[]>(() => {
  const { panes, focus } = route.value;
  return two.value ? widen(route.value).panes : [panes[focus] ?? panes[0]!];
});

/** In rem: narrower, and only one pane is shown. */
const WIDE = 118;

/** Follows the hash and the size of the window. */
export function startNavigation(panes: readonly string[]): void {
  known = panes;
  const read = () => {
    if (location.hash === formatRoute(route.peek())) return;
    const next = parseRoute(location.hash, known);
    const focus = Math.min(route.peek().focus, next.panes.length - 1);
    route.value = { ...next, focus };
  };
  const size = () => {
    roomForTwo.value = innerWidth / Number.parseFloat(getComputedStyle(document.documentElement).fontSize) >= WIDE;
  };
  addEventListener('hashchange', read);
  addEventListener('resize', size);
  size();
  read();
}

/** Opens a pane (see `open` of route.ts). */
export function navigate(to: Place, how: 'rail' | 'link'): void {
  const from = two.peek() ? widen(route.peek()) : route.peek();
  put(open(from, to, how, !two.peek()));
}

/** The pane that keys and the rail mean. */
export function focusPane(index: number): void {
  if (route.peek().focus !== index) route.value = { ...(two.peek() ? widen(route.peek()) : route.peek()), focus: index };
}

/** Left becomes right. */
export function swapPanes(): void {
  const { panes, focus } = widen(route.peek());
  put({ panes: [...panes].reverse(), focus: 1 - focus });
}

/** One pane or two. */
export function toggleTwo(): void {
  wantsTwo.value = !wantsTwo.value;
  save('two', wantsTwo.value ? undefined : 'no');
}

/** Leaves one pane only: closes the one at `index`. */
export function closePane(index: number): void {
  const { panes } = widen(route.peek());
  put({ panes: panes.filter((_, other) => other !== index), focus: 0 });
  if (wantsTwo.peek()) toggleTwo();
}

function put(next: Route): void {
  route.value = next;
  const hash = formatRoute(next);
  if (location.hash !== hash) location.hash = hash;
}
