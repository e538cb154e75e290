/** Steps to one on the scales of samples, unless a modality says otherwise: 0.02 % of a time. */
export const defaultSteps = 4096;
/** Whatever lies beyond is taken for this many steps: no logarithm of anything that was measured comes near. */
const farthest = 2 ** 29;

/**
 * A number of a sample as baselines keep it, on a grid that four bytes hold exactly: what was kept, sealed and opened again
 * compares as it did before.
 *
 * @param steps - to one; a power of two
 * @returns a multiple of 1 / steps; NaN for NaN
 */
export const onGrid = (value: number, steps = defaultSteps): number => {
  // NaN has many forms, and 0 two: one of each is kept
  if (Number.isNaN(value)) return Number.NaN;
  return Math.fround(Math.round(Math.min(farthest, Math.max(-farthest, value * steps))) / steps) + 0;
};

/** Bytes of a packed number. */
const planes = 4;
const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);
const unzigzag = (code: number): number => (code % 2 === 1 ? -(code + 1) / 2 : code / 2);

const middleOf = (values: Float64Array): number => {
  const there = values.some(Number.isNaN) ? values.filter((it) => !Number.isNaN(it)) : values.slice();
  return there.sort()[there.length >> 1] ?? 0;
};

/**
 * Rows of samples in a form that compresses well: the middle of each feature, then feature by feature the distances from it,
 * in whole steps, all lowest bytes first.
 *
 * @param rows - rows × features, on the grid
 */
export const packRows = (rows: Float32Array, features: number, steps: number): Buffer => {
  const count = rows.length / features;
  const total = features * (count + 1);
  const packed = Buffer.alloc(total * planes);
  let at = 0;
  const write = (code: number): void => {
    packed[at] = code;
    packed[total + at] = code >>> 8;
    packed[2 * total + at] = code >>> 16;
    packed[3 * total + at] = code >>> 24;
    at++;
  };
  const column = new Float64Array(count);
  for (let feature = 0; feature < features; feature++) {
    for (let row = 0; row < count; row++) column[row] = rows[row * features + feature]! * steps;
    const middle = middleOf(column);
    write(zigzag(middle));
    for (const step of column) write(Number.isNaN(step) ? 0 : zigzag(step - middle) + 1);
  }
  return packed;
};

/** Bytes that {@link packRows} makes of so many rows. */
export const packedLength = (rows: number, features: number): number => features * (rows + 1) * planes;

/** Undo {@link packRows}. */
export const unpackRows = (packed: Uint8Array, features: number, steps: number): Float32Array => {
  const total = packed.length / planes;
  const count = total / features - 1;
  const rows = new Float32Array(count * features);
  let at = 0;
  const read = (): number => {
    const code =
      packed[at]! | (packed[total + at]! << 8) | (packed[2 * total + at]! << 16) | (packed[3 * total + at]! << 24);
    at++;
    return code >>> 0;
  };
  for (let feature = 0; feature < features; feature++) {
    const middle = unzigzag(read());
    for (let row = 0; row < count; row++) {
      const code = read();
      rows[row * features + feature] = code === 0 ? Number.NaN : (middle + unzigzag(code - 1)) / steps;
    }
  }
  return rows;
};
