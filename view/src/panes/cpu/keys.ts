/** Names of key presses, for tables of keys. No DOM. */

/** `Shift+F10`, `n`; undefined for one with Control, Alt or Meta: those are the browser's. */
export function keyName(event: Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'altKey' | 'metaKey'>): string | undefined {
  if (event.ctrlKey || event.altKey || event.metaKey) return undefined;
  return event.shiftKey ? `Shift+${event.key.length === 1 ? event.key.toUpperCase() : event.key}` : event.key;
}
