/** The wires of the diagram, and what moves along them. */
import { useEffect, useRef } from 'preact/hooks';
import { onEvent } from '../../store.ts';
import { color, theme } from '../../theme.ts';
import { along, type Layout, type Wire, wirePath } from './layout.ts';
import { type Pulse, Pulses, TRAVEL } from './pulses.ts';

/** The lines. */
export function Wires({ layout }: { readonly layout: Layout }) {
  return (
    <svg class="system-wires" width={layout.width} height={layout.height} aria-hidden="true">
      {layout.wires.map((wire) => (
        <path key={wire.id} d={wirePath(wire.points)} class={`wire wire-${wire.kind}`} />
      ))}
      {layout.wires.flatMap((wire) => [<Dot key={`${wire.id} a`} wire={wire} at={0} />, <Dot key={`${wire.id} b`} wire={wire} at={1} />])}
    </svg>
  );
}

function Dot({ wire, at }: { readonly wire: Wire; readonly at: number }) {
  const { x, y } = along(wire, at);
  return <circle cx={x} cy={y} r={3.5} class={`wire-end wire-${wire.kind}`} />;
}

/** Doorbells and messages on their way; nothing for those who asked for less motion. */
export function PulseLayer({ layout }: { readonly layout: Layout }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const pulses = useRef(new Pulses());
  useEffect(() => {
    pulses.current.setWires(layout.wires);
  }, [layout]);
  useEffect(() => {
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    let frame = 0;
    const draw = () => {
      const now = performance.now();
      const more = pulses.current.advance(now);
      paint(canvas.current, pulses.current.list, now);
      frame = more ? requestAnimationFrame(draw) : 0;
    };
    const end = onEvent((event) => {
      if (document.visibilityState === 'hidden') return;
      if (pulses.current.add(event, performance.now()) && frame === 0) frame = requestAnimationFrame(draw);
    });
    return () => {
      end();
      cancelAnimationFrame(frame);
    };
  }, []);
  const ratio = globalThis.devicePixelRatio || 1;
  return (
    <canvas
      ref={canvas}
      class="system-pulses"
      width={Math.round(layout.width * ratio)}
      height={Math.round(layout.height * ratio)}
      style={{ width: `${layout.width}px`, height: `${layout.height}px` }}
      data-theme={theme.value}
    />
  );
}

/** Length of the trail behind a pulse, as a share of its wire. */
const TRAIL = 0.35;
const TRAIL_STEPS = 10;

function paint(canvas: HTMLCanvasElement | null, pulses: readonly Pulse[], now: number): void {
  const context = canvas?.getContext('2d');
  if (!canvas || !context) return;
  const ratio = globalThis.devicePixelRatio || 1;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  for (const { wire, hue, forward, start, count } of pulses) {
    const share = (now - start) / TRAVEL;
    if (share < 0) continue;
    context.fillStyle = color(`--${hue}`);
    context.strokeStyle = context.fillStyle;
    context.lineCap = 'round';
    context.lineWidth = 0.28 * rem;
    const at = (position: number) => along(wire, forward ? position : 1 - position);
    for (let step = 0; step < TRAIL_STEPS; step++) {
      const a = share - (TRAIL * step) / TRAIL_STEPS;
      const b = share - (TRAIL * (step + 1)) / TRAIL_STEPS;
      if (a <= 0) break;
      context.globalAlpha = 0.7 * (1 - step / TRAIL_STEPS) * (1 - Math.max(0, share - 0.85) * 4);
      context.beginPath();
      const from = at(a);
      const to = at(Math.max(0, b));
      context.moveTo(from.x, from.y);
      context.lineTo(to.x, to.y);
      context.stroke();
    }
    const head = at(share);
    const radius = (hue === 'message' ? 0.36 : 0.3) * rem * (1 + Math.min(0.4, Math.log10(count) * 0.25));
    context.globalAlpha = 1;
    context.beginPath();
    if (hue === 'message') context.roundRect(head.x - radius * 1.5, head.y - radius, radius * 3, radius * 2, radius * 0.5);
    else context.arc(head.x, head.y, radius, 0, 2 * Math.PI);
    context.fill();
  }
  context.globalAlpha = 1;
}
