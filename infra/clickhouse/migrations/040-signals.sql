-- Threat indicators, notifications of alerts and security event tokens.

-- One row a part of a version of a feed, and one for each time that a version was put in force (part -1).
CREATE TABLE IF NOT EXISTS threat_indicators_raw
(
  deleted Bool,
  key String CODEC(ZSTD(1)),
  feed LowCardinality(String),
  version String CODEC(ZSTD(1)),
  part Int32 CODEC(ZSTD(1)),
  parts Int32 CODEC(ZSTD(1)),
  total Int32 CODEC(ZSTD(1)),
  indicators Array(Tuple(kind String, value String, confidence Int32, valid_until DateTime64(3, 'UTC'))) CODEC(ZSTD(1)),
  at DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  kafka_cluster LowCardinality(String),
  kafka_partition UInt32 CODEC(ZSTD(1)),
  kafka_offset UInt64 CODEC(Delta, ZSTD(1)),
  kafka_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(kafka_time)
PRIMARY KEY key
ORDER BY (key, kafka_cluster, kafka_partition, kafka_offset)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1;

CREATE VIEW IF NOT EXISTS threat_indicators_history AS SELECT * FROM threat_indicators_raw FINAL;

-- What is in force now, one row an indicator.
CREATE VIEW IF NOT EXISTS threat_indicators AS
SELECT feed, version, at, one.1 AS kind, one.2 AS value, one.3 AS confidence, one.4 AS valid_until
FROM
(
  SELECT * FROM threat_indicators_raw ORDER BY key, kafka_time DESC, kafka_offset DESC LIMIT 1 BY key
)
ARRAY JOIN indicators AS one
WHERE NOT deleted AND part >= 0;

-- One row each time that a notification changed its state.
CREATE TABLE IF NOT EXISTS notifications_raw
(
  notification_id String CODEC(ZSTD(1)),
  alert_id String CODEC(ZSTD(1)),
  route LowCardinality(String),
  partition Int32 CODEC(ZSTD(1)),
  offset Int64 CODEC(ZSTD(1)),
  state LowCardinality(String),
  body String CODEC(ZSTD(1)),
  attempts Int32 CODEC(ZSTD(1)),
  status Int32 CODEC(ZSTD(1)),
  detail String CODEC(ZSTD(1)),
  at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  kafka_cluster LowCardinality(String),
  kafka_partition UInt32 CODEC(ZSTD(1)),
  kafka_offset UInt64 CODEC(Delta, ZSTD(1)),
  kafka_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(kafka_time)
PRIMARY KEY notification_id
ORDER BY (notification_id, kafka_cluster, kafka_partition, kafka_offset)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1;

CREATE VIEW IF NOT EXISTS notifications AS SELECT * FROM notifications_raw FINAL;

-- One row a security event token.
CREATE TABLE IF NOT EXISTS signals_raw
(
  signal_id String CODEC(ZSTD(1)),
  subject String CODEC(ZSTD(1)),
  direction LowCardinality(String),
  issuer LowCardinality(String),
  jti String CODEC(ZSTD(1)),
  event LowCardinality(String),
  claims String CODEC(ZSTD(1)),
  digest String CODEC(ZSTD(1)),
  issued_at DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  outcome LowCardinality(String),
  credentials Array(String) CODEC(ZSTD(1)),
  at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  kafka_cluster LowCardinality(String),
  kafka_partition UInt32 CODEC(ZSTD(1)),
  kafka_offset UInt64 CODEC(Delta, ZSTD(1)),
  kafka_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(kafka_time)
PRIMARY KEY (subject, at)
ORDER BY (subject, at, signal_id)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1;

CREATE VIEW IF NOT EXISTS signals AS SELECT * FROM signals_raw FINAL;
