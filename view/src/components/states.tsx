/** What a pane shows when it has nothing to show. */
import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icons.tsx';

/** Nothing here yet: why, and what brings something. */
export function EmptyState(props: { readonly title: string; readonly icon?: IconName; readonly children?: ComponentChildren }) {
  return (
    <div class="state-box">
      {props.icon && (
        <span class="state-icon">
          <Icon name={props.icon} />
        </span>
      )}
      <h3>{props.title}</h3>
      <div class="state-text">{props.children}</div>
    </div>
  );
}

/** Something failed: what, and what to do. `retry` tries again. */
export function ErrorState(props: { readonly title: string; readonly children?: ComponentChildren; readonly retry?: () => void }) {
  return (
    <div class="state-box state-error" role="alert">
      <span class="state-icon">
        <Icon name="error" />
      </span>
      <h3>{props.title}</h3>
      <div class="state-text">{props.children}</div>
      {props.retry && (
        <button type="button" class="button button-plain" onClick={props.retry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Being fetched. Appears after a moment, so that what is quick does not flicker. */
export function Loading({ what }: { readonly what: string }) {
  return (
    <div class="state-box state-loading" role="status">
      <span class="loading-bar" />
      <span class="muted">{what}</span>
    </div>
  );
}
