/**
 * What the page knows: signals that panes read, and the one connection through which they ask. Panes never open a socket themselves.
 */
import { batch, effect, signal } from '@preact/signals';
import { type ViewClient, ViewError } from '../../src/view/client.ts';
import type {
  ConsoleView,
  Description,
  MachineState,
  Method,
  Methods,
  Notifications,
  Overview,
  StopperView,
  ViewEventType,
} from '../../src/view/protocol.ts';
import { Activity } from './activity.ts';
import { EventBuffer } from './event-buffer.ts';
import { fromBase64 } from './format.ts';
import { openLink } from './link.ts';
import { navigate } from './navigation.ts';
import { toast } from './toast-store.ts';

/** `refused`: the server is there and does not want this page; `ended`: the run is over, and what is shown is its last state. */
export type Connection = 'connecting' | 'open' | 'lost' | 'refused' | 'ended';

export const connection = signal<Connection>('connecting');
/** What there is to say about it: why it is lost, how the run ended. */
export const connectionText = signal('');
export const mode = signal<Notifications['hello']['mode']>('live');
export const title = signal('');
export const version = signal('');
export const description = signal<Description | undefined>(undefined);
export const state = signal<MachineState | undefined>(undefined);
export const overview = signal<Overview | undefined>(undefined);
export const stoppers = signal<readonly StopperView[]>([]);
export const consoleList = signal<readonly ConsoleView[]>([]);
/** Rises whenever memory and registers may have changed while the machine stands still: at halts, moves, writes. Panes ask again then. */
export const epoch = signal(0);
export const notices = signal<readonly { readonly severity: 'error' | 'warning' | 'note'; readonly text: string; readonly at: number }[]>(
  [],
);
export const progress = signal<{ readonly what: string; readonly fraction: number } | undefined>(undefined);

/** The events that the page keeps, a bounded number; `eventsVersion` rises with every batch, `events.generation` when `list` changed other than at its end. */
export const events = new EventBuffer();
export const eventsVersion = signal(0);
/** Events per second of the host, as they come. */
export const eventRate = signal(0);

/** Totals and rates: `tx`, `rx`, `virtio0/0` (vring), `mu1/A` (words and doorbells from that side); last lines and messages. */
let present = new Activity(1e9);
let past: { readonly key: string; readonly activity: Activity } | undefined;

/** What had happened up to the moment in which the machine is: in its past, what came later has not. */
export function activity(): Activity {
  const now = state.value;
  if (!now?.present) return present;
  const key = `${events.generation} ${events.list[0]?.seq} ${now.cycle}`;
  if (past && (past.key === key || now.running)) return past.activity;
  const then = new Activity(present.rates.span);
  for (const event of events.list) if (event.cycle <= now.cycle) then.add(event);
  past = { key, activity: then };
  return then;
}

const NO_CONNECTION = 'E_VIEW_CONNECTION';
let client: ViewClient | undefined;

/** Calls the server. @throws {ViewError} */
export async function request<M extends Method>(method: M, params: Methods[M]['params']): Promise<Methods[M]['result']> {
  if (!client || connection.value !== 'open') throw new ViewError(NO_CONNECTION, 'there is no connection to imx-sim');
  return client.request(method, params);
}

/** Shows why a call failed. */
export function tell(error: unknown): void {
  if (error instanceof ViewError) {
    // The banner says that already.
    if (error.code !== NO_CONNECTION) toast('error', error.message, error.remedy);
  } else toast('error', error instanceof Error ? error.message : String(error));
}

/** Says that something that the page has done changed memory or registers: all panes ask again. */
export function changed(): void {
  epoch.value++;
}

type ConsoleListener = (device: string, bytes: Uint8Array, what: { readonly dropped: number; readonly reset: boolean }) => void;
const consoleListeners = new Set<ConsoleListener>();

/** Hears raw output of consoles; `reset`: what was shown before belongs to a forgotten future, and these bytes are all there is. The function ends it. */
export function onConsole(listener: ConsoleListener): () => void {
  consoleListeners.add(listener);
  return () => consoleListeners.delete(listener);
}

const notificationListeners = new Map<string, Set<(params: never) => void>>();

/** Hears a kind of notification: for what has no signal. The function ends it. */
export function onNotification<N extends keyof Notifications>(method: N, listener: (params: Notifications[N]) => void): () => void {
  const set = notificationListeners.get(method) ?? new Set();
  notificationListeners.set(method, set);
  set.add(listener);
  return () => set.delete(listener);
}

/** Goes to a pane, and to a thing in it. */
export function go(pane: string, detail: Readonly<Record<string, string | number>> = {}): void {
  navigate({ pane, detail: Object.fromEntries(Object.entries(detail).map(([key, value]) => [key, String(value)])) }, 'link');
}

// ---- what is asked for ----

/** Always, as totals and the consoles' last lines need them. Interrupts and threads cost the machine something: only while somebody shows them. */
const ALWAYS: readonly ViewEventType[] = ['console', 'dmesg', 'mu', 'vring', 'message', 'core', 'fault', 'finding'];
const wanted = new Map<ViewEventType | 'overview', number>();
const wants = signal('');

/** Asks for more of what happens as long as a pane needs it: `interrupt`, `thread`, `overview`. The function ends it. For `useEffect`. */
export function want(what: ViewEventType | 'overview'): () => void {
  const count = (by: number) => {
    wanted.set(what, (wanted.get(what) ?? 0) + by);
    wants.value = [...wanted].flatMap(([name, users]) => (users > 0 ? [name] : [])).join();
  };
  count(1);
  return () => count(-1);
}

/** At most so many events of the server's history are fetched at once. */
const HISTORY = 5000;
const HISTORY_ROUNDS = 12;

async function subscribe(names: string): Promise<void> {
  const more = names.split(',').filter(Boolean);
  const kinds = [...new Set([...ALWAYS, ...more.filter((name): name is ViewEventType => name !== 'overview')])];
  const visible = document.visibilityState !== 'hidden';
  // New events may come before the answer does.
  let after = events.list.at(-1)?.seq;
  const { seq } = await request('subscribe', {
    events: visible ? kinds : ['finding', 'fault'],
    overview: visible && more.includes('overview'),
    consoles: true,
  });
  // What happened before the subscription began, or between two of them.
  for (let round = 0; round < HISTORY_ROUNDS && (after ?? -1) < seq - 1; round++) {
    const { events: older, more: rest } = await request('events.history', { ...(after === undefined ? {} : { after }), limit: HISTORY });
    take({ events: older.filter((event) => event.seq < seq), dropped: 0 }, true);
    after = older.at(-1)?.seq;
    if (!rest || after === undefined) break;
  }
}

// ---- what comes ----

let arrived = 0;

function take({ events: fresh, dropped }: Notifications['events'], old = false): void {
  if (!old) arrived += fresh.length;
  const known = events.list.at(-1)?.seq ?? -1;
  if (!old) events.push(fresh, dropped);
  for (const event of old ? events.insert(fresh) : fresh) {
    if (!old && event.seq <= known) continue;
    present.add(event);
    if (!old) for (const listener of pulseListeners) listener(event);
  }
  eventsVersion.value++;
}

const pulseListeners = new Set<(event: EventBuffer['list'][number]) => void>();

/** Hears every event as it comes, not those of the history: for what moves. The function ends it. */
export function onEvent(listener: (event: EventBuffer['list'][number]) => void): () => void {
  pulseListeners.add(listener);
  return () => pulseListeners.delete(listener);
}

const KEPT_NOTICES = 200;

const HANDLERS: { readonly [N in keyof Notifications]: (params: Notifications[N]) => void } = {
  hello: (hello) => {
    mode.value = hello.mode;
    title.value = hello.title;
    version.value = hello.version;
  },
  state: (next) => {
    const before = state.value;
    state.value = next;
    if (!next.running && (before?.running !== false || before.cycle !== next.cycle)) epoch.value++;
  },
  overview: (next) => {
    overview.value = next;
  },
  events: (params) => take(params),
  console: ({ device, data, dropped, reset }) => {
    const bytes = fromBase64(data);
    for (const listener of consoleListeners) listener(device, bytes, { dropped, reset: reset ?? false });
  },
  consoles: (list) => {
    consoleList.value = list;
  },
  forgotten: ({ seq }) => {
    events.forgetFrom(seq);
    const next = new Activity(present.rates.span);
    for (const event of events.list) next.add(event);
    present = next;
    eventsVersion.value++;
  },
  stoppers: (list) => {
    stoppers.value = list;
  },
  notice: ({ severity, text }) => {
    notices.value = [...notices.value, { severity, text, at: Date.now() }].slice(-KEPT_NOTICES);
    toast(severity, text);
  },
  progress: (next) => {
    progress.value = next.fraction >= 1 ? undefined : next;
  },
  moved: () => {
    progress.value = undefined;
    epoch.value++;
  },
  bye: ({ text }) => {
    connection.value = 'ended';
    connectionText.value = text;
  },
};

/** Opens the connection; once. */
export function start(): void {
  void openLink(Object.keys(HANDLERS) as (keyof Notifications)[], {
    notification: (method, params) => {
      batch(() => HANDLERS[method](params as never));
      for (const listener of notificationListeners.get(method) ?? []) listener(params as never);
    },
    opened: (opened) => {
      client = opened;
      connection.value = 'open';
      connectionText.value = '';
      void begin();
    },
    lost: (text) => {
      progress.value = undefined;
      if (connection.value === 'ended') return;
      connection.value = 'lost';
      connectionText.value = text;
    },
    refused: (text) => {
      connection.value = 'refused';
      connectionText.value = text;
    },
  });
  document.addEventListener('visibilitychange', () => resubscribe());
  effect(() => {
    wants.value;
    resubscribe();
  });
  let last = performance.now();
  setInterval(() => {
    const now = performance.now();
    eventRate.value = (arrived * 1000) / Math.max(1, now - last);
    arrived = 0;
    last = now;
  }, 1000);
}

let asked: ReturnType<typeof setTimeout> | undefined;

/** Soon, once for all that changes in a moment. */
function resubscribe(): void {
  clearTimeout(asked);
  asked = setTimeout(() => {
    if (connection.peek() === 'open') subscribe(wants.peek()).catch(tell);
  }, 20);
}

/** Another run: nothing of what happened did. */
function forget(): void {
  events.clear();
  present = new Activity(1e9);
  overview.value = undefined;
}

/** What has to be known first; of a run that is not the one from before the connection was lost, everything anew. */
async function begin(): Promise<void> {
  try {
    // A trace has no machine to look at: one begins with what happened.
    if (mode.value === 'trace' && !location.hash) navigate({ pane: 'timeline', detail: {} }, 'rail');
    const fresh = mode.value === 'trace' ? undefined : await request('system.describe', {});
    const newest = await request('events.history', { limit: 1 });
    const last = events.list.at(-1)?.seq ?? -1;
    if (last > newest.newest) forget();
    if (fresh) {
      present.rates.span = fresh.hz;
      description.value = fresh;
    }
    consoleList.value = await request('consoles.list', {});
    if (fresh) overview.value = await request('system.overview', {});
    await subscribe(wants.peek());
    epoch.value++;
  } catch (error) {
    tell(error);
  }
}
