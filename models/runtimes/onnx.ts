import './noTelemetry.ts';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { EbbtideError } from '../../schemas/errors.ts';
import { exportNetwork } from '../onnx/exporter.ts';
import { inspectModel } from '../onnx/inspect.ts';
import { fullPrecision } from './precision.ts';
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

/**
 * Multiplications of one run from which a GPU is the faster one, what crosses to it and back counted: an H100 took as long
 * as one core of its machine for 20 million (docs/models.md). A fixed figure, since a choice by the clock would give other
 * bits after the next start.
 */
const worthCrossing = 50e6;

/** Where a model runs that may run on a GPU: there if it is large enough, each weight counted once for each row of the input. */
export const providerFor = (model: Uint8Array, { inputs: [input] }: StepSignature): Provider => {
  const rows = elementsOf(input!) / input!.shape.at(-1)!;
  return (model.byteLength / Float32Array.BYTES_PER_ELEMENT) * rows < worthCrossing ? 'cpu' : 'cuda';
};

type Choose = (model: Uint8Array, signature: StepSignature) => Provider;

const compileOn =
  (choose: Choose) =>
  async (model: Uint8Array, signature: StepSignature): Promise<CompiledStep> => {
    const session = await openSession(model, choose(model, signature));
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

const on = (provider: string, choose: Choose): OnnxRuntime => {
  const compile = compileOn(choose);
  return {
    name: 'onnx',
    provider,
    version: (require('onnxruntime-node/package.json') as { version: string }).version,
    compile,
    compileStep: async (network, batch) => compile(exportNetwork(network, 'step'), stepSignature(network, batch)),
    compileSequence: async (network, batch, steps) =>
      compile(exportNetwork(network, 'sequence'), sequenceSignature(network, batch, steps)),
  };
};

/** ONNX Runtime on the CPU, one thread, results into buffers that are allocated once. */
export const onnxRuntime: OnnxRuntime = on('cpu', () => 'cpu');

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

/**
 * ONNX Runtime with everything on its CUDA provider, which is slower for what is small.
 *
 * @throws EbbtideError RUNTIME_MISSING when the provider is not installed, or does not start
 */
export const startOnnxOnCuda = async (): Promise<OnnxRuntime> => {
  if (!hasCuda())
    throw new EbbtideError('RUNTIME_MISSING', 'ONNX Runtime has no CUDA provider beside it, or there is no NVIDIA GPU');
  fullPrecision();
  const probe: Parameters<typeof exportNetwork>[0] = {
    name: 'probe',
    input: { name: 'x', size: 1 },
    layers: [{ op: 'exp', name: 'y', from: 'x', factor: 1 }],
    outputs: ['y'],
  };
  try {
    const cuda = on('cuda', () => 'cuda');
    await (await cuda.compileStep(probe, 1)).close();
    return cuda;
  } catch (error) {
    const { cause } = error as Error;
    const why = (cause instanceof Error ? cause : (error as Error)).message.split('\n')[0];
    throw new EbbtideError(
      'RUNTIME_MISSING',
      `The CUDA provider of ONNX Runtime does not start: ${why}. It needs the CUDA and cuDNN that it was built for on the loader's path`,
      {},
      error,
    );
  }
};

/**
 * ONNX Runtime: on the CPU, and where its CUDA provider is installed and starts, on the GPU what is large enough for that to
 * be faster.
 */
export const startOnnx = async (): Promise<OnnxRuntime> => {
  if (!hasCuda()) return onnxRuntime;
  try {
    await startOnnxOnCuda();
  } catch (error) {
    return { ...onnxRuntime, withoutGpu: (error as Error).message };
  }
  return on('cpu+cuda', providerFor);
};
