import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/**
 * The registry of one process: Node's own metrics, what is running in which version, and whatever parts add to it.
 *
 * @param process - what this process is, e.g. `up` or `run lifecycle`; a label of `ebbtide_build_info`
 * @param version - Ebbtide's version
 * @example
 * const metrics = createMetrics('run lifecycle', '0.1.0');
 * await metrics.metrics();
 */
export const createMetrics = (process: string, version: string): Registry => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'ebbtide_build_info',
    help: 'Always 1; its labels say what runs here',
    labelNames: ['version', 'process', 'node'],
    registers: [registry],
  }).set({ version, process, node: globalThis.process.version }, 1);
  return registry;
};
