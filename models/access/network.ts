import { readLayersWeights, weightNamed } from '../networks/layersFile.ts';
import type { Network, NetworkLayer } from '../networks/network.ts';
import { hazardBins } from './hazard.ts';
import { inputCount, treeInputs, treesAt } from './inputs.ts';

/** One member: an LSTM, a hidden layer, and a logit of the hazard for each bin, to which what trees say is added directly. */
export interface HazardWeights {
  readonly hidden: number;
  readonly dense: number;
  /** inputs × 4·hidden */
  readonly kernel: Float32Array;
  /** hidden × 4·hidden */
  readonly recurrentKernel: Float32Array;
  /** 4·hidden */
  readonly bias: Float32Array;
  /** hidden × dense */
  readonly denseKernel: Float32Array;
  readonly denseBias: Float32Array;
  /** (dense + {@link treeInputs}) × bins */
  readonly headKernel: Float32Array;
  readonly headBias: Float32Array;
}

/** Picks what trees say out of the inputs: a slice, which Keras has no layer for. */
const pickTrees = new Float32Array(inputCount * treeInputs);
for (let i = 0; i < treeInputs; i++) pickTrees[(treesAt + i) * treeInputs + i] = 1;

/** Members side by side as one network: `x` in, `hazard0`, `hazard1` and so on out. */
export const hazardNetwork = (members: readonly HazardWeights[]): Network => ({
  name: 'access-hazard',
  input: { name: 'x', size: inputCount },
  layers: [
    {
      op: 'dense',
      name: 'trees',
      from: 'x',
      units: treeInputs,
      activation: 'linear',
      kernel: pickTrees,
      bias: new Float32Array(treeInputs),
    },
    ...members.flatMap((member, i): NetworkLayer[] => [
      {
        op: 'lstm',
        name: `lstm${i}`,
        from: 'x',
        units: member.hidden,
        kernel: member.kernel,
        recurrentKernel: member.recurrentKernel,
        bias: member.bias,
      },
      {
        op: 'dense',
        name: `dense${i}`,
        from: `lstm${i}`,
        units: member.dense,
        activation: 'tanh',
        kernel: member.denseKernel,
        bias: member.denseBias,
      },
      { op: 'concat', name: `joined${i}`, from: [`dense${i}`, 'trees'] },
      {
        op: 'dense',
        name: `hazard${i}`,
        from: `joined${i}`,
        units: hazardBins,
        activation: 'linear',
        kernel: member.headKernel,
        bias: member.headBias,
      },
    ]),
  ],
  outputs: members.map((_, i) => `hazard${i}`),
});

/**
 * Read members from their Layers model.
 *
 * @throws EbbtideError MODEL_DAMAGED when it is cut short or of another network
 */
export const readHazard = (model: Uint8Array, weights: Uint8Array): HazardWeights[] => {
  const named = readLayersWeights(model, weights);
  const members: HazardWeights[] = [];
  for (let i = 0; named.has(`lstm${i}/kernel`) || i === 0; i++) {
    const take = (name: string) => weightNamed(named, name);
    const recurrent = take(`lstm${i}/recurrent_kernel`);
    const dense = take(`dense${i}/kernel`);
    members.push({
      hidden: recurrent.shape[0] ?? 0,
      dense: dense.shape[1] ?? 0,
      kernel: take(`lstm${i}/kernel`).values,
      recurrentKernel: recurrent.values,
      bias: take(`lstm${i}/bias`).values,
      denseKernel: dense.values,
      denseBias: take(`dense${i}/bias`).values,
      headKernel: take(`hazard${i}/kernel`).values,
      headBias: take(`hazard${i}/bias`).values,
    });
  }
  return members;
};
