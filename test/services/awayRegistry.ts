import type { Schema } from 'avsc';
import { EbbtideError } from '../../schemas/errors.ts';
import { MemoryRegistry, type SchemaRegistry } from '../../schemas/registry.ts';

/** A schema registry in memory that gives no schema while it is away. */
export class AwayRegistry implements SchemaRegistry {
  away = false;
  /** Times that it was asked in vain. */
  asked = 0;
  readonly #inner = new MemoryRegistry();

  register(subject: string, schema: Schema): Promise<number> {
    return this.#inner.register(subject, schema);
  }

  async byId(id: number): Promise<Schema> {
    if (!this.away) return this.#inner.byId(id);
    this.asked++;
    throw new EbbtideError('KAFKA_UNAVAILABLE', 'The schema registry cannot be reached');
  }
}
