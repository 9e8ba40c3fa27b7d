/** A hundred thousand broken texts: the view's server throws nothing, answers what can be answered, and the machine under it does not notice. */
import { describe, expect, it } from 'vitest';
import { Debugger } from '../../src/debug/debugger.ts';
import { runInputs } from '../../src/session/run-inputs.ts';
import type { SessionOptions } from '../../src/session/session.ts';
import { MOST_CLIENTS } from '../../src/view/hub.ts';
import { RPC } from '../../src/view/rpc.ts';
import { viewOfRun } from '../../src/view/run-view.ts';
import { sessionOf, straight } from '../debug/support.ts';
import { HostileClient, hostileText, randomOf } from './fuzzer.ts';
import { FakeHost } from './support.ts';

const TEXTS = 100_000;
/** Texts in one turn of the event loop while the run goes on: it waits for nobody. */
const BURST = 400;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A run with a view whose host's time goes on with each look at it. */
function viewed(image: string, options: Partial<SessionOptions>) {
  const parts = sessionOf(image, options);
  const { session } = parts;
  const inputs = runInputs({ session });
  const debug = new Debugger({ session, inputs });
  const failures: unknown[] = [];
  let ms = 0;
  const now = (): number => {
    ms += 2;
    return ms;
  };
  const internal = (error: unknown, method: string): void => void failures.push([method, error]);
  const hub = viewOfRun({ machine: session.machine, inputs, debugger: debug, title: image, version: '0', host: { now, internal } });
  return { ...parts, debug, hub, failures };
}

describe('a view of which somebody asks anything', () => {
  it('answers 100,000 texts in a run that ends as it would have', async () => {
    const options = { until: /Looping forever/ };
    const alone = await straight('imx8mp_pingpong', options);
    const { session, hub, failures, result, shown } = viewed('imx8mp_pingpong', options);
    const random = randomOf(6);
    const clients = [new HostileClient(hub)];
    let over = false;
    const status = session.run().finally(() => {
      over = true;
    });
    let during = 0;
    for (let texts = 0; texts < TEXTS; ) {
      if (!over) during += BURST;
      for (const end = Math.min(TEXTS, texts + BURST); texts < end; texts++) {
        const client = clients.at(-1)!;
        client.say(hostileText(random, texts, true));
        if (client.gone || random(1000) === 0) {
          client.leave();
          clients.push(new HostileClient(hub));
        }
      }
      hub.tick();
      await turn();
    }
    const last = clients.at(-1)!;
    for (let i = 0; i < 1000 && last.waiting.length > 0; i++) await turn();
    expect([last.waiting, clients.flatMap(({ trouble }) => trouble), failures]).toEqual([[], [], []]);
    expect(during).toBeGreaterThan(TEXTS / 20);
    expect(clients.reduce((sum, { answers }) => sum + answers, 0)).toBeGreaterThan(TEXTS / 2);
    const codes = new Set(clients.flatMap(({ errors }) => [...errors]));
    expect([...codes].sort()).toEqual([RPC.parse, RPC.request, RPC.method, RPC.params, RPC.refused].sort());
    expect([await status, result()['trace'], shown]).toEqual([alone.status, alone.result()['trace'], alone.shown]);
    expect(Object.keys(Object.prototype)).toEqual([]);
    last.leave();
    expect(hub.connected).toBe(0);
    session.dispose();
  }, 120_000);

  it.each([1, 2, 3])('lives through calls that change the machine, at any moment (seed %d)', async (seed) => {
    const { session, hub, debug, failures } = viewed('imx8mp_rpmsg', { timeout: Number.POSITIVE_INFINITY });
    const status = session.run(true, 'a test');
    const random = randomOf(seed);
    const clients = [new HostileClient(hub)];
    for (let id = 0; id < 600; id++) {
      const client = clients.at(-1)!;
      client.say(hostileText(random, id, false));
      if (random(4) === 0) await turn();
      if (random(8) === 0) hub.tick();
      if (client.gone || random(150) === 0) {
        client.leave();
        clients.push(new HostileClient(hub));
      }
    }
    const last = clients.at(-1)!;
    for (let i = 0; i < 2000 && last.waiting.length > 0; i++) {
      if (!debug.halted) await debug.halt();
      await turn();
    }
    expect([last.waiting, clients.flatMap(({ trouble }) => trouble), failures]).toEqual([[], [], []]);
    last.leave();
    session.stop(0);
    expect(await status).toBe(0);
    session.dispose();
  });

  it('keeps nothing of who comes, asks and vanishes', () => {
    const host = new FakeHost();
    const random = randomOf(9);
    for (let index = 0; index < 1000; index++) {
      const clients = Array.from({ length: 1 + random(3) }, () => new HostileClient(host.hub));
      for (const client of clients) {
        client.say(hostileText(random, index, false));
        host.tick(1);
        client.leave();
        expect(client.trouble).toEqual([]);
      }
    }
    expect([host.hub.connected, host.failures]).toEqual([0, []]);
    const all = Array.from({ length: MOST_CLIENTS }, () => new HostileClient(host.hub));
    expect(() => new HostileClient(host.hub)).toThrow('takes no more');
    for (const each of all) each.leave();
  });
});
