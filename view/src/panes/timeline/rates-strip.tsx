/** Messages, doorbells and interrupts a second over the time in sight, aligned with the rows above. */
import { useMemo } from 'preact/hooks';
import type uPlot from 'uplot';
import { palette } from './current-scene.ts';
import type { Lane } from './lanes.ts';
import { LABELS } from './lanes-view.tsx';
import { hz, lanes, version, view } from './model.ts';
import type { Palette } from './palette.ts';
import { Plot, plotAxis } from './plot.tsx';
import { type Rates, ratesOf } from './rates.ts';
import { formatSeconds } from './time-format.ts';
import { useSlow } from './use-slow.ts';
import { endOf } from './viewport.ts';

const WHAT = [
  { title: 'messages', tone: 'message', of: (lane: Lane) => (lane.key.startsWith('message/') ? [lane.ids] : []) },
  {
    title: 'doorbells',
    tone: 'doorbell',
    of: (lane: Lane) =>
      lane.key.startsWith('mu/')
        ? [...lane.parts.values()].filter((part) => /^(transmit|general)/.test(part.label)).map((part) => part.ids)
        : [],
  },
  { title: 'interrupts', tone: 'interrupt', of: (lane: Lane) => (lane.key.startsWith('interrupt/') ? [...lane.tracks] : []) },
] as const;

/** Pixels of a stretch over which is counted. */
const STRETCH = 6;

function compute(): Rates {
  const { start, width } = view.peek();
  const groups = WHAT.slice(0, 2).map((what) => lanes.list.flatMap((lane) => what.of(lane) as readonly Lane['ids'][]));
  // An interrupt has two events; half of them are as many interrupts, but for one at an edge.
  const interrupts = lanes.list.filter((lane) => lane.key.startsWith('interrupt/')).map((lane) => lane.ids);
  const rates = ratesOf([...groups, interrupts], start, endOf(view.peek()), Math.max(10, Math.floor(width / STRETCH)), hz.peek());
  for (let index = 0; index < rates.at.length; index++) rates.series[2]![index]! /= 2;
  return rates;
}

export function RatesStrip() {
  useSlow(version, view);
  const rates = useMemo(compute, [version.value, view.peek()]);
  const options = (colors: Palette): Omit<uPlot.Options, 'width' | 'height'> => ({
    legend: { live: true },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: { x: { time: false }, y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.1)] } },
    padding: [6, 0, 6, 0],
    axes: [
      plotAxis(colors, { show: false }),
      plotAxis(colors, { size: LABELS * colors.rem, values: (_plot, ticks) => ticks.map((tick) => `${short(tick)}/s`) }),
    ],
    series: [
      { label: 'time', value: (_plot, value) => (value === null ? '' : formatSeconds(value)) },
      ...WHAT.map(({ title, tone }) => ({
        label: `${title}/s`,
        stroke: colors.tone[tone],
        fill: withAlpha(colors.tone[tone], 0.12),
        width: 1.25,
        points: { show: false },
        value: (_plot: uPlot, value: number | null) => (value === null ? '' : short(value)),
      })),
    ],
  });
  const data: uPlot.AlignedData = [rates.at, ...rates.series];
  return (
    <section class="timeline-bottom timeline-rates" aria-label="Rates">
      <Plot
        options={options}
        data={data}
        range={[view.peek().start / hz.peek(), endOf(view.peek()) / hz.peek()]}
        version={`rates ${palette.value.rem}`}
        label={`Messages, doorbells and interrupts a second, counted over stretches of ${formatSeconds(rates.step)}`}
      />
    </section>
  );
}

function short(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)} M`;
  if (value >= 1e4) return `${(value / 1e3).toPrecision(3)} k`;
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

/** `rgb(1, 2, 3)` with an opacity. */
export function withAlpha(color: string, alpha: number): string {
  const parts = /^rgba?\(([^)]*)\)$/
    .exec(color)?.[1]
    ?.split(/[ ,/]+/)
    .slice(0, 3);
  return parts ? `rgb(${parts.join(' ')} / ${alpha})` : color;
}
