import type { ClickHouseClient } from '@clickhouse/client';
import type { Retention } from './config.ts';
import { clickhouseError } from './errors.ts';

/**
 * Set how long each table keeps its rows, where that differs from what the table says.
 *
 * @param retention - days by table, 0 for ever
 * @returns tables that were changed
 */
export const applyRetention = async (
  client: ClickHouseClient,
  database: string,
  retention: Retention,
  signal?: AbortSignal,
): Promise<readonly string[]> => {
  const abort = signal ? { abort_signal: signal } : {};
  const changed: string[] = [];
  try {
    const answer = await client.query({
      query: `SELECT name, engine_full FROM system.tables WHERE database = {database:String} AND endsWith(name, '_raw')`,
      query_params: { database },
      format: 'JSONEachRow',
      ...abort,
    });
    const engines = new Map(
      (await answer.json<{ name: string; engine_full: string }>()).map((row) => [row.name, row.engine_full]),
    );
    for (const [table, days] of Object.entries(retention)) {
      const name = `${table}_raw`;
      const now = Number(/ TTL .*?toIntervalDay\((\d+)\)/.exec(engines.get(name) ?? '')?.[1] ?? 0);
      if (now === days) continue;
      const ttl = days === 0 ? 'REMOVE TTL' : `MODIFY TTL toDateTime(kafka_time) + toIntervalDay(${days})`;
      // Only whole parts are dropped, so old parts need not be rewritten for the new limit.
      await client.command({ query: `ALTER TABLE ${name} ${ttl} SETTINGS materialize_ttl_after_modify = 0`, ...abort });
      changed.push(table);
    }
    return changed;
  } catch (error) {
    throw clickhouseError(`Cannot set the retention of ${database}`, error, signal);
  }
};
