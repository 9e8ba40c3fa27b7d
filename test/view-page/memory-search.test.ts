import { describe, expect, it } from 'vitest';
import { parsePattern } from '../../view/src/panes/memory/search-pattern.ts';

function shown(...parameters: Parameters<typeof parsePattern>): string {
  const pattern = parsePattern(...parameters);
  return 'why' in pattern ? `! ${pattern.why}` : pattern.shown;
}

describe('patterns of the memory search', () => {
  it.each([
    ['de ad be ef', 'de ad be ef'],
    ['deadbeef', 'de ad be ef'],
    ['0xDE, 0xAD', 'de ad'],
    ['1 2 a', '01 02 0a'],
    ['de:ad', 'de ad'],
  ])('hex %s', (text, bytes) => {
    expect(shown('hex', text)).toBe(bytes);
  });

  it('says what is wrong with hex', () => {
    expect(shown('hex', 'abc')).toMatch(/odd number of digits/);
    expect(shown('hex', 'xy')).toMatch(/'xy' is not hex/);
    expect(shown('hex', '')).toMatch(/nothing/);
  });

  it('text is UTF-8 with escapes', () => {
    expect(shown('text', 'hi!')).toBe('68 69 21');
    expect(shown('text', 'ü€')).toBe('c3 bc e2 82 ac');
    expect(shown('text', '\\x1b[0m\\n\\0')).toBe('1b 5b 30 6d 0a 00');
    expect(shown('text', 'a\\\\b')).toBe('61 5c 62');
    expect(shown('text', '\\q')).toMatch(/no escape/);
  });

  it('values are little-endian, of the width that was chosen', () => {
    expect(shown('value', '0x12345678')).toBe('78 56 34 12');
    expect(shown('value', '-2', 2)).toBe('fe ff');
    expect(shown('value', '255', 1)).toBe('ff');
    expect(shown('value', '0x1122334455667788', 8)).toBe('88 77 66 55 44 33 22 11');
    expect(shown('value', '-1', 8)).toBe('ff ff ff ff ff ff ff ff');
    expect(shown('value', '1.5')).toBe('00 00 c0 3f');
    expect(shown('value', '1.5', 8)).toBe('00 00 00 00 00 00 f8 3f');
    expect(shown('value', '0x123456789')).toMatch(/does not fit 32 bits/);
    expect(shown('value', '300', 1)).toMatch(/does not fit 8 bits/);
    expect(shown('value', '0x11223344556677889', 8)).toMatch(/does not fit 64 bits/);
    expect(shown('value', 'main')).toMatch(/no number/);
  });
});
