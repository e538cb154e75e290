import type { FeedbackHead } from './head.ts';
import { headInputs } from './head.ts';
import type { ResolvedLabels } from './labelArchive.ts';
import type { Judgement, Verdict } from './labels.ts';
import type { Comparison, StoredReport } from './reportSchema.ts';

/** What a retraining came to. */
export interface RetrainReport {
  /** ISO 8601. */
  readonly at: string;
  readonly champion: string;
  /** Absent where no challenger was made. */
  readonly challenger?: string;
  readonly outcome: 'promoted' | 'kept' | 'skipped';
  /** Why, one sentence each. */
  readonly reasons: readonly string[];
  readonly labels: StoredReport['labels'];
  readonly comparison?: Comparison;
  readonly head?: FeedbackHead;
  readonly lineage?: Readonly<Record<string, unknown>>;
  /** Entries of its lists that were not kept; see {@link StoredReport}. */
  readonly cut?: StoredReport['cut'];
}

/** What labels came to, for a report. @param without - judgements of times of which there is no telemetry */
export const labelSummary = (
  { given, refused }: ResolvedLabels,
  judged: readonly { readonly judgement: Judgement }[],
  heldOut: number,
  without: readonly Judgement[],
): RetrainReport['labels'] => {
  const count = (verdict: Verdict): number => judged.filter(({ judgement }) => judgement.verdict === verdict).length;
  const leftOut = [
    ...refused.map(({ label, why }) => ({ ...label, why })),
    ...without.map((one) => ({ ...one, why: 'the archive has no telemetry of that time, or too little before it' })),
  ];
  return {
    given: given.length,
    legitimateAnomaly: count('legitimateAnomaly'),
    falsePositive: count('falsePositive'),
    maliciousActivity: count('maliciousActivity'),
    heldOut,
    refused: leftOut.map(({ subject, verdict, by, at, why }) => ({
      ...{ subject, verdict, by, at: new Date(at).toISOString(), why },
    })),
  };
};

type Table = readonly (readonly string[])[];

/** Champion against challenger, a line a figure, under a heading. */
export const figures = ({ champion, challenger }: Comparison): Table => [
  ['', 'champion', 'challenger'],
  ...(
    [
      ['held-out attacks detected', 'attacksDetected', 'attacks'],
      ['all labelled attacks detected', 'labelledAttacksDetected', 'labelledAttacks'],
      ['held-out benign stretches with an alarm', 'benignAlarmed', 'benign'],
      ['windows with an alarm in these', 'benignAlarmedWindows', undefined],
      ['episodes of alarms in these', 'benignEpisodes', undefined],
      ['unlabelled windows with an alarm', 'unlabelledAlarmed', 'unlabelledWindows'],
      ['episodes of alarms in these', 'unlabelledEpisodes', undefined],
    ] as const
  ).map(([name, count, of]) => [
    name,
    ...[champion, challenger].map((model) => (of ? `${model[count]} of ${model[of]}` : String(model[count]))),
  ]),
];

/** What came of it, in a sentence. */
export const headline = ({ outcome, champion, challenger }: RetrainReport): string => {
  if (outcome === 'skipped') return `Champion ${champion} stays; there was nothing to learn from`;
  return outcome === 'promoted'
    ? `Challenger ${challenger} replaces champion ${champion}`
    : `Champion ${champion} stays before challenger ${challenger}`;
};

const labelLines = ({ labels }: RetrainReport): string[] => [
  `${labels.given} labels: ${labels.legitimateAnomaly} stretches legitimate (they join the baseline), ${labels.falsePositive} false positive (they move thresholds), ${labels.maliciousActivity} malicious (they supervise); ${labels.heldOut} of these were held out`,
  ...labels.refused.map(
    ({ subject, verdict, by, at, why }) => `Left out: ${verdict} for ${subject} by ${by} at ${at}: ${why}`,
  ),
];

const headLines = ({ head }: RetrainReport): string[] => {
  if (!head) return [];
  const { malicious, benign, background } = head.learnedFrom;
  const moved = headInputs
    .map((name, i) => ({ name, value: head.coefficients[i]! }))
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
    .slice(0, 5)
    .map(({ name, value }) => `${name} ${value > 0 ? '+' : '−'}${Math.abs(value).toFixed(2)}`);
  return [
    `Correction of the score's log-odds, learned from ${malicious} malicious, ${benign} benign and ${background} unlabelled windows (penalty ${head.penalty}): ${moved.join(', ')}`,
  ];
};

const lostLines = ({ comparison }: RetrainReport): string[] =>
  (comparison?.lost ?? []).map(
    ({ subject, fromMs, toMs, champion, challenger }) =>
      `Lost: ${subject}, ${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}: highest score ${champion.toFixed(3)}, now ${challenger.toFixed(3)}`,
  );

const cutLines = ({ cut }: RetrainReport): string[] =>
  Object.entries({ 'labels left out': cut?.refused, 'lost attacks': cut?.lost }).flatMap(([what, more]) =>
    more ? [`And ${more} more ${what}; the whole report is where the retraining ran`] : [],
  );

/** The report as lines for a terminal. */
export const reportLines = (report: RetrainReport): string[] => {
  const rows = report.comparison ? figures(report.comparison) : [];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return [
    headline(report),
    ...report.reasons.map((reason) => `  ${reason}`),
    ...rows.map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
        .join('  ')
        .trimEnd(),
    ),
    ...lostLines(report),
    ...labelLines(report),
    ...headLines(report),
    ...cutLines(report),
  ];
};

/** The report as Markdown. */
export const reportMarkdown = (report: RetrainReport): string => {
  const row = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const [heading, ...rows] = report.comparison ? figures(report.comparison) : [];
  return [
    `# ${headline(report)}`,
    `${report.at}`,
    report.reasons.map((reason) => `- ${reason}`).join('\n'),
    ...(heading ? [[row(heading), row(['---', '--:', '--:']), ...rows.map(row)].join('\n')] : []),
    [...lostLines(report), ...labelLines(report), ...headLines(report)].map((line) => `- ${line}`).join('\n'),
  ]
    .map((paragraph) => `${paragraph}\n`)
    .join('\n');
};

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#1b2a33;background:#fff}
table{border-collapse:collapse}td,th{padding:.3rem .8rem;border-bottom:1px solid #cbd5da;text-align:right}
td:first-child,th:first-child{text-align:left}@media(prefers-color-scheme:dark){body{color:#dfe8ec;background:#10191e}td,th{border-color:#33454e}}`;

/** The report as one self-contained HTML page. */
export const reportHtml = (report: RetrainReport): string => {
  const list = (lines: readonly string[]): string =>
    lines.length === 0 ? '' : `<ul>${lines.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>`;
  const cells = (tag: string, row: readonly string[]): string =>
    `<tr>${row.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`;
  const [heading, ...rows] = report.comparison ? figures(report.comparison) : [];
  const table = heading ? `<table>${cells('th', heading)}${rows.map((row) => cells('td', row)).join('')}</table>` : '';
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(headline(report))}</title><style>${style}</style>
<h1>${escaped(headline(report))}</h1><p>${escaped(report.at)}</p>
${list(report.reasons)}${table}${list([...lostLines(report), ...labelLines(report), ...headLines(report)])}
</html>
`;
};
