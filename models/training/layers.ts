import { checkNetwork } from '../networks/check.ts';
import type { Network, NetworkLayer } from '../networks/network.ts';

/** Operations without a layer of their own in Keras: what reads the model does them itself. */
const isArithmetic = ({ op }: NetworkLayer): boolean => op === 'slice' || op === 'clip' || op === 'exp';

/** The layers that a Layers model of a network gives: its outputs, or what their slices, clips and exponents are made of. */
export const layersOutputs = (network: Network): string[] => {
  const byName = new Map(network.layers.map((layer) => [layer.name, layer] as const));
  const source = (name: string): string => {
    const layer = byName.get(name);
    return layer && isArithmetic(layer) ? source(layer.from as string) : name;
  };
  return [...new Set(network.outputs.map(source))];
};

/**
 * Build a network as a TensorFlow.js Layers model over whole sequences, with trained weights: the form in which it is
 * kept, loaded by other tools and trained further.
 *
 * @returns input batch × time × inputs, outputs as {@link layersOutputs} names them; a pool over the last step must be
 * all that takes its recurrent layer, which then returns no sequence
 * @throws EbbtideError MODEL_DAMAGED, MODEL_INCOMPATIBLE for a network that is not sound
 */
export const layersModel = async (network: Network) => {
  const tf = await import('@tensorflow/tfjs-core');
  const { layers, input, model } = await import('@tensorflow/tfjs-layers');
  const { sizes } = checkNetwork(network);
  const x = input({ shape: [null, network.input.size], name: network.input.name });
  const values = new Map([[network.input.name, x]]);
  // Trained weights replace them; and the default, orthogonal, needs parts of tfjs-core that are not loaded.
  const blank = { kernelInitializer: 'zeros', recurrentInitializer: 'zeros' } as const;
  const build = (layer: Exclude<NetworkLayer, { op: 'slice' | 'clip' | 'exp' }>) => {
    const { name } = layer;
    const takers = network.layers.filter(({ from }) => from === name || from.includes(name));
    switch (layer.op) {
      case 'lstm':
      case 'gru': {
        const endOnly = takers.length > 0 && takers.every((taker) => taker.op === 'pool' && taker.over === 'last');
        const options = { ...blank, units: layer.units, name, returnSequences: !endOnly };
        return layer.op === 'lstm'
          ? layers.lstm({ ...options, recurrentActivation: 'sigmoid' })
          : layers.gru({ ...options, recurrentActivation: 'sigmoid' });
      }
      case 'dense':
        return layers.dense({
          units: layer.units,
          activation: layer.activation,
          kernelInitializer: 'zeros',
          name,
        });
      case 'concat':
        return layers.concatenate({ name });
      case 'pool':
        if (layer.over === 'mean') return layers.globalAveragePooling1d({ name });
        return layer.over === 'max'
          ? layers.globalMaxPooling1d({ name })
          : layers.activation({ activation: 'linear', name });
    }
  };
  for (const layer of network.layers) {
    if (layer.op === 'slice' || layer.op === 'clip' || layer.op === 'exp') continue;
    const sources = typeof layer.from === 'string' ? [layer.from] : layer.from;
    const built = build(layer);
    const from = sources.map((source) => values.get(source)!);
    values.set(layer.name, built.apply(from.length === 1 ? from[0]! : from) as typeof x);
    if (!('kernel' in layer)) continue;
    const inputs = sources.reduce((sum, source) => sum + sizes.get(source)!, 0);
    const wide = layer.bias.length;
    tf.tidy(() =>
      built.setWeights([
        tf.tensor2d(layer.kernel, [inputs, wide]),
        ...('recurrentKernel' in layer ? [tf.tensor2d(layer.recurrentKernel, [layer.units, wide])] : []),
        tf.tensor1d(layer.bias),
      ]),
    );
  }
  const outputs = layersOutputs(network).map((name) => values.get(name)!);
  return model({ inputs: x, outputs: outputs.length === 1 ? outputs[0]! : outputs, name: network.name });
};

/** A network's Layers model as the two files that TensorFlow.js reads. */
export const saveNetwork = async (network: Network, weightsFile: string) => {
  const { io } = await import('@tensorflow/tfjs-core');
  const built = await layersModel(network);
  let saved: { model: Buffer; weights: Buffer } | undefined;
  await built.save(
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
  built.dispose();
  return saved!;
};
