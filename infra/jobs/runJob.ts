import { setTimeout as sleep } from 'node:timers/promises';
import type { PartitionTask } from '../../pipelines/job/runningTask.ts';
import { Job } from '../../pipelines/job.ts';
import type { TopicSpec } from '../../schemas/topics.ts';
import type { AppContext, Health, Running } from '../context.ts';
import type { ClusterOptions } from '../kafka/client.ts';
import { type ExactlyOnceSession, openSession } from '../kafka/session.ts';
import type { Producer } from '../kafka/types.ts';
import { giveMemoryBack } from '../memory.ts';
import { startClock } from './clock.ts';
import type { JobConfig } from './config.ts';
import type { JobMetrics } from './jobMetrics.ts';

const stillAliveMs = 15_000;
/** Fewer messages in five seconds than this are a quiet moment. */
const quietMessages = 2_000;
const longestBackoffMs = 10_000;

/** A partition that was brought up: its chain, where to begin, and what the process knows of it. */
export interface OpenedPartition<H> extends PartitionTask {
  readonly held: H;
  /** Subjects restored. */
  readonly subjects: number;
}

/** What makes a chain a job. */
export interface JobFrame<H> {
  readonly name: string;
  /** Topic of the telemetry. */
  readonly topic: TopicSpec;
  readonly config: JobConfig;
  readonly metrics: JobMetrics;
  /** Name of the compacted topic of the job's state; see `JobOptions.changelog`. */
  readonly changelog?: string;
  /** Writes clock records; absent where event time is not the job's concern. */
  readonly clockProducer?: Producer;
  /** The framed clock record for a time, epoch milliseconds, and a partition. */
  clockRecord?(time: number, partition: number): Buffer;
  /** Bring up a partition. */
  open(partition: number): Promise<OpenedPartition<H>>;
  /** Called each second with the partitions that are held; metrics and tables are seen to here. */
  report(held: ReadonlyMap<number, H>): void;
  /** What the job works with, in words. */
  describe(): string;
  readonly failed: Promise<never>;
  /** Close what the frame was made of. */
  close(): Promise<void>;
}

/**
 * Run a chain on this process's share of the partitions, exactly once, until closed. An error that a new beginning can
 * mend (broker away, fenced, transaction aborted) leads to one, from the changelog.
 */
export const runJob = <H>({ log }: AppContext, cluster: ClusterOptions, frame: JobFrame<H>): Running => {
  const { name, topic, config, metrics } = frame;
  const held = new Map<number, H>();
  let session: ExactlyOnceSession | undefined;
  let job: Job | undefined;
  let closing = false;
  let progressAt = performance.now();
  let lastError: string | undefined;

  const openPartition = async (partition: number) => {
    const began = performance.now();
    const { held: opened, subjects, ...task } = await frame.open(partition);
    const tookMs = performance.now() - began;
    metrics.restore.set(tookMs / 1000);
    const { start, replayBefore } = task;
    log.info({ partition, subjects, start, replayBefore, tookMs: Math.round(tookMs) }, 'partition restored');
    held.set(partition, opened);
    return task;
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
      ...(frame.changelog ? { changelog: frame.changelog } : {}),
    });
    const current = job;
    session = await openSession(
      cluster,
      {
        groupId: config.groupId,
        topic: topic.name,
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
      // After a failure nothing was revoked, and all state is brought up anew: what was held must not stay beside it
      // Not waited for: a commit under way may take as long as the broker is away
      current.revoked().catch(() => {});
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

  const { clockProducer, clockRecord } = frame;
  const clock =
    clockProducer &&
    clockRecord &&
    startClock(
      clockProducer,
      topic.name,
      config.clockMs,
      () => [...held.keys()],
      clockRecord,
      (error) => log.warn({ error: (error as Error).message }, 'clock record not written'),
    );

  const report = setInterval(() => {
    frame.report(held);
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
    failed: frame.failed,
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
      return { ready: true, detail: `Holds ${held.size} partitions, ${frame.describe()}` };
    },
    async close() {
      closing = true;
      clearInterval(report);
      stopGivingBack();
      clock?.stop();
      job?.stop();
      await running;
      await frame.close();
    },
  };
};
