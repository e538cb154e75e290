import type { ClickHouseClient } from '@clickhouse/client';

/** Credentials at a time: with windows of 10 s they make 100 million scores in 30 days. */
const lanes = 386;
/** Windows in the life of a credential: an hour. */
const life = 360;
const perInsert = 1_000_000;

/** Name of the credential of a lane in an hour: a function holds one after the other. */
export const subjectAt = (lane: number, hour: number): string => `fn-${lane % 20}/${lane}/${hour}`;

/** A row's place in time and in Kafka's log, by its number from 0. */
const place = (fromMs: number): string => `
  intDiv(number, ${lanes}) AS slot,
  number % ${lanes} AS lane,
  concat('fn-', toString(lane % 20), '/', toString(lane), '/', toString(intDiv(slot, ${life}))) AS subject,
  fromUnixTimestamp64Milli(toInt64(${fromMs} + slot * 10000), 'UTC') AS at,
  toUInt32(lane % 12) AS partition,
  toUInt64(slot * ${Math.ceil(lanes / 12)} + intDiv(lane, 12)) AS offset,
  at + INTERVAL 300 MILLISECOND AS kafka_time,
  randCanonical(1) AS u,
  randCanonical(2) AS v`;

/**
 * Make rows of an archive that takes 100 million scores in 30 days, in the order of time: scores of windows of 10 s of
 * credentials that live an hour, of which one in 500 goes astray; a decision on one window in 50, an effect of each; both
 * versions of its entry in the register; an API call for every second score, of 20 services, of which one in 100 is
 * refused.
 *
 * @param begin - number of the first score; they go on from one call to the next
 * @param end - number after the last
 * @param fromMs - when score 0 is, epoch milliseconds
 */
export const fill = async (client: ClickHouseClient, begin: number, end: number, fromMs: number): Promise<void> => {
  const head = `WITH ${place(fromMs)}`;
  for (let from = begin; from < end; from += perInsert) {
    const numbers = `numbers(${from}, ${Math.min(perInsert, end - from)})`;
    const insert = (
      table: string,
      columns: Readonly<Record<string, string>>,
      source = `FROM ${numbers}`,
      log = 'partition, offset',
    ) =>
      client.command({
        query: `INSERT INTO ${table} (${Object.keys(columns).join(', ')}, kafka_cluster, kafka_partition, kafka_offset, kafka_time)
${head}
SELECT ${Object.values(columns).join(', ')}, 'default', ${log}, kafka_time ${source}`,
        clickhouse_settings: { throw_on_max_partitions_per_insert_block: 0 },
      });
    const astray = `(cityHash64(subject) % 500 = 0 AND slot % ${life} > 300)`;
    const score = `if(${astray}, 0.8 + 0.2 * u, 0.3 * pow(u, 4))`;
    await insert('scores_raw', {
      subject: 'subject',
      pipeline: "'lifecycle'",
      window_start: 'at - INTERVAL 10 SECOND',
      window_end: 'at',
      samples: '10',
      score,
      risk: `100 * ${score}`,
      severity: score,
      frequency: 'v * u',
      p_value: `if(${astray}, 0.0001 * u, v)`,
      statistic: '-log(v + 1e-9)',
      learning: `slot % ${life} < 20`,
      contributions: `if(${score} > 0.25, [('cpuCores.level', u, 'above', 0.1, u, 'cores'), ('sentBytes.level', v, 'above', 1., v, 'bytes')], [])`,
      model_version: "'anomaly-2026-11'",
      role: "'champion'",
    });
    // Topics of their own have logs without gaps
    const dense = `0, ${from} + rowNumberInAllBlocks()`;
    await insert(
      'credentials_raw',
      {
        deleted: 'false',
        credential_id: 'subject',
        kind: "'token'",
        reference: 'subject',
        mount: "'auth/token/'",
        role: "'function'",
        function: "concat('fn-', toString(lane % 20))",
        issued_at: 'at',
        expires_at: 'at + INTERVAL 1 HOUR',
        ttl_ms: '3600000',
        max_ttl_ms: '14400000',
        shortening: "'continuous'",
        status: `if(slot % ${life} = 0, 'active', 'ended')`,
      },
      `FROM ${numbers} WHERE slot % ${life} IN (0, ${life - 1})`,
      dense,
    );
    const some = `FROM ${numbers} WHERE cityHash64(number) % 50 = 0`;
    const action = `multiIf(${astray}, 'revoke', u < 0.9, 'extend', u < 0.97, 'keep', 'shorten')`;
    const decisionId = "concat('lifecycle/', subject, '/', toString(slot))";
    await insert(
      'decisions_raw',
      {
        decision_id: decisionId,
        subject: 'subject',
        pipeline: "'lifecycle'",
        action,
        mode: "'enforce'",
        withheld: "''",
        old_ttl_ms: '3600000',
        new_ttl_ms: 'toInt64(7200000 * u)',
        reason: "'Score 0.91 above high 0.80, strike 2 of 2: revoke'",
        score,
        window_end: 'at',
        decided_at: 'at + INTERVAL 600 MILLISECOND',
        policy_version: "'p1'",
        model_version: "'anomaly-2026-11'",
      },
      some,
      dense,
    );
    await insert(
      'effects_raw',
      {
        decision_id: decisionId,
        subject: 'subject',
        pipeline: "'lifecycle'",
        action,
        outcome: "'enforced'",
        latency_ms: '5 + 40 * pow(v, 6)',
        attempts: '1',
        applied_at: 'at + INTERVAL 640 MILLISECOND',
      },
      some,
      dense,
    );
    const refused = '(u < 0.01)';
    await insert(
      'telemetry_api_raw',
      {
        frontend_credential: "concat('caller-', toString(cityHash64(number) % 5000))",
        service: "concat('service-', toString(cityHash64(number, 1) % 20))",
        operation: "'GET /orders/{id}'",
        time: 'at',
        status: `if(${refused}, 403, 200)`,
        duration_ms: '5 + 100 * pow(v, 8)',
        scope: `if(${refused}, 'read-only', 'default')`,
        denied: refused,
        threat_feed: "if(u < 0.0001, 'drop', '')",
      },
      `FROM ${numbers} WHERE number % 2 = 0`,
      `toUInt32(intDiv(number, 2) % 12), intDiv(number, 24)`,
    );
  }
};

/** Days that so many scores fill. */
export const daysOf = (scores: number): number => (scores / lanes) * (10 / 86_400);
