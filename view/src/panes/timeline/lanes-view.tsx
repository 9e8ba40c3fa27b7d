/** The rows of the timeline with their names, the axis, the strip with the whole run, and what the pointer does there. */
import type { TargetedPointerEvent } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { state } from '../../store.ts';
import { currentScene, palette } from './current-scene.ts';
import { useChanged, useFrame } from './frames.ts';
import { type Hit, hitTest } from './hit-test.ts';
import { Labels } from './labels.tsx';
import {
  chain,
  cursor,
  frozenAt,
  laneKey,
  limit,
  log,
  lookAt,
  markers,
  nowCycle,
  panBy,
  picked,
  progress,
  resize,
  search,
  select,
  selected,
  shownLanes,
  version,
  view,
  zoom,
} from './model.ts';
import { Overview } from './overview.tsx';
import { paintAxis } from './paint-axis.ts';
import { paintLanes } from './paint-lanes.ts';
import type { Rows } from './rows.ts';
import { prepare } from './shapes.ts';
import { HitTip } from './tip.tsx';
import { cycleAt, xOf } from './viewport.ts';

/** Width of the names, in rem. */
export const LABELS = 13;
const AXIS = 2.2;
/** Pixels that a press may move and still be a click. */
const STILL = 4;

interface Press {
  readonly x: number;
  readonly y: number;
  readonly scrollTop: number;
  readonly shift: boolean;
  moved: boolean;
}

export function LanesView() {
  const scroll = useRef<HTMLDivElement>(null);
  const stage = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const axis = useRef<HTMLCanvasElement>(null);
  const [rows, setRows] = useState<Rows>({ list: [], height: 0 });
  const [hover, setHover] = useState<{ readonly hit: Hit; readonly x: number; readonly y: number }>();
  const size = useRef({ width: 0, height: 0 });
  const rowsKey = useRef({ key: '', at: 0 });
  const changed = useChanged();
  const moved = useChanged();
  useSize(stage, size);

  useFrame(() => {
    const { width, height } = size.current;
    const box = scroll.current;
    if (!box || !canvas.current || !axis.current || width === 0) return;
    const live = nowCycle();
    const nowX = Math.round(xOf(view.peek(), live) * 2);
    const inSight = nowX >= 0 && nowX <= width * 2 ? nowX : -1;
    const top = box.scrollTop;
    const colors = palette.value;
    const over = [chain.peek(), picked.peek(), search.lanes.peek(), markers.peek(), laneKey.peek(), selected.peek(), frozenAt.peek()];
    const what = [
      version.peek(),
      progress.peek(),
      view.peek(),
      shownLanes.peek(),
      inSight,
      top,
      width,
      height,
      colors,
      rows,
      state.peek()?.present?.cycle,
    ];
    if (!changed(...what, ...over)) return;
    const scene = currentScene(height, top);
    const key = scene.rows.list.map((row) => `${row.key} ${row.y} ${row.open}`).join('|');
    if (key !== rowsKey.current.key || performance.now() - rowsKey.current.at > 400) {
      rowsKey.current = { key, at: performance.now() };
      setRows(scene.rows);
    }
    paintLanes(prepare(canvas.current, width, height), scene);
    paintAxis(prepare(axis.current, width, AXIS * colors.rem), scene, AXIS * colors.rem);
  });

  useFrame(() => {
    const { width, height } = size.current;
    if (!overlay.current || width === 0 || !moved(cursor.peek(), view.peek(), width, height, palette.value)) return;
    const context = prepare(overlay.current, width, height);
    context.clearRect(0, 0, width, height);
    if (cursor.peek() === undefined) return;
    context.fillStyle = palette.peek().text3;
    context.fillRect(Math.round(xOf(view.peek(), cursor.peek()!)), 0, 1, height);
  }, 2);

  const point = usePointer(stage, scroll, rows, setHover);
  return (
    <div class="timeline-lanes">
      <Overview />
      <div class="timeline-line">
        <span class="timeline-side timeline-axis-side label">Virtual time</span>
        <canvas ref={axis} class="timeline-axis" role="img" aria-label="Axis of virtual time" />
      </div>
      <div ref={scroll} class="timeline-scroll">
        <div class="timeline-content" style={{ minHeight: `${rows.height}px` }}>
          <Labels rows={rows} />
          <div ref={stage} class="timeline-stage" {...point}>
            <canvas
              ref={canvas}
              class="timeline-canvas"
              role="img"
              aria-label="Events over virtual time. The table has the same events for reading; the keys j and k go through those of a row."
            />
            <canvas ref={overlay} class="timeline-canvas timeline-overlay" role="img" aria-label="Line at the pointer" />
            {hover && <HitTip hit={hover.hit} x={hover.x} y={hover.y} width={size.current.width} height={size.current.height} />}
          </div>
        </div>
      </div>
    </div>
  );
}

/** The stage is as high as what is to be seen of it: it sticks, and the rows move under it. */
function useSize(stage: { readonly current: HTMLDivElement | null }, size: { current: { width: number; height: number } }): void {
  useLayoutEffect(() => {
    const element = stage.current!;
    const box = element.closest<HTMLElement>('.timeline-scroll')!;
    const measure = (): void => {
      element.style.height = `${box.clientHeight}px`;
      size.current = { width: element.clientWidth, height: box.clientHeight };
      resize(element.clientWidth);
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
}

function usePointer(
  stage: { readonly current: HTMLDivElement | null },
  scroll: { readonly current: HTMLDivElement | null },
  rows: Rows,
  setHover: (hover: { hit: Hit; x: number; y: number } | undefined) => void,
) {
  const pointers = useRef(new Map<number, { x: number; y: number }>());
  const press = useRef<Press | undefined>(undefined);
  useWheel(stage, scroll);

  const at = (event: PointerEvent | MouseEvent): { x: number; y: number } => {
    const box = stage.current!.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const hit = (x: number, y: number): Hit | undefined => hitTest(rows, view.peek(), x, y + scroll.current!.scrollTop, limit());

  const down = (event: TargetedPointerEvent<HTMLDivElement>): void => {
    if (event.button !== 0) return;
    const { x, y } = at(event);
    event.currentTarget.setPointerCapture(event.pointerId);
    pointers.current.set(event.pointerId, { x, y });
    press.current = { x, y, scrollTop: scroll.current!.scrollTop, shift: event.shiftKey, moved: pointers.current.size > 1 };
    setHover(undefined);
  };
  const move = (event: TargetedPointerEvent<HTMLDivElement>): void => {
    const { x, y } = at(event);
    cursor.value = cycleAt(view.peek(), x);
    const before = pointers.current.get(event.pointerId);
    const pressed = press.current;
    if (!before || !pressed) {
      const found = event.pointerType === 'touch' ? undefined : hit(x, y);
      setHover(found && { hit: found, x, y });
      return;
    }
    if (Math.abs(x - pressed.x) > STILL || Math.abs(y - pressed.y) > STILL) pressed.moved = true;
    if (!pressed.moved) return;
    if (pointers.current.size === 2) pinch(pointers.current, event.pointerId, x, y);
    else if (pressed.shift) markers.value = [cycleAt(view.peek(), pressed.x), cycleAt(view.peek(), x)];
    else {
      if (x !== before.x) panBy(before.x - x);
      scroll.current!.scrollTop = pressed.scrollTop - (y - pressed.y);
    }
    pointers.current.set(event.pointerId, { x, y });
  };
  const up = (event: TargetedPointerEvent<HTMLDivElement>): void => {
    pointers.current.delete(event.pointerId);
    const pressed = press.current;
    if (pointers.current.size > 0) return;
    press.current = undefined;
    if (!pressed || pressed.moved || event.type === 'pointercancel') return;
    const { x, y } = at(event);
    const found = hit(x, y);
    if (found) select(found.id, 'stay');
    else select(undefined);
  };
  const open = (event: MouseEvent): void => {
    const { x, y } = at(event);
    const found = hit(x, y);
    if (!found) zoom(x, 0.25);
    else if (found.span) lookAt(found.span.start, Math.min(found.span.end, log.lastCycle));
    else if (found.count > 1) zoom(x, 0.1);
    else zoom(xOf(view.peek(), log.cycle(found.id)), 0.25);
  };
  return {
    onPointerDown: down,
    onPointerMove: move,
    onPointerUp: up,
    onPointerCancel: up,
    onPointerLeave: () => {
      cursor.value = undefined;
      setHover(undefined);
    },
    onDblClick: open,
  };
}

/** Two fingers: what is between them stays between them. */
function pinch(pointers: ReadonlyMap<number, { x: number; y: number }>, id: number, x: number, y: number): void {
  const other = [...pointers].find(([each]) => each !== id)?.[1];
  const before = pointers.get(id);
  if (!other || !before) return;
  const distance = (point: { x: number; y: number }): number => Math.max(10, Math.hypot(point.x - other.x, point.y - other.y));
  const centre = (point: { x: number }): number => (point.x + other.x) / 2;
  zoom(centre({ x }), distance(before) / distance({ x, y }));
  panBy(centre(before) - centre({ x }));
}

/** The wheel zooms at the pointer; with Shift, or sideways, it pans; with Alt it scrolls the rows. */
function useWheel(stage: { readonly current: HTMLDivElement | null }, scroll: { readonly current: HTMLDivElement | null }): void {
  useEffect(() => {
    const element = stage.current!;
    const wheel = (event: WheelEvent): void => {
      event.preventDefault();
      const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
      const dx = event.deltaX * unit;
      const dy = event.deltaY * unit;
      const x = event.clientX - element.getBoundingClientRect().left;
      if (event.altKey) scroll.current!.scrollTop += dy;
      else if (event.shiftKey) panBy(dy || dx);
      else if (Math.abs(dx) > Math.abs(dy)) panBy(dx);
      else zoom(x, Math.exp(Math.max(-200, Math.min(200, dy)) * (event.ctrlKey ? 0.01 : 0.0022)));
      cursor.value = cycleAt(view.peek(), x);
    };
    element.addEventListener('wheel', wheel, { passive: false });
    return () => element.removeEventListener('wheel', wheel);
  }, []);
}
