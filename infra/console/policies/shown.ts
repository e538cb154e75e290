import { allAgainst } from '../../../pipelines/replay/report.ts';
import type { SubjectReport } from '../../../pipelines/scope/subjectReport.ts';
import type { Decision } from '../../../schemas/generated/Decision.ts';
import type { ScopePolicy } from '../../../schemas/scopePolicy.ts';
import type { ChangedKey, KeyPreview } from '../../replay/keylife/preview.ts';
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
  pipeline: 'lifecycle',
  figures: report.figures,
  from,
  to,
  span: report.span,
  warnings,
  lives: [],
  users: [],
  differences: report.differences
    .slice(-mostListed)
    .reverse()
    .map(({ subject, at, here, there }) => ({
      subject,
      name: subject,
      at,
      draft: deedOf(here),
      inForce: deedOf(there),
    })),
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
  return {
    pipeline: 'scope',
    figures: {
      ...figuresOf(draft, policies.draft),
      ...allAgainst(figuresOf(inForce, policies.inForce)),
      differingSubjects: changed.length,
    },
    from,
    to,
    span: {
      from: Math.min(...draft.map(({ firstAt }) => firstAt)),
      to: Math.max(...draft.map(({ lastAt }) => lastAt)),
    },
    warnings: ['Baselines of callers begin with the range.'],
    lives: [],
    users: [],
    differences: changed.slice(0, mostListed).map((report) => ({
      subject: report.subject,
      name: report.subject,
      at: report.peakAt,
      draft: scopeDeed(report),
      inForce: scopeDeed(before.get(report.subject)!),
    })),
    courses: [],
  };
};

const hourMs = 3_600_000;
const keyDeed = (ttlMs: number, { risk }: ChangedKey): PolicyDeed => ({
  action: 'grant',
  newTtlMs: ttlMs,
  newScope: '',
  withheld: '',
  reason: risk === null ? 'Nothing was compared' : `Risk ${risk.toFixed(2)}`,
});

/** As much of a trial of a policy of key lifespans as a page shows: those first of whom most keys would differ. */
export const shownKeys = (
  { holders, draft, inForce, uncompared, limit, span }: KeyPreview,
  { from, to }: { readonly from: number; readonly to: number },
): PreviewView => {
  const changed = holders.filter((one) => one.last !== undefined).sort((a, b) => b.changed - a.changed);
  const hours = (lives: ReadonlyMap<number, number>) =>
    [...lives].reduce((sum, [lifeMs, keys]) => sum + (lifeMs * keys) / hourMs, 0);
  return {
    pipeline: 'keylife',
    figures: {
      keys: holders.reduce((sum, { keys }) => sum + keys, 0),
      people: holders.length,
      keyHours: hours(draft),
      ...allAgainst({ keyHours: hours(inForce) }),
      differingKeys: changed.reduce((sum, one) => sum + one.changed, 0),
      differingSubjects: changed.length,
    },
    ...{ from, to, span },
    warnings: [
      'Risks stay as they were at each sign-in, and what cut keys short later is not decided again: behaviour is not kept.',
      ...(uncompared > 0
        ? [
            `Keys of which nothing was compared are left out, as how long they would have lived is unknown: ${uncompared}.`,
          ]
        : []),
      ...(limit === null
        ? []
        : [`No more than the latest ${limit} keys are tried: any before them are left out, and it begins with them.`]),
    ],
    lives: [...new Set([...draft.keys(), ...inForce.keys()])]
      .sort((a, b) => b - a)
      .map((lifeMs) => ({ lifeMs, draft: draft.get(lifeMs) ?? 0, inForce: inForce.get(lifeMs) ?? 0 })),
    users: [],
    differences: changed.slice(0, mostListed).map(({ user, last }) => ({
      subject: last!.credentialId,
      name: user,
      at: last!.issuedAt,
      draft: keyDeed(last!.draftMs, last!),
      inForce: keyDeed(last!.inForceMs, last!),
    })),
    courses: [],
  };
};
