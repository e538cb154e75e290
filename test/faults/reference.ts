import { Registry } from 'prom-client';
import { Subject } from 'rxjs';
import type { AppContext } from '../../infra/context.ts';
import { openEncoders } from '../../infra/jobs/encoders.ts';
import { openJoinedTables } from '../../infra/jobs/joinedTopics.ts';
import { lifecycleMetrics } from '../../infra/jobs/metrics.ts';
import { openModels } from '../../infra/jobs/models.ts';
import type { ClusterOptions } from '../../infra/kafka/client.ts';
import type { Kafka } from '../../infra/kafka/types.ts';
import { createLogger } from '../../infra/log.ts';
import { loadAnomalyModel, shippedAnomalyModel } from '../../models/anomaly/model.ts';
import { resourceMetrics } from '../../models/features/resource.ts';
import { checkedAnomalyModel } from '../../models/registry/check.ts';
import type { ModelRegistry } from '../../models/registry/registry.ts';
import type { InputBatch, InputMessage, OutputBatch } from '../../operators/batch.ts';
import { KeyedState } from '../../operators/keyedState.ts';
import { OpenWindows } from '../../operators/openWindows.ts';
import { lifecycle } from '../../pipelines/lifecycle.ts';
import type { LifecyclePolicy } from '../../schemas/policy.ts';
import type { SchemaRegistry } from '../../schemas/registry.ts';
import { TelemetryCodec } from '../../schemas/telemetry.ts';
import { topics } from '../../schemas/topics.ts';
import { committedOf } from './committed.ts';

/** Topics that the job writes for others, and that must come out the same whatever happens to it. */
export const outputTopics = [topics.scores, topics.decisions, topics.alerts, topics.deadLetters].map(
  ({ name }) => name,
);

/** What lies in the output topics: for each `topic/partition` the records in their order, as `key value-in-hex`. */
export type Outputs = ReadonlyMap<string, readonly string[]>;

/** A record as {@link Outputs} has it. */
export const line = (key: string | null | undefined, value: Buffer | null | undefined) =>
  `${key ?? ''} ${value?.toString('hex') ?? ''}`;

/** All of a partition's messages. */
export const readAll = async (kafka: Kafka, topicNames: readonly string[]) => {
  const tail = await kafka.tail({ topics: topicNames, from: 'beginning' });
  const found = new Map<string, InputMessage[]>();
  for await (const messages of tail.batches()) {
    if (messages.length === 0) break;
    for (const message of messages) {
      const id = `${message.topic}/${message.partition}`;
      const list = found.get(id);
      if (list) list.push(message);
      else found.set(id, [message]);
    }
  }
  await tail.close();
  return found;
};

/** All messages of a topic that a group has committed: what came after them came too late for a job that was stopped. */
export const readCommitted = async (
  kafka: Kafka & { readonly cluster: ClusterOptions },
  topic: string,
  groupId: string,
) => {
  const committed = await committedOf(kafka.cluster, groupId, topic, await kafka.partitionsOf(topic));
  const until = new Map(committed.map(({ partition, offset }) => [`${topic}/${partition}`, offset]));
  const found = await readAll(kafka, [topic]);
  return new Map([...found].map(([id, list]) => [id, list.filter(({ offset }) => offset < until.get(id)!)]));
};

/** What the job has written and committed so far. */
export const readOutputs = async (kafka: Kafka, names: readonly string[] = outputTopics): Promise<Outputs> => {
  const found = await readAll(kafka, names);
  return sorted(
    new Map([...found].map(([id, list]) => [id, list.map(({ key, value }) => line(key?.toString('utf8'), value))])),
  );
};

/** Dead letters have no order among them: how messages were batched decides which reason is found first. */
const sorted = (outputs: Map<string, string[]>): Outputs => {
  for (const [id, lines] of outputs) if (id.startsWith(topics.deadLetters.name)) lines.sort();
  return outputs;
};

/**
 * What has to come of the telemetry that lies in Kafka: the pipeline's chain over each partition from its beginning, in
 * this process, with nothing restored and nothing disturbed.
 *
 * @param batchSize - messages in a batch, which must not matter
 * @param from.folder - of the configured model
 * @param from.registry - that pointers name versions of
 * @param from.messages - by `topic/partition`; all that lies in Kafka when absent
 */
export const expectedOutputs = async (
  kafka: Kafka,
  registry: SchemaRegistry,
  policy: LifecyclePolicy,
  batchSize = 777,
  from: { folder?: string; registry?: ModelRegistry; messages?: ReadonlyMap<string, readonly InputMessage[]> } = {},
): Promise<Outputs> => {
  const context: AppContext = { kafka, registry, metrics: new Registry(), log: createLogger('reference') };
  const folder = from.folder ?? shippedAnomalyModel();
  const model = await loadAnomalyModel(folder, { windowMs: policy.windowMs });
  const models = await openModels({
    kind: 'anomaly',
    configured: model,
    folder,
    registry: from.registry,
    load: (source) => checkedAnomalyModel(source, { windowMs: policy.windowMs }),
    metrics: lifecycleMetrics(context.metrics),
    log: context.log,
  });
  const reader = await TelemetryCodec.open(registry, {
    key: 'credentialId',
    samples: 'samples',
    time: 'time',
    metrics: resourceMetrics,
  });
  const encoders = await openEncoders(registry);
  const tables = await openJoinedTables(context, 'lifecycle', { heard: (control) => models.pool.hear(control) });
  await tables.caughtUp;
  const outputs = new Map<string, string[]>();
  const given = from.messages ?? (await readAll(kafka, [topics.telemetryResource.name]));
  for (const [id, messages] of given) {
    const partition = Number(id.split('/')[1]);
    const joined = { control: 0, credentials: 0, labels: 0 };
    const input = new Subject<InputBatch>();
    const batches: OutputBatch[] = [];
    const run = (batch: InputBatch) =>
      new Promise<OutputBatch>((resolve, reject) => {
        waiting = { resolve, reject };
        input.next(batch);
      });
    let waiting: { resolve(batch: OutputBatch): void; reject(error: unknown): void } | undefined;
    input
      .pipe(
        lifecycle({
          partition: {
            name: 'lifecycle',
            topic: topics.telemetryResource.name,
            partition,
            state: new KeyedState(),
            time: { now: 0, joined, history: [{ offset: -1, joined }] },
            open: new OpenWindows(reader.metrics),
            budget: [],
          },
          reader,
          joined: { ...tables.forPartition(partition), reached: (at) => models.pool.reached(at) },
          features: model.spec,
          model,
          models: models.pool,
          encoders,
          counts: { samples: 0, late: 0, rejected: 0, unregistered: 0, withheld: 0 },
        }),
      )
      .subscribe({ next: (batch) => waiting?.resolve(batch), error: (error) => waiting?.reject(error) });
    // One at a time: a batch's tables are used again for the next one.
    for (let at = 0; at < messages.length; at += batchSize)
      batches.push(await run({ messages: messages.slice(at, at + batchSize), replayBefore: 0 }));
    input.complete();
    for (const { topic, key, value } of batches.flatMap(({ records }) => records)) {
      if (!outputTopics.includes(topic)) continue;
      const list = outputs.get(`${topic}/${partition}`);
      if (list) list.push(line(key, value));
      else outputs.set(`${topic}/${partition}`, [line(key, value)]);
    }
  }
  await tables.close();
  await models.pool.close();
  await model.close();
  return sorted(outputs);
};
