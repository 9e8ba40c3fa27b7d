/**
 * Both servers of a run on real sockets, and clients that mean no good: broken HTTP, frames and packets, pages of other sites, wrong tokens, other files,
 * connections that say nothing, read nothing or vanish. The run goes on meanwhile, and ends as it would have.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { openGdbListener } from '../../src/cli/gdb-listener.ts';
import { openViewListener } from '../../src/cli/view-listener.ts';
import { Debugger } from '../../src/debug/debugger.ts';
import { runInputs } from '../../src/session/run-inputs.ts';
import { connectView } from '../../src/view/client.ts';
import { VIEW } from '../../src/view/control.ts';
import { viewOfRun } from '../../src/view/run-view.ts';
import { frame } from '../debug/gdb/client.ts';
import { sessionOf, straight } from '../debug/support.ts';
import { hostileText, type Random, randomOf } from './fuzzer.ts';

const LOOPBACK = '127.0.0.1';
/** Milliseconds of the host for each slice of the run, so that it is still there when all have come. */
const SLICE_MS = 2;
const OPTIONS = { timeout: 2e9 };
/** A busy machine takes its time. */
const PATIENT = { timeout: 30_000 };

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const bytes = (random: Random, length: number): Buffer => Buffer.from(Array.from({ length }, () => random(256)));
const any = <T>(random: Random, list: readonly T[]): T => list[random(list.length)]!;

/** A run with both servers. */
async function served() {
  const parts = sessionOf('imx8mp_pingpong', OPTIONS);
  const { session } = parts;
  const { machine } = session;
  (session as unknown as { host: { pause: () => Promise<void> } }).host.pause = () => sleep(SLICE_MS);
  const inputs = runInputs({ session });
  const debug = new Debugger({ session, inputs });
  const trouble: unknown[] = [];
  const directory = mkdtempSync(join(tmpdir(), 'imx-sim-hostile-'));
  writeFileSync(join(directory, 'index.html'), '<!doctype html>');
  const note = (text: string): void => void (/fault|internal/.test(text) && trouble.push(text));
  const gdb = await openGdbListener({ debugger: debug, session, port: 0, note });
  const host = { now: () => performance.now(), internal: (error: unknown) => void trouble.push(error) };
  const hub = viewOfRun({ machine, inputs, debugger: debug, title: 'a test', version: '0', host });
  const view = await openViewListener({ hub, port: 0, pageDirectory: directory });
  const end = async (): Promise<void> => {
    gdb.close();
    hub.close('over');
    await view.close();
    session.dispose();
    rmSync(directory, { recursive: true });
  };
  const status = session.run();
  return { ...parts, status, debug, hub, view, gdb, trouble, end };
}

/** Sends something over TCP and gives what came back, until the other side ends it or `patience` ms are over. */
function say(port: number, what: string | Uint8Array, patience = 20_000): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, LOOPBACK, () => socket.write(what));
    socket.setEncoding('latin1').on('data', (text: string) => {
      answer += text;
    });
    socket.on('error', () => {}).on('close', () => resolve(answer));
    socket.setTimeout(patience, () => socket.destroy());
  });
}

const upgrade = (path: string, host: string, more = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${more}\r\n`;

/** A frame with any header, which need not be one. */
function socketFrame(random: Random): Buffer {
  const payload = bytes(random, random(40));
  const length = any(random, [[0x80 | payload.length], [0xfe, 0, payload.length], [0xff, ...bytes(random, 8)], [payload.length], [0xfe]]);
  return Buffer.concat([
    Buffer.from([any(random, [0x81, 0x82, 0x88, 0x89, 0x8a, 0x01, 0x00, 0x80, 0xf1, 0x83, random(256)]), ...length]),
    bytes(random, 4),
    payload,
  ]);
}

/** A text frame as a browser sends it. */
function textFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const length =
    payload.length < 126
      ? [0x80 | payload.length]
      : payload.length < 65_536
        ? [0xfe, payload.length >> 8, payload.length & 255]
        : undefined;
  return length ? Buffer.concat([Buffer.from([0x81, ...length, 0, 0, 0, 0]), payload]) : Buffer.from([0x88, 0x80, 0, 0, 0, 0]);
}

it('both servers live through broken requests, frames and packets, and 50 clients at a time that vanish', {
  timeout: 120_000,
}, async () => {
  const alone = await straight('imx8mp_pingpong', OPTIONS);
  const { status, result, view, gdb, hub, debug, trouble, end } = await served();
  const random = randomOf(11);
  const host = `${LOOPBACK}:${view.port}`;
  const [, token] = new URL(view.url).pathname.split('/');
  const path = `/${token}/ws`;

  // Somebody who only wants to watch, all the time.
  const watcher = await connectView(view.url, { WebSocket: WebSocket as never, timeout: 30_000 });
  await watcher.subscribe({ overview: true, consoles: true });

  // Strangers.
  const refused = async (request: string): Promise<string> => /^HTTP\/1\.1 (\d+)/.exec(await say(view.port, request))?.[1] ?? '';
  const get = (target: string, of = host, more = ''): string => `GET ${target} HTTP/1.1\r\nHost: ${of}\r\nConnection: close\r\n${more}\r\n`;
  expect(
    await Promise.all([
      refused(upgrade(path, host, 'Origin: http://evil.example\r\n')),
      refused(upgrade(path, host, 'Origin: null\r\n')),
      refused(upgrade(path, `evil.example:${view.port}`)),
      refused(upgrade(`/${'A'.repeat(token!.length)}/ws`, host)),
      refused(get(`/${token}/`, host, 'Origin: http://evil.example\r\n')),
      refused(get(`/${token}/`, 'evil.example')),
      refused(get('/')),
      refused(get(`/${token}/../../etc/passwd`)),
      refused(get(`/${token}/%2e%2e/%2e%2e/etc/passwd`)),
      refused(get(`/${token}/index.html%00`)),
      refused(get(`/${token}/`)),
    ]),
  ).toEqual(['403', '403', '421', '404', '403', '421', '404', '404', '404', '404', '200']);

  // Some that say nothing, and one that reads nothing of what it asks for.
  const silent = [view.port, gdb.port, view.port, gdb.port].map((port) => connect(port, LOOPBACK).on('error', () => {}));
  silent[0]!.write('GET / HTTP/1.1\r\nHos');
  const deaf = connect(view.port, LOOPBACK).on('error', () => {});
  deaf.write(upgrade(path, host));
  deaf.pause();
  for (let i = 0; i < 200; i++)
    deaf.write(textFrame(`{"jsonrpc":"2.0","id":${i},"method":"memory.read","params":{"view":"m7","address":0,"length":65536}}`));

  const sent = { frames: 0, packets: 0, requests: 0, clients: 0 };
  const hostile = (port: number, what: (socket: Socket) => void): Promise<void> =>
    new Promise((resolve) => {
      sent.clients++;
      const socket = connect(port, LOOPBACK, () => {
        what(socket);
        // Some vanish at once, some after a while, some in the middle of what they say.
        if (random(3) === 0) socket.resetAndDestroy();
        else setTimeout(() => (random(2) ? socket.destroy() : socket.resetAndDestroy()), random(30));
      });
      socket
        .on('error', () => {})
        .on('close', () => resolve())
        .resume();
    });
  const attacks = [
    (socket: Socket): void => {
      socket.write(upgrade(path, host));
      for (let i = 0; i < 40; i++, sent.frames++) socket.write(i < 30 ? textFrame(hostileText(random, i, true)) : socketFrame(random));
    },
    (socket: Socket): void => {
      socket.write(upgrade(path, host));
      for (let i = 0; i < 4; i++, sent.frames++) socket.write(socketFrame(random));
    },
    (socket: Socket): void => {
      sent.requests++;
      socket.write(any(random, [bytes(random, 200), 'GET / HTTP/9.9\r\n\r\n', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`, get(`/${token}/`).slice(0, random(80)), `${get(`/${token}/`).repeat(20)}`, `POST /${token}/ HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 99999999999\r\n\r\nx`])); // biome-ignore format: a list
    },
    (socket: Socket): void => {
      for (let i = 0; i < 40; i++, sent.packets++) {
        const packet = frame(
          any(random, [
            '?',
            'g',
            'm0,100',
            'qSupported:x',
            'qXfer:features:read:target.xml:0,fff',
            'm,',
            'qRcmd,68',
            'vCont?',
            'Hg-1',
            'x0,4',
            '',
          ]),
        );
        socket.write(
          any(random, [packet, packet.slice(0, random(packet.length)), `${packet.slice(0, -2)}zz`, '+-+-', bytes(random, 50), '\x03']),
          'latin1',
        );
      }
    },
  ];
  for (let wave = 0; wave < 10; wave++) {
    await Promise.all(
      Array.from({ length: 50 }, () => {
        const attack = any(random, attacks);
        return hostile(attack === attacks[3] ? gdb.port : view.port, attack);
      }),
    );
    expect(await watcher.request('system.state')).toMatchObject({ running: expect.any(Boolean) });
  }
  expect(sent.clients).toBe(500);
  expect(sent.frames + sent.packets + sent.requests).toBeGreaterThan(5000);

  // Those who are still there are heard: a GDB that comes now is the only one.
  for (const each of [...silent, deaf]) each.destroy();
  await expect.poll(() => hub.connected, PATIENT).toBe(1);
  await expect.poll(() => say(gdb.port, frame('qC'), 500), PATIENT).toMatch(/^\+\$QC1#/);
  // The view keeps a run at its end as long as somebody is there.
  await expect.poll(() => debug.halted?.kind, PATIENT).toBe('ended');
  debug.detach(VIEW);
  expect([await status, result()['trace']]).toEqual([alone.status, alone.result()['trace']]);
  expect(trouble).toEqual([]);
  watcher.close();
  await end();
});
