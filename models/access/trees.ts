import { EbbtideError } from '../../schemas/errors.ts';
import { createRandom, type Random } from '../training/random.ts';

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

const binCount = 64;

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/** Upper edges of the bins of each feature, at its quantiles. */
const edgesOf = ({ x, features }: TreeRows, rows: number): Float32Array[] =>
  Array.from({ length: features }, (_, feature) => {
    const stride = Math.max(1, Math.floor(rows / 20_000));
    const values = new Float32Array(Math.ceil(rows / stride));
    for (let i = 0; i < values.length; i++) values[i] = x[i * stride * features + feature]!;
    values.sort();
    const edges = new Set<number>();
    for (let bin = 1; bin < binCount; bin++) edges.add(values[Math.floor((bin / binCount) * values.length)]!);
    edges.delete(values.at(-1)!);
    return Float32Array.from(edges);
  });

const binOf = (edges: Float32Array, value: number): number => {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= edges[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
};

interface Leaf {
  readonly node: number;
  readonly from: number;
  readonly to: number;
  /** features × bins × (gradient, Hessian, rows) */
  readonly histogram: Float64Array;
  gain: number;
  feature: number;
  bin: number;
}

/** Grows one tree after another on the same binned rows. */
class Grower {
  readonly #bins: Uint8Array[];
  readonly #edges: Float32Array[];
  readonly #options: BoostingOptions;
  readonly gradients: Float64Array;
  readonly hessians: Float64Array;

  constructor(data: TreeRows, rows: number, options: BoostingOptions) {
    this.#options = options;
    this.#edges = edgesOf(data, rows);
    this.#bins = this.#edges.map((edges, feature) => {
      const column = new Uint8Array(rows);
      for (let row = 0; row < rows; row++) column[row] = binOf(edges, data.x[row * data.features + feature]!);
      return column;
    });
    this.gradients = new Float64Array(rows);
    this.hessians = new Float64Array(rows);
  }

  #histogram(order: Int32Array, from: number, to: number, features: readonly number[]): Float64Array {
    const result = new Float64Array(features.length * binCount * 3);
    features.forEach((feature, i) => {
      const column = this.#bins[feature]!;
      const base = i * binCount * 3;
      for (let at = from; at < to; at++) {
        const row = order[at]!;
        const cell = base + column[row]! * 3;
        result[cell]! += this.gradients[row]!;
        result[cell + 1]! += this.hessians[row]!;
        result[cell + 2]!++;
      }
    });
    return result;
  }

  /** Best split of a leaf: where the loss falls most. */
  #split(leaf: Leaf, features: readonly number[]): void {
    const { ridge, leafRows } = this.#options;
    const { histogram } = leaf;
    let [g, h, n] = [0, 0, 0];
    for (let cell = 0; cell < binCount * 3; cell += 3) {
      g += histogram[cell]!;
      h += histogram[cell + 1]!;
      n += histogram[cell + 2]!;
    }
    const whole = (g * g) / (h + ridge);
    leaf.gain = 0;
    features.forEach((feature, i) => {
      let [gl, hl, nl] = [0, 0, 0];
      for (let bin = 0; bin < this.#edges[feature]!.length; bin++) {
        const cell = (i * binCount + bin) * 3;
        gl += histogram[cell]!;
        hl += histogram[cell + 1]!;
        nl += histogram[cell + 2]!;
        if (nl < leafRows || n - nl < leafRows) continue;
        const gain = (gl * gl) / (hl + ridge) + (g - gl) ** 2 / (h - hl + ridge) - whole;
        if (gain > leaf.gain + 1e-9) Object.assign(leaf, { gain, feature, bin });
      }
    });
  }

  grow(random: Random): Tree {
    const { leaves, ridge, learningRate, rowShare, featureShare } = this.#options;
    const features = this.#bins.map((_, feature) => feature).filter(() => random.next() < featureShare);
    if (features.length === 0) features.push(random.integer(0, this.#bins.length));
    const rows = this.gradients.length;
    const order = new Int32Array(rows);
    let taken = 0;
    for (let row = 0; row < rows; row++) if (random.next() < rowShare) order[taken++] = row;
    const scratch = new Int32Array(taken);
    const tree = { feature: [-1], threshold: [0], left: [0], right: [0], value: [0] };
    const make = (node: number, from: number, to: number, histogram: Float64Array): Leaf => {
      const leaf: Leaf = { node, from, to, histogram, gain: 0, feature: -1, bin: 0 };
      this.#split(leaf, features);
      return leaf;
    };
    const open = [make(0, 0, taken, this.#histogram(order, 0, taken, features))];
    while (open.length < leaves) {
      const best = open.reduce((a, b) => (b.gain > a.gain ? b : a));
      if (best.gain <= 0) break;
      const column = this.#bins[best.feature]!;
      let [left, right] = [best.from, 0];
      for (let at = best.from; at < best.to; at++) {
        const row = order[at]!;
        if (column[row]! <= best.bin) order[left++] = row;
        else scratch[right++] = row;
      }
      order.set(scratch.subarray(0, right), left);
      const [l, r] = [tree.feature.length, tree.feature.length + 1];
      tree.feature[best.node] = best.feature;
      tree.threshold[best.node] = this.#edges[best.feature]![best.bin]!;
      tree.left[best.node] = l;
      tree.right[best.node] = r;
      for (let child = 0; child < 2; child++) {
        tree.feature.push(-1);
        for (const part of [tree.threshold, tree.left, tree.right, tree.value]) part.push(0);
      }
      // Only the smaller half is counted; the other is what remains.
      const small = left - best.from <= best.to - left;
      const counted = small
        ? this.#histogram(order, best.from, left, features)
        : this.#histogram(order, left, best.to, features);
      const rest = best.histogram;
      for (let i = 0; i < rest.length; i++) rest[i]! -= counted[i]!;
      open.splice(
        open.indexOf(best),
        1,
        make(l, best.from, left, small ? counted : rest),
        make(r, left, best.to, small ? rest : counted),
      );
    }
    for (const { node, from, to } of open) {
      let [g, h] = [0, 0];
      for (let at = from; at < to; at++) {
        g += this.gradients[order[at]!]!;
        h += this.hessians[order[at]!]!;
      }
      tree.value[node] = (-g / (h + ridge)) * learningRate;
    }
    return tree;
  }
}

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

const lossOf = (z: number, y: number): number => Math.max(z, 0) - z * y + Math.log1p(Math.exp(-Math.abs(z)));

/**
 * Gradient boosting of regression trees for a yes or no, by histograms and leaf by leaf (Friedman 2001; Ke et al. 2017,
 * LightGBM). The same rows, options and seed give the same trees.
 *
 * @param train rows to learn from
 * @param held rows by whose loss it stops; with none it grows all trees
 * @param onRound called after each tree with the mean loss on held-back rows, NaN without any
 * @throws EbbtideError DATA_MISSING without rows of both outcomes
 */
export const boost = (
  train: TreeRows,
  options: BoostingOptions,
  held?: TreeRows,
  onRound: (trees: number, heldLoss: number) => void = () => undefined,
): Trees => {
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
