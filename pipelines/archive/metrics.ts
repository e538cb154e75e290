import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ArchiveBatch } from './toRows.ts';

/** What the archive counts. */
export interface ArchiveMetrics {
  /** Count a batch that was inserted. */
  inserted(batch: ArchiveBatch): void;
  /** Time one insert of a batch, over all tables; call the result when it has succeeded. */
  timeInsert(): () => void;
  retried(): void;
}

/** @param lag - messages not yet read */
export const archiveMetrics = (registry: Registry, lag: () => Promise<number>): ArchiveMetrics => {
  const registers = [registry];
  const messages = new Counter({
    name: 'ebbtide_archive_messages_total',
    help: 'Messages read and archived',
    labelNames: ['topic'],
    registers,
  });
  const rows = new Counter({
    name: 'ebbtide_archive_rows_total',
    help: 'Rows inserted',
    labelNames: ['table'],
    registers,
  });
  const bytes = new Counter({
    name: 'ebbtide_archive_inserted_bytes_total',
    help: 'Bytes of rows inserted, uncompressed',
    registers,
  });
  const deadLetters = new Counter({
    name: 'ebbtide_archive_dead_letters_total',
    help: 'Messages that could not become rows',
    labelNames: ['topic', 'code'],
    registers,
  });
  const retries = new Counter({
    name: 'ebbtide_archive_retries_total',
    help: 'Failures after which something was tried again',
    registers,
  });
  const seconds = new Histogram({
    name: 'ebbtide_archive_insert_seconds',
    help: 'Time to insert a batch, confirmed',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  new Gauge({
    name: 'ebbtide_archive_lag_messages',
    help: 'Messages not yet archived',
    registers,
    async collect() {
      const now = await lag().catch(() => undefined);
      if (now !== undefined) this.set(now);
    },
  });
  return {
    inserted(batch) {
      const read = new Map<string, number>();
      for (const { topic } of batch.source.messages) read.set(topic, (read.get(topic) ?? 0) + 1);
      for (const [topic, count] of read) messages.inc({ topic }, count);
      for (const [table, count] of batch.rows.counts) rows.inc({ table }, count);
      bytes.inc(batch.rows.bytes);
      for (const { topic, errorCode } of batch.deadLetters) deadLetters.inc({ topic, code: errorCode });
    },
    timeInsert: () => seconds.startTimer(),
    retried: () => retries.inc(),
  };
};
