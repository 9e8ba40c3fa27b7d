/** A picture of the timeline or the diagram: heading, legend, names of the rows, axis, events. */

import type { Tone } from './describe.ts';
import { paintAxis } from './paint-axis.ts';
import { paintLanes } from './paint-lanes.ts';
import { lifelinePositions, paintSequence, type SequenceScene, toneOfGroup } from './paint-sequence.ts';
import type { Palette } from './palette.ts';
import type { Scene } from './scene.ts';
import type { Context } from './shapes.ts';

export interface Picture {
  readonly scene: Scene;
  /** The diagram instead. */
  readonly sequence: ((width: number, height: number) => SequenceScene) | undefined;
  readonly palette: Palette;
  readonly title: string;
  readonly subtitle: string;
}

const LEGEND: readonly (readonly [Tone, string])[] = [
  ['linux', 'Linux'],
  ['message', 'messages'],
  ['vring', 'vrings'],
  ['doorbell', 'doorbells'],
  ['core', 'core'],
  ['interrupt', 'interrupts'],
  ['thread', 'threads'],
  ['console', 'consoles'],
  ['error', 'errors'],
];
const MOST_PIXELS = 8000;

export async function pictureOf(picture: Picture): Promise<Blob> {
  const { palette, scene } = picture;
  const { rem } = palette;
  const side = rem * 13;
  const head = rem * 5.4;
  const axis = rem * 2.2;
  const width = side + scene.view.width;
  const body = picture.sequence ? rem * 56 : Math.min(scene.rows.height, MOST_PIXELS / 2);
  const height = head + axis + body + rem;
  const scale = Math.min(Math.max(2, devicePixelRatio), MOST_PIXELS / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext('2d')!;
  context.scale(scale, scale);
  context.fillStyle = palette.surface;
  context.fillRect(0, 0, width, height);
  paintHead(context, picture, width);
  if (picture.sequence) paintDiagram(context, picture.sequence(width, body), head, axis, width, body);
  else {
    paintNames(context, picture, head + axis, body);
    within(context, side, head, scene.view.width, axis, () => paintAxis(context, scene, axis));
    within(context, side, head + axis, scene.view.width, body, () => paintLanes(context, { ...scene, height: body, scrollTop: 0 }));
  }
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error('The browser could not make the picture: it is too large for it.'))),
      'image/png',
    );
  });
}

function within(context: Context, x: number, y: number, width: number, height: number, paint: () => void): void {
  context.save();
  context.translate(x, y);
  context.beginPath();
  context.rect(0, 0, width, height);
  context.clip();
  paint();
  context.restore();
}

function paintHead(context: Context, { palette, title, subtitle }: Picture, width: number): void {
  const { rem } = palette;
  context.textBaseline = 'alphabetic';
  context.fillStyle = palette.text;
  context.font = `600 ${rem * 1.2}px ${palette.sans}`;
  context.fillText(title || 'imx-sim', rem, rem * 1.7);
  context.font = `${rem * 0.9}px ${palette.sans}`;
  context.fillStyle = palette.text2;
  context.fillText(subtitle, rem, rem * 3);
  let x = rem;
  for (const [tone, name] of LEGEND) {
    context.fillStyle = palette.tone[tone];
    context.fillRect(x, rem * 3.75, rem * 0.75, rem * 0.75);
    context.fillStyle = palette.text2;
    context.fillText(name, x + rem, rem * 4.45);
    x += rem * 2.2 + context.measureText(name).width;
  }
  const mark = 'imx-sim';
  context.fillStyle = palette.text3;
  context.fillText(mark, width - rem - context.measureText(mark).width, rem * 1.7);
}

function paintNames(context: Context, { scene, palette }: Picture, top: number, height: number): void {
  const { rem } = palette;
  context.save();
  context.beginPath();
  context.rect(0, top, rem * 13, height);
  context.clip();
  context.textBaseline = 'middle';
  for (const row of scene.rows.list) {
    const y = top + row.y;
    if (row.kind === 'group') {
      context.fillStyle = palette.sunken;
      context.fillRect(0, y, rem * 13, row.height);
    }
    context.font = row.kind === 'group' ? `600 ${rem * 0.85}px ${palette.sans}` : `${rem * 0.88}px ${palette.mono}`;
    context.fillStyle = row.kind === 'group' ? palette.text2 : palette.text;
    context.fillText(row.title, rem * (1 + row.depth), y + row.height / 2);
    if (row.lane) {
      context.fillStyle = palette.tone[row.lane.tone];
      context.fillRect(0, y + 3, 3, row.height - 6);
    }
  }
  context.restore();
}

function paintDiagram(context: Context, scene: SequenceScene, top: number, axis: number, width: number, height: number): void {
  const { palette } = scene;
  const lines = scene.index.lines.list;
  const at = lifelinePositions(lines, width, palette);
  context.font = `600 ${palette.rem * 0.9}px ${palette.mono}`;
  context.textBaseline = 'middle';
  for (const line of lines) {
    context.fillStyle = palette.tone[toneOfGroup(line)];
    context.fillText(line.label, at.get(line.key)! - context.measureText(line.label).width / 2, top + axis / 2);
  }
  within(context, 0, top + axis, width, height, () => paintSequence(context, scene));
}
