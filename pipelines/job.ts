import { type OperatorFunction, Subject } from 'rxjs';
import type { ExactlyOnceSession, Polled } from '../infra/kafka/session.ts';
import type { OutgoingMessage } from '../infra/kafka/types.ts';
import type { InputBatch, InputMessage, OutputBatch } from '../operators/batch.ts';

/** One partition's chain, with the state it was brought up with. */
export interface PartitionTask {
  readonly chain: OperatorFunction<InputBatch, OutputBatch>;
  /** Offset to begin to read at. */
  readonly start: number;
  /** What comes of messages before this offset was written before. */
  readonly replayBefore: number;
}

/** Counts of what a job does; infra makes metrics of them. */
export interface JobObserver {
  batch(messages: number, records: number, processMs: number): void;
  committed(commitMs: number): void;
}

export interface JobOptions {
  /** Messages taken at once, 1 and up. Bounds what is in memory: what comes of eight such batches at most. */
  readonly batchSize: number;
  /** Least time from the beginning of one transaction to that of the next, milliseconds, 0 and up. */
  readonly commitEveryMs: number;
  /** Milliseconds from an arbitrary beginning. */
  readonly stopwatch: () => number;
  /** Resolves after some milliseconds. */
  readonly pause: (ms: number) => Promise<void>;
  readonly observer: JobObserver;
}

/** Batches that one transaction takes at most. */
const batchesTogether = 8;

/** What was processed and is not committed yet. */
interface Pending {
  readonly records: OutgoingMessage[];
  readonly next: Map<number, number>;
  batches: number;
}

/** A chain that runs: batches go in one at a time and come out as one each. */
export class RunningTask {
  readonly replayBefore: number;
  readonly #input = new Subject<InputBatch>();
  #settle: { resolve: (output: OutputBatch) => void; reject: (error: unknown) => void } | undefined;
  #failure: unknown;

  constructor({ chain, replayBefore }: PartitionTask) {
    this.replayBefore = replayBefore;
    this.#input.pipe(chain).subscribe({
      next: (output) => this.#settle?.resolve(output),
      error: (error) => {
        this.#failure = error;
        this.#settle?.reject(error);
      },
    });
  }

  process(messages: readonly InputMessage[]): Promise<OutputBatch> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#input.next({ messages, replayBefore: this.replayBefore });
    });
  }

  close(): void {
    this.#input.complete();
  }
}

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
    const { batchSize, commitEveryMs, stopwatch, pause, observer } = this.#options;
    let pending: Pending | undefined;
    let committing: Promise<void> | undefined;
    let failure: { cause: unknown } | undefined;
    let beganAt = Number.NEGATIVE_INFINITY;
    let roomMade = () => {};

    const commitPending = async () => {
      while (pending) {
        const early = beganAt + commitEveryMs - stopwatch();
        if (early > 0) await pause(early);
        const { records, next } = pending;
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
    const take = async (messages: Polled['messages']) => {
      const began = stopwatch();
      const { records, next } = await this.#process(messages);
      observer.batch(messages.length, records.length, stopwatch() - began);
      if (next.size === 0) return;
      pending ??= { records: [], next: new Map(), batches: 0 };
      for (const record of records) pending.records.push(record);
      for (const [partition, offset] of next) pending.next.set(partition, offset);
      pending.batches++;
      commit();
    };

    let polling = session.poll(batchSize);
    while (!this.#stopping) {
      const { messages, epoch } = await polling;
      polling = session.poll(batchSize);
      polling.catch(() => {});
      if (failure) throw failure.cause;
      if (messages.length === 0 || epoch !== session.epoch()) continue;
      const taken = take(messages);
      this.#work = taken.then(() => committing).catch(() => {});
      await taken;
      while (pending && pending.batches >= batchesTogether && !failure)
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

  async #process(messages: readonly (InputMessage & { partition: number })[]) {
    const byPartition = new Map<number, InputMessage[]>();
    for (const message of messages) {
      const list = byPartition.get(message.partition);
      if (list) list.push(message);
      else byPartition.set(message.partition, [message]);
    }
    const records: OutgoingMessage[] = [];
    const next = new Map<number, number>();
    await Promise.all(
      [...byPartition].map(async ([partition, list]) => {
        const task = this.#tasks.get(partition);
        if (!task) return;
        const output = await task.process(list);
        if (output.next > task.replayBefore) next.set(partition, output.next);
        for (const { topic, key, value } of output.records) records.push({ topic, partition, key, value });
      }),
    );
    return { records, next };
  }
}
