/**
 * The typed client of the view's protocol, for tools, tests and pages: a browser's WebSocket, or that of `ws` in Node.
 *
 *   const view = await connectView('http://127.0.0.1:8420/<token>/', { WebSocket });
 *   view.on('events', ({ events }) => ...);
 *   await view.subscribe({ events: ['message', 'mu'] });
 *   const { cycle } = await view.request('control.pause');
 */
import { ViewError } from '../errors.ts';
import type { Method, Methods, Notification, Notifications, RpcError, ServerMessage } from './protocol.ts';
import { PROTOCOL_VERSION } from './protocol.ts';

export { ViewError } from '../errors.ts';
export type * from './protocol.ts';
export { PROTOCOL_VERSION } from './protocol.ts';

/** The part of a WebSocket that is used; those of browsers and of `ws` have it. */
export interface ViewSocket {
  readonly readyState: number;
  send(text: string): void;
  close(code?: number): void;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
}

/** What makes one. */
export type ViewSocketClass = new (url: string) => ViewSocket;

/** How to connect. */
export interface ViewClientOptions {
  /** The global one unless given: Node has none before version 22, `import { WebSocket } from 'ws'`. */
  readonly WebSocket?: ViewSocketClass;
  /** False: a connection that is lost is not tried again. */
  readonly reconnect?: boolean;
  /** Milliseconds until the first answer of the server; 5000 unless given. */
  readonly timeout?: number;
}

/** How it stands: `lost` is tried again, `ended` is not. */
export type ViewStatus = 'connecting' | 'open' | 'lost' | 'ended';

/** Methods that have no parameters that must be given. */
type Plain = { [M in Method]: Record<string, never> extends Methods[M]['params'] ? M : never }[Method];

/** Milliseconds before the first, second ... attempt to connect again. */
const PAUSES = [250, 500, 1000, 2000, 5000] as const;
const TIMEOUT = 5000;

interface Waiting {
  resolve(result: never): void;
  reject(error: ViewError): void;
}

const lost = (): ViewError => new ViewError('E_VIEW_CONNECTION', 'the connection to imx-sim was lost', 'see whether it still runs');

/** A connection to the view of a run. */
export class ViewClient {
  /** Address of the socket. */
  readonly url: string;
  private readonly options: ViewClientOptions;
  private readonly listeners = new Map<Notification | 'status', Set<(params: never) => void>>();
  private readonly waiting = new Map<number, Waiting>();
  private socket: ViewSocket | undefined;
  private lastId = 0;
  private failures = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private current: ViewStatus = 'connecting';
  private greeting: Notifications['hello'] | undefined;
  private subscription: Methods['subscribe']['params'] | undefined;

  /** @internal Use `connectView`. */
  constructor(url: string, options: ViewClientOptions) {
    this.url = socketUrl(url);
    this.options = options;
  }

  /** What the server said first. */
  get hello(): Notifications['hello'] {
    if (!this.greeting) throw lost();
    return this.greeting;
  }

  get status(): ViewStatus {
    return this.current;
  }

  /** Calls a method. @throws {ViewError} when it is refused, or the connection is lost */
  request<M extends Plain>(method: M): Promise<Methods[M]['result']>;
  request<M extends Method>(method: M, params: Methods[M]['params']): Promise<Methods[M]['result']>;
  request<M extends Method>(method: M, params?: Methods[M]['params']): Promise<Methods[M]['result']> {
    const { socket } = this;
    if (!socket || this.current !== 'open') return Promise.reject(lost());
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params: params ?? {} }));
    });
  }

  /** `subscribe`, which is done again by itself whenever the connection was lost and is there again. */
  subscribe(params: Methods['subscribe']['params']): Promise<Methods['subscribe']['result']> {
    this.subscription = params;
    return this.request('subscribe', params);
  }

  /** Hears of a notification, or of how the connection stands; the function ends that. */
  on(event: 'status', listener: (status: ViewStatus) => void): () => void;
  on<N extends Notification>(event: N, listener: (params: Notifications[N]) => void): () => void;
  on(event: Notification | 'status', listener: (params: never) => void): () => void {
    const listeners = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, listeners);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /** The next notification of a kind, or the next one that `wanted` likes. */
  next<N extends Notification>(event: N, wanted: (params: Notifications[N]) => boolean = () => true): Promise<Notifications[N]> {
    return new Promise((resolve, reject) => {
      const ends = [
        this.on(event, (params: Notifications[N]) => {
          if (!wanted(params)) return;
          for (const end of ends) end();
          resolve(params);
        }),
        this.on('status', (status) => {
          if (status !== 'ended') return;
          for (const end of ends) end();
          reject(lost());
        }),
      ];
    });
  }

  /** Ends the connection. */
  close(): void {
    this.setStatus('ended');
    clearTimeout(this.retry);
    this.drop();
    this.socket?.close(1000);
  }

  /** @internal */
  open(): Promise<void> {
    const Socket = this.options.WebSocket ?? (globalThis as { WebSocket?: ViewSocketClass }).WebSocket;
    if (!Socket)
      return Promise.reject(new ViewError('E_VIEW_CONNECTION', 'there is no WebSocket here', 'pass that of the package ws: { WebSocket }'));
    return new Promise((resolve, reject) => {
      const socket = new Socket(this.url);
      this.socket = socket;
      const failed = (error: ViewError): void => {
        clearTimeout(timer);
        socket.onclose = null;
        socket.onerror = () => {};
        socket.close();
        reject(error);
      };
      const timer = setTimeout(
        () => failed(new ViewError('E_VIEW_CONNECTION', 'imx-sim does not answer', 'see whether it still runs')),
        this.options.timeout ?? TIMEOUT,
      );
      const refused = (): void =>
        failed(new ViewError('E_VIEW_CONNECTION', `nothing lets us in at ${this.url}`, 'use the whole address that imx-sim has printed'));
      socket.onerror = refused;
      socket.onclose = refused;
      socket.onmessage = (event: { readonly data: unknown }) => {
        const message = parse(event.data);
        if (!message || !('method' in message) || message.method !== 'hello') return;
        const { protocol } = message.params;
        if (protocol !== PROTOCOL_VERSION)
          return failed(
            new ViewError(
              'E_VIEW_VERSION',
              `imx-sim speaks version ${protocol} of the protocol, and this client ${PROTOCOL_VERSION}`,
              'use those of the same imx-sim',
            ),
          );
        clearTimeout(timer);
        this.greeted(socket, message.params);
        resolve();
      };
    });
  }

  private greeted(socket: ViewSocket, hello: Notifications['hello']): void {
    socket.onmessage = (event: { readonly data: unknown }) => this.receive(event.data);
    socket.onerror = () => {};
    socket.onclose = () => this.closed();
    this.greeting = hello;
    this.failures = 0;
    this.setStatus('open');
    this.tell('hello', hello);
    if (this.subscription) this.request('subscribe', this.subscription).catch(() => {});
  }

  private receive(data: unknown): void {
    const message = parse(data);
    if (!message) return;
    if ('method' in message) {
      this.tell(message.method, message.params);
      if (message.method === 'bye') this.setStatus('ended');
      return;
    }
    const waiting = message.id === null ? undefined : this.waiting.get(message.id);
    if (!waiting) return;
    this.waiting.delete(message.id as number);
    if ('error' in message) waiting.reject(failure(message.error));
    else waiting.resolve(message.result as never);
  }

  private closed(): void {
    this.drop();
    if (this.current === 'ended') return;
    if (this.options.reconnect === false) this.setStatus('ended');
    else this.again();
  }

  private again(): void {
    this.setStatus('lost');
    this.retry = setTimeout(
      () => {
        this.open().catch((error: ViewError) => {
          if (this.current === 'ended') return;
          if (error.code === 'E_VIEW_VERSION') this.setStatus('ended');
          else this.again();
        });
      },
      PAUSES[Math.min(this.failures++, PAUSES.length - 1)],
    );
  }

  /** Nobody will answer what was asked. */
  private drop(): void {
    const calls = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject } of calls) reject(lost());
  }

  private setStatus(status: ViewStatus): void {
    if (this.current === status) return;
    this.current = status;
    this.tell('status', status);
  }

  private tell(event: Notification | 'status', params: unknown): void {
    for (const listener of [...(this.listeners.get(event) ?? [])]) listener(params as never);
  }
}

/**
 * Connects to the view of a run: `url` is the address that imx-sim has printed, or that of its socket. A connection that is lost is tried again by itself.
 * @throws {ViewError} when there is none to be had
 */
export async function connectView(url: string, options: ViewClientOptions = {}): Promise<ViewClient> {
  const client = new ViewClient(url, options);
  await client.open();
  return client;
}

/** Address of the socket behind that of the page. */
function socketUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  const [, token = ''] = /^\/([^/]*)/.exec(pathname) ?? [];
  return `${protocol === 'https:' || protocol === 'wss:' ? 'wss:' : 'ws:'}//${host}/${token}/ws`;
}

function parse(data: unknown): ServerMessage | undefined {
  try {
    const message: unknown = JSON.parse(String(data));
    return typeof message === 'object' && message !== null ? (message as ServerMessage) : undefined;
  } catch {
    return undefined;
  }
}

function failure({ code, message, data }: RpcError): ViewError {
  return new ViewError(data?.code ?? String(code), message, data?.remedy);
}
