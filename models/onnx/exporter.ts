import { checkNetwork } from '../networks/check.ts';
import { gatesOf, type Network, type NetworkLayer, type RecurrentLayer } from '../networks/network.ts';
import { nextStateName, sequenceSignature, stateName, stepSignature } from '../runtimes/runtime.ts';
import { encodeModel, type GraphNode, type Initializer } from './messages.ts';
import { poolNodes } from './pool.ts';

/** ONNX operator set of exported models. */
export const opset = 17;

/**
 * Keras keeps an LSTM's gates as input, forget, cell, output, ONNX wants input, output, forget, cell; both keep a GRU's
 * as update, reset, candidate.
 */
const onnxGates = { lstm: [0, 3, 1, 2], gru: [0, 1, 2] } as const;

/** From Keras' `rows × gates·units` to ONNX's `gates·units × rows`, gates reordered. */
const transposeGates = (kernel: Float32Array, rows: number, { op, units }: RecurrentLayer): Float32Array => {
  const result = new Float32Array(kernel.length);
  const wide = gatesOf(op) * units;
  onnxGates[op].forEach((gate, to) => {
    for (let unit = 0; unit < units; unit++)
      for (let row = 0; row < rows; row++)
        result[(to * units + unit) * rows + row] = kernel[row * wide + gate * units + unit]!;
  });
  return result;
};

/** Collects the parts of a graph. */
export interface GraphParts {
  readonly nodes: GraphNode[];
  readonly initializers: Initializer[];
  /** Add a constant and return its name. */
  constant(name: string, dims: number[], values: Float32Array | BigInt64Array): string;
  /** Add an operation with one output, and return the output's name. */
  add(opType: string, inputs: string[], output: string, attributes?: GraphNode['attributes']): string;
}

const graphParts = (): GraphParts => {
  const nodes: GraphNode[] = [];
  const initializers: Initializer[] = [];
  return {
    nodes,
    initializers,
    constant(name, dims, values) {
      initializers.push({ name, dims, values });
      return name;
    },
    add(opType, inputs, output, attributes = {}) {
      nodes.push({ opType, inputs, outputs: [output], attributes });
      return output;
    },
  };
};

/** A recurrent layer: with carried state it takes `1 × batch × size`, else `batch × steps × size` and zeros. */
const recurrent = (parts: GraphParts, layer: RecurrentLayer, inputs: number, step: boolean): void => {
  const { op, name, from, units } = layer;
  const gates = gatesOf(op);
  // ONNX adds an input and a recurrent bias; Keras has one.
  const bias = new Float32Array(2 * gates * units);
  bias.set(transposeGates(layer.bias, 1, layer));
  const weights = [
    parts.constant(`${name}.W`, [1, gates * units, inputs], transposeGates(layer.kernel, inputs, layer)),
    parts.constant(`${name}.R`, [1, gates * units, units], transposeGates(layer.recurrentKernel, units, layer)),
    parts.constant(`${name}.B`, [1, 2 * gates * units], bias),
  ];
  const opType = op.toUpperCase();
  const attributes = { hidden_size: units };
  if (step) {
    const states = op === 'lstm' ? ['h', 'c'] : ['h'];
    const next = states.map((state) => `${name}.${state}.next`);
    const inputNames = [from, ...weights, '', ...states.map((state) => `${name}.${state}`)];
    parts.nodes.push({ opType, inputs: inputNames, outputs: ['', ...next], attributes });
    parts.add('Identity', [next[0]!], name);
    return;
  }
  const byTime = parts.add('Transpose', [from], `${name}.byTime`, { perm: [1, 0, 2] });
  const raw = parts.add(opType, [byTime, ...weights], `${name}.all`, attributes);
  const flat = parts.add('Squeeze', [raw, parts.constant(`${name}.axis`, [1], BigInt64Array.of(1n))], `${name}.flat`);
  parts.add('Transpose', [flat], name, { perm: [1, 0, 2] });
};

const activations = { relu: 'Relu', sigmoid: 'Sigmoid', tanh: 'Tanh', softplus: 'Softplus', softmax: 'Softmax' };

const addLayer = (parts: GraphParts, layer: NetworkLayer, inputs: number, step: boolean): void => {
  const { name } = layer;
  const scalar = (what: string, value: number) => parts.constant(`${name}.${what}`, [], Float32Array.of(value));
  const index = (what: string, value: number) =>
    parts.constant(`${name}.${what}`, [1], BigInt64Array.of(BigInt(value)));
  switch (layer.op) {
    case 'lstm':
    case 'gru':
      recurrent(parts, layer, inputs, step);
      return;
    case 'dense': {
      const kernel = parts.constant(`${name}.kernel`, [inputs, layer.units], layer.kernel);
      const bias = parts.constant(`${name}.bias`, [layer.units], layer.bias);
      const product = parts.add('MatMul', [layer.from, kernel], `${name}.product`);
      const linear = layer.activation === 'linear';
      const sum = parts.add('Add', [product, bias], linear ? name : `${name}.linear`);
      if (layer.activation !== 'linear')
        parts.add(activations[layer.activation], [sum], name, layer.activation === 'softmax' ? { axis: -1 } : {});
      return;
    }
    case 'concat':
      parts.add('Concat', [...layer.from], name, { axis: -1 });
      return;
    case 'slice': {
      const [start, end] = [index('start', layer.start), index('end', layer.start + layer.size)];
      parts.add('Slice', [layer.from, start, end, index('axis', -1)], name);
      return;
    }
    case 'clip':
      parts.add('Clip', [layer.from, scalar('min', layer.min), scalar('max', layer.max)], name);
      return;
    case 'exp':
      parts.add('Exp', [parts.add('Mul', [layer.from, scalar('factor', layer.factor)], `${name}.scaled`)], name);
      return;
    case 'pool':
      poolNodes(parts, layer, step);
  }
};

/**
 * Export a network to ONNX, batch free: as one step with carried state, or over whole sequences.
 *
 * Names and order of inputs and outputs are those of `stepSignature` and `sequenceSignature`; a step's tensors have a
 * leading axis of 1, which is the one step.
 *
 * @returns the bytes of an ONNX model of operator set {@link opset}
 * @throws EbbtideError MODEL_DAMAGED, MODEL_INCOMPATIBLE for a network that is not sound
 */
export const exportNetwork = (network: Network, form: 'step' | 'sequence'): Uint8Array => {
  const step = form === 'step';
  const { sizes, states } = checkNetwork(network);
  const parts = graphParts();
  if (step && states.length > 0) {
    const lengths = BigInt64Array.from(states, ({ size }) => BigInt(size));
    const inputs = [stateName, parts.constant('state.sizes', [states.length], lengths)];
    parts.nodes.push({ opType: 'Split', inputs, outputs: states.map(({ name }) => name), attributes: { axis: 2 } });
  }
  for (const layer of network.layers) {
    const sources = typeof layer.from === 'string' ? [layer.from] : layer.from;
    addLayer(
      parts,
      layer,
      sources.reduce((sum, from) => sum + sizes.get(from)!, 0),
      step,
    );
  }
  const next = states.map(({ name }) => `${name}.next`);
  if (step && states.length > 0) parts.add('Concat', next, nextStateName, { axis: 2 });
  const signature = step ? stepSignature(network, 0) : sequenceSignature(network, 0, 0);
  // Sizes that may vary were asked for as 0, but for a sequence's two axes in this order.
  const free = ({ name, shape }: { name: string; shape: readonly number[] }) => ({
    name,
    shape: shape.map((size, axis) => (size > 0 ? size : !step && axis === 1 ? 'steps' : 'batch')),
  });
  return encodeModel({
    name: `${network.name}-${form}`,
    opset,
    nodes: parts.nodes,
    initializers: parts.initializers,
    inputs: signature.inputs.map(free),
    outputs: signature.outputs.map(free),
  });
};
