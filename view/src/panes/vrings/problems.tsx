/** What is wrong with a ring: the rule, what comes of it, what to do, and who did it. */
import { signal } from '@preact/signals';
import type { Culprit, Vring, VringViolation } from '../../../../src/view/protocol.ts';
import { Hex, PlaceLink } from '../../components/address.tsx';
import { Button } from '../../components/button.tsx';
import { Icon } from '../../components/icons.tsx';
import { control } from '../../controls.ts';
import { moment } from '../../format.ts';
import { progress, request, state } from '../../store.ts';

export function Problems({ ring, onShow }: { readonly ring: Vring; readonly onShow: (problem: VringViolation) => void }) {
  if (!ring.problems.length) return null;
  return (
    <section class="vrings-problems" aria-label="Violations">
      {ring.problems.map((problem) => (
        <Problem
          key={`${ring.device} ${ring.queue} ${problem.id} ${problem.rule} ${problem.address}`}
          ring={ring}
          problem={problem}
          onShow={onShow}
        />
      ))}
    </section>
  );
}

type Search =
  | { readonly state: 'idle' | 'busy' }
  | { readonly state: 'found'; readonly culprit: Culprit | null }
  | { readonly state: 'failed'; readonly why: string };

/** Searches by what they are for: they outlive the pane, and the moments in which a search has the machine elsewhere. */
const searches = signal<ReadonlyMap<string, Search>>(new Map());

function Problem({
  ring,
  problem,
  onShow,
}: {
  readonly ring: Vring;
  readonly problem: VringViolation;
  readonly onShow: (problem: VringViolation) => void;
}) {
  const key = `${ring.device} ${ring.queue} ${problem.rule} ${problem.address} ${problem.text}`;
  const search: Search = searches.value.get(key) ?? { state: 'idle' };
  const setSearch = (next: Search) => {
    searches.value = new Map([...searches.value, [key, next]]);
  };
  const ask = async () => {
    setSearch({ state: 'busy' });
    try {
      // The past is searched from a moment that stands still.
      if (state.value?.running) await request('control.pause', {});
      setSearch({
        state: 'found',
        culprit: await request('vrings.culprit', { device: ring.device, queue: ring.queue, violation: problem.id }),
      });
    } catch (error) {
      const remedy = (error as { remedy?: string }).remedy;
      setSearch({ state: 'failed', why: `${(error as Error).message}${remedy ? `. ${remedy}` : ''}` });
    } finally {
      progress.value = undefined;
    }
  };
  return (
    <article class="vrings-problem">
      <Icon name="error" />
      <div class="vrings-problem-words">
        <h3>{problem.text}</h3>
        <dl>
          <dt>Rule</dt>
          <dd>
            <code>{problem.rule}</code> at <Hex value={problem.address} memory="linux" />
          </dd>
          <dt>What comes of it</dt>
          <dd>{problem.consequence}</dd>
          <dt>What to do</dt>
          <dd>{problem.remedy}</dd>
        </dl>
        <Found search={search} />
      </div>
      <div class="vrings-problem-actions">
        <Button
          kind={search.state === 'idle' ? 'primary' : 'plain'}
          icon="search"
          disabled={search.state === 'busy'}
          tip="Pauses the run and looks for the store through its past"
          onClick={() => void ask()}
        >
          {search.state === 'busy' ? 'Looking…' : 'Who wrote this?'}
        </Button>
        <Button icon="fit" onClick={() => onShow(problem)}>
          Show the cell
        </Button>
        {search.state === 'busy' && progress.value && <progress value={progress.value.fraction} max={1} aria-label={progress.value.what} />}
      </div>
    </article>
  );
}

function Found({ search }: { readonly search: Search }) {
  if (search.state === 'failed') return <p class="vrings-culprit vrings-failed">{search.why}</p>;
  if (search.state !== 'found') return null;
  const { culprit } = search;
  if (!culprit) {
    return (
      <p class="vrings-culprit">Nobody: these bytes are as they were when the run began. Memory that was never written reads as zero.</p>
    );
  }
  const why = state.value?.noWayBack;
  return (
    <div class="vrings-culprit">
      <p class="vrings-culprit-head">
        <strong class={culprit.by === 'linux' ? 'hue-linux' : 'hue-core'}>{culprit.by === 'linux' ? 'Linux' : culprit.by}</strong>
        <span>wrote it at</span>
        <span class="mono">{moment(culprit.seconds)}</span>
        {culprit.place && <PlaceLink place={culprit.place} core={culprit.by} />}
        <Button
          icon="reverse"
          disabled={why !== undefined}
          tip={why ?? 'Puts the whole machine into that moment; you can come back to the present'}
          onClick={() => void control('control.goTo', { cycle: culprit.cycle })}
        >
          Go there in time
        </Button>
      </p>
      {culprit.source && <pre class="vrings-source">{culprit.source}</pre>}
      {culprit.backtrace && culprit.backtrace.length > 0 && (
        <ol class="vrings-backtrace">
          {culprit.backtrace.map((place, index) => (
            <li key={`${index} ${place.address}`}>
              <span class="muted mono">#{index}</span>
              <PlaceLink place={place} core={culprit.by} />
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
