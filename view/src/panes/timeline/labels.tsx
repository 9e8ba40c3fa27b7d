/** The names of the rows: a click selects one for the keys j and k, its arrow unfolds its parts. */
import { Icon } from '../../components/index.ts';
import { foldedGroups, laneKey, progress, toggle, unfolded, version } from './model.ts';
import type { Row, Rows } from './rows.ts';
import { formatInteger } from './time-format.ts';
import { useSlow } from './use-slow.ts';

export function Labels({ rows }: { readonly rows: Rows }) {
  useSlow(version, progress);
  return (
    <div class="timeline-side timeline-labels" role="tree" aria-label="Rows">
      {rows.list.map((row) =>
        row.kind === 'group' ? <GroupLabel key={`g ${row.key}`} row={row} /> : <LaneLabel key={row.key} row={row} />,
      )}
    </div>
  );
}

function place(row: Row): { top: string; height: string } {
  return { top: `${row.y}px`, height: `${row.height}px` };
}

function GroupLabel({ row }: { readonly row: Row }) {
  const count = row.lanes?.reduce((sum, lane) => sum + lane.ids.length, 0) ?? 0;
  return (
    <button
      type="button"
      role="treeitem"
      class="timeline-group"
      style={place(row)}
      aria-level={1}
      aria-expanded={row.open !== false}
      aria-selected={false}
      onClick={() => toggle(foldedGroups, row.key)}
    >
      <Icon name={row.open === false ? 'right' : 'down'} />
      <span class="timeline-name">{row.title}</span>
      {row.open === false && <span class="timeline-count number">{formatInteger(count)}</span>}
    </button>
  );
}

function LaneLabel({ row }: { readonly row: Row }) {
  const lane = row.lane!;
  const chosen = laneKey.value === row.key;
  return (
    <div
      class={`timeline-label hue-${lane.tone}${chosen ? ' timeline-label-chosen' : ''}${row.depth ? ' timeline-label-part' : ''}`}
      style={place(row)}
      role="none"
    >
      {row.open === undefined ? (
        <span class="timeline-unfold" />
      ) : (
        <button
          type="button"
          class="timeline-unfold"
          tabIndex={-1}
          aria-label={`${row.open ? 'Fold' : 'Unfold'} ${row.title}`}
          onClick={() => toggle(unfolded, row.key)}
        >
          <Icon name={row.open ? 'down' : 'right'} />
        </button>
      )}
      <button
        type="button"
        role="treeitem"
        class="timeline-lane-name"
        aria-level={row.depth + 2}
        aria-selected={chosen}
        aria-expanded={row.open}
        onClick={() => {
          laneKey.value = chosen ? undefined : row.key;
        }}
        onDblClick={() => row.open !== undefined && toggle(unfolded, row.key)}
        title={`${row.title}: ${formatInteger(lane.ids.length)} events`}
      >
        <span class="timeline-name mono">{row.title}</span>
        <span class="timeline-count number">{formatInteger(lane.ids.length)}</span>
      </button>
    </div>
  );
}
