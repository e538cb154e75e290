/** A press in a phrase; `id` is known only until the key comes up, so as to find its press. */
interface Held {
  id: string | undefined;
  readonly down: number;
  up: number | undefined;
}

const seconds = (ms: number): number => Math.round(ms * 10) / 1e4;

/**
 * Times one phrase, place by place: `hold.0, downDown.1, upDown.1, hold.1, …`. A phrase that was edited, pasted, or in
 * which a key was held so long that it repeated has no sample: its places are not those of the phrase.
 */
export class PhraseRecorder {
  #presses: Held[] = [];
  #spoiled = false;

  /** A key that writes went down. @param id forgotten when it comes up @param time milliseconds */
  down(id: string, time: number, repeat: boolean): void {
    if (repeat || this.#presses.some((it) => it.id === id)) {
      this.#spoiled = true;
      return;
    }
    this.#presses.push({ id, down: time, up: undefined });
  }

  up(id: string, time: number): void {
    const press = this.#presses.find((it) => it.id === id);
    if (!press) return;
    press.up = time;
    press.id = undefined;
  }

  /** What was typed is not the phrase any more. */
  spoil(): void {
    this.#spoiled = true;
  }

  /**
   * End the phrase.
   *
   * @returns its timings in seconds, to a tenth of a millisecond; undefined when it was spoiled, a key is down still, or
   * under three keys were typed
   */
  finish(): Record<string, number> | undefined {
    const presses = this.#presses;
    const spoiled = this.#spoiled || presses.length < 3 || presses.some(({ up }) => up === undefined);
    this.#presses = [];
    this.#spoiled = false;
    if (spoiled) return undefined;
    const features: Record<string, number> = {};
    presses.forEach(({ down, up }, i) => {
      const before = presses[i - 1];
      if (before) {
        features[`downDown.${i}`] = seconds(down - before.down);
        features[`upDown.${i}`] = seconds(down - before.up!);
      }
      features[`hold.${i}`] = seconds(up! - down);
    });
    return features;
  }
}
