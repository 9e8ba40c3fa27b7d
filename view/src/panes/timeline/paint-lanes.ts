/** Paints the rows of the timeline: moments as marks or as columns of density, stretches as bars, and what is chosen on top. */

import type { ViewEvent } from '../../../../src/view/protocol.ts';
import { barsOf, columnsOf, density, makeColumns } from './columns.ts';
import { detailOf, hex, messageText, severityOf, titleOf, toneOf } from './describe.ts';
import { exceptionName } from './exceptions.ts';
import { type Lane, placeOf } from './lanes.ts';
import type { OrderedIds } from './ordered-ids.ts';
import { type Row, rowOfLane } from './rows.ts';
import type { Scene } from './scene.ts';
import { type Context, fitted, flag, glyph, hatch } from './shapes.ts';
import type { SpanTrack } from './span-track.ts';
import { formatInteger } from './time-format.ts';
import { cycleAt, xOf } from './viewport.ts';

/** Width of a column in which events are summed up. */
const STEP = 3;
const columns = makeColumns();

/** All rows that are in sight. */
export function paintLanes(context: Context, scene: Scene): void {
  const { view, palette, height, scrollTop } = scene;
  context.fillStyle = palette.surface;
  context.fillRect(0, 0, view.width, height);
  paintGrid(context, scene);
  context.font = `${Math.round(palette.rem * 0.85)}px ${palette.mono}`;
  context.textBaseline = 'middle';
  const charWidth = context.measureText('0').width;
  for (const row of scene.rows.list) {
    const y = row.y - scrollTop;
    if (y + row.height < 0) continue;
    if (y > height) break;
    if (row.kind === 'group') paintGroup(context, scene, row, y);
    else paintRow(context, scene, row, y, charWidth);
  }
  paintGaps(context, scene);
  paintFuture(context, scene);
  paintChain(context, scene);
  paintSelected(context, scene);
  paintMarkers(context, scene);
}

function paintGrid(context: Context, { view, palette, height, rows, scrollTop, laneKey }: Scene): void {
  context.fillStyle = palette.line;
  context.globalAlpha = 0.55;
  for (const row of rows.list) {
    const y = row.y + row.height - scrollTop;
    if (y >= 0 && y <= height && row.kind === 'lane') context.fillRect(0, Math.round(y) - 1, view.width, 1);
  }
  context.globalAlpha = 1;
  const chosen = laneKey === undefined ? undefined : rows.list.find((row) => row.key === laneKey);
  if (!chosen) return;
  context.globalAlpha = 0.07;
  context.fillStyle = palette.accent;
  context.fillRect(0, chosen.y - scrollTop, view.width, chosen.height);
  context.globalAlpha = 1;
}

function paintGroup(context: Context, scene: Scene, row: Row, y: number): void {
  const { palette, view } = scene;
  context.fillStyle = palette.sunken;
  context.fillRect(0, y, view.width, row.height);
  if (row.open !== false) return;
  for (const lane of row.lanes ?? []) paintColumns(context, scene, lane.ids, palette.tone[lane.tone], y + 3, row.height - 6, 0.6);
  for (const lane of row.lanes ?? []) paintAlarms(context, scene, lane, y);
}

function paintColumns(context: Context, scene: Scene, ids: OrderedIds, color: string, y: number, height: number, alpha: number): void {
  const found = columnsOf(ids, scene.view, STEP, scene.limit, columns);
  context.fillStyle = color;
  context.globalAlpha = alpha;
  for (let index = 0; index < found.length; index++) {
    const tall = Math.max(2, height * density(found.count[index]!, found.max));
    context.fillRect(found.x[index]!, y + height - tall, STEP - 1, tall);
  }
  context.globalAlpha = 1;
}

function paintRow(context: Context, scene: Scene, row: Row, y: number, charWidth: number): void {
  const lane = row.lane!;
  if (lane.key.startsWith('interrupt/') || lane.key.startsWith('thread/')) paintUnrecorded(context, scene, lane, y + row.height / 2);
  if (lane.tracks.length > 0) paintTracks(context, scene, lane, y, row.height, charWidth);
  else paintMoments(context, scene, lane, y, row.height, charWidth);
  paintAlarms(context, scene, lane, y);
  for (const [overlay, color] of [
    [scene.hits, scene.palette.accent],
    [scene.picked, scene.palette.text],
  ] as const) {
    const marked = overlay?.lane(lane.key)?.ids;
    if (marked) paintMarked(context, scene, marked, color, y, row.height);
  }
}

/** Marks of events that stand alone, columns of those that do not; each with words where there is room. */
function paintMoments(context: Context, scene: Scene, lane: Lane, y: number, height: number, charWidth: number): void {
  const { palette, view, log } = scene;
  const color = palette.tone[lane.tone];
  const found = columnsOf(lane.ids, view, STEP, scene.limit, columns);
  const middle = y + height / 2;
  const tall = height - 6;
  const size = Math.min(4.5, height / 5);
  const glyphs: number[] = [];
  context.fillStyle = color;
  for (let index = 0; index < found.length; index++) {
    const x = found.x[index]!;
    const count = found.count[index]!;
    if (count > 1) {
      const high = Math.max(3, tall * density(count, found.max));
      context.globalAlpha = 0.8;
      context.fillRect(x, y + 3 + tall - high, STEP - 1, high);
      continue;
    }
    const before = index === 0 ? Number.NEGATIVE_INFINITY : found.x[index - 1]!;
    const after = index === found.length - 1 ? Number.POSITIVE_INFINITY : found.x[index + 1]!;
    const apart = Math.min(x - before, after - x) > size * 2 + 2;
    const high = apart ? tall : tall * density(1, found.max);
    context.globalAlpha = apart ? 0.45 : 0.8;
    context.fillRect(x - 0.75, y + 3 + tall - high, 1.5, high);
    if (apart) glyphs.push(index);
  }
  context.globalAlpha = 1;
  context.beginPath();
  for (const index of glyphs) glyph(context, log.event(lane.ids.id(found.first[index]!)), found.x[index]!, middle, size);
  context.fill();
  context.fillStyle = palette.text2;
  for (let index = 0; index < found.length; index++) {
    const next = index === found.length - 1 ? view.width + 4 : found.x[index + 1]!;
    const x = found.x[index]! + size + 6;
    const room = next - x - size - 3;
    if (room < charWidth * 3) continue;
    const count = found.count[index]!;
    const text = count > 1 ? `×${formatInteger(count)}` : shortText(log.event(lane.ids.id(found.first[index]!)));
    const label = fitted(text, room, charWidth);
    if (label !== '') context.fillText(label, x, middle + 0.5);
  }
}

/** What stands beside a mark: what the row's name does not say already. */
function shortText(event: ViewEvent): string {
  switch (event.type) {
    case 'message': {
      const text = messageText(event);
      return `${hex(event.src)}→${hex(event.dst)} ${event.length} B${text === '' ? '' : ` ${text}`}`;
    }
    case 'mu':
      return event.action === 'transmit' || event.action === 'receive'
        ? `${event.action === 'transmit' ? 'TR' : 'RR'}${event.channel} ${hex(event.value)}`
        : `${event.action} ${event.channel}`;
    case 'vring':
      return event.action === 'kick' ? 'kick' : `${event.action} ${event.id}`;
    case 'fault':
    case 'finding':
      return `${titleOf(event)}: ${detailOf(event)}`;
    default:
      return detailOf(event);
  }
}

/** An empty row means that nothing happened, but for where nobody looked. */
function paintUnrecorded(context: Context, { unrecorded, view, palette }: Scene, lane: Lane, y: number): void {
  context.fillStyle = palette.text3;
  for (const { from, to } of unrecorded) {
    const first = lane.ids.lowerBound(from);
    const end = first < lane.ids.length ? Math.min(to, lane.ids.cycle(first)) : to;
    const left = Math.max(xOf(view, from), 0);
    const right = Math.min(xOf(view, end), view.width);
    if (right - left < 6) continue;
    const text = 'not recorded: nobody looked';
    const wide = context.measureText(text).width;
    const labelled = right - left > wide + 40;
    const middle = (left + right) / 2;
    for (let x = Math.ceil(left / 8) * 8; x < right; x += 8) {
      if (!labelled || Math.abs(x - middle) > wide / 2 + 8) context.fillRect(x, Math.round(y), 2, 1);
    }
    if (labelled) context.fillText(text, middle - wide / 2, y + 0.5);
  }
}

function paintTracks(context: Context, scene: Scene, lane: Lane, y: number, height: number, charWidth: number): void {
  const depths = lane.tracks.length;
  const inner = height - 6;
  const step = depths > 1 ? Math.min(inner / depths, inner * 0.5) : 0;
  lane.tracks.forEach((track, depth) => {
    // Nested ones lie over those that they interrupt, lower and lower.
    paintTrack(context, scene, lane, track, y + 3 + depth * step, inner - depth * step, charWidth, depth);
  });
}

function paintTrack(
  context: Context,
  scene: Scene,
  lane: Lane,
  track: SpanTrack,
  y: number,
  height: number,
  charWidth: number,
  depth: number,
): void {
  const { palette, view, log } = scene;
  const until = Math.min(scene.limit, Math.max(scene.now, scene.log.lastCycle));
  for (const bar of barsOf(track, view, STEP, until)) {
    if (bar.index < 0 || bar.width <= STEP) {
      const tall = height * (0.3 + 0.7 * bar.covered);
      context.fillStyle = palette.tone[lane.tone];
      context.globalAlpha = 0.65;
      context.fillRect(bar.x, y + height - tall, bar.width, tall);
      continue;
    }
    const event = log.event(track.id(bar.index));
    const color = palette.tone[toneOf(event)];
    if (depth > 0 && bar.width > 3) {
      context.globalAlpha = 1;
      context.fillStyle = palette.surface;
      context.fillRect(bar.x, y, bar.width, height);
    }
    context.fillStyle = color;
    context.globalAlpha = weightOf(event);
    context.fillRect(bar.x, y, Math.max(1, bar.width), height);
    if (bar.width <= 5) continue;
    context.globalAlpha = 0.9;
    context.fillRect(bar.x, y, 1.5, height);
    const left = Math.max(bar.x, 0) + 5;
    const label = fitted(nameOf(event), bar.x + bar.width - left - 3, charWidth);
    if (label === '' || height < 9) continue;
    context.globalAlpha = 1;
    context.fillStyle = palette.text;
    context.fillText(label, left, y + height / 2 + 0.5);
  }
  context.globalAlpha = 1;
}

function nameOf(event: ViewEvent): string {
  if (event.type === 'interrupt') return exceptionName(event);
  if (event.type === 'thread') return event.name;
  return event.type === 'core' ? (event.detail === '' ? event.state : `${event.state}: ${event.detail}`) : titleOf(event);
}

/** How strongly a stretch is filled: threads differ a little from each other, and what idles is faint. */
function weightOf(event: ViewEvent): number {
  if (event.type === 'interrupt') return 0.34;
  if (event.type === 'core') return event.state === 'stopped' ? 0.08 : 0.26;
  if (event.type !== 'thread') return 0.3;
  if (/idle/i.test(event.name)) return 0.09;
  let sum = 0;
  for (let index = 0; index < event.name.length; index++) sum = (sum * 31 + event.name.charCodeAt(index)) % 997;
  return 0.24 + (sum % 5) * 0.06;
}

function paintAlarms(context: Context, scene: Scene, lane: Lane, y: number): void {
  if (lane.alarms.length === 0 || lane.group === 'notes') return;
  const { palette, log } = scene;
  const found = columnsOf(lane.alarms, scene.view, STEP, scene.limit, columns);
  for (let index = 0; index < found.length; index++) {
    const event = log.event(lane.alarms.id(found.first[index]!));
    context.fillStyle = palette.tone[severityOf(event) ?? 'error'];
    const x = found.x[index]!;
    context.beginPath();
    context.moveTo(x - 4, y + 1);
    context.lineTo(x + 4, y + 1);
    context.lineTo(x, y + 8);
    context.closePath();
    context.fill();
  }
}

function paintMarked(context: Context, scene: Scene, ids: OrderedIds, color: string, y: number, height: number): void {
  const found = columnsOf(ids, scene.view, STEP, scene.limit, columns);
  context.strokeStyle = color;
  context.lineWidth = 1.5;
  for (let index = 0; index < found.length; index++) {
    const wide = found.count[index]! > 1 ? STEP + 2 : 9;
    context.strokeRect(found.x[index]! - wide / 2 + (found.count[index]! > 1 ? 1 : 0), y + 2.5, wide, height - 6);
  }
}

function paintGaps(context: Context, scene: Scene): void {
  const { view, palette, height, log, limit } = scene;
  const { gaps } = log;
  let low = 0;
  let high = gaps.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (gaps[middle]!.to < view.start) low = middle + 1;
    else high = middle;
  }
  const right = Math.min(cycleAt(view, view.width), limit);
  context.font = `${Math.round(palette.rem * 0.85)}px ${palette.sans}`;
  let index = low;
  while (index < gaps.length && gaps[index]!.from <= right) {
    // Those that are too near to each other are one.
    const from = xOf(view, gaps[index]!.from);
    let to = xOf(view, gaps[index]!.to);
    let count = gaps[index]!.count;
    for (index++; index < gaps.length && xOf(view, gaps[index]!.from) < Math.max(to, from + 6) + 2; index++) {
      to = xOf(view, gaps[index]!.to);
      count += gaps[index]!.count;
    }
    const left = Math.max(from, -8);
    const width = Math.max(4, Math.min(to, view.width + 8) - left);
    hatch(context, left, 0, width, height, palette.tone.warning, palette.surface);
    const text = `${formatInteger(count)} events are not here`;
    if (width > context.measureText(text).width + 16)
      flag(context, text, left + width / 2, 6, palette.tone.warning, palette.surface, 'center');
  }
}

/** In the past: what is ahead is known already, and dim. */
function paintFuture(context: Context, scene: Scene): void {
  const { view, palette, height, now, present } = scene;
  const x = xOf(view, now);
  if (present !== undefined && x < view.width) {
    context.globalAlpha = 0.62;
    context.fillStyle = palette.surface;
    context.fillRect(Math.max(0, x), 0, view.width - Math.max(0, x), height);
    context.globalAlpha = 1;
  }
  if (x >= 0 && x <= view.width) {
    context.fillStyle = palette.accent;
    context.globalAlpha = present === undefined ? 0.5 : 1;
    context.fillRect(x - 0.5, 0, present === undefined ? 1 : 1.5, height);
    context.globalAlpha = 1;
  }
}

/** Where an event is on the screen; undefined where its row is not shown. */
function pointOf(scene: Scene, id: number): { x: number; y: number } | undefined {
  if (!scene.log.has(id)) return undefined;
  const event = scene.log.event(id);
  const place = placeOf(event);
  const row = rowOfLane(scene.rows, place.key, place.part, place.group);
  return row && { x: xOf(scene.view, event.cycle), y: row.y + row.height / 2 - scene.scrollTop };
}

function paintChain(context: Context, scene: Scene): void {
  const { chain, palette } = scene;
  if (!chain) return;
  const points = chain.links
    .filter((link) => link.role !== 'answer' && link.role !== 'answers')
    .flatMap((link) => pointOf(scene, link.id) ?? []);
  const clip = (x: number): number => Math.min(Math.max(x, -2000), scene.view.width + 2000);
  context.strokeStyle = palette.accent;
  context.lineWidth = 1.5;
  context.setLineDash([4, 3]);
  context.beginPath();
  for (const { x, y } of points) context.lineTo(clip(x), y);
  context.globalAlpha = 0.65;
  context.stroke();
  context.globalAlpha = 1;
  context.setLineDash([]);
  for (const { x, y } of points) ring(context, clip(x), y, 5.5, palette.accent);
  for (const link of chain.links) {
    if (link.role !== 'answer' && link.role !== 'answers') continue;
    const at = pointOf(scene, link.id);
    if (at) ring(context, clip(at.x), at.y, 7, palette.tone.message);
  }
}

function ring(context: Context, x: number, y: number, radius: number, color: string): void {
  context.globalAlpha = 0.25;
  context.fillStyle = color;
  context.beginPath();
  context.arc(x, y, radius, 0, Math.PI * 2);
  context.fill();
  context.globalAlpha = 1;
  context.lineWidth = 1.5;
  context.strokeStyle = color;
  context.stroke();
}

function paintSelected(context: Context, scene: Scene): void {
  const { selected, palette } = scene;
  const at = selected === undefined ? undefined : pointOf(scene, selected);
  if (!at) return;
  context.fillStyle = palette.accent;
  context.globalAlpha = 0.7;
  context.fillRect(at.x - 0.5, 0, 1, scene.height);
  context.globalAlpha = 1;
  context.lineWidth = 2;
  context.strokeStyle = palette.accent;
  context.beginPath();
  context.arc(at.x, at.y, 8.5, 0, Math.PI * 2);
  context.stroke();
}

function paintMarkers(context: Context, { markers, view, palette, height }: Scene): void {
  const [a, b] = markers;
  if (a !== undefined && b !== undefined) {
    const left = Math.max(0, xOf(view, Math.min(a, b)));
    const right = Math.min(view.width, xOf(view, Math.max(a, b)));
    context.globalAlpha = 0.08;
    context.fillStyle = palette.text;
    if (right > left) context.fillRect(left, 0, right - left, height);
    context.globalAlpha = 1;
  }
  context.fillStyle = palette.text2;
  for (const marker of markers) {
    if (marker === undefined) continue;
    const x = Math.round(xOf(view, marker));
    for (let y = 0; y < height; y += 6) context.fillRect(x, y, 1, 3);
  }
}
