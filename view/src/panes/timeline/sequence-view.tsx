/** The sequence diagram: lifelines with heads that fold their group, one line for each event, painted for what is in sight. */
import { computed, signal } from '@preact/signals';
import type { TargetedMouseEvent } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { Button, EmptyState, Icon } from '../../components/index.ts';
import { useBox } from '../../components/use-box.ts';
import { CatchUp } from './catch-up.ts';
import { palette } from './current-scene.ts';
import { useChanged, useFrame } from './frames.ts';
import { chain, filter, following, hz, limit, linuxSide, log, mainCore, search, select, selected, version } from './model.ts';
import { gutterOf, lifelinePositions, paintSequence, type SequenceScene, toneOfGroup } from './paint-sequence.ts';
import { type Group, type Lifeline, SequenceIndex } from './sequence.ts';
import { prepare } from './shapes.ts';
import { useSlow } from './use-slow.ts';

const shown = signal<{ readonly doorbells: boolean; readonly rings: boolean; readonly interrupts: boolean; readonly lines: boolean }>({
  doorbells: true,
  rings: false,
  interrupts: true,
  lines: false,
});
const folded = signal<ReadonlySet<Group>>(new Set());
const CHOICES = [
  ['doorbells', 'Doorbells'],
  ['interrupts', 'Interrupts'],
  ['rings', 'Vrings'],
  ['lines', 'Console lines'],
] as const;

/** What is painted, for the picture. */
export const sequenceScene = signal<((width: number, height: number) => SequenceScene) | undefined>(undefined);

const related = computed(() => new Set(chain.value?.links.map((link) => link.id)));

/** An index that is kept up to date while the diagram is shown. */
function useIndex(): { readonly index: SequenceIndex; readonly done: () => boolean } {
  const { test } = filter;
  const lanes = filter.lanes.value;
  const both = useMemo(() => {
    const options = { ...shown.value, folded: folded.value, linuxSide, coreOf: () => mainCore() };
    const index = new SequenceIndex(options, test ? (event) => test(event, hz.peek()) : undefined);
    return { index, catching: new CatchUp(log, index) };
  }, [shown.value, folded.value, lanes]);
  useEffect(() => () => both.catching.dispose(), [both]);
  useFrame(() => {
    const until = performance.now() + 8;
    if (!both.catching.done) both.catching.step(() => performance.now() > until);
  }, 0.5);
  return { index: both.index, done: () => both.catching.done };
}

export function SequenceView() {
  const { index, done } = useIndex();
  const { element: scroll, ref, ...size } = useBox<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const revealed = useRef<{ id: number; index: SequenceIndex } | undefined>(undefined);
  const hover = useRef<number | undefined>(undefined);
  const changed = useChanged();
  useSlow(version);
  const row = Math.round(palette.value.rem * 1.9);
  const lines = index.lines.list;
  const wanted = gutterOf(palette.value) + palette.value.rem * (13 + 6 * Math.max(0, lines.length - 1));
  const width = Math.max(size.width, wanted);
  const sceneOf = (wide: number, height: number): SequenceScene => ({
    log,
    index,
    palette: palette.peek(),
    hz: hz.peek(),
    width: wide,
    height,
    scrollTop: scroll.current?.scrollTop ?? 0,
    row,
    selected: selected.peek(),
    related: related.peek(),
    hits: search.lanes.peek() ? hitsIn(index, scroll.current?.scrollTop ?? 0, height, row) : undefined,
    hover: hover.current,
    limit: limit(),
  });
  useEffect(() => {
    sequenceScene.value = sceneOf;
    return () => {
      sequenceScene.value = undefined;
    };
  });
  useFrame(() => {
    const box = scroll.current;
    if (!box || !canvas.current || size.width === 0) return;
    const id = selected.peek();
    if (id === undefined) {
      if (following.peek()) box.scrollTop = box.scrollHeight;
    } else if (done() && (revealed.current?.id !== id || revealed.current.index !== index)) {
      revealed.current = { id, index };
      reveal(box, index, row);
    }
    const data = [version.peek(), index.ids.length, index, selected.peek(), related.peek(), search.lanes.peek(), search.fraction];
    if (!changed(box.scrollTop, size.width, size.height, width, palette.value, hover.current, ...data)) return;
    paintSequence(prepare(canvas.current, width, size.height), sceneOf(width, size.height));
  });

  const lineAt = (event: TargetedMouseEvent<HTMLElement>): number => {
    const y = event.clientY - scroll.current!.getBoundingClientRect().top + scroll.current!.scrollTop;
    return Math.floor(y / row);
  };
  const at = lifelinePositions(lines, width, palette.value);
  return (
    <div class="timeline-sequence">
      <div class="timeline-sequence-choices">
        <span class="label">Besides messages</span>
        {CHOICES.map(([key, title]) => (
          <Button
            key={key}
            kind="quiet"
            pressed={shown.value[key]}
            onClick={() => (shown.value = { ...shown.value, [key]: !shown.value[key] })}
          >
            {title}
          </Button>
        ))}
      </div>
      {index.ids.length === 0 && (
        <EmptyState title="Nothing to draw yet" icon="swap">
          The diagram begins with the first message or doorbell.
        </EmptyState>
      )}
      <div class="timeline-sequence-heads" style={{ overflow: 'hidden' }}>
        <div style={{ width: `${width}px`, transform: `translateX(${-(scroll.current?.scrollLeft ?? 0)}px)` }}>
          {lines.map((line) => (
            <Head key={line.key} line={line} x={at.get(line.key)!} />
          ))}
        </div>
      </div>
      <div
        ref={ref}
        class="timeline-sequence-scroll"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
        tabIndex={0}
        role="img"
        aria-label={`Sequence diagram of ${index.ids.length} events; the table has the same for reading`}
      >
        {/* biome-ignore lint/a11y/noStaticElementInteractions: what is painted is chosen by pointer; the table has it for keys */}
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: j and k go through its lines */}
        <div
          style={{ height: `${index.ids.length * row}px`, width: `${width}px`, minHeight: '100%' }}
          onMouseMove={(event) => {
            hover.current = lineAt(event);
          }}
          onMouseLeave={() => {
            hover.current = undefined;
          }}
          onClick={(event) => {
            const line = lineAt(event);
            select(line < index.ids.length ? index.ids.id(line) : undefined);
          }}
        >
          <canvas ref={canvas} class="timeline-sequence-canvas" />
        </div>
      </div>
    </div>
  );
}

function Head({ line, x }: { readonly line: Lifeline; readonly x: number }) {
  const canFold = line.main || folded.value.has(line.group);
  const isFolded = folded.value.has(line.group);
  const toggleGroup = (): void => {
    const next = new Set(folded.value);
    if (!next.delete(line.group)) next.add(line.group);
    folded.value = next;
  };
  const name = line.group === 'linux' ? 'Linux' : line.group === 'mu' ? 'the messaging unit' : 'the core';
  return (
    <button
      type="button"
      class={`timeline-head hue-${toneOfGroup(line)}${line.main ? ' timeline-head-main' : ''}`}
      style={{ left: `${x}px` }}
      aria-disabled={!canFold}
      aria-expanded={canFold ? !isFolded : undefined}
      data-tip={
        canFold
          ? isFolded
            ? `Show the endpoints of ${name}`
            : line.group === 'mu'
              ? 'Leave the messaging unit out'
              : `Fold the endpoints of ${name}`
          : undefined
      }
      onClick={canFold ? toggleGroup : undefined}
    >
      {line.label}
      {canFold && <Icon name={isFolded ? 'right' : 'down'} />}
    </button>
  );
}

/** Those of the lines in sight that the search has found. */
function hitsIn(index: SequenceIndex, top: number, height: number, row: number): ReadonlySet<number> {
  const found = search.lanes.peek()!.all;
  const hits = new Set<number>();
  const last = Math.min(index.ids.length, Math.ceil((top + height) / row));
  for (let line = Math.max(0, Math.floor(top / row)); line < last; line++) {
    const id = index.ids.id(line);
    if (found.indexOf(id, index.ids.cycle(line)) >= 0) hits.add(id);
  }
  return hits;
}

function reveal(box: HTMLElement, index: SequenceIndex, row: number): void {
  const id = selected.peek();
  if (id === undefined || !log.has(id)) return;
  let line = index.ids.indexOf(id, log.cycle(id));
  if (line < 0) line = Math.min(index.ids.lowerBound(log.cycle(id)), index.ids.length - 1);
  const y = line * row;
  if (y < box.scrollTop + row || y > box.scrollTop + box.clientHeight - 2 * row) box.scrollTop = y - box.clientHeight / 2;
}
