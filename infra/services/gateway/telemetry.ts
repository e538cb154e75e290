import type { TopicCodec } from '../../../schemas/codec.ts';
import type { ApiTelemetry } from '../../../schemas/generated/index.ts';
import { topics } from '../../../schemas/topics.ts';
import type { UnacknowledgedProducer } from '../../kafka/types.ts';
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

  constructor(
    codec: TopicCodec<ApiTelemetry>,
    producer: Pick<UnacknowledgedProducer, 'offer'>,
    metrics: Pick<GatewayMetrics, 'telemetryDropped' | 'telemetrySent'>,
    log: TelemetryLog,
  ) {
    this.#codec = codec;
    this.#producer = producer;
    this.#metrics = metrics;
    this.#log = log;
  }

  add(record: ApiTelemetry): void {
    let taken = false;
    try {
      const value = this.#codec.encode(record);
      taken = this.#producer.offer({ topic: topics.telemetryApi.name, key: record.frontendCredential, value });
    } catch (error) {
      this.#log.warn({ code: (error as { code?: string }).code }, 'telemetry given up');
    }
    if (taken) this.#metrics.telemetrySent.inc();
    else this.#metrics.telemetryDropped.inc();
  }
}
