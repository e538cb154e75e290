/** One process of Ebbtide as a peer: the peers' job out of Ebbtide's operators, session and job runner. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type OperatorFunction, pipe } from 'rxjs';
import { connectKafka } from '../../../infra/kafka/connect.ts';
import { type ExactlyOnceSession, openSession } from '../../../infra/kafka/session.ts';
import { onnxRuntime } from '../../../models/runtimes/onnx.ts';
import type { InputBatch, OutputBatch } from '../../../operators/batch.ts';
import { decodeTelemetry } from '../../../operators/decodeTelemetry.ts';
import { featurize } from '../../../operators/featurize.ts';
import type { Partition } from '../../../operators/toOutput.ts';
import { windowByKey } from '../../../operators/windowByKey.ts';
import { Job } from '../../../pipelines/job.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import { MemoryRegistry } from '../../../schemas/registry.ts';
import { TelemetryCodec } from '../../../schemas/telemetry.ts';
import { statistics } from './features.ts';
import { forecastError, type Networks } from './forecastError.ts';
import { restore } from './restore.ts';
import { graceMs, historyVectors, partitions, peerSettings, windowMs } from './settings.ts';
import { type PeerDecision, toDecisions } from './toDecisions.ts';

const [instance, workers] = process.argv.slice(2) as [string, string];
const settings = peerSettings();
const tell = (message: object) => process.send?.(message);
const registry = new MemoryRegistry();
const reader = await TelemetryCodec.open(registry, settings.layout, settings.telemetry);
const decisions = await TopicCodec.open<PeerDecision>(settings.decisions, registry);
const featurizer = statistics(reader.metrics);
const features = featurizer.size;
const model = readFileSync(settings.model);
const networks: Networks = await Promise.all(
  [128, 112, 96, 80, 64, 48, 32, 16, 8].map(async (rows) => ({
    rows,
    step: await onnxRuntime.compile(model, {
      inputs: [{ name: 'x', shape: [rows, historyVectors, features] }],
      outputs: [{ name: 'y', shape: [rows, features] }],
    }),
  })),
);
const rules = {
  windowMs,
  graceMs,
  silenceMs: Number.POSITIVE_INFINITY,
  maxAheadMs: Number.POSITIVE_INFINITY,
  maxPastMs: Number.POSITIVE_INFINITY,
};
const counts = { samples: 0, late: 0, rejected: 0 };

/** The partitions of a process share the networks, and take turns. */
let last: Promise<unknown> = Promise.resolve();
const turn = <T>(work: () => Promise<T>): Promise<T> => {
  const mine = last.then(work);
  last = mine.catch(() => {});
  return mine;
};

const chainOf = (partition: Partition): OperatorFunction<InputBatch, OutputBatch> =>
  pipe(
    decodeTelemetry(reader),
    windowByKey(partition.state, partition.time, () => rules, reader.metrics, counts, partition.open),
    featurize(featurizer, reader.metrics),
    forecastError(networks, partition.state, features, turn),
    toDecisions(partition, decisions, settings.state, features),
  );

const kafka = await connectKafka({ brokers: settings.brokers });
let messages = 0;
let emitted = 0;
let first = 0;
const job = new Job(
  async (number) => {
    const { partition, start, replayBefore } = await restore(kafka, settings, number, features);
    return { chain: chainOf(partition), start, replayBefore };
  },
  {
    batchSize: Number(process.env.PEER_BATCH ?? 4000),
    commitEveryMs: Number(process.env.PEER_COMMIT_MS ?? 100),
    stopwatch: () => performance.now(),
    pause: (ms) => sleep(ms),
    observer: { batch: () => {}, committed: () => {} },
  },
);
const session = await openSession(
  { brokers: settings.brokers },
  { groupId: settings.group, topic: settings.telemetry.name, instanceId: instance },
  job,
);
const fairShare = Math.ceil(partitions / Number(workers));
const counted: ExactlyOnceSession = {
  ...session,
  async poll(most) {
    const polled = await session.poll(most);
    // Nothing begins before every process is there; what was read until then comes again with the assignment after.
    if (session.partitions().length > fairShare) return { messages: [], epoch: polled.epoch };
    if (polled.messages.length > 0) first ||= Date.now();
    messages += polled.messages.length;
    return polled;
  },
  async commit(records, next) {
    await session.commit(records, next);
    for (const { topic } of records) if (topic === settings.decisions.name) emitted++;
  },
};
const { user, system } = process.cpuUsage();
const report = () => tell({ first, messages, emitted, samples: counts.samples, late: counts.late });
setInterval(report, 20);
process.on('message', () => process.exit(0));
process.on('disconnect', () => process.exit(1));
tell({ startupCpuSeconds: (user + system) / 1e6 });
await job.run(counted);
