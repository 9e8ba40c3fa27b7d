/** Navigation at the left edge: one entry for each pane. */
import { Icon, type IconName } from '../components/icons.tsx';
import { navigate, roomForTwo, shown, toggleTwo, two, wantsTwo } from '../navigation.ts';
import { PANES } from '../panes.ts';
import { overview } from '../store.ts';

/** Things that a pane wants one to look at. */
function marks(pane: string): number {
  if (pane === 'vrings') return overview.value?.vrings.reduce((sum, { violations }) => sum + violations, 0) ?? 0;
  if (pane === 'system') return overview.value?.findings.filter(({ severity }) => severity === 'error').length ?? 0;
  return 0;
}

export function Rail() {
  return (
    <nav class="rail" aria-label="Panes">
      {PANES.map(({ id, title, key }) => {
        const at = shown.value.findIndex(({ pane }) => pane === id);
        const problems = marks(id);
        return (
          <button
            key={id}
            type="button"
            class="rail-entry"
            aria-current={at >= 0 ? 'page' : undefined}
            data-tip={title}
            data-key={key}
            onClick={() => navigate({ pane: id, detail: {} }, 'rail')}
          >
            <Icon name={id as IconName} />
            <span>{title}</span>
            {problems > 0 && (
              <span class="rail-mark">
                {problems}
                <span class="visually-hidden"> problems</span>
              </span>
            )}
          </button>
        );
      })}
      <span class="spacer" />
      {roomForTwo.value && (
        <button
          type="button"
          class="rail-entry"
          aria-pressed={two.value}
          data-tip={wantsTwo.value ? 'One pane' : 'Two panes'}
          data-key="\"
          onClick={toggleTwo}
        >
          <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
            <path d={two.value ? 'M2 3h12v10H2zM8 3v10' : 'M2 3h12v10H2z'} />
          </svg>
          <span>{two.value ? 'Two' : 'One'}</span>
        </button>
      )}
    </nav>
  );
}
