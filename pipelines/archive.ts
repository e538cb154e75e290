import { concatMap, defer, finalize, from, type Observable, of, tap } from 'rxjs';
import type { Archive } from '../infra/clickhouse/types.ts';
import type { MessageBatch, Producer } from '../infra/kafka/types.ts';
import type { Logger } from '../infra/log.ts';
import { pace } from '../operators/pace.ts';
import { type Backoff, retryWithBackoff } from '../operators/retryWithBackoff.ts';
import type { TopicCodec } from '../schemas/codec.ts';
import type { DeadLetter } from '../schemas/generated/index.ts';
import type { ArchiveMetrics } from './archive/metrics.ts';
import { type ArchiveBatch, type Codecs, toRows } from './archive/toRows.ts';

/** What the archive needs. */
export interface ArchiveJob {
  readonly batches: AsyncIterable<MessageBatch>;
  readonly codecs: Codecs;
  readonly archive: Archive;
  readonly cluster: string;
  readonly deadLetters: { readonly producer: Producer; readonly codec: TopicCodec<DeadLetter> };
  readonly metrics: ArchiveMetrics;
  readonly log: Logger;
  /** How to wait while ClickHouse, Kafka or the schema registry is away. */
  readonly backoff: Backoff;
  /** Shortest time between small inserts, milliseconds. */
  readonly flushMs: number;
  /** Rows from which an insert is not small. */
  readonly flushRows: number;
  /** Emits when the job is to end: nothing waits any more. */
  readonly stopping: Observable<unknown>;
}

/**
 * Everything that is said on Kafka, kept in ClickHouse: at least once, and shown once.
 *
 * A batch is acknowledged when ClickHouse has confirmed its rows and Kafka its dead letters, and only then is the next
 * one fetched. While ClickHouse is away the batch waits, and the position with it.
 */
export const archive = (job: ArchiveJob): Observable<ArchiveBatch> =>
  from(job.batches).pipe(
    concatMap((batch) => of(batch).pipe(toRows(job.archive, job.codecs, job.cluster), retryWithBackoff(job.backoff))),
    insertRows(job),
    sendDeadLetters(job),
    tap((batch) => job.metrics.inserted(batch)),
    pace({ everyMs: job.flushMs, full: ({ rows }) => rows.rows >= job.flushRows, hurry: job.stopping }),
    acknowledge(job),
  );

const insertRows = (job: ArchiveJob) =>
  concatMap((batch: ArchiveBatch) =>
    cancellable(async (signal) => {
      const done = job.metrics.timeInsert();
      await job.archive.insert(batch.rows, signal);
      done();
      return batch;
    }).pipe(retryWithBackoff(job.backoff)),
  );

const sendDeadLetters = ({ deadLetters: { producer, codec }, backoff }: ArchiveJob) =>
  concatMap((batch: ArchiveBatch) =>
    defer(async () => {
      const { name } = codec.topic;
      if (batch.deadLetters.length > 0)
        await producer.send(
          batch.deadLetters.map((letter) => ({ topic: name, key: letter.topic, value: codec.encode(letter) })),
        );
      return batch;
    }).pipe(retryWithBackoff(backoff)),
  );

/** A commit that fails is made good by the next one; until then the same messages may come again. */
const acknowledge = ({ log }: ArchiveJob) =>
  concatMap(async (batch: ArchiveBatch) => {
    await batch.source.ack().catch((error: unknown) => log.warn({ err: error }, 'offsets not committed'));
    return batch;
  });

/** A promise's work that is aborted when nobody waits for it any more. */
const cancellable = <T>(work: (signal: AbortSignal) => Promise<T>): Observable<T> =>
  defer(() => {
    const controller = new AbortController();
    return from(work(controller.signal)).pipe(finalize(() => controller.abort()));
  });
