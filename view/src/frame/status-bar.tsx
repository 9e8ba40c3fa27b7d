/** The line at the bottom: the connection, what comes over it, and what was found. */
import { count } from '../format.ts';
import { connection, eventRate, events, eventsVersion, go, overview, state, version } from '../store.ts';

const WORDS = {
  connecting: 'connecting',
  open: 'connected',
  lost: 'connection lost',
  refused: 'refused',
  ended: 'ended',
} as const;

export function StatusBar() {
  eventsVersion.value;
  const now = overview.value;
  const findings = now?.findings ?? [];
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.filter(({ severity }) => severity === 'warning').length;
  const dropped = events.dropped;
  return (
    <footer class="status">
      <span class={`status-connection status-${connection.value}`}>
        <span class="status-dot" />
        {WORDS[connection.value]}
      </span>
      <span class="number" data-tip="Events as this page gets them, per second of your time">
        {count(eventRate.value)} events/s
      </span>
      <span
        class={`number${dropped ? ' status-warning' : ''}`}
        data-tip="Left out by the server: this page reads too slowly, or more happened than it may be told. Nothing is lost in the machine."
      >
        {count(dropped)} dropped
      </span>
      <span class="number muted">{count(events.list.length)} kept</span>
      <span class="spacer" />
      {now && (
        <span class="number">
          <span class="status-tx">↓</span> {count(now.messages.tx)} to the core <span class="status-rx">↑</span> {count(now.messages.rx)} to
          Linux
        </span>
      )}
      <button
        type="button"
        class={`status-findings${errors ? ' status-error' : warnings ? ' status-warning' : ''}`}
        onClick={() => go('system', { show: 'findings' })}
      >
        {findings.length === 0
          ? 'no findings'
          : [
              errors && `${errors} ${errors === 1 ? 'error' : 'errors'}`,
              warnings && `${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`,
              findings.length - errors - warnings && `${findings.length - errors - warnings} notes`,
            ]
              .filter(Boolean)
              .join(', ')}
      </button>
      {state.value && (
        <span class="muted number">
          {state.value.clients} {state.value.clients === 1 ? 'client' : 'clients'}
        </span>
      )}
      <span class="muted">imx-sim {version.value}</span>
    </footer>
  );
}
