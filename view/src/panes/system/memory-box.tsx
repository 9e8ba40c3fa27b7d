/** The shared memory in the diagram: carve-outs by address; the vrings lie over it. */
import type { Overview } from '../../../../src/view/protocol.ts';
import { bytes, hex } from '../../format.ts';
import { go } from '../../store.ts';
import { carveOutRows } from './parts.ts';

export function MemoryBox({
  overview,
  linux,
  core,
}: {
  readonly overview: Overview | undefined;
  readonly linux: boolean;
  readonly core: string;
}) {
  const rows = carveOutRows(overview?.carveOuts ?? []);
  const none = overview && overview.vrings.length === 0;
  return (
    <>
      <header class="system-head">
        <button type="button" class="system-name hue-vring" onClick={() => go('memory', { view: linux ? 'linux' : core })}>
          DDR
        </button>
        <span class="system-kind">shared memory</span>
      </header>
      {none && (
        <p class="system-no-vrings muted">
          {linux
            ? 'No vrings yet. Linux sets them up when it has loaded firmware whose resource table has a vdev.'
            : 'No vrings: there is no Linux in this run.'}
        </p>
      )}
      <span class="spacer" />
      {rows.length > 0 && (
        <div class="system-map">
          <h3 class="label">Carve-outs</h3>
          <div class="system-map-rows">
            {rows.map(({ region, hue, share }) => (
              <button
                key={`${region.name} ${region.base}`}
                type="button"
                class={`system-region hue-${hue}`}
                data-tip={`${region.from} · up to ${hex(region.base + region.size - 1)}`}
                onClick={() => go('memory', { view: linux ? 'linux' : core, address: region.base })}
              >
                <span class="mono muted">{hex(region.base)}</span>
                <span class="system-region-bar">
                  <span style={{ width: `${Math.round(share * 100)}%` }} />
                </span>
                <span class="system-region-name">{region.name}</span>
                <span class="system-region-size number muted">{bytes(region.size)}</span>
              </button>
            ))}
          </div>
        </div>
      )}
    </>
  );
}
