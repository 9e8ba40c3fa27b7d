/** The vring inspector. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Vring, VringSummary, VringViolation } from '../../../../src/view/protocol.ts';
import { Hex } from '../../components/address.tsx';
import { EmptyState, ErrorState, Loading } from '../../components/states.tsx';
import { Tabs } from '../../components/tabs.tsx';
import type { Pane } from '../../panes.ts';
import { description, epoch, go, mode, overview, progress, request, want } from '../../store.ts';
import { cellAt } from './decode.ts';
import { Message } from './message.tsx';
import { Problems } from './problems.tsx';
import { RingView } from './ring-view.tsx';
import { Available, Descriptors, Used } from './tables.tsx';
import './vrings.css';

/** Milliseconds between two looks at a ring while the machine runs. */
const PAUSE = 200;

function Component({ detail }: { readonly detail: Readonly<Record<string, string>> }) {
  useEffect(() => want('overview'), []);
  // A search through the past may have the machine where there were no rings yet.
  const known = useRef<readonly VringSummary[] | undefined>(undefined);
  if (mode.value === 'trace') {
    return (
      <EmptyState title="A trace has no memory" icon="vrings">
        <p>What was done with the rings is in the timeline; their contents are not in a trace.</p>
      </EmptyState>
    );
  }
  const now = overview.value?.vrings;
  if (now?.length || !progress.value) known.current = now;
  const rings = known.current;
  if (!rings) return <Loading what="Reading the rings" />;
  if (rings.length === 0) return <None />;
  const ring =
    rings.find((each) => each.device === detail['device'] && String(each.queue) === detail['queue']) ??
    rings.find((each) => each.device === detail['device']) ??
    rings.find(({ violations }) => violations > 0) ??
    rings[0]!;
  return (
    <div class="vrings">
      <Tabs
        label="Vrings"
        tabs={rings.map((each) => ({ id: `${each.device} ${each.queue}`, title: <RingTab ring={each} /> }))}
        selected={`${ring.device} ${ring.queue}`}
        onSelect={(id) => {
          const [device = '', queue = ''] = id.split(' ');
          go('vrings', { device, queue });
        }}
      />
      <Inspector key={`${ring.device} ${ring.queue}`} summary={ring} wanted={detail['descriptor']} />
    </div>
  );
}

function coreName(): string {
  const cores = description.value?.cores ?? [];
  return (cores.find(({ main }) => main) ?? cores[0])?.name ?? 'core';
}

function RingTab({ ring }: { readonly ring: VringSummary }) {
  return (
    <>
      {ring.device} vring{ring.queue}
      <span class={`vrings-direction hue-${ring.direction === 'to-core' ? 'linux' : 'core'}`}>
        {ring.direction === 'to-core' ? `to ${coreName()}` : 'to Linux'}
      </span>
      {ring.violations > 0 && <span class="badge hue-error">{ring.violations}</span>}
    </>
  );
}

function None() {
  const linux = overview.value?.linux;
  const waiting = linux?.waitingFor ?? [];
  return (
    <EmptyState title="There is no vring yet" icon="vrings">
      {linux ? (
        <>
          <p>Linux makes the vrings when it has loaded firmware whose resource table has a vdev, and its driver has started.</p>
          {waiting.length > 0 && (
            <>
              <p>Linux waits for:</p>
              <ul class="vrings-waiting">
                {waiting.map((what) => (
                  <li key={what}>{what}</li>
                ))}
              </ul>
            </>
          )}
        </>
      ) : (
        <p>There is no Linux in this run, and so nobody makes vrings.</p>
      )}
    </EmptyState>
  );
}

/** The ring as it stands; asked for again when it changes, not more often than it can be seen. */
function useRing(summary: VringSummary) {
  const [ring, setRing] = useState<Vring | undefined>(undefined);
  const [error, setError] = useState<string | undefined>(undefined);
  const asked = useRef(0);
  const { device, queue, availIndex, usedIndex, violations, owned } = summary;
  const at = epoch.value;
  const key = `${availIndex} ${usedIndex} ${violations} ${owned.linux} ${owned.core} ${owned.inFlight} ${at}`;
  useEffect(() => {
    let current = true;
    const ask = () => {
      asked.current = performance.now();
      request('vrings.inspect', { device, queue }).then(
        (next) => {
          if (!current) return;
          setRing(next);
          setError(undefined);
        },
        (reason: Error) => current && setError(reason.message),
      );
    };
    const timer = setTimeout(ask, Math.max(0, asked.current + PAUSE - performance.now()));
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [device, queue, key]);
  return { ring, error };
}

type Part = 'desc' | 'avail' | 'used';

function Inspector({ summary, wanted }: { readonly summary: VringSummary; readonly wanted: string | undefined }) {
  const { ring, error } = useRing(summary);
  const [selected, setSelected] = useState<number | undefined>(wanted === undefined ? undefined : Number(wanted));
  const [part, setPart] = useState<Part>('desc');
  if (!ring) return error ? <ErrorState title="The ring cannot be read">{error}</ErrorState> : <Loading what="Reading the ring" />;
  const core = coreName();
  const show = (problem: VringViolation) => {
    const cell = cellAt(ring, problem.address);
    if (cell) setPart(cell.part);
    const descriptor =
      problem.descriptor ?? (cell?.part === 'desc' ? cell.index : cell?.part === 'used' ? ring.used.ring[cell.index ?? -1]?.id : undefined);
    if (descriptor !== undefined && descriptor < ring.size) setSelected(descriptor);
  };
  const props = { ring, core, selected, onSelect: setSelected };
  return (
    <div class="vrings-inspector">
      <Problems ring={ring} onShow={show} />
      <div class="vrings-parts">
        <aside class="vrings-side">
          <RingView {...props} />
          <Legend core={core} />
          <Facts ring={ring} />
        </aside>
        <div class="vrings-tables">
          <Tabs
            label="Parts of the ring"
            tabs={[
              { id: 'desc', title: 'Descriptors' },
              { id: 'avail', title: 'Available ring' },
              { id: 'used', title: 'Used ring' },
            ]}
            selected={part}
            onSelect={(id) => setPart(id as Part)}
          />
          <div class="vrings-table" role="tabpanel">
            {part === 'desc' && <Descriptors {...props} />}
            {part === 'avail' && <Available {...props} />}
            {part === 'used' && <Used {...props} />}
          </div>
          {selected !== undefined && <Message ring={ring} index={selected} onClose={() => setSelected(undefined)} />}
        </div>
      </div>
    </div>
  );
}

function Legend({ core }: { readonly core: string }) {
  return (
    <ul class="vrings-legend">
      <li>
        <i class="vrings-key-linux" /> with Linux
      </li>
      <li>
        <i class="vrings-key-core" /> with {core}
      </li>
      <li>
        <i class="vrings-key-returned" /> returned
      </li>
      <li>
        <i class="vrings-key-unknown" /> unclear
      </li>
      <li>
        <i class="vrings-key-bad" /> wrong
      </li>
      <li class="vrings-bands muted">bands, from outside: available, descriptors, used</li>
    </ul>
  );
}

function Facts({ ring }: { readonly ring: Vring }) {
  return (
    <dl class="vrings-facts">
      <dt>
        <i class="vrings-key-avail" /> available index
      </dt>
      <dd class="mono">{ring.availIndex}</dd>
      <dt>
        <i class="vrings-key-used" /> used index
      </dt>
      <dd class="mono">{ring.usedIndex}</dd>
      {ring.linux && (
        <>
          <dt>
            <i class="vrings-key-last" /> Linux has seen
          </dt>
          <dd class="mono">{ring.linux.lastUsedIndex}</dd>
        </>
      )}
      <dt>descriptors at</dt>
      <dd>
        <Hex value={ring.descAddress} memory="linux" />
      </dd>
      <dt>available at</dt>
      <dd>
        <Hex value={ring.availAddress} memory="linux" />
      </dd>
      <dt>used at</dt>
      <dd>
        <Hex value={ring.usedAddress} memory="linux" />
      </dd>
      <dt>notifications</dt>
      <dd>{ring.used.flags & 1 ? 'the core wants none' : ring.avail.flags & 1 ? 'Linux wants none' : 'on'}</dd>
    </dl>
  );
}

export const vrings: Pane = { id: 'vrings', title: 'Vrings', key: '3', component: Component };
