import { when } from '../time.ts';

const [width, height] = [600, 120];
/** Colours of series, in their order; patterns of the styles tell them apart without colour. */
const most = 4;

/** A series of amounts over time. */
export interface Series {
  readonly name: string;
  readonly points: readonly { readonly at: number; readonly value: number }[];
}

const figure = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });

/**
 * Amounts over time as stacked bars, one for each step, under a heading; the same is told in words.
 *
 * @param level - a line across, e.g. what is expected
 */
export const Bars = ({
  title,
  about,
  from,
  to,
  series,
  top,
  level,
  stacked = true,
}: {
  readonly title: string;
  readonly about?: string;
  readonly from: number;
  readonly to: number;
  readonly series: readonly Series[];
  readonly top?: number;
  readonly level?: number;
  readonly stacked?: boolean;
}) => {
  const shown = series.slice(0, most);
  const steps = [...new Set(shown.flatMap(({ points }) => points.map(({ at }) => at)))].sort((a, b) => a - b);
  const gap = steps.slice(1).reduce((least, at, index) => Math.min(least, at - steps[index]!), (to - from) / 12);
  const values = shown.map(({ points }) => new Map(points.map(({ at, value }) => [at, value])));
  const totals = steps.map((at) =>
    values.reduce((sum, one) => (stacked ? sum + (one.get(at) ?? 0) : Math.max(sum, one.get(at) ?? 0)), 0),
  );
  const highest = top ?? Math.max(level ?? 0, ...totals, 1e-9);
  const first = Math.min(from, steps[0] ?? from);
  const wide = Math.max(2, (gap / (to - first)) * width - 1.5);
  const y = (value: number): number => height - (Math.min(value, highest) / highest) * (height - 4);
  const sums = shown.map(
    ({ name, points }) => `${name} ${figure.format(points.reduce((sum, { value }) => sum + value, 0))}`,
  );
  const peak = totals.indexOf(Math.max(...totals));
  return (
    <section class="view-part">
      <h2>{title}</h2>
      {about && <p class="field-about">{about}</p>}
      {steps.length === 0 ? (
        <p class="none">Nothing in this time.</p>
      ) : (
        <figure>
          <figcaption>
            {shown.map(({ name }, index) => (
              <span key={name} class="bar-key" data-series={index}>
                {name}
              </span>
            ))}
            <span class="chart-note">up to {figure.format(highest)}</span>
          </figcaption>
          <svg
            class="bars"
            viewBox={`0 0 ${width} ${height}`}
            preserveAspectRatio="none"
            role="img"
            aria-label={`${title}: ${stacked ? `${sums.join(', ')} in all; ` : ''}highest ${figure.format(totals[peak] ?? 0)} at ${when(steps[peak]!)}`}
          >
            {steps.flatMap((at) => {
              let below = 0;
              return shown.map(({ name }, index) => {
                const value = values[index]!.get(at) ?? 0;
                const base = stacked ? below : 0;
                below += value;
                const x = ((at - first) / (to - first)) * width;
                const part = stacked ? wide : wide / shown.length;
                return value > 0 ? (
                  <rect
                    key={`${at} ${name}`}
                    data-series={index}
                    x={stacked ? x : x + part * index}
                    y={y(base + value)}
                    width={part}
                    height={Math.max(1, y(base) - y(base + value))}
                  >
                    <title>{`${when(at)}: ${name} ${figure.format(value)}`}</title>
                  </rect>
                ) : null;
              });
            })}
            {level !== undefined && <line class="bar-level" x1={0} x2={width} y1={y(level)} y2={y(level)} />}
          </svg>
          <p class="bar-axis">
            <span>{when(first)}</span>
            <span>{when(to)}</span>
          </p>
        </figure>
      )}
    </section>
  );
};

/** Rows of a name, a time and an amount as series, the largest first. */
export const seriesOf = <T extends { readonly at: number }>(
  rows: readonly T[],
  name: (row: T) => string,
  value: (row: T) => number,
): Series[] => {
  const byName = new Map<string, { at: number; value: number }[]>();
  for (const row of rows) {
    const points = byName.get(name(row)) ?? [];
    byName.set(name(row), points);
    points.push({ at: row.at, value: value(row) });
  }
  return [...byName].map(([key, points]) => ({ name: key, points }));
};
