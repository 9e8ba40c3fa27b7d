/** Which consoles have shown something that nobody has seen. */
import { signal } from '@preact/signals';
import { onConsole } from '../../store.ts';

/** Consoles that have shown something since they were looked at last. */
export const unread = signal<ReadonlySet<string>>(new Set());
const visible = new Map<string, number>();

/** Says that a console is on the page; the function ends it. */
export function looksAt(device: string): () => void {
  visible.set(device, (visible.get(device) ?? 0) + 1);
  mark(device, false);
  return () => void visible.set(device, (visible.get(device) ?? 1) - 1);
}

function mark(device: string, value: boolean): void {
  if (unread.value.has(device) === value) return;
  const next = new Set(unread.value);
  if (value) next.add(device);
  else next.delete(device);
  unread.value = next;
}

onConsole((device, bytes) => {
  if (!(visible.get(device) ?? 0) && bytes.length) mark(device, true);
});
