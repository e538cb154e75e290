import type { TracingConfig } from './config.ts';
import type { Tracing } from './types.ts';

/**
 * Begin to tell of work, where the configuration names a receiver. OpenTelemetry is loaded only then.
 *
 * @param process - what this process is, e.g. `run lifecycle`
 * @example
 * const tracing = await openTracing(config.tracing, 'run lifecycle');
 */
export const openTracing = async (
  { endpoint, sampleRatio }: TracingConfig,
  process: string,
): Promise<Tracing | undefined> => {
  if (endpoint === undefined) return undefined;
  const { openTelemetryTracing } = await import('./openTelemetry.ts');
  return openTelemetryTracing({ endpoint, sampleRatio }, process);
};
