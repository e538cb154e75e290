import { InferenceSession, Tensor } from 'onnxruntime-node';
import { EbbtideError } from '../../schemas/errors.ts';
import type { CompiledStep, Runtime, StepSignature, StepTensor } from './runtime.ts';

const elements = (tensor: StepTensor): number => tensor.shape.reduce((product, size) => product * size, 1);

const allocate = (tensors: readonly StepTensor[]) =>
  tensors.map((tensor) => ({ name: tensor.name, values: new Float32Array(elements(tensor)), shape: tensor.shape }));

const byName = (tensors: ReturnType<typeof allocate>): Record<string, Tensor> =>
  Object.fromEntries(
    tensors.map(({ name, values, shape }) => [name, new Tensor('float32', values, [...shape])] as const),
  );

const compile = async (model: Uint8Array, signature: StepSignature): Promise<CompiledStep> => {
  let session: InferenceSession;
  try {
    session = await InferenceSession.create(model, {
      executionProviders: ['cpu'],
      executionMode: 'sequential',
      // One core a process: work is spread over processes, and a thread pool only adds hand-over to steps this small.
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
    });
  } catch (cause) {
    throw new EbbtideError('MODEL_DAMAGED', 'ONNX Runtime cannot read the model; train or fetch it again', {}, cause);
  }
  const inputs = allocate(signature.inputs);
  const outputs = allocate(signature.outputs);
  const feeds = byName(inputs);
  const fetches = byName(outputs);
  return {
    inputs: inputs.map((tensor) => tensor.values),
    outputs: outputs.map((tensor) => tensor.values),
    async run() {
      await session.run(feeds, fetches);
    },
    async close() {
      await session.release();
    },
  };
};

/** ONNX Runtime on the CPU, one thread, results into buffers that are allocated once. */
export const onnxRuntime: Runtime = { name: 'onnx', compile };
