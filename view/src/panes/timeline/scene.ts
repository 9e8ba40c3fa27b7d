/** All that a painter needs to know; plain data, so that the same view can be painted on the screen and into a picture. */
import type { Chain } from './correlate.ts';
import type { EventLog } from './event-log.ts';
import type { Lanes } from './lanes.ts';
import type { Palette } from './palette.ts';
import type { Rows } from './rows.ts';
import type { Extent, View } from './viewport.ts';

export interface Scene {
  readonly log: EventLog;
  readonly lanes: Lanes;
  readonly rows: Rows;
  readonly view: View;
  readonly extent: Extent;
  readonly hz: number;
  readonly palette: Palette;
  readonly height: number;
  readonly scrollTop: number;
  /** Where the machine is. */
  readonly now: number;
  /** Where the present is, when the machine is in its past. */
  readonly present: number | undefined;
  /** Nothing later is shown: the display is frozen. */
  readonly limit: number;
  readonly selected: number | undefined;
  readonly chain: Chain | undefined;
  readonly hits: Lanes | undefined;
  readonly picked: Lanes | undefined;
  readonly markers: readonly (number | undefined)[];
  readonly laneKey: string | undefined;
  /** In which interrupts and threads were not recorded. */
  readonly unrecorded: readonly { readonly from: number; readonly to: number }[];
}
