import type avsc from 'avsc';
import avro from 'avsc';
import { EbbtideError } from './errors.ts';

/** What Ebbtide needs of a schema registry; see `infra/kafka/registry.ts` for Confluent-compatible ones. */
export interface SchemaRegistry {
  /**
   * Register a schema under a subject, or find the one that is there.
   *
   * @returns its id, a positive 32-bit integer
   * @throws {EbbtideError} `SCHEMA_INCOMPATIBLE` when the subject's compatibility rule refuses it
   */
  register(subject: string, schema: avsc.Schema): Promise<number>;
  /**
   * The schema of an id.
   *
   * @throws {EbbtideError} `SCHEMA_UNKNOWN` when the registry has no such id
   */
  byId(id: number): Promise<avsc.Schema>;
}

/**
 * A registry in memory with BACKWARD compatibility: a new version must be able to read what the last one wrote.
 *
 * @example
 * const registry = new MemoryRegistry();
 * const id = await registry.register('scores-value', ScoreSchema);
 */
export class MemoryRegistry implements SchemaRegistry {
  readonly #schemas: string[] = [];
  readonly #versions = new Map<string, number[]>();

  async register(subject: string, schema: avsc.Schema): Promise<number> {
    const text = JSON.stringify(schema);
    const versions = this.#versions.get(subject) ?? [];
    const known = this.#schemas.indexOf(text) + 1;
    if (known > 0 && versions.includes(known)) return known;
    const last = versions.at(-1);
    if (last !== undefined) assertReadable(schema, JSON.parse(this.#schemas[last - 1]!), subject);
    const id = known > 0 ? known : this.#schemas.push(text);
    this.#versions.set(subject, [...versions, id]);
    return id;
  }

  async byId(id: number): Promise<avsc.Schema> {
    const text = this.#schemas[id - 1];
    if (text === undefined) throw new EbbtideError('SCHEMA_UNKNOWN', `Schema id ${id} is not in the registry`, { id });
    return JSON.parse(text);
  }

  /** Subjects, each with the ids of its versions in order. */
  subjects(): ReadonlyMap<string, readonly number[]> {
    return this.#versions;
  }
}

const assertReadable = (reader: avsc.Schema, writer: avsc.Schema, subject: string): void => {
  try {
    avro.Type.forSchema(reader).createResolver(avro.Type.forSchema(writer));
  } catch (cause) {
    throw new EbbtideError(
      'SCHEMA_INCOMPATIBLE',
      `Schema for ${subject} cannot read what its last version wrote: ${(cause as Error).message}; give new fields a default`,
      { subject },
      cause,
    );
  }
};
