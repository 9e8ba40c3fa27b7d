/** Messages that come and go at the page's edge. */
import { signal } from '@preact/signals';

export interface Toast {
  readonly id: number;
  readonly severity: 'error' | 'warning' | 'note';
  readonly text: string;
  readonly remedy?: string;
  /** How often it came while it was shown. */
  readonly times: number;
}

/** How long a toast stays, in milliseconds: errors until they are dismissed. */
const STAYS = { error: 0, warning: 9000, note: 4000 } as const;
const MOST = 5;

export const toasts = signal<readonly Toast[]>([]);
const timers = new Map<number, ReturnType<typeof setTimeout>>();
let next = 1;

/** Shows a message; the same one again only counts. */
export function toast(severity: Toast['severity'], text: string, remedy?: string): void {
  const same = toasts.value.find((other) => other.text === text && other.severity === severity);
  const id = same?.id ?? next++;
  const fresh: Toast = { id, severity, text, times: (same?.times ?? 0) + 1, ...(remedy === undefined ? {} : { remedy }) };
  toasts.value = same ? toasts.value.map((other) => (other.id === id ? fresh : other)) : [...toasts.value, fresh].slice(-MOST);
  clearTimeout(timers.get(id));
  if (STAYS[severity])
    timers.set(
      id,
      setTimeout(() => dismiss(id), STAYS[severity]),
    );
}

/** Takes a message away. */
export function dismiss(id: number): void {
  clearTimeout(timers.get(id));
  timers.delete(id);
  toasts.value = toasts.value.filter((other) => other.id !== id);
}
