import type { ReportTimeline } from '../evaluation.ts';
import { escapeText } from './escapeText.ts';

const width = 960;
const band = 52;
const height = 2 * band + 26;

const line = (values: readonly number[], top: number): string => {
  const finite = values.filter((value) => Number.isFinite(value));
  const low = Math.min(...finite);
  const range = Math.max(...finite) - low || 1;
  return values
    .map((value, i) => [i, Number.isFinite(value) ? value : low] as const)
    .map(([i, value]) => {
      const x = (i / Math.max(1, values.length - 1)) * width;
      return `${x.toFixed(1)},${(top + band - 2 - ((value - low) / range) * (band - 6)).toFixed(1)}`;
    })
    .join(' ');
};

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');

/** Draw a series above its scores, labelled stretches shaded, alarms as marks. */
export const drawTimeline = ({ name, startMs, endMs, scores, values, labelled, alarms }: ReportTimeline): string => {
  const shades = labelled.map(
    ([from, to]) =>
      `<rect class="label" x="${(from * width).toFixed(1)}" width="${Math.max(1, (to - from) * width).toFixed(1)}" y="0" height="${2 * band + 4}"/>`,
  );
  // Marks that would fall on one another are one mark.
  const places = [...new Set(alarms.map((share) => Math.round(share * width)))];
  const inside = (x: number) => labelled.some(([from, to]) => x >= from * width - 1 && x <= to * width + 1);
  const marks = places.map(
    (x) => `<line class="${inside(x) ? 'hit' : 'miss'}" x1="${x}" x2="${x}" y1="${band}" y2="${2 * band + 4}"/>`,
  );
  return `<figure><figcaption>${escapeText(name)} <small>${day(startMs)} to ${day(endMs)} UTC</small></figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img">${shades.join('')}${marks.join('')}
<polyline class="value" points="${line(values, 0)}"/><polyline class="curve c0" points="${line(scores, band)}"/></svg></figure>`;
};
