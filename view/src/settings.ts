/** What the page remembers between visits: sizes and choices, nothing of the run. Where there is no storage it forgets. */

const PREFIX = 'imx-sim.';

/** A setting, or undefined. */
export function load(name: string): string | undefined {
  try {
    return localStorage.getItem(PREFIX + name) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Remembers a setting; undefined forgets it. */
export function save(name: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, value);
  } catch {
    // A page that may not store anything works all the same.
  }
}
