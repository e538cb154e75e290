import { historyLayout, historySize, wasActive } from './history.ts';
import type { Population } from './population.ts';
import type { AccessForecast, AccessPredictor } from './predictor.ts';

/** What a forecast rests on: the model, or the statistics with everybody's habits as prior. */
export type ForecastBasis = 'model' | 'prior';

/** A forecast, what it rests on, and whether it is worth anything. */
export interface GuardedForecast extends AccessForecast {
  readonly basis: ForecastBasis;
  /** Whether forecasts of this pair were better lately than its mean rate, which tells no hour from another. */
  readonly helps: boolean;
}

/** Active hours that a pair needs before the model is asked. */
export const fewestActiveHours = 5;
/** Hours over which losses are compared at least. */
const fewestHours = 72;
/** Half-life of the losses, hours. */
const halfLifeHours = 336;
/** By how much the model may be worse before the statistics take over. */
const margin = 1.02;
const decay = 2 ** (-1 / halfLifeHours);

/** Floats a pair, after those of the model: decayed losses and hours, and what was last said. */
const places = { model: 0, prior: 1, rate: 2, hours: 3, saidModel: 4, saidPrior: 5, size: 6 } as const;

const lossOf = (chance: number, came: 0 | 1): number => -Math.log(Math.max(1e-6, came ? chance : 1 - chance));

/** Take in what came of the last hour's forecasts. */
const learn = (own: Float32Array, state: Float32Array): void => {
  if (own[places.saidPrior] === 0) return;
  const came = wasActive(state, 1);
  const active = state[historyLayout.active]! - came;
  const known = state[historyLayout.hour]! - 1 - state[historyLayout.first]!;
  const rate = (active + 1) / (Math.max(0, known) + 20);
  own[places.model] = decay * own[places.model]! + lossOf(own[places.saidModel]!, came);
  own[places.prior] = decay * own[places.prior]! + lossOf(own[places.saidPrior]!, came);
  own[places.rate] = decay * own[places.rate]! + lossOf(Math.min(0.95, rate), came);
  own[places.hours] = decay * own[places.hours]! + 1;
};

const basisOf = (own: Float32Array, state: Float32Array): ForecastBasis => {
  if (state[historyLayout.active]! < fewestActiveHours) return 'prior';
  const compared = own[places.hours]! >= fewestHours;
  return compared && own[places.model]! > margin * own[places.prior]! ? 'prior' : 'model';
};

/**
 * Ask a model where it has shown that it helps, else the statistics: pairs with little history have everybody's habits,
 * and a pair for which the model was worse lately goes back to them until it is better again.
 *
 * @param model carries its own floats first
 * @param prior must carry none
 */
export const guarded = (model: AccessPredictor, prior: AccessPredictor) => ({
  name: model.name,
  carried: { pair: model.carried.pair + places.size, all: model.carried.all },
  async forecast(population: Population, pairs: readonly string[]): Promise<readonly GuardedForecast[]> {
    const states = pairs.map((pair) => population.stateOf(pair));
    const [byModel, byPrior] = [await model.forecast(population, pairs), await prior.forecast(population, pairs)];
    return states.map((state, row) => {
      const own = state.subarray(historySize + model.carried.pair);
      learn(own, state);
      const basis = basisOf(own, state);
      const [said, fallback] = [byModel[row]!, byPrior[row]!];
      own[places.saidModel] = said.within1h;
      own[places.saidPrior] = fallback.within1h;
      const helps = own[places.hours]! < fewestHours || own[places[basis]]! < own[places.rate]!;
      return { ...(basis === 'model' ? said : fallback), basis, helps };
    });
  },
  returnAfter: (ended: Parameters<AccessPredictor['returnAfter']>[0]): number => model.returnAfter(ended),
  close: () => model.close(),
});
