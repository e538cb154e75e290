import * as tf from '@tensorflow/tfjs-core';
import { checkNetwork } from '../networks/check.ts';
import { type Network, type NetworkLayer, poolFloor, type RecurrentLayer } from '../networks/network.ts';
import {
  type CompiledStep,
  elementsOf,
  nextStateName,
  type StepSignature,
  sequenceSignature,
  stateName,
  stepSignature,
} from './runtime.ts';

/** What a recurrent layer gives: `steps × batch × units`, and the state after the last step. */
export interface RecurrentResult {
  readonly sequence: tf.Tensor;
  /** `h`, and `c` of an LSTM; batch × units */
  readonly state: readonly tf.Tensor[];
}

/** Weights of a recurrent layer as tensors. */
export interface RecurrentWeights {
  readonly kernel: tf.Tensor2D;
  readonly recurrentKernel: tf.Tensor2D;
  readonly bias: tf.Tensor1D;
}

/** Runs an LSTM over `steps × batch × inputs` from the given state. */
export type RunLstm = (x: tf.Tensor3D, weights: RecurrentWeights, h: tf.Tensor2D, c: tf.Tensor2D) => RecurrentResult;

/** A TensorFlow.js backend that is registered and initialised. */
export interface TfjsBackend {
  readonly backend: string;
  readonly lstm: RunLstm;
}

/** Run with a backend in force, and put back the one that was: training may go on beside. Not across an await. */
const onBackend = <T>(backend: string, work: () => T): T => {
  const before = tf.engine().backendName;
  // Of a backend that has been initialised it takes force at once; the promise says nothing more.
  if (before !== backend) void tf.setBackend(backend);
  try {
    return work();
  } finally {
    if (before && before !== backend) void tf.setBackend(before);
  }
};

/** An LSTM as single operations, for backends without a fused one. */
export const unrolledLstm: RunLstm = (x, { kernel, recurrentKernel, bias }, h0, c0) => {
  let [h, c] = [h0, c0];
  const outputs: tf.Tensor[] = [];
  for (const step of tf.unstack(x) as tf.Tensor2D[]) {
    const gates = tf.add(tf.add(tf.matMul(step, kernel), tf.matMul(h, recurrentKernel)), bias);
    const [i, f, g, o] = tf.split(gates, 4, 1) as tf.Tensor2D[];
    c = tf.add(tf.mul(tf.sigmoid(f!), c), tf.mul(tf.sigmoid(i!), tf.tanh(g!)));
    h = tf.mul(tf.sigmoid(o!), tf.tanh(c));
    outputs.push(h);
  }
  return { sequence: tf.stack(outputs), state: [h, c] };
};

const unrolledGru = (x: tf.Tensor3D, weights: RecurrentWeights, h0: tf.Tensor2D): RecurrentResult => {
  const units = h0.shape[1];
  const [gateKernel, candidateKernel] = tf.split(weights.recurrentKernel, [2 * units, units], 1) as tf.Tensor2D[];
  let h = h0;
  const outputs: tf.Tensor[] = [];
  for (const step of tf.unstack(x) as tf.Tensor2D[]) {
    const projected = tf.add(tf.matMul(step, weights.kernel), weights.bias);
    const [xGates, xCandidate] = tf.split(projected, [2 * units, units], 1) as tf.Tensor2D[];
    const gates = tf.sigmoid(tf.add(xGates!, tf.matMul(h, gateKernel!)));
    const [update, reset] = tf.split(gates, 2, 1) as tf.Tensor2D[];
    const candidate = tf.tanh(tf.add(xCandidate!, tf.matMul(tf.mul(reset!, h) as tf.Tensor2D, candidateKernel!)));
    h = tf.add(candidate, tf.mul(update!, tf.sub(h, candidate)));
    outputs.push(h);
  }
  return { sequence: tf.stack(outputs), state: [h] };
};

const activations = {
  linear: (x: tf.Tensor) => x,
  relu: tf.relu,
  sigmoid: tf.sigmoid,
  tanh: tf.tanh,
  softplus: tf.softplus,
  softmax: (x: tf.Tensor) => tf.softmax(x),
} as const;

type Values = Map<string, tf.Tensor>;
type Weights = ReadonlyMap<string, tf.Tensor[]>;

const tensorsOf = (layer: NetworkLayer, inputs: number): tf.Tensor[] => {
  if (layer.op === 'dense')
    return [tf.tensor2d(layer.kernel, [inputs, layer.units]), tf.tensor1d(layer.bias)].map((it) => tf.keep(it));
  if (layer.op !== 'lstm' && layer.op !== 'gru') return [];
  const wide = layer.bias.length;
  return [
    tf.tensor2d(layer.kernel, [inputs, wide]),
    tf.tensor2d(layer.recurrentKernel, [layer.units, wide]),
    tf.tensor1d(layer.bias),
  ].map((it) => tf.keep(it));
};

/** Runs layers on tensors: `batch × size` with carried state, else `batch × steps × size`. */
class Evaluation {
  readonly #step: boolean;
  readonly #lstm: RunLstm;
  readonly #weights: Weights;
  readonly #values: Values;

  constructor(step: boolean, lstm: RunLstm, weights: Weights, values: Values) {
    this.#step = step;
    this.#lstm = lstm;
    this.#weights = weights;
    this.#values = values;
  }

  #recurrent(layer: RecurrentLayer): tf.Tensor {
    const { name, op, units } = layer;
    const x = this.#values.get(layer.from)!;
    const byTime = (this.#step ? tf.expandDims(x, 0) : tf.transpose(x, [1, 0, 2])) as tf.Tensor3D;
    const batch = byTime.shape[1];
    const [kernel, recurrentKernel, bias] = this.#weights.get(name) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D];
    const weights = { kernel, recurrentKernel, bias };
    const state = (suffix: string) =>
      (this.#values.get(`${name}.${suffix}`) ?? tf.zeros([batch, units])) as tf.Tensor2D;
    const result =
      op === 'lstm' ? this.#lstm(byTime, weights, state('h'), state('c')) : unrolledGru(byTime, weights, state('h'));
    for (const [index, suffix] of ['h', 'c'].entries())
      if (result.state[index]) this.#values.set(`${name}.${suffix}.next`, result.state[index]);
    return this.#step ? result.state[0]! : tf.transpose(result.sequence, [1, 0, 2]);
  }

  #pool({ name, from, over }: NetworkLayer & { op: 'pool' }): tf.Tensor {
    const x = this.#values.get(from)!;
    if (!this.#step) {
      if (over === 'last') return tf.gather(x, x.shape[1]! - 1, 1);
      return over === 'mean' ? tf.mean(x, 1) : tf.max(x, 1);
    }
    if (over === 'last') return x;
    const count = this.#values.get(`${name}.count`)!;
    const next = tf.add(count, 1);
    this.#values.set(`${name}.count.next`, next);
    if (over === 'mean') {
      const sum = tf.add(this.#values.get(`${name}.sum`)!, x);
      this.#values.set(`${name}.sum.next`, sum);
      return tf.div(sum, next);
    }
    const push = tf.mul(tf.sub(tf.minimum(count, 1), 1), poolFloor);
    const max = tf.maximum(tf.add(this.#values.get(`${name}.max`)!, push), x);
    this.#values.set(`${name}.max.next`, max);
    return max;
  }

  run(layer: NetworkLayer): tf.Tensor {
    const value = (name: string) => this.#values.get(name)!;
    switch (layer.op) {
      case 'lstm':
      case 'gru':
        return this.#recurrent(layer);
      case 'pool':
        return this.#pool(layer);
      case 'concat':
        return tf.concat(layer.from.map(value), -1);
      case 'clip':
        return tf.clipByValue(value(layer.from), layer.min, layer.max);
      case 'exp':
        return tf.exp(tf.mul(value(layer.from), layer.factor));
      case 'slice': {
        const x = value(layer.from);
        const begin = x.shape.map((_, axis) => (axis === x.rank - 1 ? layer.start : 0));
        return tf.slice(x, begin, [...x.shape.slice(0, -1), layer.size]);
      }
      case 'dense': {
        const [kernel, bias] = this.#weights.get(layer.name) as [tf.Tensor2D, tf.Tensor1D];
        const x = value(layer.from);
        const flat = tf.reshape(x, [-1, x.shape.at(-1)!]) as tf.Tensor2D;
        const linear = tf.reshape(tf.add(tf.matMul(flat, kernel), bias), [...x.shape.slice(0, -1), layer.units]);
        return activations[layer.activation](linear);
      }
    }
  }
}

const compile = (target: TfjsBackend, network: Network, signature: StepSignature, step: boolean): CompiledStep => {
  const { backend, lstm } = target;
  const { sizes, states } = checkNetwork(network);
  const weights = onBackend(
    backend,
    () =>
      new Map(
        network.layers.map((layer) => {
          const sources = typeof layer.from === 'string' ? [layer.from] : layer.from;
          const inputs = sources.reduce((sum, from) => sum + sizes.get(from)!, 0);
          return [layer.name, tensorsOf(layer, inputs)] as const;
        }),
      ),
  );
  const inputs = signature.inputs.map((tensor) => new Float32Array(elementsOf(tensor)));
  const outputs = signature.outputs.map((tensor) => new Float32Array(elementsOf(tensor)));
  /** The leading axis of a step's tensors is ONNX's. */
  const shapes = signature.inputs.map(({ shape }) => (step ? shape.slice(1) : shape) as number[]);
  const evaluate = (): tf.Tensor => {
    const values: Values = new Map(
      signature.inputs.map(({ name }, index) => [name, tf.tensor(inputs[index]!, shapes[index]!)] as const),
    );
    const state = values.get(stateName);
    if (state) {
      const split = tf.split(
        state,
        states.map(({ size }) => size),
        1,
      );
      for (const [i, { name }] of states.entries()) values.set(name, split[i]!);
    }
    const evaluation = new Evaluation(step, lstm, weights, values);
    for (const layer of network.layers) values.set(layer.name, evaluation.run(layer));
    if (state)
      values.set(
        nextStateName,
        tf.concat(
          states.map(({ name }) => values.get(`${name}.next`)!),
          1,
        ),
      );
    // One tensor, so that a GPU is read from once.
    return tf.concat(signature.outputs.map(({ name }) => tf.reshape(values.get(name)!, [-1])));
  };
  return {
    inputs,
    outputs,
    async run() {
      const joined = onBackend(backend, () => tf.tidy(evaluate));
      try {
        const read = (await joined.data()) as Float32Array;
        let at = 0;
        for (const output of outputs) {
          output.set(read.subarray(at, at + output.length));
          at += output.length;
        }
      } finally {
        joined.dispose();
      }
    },
    async close() {
      for (const tensors of weights.values()) tf.dispose(tensors);
    },
  };
};

/** How a TensorFlow.js backend compiles networks. */
export const tfjsCompilers = (target: TfjsBackend) => ({
  compileStep: async (network: Network, batch: number): Promise<CompiledStep> =>
    compile(target, network, stepSignature(network, batch), true),
  compileSequence: async (network: Network, batch: number, steps: number): Promise<CompiledStep> =>
    compile(target, network, sequenceSignature(network, batch, steps), false),
});

/** Make a backend known without taking force from the one that is in use. */
export const initialise = async (backend: string): Promise<boolean> => {
  const before = tf.engine().backendName;
  const started = await tf.setBackend(backend);
  if (before && before !== backend) await tf.setBackend(before);
  return started;
};
