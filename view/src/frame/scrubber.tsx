/** The way through the past: a rail from the beginning of the run to the present. Going happens when the thumb is let go. */
import { useRef, useState } from 'preact/hooks';
import { goToSeconds } from '../controls.ts';
import { moment } from '../format.ts';
import { mode, state } from '../store.ts';

/** Milliseconds after the last key before the machine goes there: arrows held down make one way, not many. */
const SETTLE = 350;

/** Shown for a live run. */
export function Scrubber() {
  const now = state.value;
  const [wanted, setWanted] = useState<number | undefined>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  if (!now || mode.value === 'trace') return null;
  const end = Math.max(now.present?.seconds ?? now.seconds, 1e-9);
  const why = now.noWayBack ?? (now.running ? 'pause first' : undefined);
  const value = wanted ?? now.seconds;
  const release = (seconds: number) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      setWanted(undefined);
      goToSeconds(seconds);
    }, SETTLE);
  };
  return (
    <label
      class="scrubber"
      data-tip={
        why ? `No way back: ${why}` : wanted === undefined ? 'Go back in time: drag, or use the arrow keys' : `to ${moment(wanted)}`
      }
    >
      <span class="visually-hidden">Moment of the run</span>
      <span class="scrubber-end number" aria-hidden="true">
        0 s
      </span>
      <span class="scrubber-rail">
        <input
          type="range"
          min={0}
          max={end}
          step="any"
          value={value}
          disabled={why !== undefined}
          aria-valuetext={moment(value)}
          onInput={(event) => setWanted(Number(event.currentTarget.value))}
          onKeyDown={(event) => {
            const step =
              (end / 100) * ({ ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[event.key] ?? 0);
            if (!step) return;
            event.preventDefault();
            const to = Math.min(end, Math.max(0, value + step));
            setWanted(to);
            release(to);
          }}
          onChange={(event) => release(Number(event.currentTarget.value))}
        />
        {wanted !== undefined && (
          <span class="scrubber-value mono number" style={{ left: `${(wanted / end) * 100}%` }}>
            {moment(wanted)}
          </span>
        )}
      </span>
      <span class="scrubber-end number" aria-hidden="true">
        {end.toFixed(3)} s
      </span>
    </label>
  );
}
