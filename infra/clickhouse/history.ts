import type { Decision, Effect, Score } from '../../schemas/generated/index.ts';
import type { ClickHouseArchive } from './client.ts';
import { clickhouseError } from './errors.ts';

/** What happened to a subject between two times, each list in order of time. */
export interface SubjectHistory {
  readonly scores: readonly Omit<Score, 'subject'>[];
  readonly decisions: readonly Omit<Decision, 'subject'>[];
  readonly effects: readonly Omit<Effect, 'subject'>[];
}

const queryOf = (view: string, time: string, condition = ''): string =>
  `SELECT * EXCEPT (subject, kafka_cluster, kafka_partition, kafka_offset, kafka_time)
FROM ${view}
WHERE subject = {subject:String} AND ${time} >= {from:DateTime64(3)} AND ${time} < {to:DateTime64(3)}${condition}
ORDER BY ${time} DESC
LIMIT {limit:UInt32}`;

const camelCase = (name: string): string => name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** A row as a record: camelCase fields, instants as epoch milliseconds. */
const recordOf = (
  columns: readonly { name: string; type: string }[],
  row: readonly unknown[],
): Record<string, unknown> =>
  Object.fromEntries(
    columns.map(({ name, type }, index) => {
      const value = row[index];
      return [camelCase(name), value !== null && type.includes('DateTime64') ? Date.parse(value as string) : value];
    }),
  );

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
  const read = async (view: string, time: string, condition?: string): Promise<never[]> => {
    try {
      const answer = await archive.client.query({
        query: queryOf(view, time, condition),
        query_params: { subject, from: new Date(from), to: new Date(to), limit },
        format: 'JSONCompact',
        clickhouse_settings: {
          readonly: '1',
          date_time_output_format: 'iso',
          output_format_json_quote_64bit_integers: 0,
          output_format_json_named_tuples_as_objects: 1,
        },
      });
      const { meta, data } = await answer.json<readonly unknown[]>();
      return data.reverse().map((row) => recordOf(meta ?? [], row)) as never[];
    } catch (error) {
      throw clickhouseError(`Cannot read the history of ${subject}`, error);
    }
  };
  const [scores, decisions, effects] = await Promise.all([
    read('scores', 'window_end', " AND role != 'challenger'"),
    read('decisions', 'decided_at'),
    read('effects', 'applied_at'),
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
