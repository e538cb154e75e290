import type { SubjectReport } from '../../../pipelines/scope/subjectReport.ts';
import type { Decision } from '../../../schemas/generated/Decision.ts';
import type { ScopePolicy } from '../../../schemas/scopePolicy.ts';
import type { Preview } from '../../replay/preview.ts';
import type { ScopePreview } from '../../replay/scope/preview.ts';
import { figuresOf } from '../../replay/scope/view.ts';
import type { PolicyDeed, PreviewView } from '../view/policy.ts';

const mostListed = 60;
const mostCourses = 8;
const mostSteps = 400;

const deedOf = (decision: Decision | undefined): PolicyDeed | null =>
  decision
    ? {
        action: decision.action,
        newTtlMs: decision.newTtlMs,
        newScope: '',
        withheld: decision.withheld,
        reason: decision.reason,
      }
    : null;

/** As much of a trial of a lifecycle policy as a page shows. */
export const shownLifecycle = ({ report, from, warnings }: Preview, to: number): PreviewView => ({
  figures: report.figures,
  from,
  to,
  span: report.span,
  warnings,
  differences: report.differences
    .slice(-mostListed)
    .reverse()
    .map(({ subject, at, here, there }) => ({ subject, at, draft: deedOf(here), inForce: deedOf(there) })),
  courses: report.courses.slice(0, mostCourses).map(({ subject, verdict, here, there }) => ({
    subject,
    verdict: verdict?.kind ?? null,
    draft: here.slice(-mostSteps),
    inForce: (there ?? []).slice(-mostSteps),
  })),
});

const scopeDeed = ({ narrowest, peakRisk, peakFeatures }: SubjectReport): PolicyDeed => ({
  action: 'narrow',
  newTtlMs: 0,
  newScope: narrowest,
  withheld: '',
  reason: `Largest risk ${peakRisk}: ${peakFeatures.join(', ')}`,
});

/** As much of a trial of a scope policy as a page shows. */
export const shownScope = (
  { draft, inForce, from }: ScopePreview,
  policies: { readonly draft: ScopePolicy; readonly inForce: ScopePolicy },
  to: number,
): PreviewView => {
  const before = new Map(inForce.map((report) => [report.subject, report]));
  const changed = draft.filter((report) => report.narrowest !== before.get(report.subject)!.narrowest);
  const against = Object.entries(figuresOf(inForce, policies.inForce)).map(
    ([name, value]) => [`against${name.charAt(0).toUpperCase()}${name.slice(1)}`, value] as const,
  );
  return {
    figures: {
      ...figuresOf(draft, policies.draft),
      ...Object.fromEntries(against),
      differingSubjects: changed.length,
    },
    from,
    to,
    span: {
      from: Math.min(...draft.map(({ firstAt }) => firstAt)),
      to: Math.max(...draft.map(({ lastAt }) => lastAt)),
    },
    warnings: ['Baselines of callers begin with the range.'],
    differences: changed.slice(0, mostListed).map((report) => ({
      subject: report.subject,
      at: report.peakAt,
      draft: scopeDeed(report),
      inForce: scopeDeed(before.get(report.subject)!),
    })),
    courses: [],
  };
};
