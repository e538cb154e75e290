-- What the gateway knows of a caller beside the call, and the clock records of the scope pipeline.
ALTER TABLE telemetry_api_raw
  ADD COLUMN IF NOT EXISTS `group` LowCardinality(String) AFTER user_agent,
  ADD COLUMN IF NOT EXISTS threat_feed LowCardinality(String) AFTER `group`,
  ADD COLUMN IF NOT EXISTS threat_indicator String CODEC(ZSTD(1)) AFTER threat_feed,
  ADD COLUMN IF NOT EXISTS threat_confidence Float64 CODEC(Gorilla, ZSTD(1)) AFTER threat_indicator;

CREATE OR REPLACE VIEW telemetry_api AS SELECT * FROM telemetry_api_raw FINAL;

CREATE TABLE IF NOT EXISTS telemetry_api_clock_raw
(
  time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  control_offset Int64 CODEC(Delta, ZSTD(1)),
  labels_offset Int64 CODEC(Delta, ZSTD(1)),
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

CREATE OR REPLACE VIEW telemetry_api_clock AS SELECT * FROM telemetry_api_clock_raw FINAL;
