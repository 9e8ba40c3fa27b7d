import { describe, expect, it } from 'vitest';
import {
  type Cursor,
  cellAtColumn,
  cellColumn,
  cells,
  fittingWidth,
  moveCursor,
  neighbour,
  printable,
  rowCharacters,
  withNibble,
} from '../../view/src/panes/memory/hex-layout.ts';
import { drawn, revealRow, type ScrollState, scrollPixels, scrollTo, scrollToThumb, thumb } from '../../view/src/panes/memory/scroll.ts';
import { hexSegments, textSegments } from '../../view/src/panes/memory/segments.ts';

describe('rows of the hex view', () => {
  it('shows the digits of a group with the most significant byte first', () => {
    expect(cells(8, 1).map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(cells(8, 2).map(({ offset }) => offset)).toEqual([1, 0, 3, 2, 5, 4, 7, 6]);
    expect(cells(8, 4).map(({ offset }) => offset)).toEqual([3, 2, 1, 0, 7, 6, 5, 4]);
    expect(
      cells(16, 8)
        .map(({ start }, index) => (start ? index : -1))
        .filter((index) => index >= 0),
    ).toEqual([0, 8]);
  });

  it('goes to the byte that is seen beside, over rows', () => {
    expect(neighbour(0x100, true, 16, 1)).toBe(0x101);
    expect(neighbour(0x103, true, 16, 4)).toBe(0x102);
    expect(neighbour(0x100, true, 16, 4)).toBe(0x107);
    expect(neighbour(0x10c, true, 16, 4)).toBe(0x113);
    expect(neighbour(0x113, false, 16, 4)).toBe(0x10c);
    expect(neighbour(0, false, 16, 1)).toBeUndefined();
    expect(neighbour(0xffff_ffff, true, 16, 1)).toBeUndefined();
    // Forward through all of two rows visits every byte once.
    for (const group of [1, 2, 4, 8] as const) {
      const seen = new Set<number>();
      let at: number | undefined = cells(16, group)[0]!.offset;
      while (at !== undefined && at < 32) {
        seen.add(at);
        at = neighbour(at, true, 16, group);
      }
      expect(seen.size).toBe(32);
    }
  });

  it('moves the cursor by digits, bytes, rows and pages', () => {
    const layout = { width: 16, group: 1, page: 10 } as const;
    const hex = (address: number, nibble: 0 | 1 = 0): Cursor => ({ address, nibble, column: 'hex' });
    expect(moveCursor(hex(0x10), 'right', layout)).toEqual(hex(0x10, 1));
    expect(moveCursor(hex(0x10, 1), 'right', layout)).toEqual(hex(0x11));
    expect(moveCursor(hex(0x10), 'left', layout)).toEqual(hex(0x0f, 1));
    expect(moveCursor(hex(0), 'left', layout)).toEqual(hex(0));
    expect(moveCursor(hex(0x1f), 'up', layout)).toEqual(hex(0x0f));
    expect(moveCursor(hex(0x0f), 'up', layout)).toEqual(hex(0x0f));
    expect(moveCursor(hex(0x100), 'page-up', layout)).toEqual(hex(0x60));
    expect(moveCursor(hex(0x18), 'page-up', layout)).toEqual(hex(0x8));
    expect(moveCursor(hex(0xffff_fff3), 'page-down', layout)).toEqual(hex(0xffff_fff3));
    expect(moveCursor(hex(0x25, 1), 'row-start', layout)).toEqual(hex(0x20));
    expect(moveCursor(hex(0x25), 'row-end', { ...layout, group: 4 })).toEqual(hex(0x2c));
    expect(moveCursor(hex(0x25), 'end', layout)).toEqual(hex(0xffff_ffff));
    const text: Cursor = { address: 0x10, nibble: 0, column: 'ascii' };
    expect(moveCursor(text, 'right', { ...layout, group: 8 })).toEqual({ ...text, address: 0x11 });
  });

  it('edits digits', () => {
    expect(withNibble(0xab, 0, 0x5)).toBe(0x5b);
    expect(withNibble(0xab, 1, 0x5)).toBe(0xa5);
    expect(printable(0x41)).toBe('A');
    expect(printable(0x00)).toBe('·');
    expect(printable(0x7f)).toBe('·');
  });

  it('takes the widest row that fits', () => {
    expect(rowCharacters(16, 1)).toBe(8 + 2 + 32 + 16 + 2 + 16 + 2);
    expect(fittingWidth(200, 1)).toBe(32);
    expect(fittingWidth(100, 1)).toBe(16);
    expect(fittingWidth(60, 1)).toBe(8);
    // Wide groups need less.
    expect(fittingWidth(120, 8)).toBe(32);
  });
});

describe('scrolling over 4 GiB', () => {
  const rows = 2 ** 28;
  const state: ScrollState = { top: 0, rows, visible: 30.5 };

  it('moves by pixels anywhere, exactly', () => {
    const far = scrollTo(state, 123_456_789);
    expect(scrollPixels(far, 22, 22).top).toBe(123_456_790);
    expect(scrollPixels(far, -11, 22).top).toBe(123_456_788.5);
    expect(scrollPixels(state, -100, 22).top).toBe(0);
    expect(scrollTo(state, 1e12).top).toBe(rows - 30.5);
    expect(drawn(scrollPixels(far, 11, 22), 22)).toEqual({ from: 123_456_789, to: 123_456_820, shift: 11 });
    expect(drawn(scrollTo(state, 1e12), 22).to).toBe(rows);
  });

  it('shows a row: near ones by as little as possible, far ones in the upper third', () => {
    const here = scrollTo(state, 1000);
    expect(revealRow(here, 1010)).toBe(here);
    expect(revealRow(here, 999).top).toBe(998);
    expect(revealRow(here, 1030).top).toBe(1032 - 30.5);
    expect(revealRow(here, 50_000).top).toBe(Math.floor(50_000 - 30.5 / 3));
    expect(revealRow(here, 0).top).toBe(0);
  });

  it('has a bar whose thumb can be grasped and dragged to both ends', () => {
    expect(thumb(state, 600)).toEqual({ start: 0, length: 24 });
    const end = scrollToThumb(state, 576, 600);
    expect(end.top).toBe(Math.floor(rows - 30.5));
    expect(thumb(end, 600).start).toBeCloseTo(576);
    expect(scrollToThumb(state, 288, 600).top).toBe(Math.floor((rows - 30.5) / 2));
    const short: ScrollState = { top: 0, rows: 10, visible: 30 };
    expect(thumb(short, 600)).toEqual({ start: 0, length: 600 });
    expect(scrollToThumb(short, 5, 600).top).toBe(0);
  });
});

describe('digits on the screen', () => {
  it('stand in columns that lead back to their bytes', () => {
    for (const width of [8, 16, 32] as const) {
      for (const group of [1, 2, 4, 8] as const) {
        for (let index = 0; index < width; index += 1) {
          const column = cellColumn(index, width, group);
          expect(cellAtColumn(column, width, group)).toEqual({ index, nibble: 0 });
          expect(cellAtColumn(column + 1, width, group)).toEqual({ index, nibble: 1 });
        }
      }
    }
    expect(cellColumn(1, 16, 1)).toBe(3);
    expect(cellColumn(8, 16, 1)).toBe(25);
    expect(cellColumn(4, 16, 4)).toBe(9);
    expect(cellAtColumn(-5, 16, 1).index).toBe(0);
    expect(cellAtColumn(500, 16, 1).index).toBe(15);
  });

  it('are few pieces of text, one for each look', () => {
    const look = (changed: readonly number[]) => (offset: number) => ({
      value: offset === 15 ? undefined : offset + 1,
      changed: changed.includes(offset),
      selected: offset >= 4 && offset < 8,
      found: false,
      cursor: false,
    });
    const pieces = hexSegments(cells(16, 1), 1, look([1]));
    expect(pieces.map(({ text }) => text).join('')).toBe('01 02 03 04 05 06 07 08  09 0a 0b 0c 0d 0e 0f ··');
    expect(pieces.map(({ look: each }) => each)).toEqual(['', 'changed', '', 'selected', '', 'unknown']);
    expect(pieces.find((piece) => piece.look === 'selected')?.text).toBe('05 06 07 08');
    const words = hexSegments(cells(16, 4), 4, look([]));
    expect(words.map(({ text }) => text).join('')).toBe('04030201 08070605  0c0b0a09 ··0f0e0d');
    const text = textSegments(16, (offset) => ({ ...look([])(offset), value: 0x41 + offset, selected: false }));
    expect(text).toEqual([{ text: 'ABCDEFGHIJKLMNOP', look: '' }]);
  });
});
