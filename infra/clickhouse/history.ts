import type { Decision, Effect, Score } from '../../schemas/generated/index.ts';
import type { ClickHouseArchive } from './client.ts';
import { clickhouseError } from './errors.ts';
import { camelCase, readRecords, recordOf } from './records.ts';

/** What happened to a subject between two times, each list in order of time. */
export interface SubjectHistory {
  readonly scores: readonly Score[];
  readonly decisions: readonly Decision[];
  readonly effects: readonly Effect[];
}

const queryOf = (view: string, time: string, condition = ''): string =>
  `SELECT * EXCEPT (subject, kafka_cluster, kafka_partition, kafka_offset, kafka_time)
FROM ${view}
WHERE subject = {subject:String} AND ${time} >= {from:DateTime64(3)} AND ${time} < {to:DateTime64(3)}${condition}
ORDER BY ${time} DESC
LIMIT {limit:UInt32}`;

const timeOf = { scores: 'window_end', decisions: 'decided_at', effects: 'applied_at' } as const;

/** Rows of one subject between two times, in order of time: the newest `limit`. */
export const subjectRows = async <T extends keyof SubjectHistory>(
  archive: ClickHouseArchive,
  view: T,
  subject: string,
  from: number,
  to: number,
  limit: number,
): Promise<SubjectHistory[T]> => {
  const query = queryOf(view, timeOf[view], view === 'scores' ? " AND role != 'challenger'" : '');
  const parameters = { subject, from: new Date(from), to: new Date(to), limit };
  const rows = await readRecords<object>(archive, `the history of ${subject}`, query, parameters);
  return rows.reverse().map((row) => ({ ...row, subject })) as unknown as SubjectHistory[T];
};

/**
 * Scores, decisions and effects of one subject. Scores that a challenger made beside are left out.
 *
 * @param from - first epoch millisecond (event time: end of the window, decision, application)
 * @param to - first epoch millisecond after
 * @param limit - newest of each at most, 1 and up
 * @throws {EbbtideError} `CLICKHOUSE_UNAVAILABLE` or `CLICKHOUSE_REJECTED`
 * @example
 * const { decisions } = await subjectHistory(archive, 'cred-1', now - 3_600_000, now);
 */
export const subjectHistory = async (
  archive: ClickHouseArchive,
  subject: string,
  from: number,
  to: number,
  limit = 10_000,
): Promise<SubjectHistory> => {
  const [scores, decisions, effects] = await Promise.all([
    subjectRows(archive, 'scores', subject, from, to, limit),
    subjectRows(archive, 'decisions', subject, from, to, limit),
    subjectRows(archive, 'effects', subject, from, to, limit),
  ]);
  return { scores, decisions, effects };
};

/** A record of a topic as the archive has it. */
export interface ArchivedRecord<T> {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  /** Undefined for a tombstone. */
  readonly record: T | undefined;
}

const logOf = {
  control: { view: 'control_history', key: 'key' },
  credentials: { view: 'credentials_history', key: 'credential_id' },
  labels: { view: 'labels', key: 'subject' },
} as const;

/**
 * All that the archive has of a topic that others are joined with, in the order of the log, every version of a key.
 *
 * @param cluster - name of the Kafka cluster
 * @throws {EbbtideError} `CLICKHOUSE_UNAVAILABLE` or `CLICKHOUSE_REJECTED`
 */
export async function* topicHistory<T>(
  archive: ClickHouseArchive,
  cluster: string,
  topic: keyof typeof logOf,
): AsyncGenerator<ArchivedRecord<T>> {
  const { view, key } = logOf[topic];
  try {
    const answer = await archive.client.query({
      query: `SELECT * EXCEPT (kafka_cluster, kafka_time) FROM ${view} WHERE kafka_cluster = {cluster:String} ORDER BY kafka_partition, kafka_offset`,
      query_params: { cluster },
      format: 'JSONCompactEachRowWithNamesAndTypes',
      clickhouse_settings: {
        readonly: '1',
        date_time_output_format: 'iso',
        output_format_json_quote_64bit_integers: 0,
      },
    });
    let columns: { name: string; type: string }[] | undefined;
    let names: string[] | undefined;
    for await (const rows of answer.stream<unknown[]>())
      for (const line of rows) {
        const row = line.json<unknown[]>();
        if (!names) {
          names = row as string[];
          continue;
        }
        if (!columns) {
          columns = names.map((name, index) => ({ name, type: row[index] as string }));
          continue;
        }
        const { kafkaPartition, kafkaOffset, deleted, ...record } = recordOf(columns, row);
        yield {
          partition: kafkaPartition as number,
          offset: kafkaOffset as number,
          key: record[camelCase(key)] as string,
          record: deleted === true ? undefined : (record as T),
        };
      }
  } catch (error) {
    throw clickhouseError(`Cannot read the history of ${topic}`, error);
  }
}
