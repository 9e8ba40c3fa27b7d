/** What the canvases are drawn with. */
import type { ViewEvent } from '../../../../src/view/protocol.ts';

export type Context = CanvasRenderingContext2D;

/** Sets up a canvas for its size on the screen; true coordinates are CSS pixels afterwards. */
export function prepare(canvas: HTMLCanvasElement, width: number, height: number): Context {
  const ratio = devicePixelRatio || 1;
  const wide = Math.max(1, Math.round(width * ratio));
  const high = Math.max(1, Math.round(height * ratio));
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
  const context = canvas.getContext('2d')!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

/** Stripes that say: something is missing here. */
export function hatch(context: Context, x: number, y: number, width: number, height: number, color: string, ground: string): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.globalAlpha = 0.92;
  context.fillStyle = ground;
  context.fillRect(x, y, width, height);
  context.globalAlpha = 0.5;
  context.strokeStyle = color;
  context.lineWidth = 1;
  context.beginPath();
  const step = 7;
  for (let at = Math.floor((x - height) / step) * step; at < x + width; at += step) {
    context.moveTo(at, y + height);
    context.lineTo(at + height, y);
  }
  context.stroke();
  context.restore();
}

/** As much of a text as fits, in characters of equal width. */
export function fitted(text: string, room: number, charWidth: number): string {
  const most = Math.floor(room / charWidth);
  if (text.length <= most) return text;
  return most < 4 ? '' : `${text.slice(0, most - 1)}…`;
}

/** The shape of an event: which way it goes. Adds to the current path, around a point. */
export function glyph(context: Context, event: ViewEvent, x: number, y: number, size: number): void {
  switch (event.type) {
    case 'message':
      triangle(context, x, y, size, event.direction === 'tx' ? 1 : -1);
      break;
    case 'mu': {
      const half = event.action === 'transmit' || event.action === 'general' ? size : size * 0.66;
      context.moveTo(x, y - half);
      context.lineTo(x + half, y);
      context.lineTo(x, y + half);
      context.lineTo(x - half, y);
      context.closePath();
      break;
    }
    case 'vring':
      if (event.action === 'kick') context.rect(x - size * 0.7, y - size * 0.7, size * 1.4, size * 1.4);
      else triangle(context, x, y, size * 0.85, event.action === 'avail' ? 1 : -1);
      break;
    case 'finding':
    case 'fault':
      context.rect(x - size, y - size, size * 2, size * 2);
      break;
    default:
      context.moveTo(x + size * 0.7, y);
      context.arc(x, y, size * 0.7, 0, Math.PI * 2);
  }
}

function triangle(context: Context, x: number, y: number, size: number, direction: 1 | -1): void {
  context.moveTo(x - size, y - size * 0.8 * direction);
  context.lineTo(x + size, y - size * 0.8 * direction);
  context.lineTo(x, y + size * direction);
  context.closePath();
}

/** A small text on a ground of its own. */
export function flag(
  context: Context,
  text: string,
  x: number,
  y: number,
  color: string,
  ink: string,
  align: 'left' | 'center' = 'left',
): void {
  const width = context.measureText(text).width + 8;
  const height = 15;
  const left = align === 'center' ? x - width / 2 : x;
  context.fillStyle = color;
  context.beginPath();
  context.roundRect(left, y, width, height, 3);
  context.fill();
  context.fillStyle = ink;
  context.textBaseline = 'middle';
  context.fillText(text, left + 4, y + height / 2 + 0.5);
}
