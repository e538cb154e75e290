import { Delayed, type JointForecast } from '../jointForecast.ts';
import { LstmStep, type StepWeights } from './step.ts';

/**
 * Forecasts all metrics one row and twenty rows ahead: each a share of the last value of the same metric, and a linear
 * map of the LSTM's output.
 */
export interface JointWeights extends StepWeights {
  /** 2·inputs: the shares, of the next row and of the far one. */
  readonly skip: Float32Array;
  /** hidden × 2·inputs */
  readonly head: Float32Array;
  /** 2·inputs */
  readonly headBias: Float32Array;
}

/** The forecaster of many metrics that a network makes. */
export const networkForecast = (weights: JointWeights): JointForecast => ({
  begin: () => {
    const { inputs, hidden, skip, head, headBias } = weights;
    const lstm = new LstmStep(weights);
    const next = new Float64Array(inputs);
    const delayed = new Delayed(inputs);
    const write = (into: Float64Array, row: Float64Array, from: number): void => {
      for (let i = 0; i < inputs; i++) into[i] = skip[from + i]! * row[i]! + headBias[from + i]!;
      for (let unit = 0; unit < hidden; unit++) {
        const value = lstm.h[unit]!;
        const at = unit * 2 * inputs + from;
        for (let i = 0; i < inputs; i++) into[i]! += value * head[at + i]!;
      }
    };
    return {
      next,
      get far() {
        return delayed.due;
      },
      advance(row) {
        lstm.advance(row);
        write(next, row, 0);
        write(delayed.slot, row, inputs);
        delayed.turn();
      },
    };
  },
});
