import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { TopicCodec } from '../../../schemas/codec.ts';
import type { ApiTelemetry } from '../../../schemas/generated/index.ts';
import { topics } from '../../../schemas/topics.ts';
import type { OutgoingMessage, Producer } from '../../kafka/types.ts';
import type { Logger } from '../../log.ts';
import type { GatewayMetrics } from './metrics.ts';

/** Records handed over before the event loop turns: some 0.1 ms of work; more where many wait. */
const leastSlice = 32;
const mostTurns = 16;
const longestCloseMs = 5_000;
const pollMs = 5;

/** Writes telemetry.api in the background. Adding a record never waits; what does not fit is counted and given up. */
export class Telemetry {
  readonly #encode: (record: ApiTelemetry) => Buffer;
  readonly #producer: Producer;
  readonly #metrics: Pick<GatewayMetrics, 'telemetryDropped' | 'telemetrySent'>;
  readonly #log: Logger;
  readonly #capacity: number;
  readonly #timer: NodeJS.Timeout;
  #waiting: ApiTelemetry[] = [];
  #sending = 0;
  #flushing: Promise<void> | undefined;

  constructor(
    codec: TopicCodec<ApiTelemetry>,
    producer: Producer,
    metrics: Pick<GatewayMetrics, 'telemetryDropped' | 'telemetrySent'>,
    log: Logger,
    { buffer, flushMs }: { buffer: number; flushMs: number },
  ) {
    this.#encode = (record) => codec.encode(record);
    this.#producer = producer;
    this.#metrics = metrics;
    this.#log = log;
    this.#capacity = buffer;
    this.#timer = setInterval(() => this.#begin(), flushMs);
    this.#timer.unref();
  }

  /** Records that Kafka has not taken yet. */
  get pending(): number {
    return this.#waiting.length + this.#sending;
  }

  add(record: ApiTelemetry): void {
    if (this.pending >= this.#capacity) this.#metrics.telemetryDropped.inc();
    else this.#waiting.push(record);
  }

  /** Send what waits, for some seconds at most. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, longestCloseMs);
    });
    await Promise.race([late, this.#drain(performance.now() + longestCloseMs)]);
    clearTimeout(timer);
  }

  async #drain(deadline: number): Promise<void> {
    while (this.pending > 0 && performance.now() < deadline) {
      this.#begin();
      await this.#flushing;
      await sleep(pollMs);
    }
  }

  #begin(): void {
    if (this.#waiting.length === 0 || this.#flushing) return;
    this.#flushing = this.#flush().finally(() => {
      this.#flushing = undefined;
    });
  }

  async #flush(): Promise<void> {
    const records = this.#waiting;
    this.#waiting = [];
    this.#sending += records.length;
    // The further behind, the more at a time: else what comes in faster than the event loop turns would only be dropped
    const size = Math.max(leastSlice, Math.ceil(records.length / mostTurns));
    for (let from = 0; from < records.length; from += size) {
      if (from > 0) await turn();
      this.#hand(records.slice(from, from + size));
    }
  }

  #hand(records: readonly ApiTelemetry[]): void {
    const messages = records.map(
      (record): OutgoingMessage => ({
        topic: topics.telemetryApi.name,
        key: record.frontendCredential,
        value: this.#encode(record),
      }),
    );
    // Not awaited: Kafka may take its time, and the producer has its own order
    this.#producer
      .send(messages)
      .then(
        () => this.#metrics.telemetrySent.inc(records.length),
        (error: { code?: string }) => {
          this.#metrics.telemetryDropped.inc(records.length);
          this.#log.warn({ records: records.length, code: error.code }, 'telemetry given up');
        },
      )
      .finally(() => {
        this.#sending -= records.length;
      });
  }
}
