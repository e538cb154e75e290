-- Calls by the hour, out of those by 5 minutes: what dashboards read of long ranges. Most of what a sum over a rollup costs
-- is opening each row's bitmap, so that fewer and larger ones are cheaper.
CREATE TABLE IF NOT EXISTS api_calls_by_hour
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

CREATE MATERIALIZED VIEW IF NOT EXISTS api_calls_to_hour TO api_calls_by_hour AS
SELECT
  service,
  scope,
  denied,
  status,
  threat,
  toStartOfHour(api_calls_by_time.time) AS time,
  kafka_cluster,
  groupBitmapMergeState(api_calls_by_time.calls) AS calls,
  quantilesTDigestMergeState(0.5, 0.95, 0.99)(api_calls_by_time.duration_ms) AS duration_ms,
  max(api_calls_by_time.archived_at) AS archived_at
FROM api_calls_by_time
GROUP BY service, scope, denied, status, threat, time, kafka_cluster;

CREATE VIEW IF NOT EXISTS calls_by_hour AS
SELECT service, scope, denied, status, threat, time, groupBitmapMerge(api_calls_by_hour.calls) AS calls
FROM api_calls_by_hour
GROUP BY service, scope, denied, status, threat, time, kafka_cluster;

-- What was summed up before. A row that the view has counted meanwhile changes no count.
INSERT INTO api_calls_by_hour
SELECT
  service,
  scope,
  denied,
  status,
  threat,
  toStartOfHour(api_calls_by_time.time) AS time,
  kafka_cluster,
  groupBitmapMergeState(api_calls_by_time.calls) AS calls,
  quantilesTDigestMergeState(0.5, 0.95, 0.99)(api_calls_by_time.duration_ms) AS duration_ms,
  max(api_calls_by_time.archived_at) AS archived_at
FROM api_calls_by_time
GROUP BY service, scope, denied, status, threat, time, kafka_cluster;
