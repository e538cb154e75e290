import * as tf from '@tensorflow/tfjs-core';
import type { Network } from '../../../models/networks/network.ts';
import { layersModel, layersOutputs } from '../../../models/training/layers.ts';

/**
 * What a network's Layers model gives, its slices, clips and exponents worked out in plain JavaScript.
 *
 * @param x batch × steps × inputs
 * @returns by output: batch × steps × size, or batch × size after a pool
 */
export const layersReference = async (
  network: Network,
  x: Float32Array,
  batch: number,
  steps: number,
): Promise<Record<string, Float32Array>> => {
  const model = await layersModel(network);
  const input = tf.tensor3d(x, [batch, steps, network.input.size]);
  const predicted = [model.predict(input, { batchSize: batch })].flat() as tf.Tensor[];
  const given = new Map(
    layersOutputs(network).map((name, index) => {
      const values = predicted[index]!.dataSync() as Float32Array;
      return [name, { values, size: predicted[index]!.shape.at(-1)! }] as const;
    }),
  );
  tf.dispose([input, ...predicted]);
  model.dispose();
  const resultOf = (name: string): { values: Float32Array; size: number } => {
    const found = given.get(name);
    if (found) return found;
    const layer = network.layers.find((it) => it.name === name)!;
    const { values, size } = resultOf(layer.from as string);
    if (layer.op === 'clip')
      return { size, values: values.map((value) => Math.min(layer.max, Math.max(layer.min, value))) };
    if (layer.op === 'exp') return { size, values: values.map((value) => Math.exp(layer.factor * value)) };
    if (layer.op !== 'slice') throw new Error(`The Layers model gives no ${name}`);
    const kept = values.filter((_, i) => i % size >= layer.start && i % size < layer.start + layer.size);
    return { size: layer.size, values: kept };
  };
  return Object.fromEntries(network.outputs.map((name) => [name, resultOf(name).values]));
};
