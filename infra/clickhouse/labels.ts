import type { LabelArchive } from '../../models/feedback/labelArchive.ts';
import type { JudgedDecision } from '../../models/feedback/labels.ts';
import type { Label } from '../../schemas/generated/Label.ts';
import type { ClickHouseArchive } from './client.ts';
import { clickhouseError } from './errors.ts';

const labelsQuery = `SELECT subject, decision_id AS decisionId, verdict, toUnixTimestamp64Milli(window_start) AS windowStart,
toUnixTimestamp64Milli(window_end) AS windowEnd, note, by, toUnixTimestamp64Milli(at) AS at
FROM labels
WHERE labels.at >= fromUnixTimestamp64Milli({from:Int64}) AND labels.at < fromUnixTimestamp64Milli({to:Int64})
ORDER BY at, subject`;

const columns = 'decision_id AS decisionId, subject, toUnixTimestamp64Milli(window_end) AS windowEnd';

const byIdQuery = `SELECT ${columns} FROM decisions WHERE decision_id IN {ids:Array(String)}`;

const lastQuery = `SELECT ${columns} FROM decisions
WHERE subject = {subject:String} AND window_end <= fromUnixTimestamp64Milli({at:Int64})
ORDER BY (action IN ('revoke', 'shorten')) DESC, window_end DESC LIMIT 1`;

/** Ids named in one query: they travel in its address. */
const idsPerQuery = 200;

/**
 * Labels of the archive, and the decisions that they are about.
 *
 * @throws {EbbtideError} from its methods: `CLICKHOUSE_UNAVAILABLE`, `CLICKHOUSE_REJECTED`
 */
export const archiveLabels = (archive: ClickHouseArchive): LabelArchive => {
  const read = async <T>(query: string, parameters: Record<string, unknown>): Promise<T[]> => {
    try {
      const answer = await archive.client.query({
        query,
        query_params: parameters,
        format: 'JSONEachRow',
        clickhouse_settings: { readonly: '1', output_format_json_quote_64bit_integers: 0 },
      });
      return await answer.json<T>();
    } catch (error) {
      throw clickhouseError('Cannot read labels from the archive', error);
    }
  };
  return {
    labels: ({ fromMs, toMs }) => read<Label>(labelsQuery, { from: fromMs, to: toMs }),
    async decisions(ids, before) {
      const found: JudgedDecision[] = [];
      for (let at = 0; at < ids.length; at += idsPerQuery)
        found.push(...(await read<JudgedDecision>(byIdQuery, { ids: ids.slice(at, at + idsPerQuery) })));
      for (const { subject, atMs } of before)
        found.push(...(await read<JudgedDecision>(lastQuery, { subject, at: atMs })));
      return [...new Map(found.map((one) => [one.decisionId, one])).values()];
    },
  };
};
