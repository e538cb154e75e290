import type { Evaluation } from '../../../models/evaluation/evaluation.ts';
import { subjectOfPair } from '../../../operators/preprovision/decisionRecord.ts';
import type {
  Preparation,
  PreparationTally,
  UserPreparations,
} from '../../../pipelines/preprovision/comparePreparations.ts';
import { against, allAgainst } from '../../../pipelines/replay/report.ts';
import { policyVersion } from '../../../schemas/policy.ts';
import type { PreprovisionPolicy } from '../../../schemas/preprovisionPolicy.ts';
import type { ProvisioningPreview } from './preview.ts';

const minuteMs = 60_000;
const mostRows = 50;

type Of = (user: UserPreparations) => PreparationTally;

const figuresOf = (users: readonly UserPreparations[], visits: number, of: Of): Record<string, number> => {
  const sum = (part: (tally: PreparationTally) => number) => users.reduce((all, user) => all + part(of(user)), 0);
  const hits = sum((tally) => tally.hits);
  const minutes = sum((tally) => tally.unusedMs) / minuteMs;
  return {
    prepared: sum((tally) => tally.prepared),
    hits,
    misses: visits - hits,
    ...(visits > 0 ? { hitRatePercent: (100 * hits) / visits } : {}),
    wasted: sum((tally) => tally.wasted),
    withheld: sum((tally) => tally.withheld),
    unusedMinutes: minutes,
    ...(hits > 0 ? { unusedMinutesPerHit: minutes / hits } : {}),
  };
};

/** Numbers over all users; those of the policy in force begin with `against`. A hit rate without a visit is absent. */
export const provisioningFigures = ({
  users,
  decisions,
  accesses,
}: Pick<ProvisioningPreview, 'users' | 'decisions' | 'accesses'>): Readonly<Record<string, number>> => {
  const visits = users.reduce((sum, user) => sum + user.visits, 0);
  const before = figuresOf(users, visits, ({ inForce }) => inForce);
  return {
    ...{ accesses, users: users.length, visits },
    decisions: decisions.draft,
    againstDecisions: decisions.inForce,
    ...figuresOf(users, visits, ({ draft }) => draft),
    ...allAgainst(before),
    differingDecisions: users.reduce((sum, { differing }) => sum + differing, 0),
    differingSubjects: users.filter(({ differing }) => differing > 0).length,
  };
};

/** What is to be known of a trial: what it rests on, and what was left out. */
export const provisioningNotes = (
  { model, zone, oneIn, rejected, cutAt }: ProvisioningPreview,
  { draft, inForce }: { readonly draft: PreprovisionPolicy; readonly inForce: PreprovisionPolicy },
): readonly string[] => [
  `What was foreseen is what model ${model} says now, by the calendar of ${zone}; accesses count as if each had been told at once.`,
  ...(cutAt === null
    ? []
    : [
        `It took too long and was cut short at ${new Date(cutAt).toISOString().slice(0, 16).replace('T', ' ')} UTC: what came later was not decided again. Try fewer days.`,
      ]),
  ...(oneIn === 1
    ? []
    : [
        `There are too many: one user in ${oneIn} is tried, and all figures are of these alone; budgets, which are for all, hold back less.`,
      ]),
  ...(rejected > 0 ? [`Accesses of impossible times, which the pipeline refuses, are left out: ${rejected}.`] : []),
  ...(draft.timeZone !== inForce.timeZone
    ? ['Another time zone changes nothing before the pipeline is started with it: it is not tried.']
    : []),
];

/** What became of what was prepared at a time, epoch milliseconds; undefined where it has not ended. */
export const becameOf = ({ endedAt, end }: Preparation, timeMs: number): string | undefined => {
  if (endedAt === null) return undefined;
  const minutes = Math.round((endedAt - timeMs) / minuteMs);
  if (end === 'used') return `used after ${minutes} min`;
  return end === 'windowEnd' ? 'nobody came' : `taken back after ${minutes} min: ${end}`;
};

const deedOf = (one: Preparation | null, timeMs: number): string => {
  if (!one) return 'nothing';
  return one.withheld === '' ? (becameOf(one, timeMs) ?? 'prepared') : `withheld: ${one.withheld}`;
};

/** A trial as tables and figures, for the terminal and as a page. */
export const provisioningReport = (
  preview: ProvisioningPreview,
  policies: { readonly draft: PreprovisionPolicy; readonly inForce: PreprovisionPolicy },
): Evaluation => {
  const figures = provisioningFigures(preview);
  const rows = [
    'prepared',
    'hits',
    'misses',
    'hitRatePercent',
    'wasted',
    'withheld',
    'unusedMinutes',
    'unusedMinutesPerHit',
  ];
  const rounded = (value: number | undefined) => (value === undefined ? '' : Math.round(value * 100) / 100);
  const users = [...preview.users].sort((a, b) => b.differing - a.differing || b.visits - a.visits);
  return {
    name: 'policy-test',
    title: `What policy ${policyVersion(policies.draft)} would have prepared`,
    figures,
    tables: [
      {
        title: `Policy ${policyVersion(policies.draft)} against the configured ${policyVersion(policies.inForce)}`,
        headings: ['figure', 'configured', 'tested'],
        rows: rows.map((name) => [name, rounded(figures[against(name)]), rounded(figures[name])]),
        note: `${figures.visits} visits of ${figures.users} users; ${figures.differingDecisions} decisions differ.`,
      },
      {
        title: 'Users, those first of whom most decisions differ',
        headings: ['user', 'visits', 'differ', 'hits before', 'hits', 'min unused before', 'min unused'],
        rows: users
          .slice(0, mostRows)
          .map(({ user, visits, differing, draft, inForce }) => [
            ...[user, visits, differing, inForce.hits, draft.hits],
            ...[Math.round(inForce.unusedMs / minuteMs), Math.round(draft.unusedMs / minuteMs)],
          ]),
        ...(users.length > mostRows ? { note: `${users.length - mostRows} more are not shown` } : {}),
      },
      {
        title: 'Decisions that differ, the latest last',
        headings: ['at', 'for', 'configured', 'tested'],
        rows: preview.differences
          .slice(-mostRows)
          .map(({ pair, timeMs, draft, inForce }) => [
            new Date(timeMs).toISOString().slice(0, 16).replace('T', ' '),
            subjectOfPair(pair),
            deedOf(inForce, timeMs),
            deedOf(draft, timeMs),
          ]),
        ...(figures.differingDecisions! > mostRows
          ? { note: `${figures.differingDecisions! - mostRows} earlier ones are not shown` }
          : {}),
      },
    ],
    plots: [],
    timelines: [],
    notes: [
      `${new Date(preview.from).toISOString()} to ${new Date(preview.to).toISOString()}. Nothing was put in force.`,
      ...provisioningNotes(preview, policies),
    ],
  };
};
