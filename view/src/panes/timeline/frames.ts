/** One loop for all that is painted: what is mounted is called before each frame of the screen, in the order in which it came. */
import { useLayoutEffect, useRef } from 'preact/hooks';

type Frame = () => void;

const frames: { readonly order: number; readonly call: () => void }[] = [];
let running = 0;
let complained = Number.NEGATIVE_INFINITY;

/** Durations of the last frames' work in milliseconds; measurements read them from outside, as `__timelineTimings`. */
const timings: number[] = [];
(globalThis as Record<string, unknown>)['__timelineTimings'] = timings;
const KEPT = 600;

function loop(): void {
  const start = performance.now();
  for (const { call } of [...frames]) {
    try {
      call();
    } catch (error) {
      // One painter's bug must not stop the others; each is reported once a second at most.
      if (start - complained > 1000) console.error(error);
      complained = start;
    }
  }
  timings.push(performance.now() - start);
  if (timings.length > KEPT) timings.splice(0, timings.length - KEPT);
  running = frames.length > 0 ? requestAnimationFrame(loop) : 0;
}

/** Calls `frame` before each frame as long as the component is there; lower `order` first. */
export function useFrame(frame: Frame, order = 1): void {
  const latest = useRef(frame);
  latest.current = frame;
  useLayoutEffect(() => {
    const entry = { order, call: () => latest.current() };
    frames.push(entry);
    frames.sort((a, b) => a.order - b.order);
    if (running === 0) running = requestAnimationFrame(loop);
    return () => {
      frames.splice(frames.indexOf(entry), 1);
    };
  }, []);
}

/** True the first time, and whenever one of the values is another one than the last time. */
export function useChanged(): (...values: readonly unknown[]) => boolean {
  const last = useRef<readonly unknown[] | undefined>(undefined);
  return (...values) => {
    const before = last.current;
    if (before && before.length === values.length && values.every((value, index) => Object.is(value, before[index]))) return false;
    last.current = values;
    return true;
  };
}
