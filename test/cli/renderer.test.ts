import { describe, expect, it } from 'vitest';
import { HumanRenderer, JsonRenderer } from '../../src/cli/renderer.ts';
import type { MachineEvent } from '../../src/events.ts';
import type { LintFinding } from '../../src/linux/firmware-lint.ts';
import type { OutputLine } from '../../src/session/lines.ts';

const ESC = '\u001b';

function human(color = false) {
  const text = { out: '', err: '' };
  const out = (chunk: string) => {
    text.out += chunk;
  };
  const err = (chunk: string) => {
    text.err += chunk;
  };
  return { text, renderer: new HumanRenderer({ out, err, colors: { out: color, err: color } }) };
}

function json() {
  const chunks: string[] = [];
  const renderer = new JsonRenderer((chunk) => chunks.push(chunk), 1000);
  return { renderer, objects: () => chunks.map((chunk) => JSON.parse(chunk) as Record<string, unknown>), chunks };
}

const line = (more: Partial<OutputLine>): OutputLine => ({
  source: 'uart4',
  cycle: 1500,
  seconds: 1.5,
  text: 'hello',
  complete: true,
  ...more,
});
const finding: LintFinding = {
  severity: 'error',
  place: 'segment 2',
  text: 'it sticks out',
  remedy: 'move it',
  linux: ['remoteproc remoteproc0: bad'],
};
const diagnostic = { kind: 'unimplemented', block: 'CCM', register: 'CCGR1', text: 'read', cycle: 500, pc: 0x1234, count: 1 } as const;

describe('HumanRenderer', () => {
  it('prefixes lines of consoles, and gives dmesg its timestamp', () => {
    const { renderer, text } = human();
    renderer.line(line({}));
    renderer.line(line({ source: 'linux', text: 'remoteproc remoteproc0: powering up', level: 6 }));
    renderer.line(line({ text: '' }));
    expect(text).toEqual({ out: '[uart4] hello\n[linux] [    1.500000] remoteproc remoteproc0: powering up\n[uart4]\n', err: '' });
  });

  it('takes terminal sequences of the firmware out', () => {
    const { renderer, text } = human();
    renderer.line(line({ text: `${ESC}[1;31mred${ESC}[0m${ESC}[2J` }));
    expect(text.out).toBe('[uart4] red\n');
  });

  it('writes an unfinished line over on a terminal when it goes on, and leaves it when something else comes', () => {
    let text = '';
    const out = (chunk: string) => {
      text += chunk;
    };
    const renderer = new HumanRenderer({ out, err: out, colors: { out: false, err: false }, columns: () => 20 });
    const type = (written: string, complete = false) => renderer.line(line({ text: written, complete }));
    type('> ');
    type('> h');
    type('> hi', true);
    type('> ');
    renderer.note('something');
    type('> x');
    renderer.line(line({ source: 'uart1' }));
    type('x'.repeat(13));
    type('x'.repeat(13), true);
    type('> ');
    renderer.finish({}, ['the end']);
    const over = `\r${ESC}[K`;
    expect(text).toBe(
      `[uart4] > ${over}[uart4] > h${over}[uart4] > hi\n[uart4] > \nimx-sim: something\n[uart4] > x\n[uart1] hello\n${`[uart4] ${'x'.repeat(13)}\n`.repeat(2)}[uart4] > \nthe end\n`,
    );
  });

  it('colours only when asked, errors of the kernel in red', () => {
    const { renderer, text } = human(true);
    renderer.line(line({ source: 'linux', text: 'bad', level: 3 }));
    renderer.line(line({ text: `${ESC}[32mgreen` }));
    expect(text.out).toContain(`${ESC}[31mbad`);
    expect(text.out).toContain(`${ESC}[32mgreen`);
  });

  it('says what imx-sim has to say on standard error', () => {
    const { renderer, text } = human();
    renderer.note('imx8mp m7');
    renderer.diagnostic(diagnostic);
    renderer.finding(finding);
    renderer.report(['failed', '  details']);
    renderer.event({ type: 'core', cycle: 1, core: 'm7', state: 'started', detail: '' }, 0);
    expect(text.out).toBe('');
    expect(text.err.split('\n')).toEqual([
      'imx-sim: imx8mp m7',
      'imx-sim: unimplemented: CCM CCGR1 read (pc 0x00001234)',
      'imx-sim: error: segment 2: it sticks out',
      '  remedy: move it',
      '  Linux would print: remoteproc remoteproc0: bad',
      'failed',
      '  details',
      '',
    ]);
  });

  it('ends with the lines of --stats and --trace-hash on standard output', () => {
    const { renderer, text } = human();
    renderer.finish({ reason: 'until' }, ['time 1', 'trace abc']);
    expect(text).toEqual({ out: 'time 1\ntrace abc\n', err: '' });
  });
});

describe('JsonRenderer', () => {
  it('writes one object for each line, event, note, finding, report and result', () => {
    const { renderer, objects, chunks } = json();
    renderer.line(line({ text: 'a "quoted" \u001b[0m line' }));
    renderer.line(line({ source: 'linux', text: 'x', level: 4 }));
    renderer.note('a note');
    renderer.diagnostic(diagnostic);
    renderer.finding(finding);
    renderer.report(['one', 'two'], []);
    renderer.finish({ reason: 'until', status: 0 });
    expect(objects()).toEqual([
      { type: 'console', cycle: 1500, time: 1.5, device: 'uart4', text: 'a "quoted" \u001b[0m line', complete: true },
      { type: 'dmesg', cycle: 1500, time: 1.5, level: 4, text: 'x' },
      { type: 'note', text: 'a note' },
      { type: 'diagnostic', time: 0.5, ...diagnostic },
      { type: 'finding', ...finding },
      { type: 'report', lines: ['one', 'two'], faults: [] },
      { type: 'result', reason: 'until', status: 0 },
    ]);
    for (const chunk of chunks) expect(chunk).toMatch(/^[^\n]*\n$/);
  });

  it('gives events with their time and data in hexadecimal, bytes and kernel lines only as lines', () => {
    const { renderer, objects } = json();
    const events: MachineEvent[] = [
      { type: 'console', cycle: 1, device: 'uart4', byte: 65 },
      { type: 'dmesg', cycle: 1, level: 6, text: 'x' },
      { type: 'mu', cycle: 500, mu: 'MU1', side: 'B', action: 'transmit', channel: 1, value: 0x1_0000 },
      { type: 'message', cycle: 500, device: 'virtio0', direction: 'rx', src: 30, dst: 0x400, data: Uint8Array.of(0, 255, 16) },
    ];
    for (const event of events) renderer.event(event);
    expect(objects()).toEqual([
      { type: 'mu', cycle: 500, time: 0.5, mu: 'MU1', side: 'B', action: 'transmit', channel: 1, value: 0x1_0000 },
      { type: 'message', cycle: 500, time: 0.5, device: 'virtio0', direction: 'rx', src: 30, dst: 0x400, data: '00ff10' },
    ]);
  });
});
