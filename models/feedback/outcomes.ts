import type { Judgement } from './labels.ts';
import type { JudgedOutcome, LostAttack } from './reportSchema.ts';

/** Whether a stretch was judged an attack. */
export const isAttack = ({ judgement }: { readonly judgement: Judgement }): boolean =>
  judgement.verdict === 'maliciousActivity';

/** Runs of consecutive windows above a threshold. */
export const episodesIn = (scores: readonly number[], threshold: number): number =>
  scores.filter((score, i) => score > threshold && !(i > 0 && scores[i - 1]! > threshold)).length;

/**
 * What two models say of judged stretches, and the attacks that the second loses.
 *
 * @param champion - highest score of each stretch, in the unit of the threshold
 * @param challenger - the same
 * @param scale - what that unit is divided by to lie in 0 to 1
 */
export const judgedOutcomes = <S extends { readonly judgement: Judgement }>(
  judged: readonly S[],
  heldOut: readonly S[],
  champion: readonly number[],
  challenger: readonly number[],
  threshold: number,
  scale = 1,
): { readonly judged: readonly JudgedOutcome[]; readonly lost: readonly LostAttack[] } => {
  const held = new Set(heldOut);
  const outcomes = judged.map((stretch, i) => {
    const { subject, fromMs, toMs, verdict, by } = stretch.judgement;
    const [was, is] = [champion[i]!, challenger[i]!];
    const scores = { champion: was / scale, challenger: is / scale };
    return {
      outcome: { subject, fromMs, toMs, verdict, by, heldOut: held.has(stretch), ...scores },
      isLost: isAttack(stretch) && was > threshold && !(is > threshold),
    };
  });
  return {
    judged: outcomes.map(({ outcome }) => outcome),
    lost: outcomes
      .filter(({ isLost }) => isLost)
      .map(({ outcome: { subject, fromMs, toMs, champion: was, challenger: is } }) => ({
        ...{ subject, fromMs, toMs, champion: was, challenger: is },
      })),
  };
};
