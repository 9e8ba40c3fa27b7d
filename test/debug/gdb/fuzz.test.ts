/** Packets that make no sense, streams without an end: the server lives, and what it costs is bounded. */
import { describe, expect, it } from 'vitest';
import { GdbServer } from '../../../src/debug/gdb/server.ts';
import { debugged, straight } from '../support.ts';
import { Client } from './client.ts';
import { fuzz } from './fuzzer.ts';

function serve(image: string, options: Parameters<typeof debugged>[1] = {}) {
  const { debug, machine, session, inputs, status, result } = debugged(image, options);
  const notes: string[] = [];
  const type = (device: string, bytes: Uint8Array): void => void inputs.perform('console.send', device, bytes);
  const server = new GdbServer({ debugger: debug, machine, type, note: (text) => void notes.push(text) });
  const end = (): void => {
    session.stop(0);
    session.dispose();
  };
  return { server, notes, end, debug, machine, status, result };
}

describe('a server that gets anything', () => {
  it.each([1, 2, 3])('answers, and goes on (seed %d)', async (seed) => {
    const { server, notes, end } = serve('imx8mp_rpmsg');
    const result = await fuzz(server, 1500, seed);
    expect(result.packets).toBe(1500);
    expect(result.answers).toBeGreaterThan(300);
    expect(notes.filter((note) => note.includes('fault of imx-sim'))).toEqual([]);
    end();
  });

  it('takes 100,000 packets of somebody who only looks, and the run ends as it would have', { timeout: 120_000 }, async () => {
    const options = { until: /goodbye/ };
    const alone = await straight('imx8mp_rpmsg', options);
    const { server, notes, end, debug, machine, status, result } = serve('imx8mp_rpmsg', options);
    // A part of them before the first instruction, the others in the middle of the dialogue.
    const done = [await fuzz(server, 20_000, 4, true)];
    debug.add({ kind: 'breakpoint', core: 'm7', address: machine.symbols.lookup('rpmsg_poll')!.address & ~1 }, 'test');
    expect(await debug.resume({ kind: 'continue' })).toMatchObject({ kind: 'breakpoint' });
    done.push(await fuzz(server, 80_000, 5, true));
    expect(done.map(({ packets }) => packets)).toEqual([20_000, 80_000]);
    expect(done[0]!.answers + done[1]!.answers).toBeGreaterThan(30_000);
    expect(notes.filter((note) => note.includes('fault of imx-sim'))).toEqual([]);
    debug.detach('test');
    expect([await status, result()['trace']]).toEqual([alone.status, alone.result()['trace']]);
    end();
  });

  it('keeps nothing of megabytes of garbage', () => {
    const { server, end } = serve('imx8mp_hello');
    const client = new Client(server);
    for (const garbage of [
      '$'.repeat(1 << 20),
      'x'.repeat(1 << 20),
      `$${'y'.repeat(1 << 20)}`,
      '+'.repeat(1 << 20),
      '\x03'.repeat(1 << 16),
      `#${'}'.repeat(1 << 20)}`,
    ])
      client.raw(garbage);
    client.raw('$qC#b4');
    // One of them had an end.
    expect(client.wire.packets).toEqual(['E.the packet is longer than PacketSize', 'QC1']);
    expect(client.wire.bytes).toBeLessThan(100);
    client.leave();
    end();
  });

  it('is there for the next after fifty clients that come and vanish', async () => {
    const { server, end } = serve('imx8mp_hello');
    for (let index = 0; index < 50; index++) {
      const client = new Client(server);
      client.raw(['', '$?#3f', '$vCont;c#a8', '$m0,', '$?#3f$Z0,100,2#d5'][index % 5]!);
      client.leave();
    }
    expect(await new Client(server).ask('?')).toMatch(/^T05/);
    end();
  });
});
