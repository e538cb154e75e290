import type { Random } from '../training/random.ts';
import type { BoostingOptions, Tree, TreeRows } from './trees.ts';

const binCount = 64;

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
export class Grower {
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
