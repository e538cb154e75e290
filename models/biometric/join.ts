import { sigmoid } from './risk.ts';

/** What one verifier says of a session. */
export interface Opinion {
  /** Such as `keystroke.statistical`. */
  readonly verifier: string;
  /** Log odds that it is an impostor's; what is no number counts as missing. */
  readonly logOdds: number;
}

/** What all verifiers say together. */
export interface JointOpinion {
  /** From 0 to 1. */
  readonly risk: number;
  /** The verifiers that counted, and the share of each; they sum to one. */
  readonly shares: Readonly<Record<string, number>>;
  /** What each of them added to the log odds of the risk: its share of its own, held within ± 6. */
  readonly parts: Readonly<Record<string, number>>;
  /** Verifiers that have a weight and said nothing. */
  readonly missing: readonly string[];
}

/** One verifier alone is never surer than this, so that no other can be drowned: odds of 400 to 1. */
const surest = 6;

/**
 * Join opinions: the mean of their log odds, weighted. Those that are missing take no part, and the weights of the others
 * grow to fill their place.
 *
 * @param weights by verifier; one that is not named, or weighs 0, is not heard
 * @returns undefined when nobody who is heard said anything: the caller must take that for the highest risk
 *
 * @example
 * joinOpinions([{ verifier: 'keystroke.statistical', logOdds: -3 }], { 'keystroke.statistical': 1, mouse: 0.5 });
 * // { risk: 0.047, shares: { 'keystroke.statistical': 1 }, parts: { 'keystroke.statistical': -3 }, missing: ['mouse'] }
 */
export const joinOpinions = (
  opinions: readonly Opinion[],
  weights: Readonly<Record<string, number>>,
): JointOpinion | undefined => {
  const heard = opinions.filter(({ verifier, logOdds }) => (weights[verifier] ?? 0) > 0 && !Number.isNaN(logOdds));
  const total = heard.reduce((sum, { verifier }) => sum + weights[verifier]!, 0);
  if (heard.length === 0) return undefined;
  const shares: Record<string, number> = {};
  const parts: Record<string, number> = {};
  let logOdds = 0;
  for (const opinion of heard) {
    const share = weights[opinion.verifier]! / total;
    shares[opinion.verifier] = (shares[opinion.verifier] ?? 0) + share;
    const part = share * Math.min(surest, Math.max(-surest, opinion.logOdds));
    parts[opinion.verifier] = (parts[opinion.verifier] ?? 0) + part;
    logOdds += part;
  }
  const missing = Object.keys(weights).filter((verifier) => weights[verifier]! > 0 && !(verifier in shares));
  return { risk: sigmoid(logOdds), shares, parts, missing };
};
