import { type AnomalyModel, configuredAnomalyModel, loadAnomalyModel } from '../../models/anomaly/model.ts';
import { checkedAnomalyModel } from '../../models/registry/check.ts';
import type { ModelRegistry } from '../../models/registry/registry.ts';
import type { Joined } from '../../operators/batch.ts';
import type { Partition } from '../../operators/toOutput.ts';
import { lifecycle } from '../../pipelines/lifecycle.ts';
import type { TopicCodec } from '../../schemas/codec.ts';
import type { LifecycleState } from '../../schemas/generated/index.ts';
import type { LifecyclePolicy } from '../../schemas/policy.ts';
import { TelemetryCodec } from '../../schemas/telemetry.ts';
import { topics } from '../../schemas/topics.ts';
import type { AppContext, Running } from '../context.ts';
import type { ClusterOptions } from '../kafka/client.ts';
import type { LifecycleConfig } from './config.ts';
import { openEncoders } from './encoders.ts';
import { drainCounts } from './jobMetrics.ts';
import { type JoinedTables, openJoinedTables } from './joinedTopics.ts';
import { resourceLayout } from './layout.ts';
import { lifecycleMetrics } from './metrics.ts';
import { openModels } from './models.ts';
import { restorePartition } from './restore.ts';
import type { OpenedPartition } from './runJob.ts';
import { runPipeline } from './runPipeline.ts';

const name = 'lifecycle';

/**
 * Run the lifecycle pipeline on this process's share of the partitions, exactly once, until closed. An error that a
 * new beginning can mend (broker away, fenced, transaction aborted) leads to one, from the changelog.
 *
 * @param modelRegistry - where models that are promoted come from; without one, pointers in `control` are refused
 * @throws {EbbtideError} at once when the configured model is damaged or does not fit
 * @example
 * const running = await startLifecycle(context, cluster, config.lifecycle, config.policy.lifecycle);
 */
export const startLifecycle = async (
  context: AppContext,
  cluster: ClusterOptions,
  config: LifecycleConfig,
  policy: LifecyclePolicy,
  modelRegistry?: ModelRegistry,
): Promise<Running> => {
  const { kafka, registry, log } = context;
  const modelFolder = configuredAnomalyModel(config.model);
  const model: AnomalyModel = await loadAnomalyModel(modelFolder, { windowMs: policy.windowMs });
  const reader = await TelemetryCodec.open(registry, resourceLayout, topics.telemetryResource, {
    now: () => performance.now(),
  });
  const encoders = await openEncoders(registry);
  const metrics = lifecycleMetrics(context.metrics);
  const counts = {
    samples: 0,
    late: 0,
    rejected: 0,
    unregistered: 0,
    withheld: 0,
    alarms: 0,
    drifts: 0,
  };
  const models = await openModels({
    kind: 'anomaly',
    configured: model,
    folder: modelFolder,
    registry: modelRegistry,
    load: (source) => checkedAnomalyModel(source, { windowMs: policy.windowMs }),
    metrics,
    log,
  });
  const tables: JoinedTables = await openJoinedTables(context, name, {
    heard: (control) => models.pool.hear(control),
    passedOver: (topic) => metrics.passedOver.inc({ topic }),
  });

  const open = async (partition: number): Promise<OpenedPartition<Partition>> => {
    const restored = await restorePartition(
      kafka,
      encoders.state as TopicCodec<LifecycleState>,
      name,
      partition,
      reader.metrics,
    );
    await models.pool.reached(restored.partition.time.joined);
    const joined = tables.forPartition(partition);
    const reached = async (at: Joined) => {
      await joined.reached(at);
      await models.pool.reached(at);
    };
    const chain = lifecycle({
      partition: restored.partition,
      reader,
      joined: { ...joined, reached },
      features: model.spec,
      model,
      models: models.pool,
      encoders,
      counts,
    });
    const { partition: held, start, replayBefore, subjects } = restored;
    return { chain, start, replayBefore, held, subjects };
  };

  const clockRecord = (time: number, partition: number): Buffer =>
    reader.records.encode({
      credentialId: '',
      host: '',
      sentAt: time,
      samples: [],
      clock: {
        time,
        controlOffset: tables.control.position,
        credentialsOffset: tables.credentials(partition).position,
        labelsOffset: 0,
        modelSequence: models.pool.sequence,
      },
    });

  return runPipeline<Partition>(context, cluster, {
    changelog: topics.stateLifecycle.name,
    name,
    topic: topics.telemetryResource,
    config,
    metrics,
    policy,
    tables,
    models,
    clockRecord,
    open,
    standing({ state, time }) {
      // What was in force before the oldest place that could be replayed is asked for no more
      const { credentials = 0, models: modelSequence = 0 } = time.history[0]?.joined ?? {};
      return { timeMs: time.now, subjects: state.size, joinedAt: credentials, modelSequence };
    },
    report(held) {
      drainCounts(counts, metrics);
      let open = 0;
      for (const { partition, open: windows, drift } of held) {
        open += windows.size;
        if (drift) metrics.drift.set({ partition: String(partition) }, drift.distance);
      }
      metrics.openWindows.set(open);
    },
    close: () => model.close(),
  });
};
