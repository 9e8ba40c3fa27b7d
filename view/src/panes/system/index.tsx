import type { Pane } from '../../panes.ts';

function Component() {
  return <p>to come</p>;
}

export const system: Pane = { id: 'system', title: 'System', key: '1', component: Component };
