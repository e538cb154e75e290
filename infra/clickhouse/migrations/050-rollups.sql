-- What dashboards read: summaries by time, kept by materialised views as rows come in.
--
-- A message may be delivered twice, and this migration may be repeated, so counts are sets: bitmaps of the log's
-- positions, in which a row that comes again changes nothing. Means, shares and quantiles weigh such a row twice, which
-- does not show. `kafka_partition << 44 | offset` is a row's position.
--
-- Partitions follow event time, which is what dashboards ask for; each table is kept as long as what it summarises.

-- Scores by 5 minutes of their windows' end.
CREATE TABLE IF NOT EXISTS scores_by_time
(
  pipeline LowCardinality(String),
  role LowCardinality(String),
  learning Bool,
  model_version LowCardinality(String),
  time DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  kafka_cluster LowCardinality(String),
  windows AggregateFunction(groupBitmap, UInt64) CODEC(ZSTD(1)),
  score AggregateFunction(avg, Float64) CODEC(ZSTD(1)),
  score_quantiles AggregateFunction(quantilesTDigest(0.5, 0.9, 0.99), Float64) CODEC(ZSTD(1)),
  severity AggregateFunction(avg, Float64) CODEC(ZSTD(1)),
  frequency AggregateFunction(avg, Float64) CODEC(ZSTD(1)),
  p_at_most_0_001 AggregateFunction(avg, Bool) CODEC(ZSTD(1)),
  p_at_most_0_01 AggregateFunction(avg, Bool) CODEC(ZSTD(1)),
  p_at_most_0_05 AggregateFunction(avg, Bool) CODEC(ZSTD(1)),
  delay_ms AggregateFunction(quantilesTDigest(0.5, 0.9, 0.99), Float64) CODEC(ZSTD(1)),
  highest SimpleAggregateFunction(max, Float64) CODEC(ZSTD(1)),
  archived_at SimpleAggregateFunction(max, DateTime('UTC')) CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(time)
PRIMARY KEY (pipeline, role, learning, time)
ORDER BY (pipeline, role, learning, time, model_version, kafka_cluster)
SETTINGS ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS scores_to_time TO scores_by_time AS
SELECT
  pipeline,
  role,
  learning,
  model_version,
  toStartOfFiveMinutes(toDateTime(window_end, 'UTC')) AS time,
  kafka_cluster,
  groupBitmapState(bitOr(bitShiftLeft(toUInt64(kafka_partition), 44), kafka_offset)) AS windows,
  avgState(scores_raw.score) AS score,
  quantilesTDigestState(0.5, 0.9, 0.99)(scores_raw.score) AS score_quantiles,
  avgState(scores_raw.severity) AS severity,
  avgState(scores_raw.frequency) AS frequency,
  avgState(CAST(p_value <= 0.001, 'Bool')) AS p_at_most_0_001,
  avgState(CAST(p_value <= 0.01, 'Bool')) AS p_at_most_0_01,
  avgState(CAST(p_value <= 0.05, 'Bool')) AS p_at_most_0_05,
  quantilesTDigestState(0.5, 0.9, 0.99)(toFloat64(dateDiff('millisecond', window_end, kafka_time))) AS delay_ms,
  max(scores_raw.score) AS highest,
  max(toDateTime(kafka_time, 'UTC')) AS archived_at
FROM scores_raw
GROUP BY pipeline, role, learning, model_version, time, kafka_cluster;

-- Their numbers. No position is in two rows of a rollup, so that numbers are added, which is faster than to join sets.
CREATE VIEW IF NOT EXISTS windows_by_time AS
SELECT pipeline, role, learning, model_version, time, groupBitmapMerge(scores_by_time.windows) AS windows
FROM scores_by_time
GROUP BY pipeline, role, learning, model_version, time, kafka_cluster;

-- The worst of each subject in each hour.
CREATE TABLE IF NOT EXISTS scores_by_subject
(
  pipeline LowCardinality(String),
  role LowCardinality(String),
  time DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  subject String CODEC(ZSTD(1)),
  score SimpleAggregateFunction(max, Float64) CODEC(ZSTD(1)),
  risk SimpleAggregateFunction(max, Float64) CODEC(ZSTD(1)),
  severity SimpleAggregateFunction(max, Float64) CODEC(ZSTD(1)),
  frequency SimpleAggregateFunction(max, Float64) CODEC(ZSTD(1)),
  window_end SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(DoubleDelta, ZSTD(1)),
  archived_at SimpleAggregateFunction(max, DateTime('UTC')) CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (pipeline, role, time, subject)
SETTINGS ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS scores_to_subject TO scores_by_subject AS
SELECT
  pipeline,
  role,
  toStartOfHour(toDateTime(scores_raw.window_end, 'UTC')) AS time,
  subject,
  max(scores_raw.score) AS score,
  max(scores_raw.risk) AS risk,
  max(scores_raw.severity) AS severity,
  max(scores_raw.frequency) AS frequency,
  max(scores_raw.window_end) AS window_end,
  max(toDateTime(kafka_time, 'UTC')) AS archived_at
FROM scores_raw
WHERE NOT learning
GROUP BY pipeline, role, time, subject;

-- Decisions by 5 minutes.
CREATE TABLE IF NOT EXISTS decisions_by_time
(
  pipeline LowCardinality(String),
  action LowCardinality(String),
  mode LowCardinality(String),
  withheld LowCardinality(String),
  time DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  kafka_cluster LowCardinality(String),
  decisions AggregateFunction(groupBitmap, UInt64) CODEC(ZSTD(1)),
  old_ttl_ms AggregateFunction(avg, Int64) CODEC(ZSTD(1)),
  new_ttl_ms AggregateFunction(avg, Int64) CODEC(ZSTD(1)),
  ttl_quantiles_ms AggregateFunction(quantilesTDigest(0.1, 0.5, 0.9), Int64) CODEC(ZSTD(1)),
  archived_at SimpleAggregateFunction(max, DateTime('UTC')) CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(time)
PRIMARY KEY (pipeline, time)
ORDER BY (pipeline, time, action, mode, withheld, kafka_cluster)
SETTINGS ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS decisions_to_time TO decisions_by_time AS
SELECT
  pipeline,
  action,
  mode,
  withheld,
  toStartOfFiveMinutes(toDateTime(decided_at, 'UTC')) AS time,
  kafka_cluster,
  groupBitmapState(bitOr(bitShiftLeft(toUInt64(kafka_partition), 44), kafka_offset)) AS decisions,
  avgState(decisions_raw.old_ttl_ms) AS old_ttl_ms,
  avgState(decisions_raw.new_ttl_ms) AS new_ttl_ms,
  quantilesTDigestState(0.1, 0.5, 0.9)(decisions_raw.new_ttl_ms) AS ttl_quantiles_ms,
  max(toDateTime(kafka_time, 'UTC')) AS archived_at
FROM decisions_raw
GROUP BY pipeline, action, mode, withheld, time, kafka_cluster;

-- Effects by 5 minutes.
CREATE TABLE IF NOT EXISTS effects_by_time
(
  pipeline LowCardinality(String),
  action LowCardinality(String),
  outcome LowCardinality(String),
  skipped LowCardinality(String),
  time DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  kafka_cluster LowCardinality(String),
  effects AggregateFunction(groupBitmap, UInt64) CODEC(ZSTD(1)),
  latency_ms AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), Float64) CODEC(ZSTD(1)),
  attempts AggregateFunction(avg, Int32) CODEC(ZSTD(1)),
  archived_at SimpleAggregateFunction(max, DateTime('UTC')) CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(time)
PRIMARY KEY (pipeline, time)
ORDER BY (pipeline, time, action, outcome, skipped, kafka_cluster)
SETTINGS ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS effects_to_time TO effects_by_time AS
SELECT
  pipeline,
  action,
  outcome,
  skipped,
  toStartOfFiveMinutes(toDateTime(applied_at, 'UTC')) AS time,
  kafka_cluster,
  groupBitmapState(bitOr(bitShiftLeft(toUInt64(kafka_partition), 44), kafka_offset)) AS effects,
  quantilesTDigestState(0.5, 0.95, 0.99)(effects_raw.latency_ms) AS latency_ms,
  avgState(effects_raw.attempts) AS attempts,
  max(toDateTime(kafka_time, 'UTC')) AS archived_at
FROM effects_raw
GROUP BY pipeline, action, outcome, skipped, time, kafka_cluster;

-- Calls by 5 minutes.
CREATE TABLE IF NOT EXISTS api_calls_by_time
(
  service LowCardinality(String),
  scope LowCardinality(String),
  denied Bool,
  status Int32 CODEC(T64, ZSTD(1)),
  threat Bool,
  time DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  kafka_cluster LowCardinality(String),
  calls AggregateFunction(groupBitmap, UInt64) CODEC(ZSTD(1)),
  duration_ms AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), Float64) CODEC(ZSTD(1)),
  archived_at SimpleAggregateFunction(max, DateTime('UTC')) CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(time)
PRIMARY KEY (time)
ORDER BY (time, service, scope, denied, status, threat, kafka_cluster)
SETTINGS ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS api_calls_to_time TO api_calls_by_time AS
SELECT
  service,
  scope,
  denied,
  status,
  CAST(threat_feed != '', 'Bool') AS threat,
  toStartOfFiveMinutes(toDateTime(telemetry_api_raw.time, 'UTC')) AS time,
  kafka_cluster,
  groupBitmapState(bitOr(bitShiftLeft(toUInt64(kafka_partition), 44), kafka_offset)) AS calls,
  quantilesTDigestState(0.5, 0.95, 0.99)(telemetry_api_raw.duration_ms) AS duration_ms,
  max(toDateTime(kafka_time, 'UTC')) AS archived_at
FROM telemetry_api_raw
GROUP BY service, scope, denied, status, threat, time, kafka_cluster;

CREATE VIEW IF NOT EXISTS calls_by_time AS
SELECT service, scope, denied, status, threat, time, groupBitmapMerge(api_calls_by_time.calls) AS calls
FROM api_calls_by_time
GROUP BY service, scope, denied, status, threat, time, kafka_cluster;

-- Refused calls of each caller in each hour.
CREATE TABLE IF NOT EXISTS refused_calls_by_caller
(
  time DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  frontend_credential String CODEC(ZSTD(1)),
  service LowCardinality(String),
  scope LowCardinality(String),
  kafka_cluster LowCardinality(String),
  calls AggregateFunction(groupBitmap, UInt64) CODEC(ZSTD(1)),
  archived_at SimpleAggregateFunction(max, DateTime('UTC')) CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (time, frontend_credential, service, scope, kafka_cluster)
SETTINGS ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS api_calls_to_caller TO refused_calls_by_caller AS
SELECT
  toStartOfHour(toDateTime(telemetry_api_raw.time, 'UTC')) AS time,
  frontend_credential,
  service,
  scope,
  kafka_cluster,
  groupBitmapState(bitOr(bitShiftLeft(toUInt64(kafka_partition), 44), kafka_offset)) AS calls,
  max(toDateTime(kafka_time, 'UTC')) AS archived_at
FROM telemetry_api_raw
WHERE denied
GROUP BY time, frontend_credential, service, scope, kafka_cluster;

-- Decisions that take something away or give it back, in the order of time: few among many that extend.
CREATE TABLE IF NOT EXISTS interventions_in_time
(
  decision_id String CODEC(ZSTD(1)),
  subject String CODEC(ZSTD(1)),
  pipeline LowCardinality(String),
  action LowCardinality(String),
  mode LowCardinality(String),
  withheld LowCardinality(String),
  old_ttl_ms Int64 CODEC(T64, ZSTD(1)),
  new_ttl_ms Int64 CODEC(T64, ZSTD(1)),
  old_scope LowCardinality(String),
  new_scope LowCardinality(String),
  reason String CODEC(ZSTD(1)),
  score Float64 CODEC(ZSTD(1)),
  risk Float64 CODEC(ZSTD(1)),
  features Array(LowCardinality(String)) CODEC(ZSTD(1)),
  policy_version LowCardinality(String),
  model_version LowCardinality(String),
  window_end DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  decided_at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  archived_at DateTime('UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(decided_at)
ORDER BY (decided_at, decision_id)
SETTINGS ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS decisions_to_interventions TO interventions_in_time AS
SELECT
  decision_id, subject, pipeline, action, mode, withheld, old_ttl_ms, new_ttl_ms, old_scope, new_scope, reason, score, risk,
  features, policy_version, model_version, window_end, decided_at,
  toDateTime(kafka_time, 'UTC') AS archived_at
FROM decisions_raw
WHERE action IN ('shorten', 'revoke', 'restore', 'narrow', 'widen');

CREATE VIEW IF NOT EXISTS interventions AS SELECT * FROM interventions_in_time FINAL;

-- Their effects, in the order of time.
CREATE TABLE IF NOT EXISTS intervention_effects_in_time
(
  decision_id String CODEC(ZSTD(1)),
  subject String CODEC(ZSTD(1)),
  pipeline LowCardinality(String),
  action LowCardinality(String),
  outcome LowCardinality(String),
  skipped LowCardinality(String),
  detail String CODEC(ZSTD(1)),
  latency_ms Float64 CODEC(ZSTD(1)),
  attempts Int32 CODEC(T64, ZSTD(1)),
  applied_at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  archived_at DateTime('UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(applied_at)
ORDER BY (applied_at, decision_id)
SETTINGS ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS effects_to_interventions TO intervention_effects_in_time AS
SELECT
  decision_id, subject, pipeline, action, outcome, skipped, detail, latency_ms, attempts, applied_at,
  toDateTime(kafka_time, 'UTC') AS archived_at
FROM effects_raw
WHERE action IN ('shorten', 'revoke', 'restore', 'narrow', 'widen');

CREATE VIEW IF NOT EXISTS intervention_effects AS SELECT * FROM intervention_effects_in_time FINAL;
