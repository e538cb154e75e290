import avro, { type Schema } from 'avsc';
import { schemaIdOf, TopicCodec } from './codec.ts';
import { EbbtideError } from './errors.ts';
import type { ResourceTelemetry } from './generated/index.ts';
import { type RefusalLimits, Refusals } from './refusals.ts';
import type { SchemaRegistry } from './registry.ts';
import { compileSampleReader, type SampleLayout, type SampleReader } from './samples.ts';
import { type TopicSpec, topics } from './topics.ts';

/**
 * Readers of resource telemetry in columns, one compiled for each writer's schema and kept.
 *
 * @example
 * const reader = await TelemetryCodec.open(registry, { key: 'credentialId', samples: 'samples', time: 'time', metrics });
 */
export class TelemetryCodec {
  readonly metrics: number;
  readonly records: TopicCodec<ResourceTelemetry>;
  readonly #registry: SchemaRegistry;
  readonly #layout: SampleLayout;
  readonly #readers = new Map<number, SampleReader>();
  readonly #refused: Refusals;

  private constructor(
    records: TopicCodec<ResourceTelemetry>,
    registry: SchemaRegistry,
    layout: SampleLayout,
    limits?: RefusalLimits,
  ) {
    this.#refused = new Refusals(limits);
    this.records = records;
    this.metrics = layout.metrics.length;
    this.#registry = registry;
    this.#layout = layout;
  }

  /** @param limits - how long schema ids that were refused are remembered */
  static async open(
    registry: SchemaRegistry,
    layout: SampleLayout,
    topic: TopicSpec = topics.telemetryResource,
    limits?: RefusalLimits,
  ): Promise<TelemetryCodec> {
    const records = await TopicCodec.open<ResourceTelemetry>(topic, registry, limits);
    return new TelemetryCodec(records, registry, layout, limits);
  }

  /**
   * The reader of a framed message; one that refuses where its schema id was refused lately. Undefined until
   * {@link learn} has seen the id.
   */
  readerOf(bytes: Buffer): SampleReader | undefined {
    const id = schemaIdOf(bytes);
    const reader = this.#readers.get(id);
    if (reader) return reader;
    const refusal = this.#refused.get(id);
    if (!refusal) return undefined;
    return () => {
      throw refusal;
    };
  }

  /**
   * Compile the reader of a message's schema id. An id unknown to the registry is refused for a while; a registry that
   * cannot be reached throws.
   */
  async learn(bytes: Buffer): Promise<void> {
    const id = schemaIdOf(bytes);
    await this.records.learn(id);
    try {
      const schema = avro.Type.forSchema((await this.#registry.byId(id)) as Schema);
      this.#readers.set(id, compileSampleReader(schema, this.#layout));
    } catch (error) {
      if (error instanceof EbbtideError && error.code !== 'SCHEMA_UNKNOWN' && error.code !== 'SCHEMA_INCOMPATIBLE')
        throw error;
      this.#refused.set(
        id,
        error instanceof EbbtideError
          ? error
          : new EbbtideError('SCHEMA_INCOMPATIBLE', `Schema id ${id} is not Avro`, { id }, error),
      );
    }
  }

  decode(bytes: Buffer): ResourceTelemetry {
    return this.records.decode(bytes);
  }
}
