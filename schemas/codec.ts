import avro, { type Schema, type Type } from 'avsc';
import { EbbtideError, isEbbtideError } from './errors.ts';
import { type RefusalLimits, Refusals } from './refusals.ts';
import type { SchemaRegistry } from './registry.ts';
import { subjectOf, type TopicSpec } from './topics.ts';

/** Size of the blocks that encoded records are cut from. */
const blockBytes = 65_536;

/** Bytes before the Avro body in Confluent's wire format: a zero and the schema id, big-endian. */
export const frameBytes = 5;

/**
 * The schema id of a framed message (Confluent wire format: byte 0 is 0, bytes 1–4 the id).
 *
 * @throws {EbbtideError} `RECORD_MALFORMED` when the bytes are no such frame
 */
export const schemaIdOf = (bytes: Uint8Array): number => {
  if (bytes.length < frameBytes || bytes[0] !== 0)
    throw new EbbtideError(
      'RECORD_MALFORMED',
      `Message of ${bytes.length} bytes does not begin with Confluent's frame (a zero byte and a schema id)`,
      { length: bytes.length },
    );
  return ((bytes[1]! << 24) | (bytes[2]! << 16) | (bytes[3]! << 8) | bytes[4]!) >>> 0;
};

/** Put Confluent's frame before an Avro body. */
export const frame = (id: number, body: Uint8Array): Buffer => {
  const framed = Buffer.allocUnsafe(frameBytes + body.length);
  framed[0] = 0;
  framed.writeUInt32BE(id, 1);
  framed.set(body, frameBytes);
  return framed;
};

/**
 * Encodes and decodes the records of one topic in Confluent's wire format.
 *
 * A record of an older or newer writer is read through a resolver that is made once per schema id and kept.
 *
 * @example
 * const codec = await TopicCodec.open<Score>(topics.scores, registry);
 * const bytes = codec.encode(score);
 * codec.decode(bytes).subject;
 */
export class TopicCodec<T> {
  readonly topic: TopicSpec;
  readonly type: Type;
  /** The id under which this codec writes. */
  readonly id: number;
  readonly #registry: SchemaRegistry;
  readonly #readers = new Map<number, (body: Buffer) => T>();
  readonly #refused: Refusals;
  #block: Buffer = Buffer.alloc(0);
  #used = 0;

  private constructor(topic: TopicSpec, registry: SchemaRegistry, id: number, limits?: RefusalLimits) {
    this.#refused = new Refusals(limits);
    this.topic = topic;
    this.type = avro.Type.forSchema(topic.schema);
    this.id = id;
    this.#registry = registry;
    this.#readers.set(id, (body) => this.type.fromBuffer(body) as T);
  }

  /**
   * Register the topic's schema and make its codec.
   *
   * @param limits - how long schema ids that were refused are remembered
   */
  static async open<T>(topic: TopicSpec, registry: SchemaRegistry, limits?: RefusalLimits): Promise<TopicCodec<T>> {
    return new TopicCodec<T>(topic, registry, await registry.register(subjectOf(topic.name), topic.schema), limits);
  }

  /**
   * Encode a record with its frame. Records are cut from larger blocks, so that a small one costs no allocation of its own.
   *
   * @throws {EbbtideError} `RECORD_OUT_OF_RANGE` when the value does not fit the schema, naming the field
   */
  encode(value: T): Buffer {
    try {
      for (;;) {
        const start = this.#used;
        const end = this.type.encode(value, this.#block, start + frameBytes);
        if (end >= 0) {
          this.#block[start] = 0;
          this.#block.writeUInt32BE(this.id, start + 1);
          this.#used = end;
          return this.#block.subarray(start, end);
        }
        // What did not fit is told as a negative number of bytes beyond the block's end.
        this.#block = Buffer.allocUnsafeSlow(Math.max(blockBytes, this.#block.length - end - start));
        this.#used = 0;
      }
    } catch (cause) {
      throw new EbbtideError(
        'RECORD_OUT_OF_RANGE',
        `Record does not fit the schema of ${this.topic.name}: ${this.#misfits(value) || (cause as Error).message}`,
        { topic: this.topic.name },
        cause,
      );
    }
  }

  /** Fields of a record that do not fit, with what was found and expected. */
  #misfits(value: T): string {
    const found: string[] = [];
    const errorHook = (path: string[], any: unknown, type: Type) =>
      found.push(`${path.join('.')} is ${JSON.stringify(any) ?? String(any)}, expected ${type.toString()}`);
    this.type.isValid(value, { errorHook });
    return found.join('; ');
  }

  /** Whether {@link decode} can read this schema id at once. */
  knows(id: number): boolean {
    return this.#readers.has(id) || this.#refused.has(id);
  }

  /**
   * Fetch a writer's schema and build its resolver. An id that the registry does not have is refused for a while;
   * a registry that cannot be reached throws, so that the message is tried again instead of lost.
   */
  async learn(id: number): Promise<void> {
    if (this.knows(id)) return;
    let schema: Schema;
    try {
      schema = (await this.#registry.byId(id)) as Schema;
    } catch (error) {
      if (!isEbbtideError(error, 'SCHEMA_UNKNOWN')) throw error;
      this.#refused.set(id, error);
      return;
    }
    try {
      const resolver = this.type.createResolver(avro.Type.forSchema(schema));
      this.#readers.set(id, (body) => this.type.fromBuffer(body, resolver) as T);
    } catch (error) {
      const why = `Schema id ${id} cannot be read as ${this.topic.name}: ${(error as Error).message}`;
      this.#refused.set(id, new EbbtideError('SCHEMA_INCOMPATIBLE', why, { id }, error));
    }
  }

  /** Forget that a schema id was refused, so that the registry is asked for it again. */
  forget(id: number): void {
    this.#refused.delete(id);
  }

  /**
   * @param bytes - a framed message
   * @throws {EbbtideError} `RECORD_MALFORMED`, `SCHEMA_UNKNOWN` or `SCHEMA_INCOMPATIBLE`
   */
  decode(bytes: Buffer): T {
    const id = schemaIdOf(bytes);
    const read = this.#readers.get(id);
    if (!read)
      throw this.#refused.get(id) ?? new EbbtideError('SCHEMA_UNKNOWN', `Schema id ${id} has not been learned`, { id });
    try {
      return read(bytes.subarray(frameBytes));
    } catch (cause) {
      throw new EbbtideError(
        'RECORD_MALFORMED',
        `Record of ${bytes.length} bytes on ${this.topic.name} is not valid Avro of schema ${id}: ${(cause as Error).message}`,
        { topic: this.topic.name, id },
        cause,
      );
    }
  }

  /** {@link learn} if need be, then {@link decode}. */
  async read(bytes: Buffer): Promise<T> {
    const id = schemaIdOf(bytes);
    if (!this.#readers.has(id)) await this.learn(id);
    return this.decode(bytes);
  }
}
