import type { ExactlyOnceSession, Polled } from '../infra/kafka/session.ts';
import type { InputMessage, OutputBatch } from '../operators/batch.ts';
import { Pending } from './job/pending.ts';
import { type PartitionTask, RunningTask } from './job/runningTask.ts';

/** Counts of what a job does; infra makes metrics of them. */
export interface JobObserver {
  batch(messages: number, records: number, processMs: number): void;
  committed(commitMs: number): void;
}

export interface JobOptions {
  /**
   * Messages taken at once, 1 and up; fewer where they are large, see `batchBytes`. Bounds what is in memory: what comes of
   * eight such batches at most, and of no further one where that is 32 MiB.
   */
  readonly batchSize: number;
  /**
   * Least time from the beginning of one transaction to that of the next, milliseconds, 0 and up; five times as long
   * while the job is behind, for then larger transactions get it there sooner.
   */
  readonly commitEveryMs: number;
  /** Milliseconds from an arbitrary beginning. */
  readonly stopwatch: () => number;
  /** Resolves after some milliseconds. */
  readonly pause: (ms: number) => Promise<void>;
  readonly observer: JobObserver;
  /** Name of the compacted topic that state goes to: of each key, a transaction writes the last record alone. */
  readonly changelog?: string;
}

/** Bytes of messages taken at once, about: as many messages as are so large by the mean of those before. */
const batchBytes = 6 * 2 ** 20;
/** Transactions of a job that is behind are so many times rarer. */
const rarerWhenBehind = 5;

const meanBytes = (messages: Polled['messages']): number => {
  let bytes = 0;
  for (const { value } of messages) bytes += value?.length ?? 0;
  return Math.max(1, bytes / messages.length);
};

/**
 * Runs a chain over the partitions that a session is given, exactly once: batch by batch, all partitions of a batch at
 * the same time. While one transaction commits, further batches are processed, and the next transaction takes them
 * together: small batches come through soon, and a slow broker costs fewer transactions instead of throughput.
 *
 * @example
 * const job = new Job(openPartition, { batchSize: 1000, commitEveryMs: 20, stopwatch, pause, observer });
 * const session = await openSession(cluster, options, job);
 * await job.run(session);
 */
export class Job {
  readonly #open: (partition: number) => Promise<PartitionTask>;
  readonly #options: JobOptions;
  #tasks = new Map<number, RunningTask>();
  #work: Promise<void> = Promise.resolve();
  #stopping = false;

  /** @param open - brings up one partition's state */
  constructor(open: (partition: number) => Promise<PartitionTask>, options: JobOptions) {
    this.#open = open;
    this.#options = options;
  }

  /** See `Assignment` in `infra/kafka/session.ts`. */
  async assigned(partitions: readonly number[]): Promise<ReadonlyMap<number, number>> {
    const starts = new Map<number, number>();
    await Promise.all(
      partitions.map(async (partition) => {
        const task = await this.#open(partition);
        this.#tasks.set(partition, new RunningTask(task));
        starts.set(partition, task.start);
      }),
    );
    return starts;
  }

  async revoked(): Promise<void> {
    await this.#work;
    for (const task of this.#tasks.values()) task.close();
    this.#tasks = new Map();
  }

  /** Process until {@link stop}; what was begun is committed. */
  async run(session: ExactlyOnceSession): Promise<void> {
    const { batchSize, commitEveryMs, stopwatch, pause, observer, changelog } = this.#options;
    let pending: Pending | undefined;
    let committing: Promise<void> | undefined;
    let failure: { cause: unknown } | undefined;
    let beganAt = Number.NEGATIVE_INFINITY;
    let roomMade = () => {};
    let behind = false;
    let reconsider = () => {};

    /** Resolves when the next transaction may begin. */
    const dueTime = async () => {
      for (;;) {
        const patient = behind && !pending!.full && !this.#stopping;
        const early = beganAt + commitEveryMs * (patient ? rarerWhenBehind : 1) - stopwatch();
        if (early <= 0) return;
        const changed = new Promise<void>((resolve) => {
          reconsider = resolve;
        });
        await Promise.race([pause(early), changed]);
      }
    };

    const commitPending = async () => {
      while (pending) {
        await dueTime();
        const { next } = pending;
        const records = pending.records();
        pending = undefined;
        roomMade();
        beganAt = stopwatch();
        await session.commit(records, next);
        observer.committed(stopwatch() - beganAt);
      }
    };
    const commit = () => {
      committing ??= commitPending()
        .catch((cause) => {
          failure ??= { cause };
        })
        .finally(() => {
          committing = undefined;
          roomMade();
        });
    };
    const take = async (messages: Polled['messages'], full: boolean) => {
      const began = stopwatch();
      const outputs = await this.#process(messages);
      let records = 0;
      for (const output of outputs.values()) records += output.records.length;
      observer.batch(messages.length, records, stopwatch() - began);
      if (outputs.size === 0) return;
      pending ??= new Pending(changelog);
      pending.add(outputs);
      behind = full;
      if (!behind || pending.full) reconsider();
      commit();
    };

    let asked = batchSize;
    let polling = session.poll(asked);
    while (!this.#stopping) {
      const { messages, epoch } = await polling;
      const full = messages.length >= asked;
      if (messages.length > 0) asked = Math.min(batchSize, Math.ceil(batchBytes / meanBytes(messages)));
      polling = session.poll(asked);
      polling.catch(() => {});
      if (failure) throw failure.cause;
      if (messages.length === 0 || epoch !== session.epoch()) continue;
      const taken = take(messages, full);
      this.#work = taken.then(() => committing).catch(() => {});
      await taken;
      while (pending?.full && !failure)
        await new Promise<void>((resolve) => {
          roomMade = resolve;
        });
    }
    await committing;
    await polling.catch(() => {});
    if (failure) throw failure.cause;
  }

  stop(): void {
    this.#stopping = true;
  }

  /** What came of each partition's messages; nothing where they only rebuilt state. */
  async #process(
    messages: readonly (InputMessage & { partition: number })[],
  ): Promise<ReadonlyMap<number, OutputBatch>> {
    const byPartition = new Map<number, InputMessage[]>();
    for (const message of messages) {
      const list = byPartition.get(message.partition);
      if (list) list.push(message);
      else byPartition.set(message.partition, [message]);
    }
    const outputs = new Map<number, OutputBatch>();
    await Promise.all(
      [...byPartition].map(async ([partition, list]) => {
        const task = this.#tasks.get(partition);
        if (!task) return;
        const output = await task.process(list);
        if (output.next > task.replayBefore) outputs.set(partition, output);
      }),
    );
    return outputs;
  }
}
