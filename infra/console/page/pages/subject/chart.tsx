import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { clock } from '../../format.ts';
import { onTheme } from '../../shell/theme.ts';
import { type Palette, readPalette, withAlpha } from '../../tide/draw/palette.ts';
import type { Columns } from './series.ts';

/** One line of a chart. */
export interface Line {
  readonly name: string;
  readonly colour: (palette: Palette) => string;
  readonly width?: number;
  readonly fill?: boolean;
  readonly dash?: readonly number[];
}

/** A line across the chart, e.g. a threshold. */
export interface Level {
  readonly value: number;
  readonly colour: (palette: Palette) => string;
}

/** Something that happened, as a stroke at its time. */
export interface Mark {
  /** Seconds. */
  readonly at: number;
  readonly colour: (palette: Palette) => string;
  readonly dashed: boolean;
}

/** What a {@link Chart} shows. */
export interface ChartProps {
  readonly columns: Columns;
  readonly lines: readonly Line[];
  readonly levels?: readonly Level[];
  readonly marks: readonly Mark[];
  /** Height, CSS pixels. */
  readonly height: number;
  /** First and last time, seconds. */
  readonly range: readonly [number, number];
  /** Highest value; what there is by default. */
  readonly max?: number;
  readonly unit: 'life' | 'share';
}

const texts = { life: (value: number) => clock(value * 1_000), share: (value: number) => value.toFixed(2) };

const times = [
  new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false }),
  new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hour12: false }),
  new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', hour: '2-digit', hour12: false }),
] as const;

/** A time on the axis, as exact as the span asks. */
const timeText = (at: number, [first, last]: readonly [number, number]): string =>
  times[last - first < 600 ? 0 : last - first < 100_000 ? 1 : 2].format(at * 1_000);

const drawOver = (plot: uPlot, palette: Palette, { levels = [], marks }: ChartProps): void => {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([]);
  for (const { value, colour } of levels) {
    const y = Math.round(plot.valToPos(value, 'y', true)) + 0.5;
    ctx.strokeStyle = withAlpha(colour(palette), 0.55);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  for (const { at, colour, dashed } of marks) {
    const x = Math.round(plot.valToPos(at, 'x', true)) + 0.5;
    ctx.strokeStyle = withAlpha(colour(palette), 0.8);
    ctx.setLineDash(dashed ? [3 * devicePixelRatio, 3 * devicePixelRatio] : []);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
};

const optionsOf = (props: () => ChartProps, palette: Palette, width: number): uPlot.Options => {
  const { lines, height, unit } = props();
  const axis: uPlot.Axis = {
    stroke: palette.faint,
    font: `12px ${palette.font}`,
    grid: { stroke: withAlpha(palette.line, 0.8), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { sync: { key: 'subject' }, drag: { x: false, y: false }, points: { size: 7 } },
    padding: [8, 24, 0, 0],
    scales: {
      x: { range: () => [...props().range] as [number, number] },
      y: { range: (_plot, _min, max) => [0, props().max ?? Math.max(1, max * 1.08)] },
    },
    axes: [
      { ...axis, size: 26, space: 80, values: (_plot, splits) => splits.map((at) => timeText(at, props().range)) },
      { ...axis, size: 58, values: (_plot, values) => values.map(texts[unit]) },
    ],
    series: [
      {},
      ...lines.map(({ name, colour, width: thick = 1.5, fill, dash }) => ({
        label: name,
        stroke: colour(palette),
        width: thick,
        points: { show: false },
        ...(dash && { dash: [...dash] }),
        ...(fill && { fill: withAlpha(colour(palette), 0.22) }),
      })),
    ],
    hooks: { draw: [(plot) => drawOver(plot, palette, props())] },
  };
};

/** Lines over time. What they show is told in words and in a table beside it, so that it is hidden from whoever listens. */
export const Chart = (props: ChartProps) => {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const current = useRef(props);
  current.current = props;
  useEffect(() => {
    const make = (): void => {
      plot.current?.destroy();
      const options = optionsOf(() => current.current, readPalette(), frame.current!.clientWidth);
      plot.current = new uPlot(options, current.current.columns as uPlot.AlignedData, frame.current!);
    };
    const stop = onTheme(make);
    const resized = new ResizeObserver(() =>
      plot.current?.setSize({ width: frame.current!.clientWidth, height: current.current.height }),
    );
    resized.observe(frame.current!);
    return () => {
      stop();
      resized.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, []);
  useEffect(() => plot.current?.setData(props.columns as uPlot.AlignedData));
  return <div ref={frame} class="chart" aria-hidden="true" style={{ height: `${props.height}px` }} />;
};
