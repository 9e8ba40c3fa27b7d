/** Below the timeline: the exact moment under the pointer, the two markers and what is between them, what is in sight. */
import { IconButton } from '../../components/index.ts';
import { state } from '../../store.ts';
import { clearMarkers, cursor, hz, idleOut, log, markers, shownLanes, version, view } from './model.ts';
import { formatDuration, formatInteger, formatTime } from './time-format.ts';
import { useSlow } from './use-slow.ts';
import { endOf, spanOf } from './viewport.ts';

export function StatusLine() {
  return (
    <footer class="timeline-status">
      <Cursor />
      <Markers />
      <span class="spacer" />
      <InSight />
    </footer>
  );
}

function Cursor() {
  const at = cursor.value;
  return (
    <span class="timeline-status-cursor mono">
      {at === undefined ? (
        <span class="muted">point at the events to read the time</span>
      ) : (
        <>
          {formatTime(at, hz.value)} <span class="muted">cycle {formatInteger(at)}</span>
        </>
      )}
    </span>
  );
}

function Markers() {
  const [a, b] = markers.value;
  if (a === undefined) return null;
  return (
    <span class="timeline-status-markers mono">
      <b>A</b> {formatTime(a, hz.value)}
      {b !== undefined && (
        <>
          {' '}
          <b>B</b> {formatTime(b, hz.value)} <b>B−A</b> {formatDuration(b - a, hz.value)}{' '}
          <span class="muted">= {formatInteger(b - a)} cycles</span>
        </>
      )}
      <IconButton icon="close" label="Take the markers away" shortcut="M" onClick={clearMarkers} />
    </span>
  );
}

function InSight() {
  useSlow(version, view, shownLanes, state);
  const idle = idleOut();
  const { all } = shownLanes.peek();
  const inSight = all.lowerBound(endOf(view.peek())) - all.lowerBound(view.peek().start);
  const missing = log.gaps.reduce((sum, gap) => sum + gap.count, 0);
  return (
    <span class="number muted">
      {formatInteger(inSight)} of {formatInteger(log.length)} events in {formatDuration(spanOf(view.peek()), hz.peek())}
      {idle > 0 && (
        <span data-tip="Nothing has happened since the last event. 0 shows the whole run, l follows its end.">
          {' '}
          · then idle for {formatDuration(idle, hz.peek())}
        </span>
      )}
      {missing > 0 && (
        <span
          class="timeline-missing"
          data-tip="The server left them out because this page reads too slowly, or they are older than what is kept"
        >
          {' '}
          · {formatInteger(missing)} not here
        </span>
      )}
    </span>
  );
}
