/** Level and spread of a metric as they drift, told apart from single spikes. */
export class RunningScale {
  mean = 0;
  deviation = 0;
  #count = 0;
  readonly #memory: number;

  /** @param memory rows over which it forgets */
  constructor(memory = 2000) {
    this.#memory = memory;
  }

  /** Spread, never zero. */
  get scale(): number {
    return Math.max(1.2533 * this.deviation, 1e-3 * Math.abs(this.mean) + 1e-9);
  }

  /** How many spreads a value lies from the level, not clipped. */
  of(value: number): number {
    return this.#count === 0 ? 0 : (value - this.mean) / this.scale;
  }

  learn(value: number): void {
    const rate = 1 / Math.min(this.#count + 1, this.#memory);
    if (this.#count === 0) this.mean = value;
    const most = this.#count >= 50 ? 5 * this.scale : Number.POSITIVE_INFINITY;
    const step = Math.min(most, Math.max(-most, value - this.mean));
    this.mean += rate * step;
    this.deviation += rate * (Math.abs(step) - this.deviation);
    this.#count++;
  }
}
