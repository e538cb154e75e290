import { z } from 'zod';

/** Traces by OpenTelemetry; `tracing` in `ebbtide.yaml`. */
export const tracingConfig = z.strictObject({
  endpoint: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Where spans go: an OTLP/HTTP receiver, such as http://127.0.0.1:4318. Without it nothing is traced'),
  sampleRatio: z
    .number()
    .min(0)
    .max(1)
    .default(0.01)
    .describe('Share of telemetry messages that begin a trace, 0 to 1; decided where they are written'),
});

/** A validated {@link tracingConfig}. */
export type TracingConfig = z.output<typeof tracingConfig>;
