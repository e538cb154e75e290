import avro, { type Schema } from 'avsc';
import { schemaIdOf, TopicCodec } from './codec.ts';
import { EbbtideError } from './errors.ts';
import type { ResourceTelemetry } from './generated/index.ts';
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

  private constructor(records: TopicCodec<ResourceTelemetry>, registry: SchemaRegistry, layout: SampleLayout) {
    this.records = records;
    this.metrics = layout.metrics.length;
    this.#registry = registry;
    this.#layout = layout;
  }

  static async open(
    registry: SchemaRegistry,
    layout: SampleLayout,
    topic: TopicSpec = topics.telemetryResource,
  ): Promise<TelemetryCodec> {
    return new TelemetryCodec(await TopicCodec.open<ResourceTelemetry>(topic, registry), registry, layout);
  }

  /** The reader of a framed message, undefined until {@link learn} has seen its schema id. */
  readerOf(bytes: Buffer): SampleReader | undefined {
    return this.#readers.get(schemaIdOf(bytes));
  }

  /**
   * Compile the reader of a message's schema id. An id unknown to the registry gets a reader that refuses; a registry
   * that cannot be reached throws.
   */
  async learn(bytes: Buffer): Promise<void> {
    const id = schemaIdOf(bytes);
    await this.records.learn(id);
    this.#readers.set(id, await this.#compile(id));
  }

  async #compile(id: number): Promise<SampleReader> {
    try {
      return compileSampleReader(avro.Type.forSchema((await this.#registry.byId(id)) as Schema), this.#layout);
    } catch (error) {
      if (error instanceof EbbtideError && error.code !== 'SCHEMA_UNKNOWN' && error.code !== 'SCHEMA_INCOMPATIBLE')
        throw error;
      const refusal =
        error instanceof EbbtideError
          ? error
          : new EbbtideError('SCHEMA_INCOMPATIBLE', `Schema id ${id} is not Avro`, { id }, error);
      return () => {
        throw refusal;
      };
    }
  }

  decode(bytes: Buffer): ResourceTelemetry {
    return this.records.decode(bytes);
  }
}
