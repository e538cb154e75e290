-- One row a step of an investigation.
CREATE TABLE IF NOT EXISTS investigations_raw
(
  deleted Bool,
  step_id String CODEC(ZSTD(1)),
  investigation_id String CODEC(ZSTD(1)),
  kind LowCardinality(String),
  base Int32 CODEC(T64, ZSTD(1)),
  subject String CODEC(ZSTD(1)),
  title String CODEC(ZSTD(1)),
  decision_id Nullable(String) CODEC(ZSTD(1)),
  assignee LowCardinality(String),
  finding LowCardinality(String),
  text String CODEC(ZSTD(3)),
  by LowCardinality(String),
  at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  kafka_cluster LowCardinality(String),
  kafka_partition UInt32 CODEC(ZSTD(1)),
  kafka_offset UInt64 CODEC(Delta, ZSTD(1)),
  kafka_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(kafka_time)
PRIMARY KEY (investigation_id, at)
ORDER BY (investigation_id, at, step_id, kafka_cluster, kafka_partition, kafka_offset)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1;

CREATE VIEW IF NOT EXISTS investigations_history AS SELECT * FROM investigations_raw FINAL;

-- Steps that change the state count in the order of the topic, the first of those with the same base.
CREATE VIEW IF NOT EXISTS investigations AS
SELECT
  investigation_id,
  anyIf(subject, kind = 'opened') AS subject,
  anyIf(title, kind = 'opened') AS title,
  anyIf(by, kind = 'opened') AS opened_by,
  minIf(at, kind = 'opened') AS opened_at,
  if(argMaxIf(kind, kafka_offset, kind IN ('opened', 'closed', 'reopened')) = 'closed', 'closed', 'open') AS status,
  argMaxIf(assignee, kafka_offset, kind = 'assigned') AS assignee,
  if(status = 'closed', argMaxIf(finding, kafka_offset, kind = 'closed'), 'none') AS finding,
  countIf(kind = 'commented') AS comments,
  max(at) AS changed_at
FROM
(
  SELECT * FROM investigations_history WHERE NOT deleted AND kind NOT IN ('commented', 'linked') ORDER BY kafka_offset LIMIT 1 BY investigation_id, base
  UNION ALL
  SELECT * FROM investigations_history WHERE NOT deleted AND kind IN ('commented', 'linked')
)
GROUP BY investigation_id;
