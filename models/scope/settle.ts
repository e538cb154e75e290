import { readyCurve, surpriseAt } from '../calibration/curve.ts';
import { onnxRuntime } from '../runtimes/onnx.ts';
import { insideOf, type JudgedCalls, reachedRisks } from './compare.ts';
import type { ScopeParts } from './head.ts';
import { judgeSequences, ScopeJudge, warmUpWindows } from './judge.ts';
import type { LearnedScope } from './learn.ts';
import { riskOfSurprise } from './model.ts';

/** By how many log-odds the constant is raised at most: more would make everything an attack. */
const mostRaised = 3;

/** The least statistic whose risk lies above a threshold. */
const statisticAbove = ({ head }: ScopeParts, threshold: number): number => {
  const curve = readyCurve(head.curve);
  let [low, high] = [curve.statistics[0]!, curve.statistics.at(-1)! + 50];
  while (high - low > 1e-4) {
    const middle = (low + high) / 2;
    if (riskOfSurprise(surpriseAt(curve, middle)) > threshold) high = middle;
    else low = middle;
  }
  return high;
};

const moved = (parts: ScopeParts, by: number): ScopeParts => {
  const { head } = parts;
  const [constant, byLinear, byNetwork] = head.join;
  return { ...parts, head: { ...head, join: [constant + by, byLinear, byNetwork] } };
};

const isAttack = ({ judgement }: JudgedCalls): boolean => judgement.verdict === 'maliciousActivity';

/** Share of benign stretches that may raise an alarm, at the least that is asked for. */
const alarmedShare = 0.01;

/**
 * The statistic that a share of stretches exceeds, by an exponential tail beyond their median: of some tens of stretches the
 * largest is exceeded soon.
 *
 * @param highest - descending, at least two
 */
const exceededBy = (highest: readonly number[], share: number): number => {
  const half = Math.floor(highest.length / 2);
  const median = highest[half]!;
  const excess = highest.slice(0, half).reduce((sum, it) => sum + it - median, 0) / half;
  return median + excess * Math.log(half / (highest.length * share));
};

/**
 * Lower the constant until, of the stretches that analysts judged benign, no more raise an alarm than with the champion, and
 * of others like them one in a hundred; each by parts that were not trained on it. Calibration promises of windows; people
 * are bothered by stretches.
 */
const lowered = async (
  { parts, heldHighest }: LearnedScope,
  champion: ScopeParts | undefined,
  learned: readonly NamedStretch[],
  threshold: number,
): Promise<ScopeParts> => {
  const benign = learned.filter(({ stretch }) => !isAttack(stretch));
  const before = await reachedRisks(
    champion,
    benign.map(({ stretch }) => stretch),
  );
  const alarmed = before.filter((risk) => risk > threshold).length;
  const highest = benign.flatMap(({ name }) => heldHighest.get(name) ?? []).sort((a, b) => b - a);
  const share = Math.max(alarmedShare, alarmed / Math.max(1, benign.length));
  const others = highest.length < 2 ? Number.NEGATIVE_INFINITY : exceededBy(highest, share);
  const over = Math.max(highest[alarmed] ?? Number.NEGATIVE_INFINITY, others) - statisticAbove(parts, threshold);
  return over >= 0 ? moved(parts, -over - 1e-3) : parts;
};

/** Raise the constant until every attack that was learned from and the champion shows is shown. */
const raised = async (
  parts: ScopeParts,
  champion: ScopeParts | undefined,
  learned: readonly NamedStretch[],
  threshold: number,
): Promise<ScopeParts> => {
  const attacks = learned.map(({ stretch }) => stretch).filter(isAttack);
  const before = await reachedRisks(champion, attacks);
  const after = await reachedRisks(parts, attacks);
  const lost = attacks.filter((_, i) => before[i]! > threshold && !(after[i]! > threshold));
  if (lost.length === 0) return parts;
  const wanted = statisticAbove(parts, threshold);
  const judge = await ScopeJudge.create(parts, onnxRuntime);
  const judged = await judgeSequences(
    judge,
    lost.map(({ windows }) => windows.map(({ vector }) => vector)),
  );
  await judge.close();
  const missing = lost.map((one, i) => {
    const inside = insideOf(one);
    const statistics = judged[i]!.filter((_, at) => inside(at) && at >= warmUpWindows).map(
      ({ statistic }) => statistic,
    );
    return wanted - Math.max(Number.NEGATIVE_INFINITY, ...statistics);
  });
  const raise = Math.max(...missing);
  return raise <= mostRaised ? moved(parts, raise + 1e-3) : parts;
};

/**
 * The champion's sense of what is usual beside what labels taught: an attack of another kind than those labelled is unusual
 * still, and what the champion shows by that must go on being shown.
 */
const withUsual = (parts: ScopeParts, champion: ScopeParts | undefined): ScopeParts => {
  const usual = champion?.head.supervised ? champion.usual : champion;
  return usual ? { ...parts, usual } : parts;
};

/** A judged stretch, and its name among the sequences that were learned from. */
export interface NamedStretch {
  readonly name: string;
  readonly stretch: JudgedCalls;
}

/**
 * Settle a challenger that labels taught: its constant low enough for those who were judged benign, then, beside what the
 * champion finds unusual, high enough for every attack that it learned from and the champion shows. What that costs, the
 * comparison says.
 *
 * @param champion - undefined for the model that is built in
 * @param learned - judged stretches that the challenger has learned from
 * @param threshold - risk above which an attack is shown
 */
export const settleConstant = async (
  challenger: LearnedScope,
  champion: ScopeParts | undefined,
  learned: readonly NamedStretch[],
  threshold: number,
): Promise<ScopeParts> => {
  if (!challenger.parts.head.supervised) return challenger.parts;
  const low = await lowered(challenger, champion, learned, threshold);
  return raised(withUsual(low, champion), champion, learned, threshold);
};
