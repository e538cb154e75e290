import { type AnomalyModel, loadAnomalyModel, shippedAnomalyModel } from '../../models/anomaly/model.ts';
import type { Encoders, Partition } from '../../operators/toOutput.ts';
import { Job } from '../../pipelines/job.ts';
import { lifecycle } from '../../pipelines/lifecycle.ts';
import { configuredPolicyKey } from '../../pipelines/orders.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import type { Alert, Control, DeadLetter, Decision, LifecycleState, Score } from '../../schemas/generated/index.ts';
import { type LifecyclePolicy, policyVersion } from '../../schemas/policy.ts';
import { TelemetryCodec } from '../../schemas/telemetry.ts';
import { topics } from '../../schemas/topics.ts';
import type { AppContext, Health, Running } from '../context.ts';
import type { ClusterOptions } from '../kafka/client.ts';
import { type ExactlyOnceSession, openSession } from '../kafka/session.ts';
import { startClock } from './clock.ts';
import type { LifecycleConfig } from './config.ts';
import { type JoinedTables, openJoinedTables } from './joinedTopics.ts';
import { resourceLayout } from './layout.ts';
import { lifecycleMetrics } from './metrics.ts';
import { restorePartition } from './restore.ts';

const name = 'lifecycle';
const stillAliveMs = 15_000;
const longestBackoffMs = 10_000;

/**
 * Run the lifecycle pipeline on this process's share of the partitions, exactly once, until closed. An error that a
 * new beginning can mend (broker away, fenced, transaction aborted) leads to one, from the changelog.
 *
 * @throws {EbbtideError} at once when the model is damaged or does not fit
 * @example
 * const running = await startLifecycle(context, cluster, config.lifecycle, config.policy.lifecycle);
 */
export const startLifecycle = async (
  context: AppContext,
  cluster: ClusterOptions,
  config: LifecycleConfig,
  policy: LifecyclePolicy,
): Promise<Running> => {
  const { kafka, registry, log } = context;
  const model: AnomalyModel = await loadAnomalyModel(
    config.model === 'shipped' ? shippedAnomalyModel() : config.model,
    { windowMs: policy.windowMs },
  );
  const reader = await TelemetryCodec.open(registry, resourceLayout, topics.telemetryResource, {
    now: () => performance.now(),
  });
  const encoders: Encoders = {
    scores: await TopicCodec.open<Score>(topics.scores, registry),
    decisions: await TopicCodec.open<Decision>(topics.decisions, registry),
    alerts: await TopicCodec.open<Alert>(topics.alerts, registry),
    deadLetters: await TopicCodec.open<DeadLetter>(topics.deadLetters, registry),
    state: await TopicCodec.open<LifecycleState>(topics.stateLifecycle, registry),
  };
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
  const tables: JoinedTables = await openJoinedTables(context, name, (topic) => metrics.passedOver.inc({ topic }));
  const clockProducer = await kafka.producer({ lingerMs: 0 });
  await publishPolicy(context, clockProducer, tables, policy);

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
      model,
      reader.metrics,
    );
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
    const chain = lifecycle({
      partition: restored.partition,
      reader,
      joined,
      features: model.spec,
      model,
      encoders,
      counts,
    });
    return { chain, start: restored.start, replayBefore: restored.replayBefore };
  };

  const observer = {
    batch: (messages: number, records: number, processMs: number) => {
      metrics.messages.inc(messages);
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
    job = new Job(openPartition, { batchSize: config.batchSize, stopwatch: () => performance.now(), observer });
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
      return { ready: true, detail: `Holds ${held.size} partitions, model ${model.version}` };
    },
    async close() {
      closing = true;
      clearInterval(report);
      clock.stop();
      job?.stop();
      await running;
      await tables.close();
      await clockProducer.close();
      await model.close();
    },
  };
};

/** Put the configured policy into `control`, where it is the pipeline's unless an administrator's goes before it. */
const publishPolicy = async (
  { registry, log }: AppContext,
  producer: { send: Awaited<ReturnType<AppContext['kafka']['producer']>>['send'] },
  tables: JoinedTables,
  policy: LifecyclePolicy,
): Promise<void> => {
  const key = configuredPolicyKey(name);
  const version = policyVersion(policy);
  await tables.caughtUp;
  if (tables.control.at(key, Number.POSITIVE_INFINITY)?.version === version) return;
  const codec = await TopicCodec.open<Control>(topics.control, registry);
  const value = codec.encode({
    key,
    kind: 'policy',
    pipeline: name,
    subject: null,
    value: JSON.stringify(policy),
    version,
    expiresAt: null,
    at: Date.now(),
    by: 'configuration',
    reason: 'as configured at start',
  });
  await producer.send([{ topic: topics.control.name, partition: 0, key, value }]);
  await tables.control.reached(tables.control.position + 1);
  log.info({ policyVersion: version, mode: policy.mode }, 'policy published');
};
