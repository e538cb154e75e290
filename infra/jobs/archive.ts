import {
  BehaviorSubject,
  defer,
  filter,
  firstValueFrom,
  ReplaySubject,
  race,
  type Subscription,
  switchMap,
  tap,
  timer,
} from 'rxjs';
import { type Backoff, retryWithBackoff } from '../../operators/retryWithBackoff.ts';
import { archiveMetrics } from '../../pipelines/archive/metrics.ts';
import { type ArchiveJob, archive } from '../../pipelines/archive.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import { isEbbtideError } from '../../schemas/errors.ts';
import type { DeadLetter } from '../../schemas/generated/index.ts';
import { type TopicSpec, topics } from '../../schemas/topics.ts';
import type { ArchiveConfig } from '../clickhouse/config.ts';
import type { Archive } from '../clickhouse/types.ts';
import type { AppContext, Health, Running } from '../context.ts';
import type { GroupConsumer, Producer } from '../kafka/types.ts';

/** What the archive is given at its start: the rest of Ebbtide, and ClickHouse. The archive stays the caller's to close. */
export interface ArchiveContext extends AppContext {
  readonly archive: Archive;
}

/** A lag that takes longer to learn is left as it was. */
const lagTimeoutMs = 3_000;

const worthAnotherTry = (error: unknown): boolean =>
  !(error instanceof TypeError) &&
  !isEbbtideError(error, 'CLICKHOUSE_REJECTED') &&
  !isEbbtideError(error, 'CONFIG_INVALID');

/**
 * Start to archive. Returns at once, and waits for ClickHouse and Kafka where they are away: `health()` tells.
 *
 * @throws nothing: what cannot be mended by waiting rejects `failed`
 * @example
 * const running = await startArchive({ ...context, archive: openArchive(config.clickhouse) }, config.archive);
 */
export const startArchive = async (context: ArchiveContext, config: ArchiveConfig): Promise<Running> => {
  const { kafka, registry, log } = context;
  const stopping = new ReplaySubject<void>(1);
  const stopped = new AbortController();
  let opening: Promise<unknown> = Promise.resolve();
  const busy = new BehaviorSubject(false);
  let consumer: GroupConsumer | undefined;
  let producer: Producer | undefined;
  let trouble: string | undefined = 'Archive has not reached ClickHouse yet';
  let rows = 0;

  const backoff: Backoff = {
    firstMs: config.retryFirstMs,
    maxMs: config.retryMaxMs,
    retryable: worthAnotherTry,
    onRetry(error, attempt, waitMs) {
      trouble = (error as Error).message;
      metrics.retried();
      log.warn({ err: error, attempt, waitMs }, 'archive waits');
    },
  };
  const metrics = archiveMetrics(context.metrics, async () =>
    Promise.race([consumer?.lag() ?? 0, new Promise<never>((_, late) => setTimeout(late, lagTimeoutMs).unref())]),
  );

  const open = async (): Promise<ArchiveJob> => {
    await context.archive.prepare(stopped.signal);
    const specs = Object.values(topics).filter(({ name }) => (config.topics as string[]).includes(name));
    const codecs = new Map<string, TopicCodec<unknown>>();
    for (const spec of specs as TopicSpec[]) codecs.set(spec.name, await TopicCodec.open<unknown>(spec, registry));
    const deadLetters = await TopicCodec.open<DeadLetter>(topics.deadLetters, registry);
    const { cluster, groupId, flushMs, flushRows, batchSize } = config;
    producer ??= await kafka.producer();
    consumer = await kafka.consumer({ groupId, topics: [...codecs.keys()], batchSize });
    trouble = undefined;
    const settings = { cluster, backoff, flushMs, flushRows, stopping };
    return {
      batches: marked(consumer, busy),
      archive: context.archive,
      deadLetters: { producer, codec: deadLetters },
      ...{ codecs, metrics, log, ...settings },
    };
  };

  let subscription: Subscription | undefined;
  const failed = new Promise<never>((_, reject) => {
    subscription = defer(() => {
      const job = open();
      opening = job.catch(() => {});
      return job;
    })
      .pipe(
        retryWithBackoff(backoff),
        switchMap((job) => archive(job)),
        tap((batch) => {
          trouble = undefined;
          rows += batch.rows.rows;
          busy.next(false);
        }),
      )
      .subscribe({
        error(error: unknown) {
          trouble = (error as Error).message;
          busy.next(false);
          log.error({ err: error }, 'archive failed');
          reject(error);
        },
      });
  });
  failed.catch(() => {});

  const health = async (): Promise<Health> => {
    if (trouble !== undefined) return { ready: false, detail: trouble };
    if (!consumer?.healthy()) return { ready: false, detail: 'Archive has no partitions, or Kafka does not answer' };
    try {
      await context.archive.ping();
    } catch (error) {
      return { ready: false, detail: (error as Error).message };
    }
    return { ready: true, detail: `${rows} rows archived since the start` };
  };

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    stopping.next();
    await firstValueFrom(race(busy.pipe(filter((working) => !working)), timer(config.drainMs)));
    subscription?.unsubscribe();
    stopped.abort();
    await opening;
    await consumer?.close();
    await producer?.close();
    log.info({ rows }, 'archive stopped');
  };
  return { name: 'archive', failed, health, close: () => (closing ??= close()) };
};

/** The consumer's batches; busy from when one arrives. */
async function* marked(consumer: GroupConsumer, busy: BehaviorSubject<boolean>) {
  for await (const batch of consumer.batches()) {
    busy.next(true);
    yield batch;
  }
}
