import type { OutgoingMessage } from '../../infra/kafka/types.ts';
import type { OutputBatch } from '../../operators/batch.ts';

/** Batches that one transaction takes at most. */
const batchesTogether = 8;
/** Bytes that one transaction takes at most, about: no batch is begun beyond them. */
const bytesTogether = 32 * 2 ** 20;

/** What was processed and is not committed yet. */
export class Pending {
  readonly #records: OutgoingMessage[] = [];
  /** Last record of each key of the changelog, by partition. */
  readonly #states = new Map<number, Map<string | null, OutgoingMessage>>();
  readonly #changelog: string | undefined;
  readonly next = new Map<number, number>();
  #batches = 0;
  #bytes = 0;

  constructor(changelog: string | undefined) {
    this.#changelog = changelog;
  }

  /** Whether no further batch may be added before a transaction takes this. */
  get full(): boolean {
    return this.#batches >= batchesTogether || this.#bytes >= bytesTogether;
  }

  /** Add what came of a batch of messages, partition by partition. */
  add(outputs: ReadonlyMap<number, OutputBatch>): void {
    for (const [partition, output] of outputs) this.#addOf(partition, output);
    this.#batches++;
  }

  #addOf(partition: number, { records, next }: OutputBatch): void {
    this.next.set(partition, next);
    let states = this.#states.get(partition);
    if (!states) {
      states = new Map();
      this.#states.set(partition, states);
    }
    for (const { topic, key, value, byKey, headers } of records) {
      const record = byKey ? { topic, key, value, headers } : { topic, partition, key, value, headers };
      this.#bytes += value?.length ?? 0;
      if (topic === this.#changelog) {
        this.#bytes -= states.get(key)?.value?.length ?? 0;
        // In the order that compaction leaves: of the last record of each key
        states.delete(key);
        states.set(key, record);
      } else this.#records.push(record);
    }
  }

  /** All that a transaction writes, the changelog last. */
  records(): OutgoingMessage[] {
    for (const states of this.#states.values()) for (const record of states.values()) this.#records.push(record);
    this.#states.clear();
    return this.#records;
  }
}
