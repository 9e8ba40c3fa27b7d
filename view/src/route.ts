/**
 * Where the page is: one or two panes, written in the hash as `#/system?mu=mu1;/vrings?device=virtio0&queue=0`. Pure, so that it can be tested.
 */

/** One pane and what of it is meant. */
export interface Place {
  readonly pane: string;
  readonly detail: Readonly<Record<string, string>>;
}

/** The panes from left to right (one or two), and which of them has the focus. */
export interface Route {
  readonly panes: readonly Place[];
  readonly focus: number;
}

/** What stands beside a pane when nothing else was chosen. */
export const COMPANION: Readonly<Record<string, string>> = {
  system: 'consoles',
  timeline: 'consoles',
  vrings: 'timeline',
  consoles: 'timeline',
  cpu: 'memory',
  memory: 'cpu',
  peripherals: 'cpu',
  tables: 'memory',
};

/** The route of a hash; panes that are not known are left out, and `system` is where one begins. */
export function parseRoute(hash: string, known: readonly string[]): Route {
  const panes: Place[] = [];
  for (const part of hash.replace(/^#/, '').split(';')) {
    const [path = '', query = ''] = part.split('?', 2);
    const pane = path.replace(/^\/+|\/+$/g, '');
    if (!known.includes(pane) || panes.some((other) => other.pane === pane)) continue;
    panes.push({ pane, detail: Object.fromEntries(new URLSearchParams(query)) });
  }
  if (!panes.length) panes.push({ pane: known.includes('system') ? 'system' : (known[0] ?? ''), detail: {} });
  return { panes: panes.slice(0, 2), focus: 0 };
}

/** The hash of a route. */
export function formatRoute(route: Route): string {
  return `#${route.panes.map(({ pane, detail }) => `/${pane}${query(detail)}`).join(';')}`;
}

function query(detail: Readonly<Record<string, string>>): string {
  const text = new URLSearchParams(detail).toString();
  return text && `?${text.replaceAll(';', '%3B')}`;
}

/**
 * Opens a pane. One that is there already stays where it is; otherwise `rail` (chosen from the navigation) replaces the pane with the focus, and `link` (followed
 * from inside a pane) leaves that where it is and takes the other side. `narrow`: there is room for one pane only, which is the one with the focus.
 */
export function open(route: Route, to: Place, how: 'rail' | 'link', narrow: boolean): Route {
  const there = route.panes.findIndex((place) => place.pane === to.pane);
  if (there >= 0) {
    const keep = how === 'rail' && !Object.keys(to.detail).length;
    return { panes: route.panes.map((place, index) => (index === there && !keep ? to : place)), focus: there };
  }
  if (narrow || route.panes.length < 2)
    return { panes: route.panes.map((place, index) => (index === route.focus ? to : place)), focus: route.focus };
  const side = how === 'rail' ? route.focus : 1 - route.focus;
  return { panes: route.panes.map((place, index) => (index === side ? to : place)), focus: side };
}

/** With a second pane, for a page that has room for it. */
export function widen(route: Route): Route {
  if (route.panes.length > 1) return route;
  const first = route.panes[0]!;
  const pane = COMPANION[first.pane] ?? (first.pane === 'system' ? 'consoles' : 'system');
  return { panes: [first, { pane, detail: {} }], focus: 0 };
}
