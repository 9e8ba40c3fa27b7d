import type { Pane } from '../../panes.ts';

function Component() {
  return <p>to come</p>;
}

export const tables: Pane = { id: 'tables', title: 'Tables', key: '8', component: Component };
