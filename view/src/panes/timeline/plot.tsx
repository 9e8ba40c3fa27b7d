/** A uPlot in the page's colours; made anew when theme or size of text change, else only given new data. */
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { palette } from './current-scene.ts';
import type { Palette } from './palette.ts';

export interface PlotProps {
  /** Made from colours; called again when they change or `key` does. */
  readonly options: (palette: Palette) => Omit<uPlot.Options, 'width' | 'height'>;
  readonly data: uPlot.AlignedData;
  /** Of the x scale; the data's own unless given. */
  readonly range?: readonly [number, number];
  readonly label: string;
  /** Of the options: another text makes the plot anew. */
  readonly version: string;
  readonly onClick?: (index: number) => void;
}

export function Plot(props: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const colors = palette.value;

  useLayoutEffect(() => {
    const element = box.current!;
    const made = new uPlot(
      { ...latest.current.options(colors), width: Math.max(50, element.clientWidth), height: Math.max(40, element.clientHeight) },
      latest.current.data,
      element,
    );
    plot.current = made;
    made.over.addEventListener('click', () => {
      const index = made.cursor.idx;
      if (index !== null && index !== undefined) latest.current.onClick?.(index);
    });
    // The legend takes its room below the plot, which uPlot does not count.
    const size = (): void => {
      const legend = made.root.querySelector<HTMLElement>('.u-legend')?.offsetHeight ?? 0;
      if (element.clientWidth > 0) made.setSize({ width: element.clientWidth, height: Math.max(40, element.clientHeight - legend) });
    };
    size();
    const observer = new ResizeObserver(size);
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [colors, props.version]);

  useEffect(() => {
    const { data, range } = latest.current;
    plot.current?.batch(() => {
      plot.current!.setData(data, range === undefined);
      if (range) plot.current!.setScale('x', { min: range[0], max: range[1] });
    });
  }, [props.data, props.range?.[0], props.range?.[1]]);

  return <div ref={box} class="timeline-plot" role="img" aria-label={props.label} />;
}

/** An axis in the page's colours. */
export function plotAxis(colors: Palette, more: uPlot.Axis = {}): uPlot.Axis {
  return {
    stroke: colors.text3,
    font: `${Math.round(colors.rem * 0.85)}px ${colors.mono}`,
    grid: { stroke: colors.line, width: 1 },
    ticks: { stroke: colors.line, width: 1, size: 4 },
    ...more,
  };
}
