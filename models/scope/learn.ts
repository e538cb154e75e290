import { EbbtideError } from '../../schemas/errors.ts';
import { fitCurve } from '../calibration/curve.ts';
import { areaUnderRoc } from '../evaluation/auc.ts';
import { fitLogistic } from '../feedback/logistic.ts';
import { onnxRuntime } from '../runtimes/onnx.ts';
import type { FitsPoint } from '../training/fits.ts';
import { scopeFeatures } from './features.ts';
import { fitDefaults, fitSequences, type TrainingSequence } from './fit.ts';
import { type Head, quantilesOf, ranksOf, type ScopeParts } from './head.ts';
import { judgeSequences, ScopeJudge, type Trained, warmUpWindows } from './judge.ts';
import { arraysOfWeights, weightsOfArrays } from './network.ts';

/** What one credential did, window by window, and whether it was misuse. */
export interface LabelledSequence {
  readonly subject: string;
  readonly malicious: boolean;
  /** In the order of time, as `scopeVector` makes them. */
  readonly vectors: readonly Float64Array[];
}

/** How to learn a scope model. */
export interface LearnScopeOptions {
  readonly seed: number;
  /** Features that may count. @default all */
  readonly use?: (feature: (typeof scopeFeatures.features)[number]) => boolean;
  /** Passes over the data at most. @default 25 */
  readonly epochs?: number;
  /** Go on from here. */
  readonly from?: FitsPoint;
  readonly onPoint?: (point: FitsPoint) => void;
  readonly onStep?: (step: number, steps: number, loss: number, judged: number | undefined) => void;
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

const scaleOf = (sequences: readonly LabelledSequence[], use: LearnScopeOptions['use']) => ({
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

/** What the network is to say of sequences: of each window whether it is misuse, or without labels the next window. */
const lessonsOf = (sequences: readonly Prepared[], supervised: boolean): TrainingSequence[] => {
  const weight = weightOf(sequences);
  return sequences.map((it) => {
    const steps = it.ranks.length;
    const x = Float32Array.from(it.ranks.flatMap((ranks) => [...ranks]));
    if (supervised)
      return {
        steps,
        x,
        target: new Float32Array(steps).fill(it.malicious ? 1 : 0),
        weight: Float32Array.from({ length: steps }, (_, step) => (counts(step, steps) ? weight(it) : 0)),
      };
    const { size } = scopeFeatures;
    const target = new Float32Array(steps * size);
    const each = new Float32Array(steps * size);
    for (let step = 0; step + 1 < steps; step++) {
      target.set(it.ranks[step + 1]!, step * size);
      for (let i = 0; i < size; i++) each[step * size + i] = Number.isNaN(it.vectors[step + 1]![i]!) ? 0 : 1;
    }
    return { steps, x, target, weight: each };
  });
};

/** A window of a credential, judged by parts that never saw the credential. */
type Held = Trained & { readonly malicious: boolean; readonly subject: string };

const judgeHeld = async (learned: ScopeParts, sequences: readonly LabelledSequence[]): Promise<Held[]> => {
  const judge = await ScopeJudge.create(learned, onnxRuntime);
  try {
    const judged = await judgeSequences(
      judge,
      sequences.map(({ vectors }) => vectors),
    );
    return sequences.flatMap(({ malicious, subject }, i) =>
      judged[i]!.filter((_, step) => counts(step, judged[i]!.length)).map((it) => ({ ...it, malicious, subject })),
    );
  } finally {
    await judge.close();
  }
};

/** How the linear part and the network are joined: logistic on what each said of data that it was not trained on. */
const joinOf = (held: readonly Held[], sequences: readonly LabelledSequence[]): Head['join'] => {
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

/** Area under the curve of held-out credentials, each by its last window. */
const heldAuc = (held: readonly Held[], statistic: (of: Trained) => number): number => {
  const last = new Map(held.map((it) => [it.subject, it]));
  const of = (malicious: boolean) => [...last.values()].filter((it) => it.malicious === malicious).map(statistic);
  return areaUnderRoc(of(true), of(false));
};

/** The part of each sequence: credentials of each kind are dealt out in turn. */
const deal = (sequences: readonly LabelledSequence[]): number[] => {
  const dealt = { benign: 0, malicious: 0 };
  return sequences.map(({ malicious }) => dealt[malicious ? 'malicious' : 'benign']++ % parts);
};

/** What was learned, and what joining and calibration rest on. */
export interface LearnedScope {
  readonly parts: ScopeParts;
  /** Statistics of benign windows, each by parts that were not trained on its credential. */
  readonly benign: Float64Array;
  /** Of each credential its highest statistic by parts that were not trained on it. */
  readonly heldHighest: ReadonlyMap<string, number>;
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * Learn a scope model on the backend in force. With labels of both kinds it learns to tell them apart: a logistic
 * regression on ranks and an LSTM, joined by what each says of credentials that it was not trained on. Without, it learns
 * what is usual: an LSTM that expects the next window.
 *
 * Calibration is conformal, on the same held-out windows: five parts by credential, each judged by the other four. The
 * first part also says when to stop; all networks learn for as long. The same sequences, seed and backend give the same
 * model, resumed or not.
 *
 * @throws EbbtideError DATA_MISSING with fewer than 20 benign windows, CANCELLED by the signal
 */
export const learnScope = async (
  given: readonly LabelledSequence[],
  options: LearnScopeOptions,
): Promise<LearnedScope> => {
  const { seed, signal, onPoint, onStep } = options;
  const epochs = options.epochs ?? fitDefaults.epochs;
  const sequences = given.filter(({ vectors }) => vectors.length > 0);
  const supervised = [true, false].every((kind) => sequences.some(({ malicious }) => malicious === kind));
  const learned = supervised ? sequences : sequences.filter(({ malicious }) => !malicious);
  const of = deal(learned);
  const windows = learned
    .filter(({ malicious }) => !malicious)
    .flatMap(({ vectors }) => vectors.filter((_, step) => counts(step, vectors.length)));
  if (windows.length < fewestBenign)
    throw new EbbtideError(
      'DATA_MISSING',
      `${windows.length} windows of benign credentials are too few to calibrate with; at least ${fewestBenign} are needed`,
    );
  const only = (part: number, inside: boolean): readonly LabelledSequence[] => {
    const chosen = learned.filter((_, i) => (of[i] === part) === inside);
    return chosen.length > 0 || inside ? chosen : learned;
  };
  const many = Math.max(...of) + 1;
  const done = [...(options.from?.done ?? [])];
  let current = options.from?.current;
  while (done.length <= many) {
    const index = done.length;
    const from = only(index, false);
    const scale = scaleOf(from, options.use);
    const searching = index === 0;
    const fitted = await fitSequences(lessonsOf(prepare(scale, from), supervised), {
      ...{ hidden, epochs, seed, signal, from: current },
      loss: supervised ? 'logistic' : 'square',
      decay: supervised ? 2 : 0.01,
      ...(searching ? { held: lessonsOf(prepare(scale, only(index, true)), supervised) } : {}),
      ...(searching ? {} : { untilEpoch: Math.max(1, done[0]!.epoch) }),
      onEpoch: (point) => onPoint?.({ done: [...done], current: point }),
      onStep: (step, total, loss, judged) => onStep?.(index * total + step, (many + 1) * total, loss, judged),
    });
    current = undefined;
    done.push({ epoch: fitted.epoch, loss: fitted.loss, weights: arraysOfWeights(fitted.weights) });
    onPoint?.({ done: [...done] });
  }
  const made = (index: number, join: Head['join'], curve: Head['curve']): ScopeParts => {
    const from = only(index, false);
    const scale = scaleOf(from, options.use);
    const linear = supervised ? [...fitLinear(scale, from)] : new Array<number>(scopeFeatures.size + 1).fill(0);
    return { head: { supervised, ...scale, linear, join, curve }, network: weightsOfArrays(done[index]!.weights) };
  };
  const noCurve: Head['curve'] = { samples: 1, statistics: [0, 1], surprises: [0, 1], tailScale: 1 };
  const held: Held[] = [];
  for (let part = 0; part < many; part++)
    held.push(...(await judgeHeld(made(part, [0, 1, 1], noCurve), only(part, true))));
  const join: Head['join'] = supervised ? joinOf(held, learned) : [0, 0, 1];
  const statistic = ({ linear, network }: Pick<Trained, 'linear' | 'network'>) =>
    join[0] + join[1] * linear + join[2] * network;
  const heldHighest = new Map<string, number>();
  for (const it of held)
    heldHighest.set(it.subject, Math.max(heldHighest.get(it.subject) ?? Number.NEGATIVE_INFINITY, statistic(it)));
  const benign = Float64Array.from(held.filter(({ malicious }) => !malicious).map(statistic));
  return {
    parts: made(many, join, fitCurve(benign.slice())),
    benign,
    heldHighest,
    metrics: {
      credentials: learned.length,
      maliciousCredentials: learned.filter(({ malicious }) => malicious).length,
      benignWindows: benign.length,
      epochs: done[0]!.epoch,
      heldLoss: done[0]!.loss,
      byLinear: join[1],
      byNetwork: join[2],
      ...(supervised ? { heldAuc: heldAuc(held, statistic) } : {}),
    },
  };
};

/** The linear part learned again from other sequences, all else as it is. */
export const withLinear = ({ head, network }: ScopeParts, sequences: readonly LabelledSequence[]): ScopeParts => ({
  head: head.supervised ? { ...head, linear: [...fitLinear(head, sequences)] } : head,
  network,
});
