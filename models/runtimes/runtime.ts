import { checkNetwork } from '../networks/check.ts';
import type { Network } from '../networks/network.ts';

/** One named tensor of a compiled network, of a shape fixed when it was compiled. */
export interface StepTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

/** What a compiled network takes and gives. */
export interface StepSignature {
  readonly inputs: readonly StepTensor[];
  readonly outputs: readonly StepTensor[];
}

/** A network compiled for one fixed shape: write the inputs, run, read the outputs. */
export interface CompiledStep {
  /** Written by the caller before each run, in the order of the signature. */
  readonly inputs: readonly Float32Array[];
  /** Valid after a run, until the next. */
  readonly outputs: readonly Float32Array[];
  /** Run once; never twice at once. */
  run(): Promise<void>;
  close(): Promise<void>;
}

/** Runtimes by name. */
export const runtimeNames = ['onnx', 'tensorflow', 'webgpu'] as const;

/** See {@link runtimeNames}. */
export type RuntimeName = (typeof runtimeNames)[number];

/** Something that executes networks: ONNX Runtime, TensorFlow, WebGPU. */
export interface Runtime {
  readonly name: RuntimeName;
  /** What does the arithmetic, e.g. `cpu`, `cpu+cuda`, or a GPU's name. */
  readonly provider: string;
  /** Why it leaves a GPU unused that something was installed for. */
  readonly withoutGpu?: string;
  /** Version of the library that executes. */
  readonly version: string;
  /**
   * Compile a network for single steps with carried state.
   *
   * @param batch subjects side by side
   * @returns inputs: batch × input, then batch × state; outputs: batch × size of each output, then batch × next state. A
   * network that carries nothing has no state among them. {@link stepSignature} names them
   * @throws EbbtideError MODEL_DAMAGED for weights that are no numbers, MODEL_INCOMPATIBLE for a graph that does not fit
   */
  compileStep(network: Network, batch: number): Promise<CompiledStep>;
  /**
   * Compile a network for whole sequences, without state.
   *
   * @returns input: batch × steps × input; outputs: batch × steps × size, or batch × size after a pool
   * @throws EbbtideError as {@link Runtime.compileStep}
   */
  compileSequence(network: Network, batch: number, steps: number): Promise<CompiledStep>;
}

/** Name of the tensor that holds the whole state of each subject, its parts side by side in the network's order. */
export const stateName = 'state';
/** Name of the state after the step. */
export const nextStateName = 'state.next';

/** Names and shapes of a step with carried state. */
export const stepSignature = (network: Network, batch: number): StepSignature => {
  const { sizes, states } = checkNetwork(network);
  const floats = states.reduce((sum, { size }) => sum + size, 0);
  const state = (name: string) => (floats > 0 ? [{ name, shape: [1, batch, floats] }] : []);
  return {
    inputs: [{ name: network.input.name, shape: [1, batch, network.input.size] }, ...state(stateName)],
    outputs: [
      ...network.outputs.map((name) => ({ name, shape: [1, batch, sizes.get(name)!] })),
      ...state(nextStateName),
    ],
  };
};

/** Names and shapes of whole sequences. */
export const sequenceSignature = (network: Network, batch: number, steps: number): StepSignature => {
  const { sizes, pooled } = checkNetwork(network);
  return {
    inputs: [{ name: network.input.name, shape: [batch, steps, network.input.size] }],
    outputs: network.outputs.map((name) => ({
      name,
      shape: pooled.has(name) ? [batch, sizes.get(name)!] : [batch, steps, sizes.get(name)!],
    })),
  };
};

/** Floats of a tensor. */
export const elementsOf = (tensor: StepTensor): number => tensor.shape.reduce((product, size) => product * size, 1);
