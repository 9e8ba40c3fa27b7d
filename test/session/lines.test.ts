import { describe, expect, it } from 'vitest';
import { dmesgTimestamp, LineAssembler, type OutputLine } from '../../src/session/lines.ts';

const HZ = 1000;

function rig() {
  const lines: OutputLine[] = [];
  const assembler = new LineAssembler(HZ, (line) => lines.push(line));
  let cycle = 0;
  return {
    assembler,
    type(device: string, text: string | number[]) {
      for (const byte of typeof text === 'string' ? new TextEncoder().encode(text) : text) {
        assembler.add({ type: 'console', cycle: ++cycle, device, byte });
      }
    },
    texts: () => lines.map(({ source, text, complete }) => [source, text, complete]),
    lines,
  };
}

describe('LineAssembler', () => {
  it('makes lines of bytes, without their line ends', () => {
    const { type, texts, lines } = rig();
    type('uart4', 'one\r\ntwo\n\r\nthree\r\r\n');
    expect(texts()).toEqual([
      ['uart4', 'one', true],
      ['uart4', 'two', true],
      ['uart4', '', true],
      ['uart4', 'three', true],
    ]);
    expect(lines[0]).toMatchObject({ cycle: 5, seconds: 0.005 });
  });

  it('keeps consoles apart', () => {
    const { type, texts } = rig();
    type('uart4', 'ab');
    type('ttyRPMSG30', 'xy\n');
    type('uart4', 'c\n');
    expect(texts()).toEqual([
      ['ttyRPMSG30', 'xy', true],
      ['uart4', 'abc', true],
    ]);
  });

  it('shows an unfinished line once, then again when it grew, then complete', () => {
    const { assembler, type, texts } = rig();
    type('uart4', 'uart:~$ ');
    expect(assembler.pending).toBe(true);
    assembler.flush('uart4');
    assembler.flush('uart4');
    expect(assembler.pending).toBe(false);
    type('uart4', 'help');
    expect(assembler.pending).toBe(true);
    assembler.flush('uart4');
    type('uart4', '\n');
    expect(assembler.pending).toBe(false);
    expect(texts()).toEqual([
      ['uart4', 'uart:~$ ', false],
      ['uart4', 'uart:~$ help', false],
      ['uart4', 'uart:~$ help', true],
    ]);
  });

  it('shows what has been quiet for long enough, console by console', () => {
    const { assembler, type, texts } = rig();
    type('uart4', '> ');
    type('ttyRPMSG0', 'ab');
    assembler.flushQuiet(2);
    expect(texts()).toEqual([['uart4', '> ', false]]);
    assembler.flushQuiet(4);
    expect(texts()).toEqual([
      ['uart4', '> ', false],
      ['ttyRPMSG0', 'ab', false],
    ]);
    expect(assembler.pending).toBe(false);
  });

  it('flushes a console nobody has heard of without a word', () => {
    const { assembler, texts } = rig();
    assembler.flush('uart1');
    expect(texts()).toEqual([]);
  });

  it('breaks a line that never ends, so that nothing grows without bound', () => {
    const { type, lines } = rig();
    type('uart4', 'x'.repeat(10_000));
    expect(lines.map(({ text }) => text.length)).toEqual([4096, 4096]);
    type('uart4', '\n');
    expect(lines[2]!.text).toBe('x'.repeat(10_000 - 2 * 4096));
  });

  it('decodes UTF-8 across events and keeps broken bytes visible', () => {
    const { type, texts } = rig();
    type('uart4', 'Grüße 🙂\n');
    type('uart4', [0xff, 0x41, 10]);
    expect(texts()).toEqual([
      ['uart4', 'Grüße 🙂', true],
      ['uart4', '\ufffdA', true],
    ]);
  });

  it('passes dmesg on, one line for each line of a message', () => {
    const { assembler, lines } = rig();
    assembler.add({ type: 'dmesg', cycle: 1500, level: 3, text: 'first\nsecond' });
    expect(lines).toEqual([
      { source: 'linux', cycle: 1500, seconds: 1.5, text: 'first', level: 3, complete: true },
      { source: 'linux', cycle: 1500, seconds: 1.5, text: 'second', level: 3, complete: true },
    ]);
  });

  it('ignores all other events', () => {
    const { assembler, lines } = rig();
    assembler.add({ type: 'core', cycle: 1, core: 'm7', state: 'started', detail: '' });
    assembler.add({ type: 'mu', cycle: 1, mu: 'MU1', side: 'A', action: 'transmit', channel: 1, value: 0 });
    expect(lines).toEqual([]);
    expect(assembler.pending).toBe(false);
  });
});

describe('dmesgTimestamp', () => {
  it.each([
    [0.012345, '[    0.012345] '],
    [230.833688, '[  230.833688] '],
    [0, '[    0.000000] '],
    [123456.5, '[123456.500000] '],
  ])('%d', (seconds, text) => expect(dmesgTimestamp(seconds)).toBe(text));
});
