import { EbbtideError } from '../../schemas/errors.ts';
import { fitCurve } from '../calibration/curve.ts';
import { fitLogistic } from '../feedback/logistic.ts';
import { scopeFeatures } from './features.ts';
import { type Head, packNetwork, quantilesOf, ranksOf, unpackNetwork } from './head.ts';
import { statisticOf, warmUpWindows } from './model.ts';
import { type SequenceWeights, type TrainingSequence, trainSequence } from './sequence.ts';

/** What one credential did, window by window, and whether it was misuse. */
export interface LabelledSequence {
  readonly subject: string;
  readonly malicious: boolean;
  /** In the order of time, as `scopeVector` makes them. */
  readonly vectors: readonly Float64Array[];
}

/** How to train a scope model. */
export interface TrainScopeOptions {
  readonly version: string;
  readonly seed: number;
  /** Features that may count. @default all */
  readonly use?: (feature: (typeof scopeFeatures.features)[number]) => boolean;
  /** Passes over the data. @default 25 */
  readonly epochs?: number;
  readonly lineage?: Head['lineage'];
  readonly onProgress?: (done: number, total: number, loss: number) => void;
  readonly signal?: AbortSignal;
}

const hidden = 8;
/** Parts of the data of which each is judged by what was trained on the others, for joining and calibration. */
const parts = 5;
const linearPenalty = 3;
const fewestBenign = 20;

const prepare = (head: Pick<Head, 'quantiles' | 'used'>, sequences: readonly LabelledSequence[]) =>
  sequences.map((it) => ({ ...it, ranks: it.vectors.map((vector) => ranksOf(head, vector)) }));

type Prepared = ReturnType<typeof prepare>[number];

/** Both classes weigh the same, and so does every credential of one. */
const weightOf = (sequences: readonly Pick<LabelledSequence, 'malicious' | 'vectors'>[]) => {
  const bad = sequences.filter(({ malicious }) => malicious).length;
  const of = (malicious: boolean) => sequences.length / 2 / Math.max(1, malicious ? bad : sequences.length - bad);
  const [good, evil] = [of(false), of(true)];
  return ({ malicious, vectors }: Pick<LabelledSequence, 'malicious' | 'vectors'>) =>
    (malicious ? evil : good) / Math.max(1, vectors.length - warmUpWindows);
};

const counts = (step: number, steps: number): boolean => step >= Math.min(warmUpWindows, steps - 1);

const scaleOf = (sequences: readonly LabelledSequence[], use: TrainScopeOptions['use']) => ({
  quantiles: scopeFeatures.features.map((_, i) =>
    quantilesOf(sequences.flatMap(({ vectors }) => vectors.map((vector) => vector[i]!))),
  ),
  used: scopeFeatures.features.map((feature) => use?.(feature) ?? true),
});

/** The linear part: a logistic regression on ranks, drawn to zero, both classes weighing the same. */
export const fitLinear = (
  head: Pick<Head, 'quantiles' | 'used'>,
  sequences: readonly LabelledSequence[],
): Float64Array => {
  const weight = weightOf(sequences);
  const varies = [...head.used.keys()].filter((i) => head.used[i] && new Set(head.quantiles[i]).size > 1);
  const observations = prepare(head, sequences).flatMap((sequence) =>
    sequence.ranks
      .filter((_, step) => counts(step, sequence.ranks.length))
      .map((ranks) => ({
        x: Float64Array.of(1, ...varies.map((i) => ranks[i]!)),
        offset: 0,
        y: sequence.malicious ? (1 as const) : (0 as const),
        weight: weight(sequence),
      })),
  );
  const fitted = fitLogistic(observations, new Float64Array(varies.length + 1).fill(linearPenalty).fill(1e-3, 0, 1));
  const weights = new Float64Array(scopeFeatures.size + 1);
  weights[0] = fitted[0]!;
  varies.forEach((feature, i) => {
    weights[feature + 1] = fitted[i + 1]!;
  });
  return weights;
};

const trainNetwork = (
  sequences: readonly Prepared[],
  supervised: boolean,
  options: TrainScopeOptions,
): SequenceWeights => {
  const weight = weightOf(sequences);
  const learned = sequences.map((it): TrainingSequence => {
    const steps = it.ranks.length;
    const x = Float32Array.from(it.ranks.flatMap((ranks) => [...ranks]));
    if (supervised)
      return {
        steps,
        x,
        target: new Float32Array(steps).fill(it.malicious ? 1 : 0),
        weight: Float32Array.from({ length: steps }, (_, step) => (counts(step, steps) ? weight(it) : 0)),
      };
    const size = scopeFeatures.size;
    const target = new Float32Array(steps * size);
    const each = new Float32Array(steps * size);
    for (let step = 0; step + 1 < steps; step++) {
      target.set(it.ranks[step + 1]!, step * size);
      for (let i = 0; i < size; i++) each[step * size + i] = Number.isNaN(it.vectors[step + 1]![i]!) ? 0 : 1;
    }
    return { steps, x, target, weight: each };
  });
  return trainSequence(learned, {
    hidden,
    loss: supervised ? 'logistic' : 'square',
    epochs: options.epochs ?? 25,
    seed: options.seed,
    rate: 0.01,
    decay: supervised ? 2 : 0.01,
    ...(options.signal ? { signal: options.signal } : {}),
  });
};

/** Statistics of sequences by a head that never saw them. */
const judgeAll = (head: Head, sequences: readonly LabelledSequence[]) => {
  const judge = statisticOf(head, unpackNetwork(head.network));
  return sequences.flatMap(({ malicious, vectors, subject }) => {
    let carried: Float32Array = new Float32Array(0);
    return vectors.flatMap((vector, step) => {
      const found = judge(vector, carried);
      carried = found.carried;
      return counts(step, vectors.length) ? [{ ...found, malicious, subject, step, steps: vectors.length }] : [];
    });
  });
};

/** How the linear part and the network are joined: logistic on what each said of data that it was not trained on. */
const joinOf = (held: ReturnType<typeof judgeAll>, sequences: readonly LabelledSequence[]): Head['join'] => {
  const weight = weightOf(sequences);
  const bySubject = new Map(sequences.map((it) => [it.subject, weight(it)]));
  const observations = held.map(({ linear, network, malicious, subject }) => ({
    x: Float64Array.of(1, linear, network),
    offset: 0,
    y: malicious ? (1 as const) : (0 as const),
    weight: bySubject.get(subject)!,
  }));
  const [constant, byLinear, byNetwork] = fitLogistic(observations, Float64Array.of(1e-3, 0.1, 0.1));
  // A part that is worse than none is left out, not turned round.
  return [constant!, Math.max(0, byLinear!), Math.max(0, byNetwork!)];
};

/** A trained head, and what joining and calibration rest on. */
export interface TrainedScope {
  readonly head: Head;
  /** Statistics of benign windows, each by a model that was not trained on its credential. */
  readonly benign: Float64Array;
}

/**
 * Train a scope model. With labels of both kinds it learns to tell them apart: a logistic regression on ranks and an
 * LSTM, joined by what each says of credentials that it was not trained on. Without, it learns what is usual: an LSTM
 * that expects the next window.
 *
 * Calibration is conformal, on the same held-out windows: five parts by credential, each judged by the other four.
 *
 * @throws {EbbtideError} `DATA_MISSING` with fewer than 20 benign windows, or where the training was cancelled
 */
export const trainScope = (given: readonly LabelledSequence[], options: TrainScopeOptions): TrainedScope => {
  const sequences = given.filter(({ vectors }) => vectors.length > 0);
  const supervised = [true, false].every((kind) => sequences.some(({ malicious }) => malicious === kind));
  const learned = supervised ? sequences : sequences.filter(({ malicious }) => !malicious);
  const train = (from: readonly LabelledSequence[], join: Head['join'], curve: Head['curve']): Head => {
    const scale = scaleOf(from, options.use);
    return {
      version: options.version,
      features: { name: scopeFeatures.name, hash: scopeFeatures.hash },
      supervised,
      ...scale,
      linear: supervised ? [...fitLinear(scale, from)] : new Array(scopeFeatures.size + 1).fill(0),
      network: packNetwork(trainNetwork(prepare(scale, from), supervised, options)),
      join,
      curve,
      lineage: { ...options.lineage },
      metrics: {},
    };
  };
  const noCurve: Head['curve'] = { samples: 1, statistics: [0, 1], surprises: [0, 1], tailScale: 1 };
  const of = learned.map((_, i) => i % parts);
  const held: ReturnType<typeof judgeAll> = [];
  for (let part = 0; part < Math.min(parts, learned.length); part++) {
    if (options.signal?.aborted) throw new EbbtideError('CANCELLED', 'Training was cancelled');
    const others = learned.filter((_, i) => of[i] !== part);
    held.push(
      ...judgeAll(
        train(others.length > 0 ? others : learned, [0, 1, 1], noCurve),
        learned.filter((_, i) => of[i] === part),
      ),
    );
    options.onProgress?.(part + 1, parts + 1, Number.NaN);
  }
  const join: Head['join'] = supervised ? joinOf(held, learned) : [0, 0, 1];
  const statistic = ({ linear, network }: { linear: number; network: number }) =>
    join[0] + join[1] * linear + join[2] * network;
  const benign = Float64Array.from(held.filter(({ malicious }) => !malicious).map(statistic));
  if (benign.length < fewestBenign)
    throw new EbbtideError(
      'DATA_MISSING',
      `${benign.length} windows of benign credentials are too few to calibrate with; at least ${fewestBenign} are needed`,
    );
  const head = train(learned, join, fitCurve(benign.slice()));
  options.onProgress?.(parts + 1, parts + 1, Number.NaN);
  return { head, benign };
};

/** The linear part of a head trained again on other sequences, all else as it is. */
export const withLinear = (head: Head, sequences: readonly LabelledSequence[]): Head =>
  head.supervised ? { ...head, linear: [...fitLinear(head, sequences)] } : head;

/** Statistic of a sequence's last window by a head, and its parts. */
export const lastStatistic = (
  head: Head,
  vectors: readonly Float64Array[],
): { statistic: number; linear: number; network: number } => {
  const judge = statisticOf(head, unpackNetwork(head.network));
  let carried: Float32Array = new Float32Array(0);
  let found = { statistic: 0, linear: 0, network: 0, carried };
  for (const vector of vectors) {
    found = judge(vector, carried);
    carried = found.carried;
  }
  return { statistic: found.statistic, linear: found.linear, network: found.network };
};
