/** Device tree sources: the language against dtc, and the errors. */
import { describe, expect, it } from 'vitest';
import { parseDtb } from '../../src/devicetree/parse-dtb.ts';
import { parseDts } from '../../src/devicetree/parse-dts.ts';
import type { DeviceTree } from '../../src/devicetree/tree.ts';
import { writeDtb } from '../../src/devicetree/write-dtb.ts';
import { writeDts } from '../../src/devicetree/write-dts.ts';
import { DeviceTreeError } from '../../src/errors.ts';
import { BLOBS, dtc, HAVE_DTC, hexOf, WRITTEN_BY_DTC } from './dtc.ts';
import { BASE, LANGUAGE, OVERLAY } from './samples.ts';

function errorOf(text: string): DeviceTreeError {
  try {
    parseDts(text, { file: 'x.dts' });
  } catch (error) {
    expect(error).toBeInstanceOf(DeviceTreeError);
    return error as DeviceTreeError;
  }
  throw new Error('it was accepted');
}

describe('parseDts', () => {
  it.each([
    ['the whole language', LANGUAGE, false, BLOBS.language],
    ['the whole language with -@', LANGUAGE, true, BLOBS.languageSymbols],
    ['a base tree', BASE, true, BLOBS.base],
    ['an overlay', OVERLAY, true, BLOBS.overlay],
  ])('makes of %s the bytes that dtc makes', (_name, text, symbols, blob) => {
    expect(writeDts(parseDts(text, { symbols }))).toBe(writeDts(parseDtb(blob)));
    expect(hexOf(writeDtb(parseDts(text, { symbols })))).toBe(hexOf(blob));
  });

  it.skipIf(!HAVE_DTC)('agrees with the dtc of this machine', () => {
    for (const text of [LANGUAGE, BASE, OVERLAY])
      expect(hexOf(writeDtb(parseDts(text, { symbols: true })))).toBe(hexOf(dtc(text, '-q', '-@', '-I', 'dts', '-O', 'dtb')));
  });

  it('reads what the C preprocessor leaves, and counts lines as it says', () => {
    const text = '# 1 "a.dts"\n# 1 "<built-in>"\n# 7 "inc/b.dtsi" 1\n/dts-v1/;\n/ { a = <1>; };\n# 20 "a.dts" 2\n/ { b = <&none>; };\n';
    expect(errorOf(text).message).toBe('a.dts:20.10: Reference to non-existent node or label "none"');
    expect(parseDts(text.replace('&none', '2')).root.cells('b')).toEqual([2]);
  });

  it('knows the place of each of many references, through markers and includes', () => {
    const refs = (count: number, last: string) => Array.from({ length: count }, (_, i) => `  r${i} = <&l>;\n`).join('') + last;
    const bad = '  bad = <&none>;';
    const include = (name: string) => ({ file: name, text: `/ {\n${refs(4, name === 'bad.dtsi' ? `${bad}\n` : '')}};` });
    const place = (text: string) => {
      try {
        parseDts(text, { file: 'm.dts', include });
      } catch (error) {
        return (error as DeviceTreeError).place;
      }
      return undefined;
    };
    const head = '/dts-v1/;\n/ { l: l { }; };\n';
    expect(place(`${head}/ {\n${refs(5, '')}};`)).toBeUndefined();
    expect(place(`${head}/ {\n${refs(5, bad)} };`)).toBe('m.dts:9.10');
    expect(place(`${head}/include/ "good.dtsi"\n/ {\n${refs(3, bad)} };`)).toBe('m.dts:8.10');
    expect(place(`${head}/include/ "bad.dtsi"\n/ {\n${refs(3, '')} };`)).toBe('bad.dtsi:6.10');
    expect(place(`${head}/ {\n${refs(5, '')}};\n# 40 "other.dts"\n/ {\n${refs(2, bad)} };`)).toBe('other.dts:43.10');
  });

  it('includes files that the caller gives, and says where in them an error is', () => {
    const files: Record<string, string> = { 'soc.dtsi': '/ {\n a;\n};\n/include/ "leds.dtsi"\n', 'leds.dtsi': '/ { leds { }; };' };
    const include = (name: string) => (name in files ? { file: `dir/${name}`, text: files[name]! } : undefined);
    const tree = parseDts('/dts-v1/;\n/include/ "soc.dtsi"\n/ { b; };', { include });
    expect([...tree.root.properties.keys(), ...tree.root.children.keys()]).toEqual(['a', 'b', 'leds']);
    files['leds.dtsi'] = '/ {\n  leds { ] };\n};';
    expect(() => parseDts('/dts-v1/;\n/include/ "soc.dtsi"\n/ { b; };', { include })).toThrow(/^dir\/leds\.dtsi:2\.10: the name/);
    expect(() => parseDts('/dts-v1/;\n/include/ "soc.dtsi"\n/ { ] };', { include, file: 'm.dts' })).toThrow(/dir\/leds/);
    files['leds.dtsi'] = '';
    expect(() => parseDts('/dts-v1/;\n/include/ "soc.dtsi"\n\n/ { ] };', { include, file: 'm.dts' })).toThrow(/^m\.dts:4\.5/);
    files['leds.dtsi'] = '/include/ "leds.dtsi"';
    expect(() => parseDts('/dts-v1/;\n/include/ "soc.dtsi"\n', { include })).toThrow(/too many files are included/);
    expect(() => parseDts('/dts-v1/; /include/ "x.dtsi"', { include })).toThrow(/"x.dtsi": no such file/);
  });

  it.each<[string, string, string, RegExp]>([
    ['no version', '/ { };', 'E_DTS', /x\.dts:1\.1: it begins with "\/"/],
    ['nothing in it', '/dts-v1/;', 'E_DTS', /there is no node/],
    ['a missing semicolon', '/dts-v1/; / { a = <1> };', 'E_DTS', /x\.dts:1\.23: ";" is missing after a of \/, before "}"/],
    ['a missing end', '/dts-v1/; / { a = <1>;', 'E_DTS', /before the end of the file/],
    ['a property after a child', '/dts-v1/; / { c { }; a; };', 'E_DTS', /Properties must precede subnodes/],
    ['a property twice', '/dts-v1/; / { a; a; };', 'E_DTS', /duplicate property name a in \//],
    ['a node twice', '/dts-v1/; / { a { }; a { }; };', 'E_DTS', /duplicate node name \/a/],
    ['a label twice', '/dts-v1/; / { l: a { }; l: b { }; };', 'E_DTS', /duplicate label 'l' on \/b and \/a/],
    ['an unknown label', '/dts-v1/; / { }; &l { };', 'E_DTS_REFERENCE', /x\.dts:1\.18: Label or path l not found/],
    ['an unknown label in a value', '/dts-v1/; / { a = <&l>; };', 'E_DTS_REFERENCE', /non-existent node or label "l"/],
    ['an unknown path in a value', '/dts-v1/; / { a = &{/b}; };', 'E_DTS_REFERENCE', /non-existent node or label "\/b"/],
    ['an unknown node to delete', '/dts-v1/; / { }; /delete-node/ &l;', 'E_DTS_REFERENCE', /Label or path l not found/],
    [
      'a phandle twice',
      '/dts-v1/; / { a { phandle = <1>; }; b { phandle = <1>; }; };',
      'E_DTS_REFERENCE',
      /duplicated: 0x1 \(seen before at \/a\)/,
    ],
    ['a phandle that is none', '/dts-v1/; / { a { phandle = <0>; }; };', 'E_DTS_REFERENCE', /has bad value \(0x0\)/],
    ['a phandle of two cells', '/dts-v1/; / { a { phandle = <1 2>; }; };', 'E_DTS_REFERENCE', /has bad length \(8\)/],
    ['too large a cell', '/dts-v1/; / { a = <0x1ffffffff>; };', 'E_DTS', /Value out of range for 32-bit array element/],
    ['too large a number', '/dts-v1/; / { a = <0x1ffffffffffffffff>; };', 'E_DTS', /out of range/],
    ['a division by zero', '/dts-v1/; / { a = <(1 / 0)>; };', 'E_DTS', /division by zero/],
    ['an odd width', '/dts-v1/; / { a = /bits/ 12 <1>; };', 'E_DTS', /8, 16, 32 or 64-bits/],
    ['a reference in 64 bits', '/dts-v1/; / { b: a = /bits/ 64 <&b>; };', 'E_DTS', /only allowed in arrays with 32-bit/],
    ['half a byte', '/dts-v1/; / { a = [0 1]; };', 'E_DTS', /two hexadecimal digits/],
    ['no value', '/dts-v1/; / { a = ; };', 'E_DTS', /a value is missing/],
    ['an open string', '/dts-v1/; / { a = "b; };', 'E_DTS', /a string has no end/],
    ['an open comment', '/dts-v1/; / { /* };', 'E_DTS', /a comment has no end/],
    ['too many levels', `/dts-v1/; / ${'{ a '.repeat(100)}`, 'E_DTB_LIMIT', /nested 65 deep/],
    ['too many parentheses', `/dts-v1/; / { a = <${'('.repeat(100_000)}`, 'E_DTS', /nested more than 100/],
    ['too many signs', `/dts-v1/; / { a = <(${'~'.repeat(100_000)}`, 'E_DTS', /nested more than 100/],
    ['too long a character', `/dts-v1/; / { a = <'${'a'.repeat(2_000_000)}'>; };`, 'E_DTS', /syntax error: "'" in an array of cells/],
    ['too large a source', `/dts-v1/; / { }; ${' '.repeat(4 * 1024 * 1024)}`, 'E_DTB_LIMIT', /characters are too many/],
    ['a preprocessor directive', '#include "a.dtsi"\n/dts-v1/; / { };', 'E_DTS_INCLUDE', /C preprocessor/],
    ['an include', '/dts-v1/; /include/ "a.dtsi"', 'E_DTS_INCLUDE', /files are not included here/],
    ['a binary include', '/dts-v1/; / { a = /incbin/("b"); };', 'E_DTS_INCLUDE', /\/incbin\/ is not supported/],
  ])('refuses %s', (_name, text, code, message) => {
    const error = errorOf(text);
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
    expect(error.remedy).not.toBe('');
    expect(error.place).not.toBe('');
  });

  it.each<[string, string, (tree: DeviceTree) => unknown, unknown]>([
    ['comments', `/dts-v1/; ${'/**/ '.repeat(500_000)} / { a = <1>; };`, ({ root }) => root.cells('a'), [1]],
    ['lines of comments', `/dts-v1/; ${'//\n'.repeat(500_000)} / { a = <1>; };`, ({ root }) => root.cells('a'), [1]],
    [
      'labels',
      `/dts-v1/; / { ${Array.from({ length: 200_000 }, (_, index) => `l${index}: `).join('')} b { }; }; /delete-node/ &l7;`,
      ({ root }) => root.children.size,
      0,
    ],
    [
      'references of an overlay',
      `/dts-v1/; /plugin/; / { a = <${'&a '.repeat(100_000)}>; };`,
      ({ root }) => root.child('__fixups__')!.strings('a').length,
      100_000,
    ],
    [
      'references within an overlay',
      `/dts-v1/; /plugin/; / { c = <${'&a '.repeat(100_000)}>; a: b { }; };`,
      ({ root }) => root.child('__local_fixups__')!.cells('c').at(-1),
      399_996,
    ],
    ['deletions in one line', `/dts-v1/; ${'/ { a: b { }; }; /delete-node/ &a; '.repeat(50_000)}`, ({ root }) => root.children.size, 0],
    ['line markers', `/dts-v1/; / { c = <\n${'# 1 "f"\n&{/}\n'.repeat(100_000)}>; };`, ({ root }) => root.cells('c').length, 100_000],
  ])('takes very many %s in little time and stack', (_name, text, look, result) => {
    expect(look(parseDts(text))).toEqual(result);
  });

  it.skipIf(!HAVE_DTC)('refuses only what dtc refuses', () => {
    for (const text of [
      '/dts-v1/; / { a; a; };',
      '/dts-v1/; / { c { }; a; };',
      '/dts-v1/; / { l: a { }; l: b { }; };',
      '/dts-v1/; / { a = <&l>; };',
    ])
      expect(() => dtc(text, '-q', '-I', 'dts', '-O', 'dtb'), text).toThrow();
  });
});

describe('writeDts', () => {
  it('guesses the types of values as dtc does', () => {
    const tree = parseDts(
      '/dts-v1/; / { s = "a", "b\\n"; n = <1 0x1234>; b = [00 01 02]; e; empty = ""; nuls = [00 00 00 00]; hi = "\\xff"; };',
    );
    expect(writeDts(tree)).toBe(
      [
        '/dts-v1/;',
        '',
        '/ {',
        '\ts = "a", "b\\n";',
        '\tn = <0x01 0x1234>;',
        '\tb = [00 01 02];',
        '\te;',
        '\tempty = [00];',
        '\tnuls = <0x00>;',
        '\thi = [ff 00];',
        '};',
        '',
      ].join('\n'),
    );
  });

  it.each(WRITTEN_BY_DTC)('gives a source of %s that compiles to the same bytes', (_name, blob) => {
    expect(hexOf(writeDtb(parseDts(writeDts(parseDtb(blob)))))).toBe(hexOf(blob));
  });

  it.skipIf(!HAVE_DTC)('writes what dtc writes, but for lists of strings, which dtc 1.7 writes so', () => {
    for (const blob of Object.values(BLOBS)) {
      const theirs = dtc(blob, '-q', '-I', 'dtb', '-O', 'dts').toString().replaceAll('\\0', '", "');
      expect(writeDts(parseDtb(blob))).toBe(theirs);
    }
  });
});
