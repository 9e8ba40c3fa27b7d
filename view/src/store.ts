/**
 * What the page knows: signals that panes read, and the one connection through which they ask. Panes never open a socket themselves.
 */
import { signal } from '@preact/signals';
import type { Description, MachineState, Method, Methods, Overview, StopperView, ViewEvent } from '../../src/view/protocol.ts';

export type Connection = 'connecting' | 'open' | 'lost' | 'refused' | 'ended';

export const connection = signal<Connection>('connecting');
export const description = signal<Description | undefined>(undefined);
export const state = signal<MachineState | undefined>(undefined);
export const overview = signal<Overview | undefined>(undefined);
export const stoppers = signal<readonly StopperView[]>([]);
/** Rises whenever memory and registers may have changed while the machine stands still: at halts, moves, writes. Panes ask again then. */
export const epoch = signal(0);
export const notices = signal<readonly { readonly severity: 'error' | 'warning' | 'note'; readonly text: string; readonly at: number }[]>(
  [],
);
export const progress = signal<{ readonly what: string; readonly fraction: number } | undefined>(undefined);

/** The events that the page keeps, a bounded number; `version` rises with every batch. */
export const events: { readonly list: ViewEvent[]; dropped: number } = { list: [], dropped: 0 };
export const eventsVersion = signal(0);

/** Calls the server. @throws {RpcFailure} */
export async function request<M extends Method>(_method: M, _params: Methods[M]['params']): Promise<Methods[M]['result']> {
  throw new Error('not connected');
}

/** Hears raw output of consoles. */
export function onConsole(_listener: (device: string, bytes: Uint8Array) => void): () => void {
  return () => {};
}

/** Goes to a pane, and to a thing in it. */
export function go(pane: string, detail: Readonly<Record<string, string | number>> = {}): void {
  const query = new URLSearchParams(Object.entries(detail).map(([key, value]) => [key, String(value)])).toString();
  location.hash = `#/${pane}${query ? `?${query}` : ''}`;
}
