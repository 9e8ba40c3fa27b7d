/** The frame around the panes. */
import { PANES } from './panes.ts';

export function App() {
  const pane = PANES[0]!;
  return <pane.component detail={{}} />;
}
