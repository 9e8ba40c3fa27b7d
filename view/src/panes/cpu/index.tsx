import type { Pane } from '../../panes.ts';

function Component() {
  return <p>to come</p>;
}

export const cpu: Pane = { id: 'cpu', title: 'CPU', key: '5', component: Component };
