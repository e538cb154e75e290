import { z } from 'zod';
import { runtimeNames } from './runtime.ts';

/** What runs the models; part of `models` in `ebbtide.yaml`. */
export const modelRuntimeConfig = z.strictObject({
  runtime: z
    .enum(['auto', ...runtimeNames])
    .default('auto')
    .describe(
      'What runs the networks: onnx, tensorflow, webgpu, or auto for the first of these that starts. EBBTIDE_MODELS_RUNTIME goes before it',
    ),
});
