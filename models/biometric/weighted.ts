/** Weights that fall with age: the last of `count` samples weighs most; they sum to one. */
export const recencyWeights = (count: number, memory: number): Float64Array => {
  const weights = Float64Array.from({ length: count }, (_, i) => Math.exp(-(count - 1 - i) / memory));
  const total = weights.reduce((sum, it) => sum + it, 0);
  return weights.map((it) => it / total);
};

/** Where values are partitioned: one for all, since it is asked a hundred times for each person. */
let scratch = { v: new Float64Array(256), w: new Float64Array(256) };

/** A sum of weights falls short of its share by rounding. */
const tolerance = 1e-12;

/**
 * The smallest value at which the cumulative weight, in ascending value, reaches a share; found by partitioning, as
 * Hoare's selection does, in time proportional to the number of values.
 *
 * @param values finite, at least one
 * @param weights of the same length, summing to one
 * @param share above 0, at most 1
 */
export const weightedQuantile = (values: Float64Array, weights: Float64Array, share: number): number => {
  const { length } = values;
  if (scratch.v.length < length) scratch = { v: new Float64Array(length), w: new Float64Array(length) };
  const { v, w } = scratch;
  v.set(values);
  w.set(weights);
  let low = 0;
  let high = length - 1;
  let below = 0;
  while (low < high) {
    const a = v[low]!;
    const b = v[(low + high) >> 1]!;
    const c = v[high]!;
    const pivot = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    let less = low;
    let at = low;
    let more = high;
    let lessWeight = 0;
    let equalWeight = 0;
    while (at <= more) {
      const value = v[at]!;
      const weight = w[at]!;
      if (value < pivot) {
        lessWeight += weight;
        v[at] = v[less]!;
        w[at++] = w[less]!;
        v[less] = value;
        w[less++] = weight;
      } else if (value > pivot) {
        v[at] = v[more]!;
        w[at] = w[more]!;
        v[more] = value;
        w[more--] = weight;
      } else {
        equalWeight += weight;
        at++;
      }
    }
    if (below + lessWeight >= share - tolerance && less > low) high = less - 1;
    else if (below + lessWeight + equalWeight >= share - tolerance || more === high) return pivot;
    else {
      below += lessWeight + equalWeight;
      low = more + 1;
    }
  }
  return v[low]!;
};
