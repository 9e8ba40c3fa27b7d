import { describe, expect, it } from 'vitest';
import {
  bareHex,
  binary,
  float32,
  float32Bits,
  float64,
  lineText,
  parseAddress,
  parseNumber,
  parseRegister,
  placeText,
} from '../../view/src/panes/cpu/numbers.ts';

describe('numbers of the CPU pane', () => {
  it('writes hex and binary with all digits', () => {
    expect(bareHex(0x30aa)).toBe('000030aa');
    expect(bareHex(0xffff_ffff)).toBe('ffffffff');
    expect(binary(0x28, 8)).toBe('0010_1000');
    expect(binary(5, 3)).toBe('101');
    expect(binary(0x123, 9)).toBe('1_0010_0011');
  });

  it('writes singles with the fewest digits that are still the same number', () => {
    expect(float32(0x3dcc_cccd)).toBe('0.1');
    expect(float32(0x4048_f5c3)).toBe('3.14');
    expect(float32(0x8000_0000)).toBe('-0');
    expect(float32(0x7f80_0000)).toBe('+∞');
    expect(float32(0xff80_0000)).toBe('-∞');
    expect(float32(0x7fc0_0000)).toBe('NaN');
    expect(float32(0x7f80_0001)).toBe('NaN(0x1)');
    expect(float32(1)).toBe('1e-45');
    for (let bits = 0x0000_0001; bits < 0x7f80_0000; bits += 0x0012_3457) expect(float32Bits(Number(float32(bits)))).toBe(bits);
    expect(float64(0, 0x3ff8_0000)).toBe('1.5');
    expect(float64(0, 0x8000_0000)).toBe('-0');
  });

  it.each([
    ['0x1f', 31],
    ['0xFFFF_FFFF', 0xffff_ffff],
    ['-1', 0xffff_ffff],
    ['0b1010', 10],
    [' 42 ', 42],
    ['0x1_0000_0000', undefined],
    ['-0x80000001', undefined],
    ['12ab', undefined],
    ['', undefined],
    ['0x', undefined],
  ])('reads the number %j', (text, value) => {
    expect(parseNumber(text)).toBe(value);
  });

  it('reads numbers of other widths', () => {
    expect(parseNumber('-1', 8)).toBe(0xff);
    expect(parseNumber('256', 8)).toBeUndefined();
    expect(parseNumber('-129', 8)).toBeUndefined();
  });

  it('reads floats for registers', () => {
    expect(parseRegister('1.0')).toBe(0x3f80_0000);
    expect(parseRegister('1e3')).toBe(0x447a_0000);
    expect(parseRegister('-0.5f')).toBe(0xbf00_0000);
    expect(parseRegister('inf')).toBe(0x7f80_0000);
    expect(parseRegister('-inf')).toBe(0xff80_0000);
    expect(parseRegister('1')).toBe(1);
    expect(parseRegister('hello')).toBeUndefined();
    expect(parseRegister('1.5', 1)).toBeUndefined();
  });

  it('tells addresses from symbols and lines', () => {
    expect(parseAddress('30aa0000')).toEqual({ kind: 'address', address: 0x30aa_0000 });
    expect(parseAddress('0x1000')).toEqual({ kind: 'address', address: 0x1000 });
    expect(parseAddress('1000')).toEqual({ kind: 'address', address: 0x1000 });
    expect(parseAddress('0xdead_beef')).toEqual({ kind: 'address', address: 0xdead_beef });
    expect(parseAddress('fffffff0')).toEqual({ kind: 'address', address: 0xffff_fff0 });
    expect(parseAddress('beef')).toEqual({ kind: 'symbol', name: 'beef', offset: 0 });
    expect(parseAddress('main + 0x12')).toEqual({ kind: 'symbol', name: 'main', offset: 0x12 });
    expect(parseAddress('buffer-4')).toEqual({ kind: 'symbol', name: 'buffer', offset: -4 });
    expect(parseAddress('src/main.c:12')).toEqual({ kind: 'line', text: 'src/main.c:12' });
    expect(parseAddress('0x1_0000_0000_0').kind).toBe('error');
    expect(parseAddress('').kind).toBe('error');
    expect(parseAddress('12 34').kind).toBe('error');
  });

  it('names places', () => {
    expect(placeText({ address: 0x1234 })).toBe('0x00001234');
    expect(placeText({ address: 0x1234, symbol: 'main+0x2' })).toBe('main+0x2');
    expect(lineText({ file: '/a/b/main.c', line: 12 })).toBe('main.c:12');
    expect(lineText({ line: 12 })).toBeUndefined();
  });
});
