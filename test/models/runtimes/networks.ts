import { forecasterNetwork } from '../../../models/anomaly/network.ts';
import type { Activation, Network, NetworkLayer } from '../../../models/networks/network.ts';
import { scopeFeatures } from '../../../models/scope/features.ts';
import { scopeNetwork } from '../../../models/scope/network.ts';
import { createRandom } from '../../../models/training/random.ts';

/** Networks of each kind that is trained here, small, with invented weights. */
export const kindsOfNetwork = (): Readonly<Record<string, Network>> => {
  const random = createRandom(11);
  const floats = (n: number) => Float32Array.from({ length: n }, () => random.normal() * 0.4);
  const recurrent = (op: 'lstm' | 'gru', from: string, inputs: number, units: number): NetworkLayer => {
    const wide = (op === 'lstm' ? 4 : 3) * units;
    return {
      op,
      name: `${op}${units}`,
      from,
      units,
      kernel: floats(inputs * wide),
      recurrentKernel: floats(units * wide),
      bias: floats(wide),
    };
  };
  const dense = (
    name: string,
    from: string,
    inputs: number,
    units: number,
    activation: Activation = 'linear',
  ): NetworkLayer => ({
    op: 'dense',
    name,
    from,
    units,
    activation,
    kernel: floats(inputs * units),
    bias: floats(units),
  });
  const [features, inputs, hidden] = [6, 10, 8];
  return {
    'anomaly forecaster': forecasterNetwork({
      features,
      inputs,
      hidden,
      kernel: floats(inputs * 4 * hidden),
      recurrentKernel: floats(hidden * 4 * hidden),
      bias: floats(4 * hidden),
      headKernel: floats((hidden + inputs) * 2 * features),
      headBias: floats(2 * features),
    }),
    'access hazard': {
      name: 'access-hazard',
      input: { name: 'events', size: 7 },
      layers: [
        recurrent('gru', 'events', 7, 9),
        recurrent('lstm', 'gru9', 9, 5),
        { op: 'concat', name: 'joined', from: ['lstm5', 'gru9', 'events'] },
        dense('mixed', 'joined', 21, 6, 'relu'),
        dense('rate', 'mixed', 6, 4, 'softplus'),
        dense('mark', 'mixed', 6, 3, 'softmax'),
      ],
      outputs: ['rate', 'mark'],
    },
    'biometric comparator': {
      name: 'biometric-comparator',
      input: { name: 'keystrokes', size: 5 },
      layers: [
        recurrent('lstm', 'keystrokes', 5, 12),
        { op: 'pool', name: 'average', from: 'lstm12', over: 'mean' },
        { op: 'pool', name: 'greatest', from: 'lstm12', over: 'max' },
        { op: 'concat', name: 'pools', from: ['average', 'greatest'] },
        dense('embedded', 'pools', 24, 8, 'tanh'),
        dense('match', 'embedded', 8, 1, 'sigmoid'),
      ],
      outputs: ['embedded', 'match'],
    },
    scope: scopeNetwork({
      kernel: floats(scopeFeatures.size * 32),
      recurrentKernel: floats(8 * 32),
      bias: floats(32),
      headKernel: floats(8),
      headBias: floats(1),
    }),
    'last step': {
      name: 'last-step',
      input: { name: 'calls', size: 11 },
      layers: [
        recurrent('lstm', 'calls', 11, 10),
        { op: 'pool', name: 'end', from: 'lstm10', over: 'last' },
        dense('next', 'end', 10, 13, 'sigmoid'),
      ],
      outputs: ['next'],
    },
  };
};
