import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { EbbtideError } from '../../schemas/errors.ts';
import { exportNetwork } from '../onnx/exporter.ts';
import { inspectModel } from '../onnx/inspect.ts';
import {
  type CompiledStep,
  elementsOf,
  type Runtime,
  type StepSignature,
  type StepTensor,
  sequenceSignature,
  stepSignature,
} from './runtime.ts';

const allocate = (tensors: readonly StepTensor[]) =>
  tensors.map((tensor) => ({ name: tensor.name, values: new Float32Array(elementsOf(tensor)), shape: tensor.shape }));

const byName = (tensors: ReturnType<typeof allocate>): Record<string, Tensor> =>
  Object.fromEntries(
    tensors.map(({ name, values, shape }) => [name, new Tensor('float32', values, [...shape])] as const),
  );

type Provider = 'cpu' | 'cuda';

/** Options of every session; benchmarks open bare ones with the same. */
export const sessionOptions = (provider: Provider): InferenceSession.SessionOptions => ({
  executionProviders: provider === 'cuda' ? ['cuda', 'cpu'] : ['cpu'],
  executionMode: 'sequential',
  // One core a process: work is spread over processes, and a thread pool only adds hand-over to steps this small.
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  graphOptimizationLevel: 'all',
  logSeverityLevel: 3,
});

const openSession = async (model: Uint8Array, provider: Provider): Promise<InferenceSession> => {
  inspectModel(model);
  try {
    return await InferenceSession.create(model, sessionOptions(provider));
  } catch (cause) {
    throw new EbbtideError('MODEL_DAMAGED', 'ONNX Runtime cannot read the model; train or fetch it again', {}, cause);
  }
};

const compileOn =
  (provider: Provider) =>
  async (model: Uint8Array, signature: StepSignature): Promise<CompiledStep> => {
    const session = await openSession(model, provider);
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

/** ONNX Runtime; besides networks it compiles ONNX models as they stand in files. */
export interface OnnxRuntime extends Runtime {
  /**
   * Compile an ONNX model.
   *
   * @param signature names and shapes of its inputs and outputs
   * @throws EbbtideError MODEL_DAMAGED when the model cannot be read, MODEL_INCOMPATIBLE for a foreign operator set
   */
  compile(model: Uint8Array, signature: StepSignature): Promise<CompiledStep>;
}

const require = createRequire(import.meta.url);

const on = (provider: Provider): OnnxRuntime => ({
  name: 'onnx',
  provider,
  version: (require('onnxruntime-node/package.json') as { version: string }).version,
  compile: compileOn(provider),
  compileStep: async (network, batch) =>
    compileOn(provider)(exportNetwork(network, 'step'), stepSignature(network, batch)),
  compileSequence: async (network, batch, steps) =>
    compileOn(provider)(exportNetwork(network, 'sequence'), sequenceSignature(network, batch, steps)),
});

/** ONNX Runtime on the CPU, one thread, results into buffers that are allocated once. */
export const onnxRuntime: OnnxRuntime = on('cpu');

/** Whether ONNX Runtime's CUDA provider was installed beside it, and there is a device for it. */
const hasCuda = (): boolean => {
  const root = dirname(require.resolve('onnxruntime-node/package.json'));
  const library = join(
    root,
    'bin',
    'napi-v6',
    process.platform,
    process.arch,
    process.platform === 'win32' ? 'onnxruntime_providers_cuda.dll' : 'libonnxruntime_providers_cuda.so',
  );
  return existsSync(library) && (process.platform === 'win32' || existsSync('/dev/nvidiactl'));
};

/** ONNX Runtime with its CUDA provider where that is installed and starts, else on the CPU. */
export const startOnnx = async (): Promise<OnnxRuntime> => {
  if (!hasCuda()) return onnxRuntime;
  const probe: Parameters<typeof exportNetwork>[0] = {
    name: 'probe',
    input: { name: 'x', size: 1 },
    layers: [{ op: 'exp', name: 'y', from: 'x', factor: 1 }],
    outputs: ['y'],
  };
  try {
    const cuda = on('cuda');
    await (await cuda.compileStep(probe, 1)).close();
    return cuda;
  } catch {
    return onnxRuntime;
  }
};
