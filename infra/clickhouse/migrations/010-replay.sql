-- Replay reads telemetry in the order of the log, while its table is in the order of subjects: offsets rise with time
-- within each subject, so that the least and largest of each granule tell most granules apart.
ALTER TABLE telemetry_resource_raw ADD INDEX IF NOT EXISTS by_offset kafka_offset TYPE minmax GRANULARITY 1;

-- What replays wrote, each under a name of its own; `lane` is `here` or, for what it was compared with, `against`.
CREATE TABLE IF NOT EXISTS replay_decisions
(
  replay LowCardinality(String),
  lane LowCardinality(String),
  decision_id String CODEC(ZSTD(1)),
  subject String CODEC(ZSTD(1)),
  action LowCardinality(String),
  mode LowCardinality(String),
  withheld LowCardinality(String),
  old_ttl_ms Int64 CODEC(T64, ZSTD(1)),
  new_ttl_ms Int64 CODEC(T64, ZSTD(1)),
  reason String CODEC(ZSTD(1)),
  score Float64 CODEC(Gorilla, ZSTD(1)),
  severity Float64 CODEC(Gorilla, ZSTD(1)),
  frequency Float64 CODEC(Gorilla, ZSTD(1)),
  features Array(LowCardinality(String)) CODEC(ZSTD(1)),
  strikes Int32 CODEC(T64, ZSTD(1)),
  policy_version LowCardinality(String),
  model_version LowCardinality(String),
  window_end DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  decided_at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  written_at DateTime DEFAULT now()
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(decided_at)
ORDER BY (replay, lane, subject, decided_at, decision_id)
SETTINGS fsync_after_insert = 1;

CREATE TABLE IF NOT EXISTS replay_scores
(
  replay LowCardinality(String),
  lane LowCardinality(String),
  subject String CODEC(ZSTD(1)),
  window_start DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  window_end DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  samples Int32 CODEC(T64, ZSTD(1)),
  score Float64 CODEC(Gorilla, ZSTD(1)),
  severity Float64 CODEC(Gorilla, ZSTD(1)),
  frequency Float64 CODEC(Gorilla, ZSTD(1)),
  p_value Float64 CODEC(Gorilla, ZSTD(1)),
  statistic Float64 CODEC(Gorilla, ZSTD(1)),
  learning Bool,
  model_version LowCardinality(String),
  written_at DateTime DEFAULT now()
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(window_end)
ORDER BY (replay, lane, subject, window_end)
SETTINGS fsync_after_insert = 1;
