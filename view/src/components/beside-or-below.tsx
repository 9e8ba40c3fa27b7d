/** Two parts of a pane: side by side where it is wide enough, else one below the other. */
import type { ComponentChildren } from 'preact';
import { SplitPane } from './split-pane.tsx';
import type { Box } from './use-box.ts';

/** `box` is the pane's, `from` the width in rem from which they stand side by side; `beside` and `below` are the shares of the first part, remembered apart. */
export function BesideOrBelow(props: {
  readonly id: string;
  readonly box: Pick<Box, 'width' | 'rem'>;
  readonly from: number;
  readonly beside: number;
  readonly below: number;
  readonly first: ComponentChildren;
  readonly second: ComponentChildren;
}) {
  const { id, box, from, beside, below, first, second } = props;
  if (box.width === 0) return null;
  return box.width / box.rem >= from ? (
    <SplitPane key="wide" id={`${id}.wide`} direction="row" initial={beside} first={first} second={second} />
  ) : (
    <SplitPane key="narrow" id={`${id}.narrow`} direction="column" initial={below} first={first} second={second} />
  );
}
