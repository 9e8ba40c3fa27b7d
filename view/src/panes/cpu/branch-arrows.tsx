/** Arrows of branches in the gutter of the disassembly. */

import type { Span } from '../../components/virtual-rows.ts';
import type { Arrow } from './disassembly-layout.ts';

/** Lanes that there is room for. */
export const LANES = 6;
/** Widths in rem. */
const LANE = 0.6;

/** Those that are in sight; the ones of the PC's and the cursor's instruction stand out. */
export function BranchArrows(props: {
  readonly arrows: readonly Arrow[];
  readonly span: Span;
  readonly rowHeight: number;
  readonly rem: number;
  readonly cursor: number | undefined;
  readonly pc: number | undefined;
}) {
  const { arrows, span, rowHeight, rem } = props;
  const width = (LANES + 1) * LANE * rem;
  const lane = LANE * rem;
  const top = span.from * rowHeight;
  const height = (span.to - span.from) * rowHeight;
  const shown = arrows.filter(({ from, to }) => Math.max(from, to) >= span.from && Math.min(from, to) < span.to);
  const path = (arrow: Arrow) => {
    const y = (row: number) => Math.max(-rowHeight, Math.min(height + rowHeight, (row - span.from + 0.5) * rowHeight));
    const x = Math.round(width - (arrow.lane + 1) * lane) + 0.5;
    const end = width - 1;
    // Where it leaves and where it arrives, a little apart when an instruction does both.
    const from = y(arrow.from) + 2;
    const to = y(arrow.to) - (arrow.open ? 0 : 2);
    const bend = Math.min(3, Math.abs(to - from) / 2) * Math.sign(to - from || 1);
    const radius = Math.abs(bend);
    const leave = `M${end} ${from}H${x + radius}Q${x} ${from} ${x} ${from + bend}`;
    return arrow.open ? `${leave}V${to}` : `${leave}V${to - bend}Q${x} ${to} ${x + radius} ${to}H${end - 3}`;
  };
  return (
    <svg
      class="cpu-arrows"
      style={{ top: `${top}px`, height: `${height}px`, width: `${width}px` }}
      width={width}
      height={height}
      aria-hidden="true"
    >
      {shown.map((arrow) => {
        const hot = arrow.fromAddress === props.cursor || arrow.toAddress === props.cursor || arrow.fromAddress === props.pc;
        const end = width - 1;
        const y = (arrow.to - span.from + 0.5) * rowHeight - 2;
        return (
          <g key={`${arrow.fromAddress}`} class={hot ? 'cpu-arrow cpu-arrow-hot' : 'cpu-arrow'}>
            <path d={path(arrow)} />
            {!arrow.open && <path class="cpu-arrow-head" d={`M${end} ${y}l-4 -2.6v5.2z`} />}
          </g>
        );
      })}
    </svg>
  );
}
