import type { ClickHouseArchive } from '../client.ts';
import { readRecords } from '../records.ts';
import { rangeOf, stepOf, within } from './range.ts';
import type { ScopeView } from './types.ts';

const inFive = within('time', 'toStartOfFiveMinutes');

const queries = {
  callers: `SELECT subject, argMax(scores_by_subject.risk, window_end) AS last_risk, max(scores_by_subject.risk) AS highest_risk, max(window_end) AS seen_at
FROM scores_by_subject WHERE pipeline = 'scope' AND role = 'champion' AND ${within('time', 'toStartOfHour')}
GROUP BY subject ORDER BY last_risk DESC, seen_at DESC LIMIT {limit:UInt32}`,
  overrides: `SELECT frontend_credential AS subject, scope_overrides.scope AS scope, service, mode, risk, expires_at, reasons, at
FROM scope_overrides WHERE isNull(expires_at) OR expires_at > {to:DateTime64(3)} ORDER BY risk DESC LIMIT {limit:UInt32}`,
  refused: `SELECT frontend_credential AS subject, groupBitmapMerge(refused_calls_by_caller.calls) AS refused
FROM refused_calls_by_caller WHERE ${within('time', 'toStartOfHour')}
GROUP BY subject ORDER BY refused DESC LIMIT {limit:UInt32}`,
  overTime: `SELECT ${stepOf('calls_by_time.time')} AS at, sum(calls) AS all_calls, sumIf(calls, denied) AS refused
FROM calls_by_time WHERE ${inFive} GROUP BY at ORDER BY at`,
  services: `SELECT service, scope, sum(calls) AS all_calls, sumIf(calls, denied) AS refused
FROM calls_by_time WHERE ${inFive} GROUP BY service, scope ORDER BY refused DESC, all_calls DESC LIMIT {limit:UInt32}`,
  decisions: `SELECT decided_at AS at, subject, action, mode, withheld, risk, old_scope, new_scope, reason
FROM interventions WHERE pipeline = 'scope' AND ${within('decided_at')} ORDER BY decided_at DESC LIMIT 50`,
} as const;

/** Under which scope each caller's last call to each service was decided: what is in force for them there. */
const effectiveQuery = `SELECT frontend_credential AS subject, service, argMax(telemetry_api_raw.scope, telemetry_api_raw.time) AS scope
FROM telemetry_api_raw WHERE frontend_credential IN {subjects:Array(String)} AND ${within('time')}
GROUP BY subject, service ORDER BY subject, service LIMIT 2000`;

type Caller = ScopeView['callers'][number];
const mostCallers = 100;

/** @throws {EbbtideError} `CLICKHOUSE_UNAVAILABLE` or `CLICKHOUSE_REJECTED` */
export const scopeView = async (archive: ClickHouseArchive, fromMs: number, toMs: number): Promise<ScopeView> => {
  const range = { ...rangeOf(fromMs, toMs), limit: mostCallers };
  const read = <T>(query: string, more: object = {}): Promise<T[]> =>
    readRecords<T>(archive, 'scope', query, { ...range, ...more });
  const [known, overrides, refused, overTime, services, decisions] = await Promise.all([
    read<Omit<Caller, 'refused' | 'services'>>(queries.callers),
    read<ScopeView['overrides'][number]>(queries.overrides),
    read<Pick<Caller, 'subject' | 'refused'>>(queries.refused),
    read<ScopeView['overTime'][number]>(queries.overTime),
    read<ScopeView['services'][number]>(queries.services),
    read<ScopeView['decisions'][number]>(queries.decisions),
  ]);
  const byName = new Map(known.map((caller) => [caller.subject, caller]));
  for (const { subject, risk } of overrides)
    if (!byName.has(subject)) byName.set(subject, { subject, lastRisk: risk, highestRisk: risk, seenAt: null });
  for (const { subject } of refused)
    if (!byName.has(subject)) byName.set(subject, { subject, lastRisk: 0, highestRisk: 0, seenAt: null });
  const subjects = [...byName.keys()];
  const effective = await read<{ subject: string; service: string; scope: string }>(effectiveQuery, { subjects });
  const refusals = new Map(refused.map((one) => [one.subject, one.refused]));
  const callers = [...byName.values()]
    .map((caller) => ({
      ...caller,
      refused: refusals.get(caller.subject) ?? 0,
      services: effective
        .filter(({ subject }) => subject === caller.subject)
        .map(({ service, scope }) => ({ service, scope })),
    }))
    .sort((a, b) => b.lastRisk - a.lastRisk || b.refused - a.refused || (a.subject < b.subject ? -1 : 1));
  return { callers, overrides, overTime, services, decisions };
};
