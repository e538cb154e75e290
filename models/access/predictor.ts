import type { ReturnCase } from './grid.ts';
import type { Survival } from './hazard.ts';
import type { Population } from './population.ts';

/** What is expected of one pair from the beginning of the open hour on. */
export interface AccessForecast {
  /** Chance of an access within the hour. */
  readonly within1h: number;
  /** Chance of an access within 24 h. */
  readonly within24h: number;
  /** For any other window, see `chanceWithin`, and for the time of the next access, see `quantileOf`. */
  readonly survival: Survival;
}

/** Something that predicts accesses: the trained model, or the statistics that need no training. */
export interface AccessPredictor {
  readonly name: string;
  /** Floats that it carries for each pair and for all; a {@link Population} is made with them. */
  readonly carried: { readonly pair: number; readonly all: number };
  /**
   * Predict for pairs; once an hour at its beginning, for all pairs of the population at once, since it carries state
   * from hour to hour.
   */
  forecast(population: Population, pairs: readonly string[]): Promise<readonly AccessForecast[]>;
  /**
   * Hours from the last access of a session that has ended to the likeliest time of the next.
   *
   * @param ended see `fillReturn`
   */
  returnAfter(ended: Pick<ReturnCase, 'x'>): number;
  close(): Promise<void>;
}
