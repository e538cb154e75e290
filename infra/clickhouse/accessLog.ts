import { hourMs } from '../../models/access/calendar.ts';
import type { AccessRecord } from '../../models/access/records.ts';
import type { SaidRisk } from '../../operators/preprovision/toldRisks.ts';
import { VersionedTable } from '../../pipelines/versionedTable.ts';
import type { Control } from '../../schemas/generated/index.ts';
import { accessColumns, accessRecordOf } from './access.ts';
import type { ClickHouseArchive } from './client.ts';
import { topicHistory } from './history.ts';
import { streamRows } from './rows.ts';

/** Which part of the past, and of users: epoch milliseconds from the first on and before the last; one user in `oneIn`. */
export interface AccessSlice {
  readonly fromMs: number;
  readonly toMs: number;
  /** 1 for all. */
  readonly oneIn: number;
}

/** What was archived of accesses, and of what decisions on them are joined with. */
export interface AccessLog {
  /**
   * How many pairs of a user and a machine there are about in a range, how many records of users its busiest day has, and how many accesses of
   * users there are from a time on.
   */
  extent(
    fromMs: number,
    toMs: number,
    accessesFromMs: number,
    signal?: AbortSignal,
  ): Promise<{ readonly pairs: number; readonly busiestDay: number; readonly accesses: number }>;
  /** Records in order of their times, with the partition that each lay in. States of machines are there whoever is left out. */
  records(
    slice: AccessSlice,
    visit: (partition: number, record: AccessRecord) => void,
    signal?: AbortSignal,
  ): Promise<void>;
  /** What pipelines last said of each of these users in each hour, in order of time. */
  risks(slice: AccessSlice, visit: (user: string, said: SaidRisk) => void, signal?: AbortSignal): Promise<void>;
  /** All that was set for pipelines. */
  control(): Promise<VersionedTable<Control>>;
}

const dayMs = 86_400_000;
/** What was archived more than a day before it happened is not read: tables lie in parts by the time of Kafka. */
const within = (column: string): string =>
  `${column} >= fromUnixTimestamp64Milli({fromMs:Int64}) AND ${column} < fromUnixTimestamp64Milli({toMs:Int64})
  AND kafka_time >= fromUnixTimestamp64Milli({fromMs:Int64}) - INTERVAL 1 DAY`;
const chosen = 'cityHash64(user) % {oneIn:UInt32} = 0';
const cluster = 'kafka_cluster = {cluster:String}';

const extentQuery = `SELECT uniqMerge(pairs), max(records), sum(accesses) FROM (
SELECT uniqStateIf((user, ifNull(vm, '')), user != '') AS pairs, countIf(user != '') AS records,
  countIf(time >= fromUnixTimestamp64Milli({accessesFromMs:Int64}) AND user != '' AND succeeded AND kind IN ('login', 'application', 'vmAccess')) AS accesses
FROM telemetry_access WHERE ${cluster} AND ${within('time')} GROUP BY intDiv(toUnixTimestamp64Milli(time), ${dayMs}))`;

const recordsQuery = `SELECT kafka_partition, ${accessColumns} FROM telemetry_access
WHERE ${cluster} AND ${within('time')} AND (user = '' OR ${chosen})
ORDER BY telemetry_access.time, kafka_partition, kafka_offset`;

/** Asked at the beginning of hours, so that of each hour the last counts. */
const risksQuery = `SELECT subject, pipeline, toUnixTimestamp64Milli(max(window_end)) AS told, argMax(risk, window_end)
FROM scores WHERE kafka_cluster = {cluster:String} AND role != 'challenger' AND NOT learning AND ${within('window_end')}
AND subject IN (SELECT user FROM telemetry_access WHERE ${cluster} AND user != '' AND ${chosen}
  AND time >= fromUnixTimestamp64Milli({sinceMs:Int64}) AND time < fromUnixTimestamp64Milli({toMs:Int64})
  AND kafka_time >= fromUnixTimestamp64Milli({sinceMs:Int64}) - INTERVAL 1 DAY)
GROUP BY subject, pipeline, intDiv(toUnixTimestamp64Milli(window_end), ${hourMs}) ORDER BY told, subject, pipeline`;

/** Users whose risk is looked up came in so many days before. */
const comeWithinMs = 30 * dayMs;
const longestSeconds = 120;

/**
 * Read accesses of the archive in the order in which they happened.
 *
 * @param name - of the Kafka cluster whose messages count
 * @throws {EbbtideError} from its methods: `CLICKHOUSE_UNAVAILABLE`, `CLICKHOUSE_REJECTED`, `CANCELLED`
 */
export const archiveAccessLog = (archive: ClickHouseArchive, name: string): AccessLog => {
  const stream = (
    what: string,
    query: string,
    parameters: Record<string, unknown>,
    each: (row: readonly unknown[]) => void,
    signal?: AbortSignal,
  ) => streamRows(archive, what, query, { cluster: name, ...parameters }, each, signal, longestSeconds);
  return {
    async extent(fromMs, toMs, accessesFromMs, signal) {
      let found = { pairs: 0, busiestDay: 0, accesses: 0 };
      const take = ([pairs, busiestDay, accesses]: readonly unknown[]) => {
        found = { pairs, busiestDay, accesses } as typeof found;
      };
      await stream('accesses', extentQuery, { fromMs, toMs, accessesFromMs }, take, signal);
      return found;
    },
    records: ({ fromMs, toMs, oneIn }, visit, signal) =>
      stream(
        'accesses',
        recordsQuery,
        { fromMs, toMs, oneIn },
        ([partition, ...row]) => visit(partition as number, accessRecordOf(row)),
        signal,
      ),
    risks: ({ fromMs, toMs, oneIn }, visit, signal) =>
      stream(
        'risks of users',
        risksQuery,
        { fromMs, toMs, oneIn, sinceMs: fromMs - comeWithinMs },
        ([user, pipeline, windowEnd, risk]) =>
          visit(user as string, { pipeline, windowEnd, risk, learning: false, role: 'champion' } as SaidRisk),
        signal,
      ),
    async control() {
      const table = new VersionedTable<Control>();
      for await (const { offset, partition, key, record } of topicHistory<Control>(archive, name, 'control'))
        if (partition === 0) table.set(key, offset, record);
      return table;
    },
  };
};
