import { hourMs } from './calendar.ts';
import { chanceOfCell, recencyHazard } from './chances.ts';
import { breathe, chunks } from './chunks.ts';
import { accessFeatureList } from './features.ts';
import { hazardBins, hazardEdges } from './hazard.ts';
import { cellOf, cells, historyLayout, hoursKept, recencyBin, recencyEdges } from './history.ts';
import { dayBin } from './join.ts';
import { logit, sigmoid } from './platt.ts';
import type { Population } from './population.ts';
import type { AccessForecast, AccessPredictor } from './predictor.ts';
import { likeliestReturn, returnBins, returnChances, returnFeatureCount } from './returns.ts';

/** Cells of the histograms of the hours ahead, the same for every pair. */
const cellsAhead = ({ calendar, hour }: Population): Uint8Array =>
  Uint8Array.from({ length: hazardEdges[hazardBins]! }, (_, ahead) => cellOf(calendar, (hour + ahead) * hourMs));

/**
 * The chance of an access in an hour, if none comes before: the pair's by the time since its last access, moved by how far
 * this hour of the day stands out from its others. Both are shrunk to everybody's, so that a new pair has everybody's.
 */
const forecastOf = (population: Population, pair: string, ahead: Uint8Array): AccessForecast => {
  const state = population.stateOf(pair);
  const known = { state, shared: population.shared };
  const starts = Float64Array.from({ length: cells }, (_, cell) => chanceOfCell(known, cell, 'startsIn', 2));
  let mean = 0;
  for (let i = 0; i < 24; i++) mean += starts[ahead[i]!]! / 24;
  const byCell = starts.map((chance) => logit(chance) - logit(mean));
  const byRecency = Float64Array.from(recencyEdges, (hours) => logit(recencyHazard(known, hours)));
  const last = state[historyLayout.last]!;
  const since = last === 0 ? hoursKept : population.hour - last;
  const survival = new Float64Array(hazardBins + 1).fill(1);
  for (let bin = 0; bin < hazardBins; bin++) {
    let left = survival[bin]!;
    for (let hour = hazardEdges[bin]!; hour < hazardEdges[bin + 1]!; hour++)
      left *= 1 - sigmoid(byRecency[recencyBin(since + hour)]! + byCell[ahead[hour]!]!);
    survival[bin + 1] = left;
  }
  return { within1h: 1 - survival[1]!, within24h: 1 - survival[dayBin]!, survival };
};

const after = accessFeatureList.length;

/**
 * Predictions without any training: each pair's decayed histogram of hours and its hazard by the time since its last
 * access, with everybody's as prior. What is in force until a model has been trained.
 */
export const statisticalPredictor: AccessPredictor = {
  name: 'statistics',
  carried: { pair: 0, all: 0 },
  async forecast(population, pairs) {
    const ahead = cellsAhead(population);
    const forecasts: AccessForecast[] = [];
    for (const chunk of chunks(pairs)) {
      for (const pair of chunk) forecasts.push(forecastOf(population, pair, ahead));
      await breathe();
    }
    return forecasts;
  },
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
