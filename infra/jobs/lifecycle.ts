import { setTimeout as sleep } from 'node:timers/promises';
import { type AnomalyModel, configuredAnomalyModel, loadAnomalyModel } from '../../models/anomaly/model.ts';
import type { ModelRegistry } from '../../models/registry/registry.ts';
import type { Joined } from '../../operators/batch.ts';
import type { Partition } from '../../operators/toOutput.ts';
import { Job } from '../../pipelines/job.ts';
import { lifecycle } from '../../pipelines/lifecycle.ts';
import type { TopicCodec } from '../../schemas/codec.ts';
import type { LifecycleState } from '../../schemas/generated/index.ts';
import type { LifecyclePolicy } from '../../schemas/policy.ts';
import { TelemetryCodec } from '../../schemas/telemetry.ts';
import { topics } from '../../schemas/topics.ts';
import type { AppContext, Health, Running } from '../context.ts';
import type { ClusterOptions } from '../kafka/client.ts';
import { type ExactlyOnceSession, openSession } from '../kafka/session.ts';
import { giveMemoryBack } from '../memory.ts';
import { startClock } from './clock.ts';
import type { LifecycleConfig } from './config.ts';
import { openEncoders } from './encoders.ts';
import { type JoinedTables, openJoinedTables } from './joinedTopics.ts';
import { resourceLayout } from './layout.ts';
import { lifecycleMetrics } from './metrics.ts';
import { openModels } from './models.ts';
import { publishPolicy } from './publishPolicy.ts';
import { restorePartition } from './restore.ts';

const name = 'lifecycle';
const stillAliveMs = 15_000;
/** Fewer messages in five seconds than this are a quiet moment. */
const quietMessages = 2_000;
const longestBackoffMs = 10_000;

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
    openWindows: 0,
    unregistered: 0,
    withheld: 0,
    alarms: 0,
    drifts: 0,
  };
  const models = await openModels({
    configured: model,
    folder: modelFolder,
    registry: modelRegistry,
    windowMs: policy.windowMs,
    metrics,
    log,
  });
  const tables: JoinedTables = await openJoinedTables(context, name, {
    heard: (control) => models.pool.hear(control),
    passedOver: (topic) => metrics.passedOver.inc({ topic }),
  });
  const clockProducer = await kafka.producer({ lingerMs: 0 });
  await publishPolicy(name, context, clockProducer, tables, policy);
  // A registry that is away must not keep the job from starting: partitions await what they need
  void models.announce(context, clockProducer, tables);
  void tables.caughtUp.then(() => models.pool.begin());

  const held = new Map<number, Partition>();
  let session: ExactlyOnceSession | undefined;
  let job: Job | undefined;
  let closing = false;
  let progressAt = performance.now();
  let lastError: string | undefined;

  const openPartition = async (partition: number) => {
    const began = performance.now();
    await tables.caughtUp;
    const restored = await restorePartition(
      kafka,
      encoders.state as TopicCodec<LifecycleState>,
      name,
      partition,
      reader.metrics,
    );
    await models.pool.reached(restored.partition.time.joined);
    const tookMs = performance.now() - began;
    metrics.restore.set(tookMs / 1000);
    log.info(
      {
        partition,
        subjects: restored.subjects,
        start: restored.start,
        replayBefore: restored.replayBefore,
        tookMs: Math.round(tookMs),
      },
      'partition restored',
    );
    held.set(partition, restored.partition);
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
    return { chain, start: restored.start, replayBefore: restored.replayBefore };
  };

  let sinceAsked = 0;
  const stopGivingBack = giveMemoryBack(() => {
    const quiet = sinceAsked < quietMessages;
    sinceAsked = 0;
    return quiet;
  });

  const observer = {
    batch: (messages: number, records: number, processMs: number) => {
      metrics.messages.inc(messages);
      sinceAsked += messages;
      metrics.records.inc(records);
      metrics.process.observe(processMs / 1000);
    },
    committed: (commitMs: number) => {
      progressAt = performance.now();
      lastError = undefined;
      metrics.commit.observe(commitMs / 1000);
    },
  };

  const runOnce = async () => {
    job = new Job(openPartition, {
      batchSize: config.batchSize,
      commitEveryMs: config.commitEveryMs,
      stopwatch: () => performance.now(),
      pause: (ms) => sleep(ms),
      observer,
      changelog: topics.stateLifecycle.name,
    });
    const current = job;
    session = await openSession(
      cluster,
      {
        groupId: config.groupId,
        topic: topics.telemetryResource.name,
        instanceId: config.instanceId,
        sessionTimeoutMs: config.sessionTimeoutMs,
      },
      {
        assigned: (partitions) => current.assigned(partitions),
        revoked: async () => {
          await current.revoked();
          held.clear();
        },
      },
    );
    try {
      if (closing) current.stop();
      await current.run(session);
    } finally {
      held.clear();
      await session.close();
    }
  };

  const supervise = async () => {
    let backoffMs = 250;
    while (!closing) {
      const began = performance.now();
      try {
        await runOnce();
      } catch (error) {
        lastError = (error as Error).message;
        metrics.restarts.inc();
        log.error({ error: lastError, code: (error as { code?: unknown }).code }, 'job begins anew');
        if (performance.now() - began > 60_000) backoffMs = 250;
        if (!closing) await new Promise((resolve) => setTimeout(resolve, backoffMs));
        backoffMs = Math.min(backoffMs * 2, longestBackoffMs);
      }
    }
  };

  const clock = startClock(
    clockProducer,
    reader.records,
    config.clockMs,
    () => [...held.keys()],
    (partition) => ({
      control: tables.control.position,
      credentials: tables.credentials(partition).position,
      labels: 0,
      models: models.pool.sequence,
    }),
    (error) => log.warn({ error: (error as Error).message }, 'clock record not written'),
  );

  const report = setInterval(() => {
    metrics.samples.inc(counts.samples);
    metrics.late.inc(counts.late);
    metrics.rejected.inc(counts.rejected);
    metrics.unregistered.inc(counts.unregistered);
    metrics.withheld.inc(counts.withheld);
    metrics.alarms.inc(counts.alarms);
    metrics.drifts.inc(counts.drifts);
    counts.samples = counts.late = counts.rejected = counts.unregistered = counts.withheld = 0;
    counts.alarms = counts.drifts = 0;
    let subjects = 0;
    let open = 0;
    for (const [partition, { state, time, open: windows, drift }] of held) {
      subjects += state.size;
      open += windows.size;
      if (drift) metrics.drift.set({ partition: String(partition) }, drift.distance);
      metrics.watermark.set({ partition: String(partition) }, time.now / 1000);
      // What was in force before the oldest place that could be replayed is asked for no more.
      const oldest = time.history[0]?.joined;
      if (oldest) tables.credentials(partition).prune(oldest.credentials);
    }
    const oldest = Math.min(...[...held.values()].map(({ time }) => time.history[0]?.joined.models ?? 0));
    if (held.size > 0) void models.pool.release(oldest);
    metrics.modelSequence.set(models.pool.sequence);
    metrics.subjects.set(subjects);
    metrics.openWindows.set(open);
    metrics.partitions.set(held.size);
    session?.lag().then(
      (lag) => metrics.lag.set(lag),
      () => {},
    );
  }, 1000);
  report.unref();

  const running = supervise();
  return {
    name,
    failed: tables.failed,
    async health(): Promise<Health> {
      const age = performance.now() - progressAt;
      if (lastError) return { ready: false, detail: `The job began anew: ${lastError}` };
      if (!session) return { ready: false, detail: 'Not connected to Kafka yet' };
      try {
        await session.reachable();
      } catch (error) {
        return { ready: false, detail: (error as Error).message };
      }
      if (held.size === 0) return { ready: true, detail: 'Stands by: other processes hold all partitions' };
      if (age > Math.max(stillAliveMs, config.clockMs * 5))
        return { ready: false, detail: `Nothing was committed for ${Math.round(age / 1000)} s` };
      return { ready: true, detail: `Holds ${held.size} partitions, ${models.describe()}` };
    },
    async close() {
      closing = true;
      clearInterval(report);
      stopGivingBack();
      clock.stop();
      job?.stop();
      await running;
      await tables.close();
      await clockProducer.close();
      await models.pool.close();
      await model.close();
    },
  };
};
