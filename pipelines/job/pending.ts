import type { OutgoingMessage } from '../../infra/kafka/types.ts';
import type { OutputBatch } from '../../operators/batch.ts';

/** What was processed and is not committed yet. */
export class Pending {
  readonly #records: OutgoingMessage[] = [];
  /** Last record of each key of the changelog, by partition. */
  readonly #states = new Map<number, Map<string | null, OutgoingMessage>>();
  readonly #changelog: string | undefined;
  readonly next = new Map<number, number>();
  batches = 0;

  constructor(changelog: string | undefined) {
    this.#changelog = changelog;
  }

  add(partition: number, { records, next }: OutputBatch): void {
    this.next.set(partition, next);
    let states = this.#states.get(partition);
    if (!states) {
      states = new Map();
      this.#states.set(partition, states);
    }
    for (const { topic, key, value, byKey, headers } of records) {
      const record = byKey ? { topic, key, value, headers } : { topic, partition, key, value, headers };
      if (topic === this.#changelog) states.set(key, record);
      else this.#records.push(record);
    }
  }

  /** All that a transaction writes, the changelog last. */
  records(): OutgoingMessage[] {
    for (const states of this.#states.values()) for (const record of states.values()) this.#records.push(record);
    this.#states.clear();
    return this.#records;
  }
}
