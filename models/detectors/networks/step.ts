/** Weights of an LSTM in Keras' order, row-major: gates input, forget, cell, output. */
export interface StepWeights {
  readonly inputs: number;
  readonly hidden: number;
  /** inputs × 4·hidden */
  readonly kernel: Float32Array;
  /** hidden × 4·hidden */
  readonly recurrentKernel: Float32Array;
  /** 4·hidden */
  readonly bias: Float32Array;
}

const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value));

/** An LSTM that takes one row at a time and carries its state. */
export class LstmStep {
  /** The output after the last row. */
  readonly h: Float64Array;
  readonly #c: Float64Array;
  readonly #sum: Float64Array;
  readonly #weights: StepWeights;

  constructor(weights: StepWeights) {
    this.#weights = weights;
    this.h = new Float64Array(weights.hidden);
    this.#c = new Float64Array(weights.hidden);
    this.#sum = new Float64Array(4 * weights.hidden);
  }

  advance(row: Float64Array): void {
    const { inputs, hidden, kernel, recurrentKernel, bias } = this.#weights;
    const width = 4 * hidden;
    const sum = this.#sum;
    sum.set(bias);
    for (let i = 0; i < inputs; i++) {
      const value = row[i]!;
      if (value === 0) continue;
      for (let j = 0; j < width; j++) sum[j]! += value * kernel[i * width + j]!;
    }
    for (let i = 0; i < hidden; i++) {
      const value = this.h[i]!;
      for (let j = 0; j < width; j++) sum[j]! += value * recurrentKernel[i * width + j]!;
    }
    for (let unit = 0; unit < hidden; unit++) {
      const cell =
        sigmoid(sum[hidden + unit]!) * this.#c[unit]! + sigmoid(sum[unit]!) * Math.tanh(sum[2 * hidden + unit]!);
      this.#c[unit] = cell;
      this.h[unit] = sigmoid(sum[3 * hidden + unit]!) * Math.tanh(cell);
    }
  }
}
