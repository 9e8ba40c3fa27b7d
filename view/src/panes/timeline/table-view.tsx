/** The events in sight as a table: for reading, for the keyboard, and for those who do not see the canvas. */
import { Badge, EmptyState, Table } from '../../components/index.ts';
import { detailOf, titleOf, toneOf } from './describe.ts';
import { following, hz, limit, log, lookAt, progress, select, selected, shownLanes, version, view } from './model.ts';
import { formatDuration, formatInteger, formatTime } from './time-format.ts';
import { useSlow } from './use-slow.ts';
import { cycleAt } from './viewport.ts';

/** More rows are not made: they would say so. */
const MOST = 5000;

interface Line {
  readonly id: number;
  /** Cycles since the row before; undefined for the first. */
  readonly since: number | undefined;
}

export function TableView() {
  useSlow(version, progress, view);
  const { all } = shownLanes.value;
  const first = all.lowerBound(view.peek().start);
  const end = all.lowerBound(Math.min(cycleAt(view.peek(), view.peek().width), limit()) + 1);
  // While the end is followed it is the last ones that matter.
  const from = following.value ? Math.max(first, end - MOST) : first;
  const to = Math.min(end, from + MOST);
  const rows: Line[] = [];
  for (let index = from; index < to; index++)
    rows.push({ id: all.id(index), since: index > 0 ? all.cycle(index) - all.cycle(index - 1) : undefined });
  const at = selected.value === undefined ? -1 : rows.findIndex(({ id }) => id === selected.value);
  const alive = rows.filter(({ id }) => log.has(id));
  return (
    <div class="timeline-table">
      {end - first > MOST && (
        <p class="timeline-notice">
          {formatInteger(MOST)} of the {formatInteger(end - first)} events in sight are listed: show less time, or filter, for the others.
        </p>
      )}
      <Table
        label="Events in sight"
        rows={alive}
        rowKey={({ id }) => id}
        selected={selected.value}
        onSelect={({ id }) => select(id, 'stay')}
        onOpen={({ id }) => lookAt(log.cycle(id) - hz.peek() / 1e5, log.cycle(id) + hz.peek() / 1e5)}
        scrollTo={at < 0 ? undefined : at}
        follow={following.value}
        columns={[
          { id: 'time', title: 'Time', mono: true, width: '13rem', render: ({ id }) => formatTime(log.cycle(id), hz.peek()) },
          {
            id: 'since',
            title: 'Since the last',
            mono: true,
            numeric: true,
            width: '8rem',
            render: ({ since }) => (since === undefined ? '' : `+${formatDuration(since, hz.peek())}`),
          },
          {
            id: 'type',
            title: 'Type',
            width: '7rem',
            render: ({ id }) => <Badge hue={toneOf(log.event(id))}>{log.event(id).type}</Badge>,
          },
          { id: 'what', title: 'What', width: '16rem', render: ({ id }) => titleOf(log.event(id)) },
          { id: 'detail', title: 'Content', mono: true, render: ({ id }) => detailOf(log.event(id)) },
        ]}
        empty={
          <EmptyState title="No events in this stretch of time" icon="timeline">
            Show more time, or clear the filter.
          </EmptyState>
        }
      />
    </div>
  );
}
