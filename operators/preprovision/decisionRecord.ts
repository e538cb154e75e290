import { partsOfPair } from '../../models/access/population.ts';
import type { Decision } from '../../schemas/generated/index.ts';
import { policyVersion } from '../../schemas/policy.ts';
import { emptyDecision } from '../emptyDecision.ts';
import type { PreprovisionDecision } from './batch.ts';
import type { PreprovisionOutcome } from './preprovisionRule.ts';

/** The subject of decisions on a pair: user and machine joined by '/'; the key of topic `provisions` too. */
export const subjectOfPair = (pair: string): string => {
  const { user, vm } = partsOfPair(pair);
  return vm === null ? user : `${user}/${vm}`;
};

const hours = (value: number): string => (Number.isFinite(value) ? `${value.toFixed(1)} h` : 'later than is foreseen');

const weighedText = ({ chance, expectedHours, interval, unusedMinutes, exposurePerHitMinutes }: PreprovisionOutcome) =>
  [
    `${(100 * chance).toFixed(0)} % chance of a request in the window`,
    `expected after ${hours(expectedHours)} (80 % between ${hours(interval[0])} and ${hours(interval[1])})`,
    `${unusedMinutes.toFixed(0)} min unused, ${exposurePerHitMinutes.toFixed(0)} min for each wait saved`,
  ].join('; ');

const reasonOf = ({ action, reason, weighed }: PreprovisionDecision): string => {
  if (action === 'used') return 'The user came while a credential was prepared';
  if (action === 'end') return reason === 'windowEnd' ? 'Nobody came within the window' : `Taken back: ${reason}`;
  const why = weighed ? weighedText(weighed) : '';
  return reason === '' ? why : `${why}; withheld: ${reason}`;
};

/** The record of a decision. Its id is the same whenever the same hour is decided upon. */
export const preprovisionDecision = (pipeline: string, decision: PreprovisionDecision): Decision => {
  const { action, pair, timeMs, untilMs, reason, policy, modelVersion, weighed, gate } = decision;
  const subject = subjectOfPair(pair);
  const told = action === 'withhold' ? 'prepare' : action;
  return {
    ...emptyDecision,
    decisionId: `${pipeline}/${subject}/${told === 'prepare' ? '' : `${told}-`}${untilMs}`,
    subject,
    pipeline,
    action: told,
    mode: policy.mode,
    withheld: action === 'withhold' ? reason : '',
    newTtlMs: action === 'prepare' ? untilMs - timeMs : 0,
    reason: reasonOf(decision),
    score: weighed?.chance ?? 0,
    risk: gate?.risk ?? 0,
    policyVersion: policyVersion(policy),
    modelVersion,
    windowEnd: untilMs,
    decidedAt: timeMs,
    deadline: untilMs,
  };
};
