import type { TopicCodec } from '../../../schemas/codec.ts';
import type { ApiTelemetry } from '../../../schemas/generated/index.ts';
import { topics } from '../../../schemas/topics.ts';
import type { UnacknowledgedProducer } from '../../kafka/types.ts';
import type { Tracing } from '../../tracing/types.ts';
import type { GatewayMetrics } from './metrics.ts';

/** Where it says what it gave up. */
export interface TelemetryLog {
  warn(what: object, words: string): void;
}

/**
 * Writes telemetry.api. A record is encoded and handed to the Kafka client's queue at once: nothing of it outlives its
 * request on the heap, and no batch holds up the requests after it. What the queue does not take is counted and given up.
 */
export class Telemetry {
  readonly #codec: TopicCodec<ApiTelemetry>;
  readonly #producer: Pick<UnacknowledgedProducer, 'offer'>;
  readonly #metrics: Pick<GatewayMetrics, 'telemetryDropped' | 'telemetrySent'>;
  readonly #log: TelemetryLog;
  readonly #tracing: Tracing | undefined;

  constructor(
    codec: TopicCodec<ApiTelemetry>,
    producer: Pick<UnacknowledgedProducer, 'offer'>,
    metrics: Pick<GatewayMetrics, 'telemetryDropped' | 'telemetrySent'>,
    log: TelemetryLog,
    tracing?: Tracing,
  ) {
    this.#codec = codec;
    this.#producer = producer;
    this.#metrics = metrics;
    this.#log = log;
    this.#tracing = tracing;
  }

  /** @param traceparent - W3C header of the request: a trace that samples it goes on here */
  add(record: ApiTelemetry, traceparent?: string): void {
    let taken = false;
    try {
      const value = this.#codec.encode(record);
      const message = { topic: topics.telemetryApi.name, key: record.frontendCredential, value };
      const cause = traceparent === undefined ? undefined : this.#tracing?.causeOf([{ traceparent }]);
      const { service, operation, status } = record;
      const span = cause?.child('gateway decides', { service, operation, status });
      taken = this.#producer.offer(span ? { ...message, headers: span.headers } : message);
      span?.end();
    } catch (error) {
      this.#log.warn({ code: (error as { code?: string }).code }, 'telemetry given up');
    }
    if (taken) this.#metrics.telemetrySent.inc();
    else this.#metrics.telemetryDropped.inc();
  }
}
