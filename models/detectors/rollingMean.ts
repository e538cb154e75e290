/** Mean of the last values; over those there are, at first. */
export class RollingMean {
  readonly #ring: Float64Array;
  #count = 0;
  #sum = 0;

  constructor(length: number) {
    this.#ring = new Float64Array(length);
  }

  add(value: number): number {
    const { length } = this.#ring;
    const at = this.#count % length;
    this.#sum += value - (this.#count >= length ? this.#ring[at]! : 0);
    this.#ring[at] = value;
    this.#count++;
    // Summed anew once a turn, so that rounding does not gather.
    if (at === length - 1) this.#sum = this.#ring.reduce((a, b) => a + b, 0);
    return this.#sum / Math.min(this.#count, length);
  }
}
