/** The corner where toasts are shown. */
import { dismiss, toasts } from '../toast-store.ts';
import { IconButton } from './button.tsx';
import { Icon } from './icons.tsx';

/** Stands once in the page. */
export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, severity, text, remedy, times }) => (
        <div key={id} class={`toast hue-${severity}`}>
          <Icon name={severity} />
          <div class="toast-text">
            <p>
              {text}
              {times > 1 && <span class="muted"> ×{times}</span>}
            </p>
            {remedy && <p class="toast-remedy">{remedy}</p>}
          </div>
          <IconButton icon="close" label="Dismiss" onClick={() => dismiss(id)} />
        </div>
      ))}
    </div>
  );
}
