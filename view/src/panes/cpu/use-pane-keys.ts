/** Keys of a pane: those pressed in it, and those pressed where nothing else has the focus while it is the pane that is meant. */
import { useEffect, useRef } from 'preact/hooks';

/** `handle` says whether the key was one of the pane's. Give the result to the pane's element as `onKeyDown`. */
export function usePaneKeys(
  element: { current: HTMLElement | null },
  handle: (event: KeyboardEvent) => boolean,
): (event: KeyboardEvent) => void {
  const latest = useRef(handle);
  latest.current = handle;
  useEffect(() => {
    const outside = (event: KeyboardEvent) => {
      const own = element.current?.closest('.pane');
      const target = event.target instanceof Element ? event.target : undefined;
      if (event.defaultPrevented || !own || target?.closest('dialog, input, select, textarea')) return;
      const pane = target?.closest('.pane');
      // The pane's frame itself, or the page around panes; with two of them the one that is marked.
      const meant =
        pane === own
          ? target === own
          : !pane && (document.querySelectorAll('.pane').length === 1 || own.classList.contains('pane-focused'));
      if (meant && latest.current(event)) event.preventDefault();
    };
    addEventListener('keydown', outside);
    return () => removeEventListener('keydown', outside);
  }, [element]);
  return (event) => {
    if (!latest.current(event)) return;
    event.preventDefault();
    event.stopPropagation();
  };
}
