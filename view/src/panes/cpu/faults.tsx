/** Faults, decoded: what happened in words, where, with the registers of that moment; and the report of a machine that stands still for one. */
import { useState } from 'preact/hooks';
import type { FaultView } from '../../../../src/view/protocol.ts';
import { Badge, Button, copyText, EmptyState, ErrorState, Hex, Icon, Loading } from '../../components/index.ts';
import { control } from '../../controls.ts';
import { hex, moment } from '../../format.ts';
import { description, state } from '../../store.ts';
import type { Live } from './live.ts';
import { bareHex, lineText, placeText } from './numbers.ts';
import { show } from './selection.ts';

export function Faults({ live, core }: { readonly live: Live<readonly FaultView[]>; readonly core: string | undefined }) {
  const halt = state.value?.running === false ? state.value.halt : undefined;
  const report = halt?.lines ?? [];
  const { data } = live;
  if (data === undefined && report.length === 0) {
    if (live.error === undefined) return <Loading what="Looking for faults" />;
    return (
      <ErrorState title="The faults cannot be read" retry={live.reload}>
        <p>{live.error}</p>
      </ErrorState>
    );
  }
  const faults = data ?? [];
  if (faults.length === 0 && report.length === 0) {
    return (
      <EmptyState title="No faults" icon="check">
        <p>The core has taken no HardFault, MemManage, BusFault, UsageFault or SecureFault since it started.</p>
      </EmptyState>
    );
  }
  return (
    <div class="cpu-faults">
      {[...faults].reverse().map((fault, index) => (
        <FaultCard key={`${fault.cycle} ${fault.exception}`} fault={fault} number={faults.length - index} core={core} />
      ))}
      {halt !== undefined && report.length > 0 && <HaltReport text={halt.text} lines={report} folded={faults.length > 0} />}
    </div>
  );
}

/** The report as imx-sim prints it; folded where cards say the same. */
function HaltReport({ text, lines, folded }: { readonly text: string; readonly lines: readonly string[]; readonly folded: boolean }) {
  const [open, setOpen] = useState(!folded);
  return (
    <section class="cpu-report" aria-label="Report">
      <header>
        <h3>
          <button type="button" class="cpu-fold cpu-report-fold" aria-expanded={open} onClick={() => setOpen(!open)}>
            {folded ? 'Report, as imx-sim prints it' : text}
          </button>
        </h3>
        <Button kind="quiet" icon="copy" onClick={() => void copyText([text, ...lines].join('\n'))}>
          Copy
        </Button>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
      {open && <pre tabIndex={0}>{lines.join('\n')}</pre>}
    </section>
  );
}

function FaultCard({ fault, number, core }: { readonly fault: FaultView; readonly number: number; readonly core: string | undefined }) {
  const hz = description.value?.hz;
  const back = state.value?.noWayBack === undefined && state.value?.running === false;
  return (
    <article class="cpu-fault" aria-label={`${fault.exception} at ${placeText(fault.place)}`}>
      <header class="cpu-fault-head">
        <Icon name="error" />
        <h3>{fault.exception}</h3>
        <span class="muted">
          {`#${number}`}
          {hz !== undefined && ` at ${moment(fault.cycle / hz)}`}
        </span>
        <button type="button" class="cpu-link mono" onClick={() => show(fault.place.address)}>
          {placeText(fault.place)} <span class="muted">{lineText(fault.place) ?? ''}</span>
        </button>
        {back && (
          <Button
            kind="quiet"
            icon="back"
            onClick={() => void control('control.goTo', { cycle: Math.max(0, fault.cycle - 1) })}
            tip="go back to the moment before it"
          >
            Before it
          </Button>
        )}
      </header>
      <ul class="cpu-causes">
        {fault.causes.map(({ name, meaning }) => (
          <li key={name}>
            <Badge hue="error">{name}</Badge> {meaning}
          </li>
        ))}
        {fault.causes.length === 0 && <li class="muted">The status registers name no cause.</li>}
      </ul>
      {fault.address !== undefined && (
        <p class="cpu-fault-address">
          <span class="label">{fault.address.register}</span> <Hex value={fault.address.address} memory={core} /> {fault.address.text}
        </p>
      )}
      <div class="cpu-fault-columns">
        <section>
          <h4 class="label">Called from</h4>
          <ol class="cpu-backtrace">
            {fault.backtrace.map((place, index) => (
              <li key={index}>
                <button type="button" class="cpu-link mono" onClick={() => show(place.address)} data-tip={hex(place.address)}>
                  {placeText(place)} <span class="muted">{lineText(place) ?? ''}</span>
                </button>
              </li>
            ))}
          </ol>
        </section>
        <Numbers title="Registers then" values={fault.registers} />
        <Numbers title="Fault status" values={fault.status} />
      </div>
    </article>
  );
}

function Numbers({ title, values }: { readonly title: string; readonly values: Readonly<Record<string, number>> }) {
  const entries = Object.entries(values);
  if (entries.length === 0) return null;
  return (
    <section>
      <h4 class="label">{title}</h4>
      <dl class="cpu-numbers">
        {entries.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{bareHex(value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
