import type { ClickHouseClient } from '@clickhouse/client';
import type { Retention } from './config.ts';
import { clickhouseError } from './errors.ts';

/** Summaries of a table, which are kept as long as it. */
const rollups: Readonly<Partial<Record<keyof Retention, readonly string[]>>> = {
  credentials: ['credentials_by_function'],
  scores: ['scores_by_time', 'scores_by_subject', 'contributions_by_subject'],
  decisions: ['decisions_by_time', 'interventions_in_time'],
  effects: ['effects_by_time', 'intervention_effects_in_time'],
  telemetry_api: ['api_calls_by_time', 'api_calls_by_hour', 'refused_calls_by_caller'],
};

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
      query: `SELECT name, engine_full FROM system.tables WHERE database = {database:String} AND endsWith(engine, 'MergeTree')`,
      query_params: { database },
      format: 'JSONEachRow',
      ...abort,
    });
    const engines = new Map(
      (await answer.json<{ name: string; engine_full: string }>()).map((row) => [row.name, row.engine_full]),
    );
    const wanted = Object.entries(retention).flatMap(([table, days]) => [
      { name: `${table}_raw`, since: 'toDateTime(kafka_time)', days },
      ...(rollups[table as keyof Retention] ?? []).map((name) => ({ name, since: 'archived_at', days })),
    ]);
    for (const { name, since, days } of wanted) {
      const now = Number(/ TTL .*?toIntervalDay\((\d+)\)/.exec(engines.get(name) ?? '')?.[1] ?? 0);
      if (now === days) continue;
      const ttl = days === 0 ? 'REMOVE TTL' : `MODIFY TTL ${since} + toIntervalDay(${days})`;
      // Only whole parts are dropped, so old parts need not be rewritten for the new limit.
      await client.command({ query: `ALTER TABLE ${name} ${ttl} SETTINGS materialize_ttl_after_modify = 0`, ...abort });
      changed.push(name);
    }
    return changed;
  } catch (error) {
    throw clickhouseError(`Cannot set the retention of ${database}`, error, signal);
  }
};
