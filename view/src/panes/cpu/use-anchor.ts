/** Scrolling of the disassembly: rows that come before those in sight do not move them, and an address that is aimed at is brought into sight. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { reveal } from '../../components/virtual-rows.ts';
import { type Row, rowAt } from './disassembly-layout.ts';

/** Rows from an end at which more are asked for. */
const NEAR = 20;

export interface Anchored {
  readonly scrollTop: number;
  readonly onScroll: () => void;
  /** Brings a row into sight. */
  readonly reveal: (row: number, margin: number) => void;
}

export function useAnchor(props: {
  readonly scroller: { current: HTMLElement | null };
  readonly rows: readonly Row[];
  readonly rowHeight: number;
  readonly height: number;
  readonly aim: { current: number | undefined };
  readonly onEdge: (edge: 'start' | 'end') => void;
}): Anchored {
  const { scroller, rows, rowHeight, height, aim } = props;
  const [scrollTop, setScrollTop] = useState(0);
  /** The first code row in sight and how far down it is. */
  const anchor = useRef<{ readonly address: number; readonly offset: number } | undefined>(undefined);

  const note = () => {
    const element = scroller.current;
    if (element === null) return;
    for (let index = Math.max(0, Math.floor(element.scrollTop / rowHeight)); index < rows.length; index += 1) {
      const row = rows[index]!;
      if (row.kind !== 'code') continue;
      anchor.current = { address: row.address, offset: index * rowHeight - element.scrollTop };
      return;
    }
  };
  /** Where to scroll so that the anchor stays where it was. */
  const held = (): number | undefined => {
    const at = anchor.current === undefined ? -1 : rowAt(rows, anchor.current.address);
    return at === -1 ? undefined : Math.max(0, at * rowHeight - anchor.current!.offset);
  };

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null || rows.length === 0) return;
    const at = aim.current === undefined ? -1 : rowAt(rows, aim.current);
    const before = held();
    if (at >= 0) {
      aim.current = undefined;
      element.scrollTop = reveal(at, before ?? element.scrollTop, element.clientHeight, rowHeight, rows.length, 4);
    } else if (before !== undefined && Math.abs(before - element.scrollTop) > 1) element.scrollTop = before;
    note();
  }, [rows, rowHeight, height]);

  return {
    scrollTop,
    onScroll: () => {
      const element = scroller.current;
      if (element === null) return;
      setScrollTop(element.scrollTop);
      note();
      if (element.scrollTop < NEAR * rowHeight) props.onEdge('start');
      else if (element.scrollTop + element.clientHeight > element.scrollHeight - NEAR * rowHeight) props.onEdge('end');
    },
    reveal: (row, margin) => {
      const element = scroller.current;
      if (element !== null) element.scrollTop = reveal(row, element.scrollTop, element.clientHeight, rowHeight, rows.length, margin);
    },
  };
}
