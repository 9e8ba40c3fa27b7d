/** What the pointer is over, in words. */
import { lineOf } from './describe.ts';
import type { Hit } from './hit-test.ts';
import { hz, log } from './model.ts';
import { formatDuration, formatInteger, formatTime } from './time-format.ts';

export function HitTip(props: {
  readonly hit: Hit;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}) {
  const { hit, x, y } = props;
  if (!log.has(hit.id)) return null;
  const right = x > props.width / 2;
  const low = y > props.height * 0.6;
  const style = {
    [right ? 'right' : 'left']: `${right ? props.width - x + 12 : x + 12}px`,
    [low ? 'bottom' : 'top']: `${low ? props.height - y + 10 : y + 14}px`,
  };
  const base = log.cycle(hit.near[0] ?? hit.id);
  return (
    <div class="timeline-tip" style={style}>
      <div class="timeline-tip-time mono">{formatTime(log.cycle(hit.id), hz.value)}</div>
      {hit.span ? (
        <>
          <div>{lineOf(log.event(hit.id))}</div>
          <div class="muted">
            {Number.isFinite(hit.span.end) ? `for ${formatDuration(hit.span.end - hit.span.start, hz.value)}` : 'goes on'}
          </div>
        </>
      ) : (
        <>
          {hit.near
            .filter((id) => log.has(id))
            .map((id) => (
              <div key={id} class={`mono timeline-tip-line${id === hit.id ? ' timeline-tip-chosen' : ''}`}>
                {hit.count > 1 && <span class="muted">+{formatDuration(log.cycle(id) - base, hz.value)} </span>}
                {lineOf(log.event(id))}
              </div>
            ))}
          {hit.count > hit.near.length && <div class="muted">{formatInteger(hit.count)} events here: zoom in to tell them apart</div>}
        </>
      )}
    </div>
  );
}
