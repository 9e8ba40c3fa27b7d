/** The status line against a terminal that knows what escape sequences do. */
import { Terminal } from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { HumanRenderer } from '../../src/cli/renderer.ts';
import { StatusLine, statusText } from '../../src/cli/status-line.ts';

/** A terminal of a size, and all lines that it shows or has scrolled away, without trailing empty ones. */
function screen(columns: number, rows: number) {
  const terminal = new Terminal({ cols: columns, rows, scrollback: 10_000, allowProposedApi: true });
  let pending = '';
  return {
    write: (text: string) => {
      pending += text.replaceAll('\n', '\r\n');
    },
    lines: async () => {
      await new Promise<void>((resolve) => terminal.write(pending, resolve));
      pending = '';
      const { active } = terminal.buffer;
      const lines = Array.from({ length: active.length }, (_, at) => active.getLine(at)!.translateToString(true));
      while (lines.at(-1) === '') lines.pop();
      return { lines, column: active.cursorX, cursor: active.baseY + active.cursorY };
    },
  };
}

/** A log with half lines, prompts that go on, lines longer than the screen, and notes on standard error, drawn by `seed`. */
function log(renderer: HumanRenderer, seed: number, between: () => void): void {
  let state = seed;
  const random = (below: number): number => {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
  let partial = '';
  for (let at = 0; at < 200; at++) {
    const kind = random(5);
    const text = 'x'.repeat(random(120)) + at;
    const line = { cycle: at, seconds: at / 10, source: 'uart4', complete: true, text };
    if (kind === 0) {
      partial += `> ${at}`;
      renderer.line({ ...line, text: partial, complete: false });
    } else if (kind === 1) {
      renderer.line({ ...line, text: `${partial}${text}` });
      partial = '';
    } else if (kind === 2) renderer.note(`note ${at}`);
    else renderer.line({ ...line, source: 'linux', level: 6 });
    if (random(3) > 0) between();
  }
}

describe('a status line', () => {
  it.each([
    [80, 24, 1],
    [80, 5, 2],
    [40, 24, 3],
    [200, 50, 4],
    [80, 2, 5],
  ])('leaves the log on a terminal of %i columns and %i rows as it is without', async (columns, rows, seed) => {
    const plain = screen(columns, rows);
    const colors = { out: false, err: false };
    log(new HumanRenderer({ out: plain.write, err: plain.write, colors, columns: () => columns }), seed, () => {});

    const busy = screen(columns, rows);
    let now = 0;
    let drawn = 0;
    const status = new StatusLine({
      write: (text) => {
        drawn++;
        busy.write(text);
      },
      columns: () => columns,
      facts: () => ({ seconds: now / 1000, state: 'm7 running', messages: { tx: 3, rx: 4 }, findings: 1 }),
      now: () => now,
      paint: (text) => `\x1b[7m${text}\x1b[m`,
    });
    const sink = status.around(busy.write);
    log(new HumanRenderer({ out: sink, err: sink, colors, columns: () => columns }), seed, () => {
      now += 150;
      status.tick();
    });
    status.tick();
    const during = await busy.lines();
    expect(during.lines.at(-1)).toContain(' s | m7 running'.slice(0, columns - 12));
    status.close();
    expect(drawn).toBeGreaterThan(100);
    expect(await busy.lines()).toEqual(await plain.lines());
  });

  it('is not shown in a run that is over soon, and not behind its end', () => {
    let now = 0;
    const written: string[] = [];
    const facts = () => ({ seconds: 0, state: 'm7 running', findings: 0 });
    const status = new StatusLine({ write: (text) => written.push(text), columns: () => 80, facts, now: () => now, paint: (text) => text });
    status.tick();
    now = 399;
    status.tick();
    expect(written).toEqual([]);
    now = 400;
    status.tick();
    expect(written).toHaveLength(1);
    status.close();
    now = 5000;
    status.tick();
    expect(written).toHaveLength(2);
  });

  it('says what is most important on a narrow terminal', () => {
    const facts = { seconds: 1.5, speed: 12.34, state: 'm7 asleep', messages: { tx: 100, rx: 99 }, findings: 2 };
    expect(statusText(facts, 79)).toBe('1.500 s | m7 asleep | messages 100 out, 99 in | 12x real time | 2 findings');
    expect(statusText(facts, 45)).toBe('1.500 s | m7 asleep | messages 100 out, 99 in');
    expect(statusText(facts, 20)).toBe('1.500 s | m7 asleep');
    expect(statusText(facts, 5)).toBe('1.500');
    expect(statusText(facts, -1)).toBe('');
  });
});
