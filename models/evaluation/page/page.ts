import type { Evaluation, ReportTable } from '../evaluation.ts';
import { escapeText } from './escapeText.ts';
import { drawPlot } from './plot.ts';
import { drawTimeline } from './timeline.ts';

const style = `
:root{color-scheme:light dark;--ink:#1d2733;--quiet:#5b6776;--paper:#fbfaf7;--rule:#d9d8d2;--shade:#f3c9a455;
--c0:#0b6e75;--c1:#b4541a;--c2:#5b4bb0;--c3:#8a7a12;--c4:#a32c5c;--c5:#3c7d2e;--c6:#2f6fb5;--c7:#777}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--quiet:#9aa6b2;--paper:#12181f;--rule:#2b343e;--shade:#c9772e44;
--c0:#4fc3c7;--c1:#f0985a;--c2:#a99bff;--c3:#d8c552;--c4:#f27fae;--c5:#8fd07f;--c6:#7db6f5;--c7:#aaa}}
body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:62rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.6rem;line-height:1.25}h2{font-size:1.15rem;margin-top:2.5rem}
small,.note,figcaption small{color:var(--quiet)}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.92rem}
.scroll{overflow-x:auto}th,td{padding:.3rem .7rem;border-bottom:1px solid var(--rule);text-align:left;white-space:nowrap}
td.n,th.n{text-align:right}tbody tr:first-child td{font-weight:600}
svg{width:100%;height:auto;display:block}svg text{fill:var(--quiet);font-size:11px}
.grid{stroke:var(--rule)}.diagonal{stroke:var(--quiet);stroke-dasharray:4 4;fill:none}
.curve{fill:none;stroke-width:1.6}.value{fill:none;stroke:var(--quiet);stroke-width:1}
.label{fill:var(--shade)}.hit{stroke:var(--c5);stroke-width:1.5}.miss{stroke:var(--c4);stroke-width:1.5}
figure{margin:1.2rem 0}figcaption{font-weight:600}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(26rem,100%),1fr));gap:1.5rem}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:.88rem}.legend i{display:inline-block;width:1.4em;height:.2em;
margin-right:.4em;vertical-align:middle}
.curve.again{stroke-dasharray:6 3}i.again{clip-path:polygon(0 0,35% 0,35% 100%,0 100%,0 0,65% 0,100% 0,100% 100%,65% 100%,65% 0)}
${Array.from({ length: 8 }, (_, i) => `.c${i}{stroke:var(--c${i})}i.c${i}{background:var(--c${i})}`).join('')}`;

const drawTable = ({ title, headings, rows, note }: ReportTable): string => {
  const numeric = headings.map((_, column) => rows.every((row) => typeof row[column] === 'number'));
  const cell = (tag: 'td' | 'th') => (value: string | number, column: number) =>
    `<${tag}${numeric[column] ? ' class="n"' : ''}>${escapeText(String(value))}</${tag}>`;
  const body = rows.map((row) => `<tr>${row.map(cell('td')).join('')}</tr>`).join('\n');
  return `<h2>${escapeText(title)}</h2><div class="scroll"><table><thead><tr>${headings.map(cell('th')).join('')}</tr></thead>
<tbody>${body}</tbody></table></div>${note ? `<p class="note">${escapeText(note)}</p>` : ''}`;
};

/**
 * One page with everything inside: no script, nothing loaded from elsewhere, light or dark as the reader has it.
 *
 * @param environment facts about where it was measured, shown at the end
 */
export const drawPage = (evaluation: Evaluation, environment: Readonly<Record<string, string | number>>): string => {
  const { title, tables, plots, timelines, notes } = evaluation;
  const facts = Object.entries(environment).map(([name, value]) => `${escapeText(name)}: ${escapeText(String(value))}`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeText(title)}</title><style>${style}</style></head><body>
<h1>${escapeText(title)}</h1>
${tables.map(drawTable).join('\n')}
<div class="plots">${plots.map((plot) => `<section><h2>${escapeText(plot.title)}</h2>${drawPlot(plot)}</section>`).join('\n')}</div>
${timelines.length > 0 ? '<h2>Series</h2><p class="note">The series above, the score of the first detector below. Shaded: labelled. Marks: alarms, green where labelled, red elsewhere.</p>' : ''}
${timelines.map(drawTimeline).join('\n')}
<h2>Notes</h2><ul>${notes.map((note) => `<li>${escapeText(note)}</li>`).join('')}</ul>
<p class="note">${facts.join(' · ')}</p>
</body></html>
`;
};
