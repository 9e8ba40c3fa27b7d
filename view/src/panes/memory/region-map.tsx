/** The regions of the view: a strip in proportion, and tables of regions and of what Linux has set aside. */
import type { CarveOut, MemoryRegion } from '../../../../src/view/protocol.ts';
import { EmptyState, Table } from '../../components/index.ts';
import { bytes, hex } from '../../format.ts';
import { go, overview } from '../../store.ts';
import { ADDRESS_SPACE } from './hex-layout.ts';
import { condensed, strip } from './regions.ts';
import { chooseView, cursor, goTo, pieces, view, views } from './state.ts';

function regionsOfView(): MemoryRegion[] {
  return pieces.value.flatMap((piece) => (piece.kind === 'hole' ? [] : [piece.region]));
}

/** The whole address space in one line; click to go there. */
export function Strip() {
  const parts = strip(condensed(regionsOfView()), 0.006);
  const at = cursor.value.address;
  const own = parts.find(({ region }) => at >= region.base && at - region.base < region.size);
  const marker = own === undefined ? at / ADDRESS_SPACE : own.start + ((at - own.region.base) / own.region.size) * own.width;
  const carveOuts = view.value === 'linux' ? (overview.value?.carveOuts ?? []) : [];
  return (
    <nav class="memory-strip" aria-label="Regions of the address space">
      {parts.map(({ region, start, width }) => (
        <button
          key={region.base}
          type="button"
          class={`memory-strip-part memory-region-${region.kind}`}
          style={{ left: `${start * 100}%`, width: `${width * 100}%` }}
          aria-label={`${region.name}, ${hex(region.base)}, ${bytes(region.size)}`}
          data-tip={`${region.name} · ${hex(region.base)} to ${hex(region.base + region.size - 1)} · ${bytes(region.size)}`}
          onClick={() => goTo(region.base)}
        >
          {width > 0.04 && <span>{region.name}</span>}
        </button>
      ))}
      {carveOuts.map((area) => {
        const inside = parts.find(({ region }) => area.base >= region.base && area.base - region.base < region.size);
        if (inside === undefined) return null;
        const left = inside.start + ((area.base - inside.region.base) / inside.region.size) * inside.width;
        return (
          <span
            key={`${area.name}${area.base}`}
            class="memory-strip-carve"
            style={{ left: `${left * 100}%` }}
            data-tip={`${area.name} · ${hex(area.base)}`}
          />
        );
      })}
      <span class="memory-strip-cursor" style={{ left: `${marker * 100}%` }} />
    </nav>
  );
}

export function RegionTable() {
  const regions = regionsOfView();
  const carveOuts = overview.value?.carveOuts ?? [];
  const at = cursor.value.address;
  if (regions.length === 0) {
    return (
      <EmptyState title="No regions are known of this view">
        <p>The machine has not described its memory.</p>
      </EmptyState>
    );
  }
  const inside = (area: { readonly base: number; readonly size: number }) => at >= area.base && at - area.base < area.size;
  return (
    <div class="memory-regions">
      <Table<MemoryRegion>
        label={`Regions that ${view.value ?? ''} sees`}
        rows={regions}
        rowKey={({ name, base }) => `${name}${base}`}
        rowClass={(region) => (inside(region) ? 'memory-region-here' : undefined)}
        onSelect={({ base }) => goTo(base)}
        onOpen={({ kind, name }) => kind === 'device' && go('peripherals', { name })}
        columns={[
          {
            id: 'name',
            title: 'Region',
            render: ({ name, kind }) => (
              <>
                <span class={`memory-swatch memory-region-${kind}`} />
                {name}
              </>
            ),
          },
          { id: 'base', title: 'From', width: '7.6rem', mono: true, render: ({ base }) => hex(base) },
          { id: 'end', title: 'To', width: '7.6rem', mono: true, render: ({ base, size }) => hex(base + size - 1) },
          { id: 'size', title: 'Size', width: '6rem', numeric: true, render: ({ size }) => bytes(size) },
        ]}
      />
      {carveOuts.length > 0 && (
        <Table<CarveOut>
          label="Set aside in Linux's memory"
          rows={carveOuts}
          rowKey={({ name, base }) => `${name}${base}`}
          rowClass={(area) => (view.value === 'linux' && inside(area) ? 'memory-region-here' : undefined)}
          onSelect={({ base }) => {
            if (views.value.includes('linux')) chooseView('linux');
            goTo(base);
          }}
          columns={[
            {
              id: 'name',
              title: 'Set aside',
              render: ({ name }) => (
                <>
                  <span class="memory-swatch memory-region-carve" />
                  {name}
                </>
              ),
            },
            { id: 'base', title: 'From (Linux)', width: '7.6rem', mono: true, render: ({ base }) => hex(base) },
            { id: 'size', title: 'Size', width: '6rem', numeric: true, render: ({ size }) => bytes(size) },
            {
              id: 'from',
              title: 'By',
              width: '8rem',
              render: ({ from }) => (
                <span class="muted" data-tip={from}>
                  {from}
                </span>
              ),
            },
          ]}
        />
      )}
    </div>
  );
}
