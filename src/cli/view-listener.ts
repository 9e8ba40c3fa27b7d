/**
 * The view's server: http for the page, a WebSocket for its protocol, on one port of this host. docs/view-protocol.md has its addresses and limits.
 *
 * Answers with the files of the page and nothing else; see view-guard.ts for who is let in.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type WebSocket, WebSocketServer } from 'ws';
import { UsageError } from '../errors.ts';
import type { ViewHub } from '../view/hub.ts';
import { LONGEST_CALL } from '../view/rpc.ts';
import { newToken, type Refusal, ViewGuard } from './view-guard.ts';
import { INDEX, type PageFile, readPage } from './view-page.ts';

/** Path of the socket behind the token. */
const SOCKET = 'ws';
/** Milliseconds between two turns of the hub. */
const TICK_MS = 16;
/** Milliseconds between two looks at whether clients are still there; who has not answered by the next is not. */
const PING_MS = 20_000;
/** Milliseconds that a request may take to come, and that a connection may be idle. */
const REQUEST_MS = 10_000;
/** Connections at a time, with those of browsers that fetch the page. */
const MOST_CONNECTIONS = 256;

/** What it serves, and where. */
export interface ViewListenerOptions {
  readonly hub: ViewHub;
  /** 0: any that is free. */
  readonly port: number;
  readonly host?: string;
  /** Option by which the user chooses the port; `--view` unless given. */
  readonly portOption?: string;
  /** Directory of the built page. */
  readonly pageDirectory: string;
  /** In the address; a random one unless given. */
  readonly token?: string;
  /** Tells the user something. */
  note?(text: string): void;
}

export interface ViewListener {
  /** Of the page, with the token. */
  readonly url: string;
  readonly port: number;
  /** Ends all connections. */
  close(): Promise<void>;
}

const REFUSALS: Readonly<Record<Refusal, string>> = {
  403: 'this page may not talk to imx-sim',
  404: 'not found: use the whole address that imx-sim has printed',
  421: 'imx-sim does not answer to this name',
};

/** Serves the built page for a hub and tells the user its address; what it returns ends that, with a reason for those who are connected. @throws {UsageError} when the port cannot be had */
export async function serveView(
  hub: ViewHub,
  options: Pick<ViewListenerOptions, 'port' | 'portOption'> & {
    readonly viewHost?: string | undefined;
    readonly note: (text: string) => void;
  },
): Promise<(reason: string) => Promise<void>> {
  const { viewHost, ...rest } = options;
  const pageDirectory = fileURLToPath(new URL('../view-page', import.meta.url));
  const listener = await openViewListener({ hub, pageDirectory, ...rest, ...(viewHost === undefined ? {} : { host: viewHost }) });
  options.note(`view: ${listener.url}`);
  return (reason) => {
    hub.close(reason);
    return listener.close();
  };
}

/** Starts the server. @throws {UsageError} when the port cannot be had, or the page is not there */
export async function openViewListener(options: ViewListenerOptions): Promise<ViewListener> {
  const { hub, port, host = '127.0.0.1', portOption = '--view', pageDirectory, token = newToken(), note } = options;
  const page = readPage(pageDirectory);
  const guard = new ViewGuard(token, host);
  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, keepAliveTimeout: 5000, maxHeaderSize: 8192 });
  server.maxConnections = MOST_CONNECTIONS;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: LONGEST_CALL, perMessageDeflate: false, clientTracking: true });
  let listening = port;
  server.on('request', (request, response) => answer(request, response, guard, page, listening));
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const admitted = guard.admit(request, listening);
    if ('refused' in admitted) turnAway(socket, admitted.refused);
    else if (admitted.path !== SOCKET) turnAway(socket, 404);
    else sockets.handleUpgrade(request, socket, head, (client) => connect(client, socket, hub));
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  listening = await listen(server, port, host, portOption);
  const pings = setInterval(() => ping(sockets), PING_MS);
  pings.unref();
  const stopTicking = keepTicking(hub);
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  if (!isLoopback(host)) note?.(`the view is open to other hosts (${host}): whoever knows its address can control this run`);
  return {
    url: `http://${isIPv6(name) ? `[${name}]` : name}:${listening}/${token}/`,
    port: listening,
    close: () => {
      clearInterval(pings);
      stopTicking();
      return shut(server, sockets);
    },
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}

/** The hub gets its turns while somebody is there. */
function keepTicking(hub: ViewHub): () => void {
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  hub.onActive = (active) => {
    if (!active) stop();
    else timer ??= setInterval(() => hub.tick(), TICK_MS);
  };
  return stop;
}

function listen(server: Server, port: number, host: string, option: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      const taken = error.code === 'EADDRINUSE';
      const why = taken ? `port ${port} is taken` : error.code === 'EADDRNOTAVAIL' ? `this host has no address ${host}` : error.message;
      reject(
        new UsageError(
          `the view cannot listen: ${why}`,
          taken ? `give ${option} another port, or 0 for any that is free` : 'give another port or --view-host',
          option,
        ),
      );
    };
    server.once('error', failed);
    server.listen(port, host, () => {
      server.off('error', failed);
      server.on('error', () => {});
      resolve((server.address() as AddressInfo).port);
    });
  });
}

const SECURITY: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
};

/** Scripts come from the page's own files; styles may be set by them, as terminals do. */
function contentPolicy(host: string): string {
  return [
    `default-src 'none'`,
    `script-src 'self'`,
    `style-src 'self' 'unsafe-inline'`,
    `img-src 'self' data: blob:`,
    `font-src 'self' data:`,
    `connect-src 'self' ws://${host}`,
    `base-uri 'none'`,
    `form-action 'none'`,
    `frame-ancestors 'none'`,
  ].join('; ');
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  guard: ViewGuard,
  page: ReadonlyMap<string, PageFile>,
  port: number,
): void {
  for (const [header, value] of Object.entries(SECURITY)) response.setHeader(header, value);
  const admitted = guard.admit(request, port);
  if ('refused' in admitted) {
    refuse(response, admitted.refused);
    return;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    end(response, 405, 'only GET and HEAD');
    return;
  }
  if (admitted.path === undefined) {
    response.setHeader('Location', `${request.url!.replace(/[?#].*$/, '')}/`);
    end(response, 308, '');
    return;
  }
  const file = page.get(admitted.path === '' ? INDEX : admitted.path);
  if (!file) {
    refuse(response, 404);
    return;
  }
  response.setHeader('Content-Security-Policy', contentPolicy(request.headers.host!));
  response.setHeader('Cache-Control', file.immutable ? 'private, max-age=31536000, immutable' : 'no-store');
  response.writeHead(200, { 'Content-Type': file.type, 'Content-Length': file.bytes.length });
  response.end(request.method === 'HEAD' ? undefined : file.bytes);
}

function refuse(response: ServerResponse, status: Refusal): void {
  end(response, status, REFUSALS[status]);
}

function end(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' });
  response.end(text === '' ? undefined : `${text}\n`);
}

function turnAway(socket: Duplex, status: Refusal): void {
  const text = REFUSALS[status];
  socket.end(
    `HTTP/1.1 ${status} ${status === 404 ? 'Not Found' : 'Refused'}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
  );
}

/** Clients that have answered since they were asked last. */
const ALIVE = new WeakSet<WebSocket>();

function connect(socket: WebSocket, stream: Duplex, hub: ViewHub): void {
  socket.on('error', () => socket.terminate());
  let corked = false;
  // What is said in one turn goes out in one write: the host takes longer for a write than all of us for what is written.
  const cork = (): void => {
    if (corked) return;
    corked = true;
    stream.cork();
    process.nextTick(() => {
      corked = false;
      stream.uncork();
    });
  };
  const client = hub.connect({
    send: (text) => {
      cork();
      socket.send(text, () => {});
    },
    buffered: () => socket.bufferedAmount,
    close: () => socket.close(1008),
  });
  if (!client) {
    socket.close(1013, 'too many clients');
    return;
  }
  ALIVE.add(socket);
  socket.on('pong', () => ALIVE.add(socket));
  socket.on('message', (data, isBinary) => {
    if (isBinary) socket.close(1003, 'text frames only');
    else client.receive(data.toString());
  });
  socket.on('close', () => client.closed());
}

function ping(sockets: WebSocketServer): void {
  for (const socket of sockets.clients) {
    if (!ALIVE.delete(socket)) socket.terminate();
    else socket.ping();
  }
}

/** Lets what was said last be sent, for a moment, and ends. */
function shut(server: Server, sockets: WebSocketServer): Promise<void> {
  return new Promise((resolve) => {
    for (const socket of sockets.clients) socket.close(1001);
    const late = setTimeout(() => {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
    }, 500);
    sockets.close();
    server.close(() => {
      clearTimeout(late);
      resolve();
    });
    server.closeIdleConnections();
  });
}
