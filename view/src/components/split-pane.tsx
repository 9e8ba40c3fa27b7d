/** Two parts with a bar between them that can be moved, by pointer and by keys. */
import type { ComponentChildren, TargetedKeyboardEvent, TargetedPointerEvent } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { load, save } from '../settings.ts';

/** `id` is under which the share of the first part is remembered. Arrows move the bar, Home and End to its ends, Enter back to `initial`. */
export function SplitPane(props: {
  readonly id: string;
  readonly direction: 'row' | 'column';
  readonly initial?: number;
  readonly min?: number;
  readonly first: ComponentChildren;
  readonly second: ComponentChildren;
  readonly label?: string;
}) {
  const { direction, initial = 0.5, min = 0.15 } = props;
  const box = useRef<HTMLDivElement>(null);
  const [share, setShare] = useState(() => {
    const stored = Number(load(`split.${props.id}`));
    return stored >= min && stored <= 1 - min ? stored : initial;
  });
  const put = (value: number) => {
    const fitting = Math.min(1 - min, Math.max(min, value));
    setShare(fitting);
    save(`split.${props.id}`, fitting.toFixed(4));
  };
  const move = (event: TargetedPointerEvent<HTMLDivElement>) => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const area = box.current!.getBoundingClientRect();
    put(direction === 'row' ? (event.clientX - area.left) / area.width : (event.clientY - area.top) / area.height);
  };
  const key = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    const step = event.shiftKey ? 0.1 : 0.02;
    const steps: Record<string, number> = {
      ArrowLeft: share - step,
      ArrowUp: share - step,
      ArrowRight: share + step,
      ArrowDown: share + step,
      Home: min,
      End: 1 - min,
      Enter: initial,
    };
    const to = steps[event.key];
    if (to === undefined) return;
    event.preventDefault();
    put(to);
  };
  return (
    <div ref={box} class={`split split-${direction}`}>
      <div class="split-part" style={{ flexGrow: String(share) }}>
        {props.first}
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a separator that can be moved is a widget, which <hr> is not */}
      <div
        class="split-bar"
        role="separator"
        tabIndex={0}
        aria-label={props.label ?? 'Size of the two parts'}
        aria-orientation={direction === 'row' ? 'vertical' : 'horizontal'}
        aria-valuenow={Math.round(share * 100)}
        aria-valuemin={Math.round(min * 100)}
        aria-valuemax={Math.round((1 - min) * 100)}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={move}
        onDblClick={() => put(initial)}
        onKeyDown={key}
      />
      <div class="split-part" style={{ flexGrow: String(1 - share) }}>
        {props.second}
      </div>
    </div>
  );
}
