import { accessFeatureList, accessFeatures } from './features.ts';

/** How features become inputs of the network. */
export interface InputScale {
  readonly mean: readonly number[];
  readonly sd: readonly number[];
}

const placeOf = (name: string): number => accessFeatureList.findIndex((feature) => feature.name === name);
const hourAt = placeOf('hour');
const weekdayAt = placeOf('weekday');
const clip = 4;
const harmonics = [2, 3] as const;

/** Scaled features, faster harmonics of the day, and the day of the week; what trees say comes after them. */
export const treesAt = accessFeatures.size + 2 * harmonics.length + 7;
/** What trees say of the hour, and of the day. */
export const treeInputs = 2;
/** Inputs of the network. */
export const inputCount = treesAt + treeInputs;

/** Logits of the trees for one row. */
export interface TreeLogits {
  readonly hour: number;
  readonly day: number;
}

/** Logits that are usual, and half as far as they usually go from them: an hour is rarely active, a day now and then. */
export const usualLogit = { hour: -3, day: -1 } as const;
export const logitScale = 2;

const clipped = (value: number): number => Math.max(-clip, Math.min(clip, value));

/**
 * Mean and deviation of rows.
 *
 * @param x rows × features
 */
export const scaleOf = (x: Float32Array): InputScale => {
  const { size } = accessFeatures;
  const rows = x.length / size;
  const mean = new Float64Array(size);
  const square = new Float64Array(size);
  for (let at = 0; at < x.length; at++) mean[at % size]! += x[at]! / rows;
  for (let at = 0; at < x.length; at++) square[at % size]! += (x[at]! - mean[at % size]!) ** 2 / rows;
  return { mean: Array.from(mean), sd: Array.from(square, (it) => (it > 1e-12 ? Math.sqrt(it) : 1)) };
};

/** Make the network's inputs of one row of features, and of what trees say of it. */
export const encodeInputs = (
  scale: InputScale,
  x: Float32Array,
  offset: number,
  out: Float32Array,
  outOffset: number,
  trees: TreeLogits,
): void => {
  const { size } = accessFeatures;
  for (let i = 0; i < size; i++) out[outOffset + i] = clipped((x[offset + i]! - scale.mean[i]!) / scale.sd[i]!);
  const angle = (x[offset + hourAt]! / 12) * Math.PI;
  harmonics.forEach((times, i) => {
    out[outOffset + size + 2 * i] = Math.sin(times * angle);
    out[outOffset + size + 2 * i + 1] = Math.cos(times * angle);
  });
  const days = outOffset + size + 2 * harmonics.length;
  out.fill(0, days, days + 7);
  out[days + x[offset + weekdayAt]!] = 1;
  out[outOffset + treesAt] = clipped((trees.hour - usualLogit.hour) / logitScale);
  out[outOffset + treesAt + 1] = clipped((trees.day - usualLogit.day) / logitScale);
};
