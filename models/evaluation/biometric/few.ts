import type { ReportTable } from '../evaluation.ts';
import { atLeast, atMost, grantSessions } from './grants.ts';
import { ratesOf, type Scores } from './trials.ts';
import { type LogOddsOf, logOddsOf } from './verifiers.ts';

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/**
 * What verifiers are worth where few repetitions are enrolled.
 *
 * @param enrolments repetitions enrolled
 * @param few by verifier, for each of them the scores of all people
 */
export const fewTable = (
  enrolments: readonly number[],
  few: ReadonlyMap<string, readonly (readonly Scores[])[]>,
): ReportTable => ({
  title: 'Few repetitions enrolled, tried on the next 50',
  headings: ['verifier', 'what', ...enrolments.map((it) => `${it}`)],
  rows: [...few].flatMap(([name, byEnrolment]) => {
    const granted = byEnrolment.map((scores) => grantSessions(scores, 1, logOddsOf[name as LogOddsOf]));
    return [
      [name, 'equal error rate', ...byEnrolment.map((scores) => ratesOf(scores).eerMean.toFixed(4))],
      [name, 'owners at least 6 h', ...granted.map(({ owners }) => percent(atLeast(owners, 6)))],
      [name, 'impostors at most 1 h', ...granted.map(({ impostors }) => percent(atMost(impostors, 1)))],
    ];
  }),
});
