/** One named tensor of a step, of a shape fixed when the step was compiled. */
export interface StepTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

/** What a step takes and gives, at a fixed batch. */
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
  /** Run one step; never twice at once. */
  run(): Promise<void>;
  close(): Promise<void>;
}

/** Something that executes networks: ONNX Runtime, TensorFlow, WebGPU. */
export interface Runtime {
  readonly name: string;
  /**
   * Compile a model for one shape.
   *
   * @param model the serialised network
   * @param signature names and shapes of its inputs and outputs
   * @throws EbbtideError MODEL_DAMAGED when the runtime cannot read the model
   */
  compile(model: Uint8Array, signature: StepSignature): Promise<CompiledStep>;
}
