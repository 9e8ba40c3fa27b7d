/** Renders again when signals change, but only some times a second: for counts, which nobody reads sixty times. */
import { effect, type ReadonlySignal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';

const PAUSE = 250;

export function useSlow(...signals: readonly ReadonlySignal<unknown>[]): void {
  const [, render] = useState(0);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = effect(() => {
      for (const signal of signals) signal.value;
      timer ??= setTimeout(() => {
        timer = undefined;
        render((count) => count + 1);
      }, PAUSE);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, []);
}
