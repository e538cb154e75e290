const windowMs = 5_000;

/** How many samples and windows were scored a second lately, and how many decisions were made. */
export class Rates {
  /** Counts of each second, the newest last. */
  readonly #seconds: { second: number; windows: number; samples: number }[] = [];
  #decisions = 0;

  scored(at: number, samples: number): void {
    const second = Math.floor(at / 1_000);
    const last = this.#seconds.at(-1);
    if (!last || second > last.second) {
      this.#seconds.push({ second, windows: 1, samples });
      while (this.#seconds.length > windowMs / 1_000 + 1) this.#seconds.shift();
    } else {
      last.windows += 1;
      last.samples += samples;
    }
  }

  decided(): void {
    this.#decisions += 1;
  }

  /** @param now - epoch milliseconds; whole seconds before it count */
  at(now: number): { samplesPerS: number; windowsPerS: number; decisions: number } {
    const end = Math.floor(now / 1_000);
    let [windows, samples] = [0, 0];
    for (const entry of this.#seconds) {
      if (entry.second >= end || entry.second < end - windowMs / 1_000) continue;
      windows += entry.windows;
      samples += entry.samples;
    }
    const per = windowMs / 1_000;
    return { samplesPerS: samples / per, windowsPerS: windows / per, decisions: this.#decisions };
  }
}
