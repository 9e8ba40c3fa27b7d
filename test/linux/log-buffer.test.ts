/** The kernel's log buffer is bounded in bytes and records; what falls out is counted, oldest first. */
import { describe, expect, it } from 'vitest';
import { LOG_BUF_BYTES, LOG_BUF_RECORDS, LogBuffer } from '../../src/linux/log-buffer.ts';

const line = (text: string, cycle = 0) => ({ cycle, level: 6 as const, text });

describe('the log buffer', () => {
  it('keeps everything while there is room', () => {
    const buffer = new LogBuffer();
    for (let i = 0; i < LOG_BUF_RECORDS; i++) buffer.add(line(`line ${i}`, i));
    expect(buffer.lines).toHaveLength(LOG_BUF_RECORDS);
    expect(buffer.lost).toBe(0);
  });

  it('drops the oldest record for one too many', () => {
    const buffer = new LogBuffer();
    for (let i = 0; i < LOG_BUF_RECORDS + 3; i++) buffer.add(line(`line ${i}`, i));
    expect(buffer.lines).toHaveLength(LOG_BUF_RECORDS);
    expect(buffer.lines[0]!.text).toBe('line 3');
    expect(buffer.lines.at(-1)!.cycle).toBe(LOG_BUF_RECORDS + 2);
    expect(buffer.lost).toBe(3);
  });

  it('drops by bytes when lines are long', () => {
    const buffer = new LogBuffer();
    const text = 'x'.repeat(1016);
    for (let i = 0; i < 200; i++) buffer.add(line(text, i));
    expect(buffer.lines).toHaveLength(LOG_BUF_BYTES / 1024);
    expect(buffer.lines[0]!.cycle).toBe(200 - LOG_BUF_BYTES / 1024);
    expect(buffer.lost).toBe(200 - LOG_BUF_BYTES / 1024);
  });

  it('does not hold a line that is larger than all of it', () => {
    const buffer = new LogBuffer();
    buffer.add(line('y'.repeat(LOG_BUF_BYTES)));
    expect(buffer.lines).toEqual([]);
    buffer.add(line('z'));
    expect(buffer.lines).toHaveLength(1);
  });
});
