import type { Pane } from '../../panes.ts';

function Component() {
  return <p>to come</p>;
}

export const timeline: Pane = { id: 'timeline', title: 'Timeline', key: '2', component: Component };
