import { readLayersWeights, weightNamed } from '../networks/layersFile.ts';
import type { Network, NetworkLayer } from '../networks/network.ts';
import { hazardBins } from './hazard.ts';
import { inputCount } from './inputs.ts';

/** One member: an LSTM beside a skip connection, a hidden layer, and a logit of the hazard for each bin. */
export interface HazardWeights {
  readonly hidden: number;
  readonly dense: number;
  /** inputs × 4·hidden */
  readonly kernel: Float32Array;
  /** hidden × 4·hidden */
  readonly recurrentKernel: Float32Array;
  /** 4·hidden */
  readonly bias: Float32Array;
  /** (hidden + inputs) × dense */
  readonly denseKernel: Float32Array;
  readonly denseBias: Float32Array;
  /** dense × bins */
  readonly headKernel: Float32Array;
  readonly headBias: Float32Array;
}

/** Members side by side as one network: `x` in, `hazard0`, `hazard1` and so on out. */
export const hazardNetwork = (members: readonly HazardWeights[]): Network => ({
  name: 'access-hazard',
  input: { name: 'x', size: inputCount },
  layers: members.flatMap((member, i): NetworkLayer[] => [
    {
      op: 'lstm',
      name: `lstm${i}`,
      from: 'x',
      units: member.hidden,
      kernel: member.kernel,
      recurrentKernel: member.recurrentKernel,
      bias: member.bias,
    },
    { op: 'concat', name: `skip${i}`, from: [`lstm${i}`, 'x'] },
    {
      op: 'dense',
      name: `dense${i}`,
      from: `skip${i}`,
      units: member.dense,
      activation: 'tanh',
      kernel: member.denseKernel,
      bias: member.denseBias,
    },
    {
      op: 'dense',
      name: `hazard${i}`,
      from: `dense${i}`,
      units: hazardBins,
      activation: 'linear',
      kernel: member.headKernel,
      bias: member.headBias,
    },
  ]),
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
