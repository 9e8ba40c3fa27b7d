/** A row of the hex view as pieces of text of one look each: few of them, so that scrolling stays fast. No DOM. */
import { type Cell, cellColumn, type GroupSize, printable } from './hex-layout.ts';

export interface Segment {
  readonly text: string;
  /** Class names, without prefix: `changed selected`. */
  readonly look: string;
}

/** What is known of a byte. */
export interface ByteLook {
  /** Undefined: not read, or nothing there. */
  readonly value: number | undefined;
  readonly changed: boolean;
  readonly selected: boolean;
  readonly found: boolean;
  readonly cursor: boolean;
}

/** `dim`: it is 0, and so is all of its group. */
function lookOf(byte: ByteLook, dim = byte.value === 0): string {
  return [
    byte.value === undefined ? 'unknown' : dim && !byte.changed ? 'zero' : '',
    byte.changed ? 'changed' : '',
    byte.found ? 'found' : '',
    byte.selected ? 'selected' : '',
    byte.cursor ? 'cursor' : '',
  ]
    .filter(Boolean)
    .join(' ');
}

/** Digits of a row. `look` tells of a byte by its offset. */
export function hexSegments(order: readonly Cell[], group: GroupSize, look: (offset: number) => ByteLook): Segment[] {
  const pieces: Segment[] = [];
  const bytes = order.map(({ offset }) => look(offset));
  let column = 0;
  for (const [index, byte] of bytes.entries()) {
    const start = index - (index % group);
    const dim = bytes.slice(start, start + group).every(({ value }) => value === 0);
    const at = cellColumn(index, order.length, group);
    const gap = ' '.repeat(at - column);
    const text = byte.value === undefined ? '··' : byte.value.toString(16).padStart(2, '0');
    push(pieces, gap, gapLook(pieces.at(-1)?.look, lookOf(byte, dim)));
    push(pieces, text, lookOf(byte, dim));
    column = at + 2;
  }
  return pieces;
}

/** Characters of a row. */
export function textSegments(width: number, look: (offset: number) => ByteLook): Segment[] {
  const pieces: Segment[] = [];
  for (let offset = 0; offset < width; offset += 1) {
    const byte = look(offset);
    const plain = lookOf(byte);
    const text = byte.value === undefined ? ' ' : printable(byte.value);
    push(pieces, text, text === '·' && !plain.includes('zero') ? `dot ${plain}`.trim() : plain);
  }
  return pieces;
}

/** The space between two selected (or found) groups belongs to the selection. */
function gapLook(before: string | undefined, after: string): string {
  const both = (word: string) => before?.includes(word) === true && after.includes(word);
  return both('selected') ? 'selected' : both('found') ? 'found' : '';
}

function push(pieces: Segment[], text: string, look: string): void {
  if (text === '') return;
  const last = pieces.at(-1);
  if (last?.look === look) pieces[pieces.length - 1] = { text: last.text + text, look };
  else pieces.push({ text, look });
}
