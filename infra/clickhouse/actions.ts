import { type ActionEntry, type ActionFilter, wordsOf } from '../console/view/action.ts';
import type { ClickHouseArchive } from './client.ts';
import { readRecords } from './records.ts';

const first = ['action', 'subject', 'person_id', 'name', 'role', 'entrance', 'address', 'reason', 'details'];
const last = ['outcome', 'result'];

/** One row an action; rows that were archived twice are folded into it as well. */
const folded = `SELECT e.action_id AS action_id, ${first.map((name) => `any(e.${name}) AS ${name}`).join(', ')},
${last.map((name) => `argMax(e.${name}, (e.outcome != 'asked', e.at)) AS ${name}`).join(', ')},
min(e.at) AS asked_at, max(e.at) AS ended_at
FROM actions_raw AS e WHERE e.at >= {from:DateTime64(3)} GROUP BY action_id`;

const fits = `asked_at < {to:DateTime64(3)} AND ({action:String} = '' OR action = {action:String})
AND ({outcome:String} = '' OR outcome = {outcome:String})
AND positionCaseInsensitiveUTF8(concat(name, ' ', person_id), {who:String}) > 0
AND arrayAll(word -> position(lowerUTF8(concat(subject, '\\n', reason, '\\n', result, '\\n', details)), word) > 0, {words:Array(String)})`;

const pageQuery = `SELECT * EXCEPT (asked_at), asked_at AS at FROM (${folded}) WHERE ${fits}
ORDER BY asked_at DESC, action_id LIMIT {limit:UInt32} OFFSET {offset:UInt32}`;
const countQuery = `SELECT count() AS total FROM (${folded}) WHERE ${fits}`;

const parametersOf = ({ from, to, q, ...filter }: ActionFilter) => ({
  ...filter,
  words: wordsOf(q),
  from: new Date(from),
  to: new Date(to),
});

/**
 * People's actions that fit, as many as there are.
 *
 * @throws {EbbtideError} `CLICKHOUSE_UNAVAILABLE` or `CLICKHOUSE_REJECTED`
 */
export const countActions = async (archive: ClickHouseArchive, filter: ActionFilter): Promise<number> => {
  const [row] = await readRecords<{ total: number }>(archive, 'actions', countQuery, parametersOf(filter));
  return row!.total;
};

/**
 * People's actions that fit, the newest first, one an action.
 *
 * @throws {EbbtideError} `CLICKHOUSE_UNAVAILABLE` or `CLICKHOUSE_REJECTED`
 */
export const readActions = (
  archive: ClickHouseArchive,
  filter: ActionFilter,
  offset: number,
  limit: number,
): Promise<ActionEntry[]> =>
  readRecords<ActionEntry>(archive, 'actions', pageQuery, { ...parametersOf(filter), offset, limit });
