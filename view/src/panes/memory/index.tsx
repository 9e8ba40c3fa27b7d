import type { Pane } from '../../panes.ts';

function Component() {
  return <p>to come</p>;
}

export const memory: Pane = { id: 'memory', title: 'Memory', key: '6', component: Component };
