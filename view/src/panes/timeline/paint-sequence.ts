/** Paints the sequence diagram: the lines that are in sight, each one event. */

import type { ViewEvent } from '../../../../src/view/protocol.ts';
import { detailOf, hex, messageText, titleOf } from './describe.ts';
import type { EventLog } from './event-log.ts';
import { exceptionName } from './exceptions.ts';
import type { Palette } from './palette.ts';
import { type Lifeline, rowOf, type SequenceIndex } from './sequence.ts';
import { type Context, fitted } from './shapes.ts';
import { formatDuration, formatTime } from './time-format.ts';

export interface SequenceScene {
  readonly log: EventLog;
  readonly index: SequenceIndex;
  readonly palette: Palette;
  readonly hz: number;
  readonly width: number;
  readonly height: number;
  readonly scrollTop: number;
  readonly row: number;
  readonly selected: number | undefined;
  /** Events that belong to what is selected. */
  readonly related: ReadonlySet<number>;
  readonly hits: ReadonlySet<number> | undefined;
  readonly hover: number | undefined;
  readonly limit: number;
}

/** Width of the column of times. */
export function gutterOf(palette: Palette): number {
  return palette.rem * 15.5;
}

/** Centres of the lifelines. */
export function lifelinePositions(lines: readonly Lifeline[], width: number, palette: Palette): ReadonlyMap<string, number> {
  const left = gutterOf(palette) + palette.rem * 5;
  const right = width - palette.rem * 8;
  if (lines.length < 2) return new Map(lines.map(({ key }): [string, number] => [key, (left + right) / 2]));
  // Doorbells have their words between Linux, the unit and the core: these stand further apart.
  const parts = lines.map((line, index) => (index === 0 ? 0 : line.main && lines[index - 1]!.main ? 1.7 : 1));
  const step = Math.max(palette.rem * 5.5, (right - left) / parts.reduce<number>((sum, part) => sum + part, 0));
  const positions = new Map<string, number>();
  let x = left;
  lines.forEach((line, index) => {
    x += parts[index]! * step;
    positions.set(line.key, x);
  });
  return positions;
}

export function paintSequence(context: Context, scene: SequenceScene): void {
  const { palette, width, height, index, row, scrollTop } = scene;
  context.fillStyle = palette.surface;
  context.fillRect(0, 0, width, height);
  const lines = index.lines.list;
  const at = lifelinePositions(lines, width, palette);
  for (const line of lines) {
    context.fillStyle = palette.tone[toneOfGroup(line)];
    context.globalAlpha = line.main ? 0.7 : 0.4;
    context.fillRect(Math.round(at.get(line.key)!) - 0.5, 0, line.main ? 1.5 : 1, height);
  }
  context.globalAlpha = 1;
  const mono = `${Math.round(palette.rem * 0.85)}px ${palette.mono}`;
  context.font = mono;
  const charWidth = context.measureText('0').width;
  const first = Math.max(0, Math.floor(scrollTop / row));
  const last = Math.min(index.ids.length, Math.ceil((scrollTop + height) / row));
  for (let line = first; line < last; line++) paintLine(context, scene, line, line * row - scrollTop, at, charWidth);
}

export function toneOfGroup(line: Lifeline): 'linux' | 'doorbell' | 'core' {
  return line.group === 'linux' ? 'linux' : line.group === 'mu' ? 'doorbell' : 'core';
}

function paintLine(
  context: Context,
  scene: SequenceScene,
  line: number,
  y: number,
  at: ReadonlyMap<string, number>,
  charWidth: number,
): void {
  const { log, index, palette, row, width } = scene;
  const id = index.ids.id(line);
  const event = log.event(id);
  const middle = y + row / 2;
  if (id === scene.selected || line === scene.hover || scene.hits?.has(id)) {
    context.globalAlpha = id === scene.selected ? 0.16 : 0.07;
    context.fillStyle = id === scene.selected || scene.hits?.has(id) ? palette.accent : palette.text;
    context.fillRect(0, y, width, row);
    context.globalAlpha = 1;
  }
  if (scene.related.has(id)) {
    context.fillStyle = palette.accent;
    context.fillRect(0, y, 3, row);
  }
  context.textBaseline = 'middle';
  context.fillStyle = event.cycle > scene.limit ? palette.text3 : palette.text2;
  const before = line > 0 ? index.ids.cycle(line - 1) : undefined;
  context.fillText(formatTime(event.cycle, scene.hz), 8, middle);
  if (before !== undefined && before !== event.cycle) {
    const text = `+${formatDuration(event.cycle - before, scene.hz)}`;
    context.fillStyle = palette.text3;
    context.fillText(text, gutterOf(palette) - text.length * charWidth + palette.rem * 2.2, middle);
  }
  const where = rowOf(event, index.options, index.lines);
  const from = at.get(where.from) ?? 0;
  const to = at.get(where.to) ?? from;
  const color = palette.tone[where.tone];
  if (from === to) note(context, scene, event, from, middle, color, charWidth, where.thin);
  else arrow(context, scene, event, from, to, middle, color, charWidth, where.thin);
}

function arrow(
  context: Context,
  scene: SequenceScene,
  event: ViewEvent,
  from: number,
  to: number,
  y: number,
  color: string,
  charWidth: number,
  thin: boolean,
): void {
  const direction = to > from ? 1 : -1;
  const size = thin ? 4 : 6;
  context.strokeStyle = color;
  context.fillStyle = color;
  context.lineWidth = thin ? 1 : 1.75;
  if (thin) context.setLineDash([3, 3]);
  context.beginPath();
  context.moveTo(from, y + 4);
  context.lineTo(to - direction * size, y + 4);
  context.stroke();
  context.setLineDash([]);
  context.beginPath();
  context.moveTo(to, y + 4);
  context.lineTo(to - direction * size * 1.5, y + 4 - size * 0.7);
  context.lineTo(to - direction * size * 1.5, y + 4 + size * 0.7);
  context.closePath();
  context.fill();
  if (!thin) {
    context.beginPath();
    context.arc(from, y + 4, 2.5, 0, Math.PI * 2);
    context.fill();
  }
  const room = Math.abs(to - from) - 10;
  const text = fitted(arrowText(event), room, charWidth);
  if (text === '') return;
  const left = (from + to) / 2 - (text.length * charWidth) / 2;
  const { palette } = scene;
  context.fillStyle = palette.surface;
  context.globalAlpha = 0.85;
  context.fillRect(left - 3, y - 9, text.length * charWidth + 6, 10);
  context.globalAlpha = 1;
  context.fillStyle = thin ? palette.text3 : palette.text;
  context.fillText(text, left, y - 4);
}

function arrowText(event: ViewEvent): string {
  if (event.type === 'message') {
    const text = messageText(event);
    return `${hex(event.src)} → ${hex(event.dst)}  ${event.length} B${text === '' ? '' : `  ${text}`}`;
  }
  if (event.type === 'mu') {
    if (event.action === 'transmit') return `TR${event.channel} ${hex(event.value)}`;
    if (event.action === 'receive') return `RR${event.channel} ${hex(event.value)}`;
    return `${event.action} ${event.channel}`;
  }
  return titleOf(event);
}

function note(
  context: Context,
  scene: SequenceScene,
  event: ViewEvent,
  x: number,
  y: number,
  color: string,
  charWidth: number,
  thin: boolean,
): void {
  const { palette } = scene;
  const text = noteText(event);
  const left = x + 9;
  const label = fitted(text, scene.width - left - 10, charWidth);
  context.fillStyle = color;
  context.beginPath();
  context.arc(x, y, thin ? 2.5 : 4, 0, Math.PI * 2);
  context.fill();
  context.fillStyle = palette.surface;
  context.globalAlpha = 0.85;
  context.fillRect(left - 2, y - 8, label.length * charWidth + 4, 16);
  context.globalAlpha = 1;
  context.fillStyle = thin ? palette.text2 : palette.text;
  context.fillText(label, left, y + 0.5);
}

function noteText(event: ViewEvent): string {
  if (event.type === 'dmesg' || event.type === 'console') return detailOf(event);
  if (event.type === 'interrupt') return exceptionName(event);
  const detail = detailOf(event);
  return detail === '' ? titleOf(event) : `${titleOf(event)}: ${detail}`;
}
