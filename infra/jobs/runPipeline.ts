import type { PipelinePolicy } from '../../pipelines/orders.ts';
import type { AppContext, Running } from '../context.ts';
import type { ClusterOptions } from '../kafka/client.ts';
import type { Producer } from '../kafka/types.ts';
import type { JobMetrics } from './jobMetrics.ts';
import type { Tables } from './joinedTables.ts';
import type { ModelMetrics } from './modelMetrics.ts';
import type { JobModels } from './models.ts';
import { publishPolicy } from './publishPolicy.ts';
import { type JobFrame, runJob } from './runJob.ts';

/** Where a partition stands. */
export interface Standing {
  /** Event time that it has come to, epoch milliseconds. */
  readonly timeMs: number;
  readonly subjects: number;
  /** What replaced records of the topic beside `control` before this offset is asked for no more. */
  readonly joinedAt: number;
  /** Sequence of the oldest pointer whose models may still be asked. */
  readonly modelSequence: number;
}

/** What makes a chain a pipeline of Ebbtide's: a job with a policy, models, and topics that it joins its telemetry with. */
export interface PipelineFrame<H>
  extends Pick<JobFrame<H>, 'name' | 'topic' | 'config' | 'changelog' | 'open'>,
    Required<Pick<JobFrame<H>, 'clockRecord'>> {
  readonly metrics: JobMetrics & ModelMetrics;
  /** Put in force at the start, unless another was put in force in its place. */
  readonly policy: PipelinePolicy;
  /** What the telemetry is joined with, and the models in force; both are closed with the job. */
  readonly tables: Pick<Tables<unknown>, 'control' | 'caughtUp' | 'failed' | 'forget' | 'close'>;
  readonly models: JobModels;
  /** Where a partition that is held stands; asked each second. */
  standing(held: H): Standing;
  /** Called each second with the partitions that are held, to see to further metrics. */
  report?(held: Iterable<H>): void;
  /** What the job works with beside its models, in words. */
  describe?(): string;
  /** Close what else the frame was made of. */
  close(): Promise<void>;
}

/**
 * Run a pipeline on this process's share of the partitions, exactly once, until closed; see {@link runJob}.
 *
 * @throws what {@link publishPolicy} throws; what the frame was made of is closed then
 */
export const runPipeline = async <H>(
  context: AppContext,
  cluster: ClusterOptions,
  frame: PipelineFrame<H>,
): Promise<Running> => {
  const { name, policy, metrics, tables, models } = frame;
  let clockProducer: Producer | undefined;
  const close = async () => {
    await tables.close();
    await clockProducer?.close();
    await models.pool.close();
    await frame.close();
  };
  try {
    clockProducer = await context.kafka.producer({ lingerMs: 0 });
    await publishPolicy(name, context, clockProducer, tables, policy);
  } catch (error) {
    await close();
    throw error;
  }
  // A registry that is away must not keep the job from starting: partitions await what they need
  void models.announce(context, clockProducer, tables);
  void tables.caughtUp.then(() => models.pool.begin());

  const report = (held: ReadonlyMap<number, H>) => {
    const joinedAt = new Map<number, number>();
    let subjects = 0;
    let oldest = Number.POSITIVE_INFINITY;
    for (const [partition, one] of held) {
      const standing = frame.standing(one);
      metrics.watermark.set({ partition: String(partition) }, standing.timeMs / 1000);
      joinedAt.set(partition, standing.joinedAt);
      subjects += standing.subjects;
      oldest = Math.min(oldest, standing.modelSequence);
    }
    tables.forget(joinedAt);
    if (held.size > 0) void models.pool.release(oldest);
    metrics.modelSequence.set(models.pool.sequence);
    metrics.subjects.set(subjects);
    frame.report?.(held.values());
  };

  return runJob(context, cluster, {
    ...frame,
    clockProducer,
    async open(partition) {
      await tables.caughtUp;
      return frame.open(partition);
    },
    report,
    describe: () => `${models.describe()}${frame.describe?.() ?? ''}`,
    failed: tables.failed,
    close,
  });
};
