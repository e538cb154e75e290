import { lifespanOf, lifespanRule } from '../../biometric/lifespan.ts';
import { sigmoid } from '../../biometric/risk.ts';
import type { ReportTable } from '../evaluation.ts';
import { cmuImpostor } from './cmuData.ts';
import type { Scores } from './trials.ts';

const hourMs = 3_600_000;

/** Shares of sessions that are granted each lifespan, shortest first. */
export type Grants = readonly number[];

const classes = [...lifespanRule.classes.map(({ lifespanMs }) => lifespanMs), lifespanRule.otherwiseMs];

/** Runs of `attempts` scores, one after another; sessions of an impostor do not reach into the next one's. */
const sessionsOf = (scores: readonly number[], attempts: number, stretch: number): number[][] => {
  const sessions: number[][] = [];
  for (let begin = 0; begin < scores.length; begin += stretch)
    for (let at = begin; at + attempts <= Math.min(scores.length, begin + stretch); at += attempts)
      sessions.push(scores.slice(at, at + attempts));
  return sessions;
};

const grantsOf = (risks: readonly number[]): Grants =>
  classes.map((lifespan) => risks.filter((risk) => lifespanOf(risk) === lifespan).length / risks.length);

/** What owners and impostors are granted under the rule. */
export interface Granted {
  readonly owners: Grants;
  readonly impostors: Grants;
  readonly practised: Grants;
}

/**
 * Lifespans granted to sessions of some attempts.
 *
 * @param logOdds of a session, by the scores of its attempts
 */
export const grantSessions = (
  scores: readonly Scores[],
  attempts: number,
  logOdds: (scores: readonly number[]) => number,
): Granted => {
  const risks = (of: (person: Scores) => readonly number[], stretch: number): number[] =>
    scores.flatMap((person) => sessionsOf(of(person), attempts, stretch).map((it) => sigmoid(logOdds(it))));
  return {
    owners: grantsOf(risks(({ genuine }) => genuine, Number.MAX_SAFE_INTEGER)),
    impostors: grantsOf(risks(({ impostor }) => impostor, cmuImpostor)),
    practised: grantsOf(risks(({ practised }) => practised, cmuImpostor)),
  };
};

/** Share that is granted at least so many hours. */
export const atLeast = (grants: Grants, hours: number): number =>
  grants.reduce((sum, share, i) => (classes[i]! >= hours * hourMs ? sum + share : sum), 0);

/** Share that is granted at most so many hours. */
export const atMost = (grants: Grants, hours: number): number =>
  grants.reduce((sum, share, i) => (classes[i]! <= hours * hourMs ? sum + share : sum), 0);

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const nameOf = (lifespanMs: number): string =>
  lifespanMs < hourMs ? `${lifespanMs / 60_000} min` : `${lifespanMs / hourMs} h`;

/** The distribution as a table. */
export const grantsTable = (
  rows: readonly { readonly verifier: string; readonly attempts: number; readonly granted: Granted }[],
): ReportTable => ({
  title: 'Lifespans granted',
  headings: ['verifier', 'attempts', 'who', ...classes.map(nameOf)],
  rows: rows.flatMap(({ verifier, attempts, granted }) =>
    (['owners', 'impostors', 'practised'] as const).map((who) => [
      verifier,
      attempts,
      who === 'practised' ? 'practised impostors' : who,
      ...granted[who].map(percent),
    ]),
  ),
  note: 'Above a risk of 0.8 five minutes, above 0.5 an hour, above 0.2 six hours, else a day. Sessions are runs of attempts.',
});
