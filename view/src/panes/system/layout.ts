/**
 * Where the parts of the system diagram stand, for any number of cores, messaging units and vrings: Linux on the left, what both share in the middle, the cores on the
 * right, and wires between them. In pixels; no DOM.
 */

export interface Box {
  readonly id: string;
  readonly kind: 'linux' | 'mu' | 'memory' | 'vring' | 'core';
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** There is no room for details. */
  readonly compact: boolean;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** From Linux's side to the core's side. */
export interface Wire {
  readonly id: string;
  readonly kind: 'mu' | 'vring';
  readonly from: string;
  readonly to: string;
  readonly points: readonly Point[];
  readonly length: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  readonly wires: readonly Wire[];
}

/** What is to be placed. */
export interface Parts {
  readonly linux: boolean;
  readonly cores: readonly string[];
  readonly mus: readonly { readonly name: string; readonly channels: number; readonly cores: readonly string[]; readonly linux: boolean }[];
  /** `id` and the core at its other end. */
  readonly vrings: readonly { readonly id: string; readonly core: string }[];
  readonly carveOuts: number;
}

// All in rem.
const PAD = 1;
const GAP = 0.8;
const LEAST = { width: 56, height: 32 };
const MU = { header: 5.9, channel: 1.5, compact: 3.4 };
const VRING = { least: 3.2, compact: 5.6, most: 40 };
const CARVE = { header: 2, row: 1.55, least: 4.5 };
const MEMORY_HEADER = 2.4;

/** Places everything in `width` x `height` pixels, or in more where that is too little. */
export function layoutSystem(parts: Parts, size: { readonly width: number; readonly height: number; readonly rem: number }): Layout {
  const { rem } = size;
  const width = Math.max(size.width / rem, LEAST.width);
  const height = Math.max(size.height / rem, LEAST.height, leastMiddle(parts));
  const channel = Math.min(8.5, Math.max(4.5, width * 0.06));
  const free = width - 2 * PAD - (parts.linux ? 2 : 1) * channel;
  const share = parts.linux ? { left: 0.29, middle: 0.41 } : { left: 0, middle: 0.52 };
  const left = { x: PAD, width: free * share.left };
  const middle = { x: parts.linux ? left.x + left.width + channel : PAD, width: free * share.middle };
  const right = { x: middle.x + middle.width + channel, width: free * (1 - share.left - share.middle) };

  const boxes: Box[] = [];
  const put = (id: string, kind: Box['kind'], x: number, y: number, w: number, h: number, compact = false) =>
    boxes.push({ id, kind, x: x * rem, y: y * rem, width: w * rem, height: h * rem, compact });
  if (parts.linux) put('linux', 'linux', left.x, PAD, left.width, height - 2 * PAD);

  const inside = height - 2 * PAD;
  const units = muHeights(parts.mus, inside * 0.46);
  let y = PAD;
  for (const [index, mu] of parts.mus.entries()) {
    const { height: h, compact } = units[index]!;
    put(`mu:${mu.name}`, 'mu', middle.x, y, middle.width, h, compact);
    y += h + GAP;
  }
  placeMemory(parts, { x: middle.x, y, width: middle.width, height: PAD + inside - y }, put);
  placeCores(parts, { x: right.x, width: right.width, height: inside }, put);

  const wires = wiresOf(parts, boxes, rem);
  return { width: width * rem, height: height * rem, boxes, wires };
}

/** What the middle needs with everything compact; more than the pane has, and the diagram scrolls. */
function leastMiddle({ mus, vrings, carveOuts }: Parts): number {
  const memory = MEMORY_HEADER + vrings.length * (VRING.least + 0.5) + (carveOuts ? CARVE.least : 0) + GAP;
  return (2 * PAD + mus.length * (MU.compact + GAP) + memory) / (carveOuts && vrings.length ? 0.94 : 1);
}

/** All in full where there is room; else the ones with the most channels become compact first. */
function muHeights(mus: Parts['mus'], room: number): { height: number; compact: boolean }[] {
  const heights = mus.map(({ channels }) => ({ height: MU.header + channels * MU.channel, compact: false }));
  const sum = () => heights.reduce((total, { height }) => total + height + GAP, 0);
  for (let index = heights.length - 1; index >= 0 && sum() > room; index--) heights[index] = { height: MU.compact, compact: true };
  return heights;
}

type Put = (id: string, kind: Box['kind'], x: number, y: number, width: number, height: number, compact?: boolean) => void;

function placeMemory(parts: Parts, area: { x: number; y: number; width: number; height: number }, put: Put): void {
  put('memory', 'memory', area.x, area.y, area.width, area.height);
  const count = parts.vrings.length;
  if (count === 0) return;
  const list = Math.max(CARVE.least, CARVE.header + parts.carveOuts * CARVE.row);
  const rows = count * (VRING.least + 0.5);
  const room =
    area.height - MEMORY_HEADER - Math.min(list, area.height * 0.42, Math.max(CARVE.least, area.height - MEMORY_HEADER - rows)) - GAP;
  const each = Math.max(VRING.least, Math.min(VRING.most, (room - (count - 1) * 0.5) / count));
  for (const [index, { id }] of parts.vrings.entries()) {
    put(`vring:${id}`, 'vring', area.x + 0.7, area.y + MEMORY_HEADER + index * (each + 0.5), area.width - 1.4, each, each < VRING.compact);
  }
}

function placeCores(parts: Parts, area: { x: number; width: number; height: number }, put: Put): void {
  const count = Math.max(1, parts.cores.length);
  // The core that runs the firmware comes first and gets twice the room of another.
  const unit = (area.height - (count - 1) * GAP) / (count + 1);
  let y = PAD;
  for (const [index, name] of parts.cores.entries()) {
    const h = count === 1 ? area.height : index === 0 ? 2 * unit : unit;
    put(`core:${name}`, 'core', area.x, y, area.width, h, h < 14);
    y += h + GAP;
  }
}

function wiresOf(parts: Parts, boxes: readonly Box[], rem: number): Wire[] {
  const box = (id: string) => boxes.find((each) => each.id === id);
  const wires: Wire[] = [];
  const lanes = new Map<string, number>();
  const connect = (kind: Wire['kind'], from: Box | undefined, to: Box | undefined, at: Box) => {
    if (!from || !to) return;
    const points = route(from, to, at.y + at.height / 2, lanes, rem);
    const length = points
      .slice(1)
      .reduce((sum, point, index) => sum + Math.hypot(point.x - points[index]!.x, point.y - points[index]!.y), 0);
    wires.push({ id: `${from.id}>${to.id}`, kind, from: from.id, to: to.id, points, length });
  };
  for (const mu of parts.mus) {
    const unit = box(`mu:${mu.name}`);
    if (!unit) continue;
    if (mu.linux) connect('mu', box('linux'), unit, unit);
    for (const core of mu.cores) connect('mu', unit, box(`core:${core}`), unit);
  }
  for (const { id, core } of parts.vrings) {
    const ring = box(`vring:${id}`);
    if (!ring) continue;
    connect('vring', box('linux'), ring, ring);
    connect('vring', ring, box(`core:${core}`), ring);
  }
  return wires;
}

/** Straight where the other box is beside it, else with one step in the gap, each in its own lane. */
function route(from: Box, to: Box, y: number, lanes: Map<string, number>, rem: number): Point[] {
  const start = { x: from.x + from.width, y };
  const margin = 1.2 * rem;
  const low = to.y + margin;
  const high = to.y + to.height - margin;
  if (y >= low && y <= high) return [start, { x: to.x, y }];
  const lane = lanes.get(to.id) ?? 0;
  lanes.set(to.id, lane + 1);
  const target = Math.min(high, y < low ? low + lane * rem : high - lane * rem);
  const middle = start.x + (to.x - start.x) * (0.4 + 0.12 * (lane % 4));
  return [start, { x: middle, y }, { x: middle, y: Math.max(low, target) }, { x: to.x, y: Math.max(low, target) }];
}

/** The point at `share` (0 to 1) of a wire's length. */
export function along(wire: Wire, share: number): Point {
  let left = Math.min(1, Math.max(0, share)) * wire.length;
  for (let index = 1; index < wire.points.length; index++) {
    const a = wire.points[index - 1]!;
    const b = wire.points[index]!;
    const piece = Math.hypot(b.x - a.x, b.y - a.y);
    if (left <= piece && piece > 0) return { x: a.x + ((b.x - a.x) * left) / piece, y: a.y + ((b.y - a.y) * left) / piece };
    left -= piece;
  }
  return wire.points.at(-1) ?? { x: 0, y: 0 };
}

/** The path of a wire with rounded corners. */
export function wirePath(points: readonly Point[], radius = 8): string {
  let path = '';
  for (const [index, point] of points.entries()) {
    const before = points[index - 1];
    const after = points[index + 1];
    if (!before) path += `M${f(point.x)} ${f(point.y)}`;
    else if (!after) path += `L${f(point.x)} ${f(point.y)}`;
    else {
      const a = toward(point, before, radius);
      const b = toward(point, after, radius);
      path += `L${f(a.x)} ${f(a.y)}Q${f(point.x)} ${f(point.y)} ${f(b.x)} ${f(b.y)}`;
    }
  }
  return path;
}

function toward(from: Point, to: Point, distance: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const share = length === 0 ? 0 : Math.min(0.5, distance / length);
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}

const f = (value: number) => Math.round(value * 10) / 10;
