/** The page's head: what runs, the controls of the run, and where in time it is. */
import { useState } from 'preact/hooks';
import { PlaceLink } from '../components/address.tsx';
import { Button, IconButton, Select } from '../components/button.tsx';
import { Dialog } from '../components/dialog.tsx';
import { Icon } from '../components/icons.tsx';
import { busy, CONTROLS, control, setStepBy, stepBy, toPresent } from '../controls.ts';
import { moment, offset, speed } from '../format.ts';
import { connection, description, mode, progress, state, title } from '../store.ts';
import { nextTheme, themeChoice } from '../theme.ts';
import { help, palette } from './layers.ts';
import { Scrubber } from './scrubber.tsx';
import { haltHue, haltTitle, saysLittle } from './words.ts';

const THEME_ICON = { system: 'auto', light: 'sun', dark: 'moon' } as const;
const THEME_WORD = { system: 'as the system', light: 'light', dark: 'dark' } as const;

/** The two rows over the panes. */
export function Header() {
  return (
    <header class="head">
      <div class="head-row">
        <Title />
        <Controls />
        <span class="spacer" />
        <Clock />
        <div class="head-tools">
          <IconButton icon="search" label="Commands and symbols" shortcut="Ctrl K" onClick={() => (palette.value = true)} />
          <IconButton
            icon={THEME_ICON[themeChoice.value]}
            label={`Theme: ${THEME_WORD[themeChoice.value]}`}
            shortcut="t"
            onClick={nextTheme}
          />
          <IconButton icon="help" label="Keyboard shortcuts" shortcut="?" onClick={() => (help.value = true)} />
        </div>
      </div>
      <StateRow />
    </header>
  );
}

function Title() {
  const machine = description.value;
  return (
    <div class="head-title">
      <svg class="head-mark" viewBox="0 0 24 24" aria-hidden="true">
        <rect x="1.5" y="4" width="8.5" height="16" rx="2" class="mark-linux" />
        <rect x="14" y="4" width="8.5" height="16" rx="2" class="mark-core" />
        <path d="M10 9h4M14 15h-4" class="mark-wire" />
      </svg>
      <div class="head-words">
        <h1>{machine ? machine.soc : 'imx-sim'}</h1>
        <p
          class="muted"
          data-tip={machine ? `${machine.engine} engine${machine.firmware ? ` · ${machine.firmware.name}` : ''}` : undefined}
        >
          {machine
            ? [machine.board, machine.firmware?.name ?? 'no firmware given', machine.engine].filter(Boolean).join(' · ')
            : title.value}
        </p>
      </div>
    </div>
  );
}

function Controls() {
  const running = state.value?.running ?? false;
  if (mode.value === 'trace') return <span class="badge hue-note">recorded trace</span>;
  return (
    <div class="head-controls" role="toolbar" aria-label="Run">
      {CONTROLS.map(({ id, title: name, icon, solid, keys, refusal, act }) => {
        const isRun = id === 'run';
        const why = refusal();
        const label = isRun && running ? 'Pause' : name;
        return (
          <IconButton
            key={id}
            icon={isRun && running ? 'pause' : icon}
            solid={(solid ?? false) && !(isRun && running)}
            label={why ? `${label} — ${why}` : label}
            shortcut={keys[0] ?? ''}
            disabled={why !== undefined || (busy.value !== undefined && !isRun)}
            kind={isRun && !running && !why ? 'primary' : 'quiet'}
            class={`control-${id}`}
            onClick={act}
          />
        );
      })}
      <Select
        label="Steps go by"
        shown
        value={stepBy.value}
        options={[
          { value: 'line', title: 'line' },
          { value: 'instruction', title: 'instruction' },
        ]}
        onChange={setStepBy}
      />
    </div>
  );
}

const PACES = [
  { value: '0', title: 'as fast as it can' },
  { value: '1', title: 'real time' },
  { value: '0.1', title: '1/10 of real time' },
  { value: '0.01', title: '1/100' },
  { value: '0.001', title: '1/1000' },
] as const;

function Clock() {
  const now = state.value;
  if (!now) return null;
  const pace = String(now.pace);
  const options = PACES.some(({ value }) => value === pace) ? PACES : [...PACES, { value: pace, title: `${now.pace}× real time` }];
  return (
    <div class="head-clock">
      {mode.value !== 'trace' && (
        <Select
          label="Pace"
          shown
          value={pace}
          options={options}
          onChange={(value) => void control('control.pace', { pace: Number(value) })}
        />
      )}
      <div class="head-time" data-tip={`virtual time · cycle ${now.cycle.toLocaleString('en-US')}`}>
        <span class="head-seconds mono number">{moment(now.seconds)}</span>
        <span class="muted number">{now.running ? `${speed(now.speed)} real time` : 'stands still'}</span>
      </div>
    </div>
  );
}

function StateRow() {
  const now = state.value;
  const here = connection.value === 'open';
  const [report, setReport] = useState(false);
  const halt = now?.running === false ? now.halt : undefined;
  const lines = halt?.lines ?? [];
  return (
    <div class={`head-row head-state${now?.present ? ' head-past' : ''}`}>
      <span class={`badge state-badge hue-${now && here ? haltHue(now) : 'note'}`} role="status">
        {now ? `${here ? '' : 'Last known: '}${haltTitle(now)}` : 'no state yet'}
      </span>
      <span class="head-halt">
        {halt && now && !saysLittle(halt, haltTitle(now)) && <span class="head-reason">{halt.text}</span>}
        {halt?.place && <PlaceLink place={halt.place} core={halt.core} />}
        {lines.length > 0 && (
          <Button kind="quiet" class="head-small" onClick={() => setReport(true)}>
            Report
          </Button>
        )}
      </span>
      <span class="spacer" />
      {progress.value && (
        <span class="head-progress" role="status">
          <progress value={progress.value.fraction} max={1} aria-label={progress.value.what} />
          <span class="muted">{progress.value.what}</span>
        </span>
      )}
      {now?.present && (
        <Button
          class="head-small"
          icon="present"
          onClick={toPresent}
          tip={`The present is at ${moment(now.present.seconds)}. Input or a write here forgets what came after this moment.`}
        >
          <span class="mono">{offset(now.seconds - now.present.seconds)}</span> Back to the present <kbd>g</kbd>
        </Button>
      )}
      <Scrubber />
      {now && mode.value !== 'trace' && description.value?.linux && (
        <Select
          label="Linux while the core stands still"
          value={now.linuxWhileHalted}
          options={[
            { value: 'held', title: 'a halt holds Linux too' },
            { value: 'runs', title: 'Linux runs on at a halt' },
          ]}
          onChange={(value) => void control('control.linuxWhileHalted', { mode: value })}
        />
      )}
      {report && (
        <Dialog title={halt?.text ?? 'Report'} wide onClose={() => setReport(false)}>
          <pre class="head-report">{lines.join('\n')}</pre>
        </Dialog>
      )}
    </div>
  );
}

/** The run is somewhere else than where it is shown: over all panes. */
export function ConnectionBanner({
  text,
  hue,
  children,
}: {
  readonly text: string;
  readonly hue: string;
  readonly children?: preact.ComponentChildren;
}) {
  return (
    <div class={`banner hue-${hue}`} role="alert">
      <Icon name="warning" />
      <strong>{text}</strong>
      <span>{children}</span>
    </div>
  );
}
