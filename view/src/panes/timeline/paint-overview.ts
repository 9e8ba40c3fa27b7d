/** Paints the strip that has the whole run in it, with what of it is seen, found and missing. */
import { columnsOf, density, makeColumns } from './columns.ts';
import { severityOf } from './describe.ts';
import { GROUPS } from './lanes.ts';
import type { OrderedIds } from './ordered-ids.ts';
import type { Scene } from './scene.ts';
import { type Context, hatch } from './shapes.ts';
import { endOf, type View, wholeOf, xOf } from './viewport.ts';

const columns = makeColumns();

/** Sums of columns over the rows of a group; reused. */
let sums = new Uint32Array(0);

/** Its own view: everything. */
export function overviewView(scene: Pick<Scene, 'extent'>, width: number): View {
  return wholeOf(scene.extent, width);
}

export function paintOverview(context: Context, scene: Scene, width: number, height: number): void {
  const { palette, lanes } = scene;
  const whole = overviewView(scene, width);
  context.fillStyle = palette.sunken;
  context.fillRect(0, 0, width, height);
  const groups = GROUPS.filter(({ id }) => lanes.list.some((lane) => lane.group === id));
  const strip = (height - 8) / Math.max(1, groups.length);
  groups.forEach(({ id }, index) => {
    const members = lanes.list.filter((lane) => lane.group === id);
    const tone = id === 'notes' ? 'error' : id === 'linux' ? 'linux' : id === 'rings' ? 'message' : id === 'mu' ? 'doorbell' : 'core';
    paintStrip(
      context,
      scene,
      members.map((lane) => lane.ids),
      whole,
      4 + index * strip,
      strip - 1,
      palette.tone[tone],
    );
  });
  for (const gap of scene.log.gaps) {
    const left = Math.max(0, xOf(whole, gap.from));
    hatch(context, left, 0, Math.max(2, xOf(whole, gap.to) - left), height, palette.tone.warning, palette.sunken);
  }
  const alarms = columnsOf(lanes.alarms, whole, 2, scene.limit, columns);
  for (let index = 0; index < alarms.length; index++) {
    context.fillStyle = palette.tone[severityOf(scene.log.event(lanes.alarms.id(alarms.first[index]!))) ?? 'error'];
    context.fillRect(alarms.x[index]!, 0, 2, 4);
  }
  for (const [marked, color] of [
    [scene.hits, palette.accent],
    [scene.picked, palette.text],
  ] as const) {
    if (!marked) continue;
    const found = columnsOf(marked.all, whole, 2, scene.limit, columns);
    context.fillStyle = color;
    for (let index = 0; index < found.length; index++) context.fillRect(found.x[index]!, height - 5, 2, 5);
  }
  paintWindow(context, scene, whole, width, height);
}

function paintStrip(
  context: Context,
  scene: Scene,
  members: readonly OrderedIds[],
  whole: View,
  y: number,
  height: number,
  color: string,
): void {
  const step = 2;
  const slots = Math.ceil(whole.width / step) + 2;
  if (sums.length < slots) sums = new Uint32Array(slots * 2);
  sums.fill(0);
  let max = 0;
  for (const ids of members) {
    const found = columnsOf(ids, whole, step, scene.limit, columns);
    for (let index = 0; index < found.length; index++) {
      const slot = Math.max(0, Math.min(slots - 1, Math.round(found.x[index]! / step)));
      sums[slot]! += found.count[index]!;
      if (sums[slot]! > max) max = sums[slot]!;
    }
  }
  context.fillStyle = color;
  context.globalAlpha = 0.75;
  for (let slot = 0; slot < slots; slot++) {
    if (sums[slot] === 0) continue;
    const tall = Math.max(1, height * density(sums[slot]!, max));
    context.fillRect(slot * step, y + height - tall, step, tall);
  }
  context.globalAlpha = 1;
}

function paintWindow(context: Context, scene: Scene, whole: View, width: number, height: number): void {
  const { palette, view, now, present } = scene;
  const left = Math.max(0, xOf(whole, view.start));
  const right = Math.min(width, xOf(whole, endOf(view)));
  context.fillStyle = palette.surface;
  context.globalAlpha = 0.55;
  context.fillRect(0, 0, left, height);
  context.fillRect(right, 0, width - right, height);
  context.globalAlpha = 1;
  context.strokeStyle = palette.accent;
  context.lineWidth = 1.5;
  context.strokeRect(left + 0.75, 0.75, Math.max(3, right - left - 1.5), height - 1.5);
  if (present !== undefined) {
    context.fillStyle = palette.accent;
    context.fillRect(xOf(whole, now) - 1, 0, 2, height);
  }
  context.fillStyle = palette.text2;
  for (const marker of scene.markers) if (marker !== undefined) context.fillRect(xOf(whole, marker), 0, 1, height);
}
