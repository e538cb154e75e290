import { historySize, wasActive } from '../../models/access/history.ts';
import { Population } from '../../models/access/population.ts';
import type { AccessForecast } from '../../models/access/predictor.ts';
import type { HourlyPredictor } from './foreseeHours.ts';

/** How a challenger met one hour, beside the model in force. */
export interface Compared {
  readonly version: string;
  /** Pairs for which both had foreseen the hour. */
  readonly pairs: number;
  /** Sums over them of −ln of the chance of what happened, nats. */
  readonly championLoss: number;
  readonly challengerLoss: number;
}

const lossOf = (chance: number, came: 0 | 1): number => -Math.log(Math.max(1e-6, came ? chance : 1 - chance));

/**
 * Foresees beside the model in force, for comparison: nothing is prepared or decided by it. What it carries from hour to hour
 * is its own, in a copy of what pairs did; that is not kept across a restart, when it begins anew.
 */
export class ForeseesBeside {
  readonly #version: string;
  readonly #population: Population;
  #hour = Number.NEGATIVE_INFINITY;
  #said = new Map<string, readonly [champion: number, challenger: number]>();

  constructor({ version, carried }: HourlyPredictor, { calendar, hour }: Population) {
    this.#version = version;
    this.#population = new Population(calendar, hour, carried);
  }

  get version(): string {
    return this.#version;
  }

  /**
   * Foresee the hour that has opened.
   *
   * @param population - at the beginning of the hour, and not changed
   * @param forecasts - of the model in force, for the same pairs
   * @returns how both met the hour before; undefined where they had not foreseen it
   */
  async hour(
    challenger: HourlyPredictor,
    population: Population,
    pairs: readonly string[],
    forecasts: readonly AccessForecast[],
  ): Promise<Compared | undefined> {
    const compared = population.hour === this.#hour + 1 ? this.#compare(population) : undefined;
    this.#said = new Map();
    this.#hour = population.hour;
    const own = this.#population;
    own.openHour(population.hour);
    for (const pair of pairs) own.stateOf(pair).set(population.stateOf(pair).subarray(0, historySize));
    const { pair: _, all } = challenger.carried;
    own.shared.set(population.shared.subarray(0, own.shared.length - all));
    const beside = await challenger.forecast(own, pairs);
    pairs.forEach((pair, i) => {
      this.#said.set(pair, [forecasts[i]!.within1h, beside[i]!.within1h]);
    });
    return compared;
  }

  #compare(population: Population): Compared | undefined {
    if (this.#said.size === 0) return undefined;
    let [championLoss, challengerLoss] = [0, 0];
    for (const [pair, [champion, challenger]] of this.#said) {
      const came = wasActive(population.stateOf(pair), 1);
      championLoss += lossOf(champion, came);
      challengerLoss += lossOf(challenger, came);
    }
    return { version: this.#version, pairs: this.#said.size, championLoss, challengerLoss };
  }
}
