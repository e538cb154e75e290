import { checkedScopeModel } from '../../models/registry/check.ts';
import type { ModelRegistry } from '../../models/registry/registry.ts';
import { defaultScopeModel, type ScopeModel } from '../../models/scope/model.ts';
import { loadScopeModel } from '../../models/scope/stored.ts';
import type { ScopeTopics } from '../../operators/scope/assessWindows.ts';
import { noScopeCounts } from '../../operators/scope/batch.ts';
import { Credentials, scopeStateVersion } from '../../operators/scope/credentials.ts';
import type { ScopePartition } from '../../operators/scope/toScopeOutput.ts';
import { partitionKey } from '../../operators/toOutput.ts';
import { ordersAsOf, scopePolicies } from '../../pipelines/orders.ts';
import { scope } from '../../pipelines/scope.ts';
import { emptyCall } from '../../schemas/apiCall.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import type { ApiClock, ApiTelemetry, Label, ScopeState } from '../../schemas/generated/index.ts';
import type { SchemaRegistry } from '../../schemas/registry.ts';
import type { ScopePolicy } from '../../schemas/scopePolicy.ts';
import { topics } from '../../schemas/topics.ts';
import type { AppContext, Running } from '../context.ts';
import type { ClusterOptions } from '../kafka/client.ts';
import type { Kafka } from '../kafka/types.ts';
import type { ScopeConfig } from './config.ts';
import { drainCounts } from './jobMetrics.ts';
import { openTables, type Tables } from './joinedTables.ts';
import type { ModelPool } from './modelPool.ts';
import { openModels } from './models.ts';
import { readChangelog } from './restore.ts';
import type { OpenedPartition } from './runJob.ts';
import { runPipeline } from './runPipeline.ts';
import { scopeMetrics } from './scopeMetrics.ts';
import { type TellRefused, tellRefused } from './tellRefused.ts';

const name = 'scope';

/** Codecs of all that the scope pipeline writes. */
export const openScopeEncoders = async (registry: SchemaRegistry) => ({
  scores: await TopicCodec.open(topics.scores, registry),
  decisions: await TopicCodec.open(topics.decisions, registry),
  overrides: await TopicCodec.open(topics.scopeOverrides, registry),
  alerts: await TopicCodec.open(topics.alerts, registry),
  deadLetters: await TopicCodec.open(topics.deadLetters, registry),
  state: await TopicCodec.open<ScopeState>(topics.stateScope, registry),
});

/** Bring a partition of API telemetry up from its changelog. */
export const restoreScope = async (
  kafka: Kafka,
  codec: TopicCodec<ScopeState>,
  partition: number,
): Promise<{ partition: ScopePartition; start: number; replayBefore: number }> => {
  const credentials = new Credentials();
  let own: ScopeState | undefined;
  await readChangelog(kafka, codec, partition, scopeStateVersion, (key, record) => {
    if (!record) credentials.remove(key);
    else if (key === partitionKey) own = record;
    else credentials.load(record);
  });
  const joined = {
    control: own?.controlOffset ?? 0,
    credentials: 0,
    labels: own?.labelsOffset ?? 0,
    models: own?.modelSequence ?? 0,
  };
  return {
    partition: {
      name,
      topic: topics.telemetryApi.name,
      partition,
      credentials,
      time: { now: own?.rewindTime ?? 0, joined, history: [{ offset: (own?.rewindOffset ?? 0) - 1, joined }] },
      budget: [...(own?.budget ?? [])],
    },
    start: own?.rewindOffset ?? 0,
    replayBefore: own?.processedOffset ?? 0,
  };
};

/** What the operators of one partition join with. @param models - those that pointers name */
export const scopeTopics = (
  tables: Pick<Tables<Label>, 'control' | 'beside'>,
  models: Pick<ModelPool<ScopeModel>, 'reached'>,
  partition: number,
  refused: TellRefused,
): ScopeTopics & { reached(clock: ApiClock): Promise<void> | undefined } => {
  const labels = tables.beside(partition);
  const orders = ordersAsOf(name, tables.control, refused, scopePolicies);
  return {
    orders: (joined, time) => orders(joined.control, time),
    label: (subject, joined) => labels.at(subject, joined.labels),
    async reached({ controlOffset, labelsOffset, modelSequence }) {
      await tables.control.reached(controlOffset);
      await labels.reached(labelsOffset);
      await models.reached({ models: modelSequence });
    },
  };
};

/**
 * Run the scope pipeline on this process's share of the partitions of `telemetry.api`, exactly once, until closed.
 *
 * @param modelRegistry - where models that are promoted come from; without one, pointers in `control` are refused
 * @throws {EbbtideError} at once when the configured model is damaged or does not fit
 * @example
 * const running = await startScope(context, cluster, config.scope, config.policy.scope);
 */
export const startScope = async (
  context: AppContext,
  cluster: ClusterOptions,
  config: ScopeConfig,
  policy: ScopePolicy,
  modelRegistry?: ModelRegistry,
): Promise<Running> => {
  const { kafka, registry, log } = context;
  const model = await loadScopeModel(config.model);
  const reader = await TopicCodec.open<ApiTelemetry>(topics.telemetryApi, registry, { now: () => performance.now() });
  const encoders = await openScopeEncoders(registry);
  const metrics = scopeMetrics(context.metrics);
  const counts = noScopeCounts();
  const models = await openModels({
    ...({ kind: 'scope', configured: model, registry: modelRegistry, metrics, log } as const),
    ...(config.model === 'default' ? {} : { folder: config.model }),
    builtIn: defaultScopeModel,
    load: async (source) => (await checkedScopeModel(source)).model,
  });
  const tables = await openTables<Label, Label>(context, topics.labels, (label) => label, {
    heard: (control) => models.pool.hear(control),
    passedOver: (topic) => metrics.passedOver.inc({ topic }),
  });

  const open = async (partition: number): Promise<OpenedPartition<ScopePartition>> => {
    const restored = await restoreScope(kafka, encoders.state, partition);
    await models.pool.reached(restored.partition.time.joined);
    const joined = scopeTopics(tables, models.pool, partition, tellRefused(log));
    const { partition: held, start, replayBefore } = restored;
    const chain = scope({ partition: held, reader, topics: joined, models: models.pool, encoders, counts });
    return { chain, start, replayBefore, held, subjects: held.credentials.size };
  };

  const clockRecord = (time: number, partition: number): Buffer =>
    reader.encode({
      ...emptyCall,
      time,
      clock: {
        time,
        controlOffset: tables.control.position,
        labelsOffset: tables.beside(partition).position,
        modelSequence: models.pool.sequence,
      },
    });

  return runPipeline<ScopePartition>(context, cluster, {
    name,
    topic: topics.telemetryApi,
    changelog: topics.stateScope.name,
    config,
    metrics,
    policy,
    tables,
    models,
    clockRecord,
    open,
    standing({ credentials, time }) {
      const { labels = 0, models: modelSequence = 0 } = time.history[0]?.joined ?? {};
      return { timeMs: time.now, subjects: credentials.size, joinedAt: labels, modelSequence };
    },
    report(held) {
      drainCounts(counts, metrics);
      let narrowed = 0;
      for (const { credentials } of held) for (const { rule } of credentials.all()) if (rule.level > 0) narrowed++;
      metrics.inForce.set(narrowed);
    },
    close: () => model.close(),
  });
};
