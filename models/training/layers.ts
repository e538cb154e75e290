import type { ForecasterWeights } from '../anomaly/network.ts';

/**
 * Build the forecaster as a TensorFlow.js Layers model over whole sequences, with trained weights: the form in which it
 * is kept, loaded by other tools and trained further.
 *
 * @returns input batch × time × inputs, output batch × time × 2·features: means, then log scales
 */
export const layersForecaster = async (weights: ForecasterWeights) => {
  const tf = await import('@tensorflow/tfjs-core');
  const { layers, input, model } = await import('@tensorflow/tfjs-layers');
  const { inputs, hidden, features } = weights;
  const x = input({ shape: [null, inputs], name: 'windows' });
  const lstm = layers.lstm({
    units: hidden,
    returnSequences: true,
    recurrentActivation: 'sigmoid',
    // Trained weights replace them; and the default, orthogonal, needs parts of tfjs-core that are not loaded.
    kernelInitializer: 'zeros',
    recurrentInitializer: 'zeros',
    name: 'lstm',
  });
  const sequence = lstm.apply(x) as typeof x;
  const joined = layers.concatenate({ name: 'skip' }).apply([sequence, x]) as typeof x;
  const head = layers.dense({ units: 2 * features, kernelInitializer: 'zeros', name: 'forecast' });
  const output = head.apply(joined) as typeof x;
  const forecaster = model({ inputs: x, outputs: output, name: 'anomaly-forecaster' });
  tf.tidy(() => {
    lstm.setWeights([
      tf.tensor2d(weights.kernel, [inputs, 4 * hidden]),
      tf.tensor2d(weights.recurrentKernel, [hidden, 4 * hidden]),
      tf.tensor1d(weights.bias),
    ]);
    head.setWeights([tf.tensor2d(weights.headKernel, [hidden + inputs, 2 * features]), tf.tensor1d(weights.headBias)]);
  });
  return forecaster;
};

/** A Layers model as the two files that TensorFlow.js reads. */
export const saveLayers = async (weights: ForecasterWeights, weightsFile: string) => {
  const { io } = await import('@tensorflow/tfjs-core');
  const forecaster = await layersForecaster(weights);
  let saved: { model: Buffer; weights: Buffer } | undefined;
  await forecaster.save(
    io.withSaveHandler(async (artifacts) => {
      const { weightData, weightSpecs, ...topology } = artifacts;
      const manifest = [{ paths: [weightsFile], weights: weightSpecs }];
      saved = {
        model: Buffer.from(`${JSON.stringify({ ...topology, weightsManifest: manifest })}\n`),
        weights: Buffer.from(io.concatenateArrayBuffers([weightData].flat() as ArrayBuffer[])),
      };
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  forecaster.dispose();
  return saved!;
};
