import { concatMap, from, type Observable, tap } from 'rxjs';
import { acknowledged, type HistoricBatch, type History } from './replay/history.ts';
import type { Lane, LaneOutput } from './replay/lane.ts';

/** A batch with what came of it in each lane. */
export interface ReplayedBatch {
  readonly source: HistoricBatch;
  /** In the order of the lanes. */
  readonly outputs: readonly (readonly LaneOutput[])[];
}

/** What a replay needs. */
export interface ReplayJob {
  readonly history: Pick<History, 'batches'>;
  /** The model and policy that are tried, and what they are compared with, if anything. */
  readonly lanes: readonly Lane[];
  /** Count a batch. */
  observe(batch: ReplayedBatch): void;
  /** Write what came of a batch, and wait until it is written. */
  write(batch: ReplayedBatch): Promise<void>;
}

/**
 * What was said on Kafka once more, in event time and as fast as it goes, through the live job's own chain: once for
 * each lane, then into the report, then to where the replay writes.
 *
 * A batch is acknowledged when all that came of it is written, and only then is the next one read: memory does not
 * depend on how long the history is.
 */
export const replay = (job: ReplayJob): Observable<ReplayedBatch> =>
  from(acknowledged(job.history.batches())).pipe(
    concatMap(
      async (source): Promise<ReplayedBatch> => ({
        source,
        outputs: await Promise.all(job.lanes.map((lane) => lane.run(source.parts))),
      }),
    ),
    tap((batch) => job.observe(batch)),
    concatMap(async (batch) => {
      await job.write(batch);
      return batch;
    }),
    tap(({ source }) => source.ack()),
  );
