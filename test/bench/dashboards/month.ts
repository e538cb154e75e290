import type { ClickHouseClient } from '@clickhouse/client';

const lanes = 386;
const hours = 720;
const windowsPerHour = 360;

/** The credential that lives the whole month. */
export const lasting = 'fn-0/lasting';

/**
 * Make what a subject's dashboard reads of an archive that took 100 million scores in 30 days, all of it: a month of
 * windows of 10 s of one credential, each with what moved it, a decision and an effect of one in 50, a call each; and
 * of all others, who live an hour, the register and the worst score of their hour, and a row in 100 of their scores.
 *
 * @param toMs - the month's end, epoch milliseconds, a whole hour
 */
export const fillMonth = async (client: ClickHouseClient, toMs: number): Promise<void> => {
  const fromMs = toMs - hours * 3_600_000;
  const head = `WITH
  fromUnixTimestamp64Milli(toInt64(${fromMs} + number * 10000 + 10000), 'UTC') AS at,
  at + INTERVAL 300 MILLISECOND AS kafka_time,
  randCanonical(1) AS u,
  randCanonical(2) AS v`;
  const insert = (table: string, columns: Readonly<Record<string, string>>, source: string, partition = '0') =>
    client.command({
      query: `INSERT INTO ${table} (${Object.keys(columns).join(', ')}, kafka_cluster, kafka_partition, kafka_offset, kafka_time)
${head}
SELECT ${Object.values(columns).join(', ')}, 'default', ${partition}, number, kafka_time FROM ${source}`,
      clickhouse_settings: { throw_on_max_partitions_per_insert_block: 0 },
    });
  const feature = (place: string) => `concat('feature-', toString(intDiv(toUInt32(${place} * 1000), 84)))`;
  const contribution = (place: string) => `(${feature(place)}, ${place}, 'above', 0.1, ${place}, 'cores')`;
  const windows = (subject: string) => ({
    subject,
    pipeline: "'lifecycle'",
    window_start: 'at - INTERVAL 10 SECOND',
    window_end: 'at',
    samples: '10',
    score: 'u * v',
    risk: '100 * u * v',
    severity: 'u * v',
    frequency: 'v * u',
    p_value: 'v',
    statistic: '-log(v + 1e-9)',
    learning: 'false',
    contributions: `[${contribution('u')}, ${contribution('v')}, ${contribution('(u + v) / 2')}]`,
    model_version: "'anomaly-2026-11'",
    role: "'champion'",
  });
  const own = `numbers(${hours * windowsPerHour})`;
  await insert('scores_raw', windows(`'${lasting}'`), own);
  // Neighbours in the order of the table, so that the credential's rows share granules and parts with theirs
  const lane = "concat('fn-', toString(number % 20), '/', toString(number % 386), '/', toString(intDiv(number, 360)))";
  for (let part = 0; part < 4; part++)
    await insert('scores_raw', windows(lane), `numbers(${hours * windowsPerHour}) WHERE number % 4 = ${part}`, '1');
  const some = `${own} WHERE number % 50 = 0`;
  const decision = {
    decision_id: `concat('lifecycle/${lasting}/', toString(number))`,
    subject: `'${lasting}'`,
    pipeline: "'lifecycle'",
    action: "'extend'",
  };
  await insert(
    'decisions_raw',
    {
      ...decision,
      mode: "'enforce'",
      withheld: "''",
      old_ttl_ms: '3600000',
      new_ttl_ms: 'toInt64(7200000 * u)',
      reason: "'Score 0.01 below low 0.05'",
      score: 'u * v',
      window_end: 'at',
      decided_at: 'at + INTERVAL 600 MILLISECOND',
    },
    some,
  );
  await insert(
    'effects_raw',
    { ...decision, outcome: "'enforced'", latency_ms: '5 + 40 * v', applied_at: 'at + INTERVAL 640 MILLISECOND' },
    some,
  );
  await insert(
    'telemetry_api_raw',
    {
      frontend_credential: `'${lasting}'`,
      service: "concat('service-', toString(number % 20))",
      operation: "'GET /orders/{id}'",
      time: 'at',
      status: '200',
      duration_ms: '5 + 100 * v',
      scope: "'default'",
      denied: 'false',
    },
    own,
  );
  const lives = `numbers(${lanes * hours})`;
  const born = `fromUnixTimestamp64Milli(toInt64(${fromMs} + intDiv(number, ${lanes}) * 3600000), 'UTC')`;
  const name = `concat('fn-', toString(number % ${lanes} % 20), '/', toString(number % ${lanes}), '/', toString(intDiv(number, ${lanes})))`;
  const entry = (id: string, status: string) => ({
    deleted: 'false',
    credential_id: id,
    kind: "'token'",
    reference: id,
    mount: "'auth/token/'",
    role: "'function'",
    function: `splitByChar('/', ${id})[1]`,
    issued_at: born,
    expires_at: `${born} + INTERVAL 1 HOUR`,
    ttl_ms: '3600000',
    max_ttl_ms: '14400000',
    shortening: "'continuous'",
    status: `'${status}'`,
  });
  for (const [partition, status] of ['active', 'ended'].entries())
    await insert('credentials_raw', entry(name, status), lives, String(partition));
  await insert('credentials_raw', entry(`'${lasting}'`, 'active'), 'numbers(1)', '2');
  await client.command({
    query: `INSERT INTO scores_by_subject (pipeline, role, time, subject, score, window_end)
SELECT 'lifecycle', 'champion', toDateTime(${born}), ${name}, randCanonical(1), ${born} + INTERVAL 3590 SECOND FROM ${lives}`,
    clickhouse_settings: { throw_on_max_partitions_per_insert_block: 0 },
  });
};
