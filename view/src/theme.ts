/** Light or dark: the system's choice unless the user made one. */
import { effect, signal } from '@preact/signals';
import { load, save } from './settings.ts';

export type ThemeChoice = 'system' | 'light' | 'dark';

const stored = load('theme');
export const themeChoice = signal<ThemeChoice>(stored === 'light' || stored === 'dark' ? stored : 'system');
/** What is shown now. Panes that paint on a canvas read it, so that they paint again when it changes. */
export const theme = signal<'light' | 'dark'>('dark');

/** Puts the theme on the page and follows the system. */
export function startTheme(): void {
  const query = matchMedia('(prefers-color-scheme: dark)');
  const system = signal(query.matches);
  query.addEventListener('change', () => {
    system.value = query.matches;
  });
  effect(() => {
    const choice = themeChoice.value;
    if (choice === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = choice;
    save('theme', choice === 'system' ? undefined : choice);
    theme.value = choice === 'system' ? (system.value ? 'dark' : 'light') : choice;
  });
}

/** system, light, dark, system ... */
export function nextTheme(): void {
  const order: readonly ThemeChoice[] = ['system', 'light', 'dark'];
  themeChoice.value = order[(order.indexOf(themeChoice.value) + 1) % order.length]!;
}

const probes = new Map<string, HTMLElement>();

/** The colour of a token (`--linux`) as it is now, `rgb(...)`, for canvases and terminals. */
export function color(token: string): string {
  let probe = probes.get(token);
  if (!probe) {
    probe = document.createElement('span');
    probe.hidden = true;
    probe.style.color = `var(${token})`;
    document.body.append(probe);
    probes.set(token, probe);
  }
  return getComputedStyle(probe).color;
}
