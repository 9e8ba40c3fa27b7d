/** A core in the diagram: what it does, where it is, which peripherals it uses, what it says. */
import type { CoreDescription, Description, Overview } from '../../../../src/view/protocol.ts';
import { PlaceLink } from '../../components/address.tsx';
import { count, frequency } from '../../format.ts';
import { go } from '../../store.ts';
import { Group, Tail } from './linux-box.tsx';

const STATE_HUE = { running: 'core', asleep: 'console', reset: 'note', crashed: 'error' } as const;

export function CoreBox({
  core,
  halted,
  now,
  peripherals,
  kinds,
  lines,
  compact,
}: {
  readonly core: CoreDescription;
  readonly halted: boolean;
  readonly now: Overview['cores'][number] | undefined;
  readonly peripherals: Overview['peripherals'];
  readonly kinds: Description['peripherals'];
  readonly lines: { readonly device: string | undefined; readonly lines: readonly string[] };
  readonly compact: boolean;
}) {
  const used = peripherals.filter(({ used: yes, interrupt }) => yes || interrupt);
  return (
    <>
      <header class="system-head">
        <button type="button" class="system-name hue-core" onClick={() => go('cpu', { core: core.name })}>
          {core.name}
        </button>
        <span class="system-kind">
          {core.architecture} · {frequency(core.hz)}
        </span>
        <span class="spacer" />
        {now && <State state={now.state} halted={halted} />}
      </header>
      <div class="system-scroll">
        {now && (
          <dl class="system-core">
            <div>
              <dt>PC</dt>
              <dd>
                <PlaceLink place={now.pc} core={core.name} />
              </dd>
            </div>
            <div>
              <dt>Mode</dt>
              <dd class={now.exception ? 'system-exception' : undefined}>{now.exception ?? 'thread mode'}</dd>
            </div>
            {now.thread && (
              <div>
                <dt>Thread</dt>
                <dd class="system-thread">{now.thread}</dd>
              </div>
            )}
            <div>
              <dt>Executed</dt>
              <dd class="number">{count(now.instructions)} instructions</dd>
            </div>
          </dl>
        )}
        {!compact && core.main && now && (
          <Group title="Peripherals in use">
            <div class="system-chips">
              {used.map(({ name, interrupt }) => (
                <button
                  key={name}
                  type="button"
                  class={`system-chip${interrupt ? ' system-chip-irq' : ''}`}
                  data-tip={`${kinds.find((each) => each.name === name)?.kind ?? 'peripheral'}${interrupt ? ' · its interrupt line is up' : ''}`}
                  onClick={() => go('peripherals', { name })}
                >
                  {name}
                </button>
              ))}
              {used.length === 0 && <p class="muted system-none">The firmware has not accessed any yet.</p>}
            </div>
          </Group>
        )}
      </div>
      {core.main && !compact && (
        <Tail
          lines={lines.lines}
          device={lines.device}
          title={lines.device ? `console ${lines.device}` : 'console'}
          empty="The firmware has printed nothing yet."
        />
      )}
    </>
  );
}

/** A core that would run stands still with the machine. */
function State({ state, halted }: { readonly state: keyof typeof STATE_HUE; readonly halted: boolean }) {
  if (halted && state === 'running') return <span class="badge hue-warning">halted</span>;
  return <span class={`badge hue-${STATE_HUE[state]}`}>{state}</span>;
}
