import { EbbtideError } from '../../schemas/errors.ts';
import { opset } from './exporter.ts';
import { decodeModel } from './messages.ts';

/** Operator sets of ONNX's own domain that can be run. */
export const readableOpsets = { from: 13, to: opset } as const;

/**
 * Check that bytes are an ONNX model whose operator sets are known here, before a runtime is asked to run it.
 *
 * @throws EbbtideError MODEL_DAMAGED for bytes that are no model, or hold weights that are no numbers; MODEL_INCOMPATIBLE
 * for a foreign operator set
 */
export const inspectModel = (bytes: Uint8Array): { opset: number; weights: number } => {
  let model: ReturnType<typeof decodeModel>;
  try {
    model = decodeModel(bytes);
  } catch (cause) {
    const message = 'ONNX model is damaged or cut short; train the model again or restore the file';
    throw new EbbtideError('MODEL_DAMAGED', message, { bytes: bytes.byteLength }, cause);
  }
  const sets = model.opsets.map(({ domain, version }) => `${domain || 'ai.onnx'} ${version}`);
  const own = model.opsets.find(({ domain }) => domain === '' || domain === 'ai.onnx');
  if (model.nodes === 0 || !own)
    throw new EbbtideError('MODEL_DAMAGED', 'ONNX model has no graph; train the model again or restore the file', {
      bytes: bytes.byteLength,
    });
  if (model.opsets.length > 1 || own.version < readableOpsets.from || own.version > readableOpsets.to)
    throw new EbbtideError(
      'MODEL_INCOMPATIBLE',
      `ONNX model uses operator set ${sets.join(', ')}, this program reads ai.onnx ${readableOpsets.from} to ${readableOpsets.to}; export it again`,
      { found: sets, expected: readableOpsets },
    );
  let weights = 0;
  for (const { name, values } of model.initializers) {
    weights += values.length;
    const odd = values.findIndex((value) => !Number.isFinite(value));
    if (odd >= 0)
      throw new EbbtideError(
        'MODEL_DAMAGED',
        `ONNX model holds ${values[odd]} at ${name}[${odd}], which is no weight; train the model again or restore the file`,
        { name, at: odd },
      );
  }
  return { opset: own.version, weights };
};
