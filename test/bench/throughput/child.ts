/**
 * One process of the throughput benchmark, forked by it: `consume` merely reads the topic with the client that the
 * pipeline uses, `lifecycle` runs the pipeline as shipped. Says when its first message came and when it was done.
 */
import { Registry } from 'prom-client';
import { lifecycleConfigSchema } from '../../../infra/jobs/config.ts';
import { startLifecycle } from '../../../infra/jobs/lifecycle.ts';
import { connectConsumer, consume } from '../../../infra/kafka/client.ts';
import { connectKafka } from '../../../infra/kafka/connect.ts';
import { createLogger } from '../../../infra/log.ts';
import { topics } from '../../../schemas/topics.ts';
import { benchCodecs, benchPolicy, partitions } from './load.ts';

const [what, brokers, groupId, expected, instanceId] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
];
const tell = (message: object) => process.send?.(message);
const usage = () => {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / 1e6, rssBytes: process.memoryUsage.rss() };
};

if (what === 'consume') {
  const consumer = await connectConsumer(
    { brokers },
    { 'group.id': groupId, 'queued.max.messages.kbytes': 65_536, 'fetch.message.max.bytes': 2_097_152 },
  );
  consumer.assign(
    Array.from({ length: partitions }, (_, partition) => ({
      topic: topics.telemetryResource.name,
      partition,
      offset: 0,
    })) as never,
  );
  let seen = 0;
  // What librdkafka fetches before the first read counts too.
  tell({ first: Date.now() });
  while (seen < Number(expected)) {
    const messages = await consume(consumer, 4000);
    seen += messages.length;
  }
  tell({ last: Date.now(), ...usage() });
  consumer.disconnect();
} else {
  const { registry } = await benchCodecs();
  const kafka = await connectKafka({ brokers });
  const metrics = new Registry();
  const config = lifecycleConfigSchema.parse({ groupId, instanceId, clockMs: 60_000 });
  const running = await startLifecycle(
    { kafka, registry, metrics, log: createLogger('bench') },
    { brokers },
    config,
    benchPolicy,
  );
  const messages = metrics.getSingleMetric('ebbtide_lifecycle_messages_total')!;
  const timer = setInterval(async () => {
    if ((await messages.get()).values[0]!.value === 0) return;
    clearInterval(timer);
    tell({ first: Date.now() });
  }, 5);
  process.on('message', async () => {
    const commits = await metrics.getSingleMetric('ebbtide_lifecycle_commit_seconds')!.get();
    const of = (name: string) =>
      commits.values.find((value) => 'metricName' in value && value.metricName === name)?.value;
    tell({
      ...usage(),
      commits: of('ebbtide_lifecycle_commit_seconds_count'),
      commitSeconds: of('ebbtide_lifecycle_commit_seconds_sum'),
    });
    clearInterval(timer);
    await running.close();
    await kafka.close();
    process.exit(0);
  });
}
