/** Recursive least squares with forgetting: a linear forecast that learns from every row. */
export class RecursiveLeastSquares {
  readonly weights: Float64Array;
  readonly #inverse: Float64Array;
  readonly #gain: Float64Array;
  readonly #forgetting: number;
  readonly #prior: number;

  /**
   * @param inputs how many
   * @param forgetting λ, by which the weight of a row falls with each later one
   * @param prior how uncertain the weights are at first
   */
  constructor(inputs: number, forgetting: number, prior = 10) {
    this.weights = new Float64Array(inputs);
    this.#gain = new Float64Array(inputs);
    this.#inverse = new Float64Array(inputs * inputs);
    this.#forgetting = forgetting;
    this.#prior = prior;
    for (let i = 0; i < inputs; i++) this.#inverse[i * inputs + i] = prior;
  }

  /** The forecast from these inputs. */
  predict(inputs: Float64Array): number {
    let sum = 0;
    for (let i = 0; i < inputs.length; i++) sum += this.weights[i]! * inputs[i]!;
    return sum;
  }

  /** Learn that these inputs were followed by this target. */
  learn(inputs: Float64Array, target: number): void {
    const n = inputs.length;
    const gain = this.#gain;
    const inverse = this.#inverse;
    let spread = this.#forgetting;
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += inverse[i * n + j]! * inputs[j]!;
      gain[i] = sum;
      spread += sum * inputs[i]!;
    }
    const error = target - this.predict(inputs);
    let largest = 0;
    for (let i = 0; i < n; i++) {
      this.weights[i]! += (gain[i]! / spread) * error;
      for (let j = 0; j < n; j++)
        inverse[i * n + j] = (inverse[i * n + j]! - (gain[i]! * gain[j]!) / spread) / this.#forgetting;
      largest = Math.max(largest, inverse[i * n + i]!);
    }
    // Inputs that never move would let the inverse grow without end.
    if (largest > 1e3 * this.#prior) for (let i = 0; i < n * n; i++) inverse[i]! *= (1e3 * this.#prior) / largest;
  }
}
