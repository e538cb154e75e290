/** The gateway as shipped, in a process of its own, forked by the benchmark. */
import { Registry } from 'prom-client';
import { connectKafka } from '../../../infra/kafka/connect.ts';
import { createLogger } from '../../../infra/log.ts';
import { startGateway } from '../../../infra/services/gateway/start.ts';
import { sharedRegistry } from '../latency/stage.ts';
import { configOf, type Stage } from './stage.ts';

const stage = JSON.parse(process.argv[2]!) as Stage;
const metrics = new Registry();
const kafka = await connectKafka({ brokers: stage.brokers });
const held = () => {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { heldBytes: heapUsed + arrayBuffers, rssBytes: rss };
};
const context = { kafka, registry: await sharedRegistry(), metrics, log: createLogger('bench') };
const before = held();
const began = performance.now();
const gateway = await startGateway(context, { gateway: configOf(stage), scopes: {}, defaultHashKeyFile: '' });
while (!(await gateway.health()).ready) await new Promise((resolve) => setTimeout(resolve, 20));
const loadSeconds = (performance.now() - began) / 1000;
const after = held();
const figure = async (name: string): Promise<number> =>
  ((await metrics.getSingleMetric(name)?.get())?.values ?? []).reduce((sum, { value }) => sum + value, 0);
process.on('message', async (word) => {
  if (word === 'figures')
    process.send?.({
      dropped: await figure('ebbtide_gateway_telemetry_dropped_total'),
      sent: await figure('ebbtide_gateway_telemetry_sent_total'),
    });
});
process.on('disconnect', () => process.exit(0));
process.send?.({
  ready: true,
  http: Number(new URL(gateway.address).port),
  grpc: Number(gateway.grpcAddress.split(':')[1]),
  loadSeconds,
  heldBytes: after.heldBytes - before.heldBytes,
  rssBytes: after.rssBytes - before.rssBytes,
});
