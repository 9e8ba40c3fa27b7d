/** Tabs with the keys of the ARIA pattern: arrows, Home, End. */
import type { ComponentChildren, TargetedKeyboardEvent } from 'preact';

export interface Tab {
  readonly id: string;
  readonly title: ComponentChildren;
  /** Has something new. */
  readonly unread?: boolean;
}

/** A row of tabs; the contents are the caller's, in an element with `role="tabpanel"`. */
export function Tabs(props: {
  readonly label: string;
  readonly tabs: readonly Tab[];
  readonly selected: string;
  readonly onSelect: (id: string) => void;
}) {
  const key = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    const at = props.tabs.findIndex(({ id }) => id === props.selected);
    const last = props.tabs.length - 1;
    const steps: Record<string, number> = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last };
    const to = steps[event.key];
    if (to === undefined || !props.tabs.length) return;
    event.preventDefault();
    const index = to < 0 ? last : to > last ? 0 : to;
    props.onSelect(props.tabs[index]!.id);
    (event.currentTarget.children[index] as HTMLElement | undefined)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={props.label} onKeyDown={key}>
      {props.tabs.map(({ id, title, unread }) => (
        <button
          key={id}
          type="button"
          role="tab"
          class="tab"
          aria-selected={id === props.selected}
          tabIndex={id === props.selected ? 0 : -1}
          onClick={() => props.onSelect(id)}
        >
          {title}
          {unread && (
            <span class="tab-unread">
              <span class="visually-hidden">has something new</span>
            </span>
          )}
        </button>
      ))}
    </div>
  );
}
