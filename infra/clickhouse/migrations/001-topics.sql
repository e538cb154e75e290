-- One table a topic. Kafka's cluster, partition and offset are in every sorting key, so that ReplacingMergeTree keeps one
-- row of each however often and in whatever batches a message is delivered; they put rows back in order for replay.
--
-- Partitions and retention follow the broker's time, not the event's: it is the same at each delivery, it makes few
-- partitions whatever senders claim, and old behaviour that is replayed today is not deleted at once.
--
-- Read the views without `_raw`: these tables may show a row twice until ClickHouse has merged their parts.

-- The register: one row a version of a credential, its tombstone included.
CREATE TABLE IF NOT EXISTS credentials_raw
(
  deleted Bool,
  credential_id String CODEC(ZSTD(1)),
  kind LowCardinality(String),
  reference String CODEC(ZSTD(1)),
  mount LowCardinality(String),
  role LowCardinality(String),
  entity_id Nullable(String) CODEC(ZSTD(1)),
  function LowCardinality(String),
  instance String CODEC(ZSTD(1)),
  event String CODEC(ZSTD(1)),
  issued_at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  expires_at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  ttl_ms Int64 CODEC(T64, ZSTD(1)),
  max_ttl_ms Int64 CODEC(T64, ZSTD(1)),
  explicit_max_expires_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
  shortening LowCardinality(String),
  status LowCardinality(String),
  kafka_cluster LowCardinality(String),
  kafka_partition UInt32 CODEC(ZSTD(1)),
  kafka_offset UInt64 CODEC(Delta, ZSTD(1)),
  kafka_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(kafka_time)
PRIMARY KEY (credential_id)
ORDER BY (credential_id, kafka_time, kafka_cluster, kafka_partition, kafka_offset)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1;

-- One row a sample.
CREATE TABLE IF NOT EXISTS telemetry_resource_raw
(
  credential_id String CODEC(ZSTD(1)),
  host LowCardinality(String),
  sent_at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  sample_index UInt32 CODEC(T64, ZSTD(1)),
  time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  cpu_cores Nullable(Float64) CODEC(Gorilla, ZSTD(1)),
  memory_bytes Nullable(Float64) CODEC(Gorilla, ZSTD(1)),
  received_bytes Nullable(Float64) CODEC(Gorilla, ZSTD(1)),
  sent_bytes Nullable(Float64) CODEC(Gorilla, ZSTD(1)),
  read_bytes Nullable(Float64) CODEC(Gorilla, ZSTD(1)),
  written_bytes Nullable(Float64) CODEC(Gorilla, ZSTD(1)),
  api_calls Nullable(Float64) CODEC(Gorilla, ZSTD(1)),
  api_errors Nullable(Float64) CODEC(Gorilla, ZSTD(1)),
  data_reads Nullable(Float64) CODEC(Gorilla, ZSTD(1)),
  data_writes Nullable(Float64) CODEC(Gorilla, ZSTD(1)),
  connections Nullable(Float64) CODEC(Gorilla, ZSTD(1)),
  threads Nullable(Float64) CODEC(Gorilla, ZSTD(1)),
  custom Map(LowCardinality(String), Float64) CODEC(ZSTD(1)),
  kafka_cluster LowCardinality(String),
  kafka_partition UInt32 CODEC(ZSTD(1)),
  kafka_offset UInt64 CODEC(Delta, ZSTD(1)),
  kafka_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMMDD(kafka_time)
PRIMARY KEY (credential_id, time)
ORDER BY (credential_id, time, kafka_cluster, kafka_partition, kafka_offset, sample_index)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1;

-- Messages of telemetry.resource that carry a partition's clock, or nothing (a heartbeat: `time` is NULL). Replay needs both.
CREATE TABLE IF NOT EXISTS telemetry_clock_raw
(
  credential_id String CODEC(ZSTD(1)),
  host LowCardinality(String),
  sent_at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  time Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
  control_offset Nullable(Int64) CODEC(T64, ZSTD(1)),
  credentials_offset Nullable(Int64) CODEC(T64, ZSTD(1)),
  labels_offset Nullable(Int64) CODEC(T64, ZSTD(1)),
  kafka_cluster LowCardinality(String),
  kafka_partition UInt32 CODEC(ZSTD(1)),
  kafka_offset UInt64 CODEC(Delta, ZSTD(1)),
  kafka_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMMDD(kafka_time)
PRIMARY KEY (kafka_cluster, kafka_partition, kafka_offset)
ORDER BY (kafka_cluster, kafka_partition, kafka_offset)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1;

-- One row an API call.
CREATE TABLE IF NOT EXISTS telemetry_api_raw
(
  frontend_credential String CODEC(ZSTD(1)),
  service LowCardinality(String),
  operation LowCardinality(String),
  time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  status Int32 CODEC(T64, ZSTD(1)),
  request_bytes Int64 CODEC(T64, ZSTD(1)),
  response_bytes Int64 CODEC(T64, ZSTD(1)),
  duration_ms Float64 CODEC(Gorilla, ZSTD(1)),
  address Nullable(String) CODEC(ZSTD(1)),
  latitude Nullable(Float64) CODEC(Gorilla, ZSTD(1)),
  longitude Nullable(Float64) CODEC(Gorilla, ZSTD(1)),
  scope LowCardinality(String),
  denied Bool,
  kafka_cluster LowCardinality(String),
  kafka_partition UInt32 CODEC(ZSTD(1)),
  kafka_offset UInt64 CODEC(Delta, ZSTD(1)),
  kafka_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMMDD(kafka_time)
PRIMARY KEY (frontend_credential, time)
ORDER BY (frontend_credential, time, kafka_cluster, kafka_partition, kafka_offset)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1;

-- One row a login, use, state change or job.
CREATE TABLE IF NOT EXISTS telemetry_access_raw
(
  user String CODEC(ZSTD(1)),
  kind LowCardinality(String),
  time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  vm Nullable(String) CODEC(ZSTD(1)),
  application Nullable(String) CODEC(ZSTD(1)),
  vm_state Nullable(String) CODEC(ZSTD(1)),
  scheduled_for Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
  duration_ms Nullable(Int64) CODEC(T64, ZSTD(1)),
  address Nullable(String) CODEC(ZSTD(1)),
  succeeded Bool,
  kafka_cluster LowCardinality(String),
  kafka_partition UInt32 CODEC(ZSTD(1)),
  kafka_offset UInt64 CODEC(Delta, ZSTD(1)),
  kafka_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(kafka_time)
PRIMARY KEY (user, time)
ORDER BY (user, time, kafka_cluster, kafka_partition, kafka_offset)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1;

-- One row a burst of behaviour.
CREATE TABLE IF NOT EXISTS telemetry_biometric_raw
(
  user String CODEC(ZSTD(1)),
  session String CODEC(ZSTD(1)),
  time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  modality LowCardinality(String),
  features Map(LowCardinality(String), Float64) CODEC(ZSTD(1)),
  feature_hash LowCardinality(String),
  purpose LowCardinality(String),
  kafka_cluster LowCardinality(String),
  kafka_partition UInt32 CODEC(ZSTD(1)),
  kafka_offset UInt64 CODEC(Delta, ZSTD(1)),
  kafka_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMMDD(kafka_time)
PRIMARY KEY (user, time)
ORDER BY (user, time, kafka_cluster, kafka_partition, kafka_offset)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1;

-- One row a window of a subject.
CREATE TABLE IF NOT EXISTS scores_raw
(
  subject String CODEC(ZSTD(1)),
  pipeline LowCardinality(String),
  window_start DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  window_end DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  samples Int32 CODEC(T64, ZSTD(1)),
  score Float64 CODEC(Gorilla, ZSTD(1)),
  risk Float64 CODEC(Gorilla, ZSTD(1)),
  severity Float64 CODEC(Gorilla, ZSTD(1)),
  frequency Float64 CODEC(Gorilla, ZSTD(1)),
  p_value Float64 CODEC(Gorilla, ZSTD(1)),
  statistic Float64 CODEC(Gorilla, ZSTD(1)),
  learning Bool,
  contributions Array(Tuple(feature LowCardinality(String), weight Float64)) CODEC(ZSTD(1)),
  model_version LowCardinality(String),
  kafka_cluster LowCardinality(String),
  kafka_partition UInt32 CODEC(ZSTD(1)),
  kafka_offset UInt64 CODEC(Delta, ZSTD(1)),
  kafka_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(kafka_time)
PRIMARY KEY (subject, window_end)
ORDER BY (subject, window_end, pipeline, kafka_cluster, kafka_partition, kafka_offset)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1;

-- One row a decision.
CREATE TABLE IF NOT EXISTS decisions_raw
(
  decision_id String CODEC(ZSTD(1)),
  subject String CODEC(ZSTD(1)),
  pipeline LowCardinality(String),
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
  deadline Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
  kafka_cluster LowCardinality(String),
  kafka_partition UInt32 CODEC(ZSTD(1)),
  kafka_offset UInt64 CODEC(Delta, ZSTD(1)),
  kafka_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(kafka_time)
PRIMARY KEY (subject, decided_at)
ORDER BY (subject, decided_at, decision_id, kafka_cluster, kafka_partition, kafka_offset)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1;

-- One row an effect.
CREATE TABLE IF NOT EXISTS effects_raw
(
  decision_id String CODEC(ZSTD(1)),
  subject String CODEC(ZSTD(1)),
  pipeline LowCardinality(String),
  action LowCardinality(String),
  outcome LowCardinality(String),
  detail String CODEC(ZSTD(1)),
  skipped LowCardinality(String),
  requested_ttl_ms Int64 CODEC(T64, ZSTD(1)),
  remaining_ms Nullable(Int64) CODEC(T64, ZSTD(1)),
  expires_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
  status Int32 CODEC(T64, ZSTD(1)),
  attempts Int32 CODEC(T64, ZSTD(1)),
  latency_ms Float64 CODEC(Gorilla, ZSTD(1)),
  applied_at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  kafka_cluster LowCardinality(String),
  kafka_partition UInt32 CODEC(ZSTD(1)),
  kafka_offset UInt64 CODEC(Delta, ZSTD(1)),
  kafka_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(kafka_time)
PRIMARY KEY (subject, applied_at)
ORDER BY (subject, applied_at, decision_id, kafka_cluster, kafka_partition, kafka_offset)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1;

-- One row a setting, its tombstone included.
CREATE TABLE IF NOT EXISTS control_raw
(
  deleted Bool,
  key String CODEC(ZSTD(1)),
  kind LowCardinality(String),
  pipeline LowCardinality(String),
  subject Nullable(String) CODEC(ZSTD(1)),
  value String CODEC(ZSTD(3)),
  version String CODEC(ZSTD(1)),
  expires_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
  at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  by LowCardinality(String),
  reason String CODEC(ZSTD(1)),
  kafka_cluster LowCardinality(String),
  kafka_partition UInt32 CODEC(ZSTD(1)),
  kafka_offset UInt64 CODEC(Delta, ZSTD(1)),
  kafka_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(kafka_time)
PRIMARY KEY (key)
ORDER BY (key, kafka_time, kafka_cluster, kafka_partition, kafka_offset)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1;

-- One row a judgement.
CREATE TABLE IF NOT EXISTS labels_raw
(
  subject String CODEC(ZSTD(1)),
  decision_id Nullable(String) CODEC(ZSTD(1)),
  verdict LowCardinality(String),
  window_start Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
  window_end Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
  note String CODEC(ZSTD(1)),
  by LowCardinality(String),
  at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  kafka_cluster LowCardinality(String),
  kafka_partition UInt32 CODEC(ZSTD(1)),
  kafka_offset UInt64 CODEC(Delta, ZSTD(1)),
  kafka_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(kafka_time)
PRIMARY KEY (subject, at)
ORDER BY (subject, at, kafka_cluster, kafka_partition, kafka_offset)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1;

-- One row an alert: its identifier is the key of deduplication, so that one which was raised twice shows once.
CREATE TABLE IF NOT EXISTS alerts_raw
(
  alert_id String CODEC(ZSTD(1)),
  subject String CODEC(ZSTD(1)),
  pipeline LowCardinality(String),
  kind LowCardinality(String),
  severity LowCardinality(String),
  summary String CODEC(ZSTD(1)),
  decision_id Nullable(String) CODEC(ZSTD(1)),
  at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  kafka_cluster LowCardinality(String),
  kafka_partition UInt32 CODEC(ZSTD(1)),
  kafka_offset UInt64 CODEC(Delta, ZSTD(1)),
  kafka_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(kafka_time)
PRIMARY KEY (subject, at)
ORDER BY (subject, at, alert_id)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1;

-- One row a record and the pipeline that could not process it, whichever message told of it.
CREATE TABLE IF NOT EXISTS dead_letters_raw
(
  topic LowCardinality(String),
  partition Int32 CODEC(ZSTD(1)),
  offset Int64 CODEC(Delta, ZSTD(1)),
  timestamp DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  key Nullable(String) CODEC(ZSTD(1)),
  value Nullable(String) CODEC(ZSTD(3)),
  error_code LowCardinality(String),
  message String CODEC(ZSTD(1)),
  pipeline LowCardinality(String),
  kafka_cluster LowCardinality(String),
  kafka_partition UInt32 CODEC(ZSTD(1)),
  kafka_offset UInt64 CODEC(Delta, ZSTD(1)),
  kafka_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(timestamp)
PRIMARY KEY (topic, partition, offset)
ORDER BY (topic, partition, offset, pipeline, kafka_cluster)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1;
