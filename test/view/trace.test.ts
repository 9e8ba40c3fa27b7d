import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { fromBase64 } from '../../src/view/base64.ts';
import { readTrace, viewOfTrace } from '../../src/view/trace.ts';
import { FakeClient } from './support.ts';

const HZ = 800e6;
const line = (fields: object): string => JSON.stringify(fields);
const at = (cycle: number): { cycle: number; time: number } => ({ cycle, time: cycle / HZ });

const TRACE = [
  line({ type: 'note', text: 'imx8mp m7' }),
  line({ type: 'finding', severity: 'warning', place: '.resource_table', text: 'it is small', remedy: 'make it larger' }),
  line({ type: 'dmesg', ...at(968_000), level: 6, text: 'remoteproc remoteproc0: imx-rproc is available' }),
  line({ type: 'console', ...at(900_000_000), device: 'uart4', text: 'hel', complete: false }),
  line({ type: 'console', ...at(900_000_000), device: 'uart4', text: 'hello', complete: true }),
  line({ type: 'mu', ...at(900_000_100), mu: 'MU1', side: 'B', action: 'transmit', channel: 1, value: 65_536 }),
  line({ type: 'vring', ...at(900_000_200), device: 'virtio0', queue: 0, action: 'used', id: 3, length: 32 }),
  line({ type: 'message', ...at(900_000_300), device: 'virtio0', direction: 'rx', src: 30, dst: 1024, data: '68656c6c6f' }),
  line({
    type: 'diagnostic',
    kind: 'guest-error',
    ...at(900_000_400),
    block: 'UART4',
    register: 'URXD',
    text: 'is read while empty',
    count: 1,
  }),
  line({ type: 'console', ...at(900_000_500), device: 'ttyRPMSG30', text: 'no end', complete: false }),
  line({ type: 'result', reason: 'until', status: 0, ...at(900_000_600) }),
];

function viewed(text: string) {
  const hub = viewOfTrace(readTrace(text, 'run.jsonl'), { title: 'run.jsonl', version: '0' }, { now: () => 0 });
  return { hub, client: new FakeClient(hub) };
}

describe('a trace of run --json', () => {
  it('has its events, with the clock that its times tell', () => {
    const { client } = viewed(TRACE.join('\n'));
    const { events } = client.call('events.history', {}).result!;
    expect(events.map(({ type, cycle }) => [type, cycle])).toEqual([
      ['finding', 0],
      ['dmesg', 968_000],
      ['console', 900_000_000],
      ['mu', 900_000_100],
      ['vring', 900_000_200],
      ['message', 900_000_300],
      ['finding', 900_000_400],
      ['console', 900_000_500],
    ]);
    expect(events[2]).toMatchObject({ device: 'uart4', text: 'hello' });
    expect(events[5]).toMatchObject({ text: 'hello', src: 30, dst: 1024 });
    expect(client.heard('hello')[0]).toMatchObject({ mode: 'trace', title: 'run.jsonl' });
    expect(client.heard('state')[0]).toMatchObject({
      running: false,
      cycle: 900_000_600,
      seconds: 900_000_600 / HZ,
      halt: { text: 'this is a trace: the run is over (until)' },
    });
  });

  it('has its consoles, which take nothing', () => {
    const { client } = viewed(TRACE.join('\r\n'));
    expect(client.call('consoles.list', {}).result).toEqual([
      { device: 'linux', kind: 'dmesg', input: 'never', title: 'dmesg' },
      { device: 'uart4', kind: 'uart', input: 'never', title: 'uart4' },
      { device: 'ttyRPMSG30', kind: 'tty', input: 'never', title: 'ttyRPMSG30' },
    ]);
    const text = (device: string) => new TextDecoder().decode(fromBase64(client.call('consoles.history', { device }).result!.data));
    expect([text('uart4'), text('ttyRPMSG30')]).toEqual(['hello\r\n', 'no end']);
    expect(text('linux')).toBe('[    0.001210] remoteproc remoteproc0: imx-rproc is available\r\n');
  });

  it('has no machine, and says so', () => {
    const { hub, client } = viewed(TRACE.join('\n'));
    for (const [method, params] of [
      ['cpu.registers', {}],
      ['memory.read', { view: 'm7', address: 0, length: 4 }],
      ['control.resume', {}],
      ['system.describe', {}],
      ['system.overview', {}],
      ['consoles.input', { device: 'uart4', data: '' }],
    ] as const)
      expect(client.call(method, params as never).error, method).toMatchObject({
        message: 'a trace has no machine',
        data: { code: 'E_VIEW_TRACE' },
      });
    client.call('subscribe', { overview: true });
    for (let i = 0; i < 5; i++) hub.tick();
    expect(client.heard('overview')).toEqual([]);
  });

  it('may end in the middle of a line, as that of a run that was killed', () => {
    const { client } = viewed(`${TRACE.join('\n')}\n{"type":"mu","cyc`);
    expect(client.call('events.history', {}).result!.events.length).toBe(8);
  });

  it.each([
    ['an empty file', '', 'is no trace'],
    ['text', 'hello\nworld\n', 'line 1: it is no JSON object'],
    ['other JSON lines', '{"a":1}\n{"b":2}\n', 'is no trace'],
    ['a list', '[1]\n{}\n', 'line 1: it is no JSON object'],
    ['a line that is broken', `${TRACE[2]}\n{"type":\n${TRACE[2]}`, 'line 2: it is no JSON object'],
    ['an event without a cycle', `${TRACE[2]}\n\n${line({ type: 'mu', mu: 'MU1' })}`, 'line 3: a line of type mu has no cycle'],
    ['a cycle that is none', line({ type: 'mu', cycle: -1 }), 'line 1: a line of type mu has no cycle'],
    [
      'a field that is missing',
      line({ type: 'vring', cycle: 1, device: 'virtio0' }),
      'line 1: a field of a line of type vring is missing or wrong',
    ],
    [
      'data that is none',
      line({ type: 'message', ...at(1), device: 'v', direction: 'rx', src: 1, dst: 2, data: 'abc' }),
      'line 1: a field of a line of type message',
    ],
    [
      'a direction that is none',
      line({ type: 'message', ...at(1), device: 'v', direction: 'up', src: 1, dst: 2, data: '' }),
      'line 1: a field',
    ],
    ['a type of every object', `${line({ type: 'constructor', cycle: 1 })}\n`, 'is no trace'],
  ])('is refused with the line that is wrong: %s', (_what, text, message) => {
    expect(() => readTrace(text, 'run.jsonl')).toThrow(UsageError);
    expect(() => readTrace(text, 'run.jsonl')).toThrow(message);
  });
});
