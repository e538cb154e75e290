import type { Row } from '@clickhouse/client';
import { keysOf, keystrokeFeatures, timingNames } from '../../models/biometric/keystrokes.ts';
import type { Typing } from '../../models/biometric/typing.ts';
import type { TimeRange } from '../../models/training/telemetry/source.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import type { TypingSource } from '../files/typing.ts';
import type { ClickHouseArchive } from './client.ts';
import { clickhouseError } from './errors.ts';

const ofKeystrokes = `FROM telemetry_biometric
WHERE modality = 'keystroke' AND feature_hash = {hash:String}
AND time >= fromUnixTimestamp64Milli({from:Int64}) AND time < fromUnixTimestamp64Milli({to:Int64})`;

/** The length that most people typed: the phrase that is learned. */
const lengthQuery = `SELECT length(features) AS timings ${ofKeystrokes}
GROUP BY timings HAVING timings % 3 = 1 ORDER BY uniqExact(user) DESC, count() DESC, timings LIMIT 1`;

const typingQuery = `SELECT user, arrayMap(name -> features[name], {names:Array(String)}) ${ofKeystrokes}
AND length(features) = {timings:UInt32}
ORDER BY user, time, kafka_cluster, kafka_partition, kafka_offset`;

/**
 * Typing of the archive: the bursts of the phrase that most people typed, in order of time.
 *
 * @throws EbbtideError DATA_MISSING without any, CLICKHOUSE_UNAVAILABLE, CLICKHOUSE_REJECTED, CANCELLED
 */
export const archiveTyping = async (
  archive: ClickHouseArchive,
  { fromMs, toMs }: TimeRange,
  signal?: AbortSignal,
): Promise<TypingSource> => {
  const rows = async (query: string, parameters: Record<string, unknown>): Promise<(readonly unknown[])[]> => {
    const found: (readonly unknown[])[] = [];
    try {
      const answer = await archive.client.query({
        query,
        query_params: { from: fromMs, to: toMs, hash: keystrokeFeatures.hash, ...parameters },
        format: 'JSONCompactEachRow',
        clickhouse_settings: { readonly: '1', output_format_json_quote_64bit_integers: 0 },
        ...(signal ? { abort_signal: signal } : {}),
      });
      for await (const part of answer.stream<readonly unknown[]>())
        for (const row of part as Row<readonly unknown[], 'JSONCompactEachRow'>[]) found.push(row.json());
    } catch (error) {
      throw clickhouseError('Cannot read typing from the archive', error, signal);
    }
    return found;
  };
  const timings = (await rows(lengthQuery, {}))[0]?.[0] as number | undefined;
  if (timings === undefined)
    throw new EbbtideError(
      'DATA_MISSING',
      'The archive holds no keystrokes of this feature specification in that range; see docs/biometric.md on what the agent sends',
      { hash: keystrokeFeatures.hash },
    );
  const seconds = new Map<string, number[]>();
  for (const [user, values] of await rows(typingQuery, { timings, names: timingNames(keysOf(timings)) })) {
    const own = seconds.get(user as string) ?? [];
    for (const value of values as number[]) own.push(value);
    seconds.set(user as string, own);
  }
  const typists: Typing['typists'] = [...seconds].map(([name, values]) => ({
    name,
    seconds: Float64Array.from(values),
    repetitions: values.length / timings,
  }));
  return {
    typing: { timings, typists },
    lineage: { kind: 'archive', database: archive.database, query: typingQuery, fromMs, toMs },
  };
};
