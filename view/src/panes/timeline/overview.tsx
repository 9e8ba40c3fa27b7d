/** The strip with the whole run: drag the window, or click to go there; with keys, arrows and Home, End. */
import type { TargetedKeyboardEvent, TargetedPointerEvent } from 'preact';
import { useRef } from 'preact/hooks';
import { state } from '../../store.ts';
import { currentScene, palette } from './current-scene.ts';
import { useChanged, useFrame } from './frames.ts';
import {
  extentOf,
  fitAll,
  frozenAt,
  hz,
  look,
  markers,
  nowCycle,
  panBy,
  picked,
  progress,
  search,
  shownLanes,
  version,
  view,
} from './model.ts';
import { overviewView, paintOverview } from './paint-overview.ts';
import { prepare } from './shapes.ts';
import { formatTime } from './time-format.ts';
import { clamp, cycleAt, endOf, show, spanOf, xOf } from './viewport.ts';

const HEIGHT = 3.6;
/** It has the whole run in it and changes little: so many milliseconds between two paintings of new events. */
const PAUSE = 120;
/** Pixels around an edge of the window that take hold of it. */
const EDGE = 5;

export function Overview() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const changed = useChanged();
  const fresh = useRef({ version: -1, at: 0 });
  const drag = useRef<{ readonly what: 'window' | 'left' | 'right' | 'new'; readonly from: number; readonly offset: number } | undefined>(
    undefined,
  );

  useFrame(() => {
    const element = canvas.current;
    if (!element || element.clientWidth === 0) return;
    const now = performance.now();
    if (fresh.current.version !== version.peek() && now - fresh.current.at > PAUSE) fresh.current = { version: version.peek(), at: now };
    const over = [picked.peek(), search.lanes.peek(), shownLanes.peek(), markers.peek(), frozenAt.peek(), progress.peek()];
    const where = state.peek()?.present ? nowCycle() : 0;
    if (!changed(fresh.current.version, view.peek(), element.clientWidth, palette.value, where, ...over)) return;
    const height = HEIGHT * palette.peek().rem;
    paintOverview(prepare(element, element.clientWidth, height), currentScene(0, 0), element.clientWidth, height);
  });

  const cycleOf = (event: PointerEvent): { x: number; cycle: number } => {
    const x = event.clientX - canvas.current!.getBoundingClientRect().left;
    return { x, cycle: cycleAt(overviewView({ extent: extentOf() }, canvas.current!.clientWidth), x) };
  };
  const down = (event: TargetedPointerEvent<HTMLCanvasElement>): void => {
    event.currentTarget.setPointerCapture(event.pointerId);
    const { x, cycle } = cycleOf(event);
    const whole = overviewView({ extent: extentOf() }, canvas.current!.clientWidth);
    const left = xOf(whole, view.peek().start);
    const right = xOf(whole, endOf(view.peek()));
    const { start } = view.peek();
    if (event.shiftKey) drag.current = { what: 'new', from: cycle, offset: 0 };
    else if (Math.abs(x - left) < EDGE && right - left > EDGE * 3) drag.current = { what: 'left', from: endOf(view.peek()), offset: 0 };
    else if (Math.abs(x - right) < EDGE && right - left > EDGE * 3) drag.current = { what: 'right', from: start, offset: 0 };
    else {
      const inside = x > left && x < right;
      drag.current = { what: 'window', from: cycle, offset: inside ? cycle - start : spanOf(view.peek()) / 2 };
      if (!inside) look(clamp({ ...view.peek(), start: cycle - drag.current.offset }, extentOf()));
    }
  };
  const move = (event: TargetedPointerEvent<HTMLCanvasElement>): void => {
    const held = drag.current;
    if (!held || !event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const { cycle } = cycleOf(event);
    if (held.what === 'window') look(clamp({ ...view.peek(), start: cycle - held.offset }, extentOf()));
    else {
      const from = Math.min(held.from, cycle);
      const to = Math.max(held.from, cycle);
      const { width } = view.peek();
      if (to - from > 1)
        look(held.what === 'new' ? show(from, to, width, extentOf()) : { start: from, perPixel: (to - from) / width, width });
    }
  };
  const up = (): void => {
    drag.current = undefined;
  };
  const key = (event: TargetedKeyboardEvent<HTMLCanvasElement>): void => {
    const { width, start } = view.peek();
    if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') panBy(((event.key === 'ArrowLeft' ? -1 : 1) * width) / 4);
    else if (event.key === 'Home') look(clamp({ ...view.peek(), start: extentOf().first }, extentOf()));
    else if (event.key === 'End') look(clamp({ ...view.peek(), start: start + extentOf().last }, extentOf()));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="timeline-line">
      <span class="timeline-side timeline-overview-side">
        <span class="label">Whole run</span>
        <button type="button" class="timeline-fit" onClick={fitAll}>
          show all
        </button>
      </span>
      <canvas
        ref={canvas}
        class="timeline-overview"
        role="slider"
        tabIndex={0}
        aria-label="What of the run is in sight"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round((100 * view.value.start) / Math.max(1, extentOf().last))}
        aria-valuetext={`${formatTime(Math.max(0, view.value.start), hz.value)} to ${formatTime(endOf(view.value), hz.value)}`}
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={up}
        onPointerCancel={up}
        onDblClick={fitAll}
        onKeyDown={key}
      />
    </div>
  );
}
