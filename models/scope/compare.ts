import { verdictOn } from '../feedback/compare.ts';
import type { Judgement } from '../feedback/labels.ts';
import { episodesIn, isAttack, judgedOutcomes } from '../feedback/outcomes.ts';
import type { ComparedFigures, Comparison } from '../feedback/reportSchema.ts';
import { onnxRuntime } from '../runtimes/onnx.ts';
import type { ClosedWindow } from './followWindows.ts';
import type { ScopeParts } from './head.ts';
import { judgeSequences, ScopeJudge } from './judge.ts';
import { riskOf, riskOfSigns } from './model.ts';

/** A credential's windows, in the order of time. */
export interface FollowedCredential {
  readonly subject: string;
  readonly windows: readonly ClosedWindow[];
}

/** A judged stretch of a credential's windows. */
export interface JudgedCalls extends FollowedCredential {
  readonly judgement: Judgement;
}

/** What scope models are compared on. */
export interface ScopeComparisonData {
  /** Judged stretches that the challenger has not learned from. */
  readonly heldOut: readonly JudgedCalls[];
  /** All judged stretches, those that it has learned from included. */
  readonly judged: readonly JudgedCalls[];
  /** Credentials that nobody judged and the challenger has not learned from. */
  readonly unlabelled: readonly FollowedCredential[];
  /** Risk above which a scope is narrowed. */
  readonly threshold: number;
}

/** Risks of each credential's windows; where no parts were trained, by the signs that need no training. */
const risksOf = async (
  parts: ScopeParts | undefined,
  credentials: readonly FollowedCredential[],
): Promise<number[][]> => {
  if (!parts) return credentials.map(({ windows }) => windows.map(({ vector }) => riskOfSigns(vector)));
  const judge = await ScopeJudge.create(parts, onnxRuntime);
  try {
    const judged = await judgeSequences(
      judge,
      credentials.map(({ windows }) => windows.map(({ vector }) => vector)),
    );
    return judged.map((one, i) =>
      one.map(({ surprise }, at) => riskOf(surprise, credentials[i]!.windows[at]!.vector, at)),
    );
  } finally {
    await judge.close();
  }
};

/**
 * How much alarms on unlabelled calls may rise: the built-in model, which raises hardly any, must not be the measure; what a
 * trained one promises is that of benign windows one in a hundred comes above the first range.
 */
const tolerance = { factor: 1.25, share: 0.01 } as const;

/** Whether a window, by its place, lies in the time that was judged. */
export const insideOf =
  ({ judgement: { fromMs, toMs }, windows }: JudgedCalls) =>
  (at: number): boolean =>
    windows[at]!.end > fromMs && windows[at]!.start < toMs;

/** Risks of judged windows alone; those before only lead the network there. */
const insideRisks = async (parts: ScopeParts | undefined, judged: readonly JudgedCalls[]): Promise<number[][]> =>
  (await risksOf(parts, judged)).map((risks, i) => {
    const inside = insideOf(judged[i]!);
    return risks.filter((_, at) => inside(at));
  });

/** The highest risk of each judged stretch. @param parts - undefined for the model that is built in */
export const reachedRisks = async (parts: ScopeParts | undefined, judged: readonly JudgedCalls[]): Promise<number[]> =>
  (await insideRisks(parts, judged)).map((risks) => Math.max(0, ...risks));

const measure = async (parts: ScopeParts | undefined, data: ScopeComparisonData) => {
  const { heldOut, judged, unlabelled, threshold } = data;
  const above = (risks: readonly number[]): number => risks.filter((risk) => risk > threshold).length;
  const inside = await insideRisks(parts, judged);
  const judgedRisks = new Map(judged.map((one, i) => [one, inside[i]!] as const));
  const sum = (attack: boolean, of: (risks: readonly number[]) => number): number =>
    heldOut.filter((one) => isAttack(one) === attack).reduce((total, one) => total + of(judgedRisks.get(one)!), 0);
  const shows = (risks: readonly number[]): number => (above(risks) > 0 ? 1 : 0);
  const episodes = (risks: readonly number[]): number => episodesIn(risks, threshold);
  const others = await risksOf(parts, unlabelled);
  const rest = others.flat();
  const figures: ComparedFigures = {
    attacks: sum(true, () => 1),
    attacksDetected: sum(true, shows),
    labelledAttacks: judged.filter(isAttack).length,
    labelledAttacksDetected: inside.filter((risks, i) => isAttack(judged[i]!) && above(risks) > 0).length,
    benign: sum(false, () => 1),
    benignAlarmed: sum(false, shows),
    benignAlarmedWindows: sum(false, above),
    benignEpisodes: sum(false, episodes),
    unlabelledWindows: rest.length,
    unlabelledAlarmed: above(rest),
    unlabelledEpisodes: others.reduce((total, risks) => total + episodes(risks), 0),
  };
  return { figures, highest: inside.map((risks) => Math.max(0, ...risks)) };
};

/**
 * Compare a challenger with the champion by the risks of windows; see `verdictOn`.
 *
 * @param champion - undefined for the model that is built in
 */
export const compareScopeModels = async (
  champion: ScopeParts | undefined,
  challenger: ScopeParts,
  data: ScopeComparisonData,
): Promise<Comparison> => {
  const before = await measure(champion, data);
  const after = await measure(challenger, data);
  const { judged, heldOut, threshold } = data;
  const outcomes = judgedOutcomes(judged, heldOut, before.highest, after.highest, threshold, 100);
  const [a, b] = [before.figures, after.figures];
  return {
    ...verdictOn(a, b, outcomes.lost, tolerance),
    ...outcomes,
    threshold: threshold / 100,
    champion: a,
    challenger: b,
  };
};
