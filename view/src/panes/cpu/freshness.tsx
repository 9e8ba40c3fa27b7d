/** Says of when the values are that a pane shows, and lets sampling be switched on and off. */
import { Button } from '../../components/index.ts';
import { moment } from '../../format.ts';
import { state } from '../../store.ts';
import { sampling, setSampling } from './live.ts';

/** Nothing while the machine stands still: then values are those of now. */
export function Freshness({ at, sampled = true }: { readonly at: number | undefined; readonly sampled?: boolean }) {
  if (state.value?.running !== true) return null;
  const live = sampled && sampling.value;
  return (
    <span class="cpu-freshness" role="status">
      <span class={live ? 'cpu-fresh-mark cpu-fresh-live' : 'cpu-fresh-mark'} />
      {live ? 'running: sampled twice a second' : `running: values of ${at === undefined ? 'the last halt' : moment(at)}`}
      {sampled && (
        <Button
          kind="quiet"
          onClick={() => setSampling(!sampling.value)}
          tip={live ? 'keep the values as they are' : 'look twice a second'}
        >
          {live ? 'Freeze' : 'Sample'}
        </Button>
      )}
    </span>
  );
}

/** Class of what shows values that are not those of now. */
export function staleClass(sampled = true): string {
  return state.value?.running === true && !(sampled && sampling.value) ? ' cpu-stale' : '';
}
