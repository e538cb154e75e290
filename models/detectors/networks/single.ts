import type { ForecastStream } from '../univariate.ts';
import { LstmStep, type StepWeights } from './step.ts';

/** Inputs of the network of one metric. */
export const singleInputs = 10;

/** Forecasts one metric: the last value, and a linear map of the LSTM's output and of the inputs on top of it. */
export interface SingleWeights extends StepWeights {
  /** (hidden + inputs) × 2: the change, and the log scale that training needs. */
  readonly head: Float32Array;
  /** 2 */
  readonly headBias: Float32Array;
}

const dayMs = 86_400_000;

/** Fill the inputs: value, change, a day and a week before the next with flags, and the time of the next in day and week. */
export const fillSingleInputs = (
  into: Float64Array | Float32Array,
  at: number,
  x: number,
  change: number,
  day: number,
  week: number,
  nextMs: number,
): void => {
  const inDay = (2 * Math.PI * (nextMs % dayMs)) / dayMs;
  const inWeek = (2 * Math.PI * (nextMs % (7 * dayMs))) / (7 * dayMs);
  into[at] = x;
  into[at + 1] = change;
  into[at + 2] = Number.isNaN(day) ? 0 : day;
  into[at + 3] = Number.isNaN(day) ? 0 : 1;
  into[at + 4] = Number.isNaN(week) ? 0 : week;
  into[at + 5] = Number.isNaN(week) ? 0 : 1;
  into[at + 6] = Math.sin(inDay);
  into[at + 7] = Math.cos(inDay);
  into[at + 8] = Math.sin(inWeek);
  into[at + 9] = Math.cos(inWeek);
};

/** The forecaster of one metric that a network makes. */
export const networkForecastOne = (weights: SingleWeights): ForecastStream => {
  const { hidden, head, headBias } = weights;
  const lstm = new LstmStep(weights);
  const inputs = new Float64Array(singleInputs);
  return {
    forecast(x, change, day, week, nextMs) {
      fillSingleInputs(inputs, 0, x, change, day, week, nextMs);
      lstm.advance(inputs);
      let sum = x + headBias[0]!;
      for (let unit = 0; unit < hidden; unit++) sum += lstm.h[unit]! * head[2 * unit]!;
      for (let i = 0; i < singleInputs; i++) sum += inputs[i]! * head[2 * (hidden + i)]!;
      return sum;
    },
  };
};
