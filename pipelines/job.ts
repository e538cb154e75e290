import { type OperatorFunction, Subject } from 'rxjs';
import type { ExactlyOnceSession, Polled } from '../infra/kafka/session.ts';
import type { OutgoingMessage } from '../infra/kafka/types.ts';
import type { InputBatch, InputMessage, OutputBatch, OutputRecord } from '../operators/batch.ts';

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
  /** Name of the compacted topic that state goes to: of each key, a transaction writes the last record alone. */
  readonly changelog?: string;
}

/** Batches that one transaction takes at most. */
const batchesTogether = 8;

/**
 * Bytes of messages that a chain is given at once: its tables then stay in the processor's cache, and what it makes of
 * them is gone before the garbage collector looks.
 */
const pieceBytes = 262_144;

const piecesOf = (messages: readonly InputMessage[]): (readonly InputMessage[])[] => {
  const pieces: (readonly InputMessage[])[] = [];
  let from = 0;
  let bytes = 0;
  for (let i = 0; i < messages.length; i++) {
    bytes += messages[i]!.value?.length ?? 0;
    if (bytes < pieceBytes && i < messages.length - 1) continue;
    pieces.push(messages.slice(from, i + 1));
    from = i + 1;
    bytes = 0;
  }
  return pieces;
};

/** What was processed and is not committed yet. */
class Pending {
  readonly #records: OutgoingMessage[] = [];
  /** Last record of each key of the changelog, by partition. */
  readonly #states = new Map<number, Map<string | null, OutgoingMessage>>();
  readonly #changelog: string | undefined;
  readonly next = new Map<number, number>();
  batches = 0;

  constructor(changelog: string | undefined) {
    this.#changelog = changelog;
  }

  add(partition: number, { records, next }: OutputBatch): void {
    this.next.set(partition, next);
    let states = this.#states.get(partition);
    if (!states) {
      states = new Map();
      this.#states.set(partition, states);
    }
    for (const { topic, key, value } of records) {
      const record = { topic, partition, key, value };
      if (topic === this.#changelog) states.set(key, record);
      else this.#records.push(record);
    }
  }

  /** All that a transaction writes, the changelog last. */
  records(): OutgoingMessage[] {
    for (const states of this.#states.values()) for (const record of states.values()) this.#records.push(record);
    this.#states.clear();
    return this.#records;
  }
}

/** A chain that runs: batches go in one at a time, in pieces, and come out as one each. */
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

  async process(messages: readonly InputMessage[]): Promise<OutputBatch> {
    const pieces = piecesOf(messages);
    if (pieces.length <= 1) return this.#run(messages);
    const records: OutputRecord[] = [];
    let next = 0;
    for (const piece of pieces) {
      const output = await this.#run(piece);
      for (const record of output.records) records.push(record);
      next = output.next;
    }
    return { records, next };
  }

  #run(messages: readonly InputMessage[]): Promise<OutputBatch> {
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
    const { batchSize, commitEveryMs, stopwatch, pause, observer, changelog } = this.#options;
    let pending: Pending | undefined;
    let committing: Promise<void> | undefined;
    let failure: { cause: unknown } | undefined;
    let beganAt = Number.NEGATIVE_INFINITY;
    let roomMade = () => {};

    const commitPending = async () => {
      while (pending) {
        const early = beganAt + commitEveryMs - stopwatch();
        if (early > 0) await pause(early);
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
    const take = async (messages: Polled['messages']) => {
      const began = stopwatch();
      const outputs = await this.#process(messages);
      let records = 0;
      for (const output of outputs.values()) records += output.records.length;
      observer.batch(messages.length, records, stopwatch() - began);
      if (outputs.size === 0) return;
      pending ??= new Pending(changelog);
      for (const [partition, output] of outputs) pending.add(partition, output);
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
