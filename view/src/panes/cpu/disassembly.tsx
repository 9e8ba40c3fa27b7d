/** The disassembly: what is around the PC or any address, with sources, branches, and breakpoints in the gutter. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { StackFrame, StopperView } from '../../../../src/view/protocol.ts';
import { EmptyState, ErrorState, Loading } from '../../components/index.ts';
import { useBox } from '../../components/use-box.ts';
import { visibleRows } from '../../components/virtual-rows.ts';
import { hex } from '../../format.ts';
import { state, stoppers } from '../../store.ts';
import { toast } from '../../toast-store.ts';
import { BranchArrows, LANES } from './branch-arrows.tsx';
import { arrows as branchArrows, isData, type Row, rowAt } from './disassembly-layout.ts';
import { CodeRow, GapRow, LabelRow, SourceRow } from './disassembly-rows.tsx';
import { ask } from './live.ts';
import { follow, show, wish } from './selection.ts';
import { runTo } from './stepping.ts';
import { useAnchor } from './use-anchor.ts';
import { useListing } from './use-listing.ts';

/** Height of a row in rem. */
const ROW = 1.6;
/** Width in rem from which there is room for the bytes of instructions. */
const WIDE = 46;

type CodeLine = Row & { kind: 'code' };

/** An address without the Thumb bit. */
const even = (address: number) => (address & ~1) >>> 0;

export function Disassembly(props: {
  readonly core: string | undefined;
  readonly pc: number | undefined;
  readonly frames: readonly StackFrame[];
  readonly withSource: boolean;
}) {
  const { core } = props;
  const pc = props.pc === undefined ? undefined : even(props.pc);
  const { element: scroller, width, height, rem, ref } = useBox<HTMLDivElement>();
  const rowHeight = Math.max(1, Math.round(ROW * rem));
  const listing = useListing(core, props.withSource);
  const { rows } = listing;
  const arrows = useMemo(() => branchArrows(rows, LANES), [rows]);
  const { scrollTop, onScroll, reveal } = useAnchor({ scroller, rows, rowHeight, height, aim: listing.aim, onEdge: listing.extend });
  const { cursor, setCursor, goTo, back } = usePlaces(core, pc, listing, scroller);
  const { breakpoints, toggle } = useBreakpoints(core);

  const code = (): CodeLine[] => rows.filter((row) => row.kind === 'code');
  const move = (step: number) => {
    const all = code();
    const here = all.findIndex(({ address }) => address === cursor);
    const next = all[Math.max(0, Math.min(all.length - 1, (here === -1 ? (step > 0 ? -1 : 0) : here) + step))];
    if (next === undefined) return;
    setCursor(next.address);
    reveal(rowAt(rows, next.address), 2);
  };
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey) return;
    const page = Math.max(1, Math.floor(height / rowHeight) - 3);
    const steps: Record<string, number> = { ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page };
    const step = steps[event.key];
    const row = code().find(({ address }) => address === cursor);
    if (step !== undefined && !event.altKey && !event.shiftKey) move(step);
    else if ((event.key === ' ' || event.key === 'F9') && row !== undefined) toggle(row);
    else if (event.key === 'h' && row !== undefined && mayStop(row)) void runTo(row.address);
    else if (event.key === 'Enter' && row?.line.target !== undefined) show(row.line.target.address);
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
  const span = visibleRows(scrollTop, height, rowHeight, rows.length, 12);
  const returns = new Map(props.frames.slice(1).map(({ place }, index) => [even(place.address), index + 1] as const));
  return (
    <div
      ref={ref}
      class={`cpu-disassembly${width / rem > WIDE ? ' cpu-disassembly-wide' : ''}`}
      role="listbox"
      tabIndex={0}
      aria-label={`Disassembly${core === undefined ? '' : ` of ${core}`}. Space sets a breakpoint, H runs to the line, Enter follows a branch, Backspace goes back.`}
      aria-activedescendant={cursor === undefined ? undefined : `cpu-code-${cursor.toString(16)}`}
      onScroll={onScroll}
      onKeyDown={key}
      style={{ '--cpu-row': `${rowHeight}px` }}
    >
      {rows.length === 0 && <Nothing pc={pc} />}
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
              pc={pc === row.address}
              frame={returns.get(row.address)}
              cursor={cursor === row.address}
              breakpoint={breakpoints.get(row.address)}
              onCursor={() => setCursor(row.address)}
              onToggle={() => toggle(row)}
              onRunTo={() => mayStop(row) && void runTo(row.address)}
              onJump={show}
            />
          );
        })}
      </div>
    </div>
  );
}

function Nothing({ pc }: { readonly pc: number | undefined }) {
  if (pc !== undefined) return <Loading what={`Disassembling at ${hex(pc)}`} />;
  return (
    <EmptyState title="Nothing to disassemble yet" icon="cpu">
      <p>The core is held in reset. Its code is shown as soon as it has started.</p>
    </EmptyState>
  );
}

/** Where the disassembly is: at the PC after halts, where a link leads, and back from there. */
function usePlaces(
  core: string | undefined,
  pc: number | undefined,
  listing: ReturnType<typeof useListing>,
  scroller: { current: HTMLElement | null },
) {
  const [cursor, setCursor] = useState<number | undefined>(undefined);
  const history = useRef<number[]>([]);
  const known = useRef<string | undefined>(undefined);
  const running = state.value?.running === true;
  const goTo = (address: number) => {
    setCursor(address);
    listing.goTo(address);
  };
  useEffect(() => {
    if (wish.value === undefined || core === undefined) return;
    if (cursor !== undefined) history.current.push(cursor);
    goTo(wish.value.address);
    wish.value = undefined;
    scroller.current?.focus({ preventScroll: true });
  }, [wish.value?.serial, core]);
  // The code around the PC is asked for again at each halt: it may have been loaded or written meanwhile.
  useEffect(() => {
    if (pc === undefined || core === undefined) return;
    const first = known.current !== core;
    known.current = core;
    if (first ? listing.aim.current === undefined : follow.value && !running) goTo(pc);
  }, [pc, core, running]);
  const back = () => {
    const address = history.current.pop();
    if (address !== undefined) goTo(address);
  };
  return { cursor, setCursor, goTo, back };
}

/** The core never comes to what is no instruction: says so. */
function mayStop({ line }: CodeLine): boolean {
  if (!isData(line.text)) return true;
  toast('note', 'These bytes are data between functions: the core never executes them.');
  return false;
}

function useBreakpoints(core: string | undefined) {
  const list = stoppers.value;
  const breakpoints = useMemo(() => {
    const own = list.filter((stopper) => stopper.kind === 'breakpoint' && (core === undefined || stopper.core === core));
    return new Map<number, StopperView>(own.map((stopper) => [even(stopper.place.address), stopper]));
  }, [list, core]);
  const toggle = (row: CodeLine) => {
    const known = breakpoints.get(row.address);
    if (known !== undefined) void ask('stoppers.remove', { id: known.id });
    else if (mayStop(row)) void ask('stoppers.add', { at: row.address, ...(core === undefined ? {} : { core }) });
  };
  return { breakpoints, toggle };
}
