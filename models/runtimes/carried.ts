import { checkNetwork } from '../networks/check.ts';
import type { Network } from '../networks/network.ts';
import type { CompiledStep, Runtime } from './runtime.ts';

/** The bits of floats: copied as integers they need no way through double precision. */
const bitsOf = (floats: Float32Array): Int32Array =>
  new Int32Array(floats.buffer as ArrayBuffer, floats.byteOffset, floats.length);

const copyRows = (
  source: Int32Array,
  sourceAt: number,
  sourceStride: number,
  target: Int32Array,
  targetAt: number,
  targetStride: number,
  rows: number,
  size: number,
): void => {
  for (let row = 0; row < rows; row++) {
    const read = sourceAt + row * sourceStride;
    const write = targetAt + row * targetStride;
    for (let k = 0; k < size; k++) target[write + k] = source[read + k]!;
  }
};

/**
 * Steps a network for any number of subjects, each with its state in one stretch of floats: gathers rows into batches of
 * one fixed size, runs them, and puts outputs and states back. Rows do not influence one another, and since only one
 * batch size is ever run, a row's result does not depend on how many there are.
 */
export class CarriedNetwork {
  /** Floats of a subject's state, zeros for a new one. */
  readonly stateSize: number;
  /** Floats of a row of each output. */
  readonly outputSizes: readonly number[];
  readonly #step: CompiledStep;
  readonly #batch: number;
  readonly #inputSize: number;
  readonly #stateSizes: readonly number[];
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(network: Network, step: CompiledStep, batch: number) {
    const { sizes, states } = checkNetwork(network);
    this.#step = step;
    this.#batch = batch;
    this.#inputSize = network.input.size;
    this.#stateSizes = states.map(({ size }) => size);
    this.stateSize = this.#stateSizes.reduce((sum, size) => sum + size, 0);
    this.outputSizes = network.outputs.map((name) => sizes.get(name)!);
  }

  /**
   * Compile a network.
   *
   * @param batch rows that are run at once
   * @throws EbbtideError as {@link Runtime.compileStep}
   */
  static async create(runtime: Runtime, network: Network, batch = 64): Promise<CarriedNetwork> {
    return new CarriedNetwork(network, await runtime.compileStep(network, batch), batch);
  }

  /**
   * One step of each of `n` subjects. Calls wait for one another.
   *
   * @param inputs n × input
   * @param states n × {@link stateSize}, updated in place
   * @param outputs for each output n × its size, written
   */
  step(inputs: Float32Array, states: Float32Array, outputs: readonly Float32Array[], n: number): Promise<void> {
    const short = outputs.some((output, i) => output.length < n * this.outputSizes[i]!);
    if (inputs.length < n * this.#inputSize || states.length < n * this.stateSize || short)
      throw new RangeError(
        `Buffers are too short for ${n} rows of ${this.#inputSize} inputs and ${this.stateSize} state floats`,
      );
    const result = this.#tail.then(() => this.#stepAll(inputs, states, outputs, n));
    this.#tail = result.catch(() => undefined);
    return result;
  }

  async #stepAll(inputs: Float32Array, states: Float32Array, outputs: readonly Float32Array[], n: number) {
    const x = this.#step.inputs[0]!;
    const results = this.#step.outputs;
    const carried = this.#step.inputs.slice(1).map(bitsOf);
    const next = results.slice(outputs.length).map(bitsOf);
    const bits = bitsOf(states);
    for (let from = 0; from < n; from += this.#batch) {
      const rows = Math.min(this.#batch, n - from);
      x.set(inputs.subarray(from * this.#inputSize, (from + rows) * this.#inputSize));
      this.#copyStates(bits, from, rows, carried, true);
      await this.#step.run();
      for (const [i, output] of outputs.entries()) {
        const size = this.outputSizes[i]!;
        output.set(results[i]!.subarray(0, rows * size), from * size);
      }
      this.#copyStates(bits, from, rows, next, false);
    }
  }

  #copyStates(states: Int32Array, from: number, rows: number, tensors: readonly Int32Array[], gather: boolean): void {
    let begin = from * this.stateSize;
    for (const [i, tensor] of tensors.entries()) {
      const size = this.#stateSizes[i]!;
      if (gather) copyRows(states, begin, this.stateSize, tensor, 0, size, rows, size);
      else copyRows(tensor, 0, size, states, begin, this.stateSize, rows, size);
      begin += size;
    }
  }

  /** Give back what the runtime holds, once the steps that were asked for are done. */
  async close(): Promise<void> {
    await this.#tail;
    await this.#step.close();
  }
}
