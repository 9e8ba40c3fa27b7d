/** Findings: what the models and the checks have noticed, each with what to do about it. */
import { useState } from 'preact/hooks';
import type { Finding } from '../../../../src/view/protocol.ts';
import { EmptyState, Field, Icon, PlaceLink } from '../../components/index.ts';
import { control } from '../../controls.ts';
import { moment } from '../../format.ts';
import { description, overview, state } from '../../store.ts';

const ORDER = { error: 0, warning: 1, note: 2 } as const;

export function Findings() {
  const [search, setSearch] = useState('');
  const [only, setOnly] = useState<Finding['severity'] | undefined>(undefined);
  const all = overview.value?.findings ?? [];
  if (all.length === 0) {
    return (
      <EmptyState title="Nothing was found wrong" icon="check">
        <p>
          What the firmware does against the manual, registers that are not modelled, and problems of its ELF and of the device tree are
          listed here, with remedies.
        </p>
      </EmptyState>
    );
  }
  const word = search.trim().toLowerCase();
  const shown = all
    .filter((finding) => only === undefined || finding.severity === only)
    .filter(({ text, kind, remedy }) => [text, kind, remedy].some((each) => each?.toLowerCase().includes(word) === true))
    .toSorted((a, b) => ORDER[a.severity] - ORDER[b.severity]);
  const severities = (['error', 'warning', 'note'] as const).filter((severity) => all.some((finding) => finding.severity === severity));
  return (
    <div class="tables-scroll">
      <header class="tables-head">
        <fieldset class="cpu-segments">
          <legend class="visually-hidden">Severity</legend>
          <button type="button" class="cpu-segment" aria-pressed={only === undefined} onClick={() => setOnly(undefined)}>
            All <span class="cpu-count">{all.length}</span>
          </button>
          {severities.map((severity) => (
            <button key={severity} type="button" class="cpu-segment" aria-pressed={only === severity} onClick={() => setOnly(severity)}>
              {`${severity}s`} <span class="cpu-count">{all.filter((finding) => finding.severity === severity).length}</span>
            </button>
          ))}
        </fieldset>
        <Field label="Search findings" type="search" placeholder="search" value={search} onInput={setSearch} />
      </header>
      {shown.length === 0 && <p class="cpu-note">No finding is like that.</p>}
      <ul class="tables-findings">
        {shown.map((finding, index) => (
          <FindingCard key={`${finding.kind}${finding.cycle ?? ''}${index}`} finding={finding} />
        ))}
      </ul>
    </div>
  );
}

function FindingCard({ finding }: { readonly finding: Finding }) {
  const hz = description.value?.hz;
  const canGo = finding.cycle !== undefined && state.value?.running === false && state.value.noWayBack === undefined;
  return (
    <li class={`tables-finding hue-${finding.severity}`}>
      <Icon name={finding.severity} />
      <div class="tables-finding-text">
        <p>{finding.text}</p>
        {finding.remedy !== undefined && (
          <p class="tables-remedy">
            <span class="label">What to do</span> {finding.remedy}
          </p>
        )}
        <p class="tables-finding-where">
          <span class="muted mono">{finding.kind}</span>
          {finding.place !== undefined && <PlaceLink place={finding.place} />}
          {finding.cycle !== undefined && hz !== undefined && (
            <button
              type="button"
              class="cpu-link number"
              disabled={!canGo}
              onClick={() => void control('control.goTo', { cycle: finding.cycle! })}
              data-tip={canGo ? 'put the machine into that moment' : 'pause the machine to go to that moment'}
            >
              {moment(finding.cycle / hz)}
            </button>
          )}
        </p>
      </div>
    </li>
  );
}
