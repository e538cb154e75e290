import type { Control } from '../../schemas/generated/index.ts';
import type { ClickHouseArchive } from './client.ts';
import { readRecords } from './records.ts';

const historyQuery = `SELECT key, kind, pipeline, subject, value, version, expires_at, at, by, reason FROM control_history
WHERE kind = 'policy' AND subject IS NULL AND NOT deleted ORDER BY kafka_time DESC, kafka_offset DESC LIMIT {limit:UInt32}`;

/**
 * Policies that were put in force, the latest `limit` in the order of the topic: more than the compacted topic knows.
 *
 * @throws {EbbtideError} `CLICKHOUSE_UNAVAILABLE` or `CLICKHOUSE_REJECTED`
 */
export const policyHistory = async (archive: ClickHouseArchive, limit: number): Promise<Control[]> =>
  (await readRecords<Control>(archive, 'policies of the past', historyQuery, { limit })).reverse();
