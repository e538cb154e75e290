-- Decisions on scope, and the two topics of the credential translation table.
ALTER TABLE decisions_raw
  ADD COLUMN IF NOT EXISTS old_scope LowCardinality(String) AFTER new_ttl_ms,
  ADD COLUMN IF NOT EXISTS new_scope LowCardinality(String) AFTER old_scope,
  ADD COLUMN IF NOT EXISTS risk Float64 CODEC(Gorilla, ZSTD(1)) AFTER score;

CREATE OR REPLACE VIEW decisions AS SELECT * FROM decisions_raw FINAL;

ALTER TABLE telemetry_api_raw
  ADD COLUMN IF NOT EXISTS error_code LowCardinality(String) AFTER denied,
  ADD COLUMN IF NOT EXISTS user_agent LowCardinality(String) AFTER error_code;

CREATE OR REPLACE VIEW telemetry_api AS SELECT * FROM telemetry_api_raw FINAL;

-- One row a version of a row of the credential translation table.
CREATE TABLE IF NOT EXISTS translations_raw
(
  deleted Bool,
  key String CODEC(ZSTD(1)),
  frontend_credential String CODEC(ZSTD(1)),
  service LowCardinality(String),
  `group` LowCardinality(String),
  default_scope LowCardinality(String),
  backend_credentials Map(String, String) CODEC(ZSTD(1)),
  version String CODEC(ZSTD(1)),
  at DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  by String CODEC(ZSTD(1)),
  reason String CODEC(ZSTD(1)),
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

-- One row a version of a Dynamic Scope Override.
CREATE TABLE IF NOT EXISTS scope_overrides_raw
(
  deleted Bool,
  frontend_credential String CODEC(ZSTD(1)),
  scope LowCardinality(String),
  service Nullable(String) CODEC(ZSTD(1)),
  risk Float64 CODEC(Gorilla, ZSTD(1)),
  mode LowCardinality(String),
  expires_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
  decision_id String CODEC(ZSTD(1)),
  policy_version LowCardinality(String),
  reasons Array(String) CODEC(ZSTD(1)),
  at DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  kafka_cluster LowCardinality(String),
  kafka_partition UInt32 CODEC(ZSTD(1)),
  kafka_offset UInt64 CODEC(Delta, ZSTD(1)),
  kafka_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(kafka_time)
PRIMARY KEY frontend_credential
ORDER BY (frontend_credential, kafka_cluster, kafka_partition, kafka_offset)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1;

-- Every version, and what is in force now: the last version of each, without those that a tombstone took out.
CREATE VIEW IF NOT EXISTS translations_history AS SELECT * FROM translations_raw FINAL;

CREATE VIEW IF NOT EXISTS translations AS
SELECT * EXCEPT (deleted)
FROM (SELECT * FROM translations_raw ORDER BY key, kafka_time DESC, kafka_offset DESC LIMIT 1 BY key)
WHERE NOT deleted;

CREATE VIEW IF NOT EXISTS scope_overrides_history AS SELECT * FROM scope_overrides_raw FINAL;

CREATE VIEW IF NOT EXISTS scope_overrides AS
SELECT * EXCEPT (deleted)
FROM (SELECT * FROM scope_overrides_raw ORDER BY frontend_credential, kafka_time DESC, kafka_offset DESC LIMIT 1 BY frontend_credential)
WHERE NOT deleted;
