import { EbbtideError } from '../../schemas/errors.ts';
import { gatesOf, type Network, type NetworkLayer, type StateTensor, stateOf } from './network.ts';

/** What a checked network looks like. */
export interface NetworkShape {
  /** Features of the input and of each layer. */
  readonly sizes: ReadonlyMap<string, number>;
  /** Names of values without a time axis when whole sequences are run: pools and what follows them. */
  readonly pooled: ReadonlySet<string>;
  /** The state that one subject carries from step to step, in order. */
  readonly states: readonly StateTensor[];
}

/** The weights of a layer, each with the number of floats that it must have. */
const weightsOf = (layer: NetworkLayer, inputs: number): [string, Float32Array, number][] => {
  if (layer.op === 'dense')
    return [
      ['kernel', layer.kernel, inputs * layer.units],
      ['bias', layer.bias, layer.units],
    ];
  if (layer.op !== 'lstm' && layer.op !== 'gru') return [];
  const wide = gatesOf(layer.op) * layer.units;
  return [
    ['kernel', layer.kernel, inputs * wide],
    ['recurrentKernel', layer.recurrentKernel, layer.units * wide],
    ['bias', layer.bias, wide],
  ];
};

/**
 * Check that a network fits together and that its weights are numbers.
 *
 * @returns sizes, pooled values and carried state
 * @throws EbbtideError MODEL_DAMAGED for weights that are NaN, infinite, too few or too many; MODEL_INCOMPATIBLE for a
 * graph that does not fit together
 */
export const checkNetwork = (network: Network): NetworkShape => {
  const incompatible = (layer: string, why: string) =>
    new EbbtideError('MODEL_INCOMPATIBLE', `Layer ${layer} of network ${network.name} ${why}`, {
      network: network.name,
      layer,
    });
  const damaged = (layer: string, why: string) =>
    new EbbtideError(
      'MODEL_DAMAGED',
      `Weights of layer ${layer} of network ${network.name} ${why}; train the model again or restore its files`,
      { network: network.name, layer },
    );
  const sizes = new Map([[network.input.name, network.input.size]]);
  const pooled = new Set<string>();
  const states: StateTensor[] = [];
  for (const layer of network.layers) {
    if (sizes.has(layer.name)) throw incompatible(layer.name, 'has the name of another');
    const sources = typeof layer.from === 'string' ? [layer.from] : layer.from;
    const inputs = sources.reduce((sum, from) => {
      const size = sizes.get(from);
      if (size === undefined) throw incompatible(layer.name, `takes ${from}, which no earlier layer gives`);
      return sum + size;
    }, 0);
    const fromPool = sources.filter((from) => pooled.has(from)).length;
    const overTime = layer.op === 'lstm' || layer.op === 'gru' || layer.op === 'pool';
    if (fromPool > 0 && (overTime || fromPool < sources.length))
      throw incompatible(layer.name, 'needs a sequence, and takes what was pooled');
    if (layer.op === 'slice' && !(layer.start >= 0 && layer.size > 0 && layer.start + layer.size <= inputs))
      throw incompatible(layer.name, `takes ${layer.size} features from ${layer.start} on, of ${inputs}`);
    for (const [name, values, expected] of weightsOf(layer, inputs)) {
      if (values.length !== expected)
        throw damaged(layer.name, `are incomplete: ${name} has ${values.length} floats instead of ${expected}`);
      const odd = values.findIndex((value) => !Number.isFinite(value));
      if (odd >= 0) throw damaged(layer.name, `are not all numbers: ${name}[${odd}] is ${values[odd]}`);
    }
    const size = 'units' in layer ? layer.units : layer.op === 'slice' ? layer.size : inputs;
    sizes.set(layer.name, size);
    if (fromPool > 0 || layer.op === 'pool') pooled.add(layer.name);
    states.push(...stateOf(layer, size));
  }
  for (const output of network.outputs)
    if (!network.layers.some(({ name }) => name === output)) throw incompatible(output, 'is an output, but not there');
  return { sizes, pooled, states };
};
