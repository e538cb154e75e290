import type { Comparator } from '../../biometric/comparator/model.ts';
import { joinOpinions } from '../../biometric/join.ts';
import { comparatorLogOdds, statisticalLogOdds } from '../../biometric/risk.ts';
import { distance } from '../../biometric/statistical.ts';
import { makeTemplate } from '../../biometric/template.ts';
import type { CmuTyping } from './cmuData.ts';
import { type Protocol, type Scores, tryPerson } from './trials.ts';

/** The statistical verifier by a protocol: distances. */
export const tryStatistical = (
  data: CmuTyping,
  person: number,
  impostors: readonly number[],
  protocol: Protocol,
): Promise<Scores> => {
  const template = makeTemplate(data.samples(person, 0, protocol.enrolled), data.timings);
  return tryPerson(data, person, impostors, protocol, (samples) => samples.map((it) => distance(template, it)));
};

/** A comparator by a protocol: log odds. */
export const tryComparator = (
  comparator: Comparator,
  data: CmuTyping,
  person: number,
  impostors: readonly number[],
  protocol: Protocol,
): Promise<Scores> => {
  const template = makeTemplate(data.samples(person, 0, protocol.enrolled), data.timings);
  return tryPerson(data, person, impostors, protocol, (samples) => comparator.logits(template, samples));
};

/** Log odds of a session that its risk is made of, by verifier, from the scores of its attempts. */
export const logOddsOf = {
  statistical: (scores: readonly number[]) => statisticalLogOdds(scores),
  comparator: comparatorLogOdds,
  joined: comparatorLogOdds,
} as const;

/** See {@link logOddsOf}. */
export type LogOddsOf = keyof typeof logOddsOf;

const both = { statistical: 1, comparator: 1 };

/** Log odds of both verifiers together, one attempt. */
const joinedLogOdds = (farness: number, logit: number): number => {
  const joint = joinOpinions(
    [
      { verifier: 'statistical', logOdds: statisticalLogOdds([farness]) },
      { verifier: 'comparator', logOdds: logit },
    ],
    both,
  )!;
  return Math.log(joint.risk / (1 - joint.risk));
};

/** Scores of both verifiers for the same trials as those of both together. */
export const joinScores = (statistical: Scores, comparator: Scores): Scores => {
  const join = (of: 'genuine' | 'impostor' | 'practised'): number[] =>
    statistical[of].map((farness, i) => joinedLogOdds(farness, comparator[of][i]!));
  return {
    person: statistical.person,
    genuine: join('genuine'),
    impostor: join('impostor'),
    practised: join('practised'),
  };
};
