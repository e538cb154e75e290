import { hourMs } from './calendar.ts';
import { accessFeatureList, chanceOfCell, recencyHazard } from './features.ts';
import { hazardBins, hazardEdges } from './hazard.ts';
import { cellOf, historyLayout } from './history.ts';
import { logit, sigmoid } from './platt.ts';
import type { Population } from './population.ts';
import type { AccessForecast, AccessPredictor } from './predictor.ts';
import { likeliestReturn, returnBins, returnChances, returnFeatureCount } from './returns.ts';

/**
 * Chance of an access in an hour, if none comes before: the pair's by the time since its last access, moved by how far
 * this hour of the day stands out from its others. Both are shrunk to everybody's, so that a new pair has everybody's.
 */
const hazardAhead = (population: Population, state: Float32Array, mean: number, ahead: number): number => {
  const known = { state, shared: population.shared };
  const hour = population.hour + ahead;
  const last = state[historyLayout.last]!;
  const recency = recencyHazard(known, last === 0 ? 336 : hour - last);
  const here = chanceOfCell(known, cellOf(population.calendar, hour * hourMs), 'startsIn', 2);
  return sigmoid(logit(recency) + logit(here) - logit(mean));
};

const forecastOf = (population: Population, pair: string): AccessForecast => {
  const state = population.stateOf(pair);
  const known = { state, shared: population.shared };
  let mean = 0;
  for (let ahead = 0; ahead < 24; ahead++)
    mean += chanceOfCell(known, cellOf(population.calendar, (population.hour + ahead) * hourMs), 'startsIn', 2) / 24;
  const survival = new Float64Array(hazardBins + 1).fill(1);
  for (let bin = 0; bin < hazardBins; bin++) {
    let left = survival[bin]!;
    for (let ahead = hazardEdges[bin]!; ahead < hazardEdges[bin + 1]!; ahead++)
      left *= 1 - hazardAhead(population, state, mean, ahead);
    survival[bin + 1] = left;
  }
  return { within1h: 1 - survival[1]!, within24h: 1 - survival[hazardEdges.indexOf(24)]!, survival };
};

const after = accessFeatureList.length;

/**
 * Predictions without any training: each pair's decayed histogram of hours and its hazard by the time since its last
 * access, with everybody's as prior. What is in force until a model has been trained.
 */
export const statisticalPredictor: AccessPredictor = {
  name: 'statistics',
  carried: { pair: 0, all: 0 },
  forecast: async (population, pairs) => pairs.map((pair) => forecastOf(population, pair)),
  returnAfter({ x }) {
    const logits = Array.from({ length: returnBins }, (_, bin) => {
      const at = bin * returnFeatureCount + after;
      const [, hours, , , start, , recency] = x.subarray(at, at + 7);
      let mean = 0;
      for (let i = 0; i < 24; i++) mean += x[Math.min(returnBins - 1, 22 + i) * returnFeatureCount + after + 4]! / 24;
      const hourly = sigmoid(logit(recency!) + logit(start!) - logit(mean));
      return logit(1 - (1 - hourly) ** hours!);
    });
    return likeliestReturn(returnChances(logits), 1);
  },
  close: async () => undefined,
};
