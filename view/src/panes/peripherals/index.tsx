import type { Pane } from '../../panes.ts';

function Component() {
  return <p>to come</p>;
}

export const peripherals: Pane = { id: 'peripherals', title: 'Peripherals', key: '7', component: Component };
