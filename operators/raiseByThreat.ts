import type { ThreatMatch, ThreatPolicy } from '../schemas/threat.ts';

/** A risk after threat intelligence. */
export interface RaisedRisk {
  /** 0 to 100. */
  readonly risk: number;
  /** Points that were added, 0 to 100: less than a match is worth where the risk was near 100 already. */
  readonly uplift: number;
  /** One sentence a match that counts, the heaviest first. */
  readonly reasons: readonly string[];
}

/**
 * Raise a risk by the threat indicators that a subject's calls matched.
 *
 * The heaviest match counts, weight × confidence / 100; further ones are named and add nothing: feeds copy each other,
 * and a thousand calls from one address are still one address. The matches are those that stand in the records, so
 * that the same records give the same risk whatever the feeds say by then.
 *
 * @param risk - before, 0 to 100
 * @param matches - of all records that are decided on, in any order, repeated ones too
 * @example
 * raiseByThreat(20, [{ feed: 'drop', indicator: '192.0.2.0/24', confidence: 90 }], policy).risk; // 56 with weight 40
 */
export const raiseByThreat = (risk: number, matches: Iterable<ThreatMatch>, policy: ThreatPolicy): RaisedRisk => {
  const counted = new Map<string, ThreatMatch & { points: number }>();
  for (const match of matches) {
    if (match.confidence < policy.minConfidence) continue;
    const points = pointsOf(match, policy);
    const key = `${match.feed}\n${match.indicator}`;
    if (points > (counted.get(key)?.points ?? 0)) counted.set(key, { ...match, points });
  }
  const heaviest = [...counted.values()].sort(
    (a, b) => b.points - a.points || compare(a.feed, b.feed) || compare(a.indicator, b.indicator),
  );
  const raised = Math.min(100, risk + (heaviest[0]?.points ?? 0));
  return {
    risk: hundredths(raised),
    uplift: hundredths(raised - risk),
    reasons: heaviest.map(
      ({ feed, indicator, confidence, points }) =>
        `${indicator} is on threat feed ${feed} with confidence ${confidence}, worth ${points} points of risk`,
    ),
  };
};

const pointsOf = ({ feed, confidence }: ThreatMatch, { weight, feedWeights }: ThreatPolicy): number =>
  hundredths(((feedWeights[feed] ?? weight) * confidence) / 100);

const hundredths = (value: number): number => Math.round(value * 100) / 100;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
