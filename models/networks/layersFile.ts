import { z } from 'zod';
import { EbbtideError } from '../../schemas/errors.ts';

const fileSchema = z.object({
  weightsManifest: z.array(
    z.object({
      weights: z.array(
        z.object({
          name: z.string(),
          shape: z.array(z.number().int().nonnegative()),
          dtype: z.literal('float32'),
        }),
      ),
    }),
  ),
});

/** A trained weight of a Layers model: row-major floats and their shape. */
export interface NamedWeight {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

const damaged = (why: string, cause?: unknown): EbbtideError =>
  new EbbtideError(
    'MODEL_DAMAGED',
    `Layers model is damaged: ${why}; train the model again or restore its files`,
    {},
    cause,
  );

/**
 * Read the weights of a saved Layers model, by name, e.g. `lstm/recurrent_kernel`; TensorFlow.js itself is not needed.
 *
 * @param model the bytes of `model.json`
 * @param weights the bytes of its one weights file
 * @throws EbbtideError MODEL_DAMAGED when they do not belong together
 */
export const readLayersWeights = (model: Uint8Array, weights: Uint8Array): ReadonlyMap<string, NamedWeight> => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(model).toString('utf8'));
  } catch (cause) {
    throw damaged('it is not JSON', cause);
  }
  const result = fileSchema.safeParse(parsed);
  if (!result.success) throw damaged(z.prettifyError(result.error));
  const found = new Map<string, NamedWeight>();
  let at = 0;
  for (const { name, shape } of result.data.weightsManifest.flatMap((group) => group.weights)) {
    const bytes = 4 * shape.reduce((product, size) => product * size, 1);
    if (at + bytes > weights.byteLength) throw damaged(`its weights end at byte ${weights.byteLength}, within ${name}`);
    // A copy, since floats must begin at a multiple of four.
    found.set(name, { shape, values: new Float32Array(Uint8Array.from(weights.subarray(at, at + bytes)).buffer) });
    at += bytes;
  }
  if (at !== weights.byteLength) throw damaged(`it describes ${at} bytes of weights, there are ${weights.byteLength}`);
  return found;
};

/**
 * One weight of {@link readLayersWeights}.
 *
 * @throws EbbtideError MODEL_DAMAGED when it is not there
 */
export const weightNamed = (weights: ReadonlyMap<string, NamedWeight>, name: string): NamedWeight => {
  const weight = weights.get(name);
  if (!weight) throw damaged(`it has no weights ${name}`);
  return weight;
};
