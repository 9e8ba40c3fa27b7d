/** What the parts of the memory pane share. */
import { computed, signal } from '@preact/signals';
import { load, save } from '../../settings.ts';
import { description } from '../../store.ts';
import { MemoryCache } from './cache.ts';
import type { Cursor, GroupSize } from './hex-layout.ts';
import { type Stretch, stretches } from './regions.ts';

const chosen = signal<string | undefined>(undefined);

/** Names of the views: cores first, then Linux. */
export const views = computed<readonly string[]>(() => {
  const names = Object.keys(description.value?.memory ?? {});
  return [...names.filter((name) => name !== 'linux'), ...names.filter((name) => name === 'linux')];
});

/** In whose view addresses are. */
export const view = computed<string | undefined>(() => {
  const main = description.value?.cores.find((core) => core.main)?.name;
  if (chosen.value !== undefined && views.value.includes(chosen.value)) return chosen.value;
  return main !== undefined && views.value.includes(main) ? main : views.value[0];
});

export function chooseView(name: string): void {
  chosen.value = name;
}

/** The pieces of the view. */
export const pieces = computed<readonly Stretch[]>(() => stretches(description.value?.memory[view.value ?? ''] ?? []));

export const cursor = signal<Cursor>({ address: 0, nibble: 0, column: 'hex' });
/** The other end of the selection; undefined: only the byte at the cursor. */
export const anchor = signal<number | undefined>(undefined);

const stored = Number(load('memory.group'));
export const group = signal<GroupSize>(stored === 2 || stored === 4 || stored === 8 ? stored : 1);

export function setGroup(size: GroupSize): void {
  group.value = size;
  save('memory.group', size === 1 ? undefined : String(size));
}

/** The bytes that are meant: those selected, or the group at the cursor. */
export const selection = computed<{ readonly address: number; readonly size: number; readonly many: boolean }>(() => {
  const { address } = cursor.value;
  if (anchor.value !== undefined && anchor.value !== address) {
    const from = Math.min(anchor.value, address);
    return { address: from, size: Math.abs(anchor.value - address) + 1, many: true };
  }
  return { address: address - (address % group.value), size: group.value, many: false };
});

const caches = new Map<string, MemoryCache>();

export function cacheOf(name: string): MemoryCache {
  let cache = caches.get(name);
  if (cache === undefined) {
    cache = new MemoryCache();
    caches.set(name, cache);
  }
  return cache;
}

/** Rises when bytes have come. */
export const bytesVersion = signal(0);

/** Where the view is asked to go; `serial` tells two wishes apart. */
export const wish = signal<{ readonly address: number; readonly serial: number } | undefined>(undefined);

/** Puts the cursor on a byte and shows it. */
export function goTo(address: number, size = 1): void {
  const start = address >>> 0;
  cursor.value = { address: start, nibble: 0, column: cursor.value.column };
  anchor.value = size > 1 ? Math.min(0xffff_ffff, start + size - 1) : undefined;
  wish.value = { address: start, serial: (wish.value?.serial ?? 0) + 1 };
}

/** What the last search has found: addresses, and how many bytes each has. */
export const found = signal<
  | { readonly addresses: readonly number[]; readonly size: number; readonly more: boolean; readonly next: number; readonly view: string }
  | undefined
>(undefined);
