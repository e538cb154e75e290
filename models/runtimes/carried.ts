import { checkNetwork } from '../networks/check.ts';
import type { Network } from '../networks/network.ts';
import type { CompiledStep, Runtime } from './runtime.ts';

/** Fill `to` with the beginning of `from`. */
const copy = (from: Float32Array, to: Float32Array): void => {
  to.set(to.length === from.length ? from : from.subarray(0, to.length));
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
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(network: Network, step: CompiledStep, batch: number) {
    const { sizes, states } = checkNetwork(network);
    this.#step = step;
    this.#batch = batch;
    this.#inputSize = network.input.size;
    this.stateSize = states.reduce((sum, { size }) => sum + size, 0);
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
    const [x, state] = this.#step.inputs;
    const results = this.#step.outputs;
    for (let from = 0; from < n; from += this.#batch) {
      const to = Math.min(n, from + this.#batch);
      const rows = (all: Float32Array, size: number) => all.subarray(from * size, to * size);
      x!.set(rows(inputs, this.#inputSize));
      state?.set(rows(states, this.stateSize));
      await this.#step.run();
      for (const [i, output] of outputs.entries()) copy(results[i]!, rows(output, this.outputSizes[i]!));
      if (state) copy(results[outputs.length]!, rows(states, this.stateSize));
    }
  }

  /** Give back what the runtime holds, once the steps that were asked for are done. */
  async close(): Promise<void> {
    await this.#tail;
    await this.#step.close();
  }
}
