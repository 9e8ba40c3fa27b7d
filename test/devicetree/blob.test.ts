/** Reading and writing blobs, against dtc's and against blobs with one thing wrong. */
import { describe, expect, it } from 'vitest';
import { parseDtb } from '../../src/devicetree/parse-dtb.ts';
import { DeviceTree } from '../../src/devicetree/tree.ts';
import { writeDtb } from '../../src/devicetree/write-dtb.ts';
import { DeviceTreeError } from '../../src/errors.ts';
import { BLOBS, hexOf, WRITTEN_BY_DTC } from './dtc.ts';

/** A blob whose words are changed. */
function changed(blob: Uint8Array, ...words: (readonly [offset: number, value: number])[]): Uint8Array {
  const copy = blob.slice();
  const view = new DataView(copy.buffer);
  for (const [offset, value] of words) view.setUint32(offset, value);
  return copy;
}

function errorOf(blob: Uint8Array): DeviceTreeError {
  try {
    parseDtb(blob, 'x.dtb');
  } catch (error) {
    expect(error).toBeInstanceOf(DeviceTreeError);
    return error as DeviceTreeError;
  }
  throw new Error('it was accepted');
}

describe('parseDtb and writeDtb', () => {
  it.each(WRITTEN_BY_DTC)('give back what dtc made of %s, byte for byte', (_name, blob) => {
    expect(hexOf(writeDtb(parseDtb(blob)))).toBe(hexOf(blob));
  });

  it('keep reservations, the boot CPU and the order', () => {
    const tree = parseDtb(BLOBS.language);
    expect(tree.reservations).toEqual([
      { address: 0x8000_0000n, size: 0x1_0000n },
      { address: 0x9000_0000n, size: 0x2_0000n },
    ]);
    expect(tree.bootCpu).toBe(3);
    expect([...tree.root.children.keys()]).toEqual(['cpus', 'soc', 'clock', 'fixed']);
  });

  it('read version 16, which has no size of the structure block', () => {
    const tree = parseDtb(BLOBS.base);
    const old = writeDtb(tree, { version: 16 });
    expect(new DataView(old.buffer).getUint32(20)).toBe(16);
    expect(hexOf(writeDtb(parseDtb(old)))).toBe(hexOf(BLOBS.base));
  });

  it('leave room at the end for a boot loader', () => {
    const tree = parseDtb(BLOBS.base);
    const blob = writeDtb(tree, { padding: 4096 });
    expect(blob.length).toBe(BLOBS.base.length + 4096);
    expect(hexOf(writeDtb(parseDtb(blob)))).toBe(hexOf(BLOBS.base));
  });

  it('accept bytes behind the tree', () => {
    const longer = new Uint8Array(BLOBS.base.length + 10);
    longer.set(BLOBS.base);
    expect(parseDtb(longer).root.children.size).toBe(3);
  });
});

describe('fdt_check_header', () => {
  const { base } = BLOBS;
  it.each<[string, Uint8Array, string, RegExp]>([
    ['an empty file', new Uint8Array(0), 'E_DTB_MAGIC', /FDT_ERR_BADMAGIC: it has 0 bytes/],
    ['another magic', changed(base, [0, 0x7f454c46]), 'E_DTB_MAGIC', /begins with 0x7f454c46, not 0xd00dfeed/],
    ['half a header', base.slice(0, 20), 'E_DTB_TRUNCATED', /not even a header/],
    ['version 15', changed(base, [20, 15], [24, 15]), 'E_DTB_VERSION', /FDT_ERR_BADVERSION: version 15/],
    ['a later format', changed(base, [20, 20], [24, 18]), 'E_DTB_VERSION', /version 20, compatible with 18/],
    ['version below compatible version', changed(base, [24, 17], [20, 16]), 'E_DTB_VERSION', /version 16, compatible with 17/],
    ['a total size below the header', changed(base, [4, 39]), 'E_DTB_TRUNCATED', /total size of 39/],
    ['a cut file', base.slice(0, -8), 'E_DTB_TRUNCATED', /the header says \d+ bytes, the file has/],
    ['a structure block outside', changed(base, [8, 0xffff_fff0]), 'E_DTB_TRUNCATED', /the structure block/],
    ['a structure size outside', changed(base, [36, 0x7fff_ffff]), 'E_DTB_TRUNCATED', /the structure block/],
    ['a strings block outside', changed(base, [32, 0xffff_ffff]), 'E_DTB_TRUNCATED', /the strings block/],
    ['reservations in the header', changed(base, [16, 8]), 'E_DTB_TRUNCATED', /the reservation block/],
  ])('refuses %s', (_name, blob, code, text) => {
    const error = errorOf(blob);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(text);
    expect(error.place).toBe('x.dtb');
    expect(error.remedy).not.toBe('');
  });

  it('refuses more than arm64 maps (MAX_FDT_SIZE)', () => {
    expect(errorOf(writeDtb(new DeviceTree(), { padding: 2 ** 21 })).message).toMatch(/2097\d+ bytes: Linux on arm64 maps at most 2097152/);
  });
});

describe('the structure block', () => {
  /** A blob with these words as structure and `strings` as names. */
  const blob = (words: readonly number[], strings = 'a\0b\0'): Uint8Array => {
    const bytes = new Uint8Array(56 + 4 * words.length + strings.length);
    const view = new DataView(bytes.buffer);
    const header = [0xd00d_feed, bytes.length, 56, 56 + 4 * words.length, 40, 17, 16, 0, strings.length, 4 * words.length];
    for (const [index, word] of [...header, 0, 0, 0, 0, ...words].entries()) view.setUint32(4 * index, word);
    bytes.set(Buffer.from(strings), 56 + 4 * words.length);
    return bytes;
  };
  const ROOT = [1, 0];
  const node = (letter: string): number[] => [1, letter.charCodeAt(0) << 24];

  it('is read with NOPs in it', () => {
    const tree = parseDtb(blob([4, ...ROOT, 4, 3, 0, 2, 4, ...node('x'), 4, 2, 2, 4, 9]));
    expect(tree.root.has('b')).toBe(true);
    expect(tree.node('/x')?.path).toBe('/x');
  });

  it.each<[string, number[], string, RegExp]>([
    ['no root', [9], 'E_DTB_STRUCTURE', /FDT_ERR_BADSTRUCTURE: there is no root/],
    ['a root with a name', [...node('r'), 2, 9], 'E_DTB_STRUCTURE', /the root is called "r"/],
    ['two roots', [...ROOT, 2, ...ROOT, 2, 9], 'E_DTB_STRUCTURE', /a second root/],
    ['an end too many', [...ROOT, 2, 2, 9], 'E_DTB_STRUCTURE', /FDT_END_NODE without a node/],
    ['an end too few', [...ROOT, ...node('x'), 2, 9], 'E_DTB_STRUCTURE', /FDT_END within \/ /],
    ['an unknown token', [...ROOT, 7, 2, 9], 'E_DTB_STRUCTURE', /0x7 is no token \(byte 0x40\)/],
    ['no FDT_END', [...ROOT, 2], 'E_DTB_TRUNCATED', /without FDT_END/],
    ['a property after the root', [...ROOT, 2, 3, 0, 0, 9], 'E_DTB_STRUCTURE', /a property outside of any node/],
    ['a property after a child', [...ROOT, ...node('x'), 2, 3, 0, 0, 2, 9], 'E_DTB_STRUCTURE', /a property of \/ after a child/],
    ['a property longer than the block', [...ROOT, 3, 0xffff_fff0, 0, 2, 9], 'E_DTB_TRUNCATED', /says 4294967280 bytes/],
    ['a name outside of the strings', [...ROOT, 3, 0, 4, 2, 9], 'E_DTB_STRUCTURE', /FDT_ERR_BADOFFSET/],
    ['a property twice', [...ROOT, 3, 0, 0, 3, 0, 0, 2, 9], 'E_DTB_NAME', /\/ has two properties a/],
    ['a node twice', [...ROOT, ...node('x'), 2, ...node('x'), 2, 2, 9], 'E_DTB_NAME', /\/ has two nodes x/],
    ['a slash in a name', [...ROOT, ...node('/'), 2, 2, 9], 'E_DTB_NAME', /has a \/ in it/],
    ['a nameless child', [...ROOT, ...ROOT, 2, 2, 9], 'E_DTB_NAME', /is empty/],
    ['a name that is a directory', [...ROOT, 1, 0x2e2e_0000, 2, 2, 9], 'E_DTB_NAME', /cannot be a file/],
    ['a control character', [...ROOT, 1, 0x0700_0000, 2, 2, 9], 'E_DTB_NAME', /has the character "\\u0007"/],
    ['a name without end', [...ROOT, 1, 0x6161_6161], 'E_DTB_TRUNCATED', /the name of a node has no end/],
    ['a tree too deep', Array.from({ length: 65 }, (_, i) => (i === 0 ? ROOT : node('x'))).flat(), 'E_DTB_LIMIT', /nested 65 deep/],
  ])('is refused with %s', (_name, words, code, text) => {
    const error = errorOf(blob(words));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(text)]);
  });

  it('is refused when a name in the strings block has no end, or is longer than any name', () => {
    expect(errorOf(blob([...ROOT, 3, 0, 0, 2, 9], 'aaaa')).code).toBe('E_DTB_TRUNCATED');
    expect(errorOf(blob([...ROOT, 3, 0, 0, 2, 9], 'a'.repeat(300))).code).toBe('E_DTB_NAME');
  });

  it('may have as many levels as Linux', () => {
    const words = [...ROOT, ...Array.from({ length: 63 }, () => node('x')).flat(), ...Array.from({ length: 64 }, () => 2), 9];
    expect([...parseDtb(blob(words)).root.walk()].length).toBe(64);
  });
});

describe('the reservation block', () => {
  it('is refused without its end', () => {
    const bytes = BLOBS.base.slice();
    // The reservations begin 8 bytes before the end of the blob.
    new DataView(bytes.buffer).setUint32(16, bytes.length - 8);
    expect(errorOf(bytes).message).toMatch(/the memory reservations have no end/);
  });
});
