import { type OperatorFunction, pipe } from 'rxjs';
import { decodeRecords, type RecordBatch } from '../../operators/decodeRecords.ts';
import { encodeRecords } from '../../operators/encodeRecords.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import type { DeadLetter } from '../../schemas/generated/index.ts';
import { type TopicSpec, topics } from '../../schemas/topics.ts';
import type { Running } from '../context.ts';
import { type JobConfig, lifecycleConfigSchema } from '../jobs/config.ts';
import { jobMetrics } from '../jobs/jobMetrics.ts';
import { runJob as runFrame } from '../jobs/runJob.ts';
import type { Kafka } from '../kafka/types.ts';
import type { Connection } from './connect.ts';

/** A streaming job: what {@link runJob} runs. {@link job} makes one of a chain of operators. */
export interface Job {
  /** Lower-case words joined by hyphens; part of the names of metrics and of the consumer group. */
  readonly name: string;
  /** Begin on this process's share of the partitions. */
  start(connection: Connection): Promise<Running>;
}

/** A pipeline of one's own. */
export interface JobOptions<In, Out> {
  /** Lower-case words joined by hyphens, e.g. `night-watch`. */
  readonly name: string;
  /** Topic that is read, from its beginning when the group is new. */
  readonly input: TopicSpec;
  /** Topic that is written; created where it is missing. */
  readonly output: TopicSpec;
  /**
   * The chain for one partition. Each batch that enters must leave as exactly one batch of the same source, for what
   * leaves commits what entered. What an operator remembers is gone with the process.
   */
  readonly chain: (partition: number) => OperatorFunction<RecordBatch<In>, RecordBatch<Out>>;
  /** Consumer group. @default `ebbtide-<name>` */
  readonly groupId?: string;
  /** Name of this instance, unique in its group; one that comes back under it fences its predecessor. @default host and process */
  readonly instanceId?: string;
  /** Messages processed at once at most, 1 to 100000; fewer where they are large. @default 4000 */
  readonly batchSize?: number;
  /** Least time between two transactions, milliseconds, 0 to 5000. @default 20 */
  readonly commitEveryMs?: number;
}

/** Kafka's own mark for the offset that the group has committed. */
const committedOffset = -1001;

/**
 * Make a job of a chain of operators: decode, chain, encode. Records that cannot be decoded go to `dead-letters`.
 *
 * @throws {EbbtideError} `CONFIG_INVALID` when an option is out of range
 * @example
 * const nightWatch = job<Decision, Finding>({
 *   name: 'night-watch',
 *   input: topics.decisions,
 *   output: findings,
 *   chain: () => atNight(),
 * });
 */
export const job = <In, Out>(options: JobOptions<In, Out>): Job => {
  const { name, input, output, chain } = options;
  const config = configOf(options);
  return {
    name,
    async start(connection) {
      const { kafka, registry, metrics: registers } = connection;
      const [reader, writer, deadLetters] = await Promise.all([
        TopicCodec.open<In>(input, registry),
        TopicCodec.open<Out>(output, registry),
        TopicCodec.open<DeadLetter>(topics.deadLetters, registry),
      ]);
      await ensureOutput(kafka, output, await kafka.partitionsOf(input.name));
      const metrics = jobMetrics(registers, name.replaceAll('-', '_'));
      return runFrame<undefined>(connection, connection.cluster, {
        name,
        topic: input,
        config,
        metrics,
        async open(partition) {
          const from = { topic: input.name, partition };
          return {
            chain: pipe(
              decodeRecords<In>(reader),
              chain(partition),
              encodeRecords<Out>({ writer, deadLetters, pipeline: name, from }),
            ),
            start: committedOffset,
            replayBefore: 0,
            held: undefined,
            subjects: 0,
          };
        },
        report() {},
        describe: () => `${input.name} to ${output.name}`,
        failed: new Promise<never>(() => {}),
        async close() {},
      });
    },
  };
};

/** Mock brokers, and real ones that let nobody create topics, have the topic by other means or not at all. */
const ensureOutput = async (kafka: Kafka, output: TopicSpec, partitions: number): Promise<void> => {
  try {
    await kafka.ensureTopics(partitions, { specs: [output] });
  } catch (error) {
    await kafka.partitionsOf(output.name).catch(() => {
      throw error;
    });
  }
};

const configOf = <In, Out>(options: JobOptions<In, Out>): JobConfig => {
  const { name, groupId = `ebbtide-${name}`, instanceId, batchSize, commitEveryMs } = options;
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    throw new EbbtideError('CONFIG_INVALID', `A job's name is lower-case words joined by hyphens, got ${name}`, {
      name,
    });
  const given = { groupId, instanceId, batchSize, commitEveryMs };
  const parsed = lifecycleConfigSchema.safeParse(
    Object.fromEntries(Object.entries({ ...given, clockMs: 0 }).filter(([, value]) => value !== undefined)),
  );
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new EbbtideError('CONFIG_INVALID', `Job ${name}: ${issue?.path.join('.')} ${issue?.message}`, { name });
};

/**
 * Run a job on this process's share of the partitions until it is closed: exactly once, and begun anew after errors that
 * pass. Start as many processes as there are partitions to share.
 *
 * @example
 * const running = await runJob(connection, lifecycle());
 * (await running.health()).ready;
 * await running.close();
 */
export const runJob = (connection: Connection, { start }: Job): Promise<Running> => start(connection);
