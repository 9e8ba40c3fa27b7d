import type { Pane } from '../../panes.ts';

function Component() {
  return <p>to come</p>;
}

export const vrings: Pane = { id: 'vrings', title: 'Vrings', key: '3', component: Component };
