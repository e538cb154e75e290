import * as tf from '@tensorflow/tfjs-core';
import { inputSize } from '../anomaly/network.ts';
import type { AnomalyParameters } from '../anomaly/parameters.ts';
import { stateLayout } from '../anomaly/state.ts';
import { createTracker } from '../anomaly/tracker.ts';
import type { FeatureSpec } from '../features/spec.ts';
import type { Subject } from './subjects.ts';

/** A stretch of steps for each stream of a batch, ready for the network. */
export interface Stretch {
  readonly x: tf.Tensor3D;
  readonly target: tf.Tensor3D;
  readonly mask: tf.Tensor3D;
  /** batch × 1: 0 where a new subject begins, so that the carried state is wiped. */
  readonly keep: tf.Tensor2D;
}

/** Streams of subjects, one after another, cut into stretches of equal length for truncated back-propagation. */
export interface Streams {
  /** The caller disposes of the tensors. */
  next(): Stretch;
  /** Go on by one stretch without making it, as when a training is taken up again where it was. */
  skip(): void;
}

interface Prepared {
  readonly windows: number;
  readonly inputs: Float32Array;
  readonly counts: Uint8Array;
  at: number;
}

/**
 * Make streams that draw a new subject whenever one has run out.
 *
 * @param batch streams side by side
 * @param steps windows of a stretch
 * @param draw gives the next subject
 */
export const createStreams = (
  spec: FeatureSpec,
  metricCount: number,
  parameters: AnomalyParameters,
  batch: number,
  steps: number,
  draw: () => Subject,
): Streams => {
  const layout = stateLayout(spec.size, metricCount, parameters.hidden);
  const tracker = createTracker(spec.size, metricCount, layout, parameters, { residual: 1, level: 1 });
  const inputs = inputSize(spec.size, metricCount);
  const perMetric = spec.size / metricCount;

  const prepare = (): Prepared => {
    const { windows, vectors } = draw();
    const state = new Float32Array(layout.size);
    const prepared = {
      windows,
      inputs: new Float32Array(windows * inputs),
      counts: new Uint8Array(windows * spec.size),
      at: 0,
    };
    const weights = new Float32Array(spec.size);
    for (let window = 0; window < windows; window++) {
      for (let feature = 0; feature < spec.size; feature++) {
        const old = state[layout.metricSeen + Math.floor(feature / perMetric)]! >= parameters.minSeen;
        const present = Number.isFinite(vectors[window * spec.size + feature]!);
        prepared.counts[window * spec.size + feature] = old && present ? 1 : 0;
      }
      tracker.observe(vectors, window * spec.size, state, 0, window, prepared.inputs, window * inputs, weights, 0);
    }
    return prepared;
  };

  const streams: Prepared[] = [];

  /** The stream of a row with a whole stretch left; a new one where the last has run out. */
  const streamOf = (row: number, renewed: () => void): Prepared => {
    let stream = streams[row];
    while (!stream || stream.at + steps >= stream.windows) {
      stream = prepare();
      streams[row] = stream;
      renewed();
    }
    return stream;
  };

  return {
    skip() {
      for (let row = 0; row < batch; row++) streamOf(row, () => undefined).at += steps;
    },
    next() {
      const x = new Float32Array(batch * steps * inputs);
      const target = new Float32Array(batch * steps * spec.size);
      const mask = new Float32Array(batch * steps * spec.size);
      const keep = new Float32Array(batch);
      for (let row = 0; row < batch; row++) {
        keep[row] = 1;
        const stream = streamOf(row, () => {
          keep[row] = 0;
        });
        for (let step = 0; step < steps; step++, stream.at++) {
          const to = row * steps + step;
          const next = stream.at + 1;
          x.set(stream.inputs.subarray(stream.at * inputs, next * inputs), to * inputs);
          target.set(stream.inputs.subarray(next * inputs, next * inputs + spec.size), to * spec.size);
          mask.set(stream.counts.subarray(next * spec.size, (next + 1) * spec.size), to * spec.size);
        }
      }
      return {
        x: tf.tensor3d(x, [batch, steps, inputs]),
        target: tf.tensor3d(target, [batch, steps, spec.size]),
        mask: tf.tensor3d(mask, [batch, steps, spec.size]),
        keep: tf.tensor2d(keep, [batch, 1]),
      };
    },
  };
};
