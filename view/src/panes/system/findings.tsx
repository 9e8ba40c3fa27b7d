/** What imx-sim has noticed about the firmware, with what to do about it. */
import { useState } from 'preact/hooks';
import type { Finding } from '../../../../src/view/protocol.ts';
import { PlaceLink } from '../../components/address.tsx';
import { Icon } from '../../components/icons.tsx';
import { moment } from '../../format.ts';
import { description, go } from '../../store.ts';

const ORDER = { error: 0, warning: 1, note: 2 } as const;

/** `open` from the beginning when something led here. */
export function Findings({ findings, open: asked }: { readonly findings: readonly Finding[]; readonly open: boolean }) {
  const [choice, setChoice] = useState<boolean | undefined>(undefined);
  const sorted = [...findings].sort((a, b) => ORDER[a.severity] - ORDER[b.severity]);
  const open = choice ?? (asked || sorted.some(({ severity }) => severity === 'error'));
  const worst = sorted[0]?.severity;
  return (
    <section class={`system-findings${open && sorted.length ? ' system-findings-open' : ''}`} aria-label="Findings">
      <button type="button" class="system-findings-head" aria-expanded={open} onClick={() => setChoice(!open)}>
        <Icon name={open ? 'down' : 'right'} />
        <span class={worst ? `hue-${worst} system-findings-title` : 'system-findings-title'}>
          {sorted.length === 0 ? 'No findings' : sorted.length === 1 ? '1 finding' : `${sorted.length} findings`}
        </span>
        <span class="system-findings-first">
          {sorted.length === 0 ? 'Linux, firmware and hardware have kept to the rules so far.' : !open && sorted[0]!.text}
        </span>
      </button>
      {open && sorted.length > 0 && (
        <ul>
          {sorted.map((finding) => (
            <li key={`${finding.kind} ${finding.text}`} class={`hue-${finding.severity}`}>
              <Icon name={finding.severity} />
              <div class="system-finding">
                <p>{finding.text}</p>
                {finding.remedy && <p class="system-remedy">{finding.remedy}</p>}
              </div>
              <span class="system-finding-where">
                {finding.place && <PlaceLink place={finding.place} />}
                {finding.cycle !== undefined && description.value && (
                  <button type="button" class="system-when mono" onClick={() => go('timeline', { cycle: finding.cycle! })}>
                    {moment(finding.cycle / description.value.hz)}
                  </button>
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
