/** The panes of the page: each is a folder, which exports a `Pane`. */
import type { ComponentType } from 'preact';
import { consoles } from './panes/consoles/index.tsx';
import { cpu } from './panes/cpu/index.tsx';
import { memory } from './panes/memory/index.tsx';
import { peripherals } from './panes/peripherals/index.tsx';
import { system } from './panes/system/index.tsx';
import { tables } from './panes/tables/index.tsx';
import { timeline } from './panes/timeline/index.tsx';
import { vrings } from './panes/vrings/index.tsx';

/** One pane. */
export interface Pane {
  /** In the URL's hash: `#/vrings?device=virtio0&queue=0`. */
  readonly id: string;
  readonly title: string;
  /** Key that leads to it. */
  readonly key: string;
  /** Its own keys, for the list that `?` shows. */
  readonly shortcuts?: readonly { readonly keys: string; readonly title: string }[];
  readonly component: ComponentType<{
    /** What of it is meant, by the names of the hash: `device`, `queue`, `address`, `seq` ... */
    readonly detail: Readonly<Record<string, string>>;
  }>;
}

export const PANES: readonly Pane[] = [system, timeline, vrings, consoles, cpu, memory, peripherals, tables];
