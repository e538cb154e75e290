import { EbbtideError } from '../../schemas/errors.ts';
import { type Runtime, type RuntimeName, runtimeNames } from './runtime.ts';

/** What may be asked for: one runtime, or the first of {@link runtimeNames} that starts. */
export type RuntimeChoice = 'auto' | RuntimeName;

/** Each runtime is loaded only when it is asked for: TensorFlow alone is some 600 MB. */
const starters: Readonly<Record<RuntimeName, () => Promise<Runtime>>> = {
  onnx: async () => (await import('./onnx.ts')).startOnnx(),
  tensorflow: async () => (await import('./tensorflow.ts')).startTensorflow(),
  webgpu: async () => (await import('./webgpu.ts')).startWebgpu(),
};

/** The runtime in force, and why the ones before it are not. */
export interface ChosenRuntime {
  readonly runtime: Runtime;
  readonly passedOver: readonly { readonly name: RuntimeName; readonly why: string }[];
}

const isChoice = (value: string): value is RuntimeChoice =>
  value === 'auto' || (runtimeNames as readonly string[]).includes(value);

/**
 * The runtime that is asked for: `EBBTIDE_MODELS_RUNTIME` before the configuration.
 *
 * @throws EbbtideError CONFIG_INVALID for a name that is none
 */
export const wantedRuntime = (configured: RuntimeChoice, environment = process.env): RuntimeChoice => {
  const override = environment.EBBTIDE_MODELS_RUNTIME;
  if (!override) return configured;
  if (isChoice(override)) return override;
  throw new EbbtideError(
    'CONFIG_INVALID',
    `EBBTIDE_MODELS_RUNTIME must be auto, ${runtimeNames.join(' or ')}, got ${override}`,
    { override },
  );
};

/**
 * Start the runtime that scores. `auto` takes ONNX Runtime, which is tens of times faster at a single step of a small
 * network than anything that issues one call an operation or crosses to a GPU; then TensorFlow, whose LSTM is one call;
 * then WebGPU.
 *
 * @param wanted a name is an order: when that one does not start, no other takes its place
 * @throws EbbtideError RUNTIME_MISSING when the wanted one, or any, does not start
 */
export const chooseRuntime = async (wanted: RuntimeChoice = 'auto'): Promise<ChosenRuntime> => {
  const passedOver: { name: RuntimeName; why: string }[] = [];
  const causes: unknown[] = [];
  for (const name of wanted === 'auto' ? runtimeNames : [wanted]) {
    try {
      return { runtime: await starters[name](), passedOver };
    } catch (error) {
      causes.push(error);
      passedOver.push({ name, why: (error as Error).message.split('\n')[0] ?? '' });
    }
  }
  if (wanted !== 'auto') throw causes[0];
  throw new EbbtideError(
    'RUNTIME_MISSING',
    `No runtime for models starts: ${passedOver.map(({ name, why }) => `${name}: ${why}`).join('; ')}`,
    { wanted },
    causes[0],
  );
};

let inForce: Promise<ChosenRuntime> | undefined;

/**
 * Start the runtime of this process, in which every model that is loaded from here on runs.
 *
 * @throws EbbtideError as {@link chooseRuntime} and {@link wantedRuntime}
 */
export const useRuntime = (configured: RuntimeChoice): Promise<ChosenRuntime> => {
  const chosen = Promise.resolve().then(() => chooseRuntime(wantedRuntime(configured)));
  chosen.catch(() => {
    if (inForce === chosen) inForce = undefined;
  });
  inForce = chosen;
  return chosen;
};

/** The runtime of this process; `auto`, unless {@link useRuntime} has said otherwise. */
export const runtimeInForce = async (): Promise<Runtime> => (await (inForce ?? useRuntime('auto'))).runtime;
