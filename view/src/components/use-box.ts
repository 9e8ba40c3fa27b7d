/** The size of an element and of a rem, kept up to date: what panes choose their columns by, and long lists compute their rows from. */
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

/** Give `ref` to the element, which is then in `element`; 0 by 0 until there is one. */
export function useBox<E extends HTMLElement>(): Box & {
  readonly element: { readonly current: E | null };
  readonly ref: (element: E | null) => void;
} {
  const element = useRef<E | null>(null);
  const observer = useRef<ResizeObserver | undefined>(undefined);
  const [box, setBox] = useState<Box>(() => ({ width: 0, height: 0, rem: typeof document === 'undefined' ? 13 : rootSize() }));
  const measure = useCallback(() => {
    const now = element.current;
    if (now === null) return;
    const next = { width: now.clientWidth, height: now.clientHeight, rem: rootSize() };
    setBox((old) => (old.width === next.width && old.height === next.height && old.rem === next.rem ? old : next));
  }, []);
  const ref = useCallback((now: E | null) => {
    observer.current?.disconnect();
    element.current = now;
    if (now === null) return;
    observer.current = new ResizeObserver(measure);
    observer.current.observe(now);
    measure();
  }, []);
  useEffect(() => {
    addEventListener('resize', measure);
    return () => removeEventListener('resize', measure);
  }, []);
  return { ...box, element, ref };
}
