/** How long round trips, doorbells and interrupts take: percentiles and a histogram, whose bars select the events behind them. */
import { signal } from '@preact/signals';
import type uPlot from 'uplot';
import uPlotModule from 'uplot';
import { EmptyState, Select } from '../../components/index.ts';
import { palette } from './current-scene.ts';
import { exceptionName } from './exceptions.ts';
import { type Bin, histogram, type LatencyKind, percentile, type Sample, type Series, samplesOf } from './latency.ts';
import { hz, latencies, log, lookAt, markers, pick, select, version, view } from './model.ts';
import type { Palette } from './palette.ts';
import { Plot, plotAxis } from './plot.tsx';
import { withAlpha } from './rates-strip.tsx';
import { formatDuration, formatInteger } from './time-format.ts';
import { useSlow } from './use-slow.ts';
import { endOf } from './viewport.ts';

const BINS = 48;
const TONE = { 'round trip': 'message', doorbell: 'doorbell', interrupt: 'interrupt' } as const;
const TITLES: readonly (readonly [LatencyKind, string])[] = [
  ['round trip', 'Round trips'],
  ['doorbell', 'Doorbell to receive'],
  ['interrupt', 'In interrupt handlers'],
];

const STRETCHES: readonly { readonly value: 'run' | 'sight' | 'markers'; readonly title: string }[] = [
  { value: 'run', title: 'Whole run' },
  { value: 'sight', title: 'In sight' },
  { value: 'markers', title: 'Between the markers' },
];

const chosen = signal<string | undefined>(undefined);
const scale = signal<'log' | 'linear'>('log');
const stretch = signal<'run' | 'sight' | 'markers'>('run');

function range(): readonly [number, number] {
  const [a, b] = markers.peek();
  if (stretch.value === 'sight') return [view.peek().start, endOf(view.peek())];
  if (stretch.value === 'markers' && a !== undefined && b !== undefined) return [Math.min(a, b), Math.max(a, b)];
  return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
}

export function LatencyPanel() {
  useSlow(version, view, markers);
  const all = [...latencies.series.values()];
  const kinds = TITLES.filter(([kind]) => all.some((series) => series.kind === kind));
  if (all.length === 0)
    return (
      <section class="timeline-bottom timeline-latency" aria-label="Latency">
        <EmptyState title="Nothing measured yet">
          A round trip is a message of Linux and the next one back. Doorbells and interrupts are measured from the first one on.
        </EmptyState>
      </section>
    );
  const series = all.find(({ key }) => key === chosen.value) ?? [...all].sort(byKindAndSize)[0]!;
  const samples = samplesOf([series], log, ...range());
  return (
    <section class="timeline-bottom timeline-latency" aria-label="Latency">
      <div class="timeline-latency-list" role="listbox" aria-label="What is measured">
        {kinds.map(([kind, title]) => (
          <div key={kind}>
            <div class="label">{title}</div>
            {all
              .filter((each) => each.kind === kind)
              .sort(byKindAndSize)
              .map((each) => (
                <SeriesRow key={each.key} series={each} on={each.key === series.key} />
              ))}
          </div>
        ))}
      </div>
      <div class="timeline-latency-main">
        <div class="timeline-latency-head">
          <Numbers samples={samples} />
          <span class="spacer" />
          <Select
            label="Stretch of time"
            value={markers.value[1] === undefined && stretch.value === 'markers' ? 'run' : stretch.value}
            onChange={(value) => (stretch.value = value)}
            options={markers.value[1] === undefined ? STRETCHES.slice(0, 2) : STRETCHES}
          />
          <Select
            label="Scale"
            value={scale.value}
            onChange={(value) => (scale.value = value)}
            options={[
              { value: 'log', title: 'Logarithmic' },
              { value: 'linear', title: 'Linear' },
            ]}
          />
        </div>
        <Histogram series={series} samples={samples} />
      </div>
    </section>
  );
}

function byKindAndSize(a: Series, b: Series): number {
  const order = (series: Series): number => TITLES.findIndex(([kind]) => kind === series.kind);
  return order(a) - order(b) || b.from.length - a.from.length;
}

function SeriesRow({ series, on }: { readonly series: Series; readonly on: boolean }) {
  return (
    <button
      type="button"
      role="option"
      aria-selected={on}
      class={`timeline-series hue-${TONE[series.kind]}`}
      onClick={() => {
        chosen.value = series.key;
      }}
    >
      <span class="mono timeline-name">{labelOf(series)}</span>
      <span class="number muted">{formatInteger(series.from.length)}</span>
    </button>
  );
}

function Numbers({ samples }: { readonly samples: readonly Sample[] }) {
  if (samples.length === 0) return <span class="muted">none in this stretch of time</span>;
  const values: readonly (readonly [string, number])[] = [
    ['p50', percentile(samples, 0.5)],
    ['p90', percentile(samples, 0.9)],
    ['p99', percentile(samples, 0.99)],
    ['max', percentile(samples, 1)],
  ];
  const slowest = samples[samples.length - 1]!;
  return (
    <dl class="timeline-numbers">
      {values.map(([name, cycles]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="mono">
            {name === 'max' ? (
              <button type="button" class="timeline-copy" data-tip="Show the slowest" onClick={() => show([slowest])}>
                {formatDuration(cycles, hz.value)}
              </button>
            ) : (
              formatDuration(cycles, hz.value)
            )}
          </dd>
        </div>
      ))}
      <div>
        <dt data-tip="Click a bar to select its events">count</dt>
        <dd class="mono">{formatInteger(samples.length)}</dd>
      </div>
    </dl>
  );
}

/** Interrupts have the names of their sources, once these are known. */
function labelOf(series: Series): string {
  const event = log.has(series.from[0]!) ? log.event(series.from[0]!) : undefined;
  return event?.type === 'interrupt' ? `${event.core} ${exceptionName(event)}` : series.label;
}

/** Selects the events behind some measurements, and shows the first. */
function show(samples: readonly Sample[]): void {
  const [first] = samples;
  if (!first) return;
  pick(samples.flatMap(({ from, to }) => [from, to]));
  select(first.from, 'stay');
  lookAt(log.cycle(first.from), log.cycle(first.to));
}

function Histogram({ series, samples }: { readonly series: Series; readonly samples: readonly Sample[] }) {
  const bins = histogram(samples, BINS, scale.value);
  const marks = [0.5, 0.9, 0.99].map((part) => percentile(samples, part));
  latest.bins = bins;
  latest.marks = marks;
  const rate = hz.value;
  const options = (colors: Palette): Omit<uPlot.Options, 'width' | 'height'> => ({
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    padding: [16, 12, 0, 0],
    scales: {
      x: { time: false, range: () => [-0.5, Math.max(1, latest.bins.length) - 0.5] },
      y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.05)] },
    },
    axes: [
      plotAxis(colors, {
        size: colors.rem * 2,
        space: colors.rem * 7,
        incrs: [1, 2, 3, 4, 6, 8, 12, 16, 24],
        values: (_plot, ticks) => ticks.map((tick) => (latest.bins[tick] ? formatDuration(latest.bins[tick]!.from, rate) : '')),
      }),
      plotAxis(colors, { size: colors.rem * 4.5, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5] }),
    ],
    series: [
      {},
      {
        stroke: colors.tone[TONE[series.kind]],
        fill: withAlpha(colors.tone[TONE[series.kind]], 0.5),
        width: 1,
        paths: uPlotModule.paths.bars!({ size: [0.94, 100], align: 0 }),
        points: { show: false },
      },
    ],
    hooks: { draw: [(plot) => drawMarks(plot, colors)] },
  });
  const data: uPlot.AlignedData = [bins.map((_, index) => index), bins.map((bin) => bin.count)];
  const at = (index: number): void => {
    const bin = bins[index];
    if (bin && bin.count > 0) show(samples.slice(bin.first, bin.first + bin.count));
  };
  return (
    <>
      <Plot
        options={options}
        data={data}
        version={`${series.kind} ${rate}`}
        label={`Histogram of ${series.label}: ${samples.length} measurements`}
        onClick={at}
      />
      <p class="visually-hidden">
        {bins
          .filter((bin) => bin.count > 0)
          .map((bin) => `${bin.count} from ${formatDuration(bin.from, rate)}`)
          .join('; ')}
      </p>
    </>
  );
}

/** What the plot's callbacks draw; they are made once, and data come often. */
const latest: { bins: readonly Bin[]; marks: readonly number[] } = { bins: [], marks: [] };

function drawMarks(plot: uPlot, colors: Palette): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = palette.peek().text2;
  ctx.font = `${Math.round(colors.rem * 0.8 * devicePixelRatio)}px ${colors.mono}`;
  ctx.textAlign = 'center';
  let last = Number.NEGATIVE_INFINITY;
  latest.marks.forEach((cycles, index) => {
    const bin = latest.bins.findIndex((each, at) => cycles < each.to || at === latest.bins.length - 1);
    if (bin < 0) return;
    const { from, to } = latest.bins[bin]!;
    const x = plot.valToPos(bin - 0.5 + Math.min(1, Math.max(0, (cycles - from) / (to - from))), 'x', true);
    ctx.fillRect(Math.round(x), bbox.top, devicePixelRatio, bbox.height);
    if (x - last > 28 * devicePixelRatio) ctx.fillText(['p50', 'p90', 'p99'][index]!, x, bbox.top - 4 * devicePixelRatio);
    last = x;
  });
  ctx.restore();
}
