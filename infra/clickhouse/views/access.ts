import type { ClickHouseArchive } from '../client.ts';
import { readRecords } from '../records.ts';
import type { AccessView } from './types.ts';

/** What a user did, however often it was told: accesses are logins and uses that succeeded. */
const own = `FROM telemetry_access WHERE user = {user:String} AND time >= {from:DateTime64(3)} AND time < {to:DateTime64(3)}`;
const accesses = `kind IN ('login', 'application', 'vmAccess')`;
const came = `${own} AND ${accesses} AND succeeded`;
const hours = 'uniqExact(intDiv(toUnixTimestamp64Milli(time), 3600000))';
const machine = "ifNull(vm, '')";
const machinesOf = `SELECT ${machine} ${own} AND kind != 'vmState'`;
const most = 100;
/** A state that was told longer ago than this before the time that is asked for is not looked for. */
const stateDays = 90;

const queries = {
  facts: `SELECT countIf(succeeded) AS accesses, countIf(NOT succeeded) AS failed, uniqExactIf(toDate(time, {zone:String}), succeeded) AS days,
uniqExactIf(intDiv(toUnixTimestamp64Milli(time), 3600000), succeeded) AS hours, uniqExactIf(address, succeeded AND address != '') AS addresses,
if(accesses = 0, NULL, minIf(time, succeeded)) AS first_at, if(accesses = 0, NULL, maxIf(time, succeeded)) AS last_at
${own} AND ${accesses}`,
  // A session ends where nothing is asked for an hour, as the model has it
  gaps: `SELECT count() + 1 AS sessions, if(count() = 0, NULL, quantileExact(0.5)(gap_ms) / 3600000) AS median_gap_h
FROM (SELECT toUnixTimestamp64Milli(time) AS at, at - lagInFrame(at, 1, at) OVER (ORDER BY at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS gap_ms ${came})
WHERE gap_ms > 3600000`,
  week: `SELECT toDayOfWeek(time, 0, {zone:String}) AS weekday, toHour(time, {zone:String}) AS hour, uniqExact(toDate(time, {zone:String})) AS active
${came} GROUP BY weekday, hour ORDER BY weekday, hour`,
  applications: `SELECT application, countIf(succeeded) AS uses, countIf(NOT succeeded) AS failed,
arraySort(groupUniqArrayIf(10)(${machine}, vm != '')) AS machines, max(time) AS last_at
${own} AND application != '' AND ${accesses} GROUP BY application ORDER BY uses DESC, application LIMIT ${most}`,
  // Where a pair stands is what view `provisions` has, read by its key; a tombstone takes away all that is before it
  machines: `SELECT used.vm AS vm, used.accesses AS accesses, used.hours AS hours, used.last_at AS last_at,
nullIf(told.state, '') AS state, if(told.state = '', NULL, told.since) AS since,
nullIf(stands.stand, '') AS stands, nullIf(tupleElement(stands.foreseen, 1), 0) AS probability, tupleElement(stands.foreseen, 2) AS predicted_at
FROM (SELECT ${machine} AS vm, count() AS accesses, ${hours} AS hours, max(time) AS last_at ${came} AND vm != '' GROUP BY vm) AS used
LEFT JOIN (SELECT ${machine} AS vm, ifNull(argMax(vm_state, time), '') AS state, max(time) AS since FROM telemetry_access
  WHERE user IN ('', {user:String}) AND kind = 'vmState' AND vm_state != ''
  AND time >= {from:DateTime64(3)} - INTERVAL ${stateDays} DAY AND time < {to:DateTime64(3)} AND vm IN (${machinesOf}) GROUP BY vm) AS told ON told.vm = used.vm
LEFT JOIN (SELECT vm, argMax(state, step) AS stand, argMaxIf((probability, predicted_at), step, probability > 0) AS foreseen
  FROM (SELECT user, vm, state, probability, predicted_at, (kafka_time, kafka_offset) AS step, maxIf((kafka_time, kafka_offset), deleted) OVER (PARTITION BY pair) AS erased
    FROM provisions_history WHERE startsWith(pair, concat({user:String}, '/')))
  WHERE user = {user:String} AND step > erased GROUP BY vm) AS stands
ON stands.vm = used.vm
ORDER BY last_at DESC LIMIT ${most}`,
  transitions: `SELECT DISTINCT ${machine} AS vm, ifNull(vm_state, '') AS state, time AS at FROM telemetry_access
WHERE user IN ('', {user:String}) AND kind = 'vmState' AND vm_state != '' AND time >= {from:DateTime64(3)} AND time < {to:DateTime64(3)} AND vm IN (${machinesOf})
ORDER BY at DESC LIMIT ${most}`,
  // Each telling of a job is of its next run
  jobs: `SELECT ${machine} AS vm, ifNull(application, '') AS application, argMax(scheduled_for, time) AS due, max(time) AS told_at
${own} AND kind = 'scheduledJob' AND isNotNull(scheduled_for) GROUP BY vm, application ORDER BY due LIMIT ${most}`,
} as const;

/**
 * The profile of a user: when and how often they log in, by what applications, to which machines and in what state those are, and
 * what is scheduled for them.
 *
 * @param zone - IANA name of the zone whose days and hours are meant
 * @returns zeros and empty lists for a user of whom the archive has nothing
 * @throws {EbbtideError} `CLICKHOUSE_UNAVAILABLE` or `CLICKHOUSE_REJECTED`
 */
export const accessView = async (
  archive: ClickHouseArchive,
  user: string,
  fromMs: number,
  toMs: number,
  zone: string,
): Promise<AccessView> => {
  const parameters = { user, zone, from: new Date(fromMs), to: new Date(toMs) };
  const read = <T>(query: string): Promise<T[]> => readRecords<T>(archive, 'the habits of a user', query, parameters);
  const [facts, gaps, week, applications, machines, transitions, jobs] = await Promise.all([
    read<Omit<AccessView['facts'], 'sessions' | 'medianGapH'>>(queries.facts),
    read<Pick<AccessView['facts'], 'sessions' | 'medianGapH'>>(queries.gaps),
    read<AccessView['week'][number]>(queries.week),
    read<AccessView['applications'][number]>(queries.applications),
    read<AccessView['machines'][number]>(queries.machines),
    read<AccessView['transitions'][number]>(queries.transitions),
    read<AccessView['jobs'][number]>(queries.jobs),
  ]);
  const [about] = facts;
  const { sessions, medianGapH } = gaps[0]!;
  return {
    user,
    zone,
    facts: { ...about!, sessions: about!.accesses === 0 ? 0 : sessions, medianGapH },
    ...{ week, applications, machines, transitions, jobs },
  };
};
