import { comparisonFigures } from '../../../pipelines/replay/differences.ts';
import type { ReplayReport } from '../../../pipelines/replay/report.ts';
import { duration } from '../../cli/terminal.ts';
import type { ReplayEnvironment } from '../environment.ts';
import { figureRows, shownDecision, shownFigure } from '../terminalReport.ts';
import { barPlot, coursePlot, escapeHtml } from './plot.ts';
import { style } from './style.ts';

/** What a condition came to. */
export interface Condition {
  readonly text: string;
  /** Null where it cannot be judged, which fails too. */
  readonly holds: boolean | null;
  readonly why?: string;
}

/** Figures that are drawn, with a title and a unit. */
const drawn = [
  ['ttlHoursMalicious', 'Hours of validity granted to malicious subjects', ' h'],
  ['ttlHoursBenign', 'Hours of validity granted to benign subjects', ' h'],
  ['falseRevocations', 'Revocations of benign subjects', ''],
  ['trueRevocations', 'Revocations of malicious subjects', ''],
  ['medianTimeToRevokeS', 'Median time to revoke', ' s'],
  ['analystItemsPerDay', 'Items for analysts a day', ''],
] as const;

/**
 * The report as one HTML page that needs nothing else: plots are inline SVG.
 *
 * @returns the page's text
 */
export const htmlReport = (
  report: ReplayReport,
  environment: ReplayEnvironment,
  conditions: readonly Condition[],
): string => {
  const { figures, span, courses, differences } = report;
  const compared = environment.againstModel !== null;
  const rows = figureRows(figures);
  const value = new Map(rows.map(([name, here, there]) => [name, { here, there }]));
  const lane = (kind: string, words: string) => `<p><span class="key ${kind}"></span>${escapeHtml(words)}</p>`;
  const range = `${environment.from ?? 'the beginning'} to ${environment.to ?? 'now'}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Ebbtide replay</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>Replay</h1>
<p>${escapeHtml(range)}, from ${escapeHtml(environment.source)}, in ${duration(environment.tookMs)}</p>
${lane('here', `Here: model ${environment.model}, policy ${environment.policy}`)}
${compared ? lane('there', `Against: model ${environment.againstModel}, policy ${environment.againstPolicy}`) : ''}
${conditions.map(({ text, holds, why }) => `<p class="gate ${holds === false ? 'passed' : 'failed'}"><b>${holds === false ? 'Passed' : 'Failed'}</b> fail if ${escapeHtml(text)}${why ? `: ${escapeHtml(why)}` : ''}</p>`).join('\n')}
${environment.warnings.map((warning) => `<p class="gate">${escapeHtml(warning)}</p>`).join('\n')}
<h2>At a glance</h2>
<div class="grid2">
${drawn.map(([name, title, unit]) => barPlot(title, unit, value.get(name)?.here, value.get(name)?.there)).join('\n')}
</div>
<h2>TTL over time</h2>
<p>Of subjects that differ, malicious ones first; the scale is logarithmic, a dot is a revocation.</p>
<div class="plots">
${courses.map((course) => coursePlot(course, span)).join('\n') || '<p>No TTL changed.</p>'}
</div>
${compared ? differencesOf(report) : ''}
<h2>Figures</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Figures"><table>
<thead><tr><th>Figure</th><th class="number">Here</th>${compared ? '<th class="number">Against</th>' : ''}</tr></thead>
<tbody>
${rows.map(([name, here, there]) => `<tr><td>${name}</td><td class="number">${shownFigure(here)}</td>${compared ? `<td class="number">${shownFigure(there)}</td>` : ''}</tr>`).join('\n')}
</tbody></table></div>
<p>${differences.length > 0 || !compared ? '' : 'No decision differs. '}Node ${escapeHtml(environment.node)}, ${environment.cores} cores, ${escapeHtml(environment.cpu)}</p>
</main>
</body>
</html>
`;
};

const differencesOf = ({ figures, differences }: ReplayReport): string => {
  const counts = comparisonFigures.map((name) => `${name} ${shownFigure(figures[name])}`).join(', ');
  const rows = differences.map(
    ({ at, subject, here, there }) =>
      `<tr><td class="time">${new Date(at).toISOString().replace('T', ' ').slice(0, 19)}</td><td>${escapeHtml(subject)}</td><td>${escapeHtml(shownDecision(here))}</td><td>${escapeHtml(shownDecision(there))}</td><td>${escapeHtml((here ?? there)!.reason)}</td></tr>`,
  );
  return `<h2>Differing decisions</h2>
<p>${counts}</p>
${
  rows.length === 0
    ? ''
    : `<div class="scroll long" tabindex="0" role="region" aria-label="Differing decisions"><table>
<thead><tr><th>Event time</th><th>Subject</th><th>Here</th><th>Against</th><th>Reason</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody></table></div>`
}`;
};
