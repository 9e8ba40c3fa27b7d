/** What is above the timeline: which view, what is followed, filter and search, panels, export. */
import { Button, IconButton, Tabs, Toolbar } from '../../components/index.ts';
import { state } from '../../store.ts';
import {
  bottom,
  detailShown,
  filter,
  fitAll,
  follow,
  freeze,
  frozenAt,
  log,
  type Mode,
  mode,
  pick,
  picked,
  progress,
  search,
  selected,
  stepHit,
  tailing,
  version,
  view,
  zoom,
} from './model.ts';
import { QueryField } from './query-field.tsx';
import { formatInteger } from './time-format.ts';
import { useSlow } from './use-slow.ts';

const MODES = [
  { id: 'lanes', title: 'Timeline' },
  { id: 'sequence', title: 'Sequence' },
  { id: 'table', title: 'Table' },
];

export function TimelineToolbar(props: { readonly onExport: () => void; readonly onHelp: () => void }) {
  useSlow(version, progress);
  const frozen = frozenAt.value !== undefined;
  return (
    <Toolbar label="Timeline">
      <Tabs label="View of the events" tabs={MODES} selected={mode.value} onSelect={(id) => (mode.value = id as Mode)} />
      <IconButton
        icon="present"
        label={tailing.value ? 'The end is followed' : 'Follow the end'}
        shortcut="l"
        pressed={tailing.value && !frozen}
        onClick={() => follow(!(tailing.value && !frozen))}
      />
      <IconButton
        icon="pause"
        label={frozen ? 'Let the display go on' : 'Freeze the display; the machine goes on'}
        shortcut="z"
        pressed={frozen}
        onClick={() => freeze(!frozen)}
      />
      {mode.value !== 'sequence' && (
        <span class="timeline-zoom">
          <IconButton icon="minus" label="Show more time" shortcut="-" onClick={() => zoom(view.peek().width / 2, 2)} />
          <IconButton icon="plus" label="Show less time" shortcut="+" onClick={() => zoom(view.peek().width / 2, 0.5)} />
          <IconButton icon="fit" label="Show the whole run" shortcut="0" onClick={fitAll} />
        </span>
      )}
      <QueryField query={filter} name="filter" icon="filter" label="Filter events" placeholder="filter: type:message">
        {filter.lanes.value && <Count of={filter.lanes.value.all.length} all={log.length} done={filter.fraction} />}
      </QueryField>
      <QueryField
        query={search}
        name="search"
        icon="search"
        label="Search events"
        placeholder="search: text or field:"
        onEnter={(back) => stepHit(back ? -1 : 1)}
      >
        {search.lanes.value && <Hits />}
      </QueryField>
      {picked.value && (
        <Button kind="quiet" icon="close" onClick={() => pick(undefined)} tip="Events of the bar that was clicked">
          {formatInteger(picked.value.ids.size)} chosen
        </Button>
      )}
      <span class="timeline-panels">
        <Toggle what="rates" title="Rates" keys="w" />
        <Toggle what="latency" title="Latency" keys="y" />
        <Button
          kind="quiet"
          pressed={detailShown.value}
          onClick={() => (detailShown.value = !detailShown.value)}
          tip="The selected event in full (i)"
        >
          Details
        </Button>
        <Button
          kind="quiet"
          icon="download"
          onClick={props.onExport}
          disabled={log.length === 0}
          tip={log.length === 0 ? 'There is nothing to export yet' : 'Perfetto, CSV, PNG (e)'}
        >
          Export
        </Button>
        <IconButton icon="help" label="Keys and queries of the timeline" shortcut="h" onClick={props.onHelp} />
      </span>
      {state.value?.present && <span class="visually-hidden">The machine is in its past.</span>}
    </Toolbar>
  );
}

function Toggle({ what, title, keys }: { readonly what: 'rates' | 'latency'; readonly title: string; readonly keys: string }) {
  const on = bottom.value === what;
  return (
    <Button kind="quiet" pressed={on} onClick={() => (bottom.value = on ? undefined : what)} tip={`${title} below the events (${keys})`}>
      {title}
    </Button>
  );
}

function Count({ of, all, done }: { readonly of: number; readonly all: number; readonly done: number }) {
  return (
    <span class="timeline-query-count number" data-tip={`${formatInteger(of)} of ${formatInteger(all)} events`}>
      {done < 1 ? `${Math.floor(done * 100)} %` : formatInteger(of)}
    </span>
  );
}

function Hits() {
  const found = search.lanes.value!.all;
  const id = selected.value;
  const at = id !== undefined && log.has(id) ? found.indexOf(id, log.cycle(id)) : -1;
  return (
    <>
      <span class="timeline-query-count number" role="status">
        {search.fraction < 1
          ? `${Math.floor(search.fraction * 100)} %`
          : `${at < 0 ? '' : `${formatInteger(at + 1)} of `}${formatInteger(found.length)}`}
      </span>
      <IconButton icon="up" label="Hit before" shortcut="N" disabled={found.length === 0} onClick={() => stepHit(-1)} />
      <IconButton icon="down" label="Next hit" shortcut="Enter" disabled={found.length === 0} onClick={() => stepHit(1)} />
    </>
  );
}
