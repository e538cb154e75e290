import type { ReportPlot } from '../evaluation.ts';
import { escapeText } from './escapeText.ts';

const width = 640;
const height = 380;
const margin = { left: 62, right: 16, top: 14, bottom: 46 };

const ticksOf = (low: number, high: number, logarithmic: boolean): number[] => {
  if (logarithmic) {
    const ticks: number[] = [];
    for (let power = Math.ceil(Math.log10(low)); 10 ** power <= high * 1.001; power++) ticks.push(Number(`1e${power}`));
    return ticks;
  }
  const rough = (high - low) / 5 || 1;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * unit).find((it) => it >= rough) ?? unit;
  return Array.from({ length: Math.floor(high / step) - Math.ceil(low / step) + 1 }, (_, i) =>
    Number(((Math.ceil(low / step) + i) * step).toPrecision(6)),
  );
};

/** Draw curves as one SVG; colours come from the page's classes `c0`, `c1` and so on. */
export const drawPlot = ({ x, y, curves, logarithmic = false, diagonal = false }: ReportPlot): string => {
  const usable = (value: number): boolean => Number.isFinite(value) && (!logarithmic || value > 0);
  const points = curves.flatMap((curve) => curve.points.filter(([px, py]) => usable(px) && usable(py)));
  if (points.length === 0) return '<p class="note">Nothing to draw.</p>';
  const bounds = (axis: 0 | 1): [number, number] => {
    const values = points.map((point) => point[axis]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return logarithmic ? [low, high] : [Math.min(0, low), high > low ? high : low + 1];
  };
  const [xLow, xHigh] = bounds(0);
  const [yLow, yHigh] = bounds(1);
  const scale = (value: number, low: number, high: number): number =>
    logarithmic ? Math.log(value / low) / Math.log(high / low || Math.E) : (value - low) / (high - low);
  const across = (value: number) => margin.left + scale(value, xLow, xHigh) * (width - margin.left - margin.right);
  const down = (value: number) =>
    height - margin.bottom - scale(value, yLow, yHigh) * (height - margin.top - margin.bottom);
  const at = (px: number, py: number) => `${across(px).toFixed(1)},${down(py).toFixed(1)}`;
  const parts: string[] = [];
  for (const tick of ticksOf(xLow, xHigh, logarithmic)) {
    const px = across(tick).toFixed(1);
    parts.push(`<line class="grid" x1="${px}" x2="${px}" y1="${margin.top}" y2="${height - margin.bottom}"/>`);
    parts.push(`<text x="${px}" y="${height - margin.bottom + 16}" text-anchor="middle">${tick}</text>`);
  }
  for (const tick of ticksOf(yLow, yHigh, logarithmic)) {
    const py = down(tick).toFixed(1);
    parts.push(`<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${py}" y2="${py}"/>`);
    parts.push(`<text x="${margin.left - 8}" y="${Number(py) + 4}" text-anchor="end">${tick}</text>`);
  }
  if (diagonal) {
    const [low, high] = [Math.max(xLow, yLow), Math.min(xHigh, yHigh)];
    parts.push(`<polyline class="diagonal" points="${at(low, low)} ${at(high, high)}"/>`);
  }
  curves.forEach(({ name, points }, i) => {
    const line = points.filter(([px, py]) => usable(px) && usable(py)).map(([px, py]) => at(px, py));
    parts.push(
      `<polyline class="curve c${i % 8}${i < 8 ? '' : ' again'}" points="${line.join(' ')}"><title>${escapeText(name)}</title></polyline>`,
    );
  });
  const middle = (margin.top + height - margin.bottom) / 2;
  parts.push(
    `<text class="axis" x="${(margin.left + width) / 2}" y="${height - 8}" text-anchor="middle">${escapeText(x)}</text>`,
  );
  parts.push(
    `<text class="axis" transform="translate(14 ${middle}) rotate(-90)" text-anchor="middle">${escapeText(y)}</text>`,
  );
  const legend = curves
    .map(({ name }, i) => `<span><i class="c${i % 8}${i < 8 ? '' : ' again'}"></i>${escapeText(name)}</span>`)
    .join('');
  return `<svg viewBox="0 0 ${width} ${height}" role="img">${parts.join('')}</svg><div class="legend">${legend}</div>`;
};
