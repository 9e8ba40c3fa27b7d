/** A vring in the diagram: its circle, who has the buffers, its indices. */
import type { VringSummary } from '../../../../src/view/protocol.ts';
import type { LastMessage } from '../../activity.ts';
import { Icon } from '../../components/icons.tsx';
import { count, hex } from '../../format.ts';
import { go } from '../../store.ts';
import { arcPath, occupancy, slotPoint } from '../vrings/ring-geometry.ts';

const RADIUS = 40;

/** The circle alone: the track is Linux's, the arc the core's, ticks are the indices. */
export function RingGlyph({ ring }: { readonly ring: VringSummary }) {
  const lastUsed = (ring.usedIndex - ring.owned.inFlight) & 0xffff;
  const { offered, returned, broken } = occupancy({ ...ring, lastUsedIndex: ring.owned.inFlight ? lastUsed : undefined });
  const tick = (index: number, inner: number, outer: number) => {
    const slot = ring.size ? index % ring.size : 0;
    const a = slotPoint(slot, ring.size, inner);
    const b = slotPoint(slot, ring.size, outer);
    return `M${a.x} ${a.y}L${b.x} ${b.y}`;
  };
  return (
    <svg class={broken || ring.violations ? 'system-ring system-ring-broken' : 'system-ring'} viewBox="-54 -54 108 108" aria-hidden="true">
      <circle r={RADIUS} class="ring-track" />
      <path d={arcPath(offered, ring.size, RADIUS)} class="ring-core" />
      <path d={arcPath(returned, ring.size, RADIUS)} class="ring-returned" />
      <path d={tick(ring.availIndex, 30, 52)} class="ring-avail" />
      <path d={tick(ring.usedIndex, 28, 50)} class="ring-used" />
      <text class="ring-size" y="5">
        {ring.size}
      </text>
    </svg>
  );
}

export function VringBox({
  ring,
  rate,
  total,
  core,
  compact,
  last,
}: {
  readonly ring: VringSummary;
  /** Newest first, as many as there is room for. */
  readonly last: readonly LastMessage[];
  readonly rate: string;
  readonly total: number;
  readonly core: string;
  readonly compact: boolean;
}) {
  const toCore = ring.direction === 'to-core';
  const show = () => go('vrings', { device: ring.device, queue: ring.queue });
  return (
    <button
      type="button"
      class={`system-vring${compact ? ' system-compact' : ''}${ring.violations ? ' system-vring-bad' : ''}`}
      onClick={show}
      data-tip={`Inspect vring${ring.queue} of ${ring.device}`}
    >
      <RingGlyph ring={ring} />
      <span class="system-vring-words">
        <span class="system-vring-title">
          <strong>vring{ring.queue}</strong>
          <span class={`system-direction hue-${toCore ? 'linux' : 'core'}`}>{toCore ? `Linux ▸ ${core}` : `${core} ▸ Linux`}</span>
          {ring.violations > 0 && (
            <span class="badge hue-error">
              <Icon name="error" />
              {ring.violations}
            </span>
          )}
          <span class="spacer" />
          <span class="system-count number">
            {count(total)} <span class="muted">{rate}</span>
          </span>
        </span>
        {!compact && (
          <span class="system-facts mono number">
            <span>
              avail <b>{ring.availIndex}</b>
            </span>
            <span>
              used <b>{ring.usedIndex}</b>
            </span>
          </span>
        )}
        {!compact && <Owners ring={ring} core={core} />}
        {last.length > 0 && (
          <span class="system-messages">
            {last.map(({ seq, src, dst, text }) => (
              <span key={seq}>
                <span class="mono muted">
                  {hex(src, 1)} ▸ {hex(dst, 1)}
                </span>
                <span>{text}</span>
              </span>
            ))}
          </span>
        )}
      </span>
    </button>
  );
}

function Owners({ ring, core }: { readonly ring: VringSummary; readonly core: string }) {
  const { linux, core: offered, inFlight } = ring.owned;
  const parts = [
    { value: linux, hue: 'linux', title: 'Linux' },
    { value: offered, hue: 'core', title: core },
    { value: inFlight, hue: 'message', title: 'returned' },
  ] as const;
  return (
    <span class="system-owners">
      <span class="system-owner-bar" aria-hidden="true">
        {parts.map(({ value, hue, title }) => value > 0 && <span key={title} class={`hue-${hue}`} style={{ flexGrow: String(value) }} />)}
      </span>
      <span class="system-owner-words">
        {parts.map(({ value, hue, title }) => (
          <span key={title} class={`hue-${hue} number`}>
            <i />
            {title} {value}
          </span>
        ))}
      </span>
    </span>
  );
}
