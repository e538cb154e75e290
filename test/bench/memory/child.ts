/** The pipeline of the memory benchmark, forked by it; says how many messages it has taken and when it first committed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { lifecycleConfigSchema } from '../../../infra/jobs/config.ts';
import { startLifecycle } from '../../../infra/jobs/lifecycle.ts';
import { connectKafka } from '../../../infra/kafka/connect.ts';
import { createLogger } from '../../../infra/log.ts';
import { benchCodecs, benchPolicy, partitions } from '../throughput/load.ts';

const [brokers] = process.argv.slice(2) as [string];
const tell = (message: object) => process.send?.(message);
const { registry } = await benchCodecs();
const kafka = await connectKafka({ brokers });
await kafka.ensureTopics(partitions);
const metrics = new Registry();
// A stable name fences a predecessor that was killed, as in a StatefulSet.
const config = lifecycleConfigSchema.parse({
  groupId: 'memory',
  instanceId: 'bench-0',
  clockMs: 1000,
  sessionTimeoutMs: 6000,
});
const collected = async () => {
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.();
    await sleep(300);
  }
  // What V8 has freed is given back in the next quiet moment, five seconds later at most
  await sleep(6_000);
  return process.memoryUsage.rss();
};
await startLifecycle({ kafka, registry, metrics, log: createLogger('bench') }, { brokers }, config, benchPolicy);
const metricOf = async (name: string) => (await metrics.getSingleMetric(name)!.get()).values[0]?.value ?? 0;
let idle = false;
setInterval(async () => {
  const messages = await metricOf('ebbtide_lifecycle_messages_total');
  const commits = (await metrics.getSingleMetric('ebbtide_lifecycle_commit_seconds')!.get()).values.at(-1)!.value;
  tell({
    messages,
    subjects: await metricOf('ebbtide_lifecycle_subjects'),
    ...(commits > 0 ? { committedAt: Date.now() } : {}),
  });
  if (!idle && commits > 3) {
    idle = true;
    tell({ idleBytes: await collected() });
  }
}, 200);
process.on('message', async () => tell({ rssBytes: await collected(), usage: process.memoryUsage() }));
