/** GDB's port: clients that come, are refused, go, and a port that somebody has. */
import { connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { openGdbListener } from '../../src/cli/gdb-listener.ts';
import { frame } from '../debug/gdb/client.ts';
import { debugged } from '../debug/support.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0).reverse()) end();
});

async function listen(port = 0) {
  const { debug, session } = debugged('imx8mp_hello');
  ends.push(() => {
    session.stop(0);
    session.dispose();
  });
  const notes: string[] = [];
  const listener = await openGdbListener({ debugger: debug, session, port, note: (text) => void notes.push(text) });
  ends.push(() => listener.close());
  return { debug, listener, notes };
}

/** A socket, and what has come through it. */
async function client(port: number): Promise<{ socket: Socket; received(pattern: RegExp): Promise<string>; closed: Promise<void> }> {
  const socket = connect(port, '127.0.0.1');
  ends.push(() => socket.destroy());
  let text = '';
  const waiting = new Set<() => void>();
  socket.setEncoding('latin1').on('data', (data: string) => {
    text += data;
    for (const each of waiting) each();
  });
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  await new Promise<void>((resolve) => socket.on('connect', () => resolve()));
  const received = (pattern: RegExp): Promise<string> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = pattern.exec(text);
        if (found) resolve(found[0]);
      };
      waiting.add(look);
      look();
    });
  return { socket, received, closed };
}

it('serves one client after the other, and refuses one beside it', async () => {
  const { listener, debug } = await listen();
  const first = await client(listener.port);
  await listener.firstConnection;
  first.socket.write(frame('?'));
  expect(await first.received(/\$T05.*#\w\w/)).toContain('thread:1;');
  const second = await client(listener.port);
  second.socket.write(frame('qSupported'));
  expect(await second.received(/\$E\..*#\w\w/)).toContain('m7 has a GDB client already');
  await second.closed;
  // In one write, cut into packets by nobody.
  first.socket.write(`${frame('Z0,100,2')}${frame('qC')}`);
  expect(await first.received(/\$QC1#\w\w/)).toBe('$QC1#c5');
  expect(debug.stoppers).toHaveLength(1);
  first.socket.destroy();
  await first.closed;
  while (debug.stoppers.length > 0) await new Promise((resolve) => setImmediate(resolve));
  const third = await client(listener.port);
  third.socket.write(frame('qC'));
  expect(await third.received(/\$QC.*#\w\w/)).toBe('$QC1#c5');
});

it('says that a port is taken, and ends connections with the run', async () => {
  const { listener } = await listen();
  const { debug, session } = debugged('imx8mp_hello');
  await expect(openGdbListener({ debugger: debug, session, port: listener.port, note: () => {} })).rejects.toThrow(
    `GDB's port ${listener.port} cannot be opened: somebody listens on it already`,
  );
  session.stop(0);
  session.dispose();
  const { socket, received, closed } = await client(listener.port);
  socket.write(`${frame('?')}${frame('vCont;c')}`);
  await received(/\$T05/);
  listener.close();
  expect(await received(/\$W00#b7/)).toBe('$W00#b7');
  await closed;
});

it('does nothing that a web page has its browser send, and says so once', async () => {
  const { listener, debug, notes } = await listen();
  for (let time = 0; time < 2; time++) {
    const page = await client(listener.port);
    const body = `${frame('?')}${frame('Z0,100,2')}`;
    page.socket.write(`POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n\r\n${body}`);
    await page.closed;
  }
  expect(debug.stoppers).toEqual([]);
  expect(notes).toEqual([expect.stringContaining('no GDB (a web browser?)')]);
  // The port is free again, and whoever begins with an acknowledgement, as GDB does, is served.
  const gdb = await client(listener.port);
  gdb.socket.write(`+${frame('qC')}`);
  expect(await gdb.received(/\$QC.*#\w\w/)).toBe('$QC1#c5');
});
