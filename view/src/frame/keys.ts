/** The page's shortcuts. They rest while somebody types: in a field, in a terminal, in a dialog. */
import { CONTROLS, toPresent } from '../controls.ts';
import { focusPane, navigate, shown, swapPanes, toggleTwo, two } from '../navigation.ts';
import { PANES } from '../panes.ts';
import { nextTheme } from '../theme.ts';
import { help, palette } from './layers.ts';

/** What `?` lists beside the panes and the controls of the run. */
export const OTHER_KEYS: readonly { readonly keys: string; readonly title: string }[] = [
  { keys: 'g', title: 'Back to the present' },
  { keys: '\\', title: 'One pane or two' },
  { keys: 'x', title: 'Swap the two panes' },
  { keys: 'F6', title: 'To the other pane; out of a terminal' },
  { keys: 'Ctrl K', title: 'Commands and symbols' },
  { keys: 't', title: 'Theme: system, light, dark' },
  { keys: '?', title: 'This list' },
  { keys: 'Esc', title: 'Close what is open' },
];

/** True where keys mean text. */
function types(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches('input:not([type=range]), textarea, select, .xterm *') || target.closest('dialog') !== null)
  );
}

/** Listens from now on. */
export function startKeys(): void {
  addEventListener('keydown', (event) => {
    const terminal = event.target instanceof Element && event.target.closest('.xterm') !== null;
    if (!terminal && (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k' && !event.altKey) {
      event.preventDefault();
      palette.value = true;
      return;
    }
    if (event.key === 'F6') {
      event.preventDefault();
      toOther();
      return;
    }
    // Function keys of the run work everywhere but in terminals, which want them.
    const isFunction = /^F\d+$/.test(event.key) && !terminal;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || (types(event.target) && !isFunction)) return;
    if (press(event.key, event.shiftKey)) event.preventDefault();
  });
}

function press(key: string, shift: boolean): boolean {
  const pane = PANES.find((each) => each.key === key);
  if (pane) {
    navigate({ pane: pane.id, detail: {} }, 'rail');
    return true;
  }
  if (key === 'F11' && shift) {
    use('out');
    return true;
  }
  const control = CONTROLS.find(({ keys }) => keys.includes(key));
  if (control) {
    use(control.id);
    return true;
  }
  const others: Record<string, () => void> = {
    g: toPresent,
    t: nextTheme,
    x: swapPanes,
    '\\': toggleTwo,
    '?': () => {
      help.value = true;
    },
  };
  others[key]?.();
  return key in others;
}

function use(id: string): void {
  const control = CONTROLS.find((each) => each.id === id);
  if (control && control.refusal() === undefined) control.act();
}

function toOther(): void {
  const panes = document.querySelectorAll<HTMLElement>('.pane');
  const at = [...panes].findIndex((pane) => pane.contains(document.activeElement));
  const to = (at + 1) % panes.length;
  if (two.peek() && to < shown.peek().length) focusPane(to);
  panes[to]?.focus();
}
