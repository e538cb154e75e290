import { createRandom, type Random } from '../training/random.ts';
import type { Detector } from './detector.ts';
import { embedded } from './embedded.ts';

const trees = 100;
const sample = 256;
const deepest = Math.ceil(Math.log2(sample));

/** Mean depth of an unsuccessful search in a binary tree of `n` leaves. */
const usualDepth = (n: number): number => {
  if (n <= 1) return 0;
  return 2 * (Math.log(n - 1) + 0.5772156649) - (2 * (n - 1)) / n;
};

/** Nodes in arrays: the metric and value that split, the left child, the right one; a leaf has metric −1 and its depth. */
interface Tree {
  readonly metric: number[];
  readonly value: number[];
  readonly left: number[];
  readonly right: number[];
}

const grow = (rows: Float64Array, metrics: number, members: number[], random: Random): Tree => {
  const tree: Tree = { metric: [], value: [], left: [], right: [] };
  const add = (of: readonly number[], depth: number): number => {
    const node = tree.metric.length;
    tree.metric.push(-1);
    tree.value.push(depth + usualDepth(of.length));
    tree.left.push(0);
    tree.right.push(0);
    if (of.length <= 1 || depth >= deepest) return node;
    const at = (row: number, metric: number) => rows[row * metrics + metric]!;
    const varying: number[] = [];
    for (let i = 0; i < metrics; i++) if (of.some((row) => at(row, i) !== at(of[0]!, i))) varying.push(i);
    if (varying.length === 0) return node;
    const metric = random.pick(varying);
    const values = of.map((row) => at(row, metric));
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const value = low + (high - low) * random.next();
    tree.metric[node] = metric;
    tree.value[node] = value;
    tree.left[node] = add(
      of.filter((row) => at(row, metric) <= value),
      depth + 1,
    );
    tree.right[node] = add(
      of.filter((row) => at(row, metric) > value),
      depth + 1,
    );
    return node;
  };
  add(members, 0);
  return tree;
};

/**
 * Isolation forest: rows that few random cuts set apart are strange.
 *
 * @see Liu, Ting and Zhou, Isolation forest, ICDM 2008
 */
export const isolationForest: Detector = {
  summary: 'isolation forest of 100 trees fitted on learning rows',
  begin: embedded((rows, metrics) => {
    const random = createRandom(1);
    const count = rows.length / metrics;
    const size = Math.min(sample, count);
    const forest = Array.from({ length: trees }, () =>
      grow(
        rows,
        metrics,
        Array.from({ length: size }, () => random.integer(0, count)),
        random,
      ),
    );
    return {
      score(values) {
        let depth = 0;
        for (const { metric, value, left, right } of forest) {
          let node = 0;
          while (metric[node]! >= 0) node = values[metric[node]!]! <= value[node]! ? left[node]! : right[node]!;
          depth += value[node]!;
        }
        return 2 ** (-depth / trees / Math.max(1, usualDepth(size)));
      },
    };
  }),
};
