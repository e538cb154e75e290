-- The clock records of the preprovision pipeline.
CREATE TABLE IF NOT EXISTS telemetry_access_clock_raw
(
  time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  control_offset Int64 CODEC(Delta, ZSTD(1)),
  scores_offset Int64 CODEC(Delta, ZSTD(1)),
  kafka_cluster LowCardinality(String),
  kafka_partition UInt32 CODEC(ZSTD(1)),
  kafka_offset UInt64 CODEC(Delta, ZSTD(1)),
  kafka_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMMDD(kafka_time)
PRIMARY KEY time
ORDER BY (time, kafka_cluster, kafka_partition, kafka_offset)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1;

CREATE OR REPLACE VIEW telemetry_access_clock AS SELECT * FROM telemetry_access_clock_raw FINAL;
