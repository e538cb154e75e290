import type { TtlStep } from '../../../pipelines/replay/account.ts';
import type { Course } from '../../../pipelines/replay/report.ts';
import { duration } from '../../cli/terminal.ts';

/** Text for HTML. */
export const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

const size = { width: 460, height: 190, left: 62, right: 12, top: 14, bottom: 26 } as const;
const inner = { width: size.width - size.left - size.right, height: size.height - size.top - size.bottom };

const round = (value: number) => Math.round(value * 10) / 10;

interface Scale {
  readonly x: (at: number) => number;
  readonly y: (ttlMs: number) => number;
}

/** Steps as a path: a TTL holds until the next. */
const pathOf = (steps: readonly TtlStep[], { x, y }: Scale, from: number, to: number): string => {
  let path = '';
  let before: TtlStep | undefined;
  for (const step of steps) {
    const at = Math.min(Math.max(step.at, from), to);
    path += before ? `H${round(x(at))}V${round(y(step.ttlMs))}` : `M${round(x(at))} ${round(y(step.ttlMs))}`;
    before = step;
  }
  return before ? `${path}H${round(x(to))}` : '';
};

/** Marks where a subject was revoked. */
const revocations = (steps: readonly TtlStep[], { x, y }: Scale, lane: string, from: number): string =>
  steps
    .filter(({ ttlMs, at }) => ttlMs === 0 && at >= from)
    .map(({ at }) => `<circle class="${lane} end" cx="${round(x(at))}" cy="${round(y(0))}" r="4"/>`)
    .join('');

const niceTtls = [1000, 10_000, 60_000, 600_000, 3_600_000, 21_600_000, 86_400_000, 604_800_000];

/**
 * TTL over time of one subject in both lanes, as inline SVG.
 *
 * @param span - event time shown, epoch milliseconds
 */
export const coursePlot = (course: Course, span: { readonly from: number; readonly to: number }): string => {
  const { from, to } = span;
  const all = [...course.here, ...(course.there ?? [])];
  const longest = Math.max(1000, ...all.map(({ ttlMs }) => ttlMs));
  const top = Math.log1p(longest / 1000);
  const scale: Scale = {
    x: (at) => size.left + ((Math.min(Math.max(at, from), to) - from) / Math.max(1, to - from)) * inner.width,
    y: (ttlMs) => size.top + (1 - Math.log1p(ttlMs / 1000) / top) * inner.height,
  };
  const grid = [0, ...niceTtls.filter((ttl) => ttl <= longest)]
    .map((ttl) => ({ ttl, y: round(scale.y(ttl)) }))
    .filter(({ y }, index, list) => index === 0 || list[index - 1]!.y - y >= 16)
    .map(
      ({ ttl, y }) =>
        `<line class="grid" x1="${size.left}" x2="${size.width - size.right}" y1="${y}" y2="${y}"/><text x="${size.left - 8}" y="${y + 4}" text-anchor="end">${ttl === 0 ? '0' : duration(ttl)}</text>`,
    )
    .join('');
  const { verdict } = course;
  const onset = verdict?.kind === 'malicious' ? verdict.onset : undefined;
  const storm =
    onset !== undefined && onset < to
      ? `<rect class="storm" x="${round(scale.x(onset))}" y="${size.top}" width="${round(scale.x(to) - scale.x(onset))}" height="${inner.height}"><title>Labelled malicious from ${new Date(onset).toISOString()}</title></rect>`
      : '';
  const time = (at: number) => new Date(at).toISOString().slice(0, 19).replace('T', ' ');
  const name = escapeHtml(course.subject);
  return `<figure>
<figcaption>${name}${verdict ? ` <span class="tag ${verdict.kind}">${verdict.kind}</span>` : ''}</figcaption>
<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="TTL of ${name} over time">
${storm}${grid}
${course.there ? `<path class="there" d="${pathOf(course.there, scale, from, to)}"/>` : ''}
<path class="here" d="${pathOf(course.here, scale, from, to)}"/>
${course.there ? revocations(course.there, scale, 'there', from) : ''}${revocations(course.here, scale, 'here', from)}
<text x="${size.left}" y="${size.height - 8}">${time(from)}</text><text x="${size.width - size.right}" y="${size.height - 8}" text-anchor="end">${time(to)}</text>
</svg>
</figure>`;
};

/** Bars of one figure in both lanes. */
export const barPlot = (title: string, unit: string, here: number | undefined, there: number | undefined): string => {
  const most = Math.max(here ?? 0, there ?? 0);
  const bar = (lane: string, value: number | undefined) =>
    value === undefined
      ? ''
      : `<div class="bar ${lane}"><i style="width:${most > 0 ? Math.max(0.5, (value / most) * 100).toFixed(1) : 0}%"></i><b>${escapeHtml(value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : 1 }))}${unit}</b></div>`;
  return `<div class="bars"><h3>${escapeHtml(title)}</h3>${bar('here', here)}${bar('there', there)}</div>`;
};
