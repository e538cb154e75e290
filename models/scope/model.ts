import type { Runtime } from '../runtimes/runtime.ts';
import { weighSigns } from './evidence.ts';
import { scopeFeatures, scopeVector } from './features.ts';
import type { ScopeParts } from './head.ts';
import { ScopeJudge, warmUpWindows } from './judge.ts';
import type { Profile } from './profile.ts';

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
  /** State of the network after the window, for {@link Profile.carry}. */
  readonly carried: Float32Array;
}

/** A credential at a moment. */
export interface Moment {
  /** Is only read. */
  readonly profile: Profile;
  /** Event time, epoch milliseconds. */
  readonly time: number;
}

/** Says how risky credentials are. */
export interface ScopeModel {
  readonly version: string;
  /**
   * Assess credentials, each for itself: how many are asked of together changes nothing.
   *
   * @returns one assessment each
   */
  assess(moments: readonly Moment[]): readonly RiskAssessment[] | Promise<readonly RiskAssessment[]>;
  close(): Promise<void>;
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

/** What {@link defaultScopeModel} says of one credential. */
export const assessBySigns = ({ profile, time }: Moment): RiskAssessment => {
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
};

/** The model that needs no data: signs of misuse, weighed by judgement. Its risk is a probability by its own weights. */
export const defaultScopeModel: ScopeModel = {
  version: 'default-1',
  assess: (moments) => moments.map(assessBySigns),
  close: async () => undefined,
};

/** Risk of a window by the signs that need no training, 0 to 100. */
export const riskOfSigns = (vector: Float64Array): number => round2(100 * sigmoid(weighSigns(vector).logit));

/** Risk by what training taught; none before the network has seen enough. */
const learnedRisk = (surprise: number, windows: number): number =>
  windows >= warmUpWindows ? riskOfSurprise(surprise) : 0;

/**
 * Risk of a window by a trained model: the greater of what training taught and of the signs.
 *
 * @param surprise - −log10 of the window's p-value
 * @param windows - windows of the credential before it
 */
export const riskOf = (surprise: number, vector: Float64Array, windows: number): number =>
  Math.max(round2(learnedRisk(surprise, windows)), riskOfSigns(vector));

/**
 * A trained model. Its risk is the greater of what training taught, on the scale of {@link riskOfSurprise}, and of the
 * signs of misuse that need no training: what data never showed must not be invisible.
 *
 * @param runtime - executes the network
 */
export const trainedScopeModel = async (version: string, parts: ScopeParts, runtime: Runtime): Promise<ScopeModel> => {
  const judge = await ScopeJudge.create(parts, runtime);
  return {
    version,
    async assess(moments) {
      const vectors = moments.map(({ profile, time }) => scopeVector(profile, time));
      const judged = await judge.judge(
        vectors,
        moments.map(({ profile }) => profile.carriedOf(version)),
      );
      return judged.map((trained, i) => {
        const vector = vectors[i]!;
        const { surprise } = trained;
        const { windows } = moments[i]!.profile;
        const signs = weighSigns(vector);
        const byTraining = learnedRisk(surprise, windows) >= 100 * sigmoid(signs.logit);
        return {
          risk: riskOf(surprise, vector, windows),
          pValue: round6(10 ** -surprise),
          statistic: round6(trained.statistic),
          parts: explain(byTraining ? trained.parts : signs.parts, vector),
          carried: trained.carried,
        };
      });
    },
    close: () => judge.close(),
  };
};
