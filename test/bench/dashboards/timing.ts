import type { ClickHouseClient } from '@clickhouse/client';
import { median } from '../report.ts';

/** What a query took. */
export interface Timing {
  /** Milliseconds by the clock, median of the runs. */
  readonly ms: number;
  /** Milliseconds of CPU of the server, median of the runs. */
  readonly cpuMs: number;
  readonly readRows: number;
}

/** CPU time of the server's threads for queries so far, milliseconds. */
const cpuMs = async (client: ClickHouseClient): Promise<number> => {
  const query = `SELECT value / 1000 AS ms FROM system.events WHERE event = 'OSCPUVirtualTimeMicroseconds'`;
  const [row] = await (await client.query({ query, format: 'JSONEachRow' })).json<{ ms: number }>();
  return row?.ms ?? 0;
};

/** Runs a query so often, and says what it took. */
export const timer =
  (client: ClickHouseClient, runs: number) =>
  async (query: string): Promise<Timing> => {
    const times: number[] = [];
    const cpus: number[] = [];
    let readRows = 0;
    for (let run = 0; run < runs; run++) {
      const before = await cpuMs(client);
      const began = performance.now();
      const { statistics } = await (await client.query({ query, format: 'JSONCompact' })).json();
      times.push(performance.now() - began);
      cpus.push((await cpuMs(client)) - before);
      readRows = statistics?.rows_read ?? 0;
    }
    return { ms: median(times), cpuMs: median(cpus), readRows };
  };

/**
 * Merge the database `bench` as far as ClickHouse has it after a while. The largest partitions of what is archived stay in
 * several parts, as they do live.
 */
export const settle = async (client: ClickHouseClient): Promise<void> => {
  const query = `SELECT DISTINCT table FROM system.parts WHERE database = 'bench' AND active`;
  const tables = await (await client.query({ query, format: 'JSONEachRow' })).json<{ table: string }>();
  for (const { table } of tables)
    if (!table.endsWith('_raw')) await client.command({ query: `OPTIMIZE TABLE ${table} FINAL` });
};
