/** Paints the axis of time, with the flags of markers, of the present and of the machine's moment. */
import type { Scene } from './scene.ts';
import { type Context, flag } from './shapes.ts';
import { axisOf, formatDuration } from './time-format.ts';
import { xOf } from './viewport.ts';

export function paintAxis(context: Context, scene: Scene, height: number): void {
  const { view, palette, hz, markers, now, present } = scene;
  context.fillStyle = palette.raised;
  context.fillRect(0, 0, view.width, height);
  const size = Math.round(palette.rem * 0.85);
  context.font = `${size}px ${palette.mono}`;
  const axis = axisOf(view.start, view.perPixel, view.width, hz, size * 8.5);
  context.textBaseline = 'alphabetic';
  const baseWidth = axis.base ? context.measureText(axis.base.label).width + 14 : 0;
  for (const tick of axis.ticks) {
    const x = xOf(view, tick.cycle);
    context.fillStyle = tick.label === undefined ? palette.line : palette.lineStrong;
    const tall = tick.label === undefined ? 4 : 9;
    context.fillRect(Math.round(x), height - tall, 1, tall);
    if (tick.label === undefined) continue;
    const wide = context.measureText(tick.label).width;
    const left = Math.min(Math.max(x - wide / 2, 2), view.width - wide - 2);
    if (left < baseWidth || Math.abs(left - (x - wide / 2)) > wide / 2) continue;
    context.fillStyle = palette.text2;
    context.fillText(tick.label, left, height - 12);
  }
  if (axis.base) {
    context.fillStyle = palette.sunken;
    context.fillRect(0, 0, baseWidth, height - 10);
    context.fillStyle = palette.text;
    context.fillText(axis.base.label, 6, height - 12);
  }
  context.fillStyle = palette.line;
  context.fillRect(0, height - 1, view.width, 1);
  context.font = `600 ${size}px ${palette.sans}`;
  if (present !== undefined) {
    inside(scene, now, (x) => flag(context, 'now', x, 1, palette.accent, palette.surface));
    inside(scene, present, (x) =>
      flag(context, 'present', Math.min(x, view.width - context.measureText('present').width - 8), 1, palette.text3, palette.surface),
    );
  }
  markers.forEach((marker, index) => {
    if (marker !== undefined) inside(scene, marker, (x) => flag(context, index === 0 ? 'A' : 'B', x, 1, palette.text2, palette.surface));
  });
  const [a, b] = markers;
  if (a === undefined || b === undefined) return;
  const from = xOf(view, Math.min(a, b));
  const to = xOf(view, Math.max(a, b));
  const text = formatDuration(Math.abs(a - b), hz);
  if (to - from > context.measureText(text).width + 60)
    flag(context, text, (Math.max(from, 0) + Math.min(to, view.width)) / 2, 1, palette.text2, palette.surface, 'center');
}

function inside({ view }: Scene, cycle: number, draw: (x: number) => void): void {
  const x = xOf(view, cycle);
  if (x >= 0 && x <= view.width) draw(x);
}
