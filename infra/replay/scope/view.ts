import type { Evaluation, ReportTimeline } from '../../../models/evaluation/evaluation.ts';
import type { SubjectReport } from '../../../pipelines/scope/subjectReport.ts';
import type { ScopePolicy } from '../../../schemas/scopePolicy.ts';

const mostRows = 50;
const mostTimelines = 20;
const stretches = 160;

const instant = (at: number): string => new Date(at).toISOString().slice(0, 19).replace('T', ' ');
const applied = ({ changes }: SubjectReport) => changes.filter(({ withheld }) => withheld === '');
const firstNarrowing = (report: SubjectReport) => applied(report).find(({ action }) => action === 'narrow');

/** Numbers over all callers. */
export const figuresOf = (
  reports: readonly SubjectReport[],
  { ranges }: ScopePolicy,
): Readonly<Record<string, number>> => {
  const restricted = reports.filter((report) => firstNarrowing(report) !== undefined);
  const narrowest = ranges.at(-1)!.scope;
  return {
    callers: reports.length,
    calls: reports.reduce((sum, { calls }) => sum + calls, 0),
    restricted: restricted.length,
    restrictedToNarrowest: restricted.filter((report) => report.narrowest === narrowest).length,
    narrowings: reports.reduce(
      (sum, report) => sum + applied(report).filter(({ action }) => action === 'narrow').length,
      0,
    ),
  };
};

/** One caller for programs. */
export const callerJson = (report: SubjectReport) => {
  const first = firstNarrowing(report);
  return {
    identity: report.subject,
    calls: report.calls,
    failed: report.refused,
    services: report.services,
    firstAt: new Date(report.firstAt).toISOString(),
    lastAt: new Date(report.lastAt).toISOString(),
    peakRisk: report.peakRisk,
    peakAt: new Date(report.peakAt).toISOString(),
    features: report.peakFeatures,
    narrowestScope: report.narrowest,
    restricted: first !== undefined,
    restrictedAt: first ? new Date(first.at).toISOString() : null,
    callsBeforeRestriction: first ? first.calls : null,
    decisions: report.changes.map(({ at, ...change }) => ({ at: new Date(at).toISOString(), ...change })),
    risks: report.risks.map(({ at, risk }) => ({ at: new Date(at).toISOString(), risk })),
  };
};

const timelineOf = (report: SubjectReport): ReportTimeline => {
  const { subject, firstAt, risks } = report;
  const endMs = Math.max(firstAt + 1, report.lastAt, risks.at(-1)?.at ?? 0);
  const share = (at: number) => Math.min(1, Math.max(0, (at - firstAt) / (endMs - firstAt)));
  const scores = new Array<number>(stretches).fill(0);
  for (const { at, risk } of risks) {
    const place = Math.min(stretches - 1, Math.floor(share(at) * stretches));
    scores[place] = Math.max(scores[place]!, risk);
  }
  const narrowings = applied(report).filter(({ action }) => action === 'narrow');
  return {
    name: `${subject}, largest risk ${report.peakRisk}`,
    startMs: firstAt,
    endMs,
    scores,
    values: scores.map((risk) => (risk > 0 ? 1 : 0)),
    labelled: [],
    alarms: narrowings.map(({ at }) => share(at)),
  };
};

/**
 * What would have become of callers, as tables, plots and figures.
 *
 * @param name - for programs
 */
export const viewOf = (
  name: string,
  title: string,
  reports: readonly SubjectReport[],
  policy: ScopePolicy,
  notes: readonly string[],
): Evaluation => {
  const shown = reports.slice(0, mostRows);
  const ranked = [...reports].sort((a, b) => a.peakRisk - b.peakRisk);
  return {
    name,
    title,
    figures: figuresOf(reports, policy),
    tables: [
      {
        title: 'Callers, the riskiest first',
        headings: [
          'largest risk',
          'narrowest scope',
          'calls',
          'failed',
          'services',
          'calls before',
          'restricted at',
          'caller',
          'what moved it',
        ],
        rows: shown.map((report) => {
          const first = firstNarrowing(report);
          return [
            report.peakRisk,
            report.narrowest,
            report.calls,
            report.refused,
            report.services,
            first ? first.calls : '',
            first ? instant(first.at) : '',
            report.subject,
            report.peakFeatures.join(', '),
          ];
        }),
        ...(reports.length > mostRows ? { note: `${reports.length - mostRows} more are not shown` } : {}),
      },
      {
        title: 'Scopes',
        headings: ['scope or narrower', 'callers', 'share'],
        rows: policy.ranges.slice(1).map(({ scope }, i) => {
          const narrower = new Set(policy.ranges.slice(i + 1).map((range) => range.scope));
          const count = reports.filter((report) => narrower.has(report.narrowest)).length;
          return [scope, count, `${((100 * count) / reports.length).toFixed(1)} %`];
        }),
      },
    ],
    plots: [
      {
        title: 'Largest risk of callers',
        x: 'callers, in the order of risk',
        y: 'largest risk',
        curves: [{ name: 'largest risk', points: ranked.map(({ peakRisk }, i) => [i, peakRisk] as const) }],
      },
    ],
    timelines: shown.slice(0, mostTimelines).map(timelineOf),
    notes,
  };
};
