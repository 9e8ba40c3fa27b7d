/**
 * Tooltips: any element with `data-tip` has one, shown on hover and on focus by the one TooltipLayer of the page; `data-key` adds a key to it.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

const DELAY = 350;

/** Gives its children a tooltip, where they cannot have the attribute themselves. */
export function Tooltip({ text, children }: { readonly text: string; readonly children: ComponentChildren }) {
  return <span data-tip={text}>{children}</span>;
}

/** Stands once in the page. */
export function TooltipLayer() {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let owner: Element | undefined;
    // Pressed: its tooltip has done its duty until the pointer has been elsewhere.
    let done: Element | undefined;
    const hide = () => {
      clearTimeout(timer);
      owner = undefined;
      if (box.current?.matches(':popover-open')) box.current.hidePopover();
    };
    const show = () => {
      const tip = box.current;
      if (!tip || !owner?.isConnected) return;
      tip.textContent = owner.getAttribute('data-tip');
      const key = owner.getAttribute('data-key');
      if (key) tip.append(Object.assign(document.createElement('kbd'), { textContent: key }));
      // In the top layer, over dialogs.
      tip.showPopover();
      const at = owner.getBoundingClientRect();
      const size = tip.getBoundingClientRect();
      const below = at.bottom + 6 + size.height < innerHeight;
      tip.style.top = `${below ? at.bottom + 6 : Math.max(4, at.top - size.height - 6)}px`;
      tip.style.left = `${Math.max(4, Math.min(innerWidth - size.width - 4, at.left + at.width / 2 - size.width / 2))}px`;
    };
    const over = (event: Event) => {
      const to = event.target instanceof Element ? event.target.closest('[data-tip]') : null;
      if (!to || to === owner) {
        if (!to) {
          hide();
          done = undefined;
        }
        return;
      }
      hide();
      if (to === done) return;
      done = undefined;
      owner = to;
      timer = setTimeout(show, event.type === 'focusin' ? 80 : DELAY);
    };
    const press = (event: Event) => {
      hide();
      done = event.target instanceof Element ? (event.target.closest('[data-tip]') ?? undefined) : undefined;
    };
    const focus = (event: FocusEvent) => {
      if (event.target instanceof Element && event.target.matches(':focus-visible')) over(event);
    };
    const key = (event: KeyboardEvent) => event.key === 'Escape' && hide();
    document.addEventListener('pointerover', over);
    document.addEventListener('focusin', focus);
    document.addEventListener('focusout', hide);
    document.addEventListener('pointerdown', press);
    document.addEventListener('keydown', key);
    document.addEventListener('scroll', hide, true);
    return () => {
      hide();
      document.removeEventListener('pointerover', over);
      document.removeEventListener('focusin', focus);
      document.removeEventListener('focusout', hide);
      document.removeEventListener('pointerdown', press);
      document.removeEventListener('keydown', key);
      document.removeEventListener('scroll', hide, true);
    };
  }, []);
  return <div ref={box} class="tooltip" role="tooltip" popover="manual" />;
}
