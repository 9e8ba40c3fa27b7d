/** The exceptions of the core: NVIC and vector table. */
import { useState } from 'preact/hooks';
import type { ExceptionRow } from '../../../../src/view/protocol.ts';
import { EmptyState, ErrorState, Field, Lamp, Loading, Table } from '../../components/index.ts';
import { hex } from '../../format.ts';
import { Freshness, staleClass } from './freshness.tsx';
import type { Live } from './live.ts';
import { lineText, placeText } from './numbers.ts';
import { show } from './selection.ts';

type Filter = 'used' | 'enabled' | 'pending' | 'active' | 'all';

const FILTERS: readonly { readonly id: Filter; readonly title: string; readonly keep: (row: ExceptionRow) => boolean }[] = [
  { id: 'used', title: 'In use', keep: ({ number, enabled, pending, active }) => number < 16 || enabled || pending || active },
  { id: 'enabled', title: 'Enabled', keep: ({ enabled }) => enabled },
  { id: 'pending', title: 'Pending', keep: ({ pending }) => pending },
  { id: 'active', title: 'Active', keep: ({ active }) => active },
  { id: 'all', title: 'All', keep: () => true },
];

export function Exceptions({ live }: { readonly live: Live<readonly ExceptionRow[]> }) {
  const [filter, setFilter] = useState<Filter>('used');
  const [search, setSearch] = useState('');
  const { data } = live;
  if (data === undefined) {
    if (live.error === undefined) return <Loading what="Reading the NVIC" />;
    return (
      <ErrorState title="The exceptions cannot be read" retry={live.reload}>
        <p>{live.error}</p>
      </ErrorState>
    );
  }
  const word = search.trim().toLowerCase();
  const matches = (row: ExceptionRow) =>
    word === '' ||
    [row.name, row.source, row.handler?.symbol, String(row.number)].some((text) => text?.toLowerCase().includes(word) === true);
  const { keep } = FILTERS.find(({ id }) => id === filter)!;
  const rows = data.filter((row) => keep(row) && matches(row));
  return (
    <div class={`cpu-table${staleClass()}`}>
      <fieldset class="cpu-form">
        <legend class="visually-hidden">Which exceptions</legend>
        <span class="cpu-segments">
          {FILTERS.map(({ id, title, keep: kept }) => (
            <button key={id} type="button" class="cpu-segment" aria-pressed={id === filter} onClick={() => setFilter(id)}>
              {title} <span class="cpu-count">{data.filter(kept).length}</span>
            </button>
          ))}
        </span>
        <Field label="Search exceptions" type="search" placeholder="name, source, handler" value={search} onInput={setSearch} />
        <Freshness at={live.at} />
      </fieldset>
      <Table<ExceptionRow>
        label="Exceptions"
        rows={rows}
        rowKey={(row) => `${row.number} ${row.name}`}
        rowClass={({ active, pending }) => (active ? 'cpu-exception-active' : pending ? 'cpu-exception-pending' : undefined)}
        onOpen={({ handler }) => handler !== undefined && show(handler.address)}
        columns={[
          { id: 'number', title: 'No.', width: '3.4rem', numeric: true, render: ({ number }) => number },
          {
            id: 'name',
            title: 'Exception',
            width: '13rem',
            render: ({ name, source }) => (
              <>
                {source ?? name} {source !== undefined && <span class="muted">{name}</span>}
              </>
            ),
          },
          {
            id: 'state',
            title: 'On · pend · act',
            width: '8.4rem',
            render: ({ name, enabled, pending, active }) => (
              <span class="cpu-lamps">
                <Lamp on={enabled} hue="accent" label={`${name} enabled`} />
                <Lamp on={pending} hue="warning" label={`${name} pending`} />
                <Lamp on={active} hue="interrupt" label={`${name} active`} />
              </span>
            ),
          },
          {
            id: 'priority',
            title: 'Prio',
            width: '4rem',
            numeric: true,
            render: ({ priority }) => (priority < 0 ? priority : hex(priority, 2)),
          },
          {
            id: 'handler',
            title: 'Handler',
            mono: true,
            render: ({ handler }) =>
              handler !== undefined && (
                <button type="button" class="cpu-link mono" onClick={() => show(handler.address)} data-tip={hex(handler.address)}>
                  {placeText(handler)} <span class="muted">{lineText(handler) ?? ''}</span>
                </button>
              ),
          },
        ]}
        empty={
          <EmptyState title="No exception is like that">
            <p>{filter === 'all' ? 'Nothing has this name.' : 'Choose All to see every line of the NVIC.'}</p>
          </EmptyState>
        }
      />
    </div>
  );
}
