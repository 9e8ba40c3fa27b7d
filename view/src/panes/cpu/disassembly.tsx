/** The disassembly: what is around the PC or any address, with sources, branches, and breakpoints in the gutter. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { InstructionLine, StackFrame, StopperView } from '../../../../src/view/protocol.ts';
import { EmptyState, ErrorState, Loading } from '../../components/index.ts';
import { hex } from '../../format.ts';
import { request, state, stoppers } from '../../store.ts';
import { BranchArrows, LANES } from './branch-arrows.tsx';
import { arrows as branchArrows, layOut, merge, type Row, rowAt, trim } from './disassembly-layout.ts';
import { CodeRow, GapRow, LabelRow, SourceRow } from './disassembly-rows.tsx';
import { ask, failure } from './live.ts';
import { reveal, visibleRows } from './rows.ts';
import { follow, show, wish } from './selection.ts';
import { isMissing, sourcesVersion } from './sources.ts';
import { runTo } from './stepping.ts';
import { useBox } from './use-box.ts';

/** Instructions that are asked for before and after an address, and kept at most. */
const BEFORE = 48;
const AFTER = 112;
const MOST = 640;
/** Height of a row in rem. */
const ROW = 1.6;

interface Listing {
  readonly core: string | undefined;
  readonly lines: readonly InstructionLine[];
  readonly error?: string;
}

export function Disassembly(props: {
  readonly core: string | undefined;
  readonly pc: number | undefined;
  readonly frames: readonly StackFrame[];
  readonly withSource: boolean;
}) {
  const { core, pc } = props;
  const [listing, setListing] = useState<Listing>({ core, lines: [] });
  const [cursor, setCursor] = useState<number | undefined>(undefined);
  const history = useRef<number[]>([]);
  const scroller = useRef<HTMLDivElement>(null);
  /** An address that is to be brought into sight when its rows are there. */
  const aim = useRef<number | undefined>(undefined);
  /** The first code row in sight and how far down it is: rows that come before it must not move it. */
  const anchor = useRef<{ readonly address: number; readonly offset: number } | undefined>(undefined);
  const loading = useRef(new Set<string>());
  const { width, height, rem, ref } = useBox(scroller);
  const rowHeight = Math.round(ROW * rem);
  const [scrollTop, setScrollTop] = useState(0);

  const rows = useMemo(() => layOut(listing.lines, props.withSource, isMissing), [listing.lines, props.withSource, sourcesVersion.value]);
  const arrows = useMemo(() => branchArrows(rows, LANES), [rows]);

  /** Rises with every way to another place: answers to what was asked for before it are of no use. */
  const generation = useRef(0);

  /** Asks for instructions around an address. `fresh`: what is there is of another place or moment. */
  const load = async (address: number, before: number, count: number, fresh: boolean) => {
    const asked = generation.current;
    const key = `${asked} ${address} ${before} ${count}`;
    if (loading.current.has(key)) return;
    loading.current.add(key);
    try {
      const lines = await request('cpu.disassemble', { address, before, count, ...(core === undefined ? {} : { core }) });
      if (asked !== generation.current) return;
      setListing((old) => ({ core, lines: trim(!fresh && old.core === core ? merge(old.lines, lines) : lines, address, MOST) }));
    } catch (error) {
      if (asked === generation.current)
        setListing((old) => (old.lines.length > 0 && !fresh ? old : { core, lines: [], error: failure(error) }));
    } finally {
      loading.current.delete(key);
    }
  };

  const goTo = (address: number) => {
    generation.current += 1;
    aim.current = address;
    setCursor(address);
    void load(address, BEFORE, BEFORE + AFTER, rowAt(rows, address) < 0);
  };

  // The PC after a halt. The code around it is asked for again: it may have been loaded or written meanwhile.
  const running = state.value?.running === true;
  useEffect(() => {
    if (pc === undefined || core === undefined) return;
    if (listing.core !== core || listing.lines.length === 0) goTo(pc);
    else if (follow.value && !running) goTo(pc);
  }, [pc, core, running]);
  useEffect(() => {
    const wanted = wish.value;
    if (wanted === undefined || core === undefined) return;
    if (cursor !== undefined) history.current.push(cursor);
    goTo(wanted.address);
    scroller.current?.focus({ preventScroll: true });
  }, [wish.value?.serial, core]);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null || rowHeight === 0 || rows.length === 0) return;
    const wanted = aim.current;
    const at = wanted === undefined ? -1 : rowAt(rows, wanted);
    if (wanted !== undefined && at >= 0) {
      aim.current = undefined;
      element.scrollTop = reveal(
        at,
        holdAnchor(rows, anchor.current, rowHeight) ?? element.scrollTop,
        element.clientHeight,
        rowHeight,
        rows.length,
        4,
      );
    } else {
      const held = holdAnchor(rows, anchor.current, rowHeight);
      if (held !== undefined && Math.abs(held - element.scrollTop) > 1) element.scrollTop = held;
    }
    noteAnchor();
  }, [rows, rowHeight, height]);

  const noteAnchor = () => {
    const element = scroller.current;
    if (element === null || rowHeight === 0) return;
    for (let index = Math.max(0, Math.floor(element.scrollTop / rowHeight)); index < rows.length; index += 1) {
      const row = rows[index]!;
      if (row.kind !== 'code') continue;
      anchor.current = { address: row.address, offset: index * rowHeight - element.scrollTop };
      break;
    }
  };

  const scrolled = () => {
    const element = scroller.current;
    if (element === null || rowHeight === 0) return;
    setScrollTop(element.scrollTop);
    noteAnchor();
    const { lines } = listing;
    if (lines.length === 0) return;
    const near = 20 * rowHeight;
    const first = lines[0]!.place.address;
    const last = lines[lines.length - 1]!.place.address;
    if (element.scrollTop < near && first > 0) void load(first, 96, 97, false);
    else if (element.scrollTop + element.clientHeight > element.scrollHeight - near) void load(last, 0, 128, false);
  };

  const breakpoints = useMemo(() => {
    const found = new Map<number, StopperView>();
    for (const stopper of stoppers.value) {
      if (stopper.kind === 'breakpoint' && (core === undefined || stopper.core === core)) found.set(stopper.place.address & ~1, stopper);
    }
    return found;
  }, [stoppers.value, core]);

  const toggle = async (address: number) => {
    const known = breakpoints.get(address);
    if (known !== undefined) await ask('stoppers.remove', { id: known.id });
    else await ask('stoppers.add', { at: address, ...(core === undefined ? {} : { core }) });
  };

  const jump = (address: number) => show(address);
  const back = () => {
    const address = history.current.pop();
    if (address !== undefined) goTo(address);
  };

  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey) return;
    const page = Math.max(1, Math.floor(height / Math.max(1, rowHeight)) - 3);
    const moves: Record<string, number> = { ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page };
    const step = moves[event.key];
    const code = rows.filter((row): row is Row & { kind: 'code' } => row.kind === 'code');
    const here = code.findIndex(({ address }) => address === cursor);
    const row = code[here];
    if (step !== undefined && !event.altKey && !event.shiftKey && code.length > 0) {
      const start = here === -1 ? (step > 0 ? -1 : 0) : here;
      const next = code[Math.max(0, Math.min(code.length - 1, start + step))]!;
      setCursor(next.address);
      const element = scroller.current!;
      element.scrollTop = reveal(rowAt(rows, next.address), element.scrollTop, element.clientHeight, rowHeight, rows.length, 2);
    } else if ((event.key === ' ' || event.key === 'F9') && row !== undefined) void toggle(row.address);
    else if (event.key === 'h' && row !== undefined) void runTo(row.address);
    else if (event.key === 'Enter' && row?.line.target !== undefined) jump(row.line.target.address);
    else if (event.key === 'Backspace' || (event.key === 'ArrowLeft' && event.altKey)) back();
    else if (event.key === '.' && pc !== undefined) goTo(pc);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  if (listing.error !== undefined && rows.length === 0) {
    return (
      <ErrorState title="There is no code here" retry={() => pc !== undefined && goTo(pc)}>
        <p>{listing.error}</p>
      </ErrorState>
    );
  }
  const span = visibleRows(scrollTop, height, Math.max(1, rowHeight), rows.length, 12);
  const returns = new Map(props.frames.slice(1).map(({ place }, index) => [place.address & ~1, index + 1] as const));
  const wide = width / Math.max(1, rem) > 46;
  return (
    <div
      ref={(element) => {
        scroller.current = element;
        ref(element);
      }}
      class={`cpu-disassembly${wide ? ' cpu-disassembly-wide' : ''}`}
      role="listbox"
      tabIndex={0}
      aria-label={`Disassembly${core === undefined ? '' : ` of ${core}`}. Space sets a breakpoint, H runs to the line, Enter follows a branch, Backspace goes back.`}
      aria-activedescendant={cursor === undefined ? undefined : `cpu-code-${cursor.toString(16)}`}
      onScroll={scrolled}
      onKeyDown={key}
      style={{ '--cpu-row': `${rowHeight}px` }}
    >
      {rows.length === 0 &&
        (pc === undefined ? (
          <EmptyState title="Nothing to disassemble yet" icon="cpu">
            <p>The core is held in reset. Its code is shown as soon as it has started.</p>
          </EmptyState>
        ) : (
          <Loading what={`Disassembling at ${hex(pc)}`} />
        ))}
      <div class="cpu-code-sheet" role="none" style={{ height: `${rows.length * rowHeight}px` }}>
        <BranchArrows arrows={arrows} span={span} rowHeight={rowHeight} rem={rem} cursor={cursor} pc={pc} />
        {rows.slice(span.from, span.to).map((row, index) => {
          const top = (span.from + index) * rowHeight;
          if (row.kind === 'label') return <LabelRow key={`l${row.address}`} top={top} text={row.text} />;
          if (row.kind === 'gap') return <GapRow key={`g${row.address}`} top={top} bytes={row.bytes} />;
          if (row.kind === 'source') return <SourceRow key={`s${row.address}:${row.line}`} top={top} row={row} />;
          return (
            <CodeRow
              key={row.address}
              top={top}
              row={row}
              pc={pc !== undefined && (pc & ~1) >>> 0 === row.address}
              frame={returns.get(row.address)}
              cursor={cursor === row.address}
              breakpoint={breakpoints.get(row.address)}
              onCursor={() => setCursor(row.address)}
              onToggle={() => void toggle(row.address)}
              onRunTo={() => void runTo(row.address)}
              onJump={jump}
            />
          );
        })}
      </div>
    </div>
  );
}

/** Where to scroll so that the anchor stays where it was. */
function holdAnchor(
  rows: readonly Row[],
  anchor: { readonly address: number; readonly offset: number } | undefined,
  rowHeight: number,
): number | undefined {
  if (anchor === undefined) return undefined;
  const at = rowAt(rows, anchor.address);
  return at === -1 ? undefined : Math.max(0, at * rowHeight - anchor.offset);
}
