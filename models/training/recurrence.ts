/** Sizes of a stretch. */
export interface StretchSizes {
  readonly steps: number;
  readonly batch: number;
  readonly hidden: number;
}

/** What the backward pass needs of the forward one. */
export interface StretchMemory {
  /** steps × batch × 4·hidden: activated gates input, forget, cell, output. */
  readonly gates: Float32Array;
  /** (steps + 1) × batch × hidden: outputs, the first from before the stretch. */
  readonly outputs: Float32Array;
  /** (steps + 1) × batch × hidden: cells, the first from before the stretch. */
  readonly cells: Float32Array;
}

const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value));

/** sum += vector · matrix; four rows at a time, so that each sum is loaded and stored once for four products. */
const addProduct = (
  sum: Float64Array,
  vector: Float32Array | Float64Array,
  from: number,
  rows: number,
  matrix: Float64Array,
  columns: number,
): void => {
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    const v0 = vector[from + row]!;
    const v1 = vector[from + row + 1]!;
    const v2 = vector[from + row + 2]!;
    const v3 = vector[from + row + 3]!;
    const at0 = row * columns;
    const at1 = at0 + columns;
    const at2 = at1 + columns;
    const at3 = at2 + columns;
    for (let i = 0; i < columns; i++)
      sum[i]! += v0 * matrix[at0 + i]! + v1 * matrix[at1 + i]! + v2 * matrix[at2 + i]! + v3 * matrix[at3 + i]!;
  }
  for (; row < rows; row++) {
    const value = vector[from + row]!;
    for (let i = 0; i < columns; i++) sum[i]! += value * matrix[row * columns + i]!;
  }
};

/**
 * Run an LSTM over a stretch.
 *
 * @param projected steps × batch × 4·hidden: what the inputs contribute to the gates, bias included
 * @param recurrent hidden × 4·hidden
 * @param h batch × hidden
 * @param c batch × hidden
 */
export const forwardRecurrence = (
  { steps, batch, hidden }: StretchSizes,
  projected: Float32Array,
  recurrent: Float32Array,
  h: Float32Array,
  c: Float32Array,
): StretchMemory => {
  const width = 4 * hidden;
  const size = batch * hidden;
  const matrix = Float64Array.from(recurrent);
  const sum = new Float64Array(width);
  const gates = new Float32Array(steps * batch * width);
  const outputs = new Float32Array((steps + 1) * size);
  const cells = new Float32Array((steps + 1) * size);
  outputs.set(h);
  cells.set(c);
  for (let row = 0; row < steps * batch; row++) {
    const before = row * hidden;
    const gate = row * width;
    for (let i = 0; i < width; i++) sum[i] = projected[gate + i]!;
    addProduct(sum, outputs, before, hidden, matrix, width);
    for (let unit = 0; unit < hidden; unit++) {
      const input = sigmoid(sum[unit]!);
      const forget = sigmoid(sum[hidden + unit]!);
      const candidate = Math.tanh(sum[2 * hidden + unit]!);
      const output = sigmoid(sum[3 * hidden + unit]!);
      const cell = forget * cells[before + unit]! + input * candidate;
      gates[gate + unit] = input;
      gates[gate + hidden + unit] = forget;
      gates[gate + 2 * hidden + unit] = candidate;
      gates[gate + 3 * hidden + unit] = output;
      cells[before + size + unit] = cell;
      outputs[before + size + unit] = output * Math.tanh(cell);
    }
  }
  return { gates, outputs, cells };
};

const transpose = (matrix: Float32Array, rows: number, columns: number): Float64Array => {
  const result = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) result[column * rows + row] = matrix[row * columns + column]!;
  return result;
};

/**
 * Gradients of a stretch, by the chain rule backwards through time.
 *
 * @param upstream (steps + 1) × batch × hidden: gradients of the outputs, and last that of the final cell
 * @returns gradients of the gates before activation (steps × batch × 4·hidden), and of the state before the stretch
 */
export const backwardRecurrence = (
  { steps, batch, hidden }: StretchSizes,
  memory: StretchMemory,
  recurrent: Float32Array,
  upstream: Float32Array,
): { gates: Float32Array; h: Float32Array; c: Float32Array } => {
  const width = 4 * hidden;
  const size = batch * hidden;
  const matrix = transpose(recurrent, hidden, width);
  const gates = new Float32Array(steps * batch * width);
  const h = new Float32Array(size);
  const c = Float32Array.from(upstream.subarray(steps * size));
  const dGates = new Float64Array(width);
  const sum = new Float64Array(hidden);
  for (let row = steps * batch - 1; row >= 0; row--) {
    const at = row * hidden;
    const gate = row * width;
    const stream = (row % batch) * hidden;
    for (let unit = 0; unit < hidden; unit++) {
      const input = memory.gates[gate + unit]!;
      const forget = memory.gates[gate + hidden + unit]!;
      const candidate = memory.gates[gate + 2 * hidden + unit]!;
      const output = memory.gates[gate + 3 * hidden + unit]!;
      const squashed = Math.tanh(memory.cells[at + size + unit]!);
      const dh = upstream[at + unit]! + h[stream + unit]!;
      const dc = c[stream + unit]! + dh * output * (1 - squashed * squashed);
      dGates[unit] = dc * candidate * input * (1 - input);
      dGates[hidden + unit] = dc * memory.cells[at + unit]! * forget * (1 - forget);
      dGates[2 * hidden + unit] = dc * input * (1 - candidate * candidate);
      dGates[3 * hidden + unit] = dh * squashed * output * (1 - output);
      c[stream + unit] = dc * forget;
    }
    gates.set(dGates, gate);
    sum.fill(0);
    addProduct(sum, dGates, 0, width, matrix, hidden);
    h.set(sum, stream);
  }
  return { gates, h, c };
};
