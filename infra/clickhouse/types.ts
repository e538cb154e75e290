import type { Message } from '../kafka/types.ts';

/** The rows of some messages, collected for one insert a table. */
export interface RowBatch {
  /** Rows so far, over all tables. */
  readonly rows: number;
  /** Bytes so far, over all tables. */
  readonly bytes: number;
  /** Rows of each table, where there are any. */
  readonly counts: ReadonlyMap<string, number>;
  /**
   * Add the rows of one message. A message that fails leaves nothing behind.
   *
   * @param record - the decoded value; null for a tombstone
   * @throws {EbbtideError} `RECORD_TIME_IMPLAUSIBLE` for a time outside 1900–2299, `RECORD_MALFORMED` for a tombstone
   * in a topic that is not compacted
   */
  add(message: Message, record: unknown): void;
}

/** The archive as a pipeline sees it. */
export interface Archive {
  /** Create what is missing of the database, its tables and views, and set how long rows are kept. */
  prepare(signal?: AbortSignal): Promise<void>;
  /** @param cluster - name of the Kafka cluster whose offsets the messages carry */
  newBatch(cluster: string): RowBatch;
  /**
   * Insert a batch, and wait until ClickHouse has confirmed it. Inserting the same messages again, in these batches or
   * others, changes nothing that the views show.
   *
   * @throws {EbbtideError} `CLICKHOUSE_UNAVAILABLE` where trying again makes sense, `CLICKHOUSE_REJECTED` where not
   */
  insert(batch: RowBatch, signal?: AbortSignal): Promise<void>;
  /** @throws {EbbtideError} `CLICKHOUSE_UNAVAILABLE` or `CLICKHOUSE_REJECTED` when ClickHouse does not answer us */
  ping(): Promise<void>;
  close(): Promise<void>;
}
