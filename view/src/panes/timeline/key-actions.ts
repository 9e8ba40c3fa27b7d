/** What the keys of keys.ts do. */
import { useEffect } from 'preact/hooks';
import { route, shown } from '../../navigation.ts';
import { currentRows } from './current-scene.ts';
import {
  bottom,
  chain,
  clearMarkers,
  cursor,
  detailShown,
  extentOf,
  fitAll,
  follow,
  freeze,
  frozenAt,
  laneKey,
  log,
  look,
  lookAt,
  mode,
  panBy,
  selected,
  setMarker,
  stepEvent,
  stepHit,
  tailing,
  toggle,
  unfolded,
  view,
  zoom,
} from './model.ts';
import { clamp, spanOf } from './viewport.ts';

interface Dialogs {
  readonly exportDialog: () => void;
  readonly helpDialog: () => void;
}

function centre(): number {
  return cursor.peek() === undefined ? view.peek().width / 2 : (cursor.peek()! - view.peek().start) / view.peek().perPixel;
}

function moveRow(direction: 1 | -1): void {
  const rows = currentRows().list.filter((row) => row.kind === 'lane');
  if (rows.length === 0) return;
  const at = rows.findIndex((row) => row.key === laneKey.peek());
  const next = at < 0 ? (direction === 1 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + direction));
  laneKey.value = rows[next]!.key;
}

function field(root: HTMLElement, name: string): void {
  const input = root.querySelector<HTMLInputElement>(`input[name="${name}"]`);
  input?.focus();
  input?.select();
}

function mark(): void {
  const id = selected.peek();
  const at = cursor.peek() ?? (id !== undefined && log.has(id) ? log.cycle(id) : undefined);
  if (at !== undefined) setMarker(Math.round(at));
}

function showChain(): void {
  const links = chain.peek()?.links.filter((link) => link.role !== 'answer' && link.role !== 'answers');
  if (links && links.length > 0) lookAt(log.cycle(links[0]!.id), log.cycle(links.at(-1)!.id));
}

/** False where the key means nothing here. */
function press(event: KeyboardEvent, root: HTMLElement, dialogs: Dialogs): boolean {
  const { width } = view.peek();
  const step = event.shiftKey ? width * 0.9 : width / 12;
  // Arrows, Home and End of what scrolls or has a selection of its own stay there.
  const own = mode.peek() !== 'lanes';
  const scrolls: Record<string, () => void> = {
    ArrowLeft: () => panBy(-step),
    ArrowRight: () => panBy(step),
    ArrowUp: () => moveRow(-1),
    ArrowDown: () => moveRow(1),
    Home: () => look(clamp({ ...view.peek(), start: extentOf().first - spanOf(view.peek()) }, extentOf())),
    End: () => follow(true),
  };
  const keys: Record<string, () => void> = {
    '+': () => zoom(centre(), 0.5),
    '=': () => zoom(centre(), 0.5),
    '-': () => zoom(centre(), 2),
    '0': fitAll,
    j: () => stepEvent(1),
    k: () => stepEvent(-1),
    N: () => stepHit(-1),
    '/': () => field(root, 'search'),
    f: () => field(root, 'filter'),
    l: () => follow(!tailing.peek()),
    z: () => freeze(frozenAt.peek() === undefined),
    m: mark,
    M: clearMarkers,
    c: showChain,
    v: () => {
      mode.value = mode.peek() === 'lanes' ? 'sequence' : mode.peek() === 'sequence' ? 'table' : 'lanes';
    },
    u: () => laneKey.peek() !== undefined && toggle(unfolded, laneKey.peek()!.split('#')[0]!),
    w: () => (bottom.value = bottom.peek() === 'rates' ? undefined : 'rates'),
    y: () => (bottom.value = bottom.peek() === 'latency' ? undefined : 'latency'),
    i: () => (detailShown.value = !detailShown.peek()),
    e: dialogs.exportDialog,
    h: dialogs.helpDialog,
  };
  const act = (own ? undefined : scrolls[event.key]) ?? keys[event.key];
  act?.();
  return act !== undefined;
}

/** Keys work when the pane, or nothing at all, has the focus, and the pane is the one that keys mean. */
export function useKeys(root: { readonly current: HTMLElement | null }, dialogs: Dialogs): void {
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const target = event.target as HTMLElement;
      if (target.closest('input, textarea, select, dialog, [role="tablist"], [role="separator"]')) return;
      const inside = root.current?.contains(target) || target.contains(root.current);
      const places = shown.peek();
      const ours = places.length < 2 || places[route.peek().focus]?.pane === 'timeline';
      if (!root.current || !inside || !ours) return;
      if (!press(event, root.current, dialogs)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    };
    addEventListener('keydown', listener, { capture: true });
    return () => removeEventListener('keydown', listener, { capture: true });
  }, []);
}
