/**
 * Rows of the hex view: 16 (or 8, 32) bytes each over the whole 4 GiB, in groups that are shown as bytes or as little-endian values; which digit on the
 * screen is which nibble of which byte, and where the cursor goes. No DOM.
 */

export const ADDRESS_SPACE = 2 ** 32;

export type GroupSize = 1 | 2 | 4 | 8;

export const GROUPS: readonly { readonly size: GroupSize; readonly name: string; readonly key: string }[] = [
  { size: 1, name: 'byte', key: '1' },
  { size: 2, name: 'half', key: '2' },
  { size: 4, name: 'word', key: '4' },
  { size: 8, name: 'quad', key: '8' },
];

/** One digit pair on the screen: the offset of its byte in the row. */
export interface Cell {
  readonly offset: number;
  /** A group begins with it. */
  readonly start: boolean;
}

/** The bytes of a row in the order in which their digits are shown: within a group the most significant first. */
export function cells(width: number, group: GroupSize): Cell[] {
  const order: Cell[] = [];
  for (let base = 0; base < width; base += group) {
    for (let index = 0; index < group; index += 1) order.push({ offset: base + group - 1 - index, start: index === 0 });
  }
  return order;
}

export function rowCount(width: number): number {
  return ADDRESS_SPACE / width;
}

export function rowOf(address: number, width: number): number {
  return Math.floor(address / width);
}

/** Where the cursor stands: a byte, and in hex which of its digits (0 is the high one). */
export interface Cursor {
  readonly address: number;
  readonly nibble: 0 | 1;
  readonly column: 'hex' | 'ascii';
}

export type Move = 'left' | 'right' | 'up' | 'down' | 'page-up' | 'page-down' | 'row-start' | 'row-end' | 'start' | 'end';

/** Moves the cursor as its digits are seen: in a group of four `right` goes from the most significant byte to the one at the lower address. */
export function moveCursor(cursor: Cursor, move: Move, layout: { width: number; group: GroupSize; page: number }): Cursor {
  const { width, group, page } = layout;
  const row = rowOf(cursor.address, width) * width;
  const last = ADDRESS_SPACE - 1;
  const clamp = (address: number) => Math.max(0, Math.min(last, address));
  const vertical = (rows: number) => {
    const address = cursor.address + rows * width;
    return {
      ...cursor,
      address: address < 0 ? cursor.address % width : address > last ? last - (width - 1) + (cursor.address % width) : address,
    };
  };
  switch (move) {
    case 'up':
      return vertical(-1);
    case 'down':
      return vertical(1);
    case 'page-up':
      return vertical(-page);
    case 'page-down':
      return vertical(page);
    case 'start':
      return { ...cursor, address: 0, nibble: 0 };
    case 'end':
      return { ...cursor, address: last, nibble: 0 };
    case 'row-start':
    case 'row-end': {
      const order = cells(width, cursor.column === 'ascii' ? 1 : group);
      return { ...cursor, address: row + order[move === 'row-start' ? 0 : width - 1]!.offset, nibble: 0 };
    }
    case 'left':
    case 'right': {
      const forward = move === 'right';
      if (cursor.column === 'ascii') return { ...cursor, nibble: 0, address: clamp(cursor.address + (forward ? 1 : -1)) };
      if (forward && cursor.nibble === 0) return { ...cursor, nibble: 1 };
      if (!forward && cursor.nibble === 1) return { ...cursor, nibble: 0 };
      const next = neighbour(cursor.address, forward, width, group);
      return next === undefined ? cursor : { ...cursor, address: next, nibble: forward ? 0 : 1 };
    }
  }
}

/** The byte whose digits stand next to those of `address`; undefined at the ends of the address space. */
export function neighbour(address: number, forward: boolean, width: number, group: GroupSize): number | undefined {
  const order = cells(width, group);
  const row = rowOf(address, width);
  const at = order.findIndex(({ offset }) => offset === address % width) + (forward ? 1 : -1);
  if (at >= 0 && at < width) return row * width + order[at]!.offset;
  const other = row + (forward ? 1 : -1);
  if (other < 0 || other >= rowCount(width)) return undefined;
  return other * width + order[forward ? 0 : width - 1]!.offset;
}

/** A byte with one of its digits replaced. */
export function withNibble(byte: number, nibble: 0 | 1, digit: number): number {
  return nibble === 0 ? (byte & 0x0f) | (digit << 4) : (byte & 0xf0) | digit;
}

/** What stands for a byte in the text column. */
export function printable(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·';
}

/** Bytes of a row that fit into so many characters: 8, 16 or 32. */
export function fittingWidth(characters: number, group: GroupSize): 8 | 16 | 32 {
  for (const width of [32, 16] as const) if (rowCharacters(width, group) <= characters) return width;
  return 8;
}

/** Characters of a row: address, groups with a space between (and one more in the middle), text. */
export function rowCharacters(width: number, group: GroupSize): number {
  return 8 + 2 + width * 2 + width / group + 2 + width + 2;
}

/** The character column in which the digits of the `index`th cell begin: a space between groups, another in the middle of the row. */
export function cellColumn(index: number, width: number, group: GroupSize): number {
  const spaces = Math.floor(index / group) + (index >= width / 2 && width > group ? 1 : 0);
  return index * 2 + spaces;
}

/** The cell of a character column, and which of its digits; the nearest where there is a space. */
export function cellAtColumn(column: number, width: number, group: GroupSize): { readonly index: number; readonly nibble: 0 | 1 } {
  let index = 0;
  while (index < width - 1 && cellColumn(index + 1, width, group) <= column) index += 1;
  return { index, nibble: column > cellColumn(index, width, group) ? 1 : 0 };
}
