import { TopicCodec } from '../../../schemas/codec.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { Credential } from '../../../schemas/generated/index.ts';
import type { SchemaRegistry } from '../../../schemas/registry.ts';
import { topics } from '../../../schemas/topics.ts';
import type { Producer } from '../../kafka/types.ts';

/** Writes credentials into the register. */
export class Registrar {
  readonly codec: TopicCodec<Credential>;
  readonly #producer: Producer;
  readonly #timeoutMs: number;

  private constructor(codec: TopicCodec<Credential>, producer: Producer, timeoutMs: number) {
    this.codec = codec;
    this.#producer = producer;
    this.#timeoutMs = timeoutMs;
  }

  /** @param timeoutMs - longest wait for Kafka, milliseconds */
  static async open(producer: Producer, registry: SchemaRegistry, timeoutMs: number): Promise<Registrar> {
    return new Registrar(await TopicCodec.open<Credential>(topics.credentials, registry), producer, timeoutMs);
  }

  /** @throws {EbbtideError} `KAFKA_UNAVAILABLE` or `KAFKA_REJECTED`; whether it was written is not known then */
  async write(credential: Credential): Promise<void> {
    const message = {
      topic: topics.credentials.name,
      key: credential.credentialId,
      value: this.codec.encode(credential),
    };
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
