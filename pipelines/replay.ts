import { concatMap, from, map, type Observable, tap } from 'rxjs';
import { acknowledged, type HistoricBatch, type HistoricPart, type History } from './replay/history.ts';

/** A batch with what came of it. */
export interface ReplayedBatch<Result> {
  readonly source: HistoricBatch;
  readonly result: Result;
}

/** What a replay needs. */
export interface ReplayJob<Result> {
  readonly history: Pick<History, 'batches'>;
  /** Batches on their way at the same time, 1 and up. */
  readonly inFlight: number;
  /**
   * Send messages through the live job's chain, once for each model and policy that is tried, and count what comes of
   * them for the report. Messages of one partition are processed in their order, whatever is on its way at once.
   */
  run(parts: readonly HistoricPart[]): Promise<Result>;
  /** Tell how far it has come, and stop at what cannot be read. */
  observe(batch: ReplayedBatch<Result>): void;
  /** Write what came of a batch, and wait until more can be written. */
  write(batch: ReplayedBatch<Result>): Promise<void>;
}

/**
 * What was said on Kafka once more, in event time and as fast as it goes.
 *
 * Batches are written in their order, and acknowledged once they are; only then are more read, so that memory does not
 * depend on how long the history is.
 */
export const replay = <Result>(job: ReplayJob<Result>): Observable<ReplayedBatch<Result>> =>
  from(acknowledged(job.history.batches(), job.inFlight)).pipe(
    map((source) => ({ source, running: begun(job.run(source.parts)) })),
    concatMap(async ({ source, running }) => ({ source, result: await running })),
    tap((batch) => job.observe(batch)),
    concatMap(async (batch) => {
      await job.write(batch);
      return batch;
    }),
    tap(({ source }) => source.ack()),
  );

/** A promise that is waited for later: that it fails meanwhile must not count as unhandled. */
const begun = <T>(work: Promise<T>): Promise<T> => {
  work.catch(() => {});
  return work;
};
