import type { Logger } from '../../log.ts';
import { framedBytes, type SpooledRecord } from './segment.ts';
import type { Lease, Spool } from './spool.ts';

const mostRecords = 500;
const mostBytes = 524_288;

/** What an outbox works with. Times in milliseconds. */
export interface OutboxOptions {
  readonly spool: Spool;
  /** JSON of the Avro schema of what is added. */
  readonly schema: string;
  /** Send records in order and resolve once the broker has them all. */
  readonly send: (records: readonly SpooledRecord[], schema: string) => Promise<void>;
  readonly memoryBytes: number;
  readonly sendTimeoutMs: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/**
 * Sends records in order: out of memory while the broker takes them, by way of the spool while it does not.
 *
 * One send is under way at a time. After a failure everything waits on disk, and the oldest is tried again with
 * doubling, jittered pauses. What neither memory nor disk can hold is given up, oldest first, and counted.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  #memory: SpooledRecord[] = [];
  #memoryBytes = 0;
  /** Changes whenever the send under way no longer matters. */
  #attempt = 0;
  #sending: Promise<void> | undefined;
  #inFlight: readonly SpooledRecord[] = [];
  #lease: Lease | undefined;
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;
  #refusedSamples = 0;
  #loggedGivenUp = 0;
  readonly counts = { sentMessages: 0, sentSamples: 0, failedSends: 0 };
  /** Why the last send failed; undefined once one has succeeded. */
  lastError: Error | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#pump();
  }

  /** Samples given up since the start. */
  get givenUpSamples(): number {
    return this.#options.spool.givenUpSamples + this.#refusedSamples;
  }

  /** Samples that wait, on disk and in memory, those being sent included. */
  get waitingSamples(): number {
    const inMemory = [...this.#memory, ...(this.#lease ? [] : this.#inFlight)];
    return this.#options.spool.samples + inMemory.reduce((sum, { samples }) => sum + samples, 0);
  }

  add(record: SpooledRecord): void {
    if (this.#failures > 0 || this.#options.spool.records > 0) this.#toDisk([record]);
    else {
      this.#memory.push(record);
      this.#memoryBytes += framedBytes(record);
      // A send that takes this long counts as failed; if it succeeds after all, its records arrive twice.
      if (this.#memoryBytes > this.#options.memoryBytes) this.#failed(new Error('The broker takes too long'));
    }
    this.#pump();
  }

  /**
   * Send what can be sent at once, put the rest on disk and close the spool.
   *
   * @param graceMs - longest wait, milliseconds
   */
  async close(graceMs: number): Promise<void> {
    const deadline = Date.now() + graceMs;
    while (this.#sending && this.#failures === 0) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<'late'>((resolve) => {
        timer = setTimeout(resolve, Math.max(0, deadline - Date.now()), 'late');
      });
      const outcome = await Promise.race([this.#sending, late]);
      clearTimeout(timer);
      if (outcome === 'late') break;
    }
    this.#closed = true;
    clearTimeout(this.#retry);
    if (this.#sending || this.#memory.length > 0) this.#failed(new Error('The agent is closing'));
    this.#options.spool.close();
  }

  #pump(): void {
    if (this.#sending || this.#retry || this.#closed) return;
    this.#lease = this.#options.spool.take(mostRecords, mostBytes);
    if (!this.#lease && this.#memory.length === 0) return;
    this.#inFlight = this.#lease?.records ?? this.#memory.splice(0, mostRecords);
    if (!this.#lease) for (const record of this.#inFlight) this.#memoryBytes -= framedBytes(record);
    const attempt = ++this.#attempt;
    this.#sending = this.#send(this.#inFlight, this.#lease?.schema ?? this.#options.schema).then(
      () => attempt === this.#attempt && this.#succeeded(),
      (error: Error) => attempt === this.#attempt && this.#failed(error),
    ) as Promise<void>;
  }

  #send(records: readonly SpooledRecord[], schema: string): Promise<void> {
    const { promise, resolve, reject } = deferred();
    const timer = setTimeout(() => {
      reject(new Error(`The broker did not acknowledge within ${this.#options.sendTimeoutMs} ms`));
    }, this.#options.sendTimeoutMs);
    // After closing it must not hold up the end of the process.
    timer.unref();
    this.#options.send(records, schema).then(resolve, reject);
    return promise.finally(() => clearTimeout(timer));
  }

  #succeeded(): void {
    if (this.#lease) this.#options.spool.commit(this.#lease);
    for (const { samples } of this.#inFlight) this.counts.sentSamples += samples;
    this.counts.sentMessages += this.#inFlight.length;
    if (this.#failures > 0)
      this.#options.log.info({ waitingSamples: this.waitingSamples }, 'broker takes telemetry again');
    this.#settle();
    this.#failures = 0;
    this.lastError = undefined;
    this.#pump();
  }

  #failed(error: Error): void {
    const records = this.#lease ? [] : this.#inFlight;
    if (this.#lease) this.#options.spool.release(this.#lease);
    this.#settle();
    this.#attempt++;
    this.#failures++;
    this.counts.failedSends++;
    this.lastError = error;
    if (this.#failures === 1 && !this.#closed)
      this.#options.log.warn({ reason: error.message }, 'broker takes no telemetry; it waits on disk');
    this.#toDisk([...records, ...this.#memory]);
    this.#memory = [];
    this.#memoryBytes = 0;
    const { retryMinMs, retryMaxMs } = this.#options;
    const pauseMs = Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(20, this.#failures - 1));
    clearTimeout(this.#retry);
    if (!this.#closed)
      this.#retry = setTimeout(
        () => {
          this.#retry = undefined;
          this.#pump();
        },
        pauseMs * (0.5 + Math.random() / 2),
      );
  }

  #settle(): void {
    this.#sending = undefined;
    this.#inFlight = [];
    this.#lease = undefined;
  }

  #toDisk(records: readonly SpooledRecord[]): void {
    for (const record of records)
      try {
        this.#options.spool.append(record);
      } catch (error) {
        if (this.#refusedSamples === 0)
          this.#options.log.error(
            { reason: (error as Error).message },
            'disk refuses the spool; telemetry is given up',
          );
        this.#refusedSamples += record.samples;
      }
    // Said at the first loss and at each doubling: no flood, and no silence.
    if (this.givenUpSamples > 2 * this.#loggedGivenUp) {
      this.#loggedGivenUp = this.givenUpSamples;
      this.#options.log.warn({ givenUpSamples: this.givenUpSamples }, 'spool is full; oldest telemetry was given up');
    }
  }
}

const deferred = () => {
  let resolve!: () => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<void>((res, rej) => {
    resolve = res;
    reject = rej;
  });
  return { promise, resolve, reject };
};
