import { createRandom } from '../../training/random.ts';

/** A logistic regression on which tenth of the background each feature falls into. Plain numbers, to be kept. */
export interface QuantileLogistic {
  readonly features: number;
  /** features × (bins − 1): the bounds between bins, ascending. */
  readonly bounds: readonly number[];
  /** features × bins */
  readonly weights: readonly number[];
  readonly bias: number;
}

const bins = 10;

/** Bounds that cut each feature of the rows into bins of equal number. @param rows rows × features */
export const quantileBounds = (rows: Float64Array, features: number): number[] => {
  const count = rows.length / features;
  return Array.from({ length: features }, (_, feature) => {
    const column = Float64Array.from({ length: count }, (_, row) => rows[row * features + feature]!).sort();
    return Array.from({ length: bins - 1 }, (_, i) => column[Math.floor(((i + 1) * count) / bins)]!);
  }).flat();
};

const binOf = (value: number, feature: number, bounds: readonly number[]): number => {
  const first = feature * (bins - 1);
  let bin = 0;
  while (bin < bins - 1 && value >= bounds[first + bin]!) bin++;
  return bin;
};

/** Log odds that a sample is of an impostor. */
export const quantileLogit = (
  { features, bounds, weights, bias }: QuantileLogistic,
  sample: ArrayLike<number>,
): number => {
  let logit = bias;
  for (let i = 0; i < features; i++) logit += weights[i * bins + binOf(sample[i]!, i, bounds)]!;
  return logit;
};

/** How the regression is fitted. */
export interface QuantileLogisticOptions {
  /** @default 1 */
  readonly seed?: number;
  /** Passes over the samples. @default 5 */
  readonly epochs?: number;
  /** Penalty on the squares of weights, a sample. @default 1e-4 */
  readonly penalty?: number;
}

const rate = 0.02;

/**
 * Fit the regression, both classes weighing the same, by gradient steps whose size adapts to each weight (AdaGrad).
 *
 * @param own rows × features of the person
 * @param others rows × features of other people; bounds are those of both together
 */
export const fitQuantileLogistic = (
  own: Float64Array,
  others: Float64Array,
  features: number,
  { seed = 1, epochs = 5, penalty = 1e-4 }: QuantileLogisticOptions = {},
): QuantileLogistic => {
  const all = new Float64Array(own.length + others.length);
  all.set(own);
  all.set(others, own.length);
  const bounds = quantileBounds(all, features);
  const count = all.length / features;
  const owned = own.length / features;
  const places = new Uint16Array(count * features);
  for (let row = 0; row < count; row++)
    for (let i = 0; i < features; i++)
      places[row * features + i] = i * bins + binOf(all[row * features + i]!, i, bounds);
  const weights = new Float64Array(features * bins);
  const squares = new Float64Array(features * bins).fill(1e-8);
  let bias = 0;
  let biasSquares = 1e-8;
  const weightOf = [count / (2 * owned), count / (2 * (count - owned))] as const;
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  const random = createRandom(seed);
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let i = count - 1; i > 0; i--) {
      const j = random.integer(0, i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    for (const row of order) {
      const impostor = row >= owned ? 1 : 0;
      let logit = bias;
      for (let i = row * features; i < (row + 1) * features; i++) logit += weights[places[i]!]!;
      const pull = weightOf[impostor]! * (1 / (1 + Math.exp(-logit)) - impostor);
      for (let i = row * features; i < (row + 1) * features; i++) {
        const place = places[i]!;
        const gradient = pull + penalty * weights[place]!;
        squares[place]! += gradient * gradient;
        weights[place]! -= (rate * 5 * gradient) / Math.sqrt(squares[place]!);
      }
      biasSquares += pull * pull;
      bias -= (rate * 5 * pull) / Math.sqrt(biasSquares);
    }
  }
  return { features, bounds, weights: [...weights], bias };
};
