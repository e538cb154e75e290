import { readyCurve, surpriseAt } from '../calibration/curve.ts';
import { weighSigns } from './evidence.ts';
import { scopeFeatures, scopeVector } from './features.ts';
import { type Head, linearOf, ranksOf, unpackNetwork } from './head.ts';
import type { Profile } from './profile.ts';
import { stepSequence } from './sequence.ts';

/** A feature's part in a risk. */
export interface RiskPart {
  readonly feature: string;
  /** Share of all that raises the risk, 0 to 1. */
  readonly weight: number;
  readonly direction: 'above' | 'below' | '';
  readonly expected: null;
  /** As `scopeVector` made it; null where it is missing. */
  readonly observed: number | null;
  readonly unit: string;
}

/** What a credential's behaviour comes to at a moment. */
export interface RiskAssessment {
  /** 0 to 100, two decimals. */
  readonly risk: number;
  /** Share of benign windows that are at least as strange; of the default model, 1 less the probability of misuse. */
  readonly pValue: number;
  /** What to rank by. */
  readonly statistic: number;
  readonly parts: readonly RiskPart[];
  /** State of the network after the window, for {@link Profile.carried}. */
  readonly carried: Float32Array;
}

/** Says how risky a credential is. */
export interface ScopeModel {
  readonly version: string;
  /** @param time - epoch milliseconds of event time; the profile is only read */
  assess(profile: Profile, time: number): RiskAssessment;
}

/**
 * Risk of the decades of a p-value: the ranges of the default policy are then promises about benign windows, of which
 * one in a hundred comes above 30, one in a thousand above 60 and one in ten thousand above 80.
 */
const scale: readonly (readonly [decades: number, risk: number])[] = [
  [0, 0],
  [2, 30],
  [3, 60],
  [4, 80],
  [6, 100],
];

/** Risk 0 to 100 of −log10 p. */
export const riskOfSurprise = (decades: number): number => {
  for (let i = 1; i < scale.length; i++) {
    const [from, low] = scale[i - 1]!;
    const [to, high] = scale[i]!;
    if (decades <= to) return low + ((high - low) * (decades - from)) / (to - from);
  }
  return 100;
};

/** Windows of a credential before trained parts judge it: of fewer, calls are too few to say how it moves. */
export const warmUpWindows = 2;
const mostParts = 4;
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
const round2 = (value: number): number => Math.round(value * 100) / 100;
const round6 = (value: number): number => Math.round(value * 1e6) / 1e6;

const explain = (parts: Float64Array, vector: Float64Array): RiskPart[] => {
  const total = parts.reduce((sum, part) => sum + Math.max(0, part), 0);
  return [...parts.keys()]
    .filter((i) => parts[i]! > 0.05)
    .sort((a, b) => parts[b]! - parts[a]! || a - b)
    .slice(0, mostParts)
    .map((i) => ({
      feature: scopeFeatures.features[i]!.name,
      weight: round6(parts[i]! / total),
      direction: '',
      expected: null,
      observed: Number.isNaN(vector[i]!) ? null : Number(vector[i]!.toPrecision(4)),
      unit: scopeFeatures.features[i]!.unit,
    }));
};

const none = new Float32Array(0);

/** The model that needs no data: signs of misuse, weighed by judgement. Its risk is a probability by its own weights. */
export const defaultScopeModel: ScopeModel = {
  version: 'default-1',
  assess(profile, time) {
    const vector = scopeVector(profile, time);
    const { logit, parts } = weighSigns(vector);
    const probability = sigmoid(logit);
    return {
      risk: round2(100 * probability),
      pValue: round6(1 - probability),
      statistic: round6(logit),
      parts: explain(parts, vector),
      carried: none,
    };
  },
};

/** What the trained parts say of a vector. */
export interface Trained {
  readonly statistic: number;
  readonly linear: number;
  readonly network: number;
  /** What each feature adds to the statistic. */
  readonly parts: Float64Array;
  readonly carried: Float32Array;
}

/**
 * Statistic of a vector by a trained head.
 *
 * With labels: log-odds of the linear part and of the network, joined. Without: how far the window lies from what the
 * network expected after the ones before, as the logarithm of the mean squared distance in ranks.
 */
export const statisticOf = (head: Head, network: ReturnType<typeof unpackNetwork>) => {
  const state = 2 * network.hidden;
  return (vector: Float64Array, carried: Float32Array): Trained => {
    const ranks = ranksOf(head, vector);
    const parts = new Float64Array(scopeFeatures.size);
    const known = carried.length >= state ? carried.subarray(0, state) : none;
    const { outputs, state: next } = stepSequence(network, ranks, known);
    if (head.supervised) {
      const linear = linearOf(head.linear, ranks);
      const [constant, byLinear, byNetwork] = head.join;
      for (let i = 0; i < parts.length; i++) parts[i] = byLinear * head.linear[i + 1]! * ranks[i]!;
      const statistic = constant + byLinear * linear + byNetwork * outputs[0]!;
      return { statistic, linear, network: outputs[0]!, parts, carried: next };
    }
    // What is expected of the next window travels with the state.
    const expected = carried.length > state ? carried.subarray(state) : new Float32Array(ranks.length);
    let sum = 0;
    let counted = 0;
    for (let i = 0; i < ranks.length; i++) {
      if (!head.used[i] || Number.isNaN(vector[i]!)) continue;
      parts[i] = (ranks[i]! - expected[i]!) ** 2;
      sum += parts[i]!;
      counted++;
    }
    const both = new Float32Array(state + outputs.length);
    both.set(next);
    both.set(outputs, state);
    const statistic = Math.log(Math.max(sum / Math.max(counted, 1), 1e-6));
    return { statistic, linear: 0, network: statistic, parts, carried: both };
  };
};

/**
 * A trained model. Its risk is the greater of what training taught, on the scale of {@link riskOfSurprise}, and of the
 * signs of misuse that need no training: what data never showed must not be invisible.
 */
export const trainedScopeModel = (head: Head): ScopeModel => {
  const curve = readyCurve(head.curve);
  const judge = statisticOf(head, unpackNetwork(head.network));
  return {
    version: head.version,
    assess(profile, time) {
      const vector = scopeVector(profile, time);
      const carried = profile.modelVersion === head.version ? profile.carried : none;
      const trained = judge(vector, carried);
      const surprise = surpriseAt(curve, trained.statistic);
      const learned = profile.windows >= warmUpWindows ? riskOfSurprise(surprise) : 0;
      const signs = weighSigns(vector);
      const known = 100 * sigmoid(signs.logit);
      return {
        risk: round2(Math.max(learned, known)),
        pValue: round6(10 ** -surprise),
        statistic: round6(trained.statistic),
        parts: explain(learned >= known ? trained.parts : signs.parts, vector),
        carried: trained.carried,
      };
    },
  };
};
