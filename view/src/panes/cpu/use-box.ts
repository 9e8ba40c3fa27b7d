/** The size of an element and of a rem, kept up to date: what long lists compute their rows from. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

export interface Box {
  readonly width: number;
  readonly height: number;
  /** Pixels of 1 rem. */
  readonly rem: number;
}

function rootSize(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 13;
}

/** Give `ref` to the element. */
export function useBox(target: { current: HTMLElement | null }): Box & { readonly ref: (element: HTMLElement | null) => void } {
  const [box, setBox] = useState<Box>(() => ({ width: 0, height: 0, rem: typeof document === 'undefined' ? 13 : rootSize() }));
  const observer = useRef<ResizeObserver | undefined>(undefined);
  const measure = useCallback(() => {
    const element = target.current;
    if (element === null) return;
    const next = { width: element.clientWidth, height: element.clientHeight, rem: rootSize() };
    setBox((old) => (old.width === next.width && old.height === next.height && old.rem === next.rem ? old : next));
  }, [target]);
  const ref = useCallback(
    (element: HTMLElement | null) => {
      observer.current?.disconnect();
      observer.current = undefined;
      if (element === null) return;
      target.current = element;
      observer.current = new ResizeObserver(measure);
      observer.current.observe(element);
      measure();
    },
    [measure, target],
  );
  useEffect(() => {
    addEventListener('resize', measure);
    return () => removeEventListener('resize', measure);
  }, [measure]);
  return { ...box, ref };
}
