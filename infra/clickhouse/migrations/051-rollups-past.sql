-- The rollups of what was archived before they were there, by the selections of 050. A row that a view has counted
-- meanwhile changes no count. Columns go by their place.

INSERT INTO scores_by_time
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

INSERT INTO scores_by_subject
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

INSERT INTO decisions_by_time
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

INSERT INTO effects_by_time
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

INSERT INTO api_calls_by_time
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

INSERT INTO refused_calls_by_caller
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

INSERT INTO interventions_in_time
SELECT
  decision_id, subject, pipeline, action, mode, withheld, old_ttl_ms, new_ttl_ms, old_scope, new_scope, reason, score, risk,
  features, policy_version, model_version, window_end, decided_at,
  toDateTime(kafka_time, 'UTC') AS archived_at
FROM decisions_raw
WHERE action IN ('shorten', 'revoke', 'restore', 'narrow', 'widen');

INSERT INTO intervention_effects_in_time
SELECT
  decision_id, subject, pipeline, action, outcome, skipped, detail, latency_ms, attempts, applied_at,
  toDateTime(kafka_time, 'UTC') AS archived_at
FROM effects_raw
WHERE action IN ('shorten', 'revoke', 'restore', 'narrow', 'widen');
