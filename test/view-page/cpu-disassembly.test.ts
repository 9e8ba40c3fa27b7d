import { describe, expect, it } from 'vitest';
import type { InstructionLine } from '../../src/view/protocol.ts';
import {
  arrows,
  assignLanes,
  functionOf,
  halfwords,
  isCall,
  isData,
  layOut,
  merge,
  rowAt,
  splitText,
  tokens,
  trim,
} from '../../view/src/panes/cpu/disassembly-layout.ts';

const TWO = 'AL8=';

function line(
  address: number,
  more: Partial<InstructionLine> & { symbol?: string; source?: number; wide?: boolean } = {},
): InstructionLine {
  const { symbol = 'main', source, wide, ...rest } = more;
  const place = { address, symbol, ...(source === undefined ? {} : { file: '/src/main.c', line: source }) };
  return { place, bytes: wide ? 'AL8AvQ==' : TWO, text: 'nop', ...rest };
}

describe('layout of the disassembly', () => {
  it('puts labels, source lines and gaps between instructions', () => {
    const rows = layOut(
      [
        line(0x100, { symbol: 'main', source: 10 }),
        line(0x102, { symbol: 'main+0x2', source: 10 }),
        line(0x104, { symbol: 'main+0x4', source: 12, wide: true }),
        line(0x108, { symbol: 'main+0x8', source: 40 }),
        line(0x120, { symbol: 'helper', source: 3 }),
      ],
      true,
    );
    expect(
      rows.map((row) => (row.kind === 'source' ? `${row.line}${row.first ? '!' : ''}` : `${row.kind} ${row.address.toString(16)}`)),
    ).toEqual([
      'label 100',
      '10!',
      'code 100',
      'code 102',
      '11',
      '12',
      'code 104',
      '40',
      'code 108',
      'gap 10a',
      'label 120',
      '3!',
      'code 120',
    ]);
    expect(rows.find((row) => row.kind === 'gap')).toMatchObject({ bytes: 0x16 });
    expect(layOut([line(0x100, { source: 10 })], false).map(({ kind }) => kind)).toEqual(['label', 'code']);
  });

  it('names lines beside the instructions where the text of a file cannot be had', () => {
    const lines = [
      line(0x100, { source: 10 }),
      line(0x102, { symbol: 'main+0x2', source: 12 }),
      line(0x104, { symbol: 'main+0x4', source: 12 }),
    ];
    const rows = layOut(lines, true, (file) => file === '/src/main.c');
    expect(rows.map((row) => (row.kind === 'code' ? row.sourceLine : row.kind))).toEqual(['label', 'source', 10, 12, undefined]);
    expect(rows[1]).toMatchObject({ line: 10, first: true, missing: true });
    expect(halfwords(Uint8Array.of(0xbf, 0xf3, 0x4f, 0x8f))).toBe('f3bf 8f4f');
  });

  it('finds the row of an address, in the middle of an instruction too', () => {
    const rows = layOut([line(0x100), line(0x102, { symbol: 'main+0x2', wide: true })], false);
    expect(rowAt(rows, 0x100)).toBe(1);
    expect(rowAt(rows, 0x104)).toBe(2);
    expect(rowAt(rows, 0x106)).toBe(-1);
  });

  it('lets the later answer win where two do not agree about alignment', () => {
    const known = [line(0x100), line(0x102, { wide: true }), line(0x106), line(0x108)];
    const later = [line(0x104), line(0x106, { text: 'later' })];
    expect(merge(known, later).map(({ place, text }) => `${place.address.toString(16)} ${text}`)).toEqual([
      '100 nop',
      '104 nop',
      '106 later',
      '108 nop',
    ]);
    expect(merge(known, [])).toEqual(known);
    expect(merge([], later)).toEqual(later);
  });

  it('keeps a bounded number of instructions around an address', () => {
    const many = Array.from({ length: 100 }, (_, index) => line(0x100 + 2 * index));
    const kept = trim(many, 0x100 + 2 * 50, 20);
    expect(kept).toHaveLength(20);
    expect(kept[0]!.place.address).toBe(0x100 + 2 * 40);
    expect(trim(many, 0x100, 20)[0]!.place.address).toBe(0x100);
    expect(trim(many, 0xffff, 20).at(-1)!.place.address).toBe(0x100 + 2 * 99);
    expect(trim(many, 0x100, 200)).toBe(many);
  });

  it('draws branches within the function and none for calls', () => {
    const rows = layOut(
      [
        line(0x100, { text: 'cbz r0, #0x106', target: { address: 0x106, symbol: 'main+0x6' } }),
        line(0x102, { symbol: 'main+0x2', text: 'bl #0x200', target: { address: 0x200, symbol: 'helper' } }),
        line(0x104, { symbol: 'main+0x4', text: 'b #0x100', target: { address: 0x100, symbol: 'main' } }),
        line(0x106, { symbol: 'main+0x6', text: 'b.w #0x180', target: { address: 0x180, symbol: 'main+0x80' } }),
        line(0x108, { symbol: 'main+0x8', text: 'b.w #0x300', target: { address: 0x300, symbol: 'other' } }),
      ],
      false,
    );
    const found = arrows(rows, 4);
    expect(found.map(({ fromAddress, toAddress, open }) => [fromAddress, toAddress, open])).toEqual([
      [0x100, 0x106, false],
      [0x104, 0x100, false],
      [0x106, 0x180, true],
    ]);
    expect(found[2]!.to).toBe(rows.length);
    expect(isData('.word 0x20000000')).toBe(true);
    expect(isData('b #4')).toBe(false);
    expect(isCall('bl #4')).toBe(true);
    expect(isCall('blt #4')).toBe(false);
    expect(isCall('bls #4')).toBe(false);
    expect(isCall('blx r3')).toBe(true);
  });

  it('nests arrows: short ones inside, crossing ones apart, one lane for one target', () => {
    const span = (from: number, to: number) => ({ from, to, fromAddress: from, toAddress: to, open: false });
    const lanes = (spans: [number, number][], most = 8) =>
      Object.fromEntries(
        assignLanes(
          spans.map(([from, to]) => span(from, to)),
          most,
        ).map(({ from, to, lane }) => [`${from}-${to}`, lane]),
      );
    expect(
      lanes([
        [0, 10],
        [2, 4],
        [6, 8],
      ]),
    ).toEqual({ '0-10': 1, '2-4': 0, '6-8': 0 });
    expect(
      lanes([
        [0, 5],
        [3, 8],
      ]),
    ).toEqual({ '0-5': 0, '3-8': 1 });
    // Three branches to one place lie on each other.
    expect(
      lanes([
        [0, 9],
        [2, 9],
        [4, 9],
      ]),
    ).toEqual({ '0-9': 0, '2-9': 0, '4-9': 0 });
    // More than there are lanes: the outermost has the rest.
    expect(
      lanes(
        [
          [0, 5],
          [1, 6],
          [2, 7],
          [3, 8],
        ],
        2,
      ),
    ).toEqual({ '0-5': 0, '1-6': 1, '2-7': 1, '3-8': 1 });
  });

  it('splits text for columns and colours', () => {
    expect(splitText('ldr.w r0, [sp, #4]')).toEqual(['ldr.w', 'r0, [sp, #4]']);
    expect(splitText('nop')).toEqual(['nop', '']);
    expect(tokens('s16, #1.5e+00').map(({ text }) => text)).toEqual(['s16', ', ', '#1.5e+00']);
    const operands = 'r0, [sp, #-0x10]!, {d8, lr}';
    const pieces = tokens(operands);
    expect(pieces.map(({ text }) => text).join('')).toBe(operands);
    expect(pieces.filter(({ kind }) => kind === 'register').map(({ text }) => text)).toEqual(['r0', 'sp', 'd8', 'lr']);
    expect(pieces.filter(({ kind }) => kind === 'number').map(({ text }) => text)).toEqual(['#-0x10']);
    expect(functionOf('main+0x1a')).toBe('main');
    expect(functionOf('a+b')).toBe('a+b');
  });
});
