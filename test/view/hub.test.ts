import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { fromBase64, toBase64 } from '../../src/view/base64.ts';
import { PARAMETERS } from '../../src/view/checks.ts';
import { KEPT_OUTPUT } from '../../src/view/console-log.ts';
import { MOST_CLIENTS } from '../../src/view/hub.ts';
import { LONGEST_CALL, RPC } from '../../src/view/rpc.ts';
import { doorbell, FakeHost } from './support.ts';

const encode = (text: string): string => toBase64(new TextEncoder().encode(text));
const decode = (text: string): string => new TextDecoder().decode(fromBase64(text));

describe('a client', () => {
  it('is told at once what it talks to, and nothing else before it asks', () => {
    const { hub, source, ...host } = new FakeHost();
    const client = new FakeHost().client();
    expect(client.messages.map(({ method }) => method)).toEqual(['hello', 'state', 'stoppers']);
    expect(client.heard('hello')[0]).toEqual({ protocol: 1, version: '0', mode: 'live', title: 'a test' });
    expect([hub.connected, source.watched, host.failures]).toEqual([0, 0, []]);
  });

  it('hears of the events that it wants, each once and in order, a batch for each turn', () => {
    const host = new FakeHost();
    const { source } = host;
    const client = host.client();
    source.emit(doorbell(1));
    expect(client.call('subscribe', { events: ['mu', 'message'] }).result).toEqual({ seq: 1 });
    source.emit(doorbell(2), { type: 'vring', cycle: 3, device: 'virtio0', queue: 1, action: 'kick', id: 0, length: 0 }, doorbell(4));
    host.tick();
    source.emit(doorbell(5));
    host.tick();
    host.tick();
    expect(
      client.heard('events').map(({ events, dropped }) => [events.map(({ seq, cycle, type }) => [seq, cycle, type]), dropped]),
    ).toEqual([
      [
        [
          [1, 2, 'mu'],
          [3, 4, 'mu'],
        ],
        0,
      ],
      [[[4, 5, 'mu']], 0],
    ]);
    client.call('subscribe', { events: [] });
    source.emit(doorbell(6));
    host.tick();
    expect(client.seqs).toEqual([1, 3, 4]);
  });

  it('can read what was before, from any place and by type', () => {
    const host = new FakeHost();
    const client = host.client();
    for (let i = 0; i < 10; i++) host.source.emit(doorbell(i), { type: 'core', cycle: i, core: 'm7', state: 'started', detail: 'now' });
    const all = client.call('events.history', {}).result!;
    expect([all.events.length, all.oldest, all.newest, all.more]).toEqual([20, 0, 19, false]);
    const some = client.call('events.history', { after: 5, limit: 2, types: ['core'] }).result!;
    expect(some.events).toEqual(
      [7, 9].map((seq) => ({ seq, cycle: (seq - 1) / 2, type: 'core', core: 'm7', state: 'started', detail: 'now' })),
    );
    expect(some.more).toBe(true);
  });

  it('sees messages decoded: text, the name service, and the length of what was cut', () => {
    const host = new FakeHost();
    const client = host.client();
    const announcement = new Uint8Array(40);
    announcement.set(new TextEncoder().encode('rpmsg-tty'));
    new DataView(announcement.buffer).setUint32(32, 0x400, true);
    const message = { type: 'message', cycle: 1, device: 'virtio0', direction: 'rx', src: 30 } as const;
    host.source.emit(
      { ...message, dst: 53, data: announcement },
      { ...message, dst: 0x400, data: new TextEncoder().encode('hällo "you"\n\0') },
      { ...message, dst: 0x400, data: Uint8Array.of(1, 2, 3) },
      { ...message, dst: 0x400, data: new Uint8Array(496).fill(65) },
    );
    client.call('subscribe', {});
    const [ns, text, raw, long] = client.call('events.history', {}).result!.events;
    expect(ns).toMatchObject({ nameService: { name: 'rpmsg-tty', address: 0x400, flags: 'create' } });
    expect(text).toMatchObject({ text: 'hällo "you"', length: 14, data: encode('hällo "you"\n\0') });
    expect(raw).toMatchObject({ data: 'AQID', length: 3 });
    expect('text' in raw!).toBe(false);
    expect(long).toMatchObject({ length: 496, text: 'A'.repeat(256) });
  });

  it('gets the same events live as from the history', () => {
    const host = new FakeHost();
    const client = host.client();
    client.call('subscribe', {});
    const message = { type: 'message', device: 'virtio0', direction: 'tx', src: 1, dst: 2 } as const;
    host.source.emit(
      doorbell(1),
      { type: 'vring', cycle: 2, device: 'a"b', queue: 3, action: 'used', id: 0xffff_fff0, length: 0xffff_ffff },
      { type: 'vring', cycle: 3, device: 'virtio0', queue: 1, action: 'avail', id: 7, length: 512 },
      { ...message, cycle: 4, data: new TextEncoder().encode('a \\ "b"\u001b[0m') },
      { ...message, cycle: 5, data: new Uint8Array(0) },
      { type: 'dmesg', cycle: 800, level: 3, text: 'no\nway', since: 400 },
      { type: 'fault', cycle: 801, fault: 'lost', text: 'a doorbell' },
    );
    host.tick();
    const live = client.heard('events').flatMap(({ events }) => events);
    expect(live).toEqual(client.call('events.history', {}).result!.events);
    expect(live[1]).toMatchObject({ device: 'a"b', queue: 3, action: 'used', id: 0xffff_fff0, length: 0xffff_ffff });
    expect(live[5]).toMatchObject({ seconds: 400 / 800e6, text: 'no\nway', level: 3 });
  });

  it('that asks for a rate gets no more, and hears how much it missed', () => {
    const host = new FakeHost();
    const client = host.client();
    client.call('subscribe', { events: ['mu'], rate: 1000 });
    for (let turn = 0; turn < 100; turn++) {
      for (let i = 0; i < 100; i++) host.source.emit(doorbell(turn * 100 + i));
      host.tick(10);
    }
    const seconds = 1;
    expect(client.seqs.length).toBeLessThanOrEqual(1000 * seconds + 250);
    expect(client.seqs.length).toBeGreaterThan(1000 * seconds - 50);
    expect(client.seqs.length + client.dropped).toBe(10_000);
    expect(client.seqs.at(-1)).toBe(9999);
  });

  it('that reads nothing at all is let go when it is told something, and nothing more is kept for it', () => {
    const host = new FakeHost();
    const [client, other] = [host.client(), host.client()];
    const unsent = 9 * 1024 * 1024;
    client.unsent = unsent;
    for (let n = 0; n < 3; n++) host.hub.broadcast('notice', { severity: 'note', text: `${n}` });
    expect(client.closed).toBe(true);
    expect(client.heard('notice')).toHaveLength(1);
    expect([other.closed, other.heard('notice').length, host.hub.connected]).toEqual([false, 3, 1]);
  });

  it('that reads too slowly loses detail and not our memory, and knows it when it is back', () => {
    const host = new FakeHost();
    const client = host.client();
    client.call('subscribe', { events: ['mu'], consoles: true, overview: true });
    client.unsent = 2 * 1024 * 1024;
    const before = client.bytes;
    for (let turn = 0; turn < 300; turn++) {
      for (let i = 0; i < 1000; i++) host.source.emit(doorbell(turn * 1000 + i));
      host.source.print('uart4', 'x'.repeat(1000));
      host.tick();
    }
    expect(client.bytes - before).toBeLessThan(1000);
    const known = client.heard('state').length;
    client.unsent = 0;
    host.source.emit(doorbell(2_000_000));
    host.tick(200);
    expect(client.heard('state').length).toBe(known + 1);
    expect(client.seqs.length + client.dropped).toBe(300_001);
    for (let turn = 0; turn < 20; turn++) host.tick();
    const output = client.heard('console');
    const bytes = output.reduce((sum, { data }) => sum + fromBase64(data).length, 0);
    expect([bytes, output[0]!.dropped]).toEqual([KEPT_OUTPUT, 300_000 - KEPT_OUTPUT]);
  });

  it('that reads nothing at all is shown the door', () => {
    const host = new FakeHost();
    const client = host.client();
    client.unsent = 100 * 1024 * 1024;
    client.frame('{}');
    expect([client.closed, host.hub.connected]).toEqual([true, 0]);
  });

  it('reads a console without a gap and without a byte twice, whenever it begins to', () => {
    const host = new FakeHost();
    host.source.print('uart4', 'before ');
    const client = host.client();
    client.call('subscribe', { consoles: true });
    host.source.print('uart4', 'history ');
    const history = client.call('consoles.history', { device: 'uart4' }).result!;
    host.source.print('uart4', 'after ');
    host.source.print('ttyRPMSG0', 'new');
    host.tick();
    host.source.print('uart4', 'that');
    host.tick();
    const of = (device: string) =>
      client
        .heard('console')
        .filter((each) => each.device === device)
        .map(({ data }) => decode(data));
    expect([decode(history.data), ...of('uart4')]).toEqual(['before history ', 'after ', 'that']);
    expect(of('ttyRPMSG0')).toEqual(['new']);
    expect(client.call('consoles.history', { device: 'nobody' }).result).toEqual({ data: '', dropped: 0 });
  });

  it('hears that the future it was told of will not happen', () => {
    const host = new FakeHost();
    const client = host.client();
    client.call('subscribe', { events: ['mu'], consoles: true });
    host.source.print('uart4', 'abc');
    for (let i = 10; i < 20; i++) host.source.emit(doorbell(i));
    host.tick();
    host.hub.forgotten(host.source.recorder.forget(14), 14);
    host.source.emit(doorbell(15));
    host.source.print('uart4', 'd');
    host.tick();
    expect(client.heard('forgotten')).toEqual([{ seq: 5, cycle: 14 }]);
    expect(client.seqs).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 5]);
    host.source.recorder.forget(2);
    host.tick();
    expect(client.heard('console').at(-1)).toEqual({ device: 'uart4', data: encode('ab'), dropped: 0, reset: true });
  });

  it('is told of lines of consoles, also of those that are not finished', () => {
    const host = new FakeHost();
    const client = host.client();
    host.source.print('uart4', 'one\r\n\r\ntw');
    host.source.recorder.flushLines();
    host.source.print('uart4', `o\n${'z'.repeat(600)}\n`);
    const lines = client.call('events.history', { types: ['console'] }).result!.events;
    expect(lines.map((line) => 'text' in line && line.text)).toEqual(['one', '', 'tw', 'o', 'z'.repeat(512), 'z'.repeat(88)]);
    expect(lines[0]).toMatchObject({ since: 1, cycle: 5 });
  });

  it('has costly events watched only while somebody wants them', () => {
    const host = new FakeHost();
    const [one, other] = [host.client(), host.client()];
    one.call('subscribe', { events: ['interrupt'] });
    other.call('subscribe', { events: ['thread', 'mu'] });
    expect(host.source.watched).toBe((1 << 6) | (1 << 7) | (1 << 2));
    one.handle!.closed();
    expect(host.source.watched).toBe((1 << 7) | (1 << 2));
    other.handle!.closed();
    expect(host.source.watched).toBe(0);
  });
});

describe('the hub', () => {
  it('sends how the machine is ten times a second, and only when it is another', () => {
    const host = new FakeHost();
    const client = host.client();
    client.call('subscribe', { overview: true });
    for (let turn = 0; turn < 100; turn++) {
      host.source.cycle += 1000;
      host.tick(10);
    }
    expect(client.heard('state').length).toBeGreaterThan(8);
    expect(client.heard('state').length).toBeLessThan(13);
    expect(client.heard('overview').length).toBeLessThan(12);
    const before = client.messages.length;
    for (let turn = 0; turn < 200; turn++) host.tick(10);
    expect(client.messages.length - before).toBeLessThan(6);
    host.hub.changed();
    host.tick(200);
    expect(client.heard('overview').length).toBeGreaterThan(8);
  });

  it('tells the source that somebody is there, and lets a page be loaded again', () => {
    const host = new FakeHost();
    const active: boolean[] = [];
    host.hub.onActive = (value) => void active.push(value);
    host.client().handle!.closed();
    host.tick(3000);
    const again = host.client();
    host.tick(20_000);
    expect([host.source.attendances, active]).toEqual([[true], [true]]);
    again.handle!.closed();
    host.tick(9000);
    expect(host.source.attendances).toEqual([true]);
    host.tick(2000);
    expect([host.source.attendances, active]).toEqual([
      [true, false],
      [true, false],
    ]);
  });

  it('takes so many clients and no more, and forgets those that leave', () => {
    const host = new FakeHost();
    const clients = Array.from({ length: MOST_CLIENTS }, () => host.client());
    expect(host.client().handle).toBeUndefined();
    clients[3]!.handle!.closed();
    expect(host.client().handle).toBeDefined();
    for (const client of clients) client.handle!.closed();
    expect(host.hub.connected).toBe(1);
    expect(clients[5]!.frame('{}')).toEqual([]);
  });

  it('says goodbye', () => {
    const host = new FakeHost();
    const client = host.client();
    client.call('subscribe', { events: ['mu'] });
    host.source.emit(doorbell(1));
    host.hub.close('it is over');
    expect(client.seqs).toEqual([0]);
    expect(client.messages.at(-1)).toMatchObject({ method: 'bye', params: { text: 'it is over' } });
    expect([client.closed, host.hub.connected]).toEqual([true, 0]);
  });
});

describe('what comes from a socket', () => {
  it.each([
    ['no JSON', 'hello', RPC.parse],
    ['half of it', '{"jsonrpc":"2.0","id":1,', RPC.parse],
    ['nothing', '', RPC.parse],
    ['a number', '5', RPC.request],
    ['null', 'null', RPC.request],
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"system.state"}]', RPC.request],
    ['another version', '{"jsonrpc":"1.0","id":1,"method":"system.state"}', RPC.request],
    ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"system.state"}', RPC.request],
    ['an id without bounds', '{"jsonrpc":"2.0","id":1e999,"method":"system.state"}', RPC.request],
    ['a method that is a number', '{"jsonrpc":"2.0","id":1,"method":7}', RPC.request],
    ['a method that there is not', '{"jsonrpc":"2.0","id":1,"method":"system.format"}', RPC.method],
    ['a name of every object', '{"jsonrpc":"2.0","id":1,"method":"__proto__"}', RPC.method],
    ['another one', '{"jsonrpc":"2.0","id":1,"method":"constructor"}', RPC.method],
    ['parameters that are a list', '{"jsonrpc":"2.0","id":1,"method":"system.state","params":[1]}', RPC.params],
    ['what is nested', `{"jsonrpc":"2.0","id":1,"method":"system.state","params":${'['.repeat(5000)}${']'.repeat(5000)}}`, RPC.request],
    ['what is too long', `{"jsonrpc":"2.0","id":1,"method":"${'x'.repeat(LONGEST_CALL)}"}`, RPC.request],
  ])('is refused: %s', (_what, frame, code) => {
    const host = new FakeHost();
    const client = host.client();
    expect(client.frame(frame).map(({ error }) => error?.code)).toEqual([code]);
    expect([host.source.asked, host.failures, client.closed]).toEqual([[], [], false]);
  });

  it('has an answer only when it asks for one', () => {
    const host = new FakeHost();
    const client = host.client();
    expect(client.frame('{"jsonrpc":"2.0","method":"system.describe"}')).toEqual([]);
    expect(host.source.asked).toEqual([{ method: 'system.describe', params: {} }]);
  });

  it('has no parameter of a wrong type, in any method', () => {
    const host = new FakeHost();
    const client = host.client();
    const wrong = [-1, 1.5, 1e300, true, 'x'.repeat(100_000), {}, [[]], [1], '@@@@', Number.NaN];
    let refused = 0;
    for (const [method, table] of Object.entries(PARAMETERS)) {
      const names = Object.keys(table);
      for (const name of names) {
        const values = wrong.map((value) => ({ ...Object.fromEntries(names.map((each) => [each, undefined])), [name]: value }));
        for (const params of values) {
          const before = host.source.asked.length;
          const { error } = client.call(method as 'system.state', params as never);
          if (error) refused++;
          else {
            // What got through is of a type that the method takes.
            expect(host.source.asked.length - before).toBeLessThanOrEqual(1);
          }
          host.now += 10;
        }
      }
    }
    expect(refused).toBeGreaterThan(300);
    expect(host.failures).toEqual([]);
  });

  it.each([
    ['memory.read', { view: 'm7', address: -4, length: 4 }],
    ['memory.read', { view: 'm7', address: 2 ** 32, length: 4 }],
    ['memory.read', { view: 'm7', address: 0, length: 0 }],
    ['memory.read', { view: 'm7', address: 0, length: 65_537 }],
    ['memory.read', { view: 5, address: 0, length: 4 }],
    ['memory.write', { view: 'm7', address: 0, bytes: 'AAA' }],
    ['cpu.disassemble', { count: 100_000 }],
    ['events.history', { limit: 1e9 }],
    ['events.history', { types: ['mu', 'nothing'] }],
    ['subscribe', { rate: 0 }],
    ['subscribe', { rate: null, events: 'mu' }],
    ['control.goTo', { cycle: null }],
    ['control.pace', { pace: -1 }],
    ['control.step', { what: 'sideways' }],
    ['consoles.resize', { device: 'shell', columns: 1e6, rows: 5 }],
    ['stoppers.add', { at: 'main', size: 0 }],
    ['stoppers.add', {}],
  ])('%s does not take %j', (method, params) => {
    const host = new FakeHost();
    expect(host.client().call(method as 'memory.read', params as never).error?.code).toBe(RPC.params);
    expect(host.source.asked).toEqual([]);
  });

  it('keeps what nobody knows to itself', () => {
    const host = new FakeHost();
    host.client().call('cpu.registers', { core: 'm7', verbose: true, constructor: 1 } as never);
    expect(host.source.asked).toEqual([{ method: 'cpu.registers', params: { core: 'm7' } }]);
  });

  it('is answered with what went wrong, and a bug of ours says no more than that', () => {
    const host = new FakeHost();
    const client = host.client();
    host.source.reply = () => {
      throw new UsageError('no core m9', 'its cores: m7');
    };
    expect(client.call('cpu.registers', {}).error).toEqual({
      code: RPC.refused,
      message: 'no core m9',
      data: { code: 'E_USAGE', remedy: 'its cores: m7' },
    });
    host.source.reply = () => {
      throw new TypeError('secret of the inside');
    };
    expect(client.call('cpu.registers', {}).error).toEqual({ code: RPC.internal, message: 'internal error of imx-sim' });
    expect(host.failures).toEqual([new TypeError('secret of the inside')]);
  });

  it('waits for no more answers than it may, and comes no faster', async () => {
    const host = new FakeHost();
    const client = host.client();
    let finish = (_value: unknown): void => {};
    const later = new Promise((resolve) => {
      finish = resolve;
    });
    host.source.reply = () => later;
    for (let i = 0; i < 64; i++) expect(client.call('cpu.registers', {})).toEqual({});
    expect(client.call('cpu.registers', {}).error?.data).toMatchObject({ code: 'E_VIEW_BUSY' });
    finish([]);
    await later;
    await new Promise((resolve) => setTimeout(resolve));
    expect(client.messages.filter(({ result }) => result !== undefined).length).toBe(64);
    host.source.reply = () => null;
    for (let i = 0; i < 2000; i++) client.call('cpu.registers', {});
    expect(client.closed).toBe(true);
    expect(client.messages.at(-1)!.error).toMatchObject({ code: RPC.busy });
    expect(host.source.asked.length).toBeLessThan(1100);
  });

  it('may be anything: nothing throws, and the next call is answered', () => {
    const host = new FakeHost();
    let seed = 12_345;
    const random = (most: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 8) % most;
    };
    const parts = [
      '{',
      '}',
      '[',
      ']',
      '"',
      ':',
      ',',
      'jsonrpc',
      '2.0',
      'id',
      'method',
      'params',
      'memory.read',
      '\\u0000',
      '\ud800',
      '1e308',
      '-0',
      'null',
      '\\',
      'true',
    ];
    const valid = '{"jsonrpc":"2.0","id":1,"method":"events.history","params":{"after":1,"limit":5,"types":["mu"]}}';
    for (let round = 0; round < 1500; round++) {
      const client = host.client();
      let frame = '';
      if (round % 2) for (let i = random(30); i >= 0; i--) frame += parts[random(parts.length)]!;
      else {
        const at = random(valid.length);
        frame = valid.slice(0, at) + String.fromCharCode(random(128)) + valid.slice(at + random(4));
      }
      client.frame(frame);
      expect(client.call('events.history', {}).result).toBeDefined();
      client.handle!.closed();
    }
    expect(host.failures).toEqual([]);
  });
});

describe('base64', () => {
  it('is what everybody else has', () => {
    for (let length = 0; length < 70; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 37 + length * 11) & 0xff);
      expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
      expect(fromBase64(toBase64(bytes))).toEqual(bytes);
    }
  });
});
