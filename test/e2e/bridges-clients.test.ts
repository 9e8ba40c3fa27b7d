/** Clients of host bridges as they are: slow, gone, half closed, talking nonsense; and options that cannot be had. */

import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readlinkSync,
  readSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { HostInput } from '../../src/cli/bridges/host-input.ts';
import { HostPort, PORT_LIMIT } from '../../src/cli/bridges/host-port.ts';
import { FLAG, FRAME, MAGIC, WINDOW, words } from '../../src/cli/bridges/rpmsg-frames.ts';
import { MAX_CLIENTS } from '../../src/cli/bridges/rpmsg-socket.ts';
import { BACKLOG, UartBridge } from '../../src/cli/bridges/uart-bridge.ts';
import { parseTty } from '../../src/cli/bridges/where.ts';
import { Machine } from '../../src/machine.ts';
import { IMX8MP } from '../../src/soc/imx8mp.ts';
import { encodeEndpointInfo, RPMSG_CREATE_EPT_IOCTL } from '../../src/virtio/rpmsg-ioctl.ts';
import { runCli } from '../support/run-cli.ts';
import { BridgedMachine, Client, directory, FrameClient, removeDirectory, resultOf } from './bridges-support.ts';
import { imagePath } from './session.ts';

const ANY = 0xffff_ffff;
const HELLO = Uint8Array.of(0x49, 0x4d, 0x58, 0x52, 1, 0, 0, 0);
const EPROTO = -71;

let count = 0;
const fresh = (): string => join(directory, `s${++count}`);

const open: BridgedMachine[] = [];
const servers: Server[] = [];

async function machine(...args: Parameters<typeof BridgedMachine.start>): Promise<BridgedMachine> {
  const started = await BridgedMachine.start(...args);
  open.push(started);
  return started;
}

afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
  for (const server of servers.splice(0)) server.close();
});
afterAll(removeDirectory);

/** Pseudo-random bytes; the seed is in the name of the test. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  };
}

async function ttyMachine(
  where = `unix:${fresh()}`,
  times?: Parameters<typeof BridgedMachine.start>[2],
): Promise<[BridgedMachine, string]> {
  const bridged = await machine('imx8mp_echo', { tty: [parseTty(`ttyRPMSG30=${where}`)] }, times);
  const ttys = bridged.machine.linux!.modules.ttys;
  await bridged.until(() => ttys.ready('ttyRPMSG30'), 'ttyRPMSG30');
  return [bridged, where.replace(/^unix:/, '')];
}

async function endpointMachine(times?: Parameters<typeof BridgedMachine.start>[2]): Promise<[BridgedMachine, string]> {
  const path = fresh();
  const bridged = await machine('imx8mp_echo8', { rpmsgSock: path }, times);
  await bridged.until(() => bridged.machine.kernel!.log.filter(({ text }) => text.includes('imx-sim-echo')).length === 8, 'eight channels');
  return [bridged, path];
}

/** A client that has said hello. */
async function greeted(path: string): Promise<FrameClient> {
  const client = new FrameClient(path);
  const answer = await client.ask(FRAME.HELLO, HELLO);
  expect([...answer]).toEqual([...words(MAGIC), 1, 0, WINDOW, 0, 0, 0x10, 0, 0]);
  return client;
}

const info = (src: number, dst: number, name = 'test') => encodeEndpointInfo({ name, src, dst });
const create = (src: number, dst: number, ctrl = 0) => Uint8Array.of(...words(ctrl), ...info(src, dst));
const ioctl = (command: number, src: number, dst: number, ctrl = 0) => Uint8Array.of(...words(ctrl, command), ...info(src, dst));

describe('--tty', () => {
  it('the second client is told that there is one, and the next may come when that has gone', async () => {
    const [, path] = await ttyMachine();
    const first = new Client(path);
    first.write('one');
    await first.until(() => first.text.includes('one'));
    const second = new Client(path);
    await second.closed;
    expect(second.text).toBe('imx-sim: ttyRPMSG30 has a client already\r\n');
    first.socket.destroy();
    const [bridged] = open;
    await bridged!.until(() => first.isClosed, 'the end of the first');
    await new Promise((done) => setTimeout(done, 50));
    const third = new Client(path);
    third.write('three');
    await third.until(() => third.text.includes('three'));
  });

  it('a client that closes its half gets the echo, then the end', async () => {
    const [, path] = await ttyMachine(undefined, { lingerMs: 100 });
    const client = new Client(path);
    client.socket.end('half');
    await client.closed;
    expect(client.text).toContain('half');
  });

  it('what a client sends before the core runs, and while it is restarted, waits for the tty; the device is opened again', async () => {
    const path = fresh();
    const bridged = await machine('imx8mp_echo', { tty: [parseTty(`ttyRPMSG30=unix:${path}`)] });
    const linux = bridged.machine.linux!;
    const client = new Client(path);
    client.write('early');
    await client.until(() => client.text.includes('early'));
    for (const text of ['second', 'third']) {
      const stop = linux.stop(0);
      await bridged.until(() => stop.result !== undefined, 'a stop');
      expect(stop.result).toBe(0);
      expect(linux.modules.ttys.get('ttyRPMSG30')).toBeUndefined();
      client.write(text);
      const start = linux.start(0);
      await bridged.until(() => start.result !== undefined, 'a start');
      expect(start.result).toBe(0);
      await client.until(() => client.text.includes(text), text);
    }
    expect(linux.waitingFor()).toEqual([]);
  });

  it('a client that never reads makes nothing grow: the flip buffer overflows as on a board', async () => {
    const path = fresh();
    const bridged = await machine('imx8mp_soak', { tty: [parseTty(`ttyRPMSG0=unix:${path}`)] });
    const client = new Client(path);
    client.socket.pause();
    const flood = Buffer.alloc(64 * 1024, 'x');
    const full = (): boolean => bridged.machine.kernel!.log.some(({ text }) => text.includes('Trunc buffer: available space is'));
    let sent = 0;
    for (; sent < 400 && !full(); sent++) {
      if (!client.socket.write(flood)) await bridged.until(() => !client.socket.writableNeedDrain || full(), 'room in the socket');
    }
    expect([sent, full()]).toEqual([expect.any(Number), true]);
    // What was held up comes once the client reads; what did not fit into the flip buffer is lost.
    client.socket.resume();
    await client.until(() => client.bytes.length > PORT_LIMIT);
    expect(client.text.replaceAll('x', '')).toBe('');
  });

  it.skipIf(process.platform !== 'linux')('whoever has the pseudo terminal open and never reads does not stop the machine', async () => {
    const link = fresh();
    const bridged = await machine('imx8mp_soak', { tty: [parseTty(`ttyRPMSG0=pty:${link}`)] });
    const { O_RDWR, O_NOCTTY, O_NONBLOCK } = constants;
    const terminal = openSync(link, O_RDWR | O_NOCTTY | O_NONBLOCK);
    const lines = Buffer.from(Array.from({ length: 20_000 }, (_, n) => `line ${n}\n`).join(''));
    const attempt = (use: () => number): number => {
      try {
        return use();
      } catch (error) {
        expect((error as NodeJS.ErrnoException).code).toBe('EAGAIN');
        return 0;
      }
    };
    let sent = 0;
    // The terminal has room for some KiB in each direction, the bridge and the tty behind it for a megabyte.
    for (let rounds = 0; rounds < 5000 && sent < lines.length; rounds++) {
      sent += attempt(() => writeSync(terminal, lines, sent));
      await new Promise((done) => setTimeout(done, 2));
    }
    expect(sent).toBe(lines.length);
    const before = bridged.machine.scheduler.now;
    await bridged.until(() => bridged.machine.scheduler.now > before, 'time');
    const parts: Buffer[] = [];
    const buffer = Buffer.alloc(65_536);
    let got = 0;
    await bridged.until(() => {
      const count = attempt(() => readSync(terminal, buffer));
      parts.push(Buffer.from(buffer.subarray(0, count)));
      got += count;
      return got >= lines.length;
    }, 'all lines');
    expect(Buffer.concat(parts).equals(lines)).toBe(true);
    closeSync(terminal);
  });

  it('1,000 connections that send noise, reset, or leave at once (seed 4711): the next client is served', async () => {
    const [bridged] = await ttyMachine('tcp:0');
    const path = Number(/:(\d+)$/.exec(bridged.notes[0]!)![1]);
    const random = noise(4711);
    for (let n = 0; n < 1000; n++) {
      const client = new Client(path);
      client.write(Uint8Array.from({ length: random() % 40 }, random));
      const how = random() % 4;
      if (how === 0) client.socket.end();
      else if (how === 1) client.socket.once('connect', () => client.socket.resetAndDestroy());
      else setImmediate(() => client.socket.destroy());
      if (n % 10 === 9) await client.closed;
    }
    let text = '';
    await bridged.until(() => bridged.machine.scheduler.now > 0, 'time');
    for (let tries = 0; tries < 200 && !text.includes('still here'); tries++) {
      const client = new Client(path);
      client.write('still here');
      await Promise.race([client.closed, client.until(() => client.text.includes('still here')).catch(() => {})]);
      text = client.text;
      client.socket.destroy();
      await new Promise((done) => setTimeout(done, 20));
    }
    expect(text).toContain('still here');
  });

  it('a connection on which nothing happens is ended', async () => {
    const [, path] = await ttyMachine(undefined, { idleMs: 80 });
    const client = new Client(path);
    await client.closed;
    expect(client.bytes.length).toBeLessThan(100);
  });

  it('the input of a run is told with the cycle at which it enters', async () => {
    const [bridged, path] = await ttyMachine();
    const entries: string[] = [];
    bridged.bridges.input.recorder = ({ source, kind, bytes, cycle }) => {
      expect(cycle).toBe(bridged.machine.scheduler.now);
      entries.push(`${source} ${kind}${bytes ? ` ${Buffer.from(bytes).toString('latin1')}` : ''}`);
    };
    const client = new Client(path);
    client.write('abc');
    await client.until(() => client.text.includes('abc'));
    client.socket.end();
    await client.closed;
    await bridged.until(() => entries.includes('ttyRPMSG30 close'), 'the end');
    expect(entries.filter((entry) => !entry.endsWith('room'))).toEqual(
      ['open', 'data abc', 'end', 'close'].map((entry) => `ttyRPMSG30 ${entry}`),
    );
  });

  it(',cooked leaves the settings of the driver, without it they are raw', async () => {
    for (const [text, icanon] of [
      ['', false],
      [',cooked', true],
    ] as const) {
      const [bridged, path] = await ttyMachine(`unix:${fresh()}${text}`);
      const client = new Client(path.replace(text, ''));
      client.write('abc\n');
      await client.until(() => client.text.includes('abc'));
      expect(bridged.machine.linux!.modules.ttys.get('ttyRPMSG30')!.termios.icanon).toBe(icanon);
    }
  });

  it('a UART without Linux is there, too', async () => {
    const path = fresh();
    await machine('imx8mp_hello', { tty: [parseTty(`uart4=unix:${path}`)] }, undefined, false);
    const client = new Client(path);
    await client.until(() => client.text.includes('hello world'));
    client.write('xyzzy');
    await client.until(() => client.text.includes('xyzzy'));
  });
});

describe('a UART', () => {
  it('keeps the last 64 KiB for the first client, and loses what a client is too slow for', () => {
    const board = new Machine({ soc: IMX8MP, linux: false });
    const port = new HostPort('uart4', new HostInput(board));
    let told = 0;
    const bridge = new UartBridge(board, 'uart4', port, () => told++);
    const print = (count: number, first: number): void => {
      for (let n = 0; n < count; n++) board.events.emit({ type: 'console', cycle: 0, device: 'uart4', byte: (first + n) & 0xff });
    };
    print(200_000, 0);
    // This one takes nothing: `sent` is never called.
    const written: Uint8Array[] = [];
    port.attach({ write: (bytes) => written.push(bytes), pause: () => {}, resume: () => {}, end: () => {} });
    expect([port.behind, port.room, bridge.lost]).toEqual([BACKLOG, 0, 0]);
    print(1000, 200_000);
    expect([port.behind, bridge.lost, told]).toEqual([BACKLOG, 1000, 1]);
    port.hangUp();
    expect(written).toHaveLength(1);
    expect([written[0]![0], written[0]!.at(-1)]).toEqual([(200_000 - BACKLOG) & 0xff, 199_999 & 0xff]);
    board.dispose();
  });
});

describe('--rpmsg-sock', () => {
  it('lists the channels, makes an endpoint, and carries messages; the device goes with the connection', async () => {
    const [bridged, path] = await endpointMachine();
    const client = await greeted(path);
    const list = await client.ask(FRAME.LIST);
    const view = new DataView(list.buffer, list.byteOffset);
    const channels = Array.from({ length: view.getUint32(0, true) }, (_, n) => {
      const at = 4 + 48 * n;
      const name = Buffer.from(list.subarray(at, at + 32))
        .toString('latin1')
        .replace(/\0+$/, '');
      const [src, dst, ctrl, flags] = [32, 36, 40, 44].map((offset) => view.getUint32(at + offset, true));
      return { name, src, dst, ctrl, flags };
    });
    expect(channels).toHaveLength(10);
    expect(channels.filter(({ name }) => name === 'imx-sim-echo').every(({ ctrl, flags }) => ctrl === 0 && flags === 0)).toBe(true);
    expect(channels.find(({ name }) => name === 'rpmsg_ctrl')).toMatchObject({ ctrl: 0, flags: 1 });
    const { dst } = channels.find(({ name }) => name === 'imx-sim-echo')!;
    expect([...(await client.ask(FRAME.CREATE, create(ANY, dst!)))]).toEqual([...words(0, 0)]);
    expect(bridged.machine.kernel!.vfs.resolve('/dev/rpmsg0')).toMatchObject({ node: { type: 'chrdev' } });
    expect(resultOf(await client.ask(FRAME.DATA, Uint8Array.of(1, 2, 3), 0, FRAME.WRITTEN))).toBe(3);
    expect([...(await client.next(FRAME.DATA)).payload]).toEqual([1, 2, 3]);
    client.socket.end();
    await client.closed;
    await bridged.until(() => bridged.machine.linux!.modules.rpmsgChar.devices.length === 0, 'the end of the device');
  });

  it("errors are the kernel's: ENOENT, EBUSY, EBADF, EMSGSIZE, EINVAL, EPIPE", async () => {
    const [bridged, path] = await endpointMachine();
    const client = await greeted(path);
    // No descriptor yet; no such device.
    expect(resultOf(await client.ask(FRAME.DATA, Uint8Array.of(1), 0, FRAME.WRITTEN))).toBe(-9);
    expect(resultOf(await client.ask(FRAME.DESTROY))).toBe(-9);
    expect(resultOf(await client.ask(FRAME.OPEN, words(7)))).toBe(-2);
    expect(resultOf(await client.ask(FRAME.CREATE, create(ANY, 0x400, 1)))).toBe(-2);
    // rpmsg_ctrldev_ioctl: an unknown command.
    expect(resultOf(await client.ask(FRAME.IOCTL, ioctl(0x4028_b505, ANY, 0x400)))).toBe(-22);
    // rpmsg_eptdev_open: the address is taken (53 is that of the name service).
    expect(resultOf(await client.ask(FRAME.CREATE, create(53, 0x400)))).toBe(-22);
    // rpmsg_eptdev_open: somebody has it.
    const made = await client.ask(FRAME.IOCTL, ioctl(RPMSG_CREATE_EPT_IOCTL, 0x123, 0x400));
    expect(resultOf(made)).toBe(0);
    const device = new DataView(made.buffer, made.byteOffset).getUint32(4, true);
    expect(resultOf(await client.ask(FRAME.OPEN, words(device)))).toBe(0);
    const other = await greeted(path);
    expect(resultOf(await other.ask(FRAME.OPEN, words(device)))).toBe(-16);
    // One endpoint for one connection.
    expect(resultOf(await client.ask(FRAME.OPEN, words(device)))).toBe(-16);
    // rpmsg_send_offchannel_raw.
    expect(resultOf(await client.ask(FRAME.DATA, new Uint8Array(497), 0, FRAME.WRITTEN))).toBe(-90);
    expect(resultOf(await client.ask(FRAME.DATA, new Uint8Array(496), 0, FRAME.WRITTEN))).toBe(496);
    expect((await client.next(FRAME.DATA)).payload).toEqual(new Uint8Array(496));
    expect(resultOf(await other.ask(FRAME.CREATE, create(ANY, ANY)))).toBe(0);
    expect(resultOf(await other.ask(FRAME.DATA, Uint8Array.of(1), 0, FRAME.WRITTEN))).toBe(-22);
    // rpmsg_eptdev_ioctl, rpmsg_eptdev_write_iter and rpmsg_eptdev_read_iter after it.
    expect(resultOf(await client.ask(FRAME.DESTROY))).toBe(0);
    expect(resultOf((await client.next(FRAME.HANGUP)).payload)).toBe(-32);
    expect(resultOf(await client.ask(FRAME.DATA, Uint8Array.of(1), 0, FRAME.WRITTEN))).toBe(-32);
    expect(bridged.machine.kernel!.log.map(({ text }) => text)).toContainEqual(expect.stringContaining('message is too big (497)'));
  });

  it('a core that is stopped hangs up; an endpoint that waits for the next start is served then', async () => {
    const [bridged, path] = await endpointMachine();
    const linux = bridged.machine.linux!;
    const client = await greeted(path);
    expect(resultOf(await client.ask(FRAME.CREATE, create(0x321, 0x400)))).toBe(0);
    const stop = linux.stop(0);
    await bridged.until(() => stop.result === 0, 'a stop');
    expect(resultOf((await client.next(FRAME.HANGUP)).payload)).toBe(-32);
    expect(resultOf(await client.ask(FRAME.DATA, Uint8Array.of(1), 0, FRAME.WRITTEN))).toBe(-32);
    const next = await greeted(path);
    expect(resultOf(await next.ask(FRAME.CREATE, create(0x321, 0x400)))).toBe(-2);
    const waiting = next.ask(FRAME.CREATE, create(0x321, 0x400), FLAG.WAIT);
    linux.start(0);
    expect(resultOf(await waiting)).toBe(0);
    await bridged.until(
      () => bridged.machine.kernel!.log.filter(({ text }) => text.includes('imx-sim-echo')).length === 16,
      'the channels',
    );
    next.send(FRAME.DATA, Uint8Array.of(9));
    expect([...(await next.next(FRAME.DATA)).payload]).toEqual([9]);
  });

  it('what breaks the rules is told why and ended', async () => {
    const [, path] = await endpointMachine();
    const cases: readonly (readonly [string, (client: FrameClient) => void, RegExp])[] = [
      ['no HELLO', (client) => client.send(FRAME.LIST), /^the first frame is HELLO/],
      ['text', (client) => client.write('GET / HTTP/1.1\r\n\r\n'), /^a frame of \d+ bytes; the limit is 4096$/],
      ['another magic', (client) => client.send(FRAME.HELLO, Uint8Array.of(1, 2, 3, 4, 1, 0, 0, 0)), /^the first frame is HELLO/],
      ['version 0', (client) => client.send(FRAME.HELLO, Uint8Array.of(0x49, 0x4d, 0x58, 0x52, 0, 0, 0, 0)), /^there is no version 0$/],
    ];
    for (const [name, act, text] of cases) {
      const client = new FrameClient(path);
      act(client);
      const { payload } = await client.next(FRAME.ERROR);
      expect([name, resultOf(payload)]).toEqual([name, EPROTO]);
      expect(Buffer.from(payload.subarray(4)).toString()).toMatch(text);
      await client.closed;
    }
    for (const [type, payload, text] of [
      [0x55, undefined, 'no frame of type 85'],
      [FRAME.OPEN, words(1, 2), 'a frame of type 4 has 4 bytes, not 8'],
      [FRAME.WRITTEN, words(0), 'no frame of type 7'],
    ] as const) {
      const client = await greeted(path);
      client.send(type, payload);
      expect(Buffer.from((await client.next(FRAME.ERROR)).payload.subarray(4)).toString()).toBe(text);
      await client.closed;
    }
  });

  it(`has ${MAX_CLIENTS} clients at most, and room again when one leaves`, async () => {
    const [, path] = await endpointMachine();
    const clients = [];
    for (let n = 0; n < MAX_CLIENTS; n++) clients.push(await greeted(path));
    const one = new FrameClient(path);
    const { payload } = await one.next(FRAME.ERROR);
    expect(resultOf(payload)).toBe(-87);
    await one.closed;
    clients[3]!.socket.destroy();
    await clients[3]!.closed;
    await new Promise((done) => setTimeout(done, 50));
    await greeted(path);
  });

  it('who says nothing, or nothing more, is ended', async () => {
    const [, path] = await endpointMachine({ idleMs: 300, helloMs: 80 });
    const silent = new FrameClient(path);
    expect(Buffer.from((await silent.next(FRAME.ERROR)).payload.subarray(4)).toString()).toBe('no HELLO');
    await silent.closed;
    const idle = await greeted(path);
    expect(resultOf((await idle.next(FRAME.ERROR)).payload)).toBe(-110);
    await idle.closed;
  });

  it('clients that never read make nothing grow, and those beside them are served', async () => {
    const [bridged, path] = await endpointMachine();
    const deaf = await greeted(path);
    expect(resultOf(await deaf.ask(FRAME.CREATE, create(0x700, 0x400)))).toBe(0);
    deaf.socket.pause();
    let held = 0;
    for (let n = 0; n < 40_000 && !deaf.socket.writableNeedDrain; n++) {
      deaf.send(FRAME.DATA, new Uint8Array(496));
      if (n % 100 === 0) await new Promise((done) => setImmediate(done));
      held = deaf.socket.writableLength;
    }
    expect(held).toBeGreaterThan(0);
    const client = await greeted(path);
    expect(resultOf(await client.ask(FRAME.CREATE, create(0x701, 0x401)))).toBe(0);
    client.send(FRAME.DATA, Uint8Array.of(5));
    expect([...(await client.next(FRAME.DATA)).payload]).toEqual([5]);
    // Whoever does not read has stopped being read: the kernel's queue holds at most what was written before.
    const queued = bridged.machine.linux!.modules.rpmsgChar.devices.map((device) => device.queued);
    expect(Math.max(...queued)).toBeLessThan(4000);
    deaf.socket.destroy();
    await bridged.until(() => bridged.machine.linux!.modules.rpmsgChar.devices.length === 1, 'the end of the deaf one');
  });

  it('1,000 connections with noise and with frames cut short (seed 1234): no process and no device stays, and the next is served', async () => {
    const [bridged, path] = await endpointMachine();
    const random = noise(1234);
    const kernel = bridged.machine.kernel!;
    const before = kernel.processes.size;
    for (let n = 0; n < 1000; n++) {
      const client = new FrameClient(path);
      if (random() < 192) client.send(FRAME.HELLO, HELLO);
      const type = random() < 192 ? (random() % 9) + 1 : random();
      const sizes: Readonly<Record<number, number>> = { [FRAME.IOCTL]: 48, [FRAME.OPEN]: 4, [FRAME.CREATE]: 44 };
      const payload =
        random() < 128
          ? create(random() < 64 ? random() : ANY, random() + 0x300).subarray(0, sizes[type] ?? 0)
          : Uint8Array.from({ length: random() }, random);
      client.send(type, payload, random() < 32 ? 1 : 0);
      if (random() < 128) client.write(Uint8Array.from({ length: random() }, random));
      const how = random() % 3;
      if (how === 0) client.socket.end();
      else if (how === 1) setImmediate(() => client.socket.destroy());
      else setTimeout(() => client.socket.destroy(), random() / 32);
      if (n % 10 === 9) await client.closed;
    }
    await bridged.until(() => kernel.processes.size === before, 'the end of all programs');
    const made = bridged.machine.linux!.modules.rpmsgChar.devices.filter(({ src }) => src !== undefined);
    expect(made).toEqual([]);
    const client = await greeted(path);
    expect(resultOf(await client.ask(FRAME.CREATE, create(ANY, 0x400)))).toBe(0);
    client.send(FRAME.DATA, Uint8Array.of(1, 2));
    expect([...(await client.next(FRAME.DATA)).payload]).toEqual([1, 2]);
  });
});

describe('what cannot be had', () => {
  const refused = async (...options: string[]): Promise<string> => {
    const { status, stderr } = await runCli(['run', imagePath('imx8mp_echo'), ...options]);
    expect([status, stderr.includes('[E_USAGE]')]).toEqual([2, true]);
    return stderr;
  };

  it.each([
    ['ttyRPMSG30', 'It is <device>=<where>'],
    ['=pty', 'It is <device>=<where>'],
    ['ttyRPMSG30=', 'There is no place ""'],
    ['ttyRPMSG30=modem', 'There is no place "modem": it is one of pty, pty:LINK, tcp:PORT and unix:PATH'],
    ['ttyRPMSG30=pty:', 'After pty: comes the path of a symlink'],
    ['ttyRPMSG30=tcp:', 'Nothing is no port'],
    ['ttyRPMSG30=tcp:65536', '65536 is no port: 0 (any that is free) to 65535'],
    ['ttyRPMSG30=tcp:0.0.0.0:5000', '0.0.0.0:5000 is no port: 0 (any that is free) to 65535; it is on the loopback interface alone'],
    ['ttyRPMSG30=unix:', 'A socket needs a path'],
    [`ttyRPMSG30=unix:/${'x'.repeat(107)}`, "The path has 108 bytes, a socket's at most 107"],
    ['uart4=pty,cooked', 'Uart4 has no settings that could stay'],
  ])('--tty %s', async (value, text) => {
    const stderr = await refused('--tty', value);
    expect(stderr).toContain(text);
    expect(stderr).toContain('--tty');
  });

  it('devices that are not there, twice the same device, and no Linux', async () => {
    expect(await refused('--tty', 'uart9=tcp:0')).toContain('no device uart9 to bridge [E_USAGE]\n  remedy: this machine has uart1');
    expect(await refused('--tty', 'uart4=tcp:0', '--tty', 'console=tcp:0')).toContain(
      'uart4 is bridged twice: uart4=tcp:0 and console=tcp:0',
    );
    expect(await refused('--no-linux', '--tty', 'ttyRPMSG30=tcp:0')).toContain('no device ttyRPMSG30 to bridge');
    expect(await refused('--no-linux', '--rpmsg-sock', fresh())).toContain('no Linux that has endpoints');
    expect(await refused('--rpmsg-sock', `/${'x'.repeat(120)}`)).toContain("a socket's at most 107");
    expect(await refused('--rpmsg-sock', '')).toContain('A socket needs a path');
  });

  it('ports and paths that are taken or cannot be made', async () => {
    const path = fresh();
    const server = createServer().listen(path);
    const tcp = createServer().listen(0, '127.0.0.1');
    servers.push(server, tcp);
    await new Promise((done) => tcp.once('listening', done));
    const { port } = tcp.address() as { port: number };
    expect(await refused('--tty', `ttyRPMSG30=tcp:${port}`)).toContain(`port ${port}: it is in use`);
    expect(await refused('--tty', `ttyRPMSG30=unix:${path}`)).toContain(`somebody listens on ${path} already`);
    expect(await refused('--rpmsg-sock', path)).toContain(`somebody listens on ${path} already`);
    const file = fresh();
    writeFileSync(file, 'keep me');
    expect(await refused('--rpmsg-sock', file)).toContain(`${file} exists and is no socket`);
    expect(statSync(file).size).toBe(7);
    expect(await refused('--rpmsg-sock', `${directory}/absent/s`)).toContain('there is no such directory');
    expect(await refused('--rpmsg-sock', `${file}/s`)).toContain('a part of the path is no directory');
    if (process.platform !== 'linux') return;
    // Nobody may make anything there, root included.
    expect(await refused('--rpmsg-sock', '/proc/s')).toContain('/proc/s: no permission');
    if (process.getuid?.() !== 0) {
      const locked = fresh();
      mkdirSync(locked);
      chmodSync(locked, 0o500);
      expect(await refused('--tty', `ttyRPMSG30=pty:${locked}/m7`)).toContain('no permission');
    }
    expect(await refused('--tty', `ttyRPMSG30=pty:${file}`)).toContain(`${file}: it exists and is no symlink`);
    const link = fresh();
    symlinkSync(file, link);
    expect(await refused('--tty', `ttyRPMSG30=pty:${link}`)).toContain(`${link}: it exists and leads to ${file}`);
    expect(readlinkSync(link)).toBe(file);
    expect(await refused('--tty', `ttyRPMSG30=pty:${directory}/absent/m7`)).toContain('there is no such directory');
  });

  it('a socket that nobody listens on is replaced, a link to a terminal that is gone, too', async () => {
    const path = fresh();
    const server = createServer().listen(path);
    await new Promise((done) => server.once('listening', done));
    // As after kill -9: the file stays.
    const stale = `${path}.old`;
    renameSync(path, stale);
    server.close();
    expect(existsSync(stale)).toBe(true);
    const link = fresh();
    symlinkSync('/dev/pts/99999', link);
    const tty = process.platform === 'linux' ? [parseTty(`uart4=pty:${link}`)] : [];
    const bridged = await machine('imx8mp_echo8', { rpmsgSock: stale, tty });
    expect(statSync(stale).mode & 0o777).toBe(0o600);
    const client = await greeted(stale);
    client.socket.destroy();
    await open.pop()!.close();
    expect(existsSync(stale)).toBe(false);
    expect(existsSync(link)).toBe(false);
    expect(bridged.notes.at(-1)).toBe('clients decide what happens in this run, and when: it is not the same every time');
  });
});
