import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ViewGuard } from '../../src/cli/view-guard.ts';
import { openViewListener, type ViewListener } from '../../src/cli/view-listener.ts';
import { UsageError } from '../../src/errors.ts';
import { connectView, ViewError } from '../../src/view/client.ts';
import { doorbell, FakeHost } from './support.ts';

let root: string;
let page: string;
const open: ViewListener[] = [];

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'imx-sim-view-'));
  page = join(root, 'page');
  mkdirSync(join(page, 'assets'), { recursive: true });
  writeFileSync(join(root, 'secret.txt'), 'not for everybody');
  writeFileSync(join(page, 'index.html'), '<!doctype html><title>view</title>');
  writeFileSync(join(page, 'assets/index-a1B2c3D4.js'), 'export {};');
});
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});
afterAll(() => rmSync(root, { recursive: true }));

async function server(options: { readonly host?: string; readonly port?: number } = {}) {
  const host = new FakeHost();
  host.now = 0;
  // The host's time is the real one here.
  Object.defineProperty(host, 'now', { get: () => performance.now() });
  const listener = await openViewListener({ hub: host.hub, port: 0, pageDirectory: page, ...options });
  open.push(listener);
  const { port, url } = listener;
  const token = new URL(url).pathname.split('/')[1]!;
  return { host, listener, port, url, token };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** A request as it is, without anything that fetch would mend. */
function get(port: number, path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = request({ port, host: '127.0.0.1', path, method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
    });
    req.on('error', reject).end();
  });
}

/** Status with which a socket is refused; 101 when it is not. */
function upgrade(url: string, options: { readonly origin?: string; readonly headers?: Record<string, string> } = {}): Promise<number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, options);
    socket.on('open', () => {
      socket.terminate();
      resolve(101);
    });
    socket.on('unexpected-response', (_request, response) => {
      response.destroy();
      resolve(response.statusCode!);
    });
    socket.on('error', () => {});
  });
}

describe('the page', () => {
  it('is there for who knows the token, with headers that keep it to itself', async () => {
    const { port, token } = await server();
    const { status, headers, text } = await get(port, `/${token}/`);
    expect([status, text]).toEqual([200, '<!doctype html><title>view</title>']);
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'content-type': 'text/html; charset=utf-8',
    });
    expect(headers['access-control-allow-origin']).toBeUndefined();
    const script = await get(port, `/${token}/assets/index-a1B2c3D4.js`);
    expect([script.status, script.headers['content-type'], script.headers['cache-control']]).toEqual([
      200,
      'text/javascript; charset=utf-8',
      'private, max-age=31536000, immutable',
    ]);
    expect((await get(port, `/${token}`)).headers['location']).toBe(`/${token}/`);
    expect(await get(port, `/${token}/`, {}, 'HEAD')).toMatchObject({ status: 200, text: '' });
    expect((await get(port, `/${token}/`, {}, 'POST')).status).toBe(405);
  });

  it('has another token each time, that cannot be guessed', async () => {
    const [one, other] = [await server(), await server()];
    expect(one.token).toMatch(/^[\w-]{32}$/);
    expect(one.token).not.toBe(other.token);
    for (const path of [
      '/',
      '/index.html',
      '/x/',
      `/${one.token.slice(0, -1)}/`,
      `/${one.token}x/`,
      `/${one.token.toUpperCase()}/`,
      '//',
      '/%00/',
      `/?${one.token}`,
      `/x/${one.token}/`,
    ])
      expect((await get(one.port, path)).status).toBe(404);
  });

  it('is no way to any other file', async () => {
    const { port, token } = await server();
    const ways = [
      '../secret.txt',
      '..%2fsecret.txt',
      '%2e%2e/secret.txt',
      'assets/../../secret.txt',
      'assets/',
      'assets',
      '/etc/passwd',
      '%2fetc%2fpasswd',
      '..\\secret.txt',
      'index.html%00.js',
      '__proto__',
      'constructor',
      './index.html',
    ];
    for (const way of ways) expect([way, (await get(port, `/${token}/${way}`)).status]).toEqual([way, 404]);
    expect((await get(port, `/${token}/${'a/'.repeat(3000)}`)).status).toBe(404);
  });

  it('answers to names of this host only', async () => {
    const { port, token } = await server();
    const status = async (host: string): Promise<number> => (await get(port, `/${token}/`, { host })).status;
    expect(await status(`localhost:${port}`)).toBe(200);
    expect(await status(`[::1]:${port}`)).toBe(200);
    for (const host of [
      `evil.example:${port}`,
      'localhost',
      `localhost:${port + 1}`,
      `127.0.0.1.evil.example:${port}`,
      `localhost.:${port}`,
      `10.0.0.1:${port}`,
      `@localhost:${port}`,
    ])
      expect([host, await status(host)]).toEqual([host, 421]);
  });

  it('that is not there, and a port that is taken, are said so', async () => {
    const { host, port } = await server();
    const failing = (options: object) => openViewListener({ hub: host.hub, port: 0, pageDirectory: page, ...options });
    await expect(failing({ pageDirectory: join(root, 'nowhere') })).rejects.toThrow(UsageError);
    await expect(failing({ pageDirectory: join(page, 'assets') })).rejects.toThrow(/no index.html/);
    await expect(failing({ port })).rejects.toThrow(`port ${port} is taken`);
    await expect(failing({ port, portOption: '--port' })).rejects.toMatchObject({
      remedy: 'give --port another port, or 0 for any that is free',
    });
    await expect(failing({ host: '203.0.113.7' })).rejects.toThrow(/no address 203.0.113.7/);
  });
});

describe('the socket', () => {
  it('opens with the token, without an origin or with its own', async () => {
    const { port, token } = await server();
    const url = `ws://127.0.0.1:${port}/${token}/ws`;
    expect(await upgrade(url)).toBe(101);
    expect(await upgrade(url, { origin: `http://127.0.0.1:${port}` })).toBe(101);
    expect(await upgrade(url, { origin: 'http://evil.example' })).toBe(403);
    expect(await upgrade(url, { origin: `https://127.0.0.1:${port}` })).toBe(403);
    expect(await upgrade(url, { origin: `http://localhost:${port}` })).toBe(403);
    expect(await upgrade(url, { origin: 'null' })).toBe(403);
    expect(await upgrade(url, { headers: { host: `evil.example:${port}` } })).toBe(421);
    expect(await upgrade(`ws://127.0.0.1:${port}/${'x'.repeat(32)}/ws`)).toBe(404);
    expect(await upgrade(`ws://127.0.0.1:${port}/${token}/`)).toBe(404);
    expect(await upgrade(`ws://127.0.0.1:${port}/${token}/ws2`)).toBe(404);
  });

  it('ends for frames that are too large or no text, and for nobody else', async () => {
    const { host, url } = await server();
    const other = await connectView(url, { WebSocket });
    const ended = (send: (socket: WebSocket) => void): Promise<number> =>
      new Promise((resolve) => {
        const socket = new WebSocket(`${url.replace('http', 'ws')}ws`);
        socket.on('open', () => send(socket));
        socket.on('error', () => {});
        socket.on('close', (code) => resolve(code));
      });
    expect(await ended((socket) => socket.send('x'.repeat(200_000)))).toBe(1009);
    expect(await ended((socket) => socket.send(Uint8Array.of(1, 2, 3)))).toBe(1003);
    const raw = await ended((socket) =>
      (socket as unknown as { _socket: { write(bytes: Uint8Array): void } })._socket.write(Uint8Array.of(0xff, 0xff, 0, 1, 2)),
    );
    expect([1002, 1006]).toContain(raw);
    expect(await other.request('system.state')).toMatchObject({ clients: 1 });
    other.close();
    expect(host.failures).toEqual([]);
  });

  it('lives through clients that come, say nothing sensible, and vanish', async () => {
    const { host, url, port } = await server();
    const gone = Array.from(
      { length: 50 },
      (_, index) =>
        new Promise<void>((resolve) => {
          const socket = new WebSocket(`${url.replace('http', 'ws')}ws`);
          socket.on('open', () => {
            for (let i = 0; i < 20; i++)
              socket.send(
                `{"jsonrpc":"2.0","id":${i},"method":"subscribe","params":{"consoles":true`.slice(0, 20 + ((index * 7 + i * 13) % 60)),
              );
            if (index % 2) socket.terminate();
            else setTimeout(() => socket.terminate(), index % 5);
          });
          socket.on('error', () => {});
          socket.on('close', () => resolve());
        }),
    );
    const noise = Array.from(
      { length: 20 },
      (_, index) =>
        new Promise<void>((resolve) => {
          const socket = connect(port, '127.0.0.1', () =>
            socket.end(
              [
                '\0\0\0\0',
                'GET / HTTP/9.9\r\n\r\n',
                'GET /x HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n',
                `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`,
              ][index % 4],
            ),
          );
          socket.on('error', () => {}).resume();
          socket.on('close', () => resolve());
        }),
    );
    await Promise.all([...gone, ...noise]);
    const client = await connectView(url, { WebSocket });
    const deadline = performance.now() + 3000;
    while (host.hub.connected > 1 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(host.hub.connected).toBe(1);
    expect(await client.request('system.state')).toMatchObject({ clients: 1 });
    client.close();
  });

  it('is bounded when a client does not read', async () => {
    const { host, url } = await server();
    const socket = new WebSocket(`${url.replace('http', 'ws')}ws`);
    await new Promise((resolve) => socket.on('open', resolve));
    const subscribe = { jsonrpc: '2.0', id: 1, method: 'subscribe', params: { rate: 50_000 } };
    socket.send(JSON.stringify(subscribe));
    await new Promise<void>((resolve) => socket.on('message', (data) => String(data).includes('"id":1') && resolve()));
    socket.pause();
    const before = process.memoryUsage().rss;
    for (let turn = 0; turn < 40; turn++) {
      for (let i = 0; i < 10_000; i++) host.source.emit(doorbell(turn * 10_000 + i));
      await new Promise((resolve) => setTimeout(resolve, 5));
      host.hub.tick();
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(96 * 1024 * 1024);
    let heard = 0;
    const all = new Promise<void>((resolve) => {
      socket.on('message', (data) => {
        const { method, params } = JSON.parse(String(data)) as { method?: string; params: { events: unknown[]; dropped: number } };
        if (method !== 'events') return;
        heard += params.events.length + params.dropped;
        if (heard >= 400_001) resolve();
      });
    });
    socket.resume();
    await new Promise((resolve) => setTimeout(resolve, 50));
    host.source.emit(doorbell(1e6));
    await all;
    expect(heard).toBe(400_001);
    socket.terminate();
  });
});

describe('the client', () => {
  it('calls, hears, and waits for what it wants', async () => {
    const { host, url } = await server();
    const view = await connectView(url, { WebSocket });
    expect(view.hello).toMatchObject({ protocol: 1, title: 'a test' });
    expect(view.url).toBe(`${url.replace('http', 'ws')}ws`);
    expect(await view.subscribe({ events: ['mu'] })).toEqual({ seq: 0 });
    const batch = view.next('events', ({ events }) => events.some(({ cycle }) => cycle === 7));
    host.source.emit(doorbell(7));
    expect((await batch).events).toMatchObject([{ seq: 0, cycle: 7, mu: 'MU1' }]);
    await expect(view.request('memory.read', { view: 'm7', address: -1, length: 4 })).rejects.toMatchObject({ code: '-32602' });
    view.close();
    await expect(view.request('system.state')).rejects.toMatchObject({ code: 'E_VIEW_CONNECTION' });
    expect(view.status).toBe('ended');
  });

  it('comes back when the connection was lost, with its subscription', async () => {
    const { host, url } = await server();
    const view = await connectView(url, { WebSocket });
    await view.subscribe({ events: ['mu'] });
    const status: string[] = [];
    view.on('status', (each) => void status.push(each));
    const again = view.next('hello');
    (view as unknown as { socket: WebSocket }).socket.terminate();
    await expect(view.request('system.state')).rejects.toThrow(ViewError);
    await again;
    await view.request('system.state');
    const batch = view.next('events');
    host.source.emit(doorbell(1));
    expect((await batch).events.length).toBe(1);
    expect(status).toEqual(['lost', 'open']);
    view.close();
  });

  it('stays away when the run is over', async () => {
    const { host, url } = await server();
    const view = await connectView(url, { WebSocket });
    const bye = view.next('bye');
    host.hub.close('the run is over');
    expect(await bye).toEqual({ text: 'the run is over' });
    expect(view.status).toBe('ended');
  });

  it('says why it cannot connect', async () => {
    const { port } = await server();
    await expect(connectView(`http://127.0.0.1:${port}/wrong/`, { WebSocket })).rejects.toMatchObject({
      code: 'E_VIEW_CONNECTION',
      remedy: expect.stringContaining('whole address'),
    });
  });
});

describe('the guard of a server that others may reach', () => {
  const admit = (host: string, header: string, port = 8420) => {
    const admitted = new ViewGuard('token', host).admit({ url: '/token/x', headers: { host: header } } as never, port);
    return 'refused' in admitted ? admitted.refused : admitted.path;
  };

  it('knows its addresses, and no names that anybody may point at it', () => {
    expect(admit('0.0.0.0', '192.168.1.5:8420')).toBe('x');
    expect(admit('0.0.0.0', '[fe80::1]:8420')).toBe('x');
    expect(admit('0.0.0.0', 'rebound.example:8420')).toBe(421);
    expect(admit('192.168.1.5', '192.168.1.5:8420')).toBe('x');
    expect(admit('192.168.1.5', '192.168.1.6:8420')).toBe(421);
    expect(admit('::1', '[::1]:8420')).toBe('x');
    expect(admit('127.0.0.1', 'localhost', 80)).toBe('x');
  });
});
