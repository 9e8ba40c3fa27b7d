/** Ctrl-R at the shell's prompt, key by key, as bash's readline shows and ends it. */
import { describe, expect, it } from 'vitest';
import { HistorySearch } from '../../src/session/history-search.ts';

const HISTORY = ['dmesg | tail', 'echo second', 'ls /dev', 'echo first'];

describe('HistorySearch', () => {
  it('finds the newest line, then older ones with Ctrl-R', () => {
    const search = new HistorySearch(HISTORY, 'typed');
    expect(search.shown).toBe("(reverse-i-search)`': typed");
    expect(search.keys('ec')).toBeUndefined();
    expect(search.shown).toBe("(reverse-i-search)`ec': echo second");
    expect(search.keys('\x12')).toBeUndefined();
    expect(search.shown).toBe("(reverse-i-search)`ec': echo first");
    expect(search.keys('\x12')).toBeUndefined();
    expect(search.shown).toBe("(failed reverse-i-search)`ec': echo first");
    expect(search.keys('\r')).toEqual({ line: 'echo first', rest: '\r' });
  });

  it('stays at a line while what is added fits it, and begins again when something is taken away', () => {
    const search = new HistorySearch(HISTORY, '');
    search.keys('e\x12c');
    expect(search.shown).toBe("(reverse-i-search)`ec': echo second");
    search.keys('ho f');
    expect(search.shown).toBe("(reverse-i-search)`echo f': echo first");
    search.keys('\x7f\x7f');
    expect(search.shown).toBe("(reverse-i-search)`echo': echo second");
    search.keys('\b\b\b\b');
    expect(search.shown).toBe("(reverse-i-search)`': ");
  });

  it('gives up with Ctrl-G and Ctrl-C, and leaves other keys to the editor', () => {
    expect(new HistorySearch(HISTORY, 'typed').keys('ls\x07more')).toEqual({ line: 'typed', rest: 'more' });
    expect(new HistorySearch(HISTORY, 'typed').keys('ls\x03')).toEqual({ line: 'typed', rest: '\x03' });
    expect(new HistorySearch(HISTORY, '').keys('ls\x1b[D')).toEqual({ line: 'ls /dev', rest: '\x1b[D' });
    expect(new HistorySearch([], 'kept').keys('nothing\t')).toEqual({ line: 'kept', rest: '\t' });
  });
});
