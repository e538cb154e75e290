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
