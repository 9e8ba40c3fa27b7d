/** The hex view: rows over the whole address space, cursor, selection, editing in place. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { copyText } from '../../components/index.ts';
import { useBox } from '../../components/use-box.ts';
import { hex } from '../../format.ts';
import { go } from '../../store.ts';
import { bareHex } from '../cpu/numbers.ts';
import { write, writeNibble } from './edit.ts';
import {
  type Cursor,
  cellAtColumn,
  cells,
  fittingWidth,
  type Move,
  moveCursor,
  printable,
  rowCharacters,
  rowCount,
  rowOf,
} from './hex-layout.ts';
import { useReader } from './reader.ts';
import { type Stretch, stretchAt } from './regions.ts';
import { drawn, revealRow, type ScrollState, scrollPixels, scrollTo } from './scroll.ts';
import { ScrollBar } from './scroll-bar.tsx';
import { type ByteLook, hexSegments, type Segment, textSegments } from './segments.ts';
import { anchor, bytesVersion, cacheOf, cursor, found, goTo, group, pieces, selection, view, wish } from './state.ts';

const ROW = 1.55;

const MOVES: Readonly<Record<string, Move>> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
  PageUp: 'page-up',
  PageDown: 'page-down',
  Home: 'row-start',
  End: 'row-end',
};

export function HexGrid({ onError }: { readonly onError: (text: string | undefined) => void }) {
  const ruler = useRef<HTMLSpanElement>(null);
  const { element: box, width: pixels, height, rem, ref } = useBox<HTMLDivElement>();
  const [editing, setEditing] = useState(false);
  const [pending, setPending] = useState<number | undefined>(undefined);
  const [top, setTop] = useState(0);
  const drag = useRef(false);

  const character = useCharacterWidth(ruler, rem);
  const rowHeight = Math.max(1, Math.round(ROW * rem));
  const name = view.value;
  const size = group.value;
  const room = character === 0 ? 80 : Math.floor((pixels - 2.6 * rem) / character);
  const width = fittingWidth(room, size);
  const scroll: ScrollState = { top, rows: rowCount(width), visible: Math.max(1, height / rowHeight) };
  const { from, to, shift } = drawn(scrollTo(scroll, top), rowHeight);
  useReader(name, from * width, Math.min(2 ** 32, to * width), onError);

  const put = (next: ScrollState) => setTop(next.top);
  // The same byte stays at the upper edge when rows become longer or shorter.
  const widthBefore = useRef(width);
  useEffect(() => {
    if (widthBefore.current !== width) setTop((old) => Math.floor((old * widthBefore.current) / width));
    widthBefore.current = width;
  }, [width]);
  useEffect(() => {
    if (wish.value === undefined || height === 0) return;
    put(revealRow({ ...scroll }, rowOf(wish.value.address, width), 2));
  }, [wish.value?.serial, height === 0]);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    // Not a handler of JSX: those are passive, and the page must not scroll.
    const wheel = (event: WheelEvent) => {
      if (event.ctrlKey) return;
      event.preventDefault();
      const unit = event.deltaMode === 1 ? rowHeight * 1 : event.deltaMode === 2 ? height : 1;
      setTop((old) => scrollPixels({ ...scroll, top: old }, event.deltaY * unit, rowHeight).top);
    };
    element.addEventListener('wheel', wheel, { passive: false });
    return () => element.removeEventListener('wheel', wheel);
  }, [rowHeight, height, width]);

  const page = Math.max(1, Math.floor(scroll.visible) - 1);
  const moveTo = (next: Cursor, extend: boolean) => {
    if (extend) anchor.value ??= cursor.value.address;
    else anchor.value = undefined;
    setPending(undefined);
    cursor.value = next;
    put(revealRow(scroll, rowOf(next.address, width)));
  };

  const key = (event: KeyboardEvent) => {
    const now = cursor.value;
    const layout = { width, group: size, page };
    const move = MOVES[event.key];
    if (move !== undefined && !event.altKey && !event.metaKey) {
      const end = event.ctrlKey && event.key === 'Home' ? 'start' : event.ctrlKey && event.key === 'End' ? 'end' : move;
      // Outside of editing, bytes are steps, not digits.
      const start: Cursor = editing || move === 'up' || move === 'down' ? now : { ...now, nibble: move === 'right' ? 1 : 0 };
      const next = moveCursor(start, end, layout);
      moveTo(editing ? next : { ...next, nibble: 0 }, event.shiftKey);
    } else if (event.altKey && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) toNeighbour(now.address, event.key === 'ArrowDown');
    else if (event.key === 'Tab' && event.shiftKey === (now.column === 'ascii') && !event.ctrlKey) {
      cursor.value = { ...now, nibble: 0, column: now.column === 'hex' ? 'ascii' : 'hex' };
    } else if ((event.ctrlKey || event.metaKey) && event.key === 'c') void copySelection();
    else if (event.key === 'Enter' || event.key === 'F2') setEditing(!editing);
    else if (event.key === 'Escape' && (editing || anchor.value !== undefined)) {
      if (pending !== undefined) setPending(undefined);
      else if (editing) setEditing(false);
      else anchor.value = undefined;
    } else if (editing && type(event, now)) {
      // Typed.
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  /** True when the key was one that is written. */
  const type = (event: KeyboardEvent, now: Cursor): boolean => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1 || name === undefined) return false;
    const layout = { width, group: size, page };
    const next = () => {
      anchor.value = undefined;
      cursor.value = moveCursor({ ...now, nibble: 1 }, 'right', layout);
      setPending(undefined);
      put(revealRow(scroll, rowOf(cursor.value.address, width)));
    };
    if (now.column === 'ascii') {
      const code = event.key.charCodeAt(0);
      if (code < 0x20 || code > 0x7e) return false;
      void write(name, now.address, Uint8Array.of(code));
      next();
      return true;
    }
    const digit = Number.parseInt(event.key, 16);
    if (Number.isNaN(digit)) return false;
    if (now.nibble === 0) {
      setPending(digit);
      cursor.value = { ...now, nibble: 1 };
    } else {
      void writeNibble(name, now.address, pending, digit);
      next();
    }
    return true;
  };

  const at = (event: PointerEvent): Cursor | undefined => {
    const row = (event.target as HTMLElement).closest<HTMLElement>('[data-row]');
    const column = (event.target as HTMLElement).closest<HTMLElement>('[data-column]');
    if (row === null || column === null || character === 0) return undefined;
    const base = Number(row.dataset['row']) * width;
    const x = Math.floor((event.clientX - column.getBoundingClientRect().left) / character);
    if (column.dataset['column'] === 'ascii') return { address: base + Math.max(0, Math.min(width - 1, x)), nibble: 0, column: 'ascii' };
    const { index, nibble } = cellAtColumn(x, width, size);
    return { address: base + cells(width, size)[index]!.offset, nibble: editing ? nibble : 0, column: 'hex' };
  };

  const rows: number[] = [];
  for (let row = from; row < to; row += 1) rows.push(row);
  const now = cursor.value;
  bytesVersion.value;
  const current = name === undefined ? undefined : cacheOf(name).byte(now.address);
  return (
    <div class="memory-hex" style={{ '--memory-row': `${rowHeight}px` }}>
      <div
        ref={ref}
        class="memory-rows"
        role="application"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: no role but this lets a hex editor have its keys
        tabIndex={0}
        aria-label={`Memory as ${name ?? ''} sees it. Arrows move, Enter edits, Alt with arrows goes to the next region.`}
        onKeyDown={key}
        onBlur={() => {
          setEditing(false);
          setPending(undefined);
        }}
        onPointerDown={(event) => {
          const next = at(event);
          if (next === undefined || event.button !== 0) return;
          event.currentTarget.setPointerCapture?.(event.pointerId);
          drag.current = true;
          moveTo(next, event.shiftKey);
        }}
        onPointerMove={(event) => {
          if (!drag.current) return;
          const over = document.elementFromPoint(event.clientX, event.clientY);
          const next = over === null ? undefined : at({ target: over, clientX: event.clientX } as unknown as PointerEvent);
          if (next !== undefined && next.address !== cursor.value.address) moveTo(next, true);
        }}
        onPointerUp={() => {
          drag.current = false;
        }}
        onDblClick={() => setEditing(true)}
      >
        <span ref={ruler} class="memory-ruler" aria-hidden="true">
          {'0'.repeat(100)}
        </span>
        <div class="memory-sheet" style={{ transform: `translateY(${-shift}px)` }}>
          {rows.map((row) => (
            <HexRow key={row} row={row} width={width} first={row === from} pending={pending} />
          ))}
        </div>
        {editing && <span class="memory-editing">editing · Enter or Esc ends</span>}
        <span class="visually-hidden" role="status">
          {`${hex(now.address)}: ${current === undefined ? 'not readable' : `${hex(current, 2)} ${printable(current)}`}`}
        </span>
      </div>
      <ScrollBar scroll={scroll} width={width} onScroll={(next) => setTop(next.top)} />
    </div>
  );
}

/** Pixels of one character of the font: the rows are hit by the pointer in characters. */
function useCharacterWidth(ruler: { current: HTMLSpanElement | null }, rem: number): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const measure = () => setWidth((ruler.current?.getBoundingClientRect().width ?? 0) / 100);
    measure();
    void document.fonts?.ready.then(measure);
  }, [rem]);
  return width;
}

function toNeighbour(address: number, forward: boolean): void {
  const mapped = pieces.value.filter(({ kind }) => kind !== 'hole');
  const target = forward ? mapped.find(({ from }) => from > address) : mapped.findLast(({ from }) => from < address);
  if (target !== undefined) goTo(target.from);
}

async function copySelection(): Promise<void> {
  const { address, size } = selection.value;
  const name = view.value;
  if (name === undefined) return;
  const data = cacheOf(name).run(address, Math.min(size, 65_536));
  await copyText([...data].map((byte) => byte.toString(16).padStart(2, '0')).join(' '));
}

function HexRow(props: { readonly row: number; readonly width: number; readonly first: boolean; readonly pending: number | undefined }) {
  const { row, width } = props;
  // Bytes come later than their rows.
  bytesVersion.value;
  const base = row * width;
  const piece = stretchAt(pieces.value, base);
  const order = useMemo(() => cells(width, group.value), [width, group.value]);
  const mixed = piece.to < base + width;
  if (piece.kind !== 'ram' && !mixed) return <EmptyRow row={row} piece={piece} width={width} first={props.first} />;
  const cache = cacheOf(view.value ?? '');
  const chosen = selection.value;
  const hits = found.value?.view === view.value ? found.value : undefined;
  const look = (column: Cursor['column']) => (offset: number) => {
    const address = base + offset;
    const here = address === cursor.value.address;
    const held = here && column === 'hex' && props.pending !== undefined ? props.pending : undefined;
    const value = cache.byte(address);
    return {
      value: held === undefined ? value : (held << 4) | ((value ?? 0) & 15),
      changed: held !== undefined || cache.before(address) !== undefined,
      selected: chosen.many && address >= chosen.address && address - chosen.address < chosen.size,
      found: hits?.addresses.some((start) => address >= start && address - start < hits.size) === true,
      cursor: here,
    } satisfies ByteLook;
  };
  return (
    <div class="memory-row" data-row={row}>
      <span class="memory-address">{bareHex(base)}</span>
      <span class="memory-digits" data-column="hex">
        <Pieces list={hexSegments(order, group.value, look('hex'))} />
      </span>
      <span class="memory-text" data-column="ascii">
        <Pieces list={textSegments(width, look('ascii'))} />
      </span>
    </div>
  );
}

function Pieces({ list }: { readonly list: readonly Segment[] }) {
  return (
    <>
      {list.map(({ text, look }, index) =>
        look === '' ? (
          text
        ) : (
          <span
            key={index}
            class={look
              .split(' ')
              .map((word) => `memory-${word}`)
              .join(' ')}
          >
            {text}
          </span>
        ),
      )}
    </>
  );
}

function EmptyRow({
  row,
  piece,
  width,
  first,
}: {
  readonly row: number;
  readonly piece: Stretch;
  readonly width: number;
  readonly first: boolean;
}) {
  const start = Math.ceil(piece.from / width);
  const noted = first || row === start;
  return (
    <div
      class={`memory-row memory-row-${piece.kind}`}
      data-row={row}
      style={{ width: `max(100%, ${rowCharacters(width, group.value)}ch)` }}
    >
      <span class="memory-address">{bareHex(row * width)}</span>
      <span class="memory-digits" data-column="hex">
        {noted && <Note piece={piece} />}
      </span>
    </div>
  );
}

function Note({ piece }: { readonly piece: Stretch }) {
  if (piece.kind === 'device') {
    return (
      <span class="memory-note">
        <b>{piece.region.name}</b>: registers of a device, which are not read here.{' '}
        <button type="button" class="cpu-link" onClick={() => go('peripherals', { name: piece.region.name })}>
          Show them by name
        </button>
      </span>
    );
  }
  const { next } = piece as Stretch & { kind: 'hole' };
  return (
    <span class="memory-note">
      Nothing is mapped from {hex(piece.from)} to {hex(piece.to - 1)}.{' '}
      {next !== undefined && (
        <button type="button" class="cpu-link" onClick={() => goTo(next.base)}>
          {`${next.name} follows`}
        </button>
      )}
    </span>
  );
}
