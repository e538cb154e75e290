-- One row a change of a virtual machine's state, and the state that each is in.
CREATE TABLE IF NOT EXISTS machines_raw
(
  deleted Bool,
  vm String CODEC(ZSTD(1)),
  state LowCardinality(String),
  at DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  kafka_cluster LowCardinality(String),
  kafka_partition UInt32 CODEC(ZSTD(1)),
  kafka_offset UInt64 CODEC(Delta, ZSTD(1)),
  kafka_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(kafka_time)
PRIMARY KEY vm
ORDER BY (vm, kafka_cluster, kafka_partition, kafka_offset)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1;

CREATE VIEW IF NOT EXISTS machines_history AS SELECT * FROM machines_raw FINAL;

CREATE VIEW IF NOT EXISTS machines AS
SELECT * EXCEPT (deleted)
FROM (SELECT * FROM machines_raw ORDER BY vm, at DESC, kafka_time DESC, kafka_offset DESC LIMIT 1 BY vm)
WHERE NOT deleted;
