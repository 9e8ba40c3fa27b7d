/**
 * The page's one connection to the server, opened again by itself when it is lost. What comes is handed to `LinkHandlers`; panes use the store.
 */
import type { Method, Methods, Notification, Notifications, RpcError } from '../../src/view/protocol.ts';

export interface LinkHandlers {
  notification<N extends Notification>(method: N, params: Notifications[N]): void;
  opened(): void;
  /** It will be tried again. */
  lost(text: string): void;
  /** It will not. */
  refused(text: string): void;
  failure(message: string, code: string, remedy?: string): Error;
}

/** Milliseconds before the first, second ... attempt to connect again. */
const PAUSES = [400, 800, 1600, 3000, 5000];

/** A connection that comes back. */
export class Link {
  readonly #handlers: LinkHandlers;
  #socket: WebSocket | undefined;
  #next = 1;
  readonly #calls = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  #failures = 0;
  #over = false;

  constructor(handlers: LinkHandlers) {
    this.#handlers = handlers;
    this.#open();
  }

  /** Calls a method. */
  call<M extends Method>(method: M, params: Methods[M]['params']): Promise<Methods[M]['result']> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      this.#socket?.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
  }

  #open(): void {
    const socket = new WebSocket(new URL('ws', location.href.replace(/#.*/, '')).href.replace(/^http/, 'ws'));
    this.#socket = socket;
    socket.onmessage = (event) => this.#receive(JSON.parse(String(event.data)));
    socket.onopen = () => {
      this.#failures = 0;
      this.#handlers.opened();
    };
    socket.onclose = () => void this.#closed();
  }

  #receive(message: { id?: number | null; method?: Notification; params?: unknown; result?: unknown; error?: RpcError }): void {
    if (message.method) {
      this.#handlers.notification(message.method, message.params as never);
      if (message.method === 'bye') this.#over = true;
      return;
    }
    const call = this.#calls.get(message.id ?? -1);
    this.#calls.delete(message.id ?? -1);
    if (message.error)
      call?.reject(this.#handlers.failure(message.error.message, message.error.data?.code ?? '', message.error.data?.remedy));
    else call?.resolve(message.result as never);
  }

  async #closed(): Promise<void> {
    for (const { reject } of this.#calls.values()) reject(this.#handlers.failure('The connection was lost.', 'E_NO_CONNECTION'));
    this.#calls.clear();
    if (this.#over) return;
    // A browser does not say why a socket was refused; the page's own address does.
    const status = await fetch(location.href, { method: 'HEAD', cache: 'no-store' }).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === 401 || status === 403 || status === 404) {
      this.#handlers.refused('');
      return;
    }
    this.#handlers.lost('');
    setTimeout(() => this.#open(), PAUSES[Math.min(this.#failures++, PAUSES.length - 1)]);
  }
}
