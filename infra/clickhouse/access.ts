import { hourMs } from '../../models/access/calendar.ts';
import { pairOf, partsOfPair } from '../../models/access/population.ts';
import { type AccessRecord, machineEvent, pairEvents } from '../../models/access/records.ts';
import type { AccessSource } from '../../models/access/source.ts';
import type { ClickHouseArchive } from './client.ts';
import { streamRows } from './rows.ts';

const activityQuery = `SELECT DISTINCT user, ifNull(vm, ''), intDiv(toUnixTimestamp64Milli(time), ${hourMs})
FROM telemetry_access
WHERE time >= fromUnixTimestamp64Milli({from:Int64}) AND time < fromUnixTimestamp64Milli({to:Int64})
AND user != '' AND succeeded AND kind IN ('login', 'application', 'vmAccess')`;

/** What an {@link AccessRecord} has, in the order that {@link accessRecordOf} reads. */
export const accessColumns = `user, kind, toUnixTimestamp64Milli(time), vm, vm_state,
if(isNull(scheduled_for), NULL, toUnixTimestamp64Milli(assumeNotNull(scheduled_for))), duration_ms, succeeded`;

const eventsQuery = `SELECT ${accessColumns}
FROM telemetry_access
WHERE time >= fromUnixTimestamp64Milli({from:Int64}) AND time < fromUnixTimestamp64Milli({to:Int64})`;

/** A row of {@link accessColumns} as a record. */
export const accessRecordOf = ([
  user,
  kind,
  time,
  vm,
  vmState,
  scheduledFor,
  durationMs,
  succeeded,
]: readonly unknown[]) => ({ user, kind, time, vm, vmState, scheduledFor, durationMs, succeeded }) as AccessRecord;

/**
 * Accesses of the archive, streamed.
 *
 * @throws {EbbtideError} from its methods: `CLICKHOUSE_UNAVAILABLE`, `CLICKHOUSE_REJECTED`, `CANCELLED`
 */
export const archiveAccesses = (archive: ClickHouseArchive): AccessSource => ({
  lineage: { kind: 'archive', database: archive.database, activity: activityQuery, events: eventsQuery },
  activity: ({ fromMs, toMs }, visit, signal) =>
    streamRows(
      archive,
      'accesses',
      activityQuery,
      { from: fromMs, to: toMs },
      ([user, vm, hour]) => visit(pairOf(user as string, vm as string), hour as number),
      signal,
    ),
  events({ fromMs, toMs }, pairs, visit, signal) {
    const byMachine = new Map<string, string[]>();
    for (const pair of pairs) {
      const vm = partsOfPair(pair).vm ?? '';
      byMachine.set(vm, [...(byMachine.get(vm) ?? []), pair]);
    }
    return streamRows(
      archive,
      'accesses',
      eventsQuery,
      { from: fromMs, to: toMs },
      (row) => {
        const record = accessRecordOf(row);
        for (const event of pairEvents(record)) if (pairs.has(event.pair)) visit(event);
        const event = record.user === '' ? machineEvent(record) : undefined;
        if (event) for (const pair of byMachine.get(record.vm ?? '') ?? []) visit({ pair, event });
      },
      signal,
    );
  },
});
