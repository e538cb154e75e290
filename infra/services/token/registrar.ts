import { TopicCodec } from '../../../schemas/codec.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { Credential, Effect } from '../../../schemas/generated/index.ts';
import type { SchemaRegistry } from '../../../schemas/registry.ts';
import { topics } from '../../../schemas/topics.ts';
import type { OutgoingMessage, Producer } from '../../kafka/types.ts';
import { inChild } from '../../tracing/currentSpan.ts';

/** Writes credentials into the register, and renewals among the effects. */
export class Registrar {
  readonly codec: TopicCodec<Credential>;
  readonly #effects: TopicCodec<Effect>;
  readonly #producer: Producer;
  readonly #timeoutMs: number;

  private constructor(
    codec: TopicCodec<Credential>,
    effects: TopicCodec<Effect>,
    producer: Producer,
    timeoutMs: number,
  ) {
    this.codec = codec;
    this.#effects = effects;
    this.#producer = producer;
    this.#timeoutMs = timeoutMs;
  }

  /** @param timeoutMs - longest wait for Kafka, milliseconds */
  static async open(producer: Producer, registry: SchemaRegistry, timeoutMs: number): Promise<Registrar> {
    const codec = await TopicCodec.open<Credential>(topics.credentials, registry);
    return new Registrar(codec, await TopicCodec.open<Effect>(topics.effects, registry), producer, timeoutMs);
  }

  /** @throws {EbbtideError} `KAFKA_UNAVAILABLE` or `KAFKA_REJECTED`; whether it was written is not known then */
  async write(credential: Credential): Promise<void> {
    const message = {
      topic: topics.credentials.name,
      key: credential.credentialId,
      value: this.codec.encode(credential),
    };
    await inChild('credential on record', (span) => this.#send(span ? { ...message, headers: span.headers } : message));
  }

  /**
   * Say that a holder had its credential renewed: without it, nobody but Vault knew of the life that it has since.
   *
   * @throws {EbbtideError} as {@link write}
   */
  async renewed(effect: Effect): Promise<void> {
    await this.#send({ topic: topics.effects.name, key: effect.subject, value: this.#effects.encode(effect) });
  }

  async #send(message: OutgoingMessage): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const text = `Kafka did not take the registration within ${this.#timeoutMs} ms`;
      timer = setTimeout(
        () => reject(new EbbtideError('KAFKA_UNAVAILABLE', text, { timeoutMs: this.#timeoutMs })),
        this.#timeoutMs,
      );
    });
    try {
      await Promise.race([this.#producer.send([message]), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
