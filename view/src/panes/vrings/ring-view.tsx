/**
 * A vring as three bands around a centre: outside the available ring, then the descriptors by who has them, inside the used ring. Marks show where the indices point,
 * and how far Linux has looked.
 */
import type { Vring } from '../../../../src/view/protocol.ts';
import { availStates, cellAt, usedStates } from './decode.ts';
import { slotAt, slotPath, slotPoint } from './ring-geometry.ts';

const BANDS = { avail: [152, 172], desc: [116, 146], used: [90, 110] } as const;

/** `onSelect` gets the descriptor that was meant. */
export function RingView({
  ring,
  selected,
  core,
  onSelect,
}: {
  readonly ring: Vring;
  readonly selected: number | undefined;
  readonly core: string;
  readonly onSelect: (descriptor: number) => void;
}) {
  const { size } = ring;
  const avail = availStates(ring);
  const used = usedStates(ring);
  const bad = { avail: new Set<number>(), desc: new Set<number>(), used: new Set<number>() };
  for (const problem of ring.problems) {
    const cell = cellAt(ring, problem.address);
    if (cell?.index !== undefined) bad[cell.part].add(cell.index);
    if (problem.descriptor !== undefined && problem.descriptor < size) bad.desc.add(problem.descriptor);
  }
  const band = (name: keyof typeof BANDS, classOf: (slot: number) => string) => {
    const [inner, outer] = BANDS[name];
    return Array.from({ length: size }, (_, slot) => (
      <path key={slot} d={slotPath(slot, size, inner, outer)} class={`vrings-slot ${bad[name].has(slot) ? 'vrings-bad' : classOf(slot)}`} />
    ));
  };
  const pick = (event: MouseEvent & { currentTarget: SVGSVGElement }) => {
    const area = event.currentTarget.getBoundingClientRect();
    const scale = 400 / Math.min(area.width, area.height);
    const x = (event.clientX - area.left - area.width / 2) * scale;
    const y = (event.clientY - area.top - area.height / 2) * scale;
    const radius = Math.hypot(x, y);
    if (radius < BANDS.used[0] - 4 || radius > BANDS.avail[1] + 4) return;
    const slot = slotAt(x, y, size);
    const descriptor = radius > 149 ? ring.avail.ring[slot] : radius < 113 ? ring.used.ring[slot]?.id : slot;
    if (descriptor !== undefined && descriptor < size) onSelect(descriptor);
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tables beside it offer the same to keys
    <svg class="vrings-circle" viewBox="-200 -200 400 400" role="img" aria-label={words(ring, core)} onClick={pick}>
      {band('avail', (slot) => (avail[slot] === 'open' ? 'vrings-core' : 'vrings-old'))}
      {band('desc', (slot) => `vrings-${ring.descriptors[slot]?.owner ?? 'unknown'}`)}
      {band('used', (slot) => (used[slot] === 'returned' ? 'vrings-returned' : 'vrings-old'))}
      {selected !== undefined && selected < size && <path d={slotPath(selected, size, 113, 149, 0)} class="vrings-selected" />}
      <Mark index={ring.availIndex} size={size} radius={178} outward label="avail" kind="avail" />
      <Mark index={ring.usedIndex} size={size} radius={84} label="used" kind="used" />
      {ring.linux && <Mark index={ring.linux.lastUsedIndex} size={size} radius={72} label="Linux" kind="last" />}
      <text class="vrings-center" y="-12">
        {size}
      </text>
      <text class="vrings-center-small" y="8">
        {size === 1 ? 'buffer' : 'buffers'}
      </text>
      <text class="vrings-center-small" y="24">
        {ring.direction === 'to-core' ? `Linux ▸ ${core}` : `${core} ▸ Linux`}
      </text>
    </svg>
  );
}

function Mark({
  index,
  size,
  radius,
  outward,
  label,
  kind,
}: {
  readonly index: number;
  readonly size: number;
  readonly radius: number;
  readonly outward?: boolean;
  readonly label: string;
  readonly kind: string;
}) {
  const slot = size ? index % size : 0;
  const tip = slotPoint(slot, size, radius);
  const angle = (slot / Math.max(1, size)) * 360;
  return (
    <g class={`vrings-mark vrings-mark-${kind}`} data-tip={`${label}: index ${index}, slot ${slot}`}>
      <path d={outward ? 'M0 0L-5 -10L5 -10Z' : 'M0 0L-5 10L5 10Z'} transform={`translate(${tip.x} ${tip.y}) rotate(${angle})`} />
    </g>
  );
}

function words(ring: Vring, core: string): string {
  const { linux, core: there, inFlight } = ring.owned;
  return `vring${ring.queue} of ${ring.device}, ${ring.size} buffers: ${linux} with Linux, ${there} with ${core}, ${inFlight} returned; available index ${ring.availIndex}, used index ${ring.usedIndex}`;
}
