import { deadLetterOf } from '../../operators/deadLetter.ts';
import type { Rejection, Settlement } from '../../pipelines/actuate.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import { isEbbtideError } from '../../schemas/errors.ts';
import type { Alert, Credential, DeadLetter, Effect } from '../../schemas/generated/index.ts';
import type { SchemaRegistry } from '../../schemas/registry.ts';
import { topics } from '../../schemas/topics.ts';
import type { OutgoingMessage, Producer } from '../kafka/types.ts';
import type { RetryPolicy } from './retry.ts';
import { withRetry } from './retry.ts';

const patience: RetryPolicy = { retries: Number.POSITIVE_INFINITY, backoffMs: 100, maxBackoffMs: 5_000 };

/** Writes what the actuator has to say, and waits while Kafka is away. */
export class Publisher {
  readonly effects: TopicCodec<Effect>;
  readonly credentials: TopicCodec<Credential>;
  readonly #alerts: TopicCodec<Alert>;
  readonly #letters: TopicCodec<DeadLetter>;
  readonly #producer: Producer;
  readonly #signal: AbortSignal;

  private constructor(
    producer: Producer,
    signal: AbortSignal,
    codecs: readonly [TopicCodec<Effect>, TopicCodec<Credential>, TopicCodec<Alert>, TopicCodec<DeadLetter>],
  ) {
    this.#producer = producer;
    this.#signal = signal;
    [this.effects, this.credentials, this.#alerts, this.#letters] = codecs;
  }

  static async open(producer: Producer, registry: SchemaRegistry, signal: AbortSignal): Promise<Publisher> {
    return new Publisher(producer, signal, [
      await TopicCodec.open<Effect>(topics.effects, registry),
      await TopicCodec.open<Credential>(topics.credentials, registry),
      await TopicCodec.open<Alert>(topics.alerts, registry),
      await TopicCodec.open<DeadLetter>(topics.deadLetters, registry),
    ]);
  }

  /** Effects, with their alerts and the credentials that have ended by them, and dead letters, as one write. */
  async publish(settlements: readonly Settlement[], rejections: readonly Rejection[] = []): Promise<void> {
    const writing = settlements.map(({ span, effect }) =>
      span?.child('effect written', { 'ebbtide.decision.id': effect.decisionId }),
    );
    await this.#send([
      ...settlements.flatMap(({ effect, alerts, ended }, index) => [
        {
          ...{ topic: topics.effects.name, key: effect.subject, value: this.effects.encode(effect) },
          headers: writing[index]?.headers,
        },
        ...alerts.map((alert) => this.#alert(alert)),
        ...(ended
          ? [{ topic: topics.credentials.name, key: ended.credentialId, value: this.credentials.encode(ended) }]
          : []),
      ]),
      ...rejections.map(({ message, error }) => {
        const letter = deadLetterOf(message, error, 'actuate');
        return { topic: topics.deadLetters.name, key: letter.topic, value: this.#letters.encode(letter) };
      }),
    ]);
    for (const [index, { span, effect }] of settlements.entries()) {
      writing[index]?.end();
      span?.end({ 'ebbtide.outcome': effect.outcome, 'ebbtide.attempts': effect.attempts });
    }
  }

  raise(alert: Alert): Promise<void> {
    return this.#send([this.#alert(alert)]);
  }

  #alert(alert: Alert): OutgoingMessage {
    return { topic: topics.alerts.name, key: alert.subject, value: this.#alerts.encode(alert) };
  }

  async #send(messages: readonly OutgoingMessage[]): Promise<void> {
    if (messages.length === 0) return;
    const passes = (error: unknown) => isEbbtideError(error, 'KAFKA_UNAVAILABLE');
    await withRetry(() => this.#producer.send(messages), patience, passes, this.#signal);
  }
}
