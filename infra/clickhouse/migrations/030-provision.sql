-- One row a step in the life of a pre-provisioned credential, and of each request for one.
CREATE TABLE IF NOT EXISTS provisions_raw
(
  deleted Bool,
  pair String CODEC(ZSTD(1)),
  user LowCardinality(String),
  vm LowCardinality(String),
  state LowCardinality(String),
  method LowCardinality(String),
  served LowCardinality(String),
  decision_id String CODEC(ZSTD(1)),
  probability Float64 CODEC(Gorilla, ZSTD(1)),
  predicted_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
  window_start DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  window_end DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  wait_saved_ms Float64 CODEC(Gorilla, ZSTD(1)),
  exposure_ms Float64 CODEC(Gorilla, ZSTD(1)),
  risk Float64 CODEC(Gorilla, ZSTD(1)),
  accessor String CODEC(ZSTD(1)),
  reference String CODEC(ZSTD(1)),
  minted_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
  expires_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
  ended_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
  waited_ms Nullable(Float64) CODEC(ZSTD(1)),
  attempts Int32 CODEC(T64, ZSTD(1)),
  last_error String CODEC(ZSTD(1)),
  at DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  by LowCardinality(String),
  kafka_cluster LowCardinality(String),
  kafka_partition UInt32 CODEC(ZSTD(1)),
  kafka_offset UInt64 CODEC(Delta, ZSTD(1)),
  kafka_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(kafka_time)
PRIMARY KEY pair
ORDER BY (pair, kafka_cluster, kafka_partition, kafka_offset)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1;

-- Every step, and where each pair stands now.
CREATE VIEW IF NOT EXISTS provisions_history AS SELECT * FROM provisions_raw FINAL;

CREATE VIEW IF NOT EXISTS provisions AS
SELECT * EXCEPT (deleted)
FROM (SELECT * FROM provisions_raw ORDER BY pair, kafka_time DESC, kafka_offset DESC LIMIT 1 BY pair)
WHERE NOT deleted;

-- One row a secret that was prepared: how long it lay, and whether anybody asked for it. What lies still has no end yet,
-- and none lies longer than it lives.
CREATE VIEW IF NOT EXISTS provision_secrets AS
SELECT
  pair,
  any(user) AS user,
  any(vm) AS vm,
  any(method) AS method,
  decision_id,
  assumeNotNull(minted_at) AS minted_at,
  max(expires_at) AS expires_at,
  max(ended_at) AS ended_at,
  max(probability) AS probability,
  countIf(state = 'delivered' AND served = 'preProvisioned') > 0 AS used,
  greatest(0, dateDiff('millisecond', assumeNotNull(minted_at), least(coalesce(ended_at, now64(3)), coalesce(expires_at, now64(3))))) AS lay_ms
FROM (SELECT * FROM provisions_raw FINAL WHERE NOT deleted AND isNotNull(minted_at) AND decision_id != '')
GROUP BY pair, decision_id, minted_at
HAVING countIf(state IN ('preProvisioned', 'destroyed', 'expired')) > 0 OR used;

-- One row a request that was served.
CREATE VIEW IF NOT EXISTS provision_requests AS
SELECT pair, user, vm, method, served, decision_id, waited_ms, risk, at, by
FROM provisions_raw FINAL
WHERE NOT deleted AND state = 'delivered';
