import { TopicCodec } from '../../schemas/codec.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import type { Alert, Provision } from '../../schemas/generated/index.ts';
import type { SchemaRegistry } from '../../schemas/registry.ts';
import { topics } from '../../schemas/topics.ts';
import type { OutgoingMessage, Producer } from '../kafka/types.ts';

/** Writes what becomes of provisions, and what people should know of it. Records hold no secret. */
export class Recorder {
  readonly #producer: Producer;
  readonly #provisions: TopicCodec<Provision>;
  readonly #alerts: TopicCodec<Alert>;
  readonly #timeoutMs: number;

  private constructor(
    producer: Producer,
    provisions: TopicCodec<Provision>,
    alerts: TopicCodec<Alert>,
    timeoutMs: number,
  ) {
    this.#producer = producer;
    this.#provisions = provisions;
    this.#alerts = alerts;
    this.#timeoutMs = timeoutMs;
  }

  /** @param timeoutMs - longest wait for Kafka, milliseconds */
  static async open(producer: Producer, registry: SchemaRegistry, timeoutMs = 5_000): Promise<Recorder> {
    return new Recorder(
      producer,
      await TopicCodec.open<Provision>(topics.provisions, registry),
      await TopicCodec.open<Alert>(topics.alerts, registry),
      timeoutMs,
    );
  }

  /**
   * Write a step, with its alerts.
   *
   * @throws {EbbtideError} `KAFKA_UNAVAILABLE` or `KAFKA_REJECTED`; whether it was written is not known then
   */
  async write(provision: Provision | undefined, alerts: readonly Alert[] = []): Promise<void> {
    const messages: OutgoingMessage[] = alerts.map((alert) => ({
      topic: topics.alerts.name,
      key: alert.subject,
      value: this.#alerts.encode(alert),
    }));
    if (provision)
      messages.push({
        topic: topics.provisions.name,
        key: provision.pair,
        value: this.#provisions.encode(provision),
      });
    if (messages.length === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const text = `Kafka did not take the record within ${this.#timeoutMs} ms`;
      timer = setTimeout(() => reject(new EbbtideError('KAFKA_UNAVAILABLE', text, {})), this.#timeoutMs);
    });
    try {
      await Promise.race([this.#producer.send(messages), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
