import { StringDecoder } from 'node:string_decoder';
import { EbbtideError } from '../../schemas/errors.ts';
import type { ClickHouseArchive } from './client.ts';
import { clickhouseError } from './errors.ts';
import { formatTable } from './formatTable.ts';

/** How a query is answered. */
export interface QueryOptions {
  /** `table` for people, `jsonl` for machines: one JSON object a line. */
  readonly format: 'table' | 'jsonl';
  /** Rows at most, 1 and up. @default 100,000 */
  readonly maxRows?: number;
  /** Longest run of the query, seconds, 1 and up. @default 60 */
  readonly maxSeconds?: number;
  readonly signal?: AbortSignal;
}

const reading = /^(select|with|show|describe|desc|explain|exists)\b/i;
/** Space, comments and brackets that may stand before a statement's first word. */
const beforeStatement = /^(?:\s+|--[^\n]*(?:\n|$)|#[ !][^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|\()*/;
const trailing = /[\s;]+$/;

/** Why ClickHouse ended a query that it would otherwise have answered. */
const limitOf = (type: unknown, maxRows: number, maxSeconds: number): string | undefined => {
  if (type === 'TOO_MANY_ROWS_OR_BYTES')
    return `Query has more than ${maxRows} rows; add a LIMIT, aggregate, or allow more`;
  if (type === 'TIMEOUT_EXCEEDED')
    return `Query ran longer than ${maxSeconds} s; narrow it by subject or time, or allow more`;
  return undefined;
};

/**
 * Ask the archive a question in SQL. Nothing can be changed by it, no file read and no address called.
 *
 * @param sql - one statement that reads, without a FORMAT clause
 * @returns the answer in pieces of text, as ClickHouse sends them; lines may be cut between pieces
 * @throws {EbbtideError} `REQUEST_INVALID` for a statement that does not read, or a limit that was passed;
 * `CLICKHOUSE_REJECTED` for what ClickHouse refuses; `CLICKHOUSE_UNAVAILABLE`; `CANCELLED`
 * @example
 * for await (const text of queryArchive(archive, 'SELECT subject, max(score) FROM scores GROUP BY subject', { format: 'table' }))
 *   process.stdout.write(text);
 */
export async function* queryArchive(
  archive: ClickHouseArchive,
  sql: string,
  options: QueryOptions,
): AsyncGenerator<string> {
  const { format, maxRows = 100_000, maxSeconds = 60, signal } = options;
  const query = sql.replace(trailing, '');
  assertReads(query);
  const lines = format === 'jsonl' ? 'JSONEachRow' : 'JSONCompactEachRowWithNamesAndTypes';
  try {
    const { stream } = await archive.client.exec({
      query: `${query}\nFORMAT ${lines}`,
      clickhouse_settings: {
        // 1 and not 2: with 2 a query could call addresses, read files of the server, and lift its own limits.
        readonly: '1',
        max_execution_time: maxSeconds,
        max_result_rows: String(maxRows),
        result_overflow_mode: 'throw',
        output_format_json_quote_denormals: 1,
        output_format_json_quote_64bit_integers: format === 'table' ? 1 : 0,
        // An error after the first rows is then still an error, as long as the answer is not larger than this.
        wait_end_of_query: 1,
        cancel_http_readonly_queries_on_client_close: 1,
        http_write_exception_in_output_format: 0,
      },
      ...(signal ? { abort_signal: signal } : {}),
    });
    const text = decoded(stream as AsyncIterable<Buffer>);
    yield* format === 'jsonl' ? text : formatTable(text);
  } catch (cause) {
    const error = clickhouseError('Query failed', cause, signal);
    const limit = limitOf(error.details.type, maxRows, maxSeconds);
    throw limit ? new EbbtideError('REQUEST_INVALID', limit, error.details, cause) : error;
  }
}

const assertReads = (query: string): void => {
  const statement = query.replace(beforeStatement, '');
  if (reading.test(statement)) return;
  const word = /^\S+/.exec(statement)?.[0] ?? '';
  throw new EbbtideError(
    'REQUEST_INVALID',
    word === ''
      ? 'Query is empty; write one statement, such as SELECT count() FROM scores'
      : `Query begins with ${word.slice(0, 40)}; only SELECT, WITH, SHOW, DESCRIBE, EXPLAIN and EXISTS can be asked`,
    { statement: word.slice(0, 40) },
  );
};

async function* decoded(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  for await (const chunk of stream) yield decoder.write(chunk);
}
