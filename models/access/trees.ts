import { EbbtideError } from '../../schemas/errors.ts';
import { createRandom } from '../training/random.ts';
import { breathe } from './chunks.ts';
import { Grower } from './treeGrower.ts';

/** How trees are boosted. */
export interface BoostingOptions {
  /** Trees at most. */
  readonly trees: number;
  /** Share of each tree's answer that is added. */
  readonly learningRate: number;
  readonly leaves: number;
  /** Rows that a leaf has at least. */
  readonly leafRows: number;
  /** Ridge on the answers of leaves. */
  readonly ridge: number;
  /** Share of rows, and of features, that a tree sees. */
  readonly rowShare: number;
  readonly featureShare: number;
  readonly seed: number;
  /** Rounds without a better loss on held-back rows before it stops. */
  readonly patience?: number;
}

/** One tree, its nodes side by side; a leaf has feature −1. */
export interface Tree {
  readonly feature: readonly number[];
  /** Rows with a value at most this go left. */
  readonly threshold: readonly number[];
  readonly left: readonly number[];
  readonly right: readonly number[];
  /** Logit that a leaf adds. */
  readonly value: readonly number[];
}

/** Boosted trees for one probability. */
export interface Trees {
  readonly features: number;
  /** Logit without any tree. */
  readonly base: number;
  readonly trees: readonly Tree[];
}

/** Rows with outcomes 0 or 1. */
export interface TreeRows {
  /** rows × features */
  readonly x: Float32Array;
  readonly y: Uint8Array;
  readonly features: number;
  /** How much each row counts. @default 1 each */
  readonly weights?: Float32Array;
}

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

const leafValue = (tree: Tree, x: Float32Array, offset: number): number => {
  let node = 0;
  while (tree.feature[node]! >= 0)
    node = x[offset + tree.feature[node]!]! <= tree.threshold[node]! ? tree.left[node]! : tree.right[node]!;
  return tree.value[node]!;
};

/**
 * The logit that trees give one row.
 *
 * @param x holds the row's features from `offset` on
 */
export const treesLogit = ({ base, trees }: Trees, x: Float32Array, offset = 0): number => {
  let sum = base;
  for (const tree of trees) sum += leafValue(tree, x, offset);
  return sum;
};

/** The mean of several forests as one. */
export const averaged = (forests: readonly Trees[]): Trees => ({
  features: forests[0]!.features,
  base: forests.reduce((sum, { base }) => sum + base, 0) / forests.length,
  trees: forests.flatMap(({ trees }) =>
    trees.map((tree) => ({ ...tree, value: tree.value.map((value) => value / forests.length) })),
  ),
});

const lossOf = (z: number, y: number): number => Math.max(z, 0) - z * y + Math.log1p(Math.exp(-Math.abs(z)));

/**
 * Gradient boosting of regression trees for a yes or no, by histograms and leaf by leaf (Friedman 2001; Ke et al. 2017,
 * LightGBM). The same rows, options and seed give the same trees. Others get their turn on the event loop after each tree.
 *
 * @param train rows to learn from
 * @param held rows by whose loss it stops; with none it grows all trees
 * @param onRound called after each tree with the mean loss on held-back rows, NaN without any; what it throws ends it
 * @throws EbbtideError DATA_MISSING without rows of both outcomes
 */
export const boost = async (
  train: TreeRows,
  options: BoostingOptions,
  held?: TreeRows,
  onRound: (trees: number, heldLoss: number) => void = () => undefined,
): Promise<Trees> => {
  const { x, y, features, weights } = train;
  const rows = y.length;
  let [positive, total] = [0, 0];
  for (let row = 0; row < rows; row++) {
    positive += (weights?.[row] ?? 1) * y[row]!;
    total += weights?.[row] ?? 1;
  }
  if (!(positive > 0 && positive < total))
    throw new EbbtideError('DATA_MISSING', `Trees need rows with both outcomes; of ${rows} rows all have the same`);
  const base = Math.log(positive / (total - positive));
  const random = createRandom(options.seed);
  const grower = new Grower(train, rows, options);
  const logits = new Float64Array(rows).fill(base);
  const heldLogits = new Float64Array(held?.y.length ?? 0).fill(base);
  const trees: Tree[] = [];
  let best = { loss: Number.POSITIVE_INFINITY, trees: 0 };
  while (trees.length < options.trees) {
    await breathe();
    for (let row = 0; row < rows; row++) {
      const p = sigmoid(logits[row]!);
      const weight = weights?.[row] ?? 1;
      grower.gradients[row] = weight * (p - y[row]!);
      grower.hessians[row] = weight * p * (1 - p);
    }
    const tree = grower.grow(random);
    trees.push(tree);
    for (let row = 0; row < rows; row++) logits[row]! += leafValue(tree, x, row * features);
    if (!held) {
      onRound(trees.length, Number.NaN);
      continue;
    }
    let loss = 0;
    for (let row = 0; row < heldLogits.length; row++) {
      heldLogits[row]! += leafValue(tree, held.x, row * features);
      loss += lossOf(heldLogits[row]!, held.y[row]!);
    }
    loss /= heldLogits.length;
    onRound(trees.length, loss);
    if (loss < best.loss) best = { loss, trees: trees.length };
    if (trees.length - best.trees >= (options.patience ?? 30)) break;
  }
  return { features, base, trees: held ? trees.slice(0, best.trees) : trees };
};
