import { concatMap, type OperatorFunction } from 'rxjs';
import type { CompiledStep } from '../../../models/runtimes/runtime.ts';
import type { FeaturizedBatch } from '../../../operators/batch.ts';
import type { KeyedState } from '../../../operators/keyedState.ts';
import { historyVectors } from './settings.ts';

/** Floats of state for each subject: a ring of vectors, and how many it has seen. */
export const ringSize = (features: number): number => historyVectors * features + 1;

/** Name under which the ring is carried. */
export const ringVersion = 'ring';

/** A featurized batch with the mean squared error of the forecast of each window, NaN for what is only replayed. */
export interface ForecastBatch extends FeaturizedBatch {
  readonly errors: Float64Array;
}

/** The network, compiled for some numbers of rows, largest first. */
export type Networks = readonly { readonly rows: number; readonly step: CompiledStep }[];

/** Score each window by how far it is from the forecast of the 32 windows before it; what is missing of them is zeros. */
export const forecastError = (
  networks: Networks,
  state: KeyedState,
  features: number,
  turn: <T>(work: () => Promise<T>) => Promise<T>,
): OperatorFunction<FeaturizedBatch, ForecastBatch> => {
  const size = ringSize(features);
  const all = historyVectors * features;

  /** Put the history before an event into a row of the input, then its own vector into the history. */
  const push = (batch: FeaturizedBatch, event: number, input: Float32Array | undefined, row: number) => {
    const ring = state.carried.writable(ringVersion, size, batch.events[event]!.slot);
    const count = ring[all]!;
    const slot = (count % historyVectors) * features;
    if (input) {
      input.set(ring.subarray(slot, all), row * all);
      if (slot > 0) input.set(ring.subarray(0, slot), row * all + all - slot);
    }
    ring.set(batch.vectors.subarray(event * features, (event + 1) * features), slot);
    ring[all] = count + 1;
  };

  const scoreAll = async (batch: FeaturizedBatch): Promise<ForecastBatch> => {
    const { events, vectors } = batch;
    const errors = new Float64Array(events.length).fill(Number.NaN);
    let event = 0;
    for (; event < events.length && events[event]!.replayed; event++) push(batch, event, undefined, 0);
    while (event < events.length) {
      const left = events.length - event;
      const { rows, step } = networks.findLast((it) => it.rows >= left) ?? networks[0]!;
      const n = Math.min(rows, left);
      for (let row = 0; row < n; row++) push(batch, event + row, step.inputs[0], row);
      await step.run();
      const forecast = step.outputs[0]!;
      for (let row = 0; row < n; row++) {
        let sum = 0;
        for (let at = row * features, to = (event + row) * features, i = 0; i < features; i++) {
          const off = vectors[to + i]! - forecast[at + i]!;
          sum += off * off;
        }
        errors[event + row] = sum / features;
      }
      event += n;
    }
    return { ...batch, errors };
  };
  return concatMap((batch) => turn(() => scoreAll(batch)));
};
