import xterm from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { LineEdit } from '../../src/session/line-edit.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A terminal on which a line is edited, with what came of it. */
async function typed(keys: string, { columns = 40, history = [] as string[], completions = [] as string[], prompt = '$ ' } = {}) {
  const terminal = new xterm.Terminal({ cols: columns, rows: 8, allowProposedApi: true });
  const done: string[] = [];
  let written: Promise<void> = Promise.resolve();
  const edit = new LineEdit({
    write: (text) => {
      written = new Promise((resolve) => terminal.write(text, resolve));
    },
    columns: () => columns,
    complete: (line) => {
      const word = /\S*$/.exec(line)![0];
      return [completions.filter((each) => each.startsWith(word)), word];
    },
    history: () => history,
    accept: (line) => done.push(line),
    cancel: () => done.push('cancelled'),
    end: () => done.push('end'),
  });
  edit.ask(prompt);
  const rest = edit.keys(bytes(keys));
  await written;
  const { active } = terminal.buffer;
  const lines = Array.from({ length: 8 }, (_, row) => active.getLine(row)!.translateToString(true).trimEnd());
  while (lines.at(-1) === '') lines.pop();
  return { done, lines, cursor: [active.cursorX, active.cursorY], rest: new TextDecoder().decode(rest) };
}

describe('a line that is edited', () => {
  it('is what was typed, and what follows it is for somebody else', async () => {
    expect(await typed('ls -l\rcat')).toEqual({ done: ['ls -l'], lines: ['$ ls -l'], cursor: [0, 1], rest: 'cat' });
  });

  it('changes in its middle', async () => {
    expect(await typed('hello world\u0017\u001b[D\u001b[D!')).toMatchObject({ lines: ['$ hell!o'], cursor: [7, 0] });
    expect(await typed('abcdef\u0001\u0004\u0006\u000b')).toMatchObject({ lines: ['$ b'], cursor: [3, 0] });
    expect(await typed('one two\u001bb\u001b[3~\u001b[3~x\r')).toMatchObject({ done: ['one xo'] });
    expect(await typed('ab\u0014\r')).toMatchObject({ done: ['ba'] });
  });

  it('wraps where the terminal ends, and comes back from there', async () => {
    expect(await typed('0123456789abcdef', { columns: 10 })).toMatchObject({ lines: ['$ 01234567', '89abcdef'], cursor: [8, 1] });
    expect(await typed('0123456789abcdef\u0015', { columns: 10 })).toMatchObject({ lines: ['$'], cursor: [2, 0] });
    expect(await typed('01234567', { columns: 10 })).toMatchObject({ lines: ['$ 01234567'], cursor: [0, 1] });
    expect(await typed('0123456789\u0001x\r', { columns: 10 })).toMatchObject({ done: ['x0123456789'], lines: ['$ x0123456', '789'] });
  });

  it('counts wide characters twice, and takes them in one key', async () => {
    expect(await typed('日本\u007fx\r')).toMatchObject({ done: ['日x'], lines: ['$ 日x'] });
  });

  it('comes from the history, and goes back to what was new', async () => {
    const history = ['first', 'second'];
    expect(await typed('ne\u001b[A\u001b[A', { history })).toMatchObject({ lines: ['$ first'] });
    expect(await typed('ne\u001bOA\u001bOA\u001bOB\u001bOB\r', { history })).toMatchObject({ done: ['ne'] });
    expect(await typed('\u0012eco\r', { history })).toMatchObject({ done: ['second'] });
  });

  it('is completed as far as it is known, and shows what there is', async () => {
    const completions = ['modprobe ', 'mount '];
    expect(await typed('mod\t', { completions })).toMatchObject({ lines: ['$ modprobe'], cursor: [11, 0] });
    expect(await typed('m\t', { completions })).toMatchObject({ lines: ['$ mo'] });
    expect(await typed('mo\t', { completions })).toMatchObject({ lines: ['$ mo', 'modprobe  mount', '$ mo'], cursor: [4, 2] });
  });

  it('ends with Ctrl-C, and with Ctrl-D where it is empty', async () => {
    expect(await typed('abc\u0003')).toMatchObject({ done: ['cancelled'], lines: ['$ abc^C'] });
    expect(await typed('a\u0004\u007f\u0004')).toMatchObject({ done: ['end'] });
  });

  it('is not longer than it may be, whatever comes', async () => {
    const { done } = await typed(`${'x'.repeat(20_000)}\u001b[999;999;999;999;Z\r`);
    expect(done[0]!.length).toBe(4096);
  });
});
