/** The resource table of the firmware: its entries, what they ask Linux for, and what is wrong with them. */
import type { ResourceEntryView } from '../../../../src/view/protocol.ts';
import { Badge, EmptyState, ErrorState, Hex, Icon, Loading } from '../../components/index.ts';
import { hex } from '../../format.ts';
import { description } from '../../store.ts';
import { useLive } from '../cpu/live.ts';

/** What each type of entry is for, in words. */
const TYPES: Readonly<Record<string, string>> = {
  carveout: 'memory that Linux is to set aside for the firmware',
  devmem: 'an address that is to be mapped through an IOMMU',
  trace: 'a buffer into which the firmware logs; Linux shows it in debugfs',
  vdev: 'a virtio device: with its vrings, the way for rpmsg',
};

export function ResourceTable() {
  const live = useLive('linux.resourceTable', {}, false);
  const { data } = live;
  if (data === undefined) {
    if (live.error === undefined) return <Loading what="Reading the resource table" />;
    return (
      <ErrorState title="The resource table cannot be read" retry={live.reload}>
        <p>{live.error}</p>
      </ErrorState>
    );
  }
  if (data.entries.length === 0) {
    return (
      <EmptyState title={data.address === undefined ? 'No resource table' : 'The resource table is empty'} icon="tables">
        <p>
          {data.why ?? 'The firmware has no .resource_table section: Linux starts it, and offers it neither vrings nor a trace buffer.'}
        </p>
      </EmptyState>
    );
  }
  const core = description.value?.cores.find(({ main }) => main)?.name;
  const problems = data.entries.reduce((sum, { problems: each }) => sum + each.length, 0);
  return (
    <div class="tables-scroll">
      <header class="tables-head">
        {data.address !== undefined && (
          <span>
            <span class="label">at</span> <Hex value={data.address} memory={core} />
          </span>
        )}
        <span class="muted">{`${data.entries.length} ${data.entries.length === 1 ? 'entry' : 'entries'}`}</span>
        {problems === 0 ? (
          <Badge hue="message">nothing wrong with it</Badge>
        ) : (
          <Badge hue="error">{`${problems} ${problems === 1 ? 'problem' : 'problems'}`}</Badge>
        )}
        {data.why !== undefined && <span class="tables-why">{data.why}</span>}
      </header>
      <div class="tables-entries">
        {data.entries.map((entry) => (
          <Entry key={entry.index} entry={entry} />
        ))}
      </div>
    </div>
  );
}

function Entry({ entry }: { readonly entry: ResourceEntryView }) {
  const { index, type, offset, fields, problems } = entry;
  const what = Object.entries(TYPES).find(([name]) => type.toLowerCase().includes(name))?.[1];
  return (
    <article class={`tables-entry${problems.length > 0 ? ' tables-entry-bad' : ''}`} aria-label={`Entry ${index}, ${type}`}>
      <header>
        <span class="tables-index">{index}</span>
        <h3 class="mono">{type}</h3>
        <span class="muted mono">{`+${hex(offset, 2)}`}</span>
        {what !== undefined && <span class="muted">{what}</span>}
      </header>
      {problems.map((problem) => (
        <p key={problem} class="tables-problem">
          <Icon name="error" />
          <span>{problem}</span>
        </p>
      ))}
      <dl class="tables-fields">
        {fields.map(({ name, value }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <Value name={name} value={value} />
            </dd>
          </div>
        ))}
      </dl>
    </article>
  );
}

/** Addresses lead to memory: `da` as the core sees it, `pa` as Linux does. */
function Value({ name, value }: { readonly name: string; readonly value: string }) {
  const of = /(?:^|\.)(da|pa)$/.exec(name)?.[1];
  if (of === undefined || !/^0x[\da-f]{1,8}$/i.test(value) || /^0xf{8}$/i.test(value)) return <>{value}</>;
  return <Hex value={Number(value)} memory={of === 'pa' ? 'linux' : description.value?.cores.find(({ main }) => main)?.name} />;
}
