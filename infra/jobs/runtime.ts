import { Gauge } from 'prom-client';
import { type RuntimeChoice, useRuntime } from '../../models/runtimes/choose.ts';
import type { Runtime } from '../../models/runtimes/runtime.ts';
import type { AppContext } from '../context.ts';

const metricName = 'ebbtide_model_runtime_info';

/**
 * Start what runs the models of this process, and say in the log and in the metrics what it is.
 *
 * @throws {EbbtideError} `RUNTIME_MISSING` when the one that is asked for, or any, does not start
 */
export const startRuntime = async (
  { log, metrics }: Pick<AppContext, 'log' | 'metrics'>,
  wanted: RuntimeChoice,
): Promise<Runtime> => {
  const { runtime, passedOver } = await useRuntime(wanted);
  const { name, provider, version, withoutGpu } = runtime;
  for (const { name: absent, why } of passedOver) log.warn({ runtime: absent, why }, 'runtime for models passed over');
  if (withoutGpu) log.warn({ runtime: name, why: withoutGpu }, 'GPU not used');
  log.info({ runtime: name, provider, version, wanted }, 'runtime for models started');
  metrics.removeSingleMetric(metricName);
  new Gauge({
    name: metricName,
    help: 'Always 1; its labels say what runs the models',
    labelNames: ['runtime', 'provider', 'version'],
    registers: [metrics],
  }).set({ runtime: name, provider, version }, 1);
  return runtime;
};
