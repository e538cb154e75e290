import { guardedRisk, learningGuard, mayLearn } from '../../biometric/guard.ts';
import { sigmoid, statisticalLogOdds } from '../../biometric/risk.ts';
import { distance } from '../../biometric/statistical.ts';
import { makeTemplate, type Template } from '../../biometric/template.ts';
import { createRandom } from '../../training/random.ts';
import type { ReportTable } from '../evaluation.ts';
import { type CmuTyping, cmuEnrolled, cmuRepetitions } from './cmuData.ts';

/** Samples of an attack: the share of the attacker's own way rises evenly from none to all. */
const blending = 150;
/** Risk up to which a session gets at least six hours. */
const granted = 0.5;

/** How a template may be changed by use. */
type Policy = 'frozen' | 'low risk' | 'anchored';

const policies: readonly { readonly policy: Policy; readonly name: string }[] = [
  { policy: 'frozen', name: 'never' },
  { policy: 'low risk', name: 'every session of low risk' },
  { policy: 'anchored', name: 'anchored' },
];

/** A template in use. */
interface Learner {
  risk(sample: Float64Array): number;
  /** Judge a sample, and learn from it if the policy says so. */
  use(sample: Float64Array): number;
}

const startLearner = (samples: Float64Array, features: number, policy: Policy): Learner => {
  const anchor = makeTemplate(samples, features);
  let recent: Template = anchor;
  const riskBy = (template: Template, sample: Float64Array, leniency = 0): number =>
    sigmoid(statisticalLogOdds([distance(template, sample)], leniency));
  const judge = (sample: Float64Array) => {
    const byRecent = riskBy(recent, sample);
    return policy === 'anchored'
      ? guardedRisk(byRecent, riskBy(anchor, sample, learningGuard.leniency))
      : guardedRisk(byRecent, 0);
  };
  return {
    risk: (sample) => judge(sample).risk,
    use(sample) {
      const judged = judge(sample);
      if (policy !== 'frozen' && mayLearn(judged)) {
        const rows = new Float64Array(recent.rows.length + features);
        rows.set(recent.rows);
        rows.set(sample, recent.rows.length);
        recent = makeTemplate(rows, features);
      }
      return judged.risk;
    },
  };
};

/** What a policy comes to. */
export interface Updating {
  readonly policy: Policy;
  readonly name: string;
  /** Share of the owners' last 200 attempts, in order, granted at least six hours. */
  readonly owners: number;
  /** Share of the attackers' last 200 attempts granted as much, before and after the attack. */
  readonly before: number;
  readonly after: number;
}

/**
 * Let owners go on typing, and let somebody who has seen an owner's samples blend into the template: each of 150 attempts
 * is a mixture of one of the owner's and one of the attacker's, the attacker's share rising evenly from none to all.
 */
export const simulateUpdating = (
  data: CmuTyping,
  onPerson: (done: number, total: number) => void,
): readonly Updating[] => {
  const { timings, typists } = data;
  const results = policies.map((it) => ({ ...it, owners: 0, before: 0, after: 0 }));
  const trials = typists.length * (cmuRepetitions - cmuEnrolled);
  typists.forEach((_, person) => {
    onPerson(person * policies.length, typists.length * policies.length);
    const enrolled = data.samples(person, 0, cmuEnrolled);
    const attacker = (person + 7) % typists.length;
    const late = Array.from({ length: cmuRepetitions - cmuEnrolled }, (_, i) => cmuEnrolled + i);
    for (const result of results) {
      const owner = startLearner(enrolled, timings, result.policy);
      for (const it of late) if (owner.use(data.sample(person, it)) <= granted) result.owners += 1 / trials;
      const victim = startLearner(enrolled, timings, result.policy);
      const accepted = (): number =>
        late.filter((it) => victim.risk(data.sample(attacker, it)) <= granted).length / trials;
      result.before += accepted();
      const random = createRandom(person);
      for (let step = 0; step < blending; step++) {
        const share = step / (blending - 1);
        const seen = data.sample(person, random.integer(0, cmuEnrolled));
        const own = data.sample(attacker, random.integer(5, cmuEnrolled));
        victim.use(seen.map((value, i) => (1 - share) * value + share * own[i]!));
      }
      result.after += accepted();
    }
  });
  return results;
};

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** The policies as a table. */
export const updatingTable = (results: readonly Updating[]): ReportTable => ({
  title: 'Learning from use, and an attacker who blends in: share of attempts granted at least 6 h',
  headings: ['template learns', 'owners', 'attacker before', 'attacker after'],
  rows: results.map(({ name, owners, before, after }) => [name, percent(owners), percent(before), percent(after)]),
  note: `${blending} attempts, each a mixture of the owner's way and the attacker's whose share rises from none to all; the attacker has seen the owner's samples. The statistical verifier, one attempt a session.`,
});
