import type { Pane } from '../../panes.ts';

function Component() {
  return <p>to come</p>;
}

export const consoles: Pane = { id: 'consoles', title: 'Consoles', key: '4', component: Component };
