/**
 * One replay in a process of its own, forked by the benchmark: `<brokers> <first> <what>`, where `first` is the number
 * of samples after which memory is looked at for the first time, and `what` is `report` or `topic`.
 */

import { Registry } from 'prom-client';
import { connectKafka } from '../../../infra/kafka/connect.ts';
import { createLogger } from '../../../infra/log.ts';
import { openKafkaHistory } from '../../../infra/replay/kafkaHistory.ts';
import { runReplay } from '../../../infra/replay/run.ts';
import { noSink } from '../../../infra/replay/sinks.ts';
import { topicSink } from '../../../infra/replay/topicSink.ts';
import { modelsConfigSchema } from '../../../models/registry/config.ts';
import { benchCodecs } from '../throughput/load.ts';

const [brokers, first, what, threads = '', batch = '500'] = process.argv.slice(2) as [
  string,
  string,
  string,
  string?,
  string?,
];
const { registry } = await benchCodecs();
const kafka = await connectKafka({ brokers });
const log = createLogger('bench');
const range = { from: 0, to: Number.POSITIVE_INFINITY, warmUpMs: Number.POSITIVE_INFINITY };
const history = await openKafkaHistory(
  { kafka, registry, metrics: new Registry(), log },
  { brokers },
  range,
  Number(batch),
);
const sink = what === 'topic' ? await topicSink({ kafka, cluster: { brokers }, registry }, 'bench-replay', 1) : noSink;
const peaks = { early: 0, late: 0 };
let askedAt = 0;
// As for the live pipeline: from its first batch on, with models and threads there
let began = 0;
const { report } = await runReplay({
  models: modelsConfigSchema.parse({}),
  registry,
  log,
  history,
  here: { model: 'shipped' },
  sink,
  ...(threads === '' ? {} : { threads: Number(threads) }),
  progressed(_messages, samples) {
    began ||= performance.now();
    // Asking is a read of /proc, which often would be measured too
    if (performance.now() - askedAt < 100) return;
    askedAt = performance.now();
    const rss = process.memoryUsage.rss();
    if (samples <= Number(first)) peaks.early = Math.max(peaks.early, rss);
    peaks.late = Math.max(peaks.late, rss);
  },
});
await sink.close(true);
const seconds = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage();
process.send?.({
  seconds,
  ...peaks,
  samples: report.figures.samples,
  decisions: report.figures.decisions,
  cpuSeconds: (user + system) / 1e6,
});
await history.close();
await kafka.close();
process.exit(0);
