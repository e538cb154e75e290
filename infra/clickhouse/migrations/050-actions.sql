-- What people did, and requests that two people must agree on.

-- One row an event of an action.
CREATE TABLE IF NOT EXISTS actions_raw
(
  action_id String CODEC(ZSTD(1)),
  action LowCardinality(String),
  subject String CODEC(ZSTD(1)),
  outcome LowCardinality(String),
  person_id LowCardinality(String),
  name LowCardinality(String),
  role LowCardinality(String),
  entrance LowCardinality(String),
  address LowCardinality(String),
  reason String CODEC(ZSTD(1)),
  details String CODEC(ZSTD(1)),
  result String CODEC(ZSTD(1)),
  at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  kafka_cluster LowCardinality(String),
  kafka_partition UInt32 CODEC(ZSTD(1)),
  kafka_offset UInt64 CODEC(Delta, ZSTD(1)),
  kafka_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(kafka_time)
PRIMARY KEY at
ORDER BY (at, action_id, outcome, kafka_cluster, kafka_partition, kafka_offset)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1;

CREATE VIEW IF NOT EXISTS actions AS SELECT * FROM actions_raw FINAL;

-- One row a step of a request. Of several steps out of one state the first counts, which readers must see to.
CREATE TABLE IF NOT EXISTS approvals_raw
(
  approval_id String CODEC(ZSTD(1)),
  state LowCardinality(String),
  step String CODEC(ZSTD(1)),
  kind LowCardinality(String),
  subject String CODEC(ZSTD(1)),
  request String CODEC(ZSTD(1)),
  reason String CODEC(ZSTD(1)),
  asked_by LowCardinality(String),
  asked_by_name LowCardinality(String),
  asked_by_owner LowCardinality(String),
  asked_at DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  expires_at DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  by LowCardinality(String),
  by_name LowCardinality(String),
  note String CODEC(ZSTD(1)),
  at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  kafka_cluster LowCardinality(String),
  kafka_partition UInt32 CODEC(ZSTD(1)),
  kafka_offset UInt64 CODEC(Delta, ZSTD(1)),
  kafka_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(kafka_time)
PRIMARY KEY approval_id
ORDER BY (approval_id, kafka_cluster, kafka_partition, kafka_offset)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1;

CREATE VIEW IF NOT EXISTS approvals AS SELECT * FROM approvals_raw FINAL;
